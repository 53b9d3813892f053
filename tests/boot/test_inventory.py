"""`attributes`, `numa` and `dimms` on a machine with two domains and on one without, beside what QEMU was told."""
import csv
import dataclasses
import io
import json
import struct

import pytest

import images
import shell
from machine import Shape

MIB = 1 << 20
GIB = 1 << 30
PAGE_BYTES = 4096
RUNTIME_TOTALS = ("RTCode", "RTData")
LOW_HOLE = (0xA0000, 0x100000)

DOMAINS = 2
MODULE = {"manufacturer": "ACME", "part": "PN-1234", "speed": "3200", "serial": "S3CRET", "asset": "TAG-7"}
LATENCY_NS = {True: 10, False: 21}       # near and far
BANDWIDTH_GIB = {True: 10, False: 5}
DISTANCE = {True: 10, False: 25}
PAIRS = [(a, b) for a in range(DOMAINS) for b in range(DOMAINS)]
HOT_PLUG_MIB = 1024


@dataclasses.dataclass(frozen=True)
class NumaShape(Shape):
    """Half of memory and processors in each of two domains, and room for a module to be plugged in."""

    def arguments(self):
        arguments = ["-machine", "q35,hmat=on", "-cpu", self.cpu, "-smp", str(self.smp),
                     "-m", f"{self.memory_mib}M,slots=1,maxmem={self.memory_mib + HOT_PLUG_MIB}M"]
        each = self.smp // DOMAINS
        for n in range(DOMAINS):
            memory = f"memory-backend-memfd,id=m{n},share=on,reserve=off,size={self.memory_mib // DOMAINS}M"
            arguments += ["-object", memory,
                          "-numa", f"node,nodeid={n},memdev=m{n},initiator={n},cpus={n * each}-{n * each + each - 1}"]
        for a, b in PAIRS:
            pair = f"hmat-lb,initiator={a},target={b},hierarchy=memory"
            arguments += ["-numa", f"{pair},data-type=access-latency,latency={LATENCY_NS[a == b]}",
                          "-numa", f"{pair},data-type=access-bandwidth,bandwidth={BANDWIDTH_GIB[a == b]}G",
                          "-numa", f"dist,src={a},dst={b},val={DISTANCE[a == b]}"]
        return arguments


class Run:
    """What the commands of a guest printed and wrote."""

    def __init__(self, directory, cases, shape, extra=()):
        commands = [rf"fs0:\loader.efi {line}" for line in cases.values()]
        self.image = shell.make_volume(directory, {}, commands)
        answers, self.totals = shell.run(self.image, len(commands), shape, keep_changes=True, extra=extra)
        self.answers = dict(zip(cases, answers))

    def status(self, name):
        return self.answers[name].status

    def json(self, name):
        return json.loads(images.read_text(self.image, f"{name}.txt"))

    def csv(self, name):
        return list(csv.DictReader(io.StringIO(images.read_text(self.image, f"{name}.txt"))))


def into_files(*lines):
    """Cases that write to NAME.txt, NAME being what is before the colon."""
    return {name: rf"{line} -o fs0:\{name}.txt" for name, line in (text.split(": ") for text in lines)}


@pytest.fixture(scope="module")
def numa(tmp_path_factory):
    cases = {"text": "numa", "dimms": "dimms", "attributes": "attributes", "bad": "numa --frob",
             **into_files("nj: numa --json", "nc: numa --csv", "dj: dimms --json", "dc: dimms --csv",
                          "serials: dimms --serials --json", "aj: attributes --json", "ac: attributes --csv")}
    module = ",".join(f"{key}={value}" for key, value in MODULE.items())
    return Run(tmp_path_factory.mktemp("numa"), cases, NumaShape(memory_mib=4096, smp=4),
               ("-smbios", f"type=17,loc_pfx=DIMM,bank=BANK,{module}"))


def mapping(structure, handle, first_mib, last_mib, *rest):
    """Type 19 or 20 (DSP0134, 7.20 and 7.21): addresses in KiB, the last one included."""
    kind, form = structure
    body = struct.pack("<II" + form, first_mib << 10, (last_mib << 10) - 1, *rest)
    return struct.pack("<BBH", kind, 4 + len(body), handle) + body + b"\0\0"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """256 MiB, no domains, and addresses of the array, and of its module, that go beyond them."""
    directory = tmp_path_factory.mktemp("plain")
    array, device = directory / "19", directory / "20"
    array.write_bytes(mapping((19, "HBQQ"), 0x1300, 0, 512, 0x1000, 1, 0, 0))
    device.write_bytes(mapping((20, "HHBBBQQ"), 0x1400, 0, 512, 0x1100, 0x1300, 1, 0, 0, 0, 0))
    cases = {"text": "numa", "dimms": "dimms",
             **into_files("nj: numa --json", "dj: dimms --json", "aj: attributes --json")}
    return Run(directory, cases, Shape(memory_mib=256), ("-smbios", f"file={array}", "-smbios", f"file={device}"))


def ranges_of(records):
    return [(int(r["start"], 16), int(r["end"], 16)) for r in records]


@pytest.mark.xdist_group("inventory-numa")
def test_domains_have_the_memory_and_processors_that_qemu_gave_them(numa):
    report = numa.json("nj")
    half = 2048 * MIB
    assert numa.status("nj") == numa.status("text") == 0
    assert report["findings"] == []
    assert "Nothing is wrong." in numa.answers["text"].output
    present = [r for r in report["ranges"] if "note" not in r]
    assert ranges_of(present) == [(0, LOW_HOLE[0]), (LOW_HOLE[1], half), (4 * GIB, 4 * GIB + half)]
    assert [r["domain"] for r in present] == [0, 0, 1]
    to_come, = [r for r in report["ranges"] if r.get("note") == "hot-plug"]
    assert to_come["bytes"] >= HOT_PLUG_MIB * MIB and to_come["usable"] == 0, "QEMU adds a GiB for alignment"
    assert [d["processors"] for d in report["domains"]] == [2, 2]
    assert [(p["domain"], p["first_apic"], p["last_apic"]) for p in report["processors"]] == [(0, 0, 1), (1, 2, 3)]


@pytest.mark.xdist_group("inventory-numa")
def test_usable_memory_of_the_domains_agrees_with_the_shells_totals(numa):
    totals = numa.totals[-1]
    free = sum(totals[kind] for kind in ("Avail", "BSCode", "BSData", "LdrCode", "LdrData"))
    usable = sum(d["usable"] for d in numa.json("nj")["domains"])
    assert abs(usable - free) <= 64 * PAGE_BYTES, "pages come and go, but not so many"


@pytest.mark.xdist_group("inventory-numa")
def test_distances_latencies_and_bandwidths_are_those_of_the_command_line(numa):
    told = {(d["domain"], d["to"], d["what"]): d.get("value") for d in numa.json("nj")["distances"] if "to" in d}
    for a, b in PAIRS:
        assert told[a, b, "distance"] == DISTANCE[a == b]
        assert told[a, b, "latency, ps"] == 1000 * LATENCY_NS[a == b]
        assert told[a, b, "bandwidth, MB/s"] == 1024 * BANDWIDTH_GIB[a == b]


@pytest.mark.xdist_group("inventory-numa")
def test_the_module_of_the_command_line_shows_up(numa):
    slot, = numa.json("dj")["slots"]
    array, = numa.json("dj")["arrays"]
    assert numa.status("dj") == 0
    assert slot["slot"] == "DIMM 0" and slot["bank"] == "BANK"
    assert (slot["maker"], slot["part"], slot["speed"]) == ("ACME", "PN-1234", 3200)
    assert slot["bytes"] == array["bytes"] == 4 * GIB
    assert array["array"] == slot["array"] and array["ecc"] == "multi-bit"
    for line in ("ACME", "PN-1234", "3200"):
        assert line in numa.answers["dimms"].output


@pytest.mark.xdist_group("inventory-numa")
def test_serial_numbers_are_told_only_if_asked_for(numa):
    slot, = numa.json("serials")["slots"]
    assert (slot["serial"], slot["asset"]) == ("S3CRET", "TAG-7")
    for text in (numa.answers["dimms"].output, images.read_text(numa.image, "dj.txt"),
                 images.read_text(numa.image, "dc.txt")):
        assert "S3CRET" not in text and "TAG-7" not in text


@pytest.mark.xdist_group("inventory-numa")
def test_all_sources_agree_how_much_memory_there_is(numa):
    report = numa.json("dj")
    totals = {t["source"]: t["bytes"] for t in report["totals"]}
    hole = LOW_HOLE[1] - LOW_HOLE[0]
    assert report["findings"] == []
    assert totals["modules"] == totals["addresses of arrays"] == 4 * GIB
    assert "SRAT" not in totals, "a range for modules to come: nobody knows what of it is there"
    assert 0 <= 4 * GIB - hole - totals["memory map"] < 16 * MIB, "the firmware reserves some"
    assert totals["memory map"] == numa.totals[-1]["Total"]


@pytest.mark.xdist_group("inventory-numa")
@pytest.mark.parametrize("name", ["n", "d", "a"])
def test_csv_and_json_say_the_same(numa, name):
    def flat(record):
        return {key: str(value) for key, value in record.items() if value not in ("", None)}

    records = [flat({key: value for key, value in row.items() if key != "record"}) for row in numa.csv(f"{name}c")]
    groups = [group for group in numa.json(f"{name}j").values() if isinstance(group, list)]
    told = [flat(record) for group in groups for record in group]
    assert len(told) > 3
    # Each run takes pages of its own: what is usable differs by these.
    for record in records + told:
        for key in ("usable", "bytes"):
            if int(record.get(key, 0)) % MIB:
                del record[key]
    assert records == told


@pytest.mark.xdist_group("inventory-numa")
def test_ovmfs_attributes_protect_all_runtime_memory(numa):
    report = numa.json("aj")
    entries = ranges_of(report["entries"])
    assert numa.status("aj") == numa.status("attributes") == 0
    assert report["findings"] == []
    assert report["table"][0]["entries"] == len(entries) > 3
    assert entries == sorted(entries)
    assert sum(end - start for start, end in entries) == sum(numa.totals[-1][kind] for kind in RUNTIME_TOTALS)
    assert {e["access"] for e in report["entries"] if e["type"] == "code"} == {"r-x", "rw-"}
    assert {e["access"] for e in report["entries"] if e["type"] == "data"} == {"rw-"}


@pytest.mark.xdist_group("inventory-numa")
def test_a_word_that_is_unknown_is_named(numa):
    answer = numa.answers["bad"]
    assert answer.status == 2
    assert "--frob" in answer.messages[0]


@pytest.mark.xdist_group("inventory-numa")
def test_nothing_is_lost(numa):
    before, after = numa.totals[0], numa.totals[-1]
    shell.assert_nothing_is_lost(before, after, len(numa.answers))


@pytest.mark.xdist_group("inventory-plain")
def test_a_machine_without_domains_is_no_error(plain):
    assert plain.status("text") == plain.status("nj") == 0
    assert "No SRAT" in plain.answers["text"].output
    report = plain.json("nj")
    assert report["domains"] == report["ranges"] == report["findings"] == []


@pytest.mark.xdist_group("inventory-plain")
def test_addresses_that_the_map_does_not_confirm_are_an_anomaly(plain):
    report = plain.json("dj")
    assert plain.status("dj") == plain.status("dimms") == 0x40
    findings = {f["finding"]: f for f in report["findings"]}
    beyond = findings["claimed by array, but no memory in the map"]
    assert ranges_of([beyond]) == [(256 * MIB, 512 * MIB)]
    assert "the modules hold 256 MB, the arrays' addresses 512 MB" in findings
    assert len(findings) == 2
    assert [(a.get("slot"), a.get("array")) for a in report["addresses"]] == [(None, "0x1000"), ("DIMM 0", None)]


@pytest.mark.xdist_group("inventory-plain")
def test_attributes_have_no_findings_on_a_small_machine(plain):
    assert plain.status("aj") == 0
    assert plain.json("aj")["findings"] == []
