"""The loader as a tool of the EFI shell: `map` and `frames`, where their output goes, and what they leave behind."""
import csv
import functools
import io
import json
import re

import pytest

import images
import shell
import shell_map
from boot import LOADER
from machine import BUILD, Machine, Shape

TIMEOUT_S = 240
PAGE_BREAK = "Press ENTER to continue"
SECTOR_BYTES = 512
CREATED_AT, CREATED_BYTES = 13, 5  # in a FAT directory entry

# Lines of a script: name -> the shell's line.
MAPS = {
    "shell1": r"memmap -sfo >a {v}\shell1.txt",
    "own1": r"{v}\l map -sfo >a {v}\own1.txt",
    "own2": r"{v}\l map -sfo -o {v}\own2.txt",
    "shell2": r"memmap -sfo >a {v}\shell2.txt",
    "raw": r"{v}\l map --raw >a {v}\raw.txt",
    "rawfile": r"{v}\l map --raw -o {v}\rawfile.txt",
    "json": r"{v}\l map --json > {v}\json.txt",
    "csv": r"{v}\l map -o csv.txt --csv",
    "text": r"{v}\l map --unit bytes -o {v}\sub\text.txt",
    "frames": r"{v}\l frames >a {v}\frames.txt",
    "framesjson": r"{v}\l frames --json >a {v}\framesj.txt",
}
OUTPUTS = ("shell1", "shell2", "own1", "own2", "raw", "rawfile", "json", "csv", "text", "frames", "framesjson")
FILES = {"text": "sub/text.txt", "framesjson": "framesj.txt"}


def find_volumes(**marks):
    """Lines that set %NAME% to the volume that has a file: the shell's order of volumes is its own affair."""
    lines = []
    for name, mark in marks.items():
        lines += ["for %i run (0 5)", rf"  if exist fs%i:\{mark} then", f"    set -v {name} fs%i:", "  endif", "endfor"]
    return lines


def script_of(cases, volume="%main%"):
    """Lines that run the cases, each with its status in status.txt."""
    lines = []
    for name, line in cases.items():
        lines += [f"echo [{name}]", line.format(v=volume), rf"echo {name} %lasterror% >>a {volume}\status.txt"]
    return lines


class Run:
    """A guest that has run a script and powered off."""

    def __init__(self, image, text):
        self.image = image
        self.text = text

    @functools.cached_property
    def statuses(self):
        return dict(line.split() for line in images.read_text(self.image, "status.txt").splitlines())

    def printed(self, name):
        """What a case printed on the console, when it ran last."""
        return self.text.rsplit(f"\n[{name}]\n", 1)[1].split("\n[", 1)[0] + "\n"

    def data(self, name):
        return images.read_file(self.image, FILES.get(name, f"{name}.txt"))

    def output(self, name):
        return images.read_text(self.image, FILES.get(name, f"{name}.txt"))

    def shell_map(self, name):
        return shell_map.parse(self.data(name))

    @functools.cached_property
    def own(self):
        """Of the runs that write to the console, and of those with -o."""
        return shell_map.own_pages(self.output("raw")) + shell_map.own_pages(self.output("rawfile"))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """64 MiB, and two volumes that cannot be written to: a full one and a read-only one."""
    directory = tmp_path_factory.mktemp("commands")
    failures = {
        "version": r"{v}\l --version >v version",
        "piped": r"{v}\l map -sfo | {v}\l --version",
        "unknown": r"{v}\l mop",
        "badword": r"{v}\l map --frob -o {v}\n1.txt",
        "badunit": r"{v}\l map --unit tons -o {v}\n2.txt",
        "nofile": r"{v}\l map -o",
        "novolume": r"{v}\l map -o fs9:\n3.txt",
        "nodirectory": r"{v}\l map -o {v}\none\n4.txt",
        "directory": r"{v}\l map -o {v}\sub",
        "full": r"{v}\l map -o %full%\n5.txt",
        "fullshell": r"{v}\l map --json > %full%\map.json",
        "readonly": r"{v}\l map -o %locked%\n6.txt",
        "nomap": r"{v}\l fault=map map -o {v}\n7.txt",
        "nomemory": r"{v}\l fault=memory map -o {v}\n8.txt",
        "kept": r"{v}\l fault=map map -o {v}\kept.txt",
        "replaced": r"{v}\l --version -o {v}\long.txt",
        "man": r"{v}\l -? >a {v}\man.txt",
        "help": r"{v}\l help >a {v}\help.txt",
        "helpmap": r"{v}\l map --help >a {v}\helpmap.txt",
        "paged": r"{v}\l map -b",
    }
    everything = {**MAPS, **failures}
    # Twice: what firmware and shell allocate once and keep is there by the second time.
    lines = ["@echo -off", *find_volumes(main="l.efi", full="fill.bin", locked="locked.bin"), "%main%",
             *script_of(everything), r"rm -q %main%\status.txt", r"memmap -sfo >a %main%\before.txt",
             *script_of(everything), r"memmap -sfo >a %main%\after.txt", "echo [v %version%]", "reset -s"]
    image = images.make_image(directory / "esp.img", {
        "startup.nsh": images.script(*lines), "l.efi": LOADER, "l.man": manual(), "sub/x": b"", "kept.txt": b"kept",
        "long.txt": b"x" * 10000})
    forget_creation(image, b"LONG    TXT")
    full, locked = full_image(directory / "full.img"), images.make_image(directory / "locked.img", {"locked.bin": b""})
    drives = [("full", full, "off"), ("locked", locked, "on")]
    extra = [word for name, path, locked in drives
             for word in ("-drive", f"if=none,id={name},format=raw,readonly={locked},file={path}",
                          "-device", f"virtio-blk-pci,drive={name}")]
    with shell.start(image, Shape(memory_mib=64), keep_changes=True, extra=extra) as guest:
        page_through(guest)
        run = Run(image, guest.serial_text())
    run.full = full
    return run


def manual():
    """As if the loader's name was l.efi."""
    return (BUILD / "BOOTX64.man").read_bytes().replace("BOOTX64 0".encode("utf-16-le"), "l 0".encode("utf-16-le"))


def forget_creation(image, name):
    """Takes the time of creation, of which FAT need not know, from the file's directory entry."""
    data = image.read_bytes()
    assert data.count(name) == 1
    at = data.index(name) + CREATED_AT
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(bytes(CREATED_BYTES))


def full_image(path):
    """A volume with room for a directory entry, and for 8 KiB."""
    image = images.make_image(path, {"fill.bin": b""}, size=34 << 20)
    free = int(re.sub(r"\D", "", re.search(rb"([\d ]+) bytes free", images.list_files(image)).group(1).decode()))
    images.fill_image(image, {"rest.bin": bytes(free - 16 * SECTOR_BYTES)})
    return image


def page_through(guest):
    """Until the end of the script, with Enter wherever a page is full."""
    seen = 0

    def is_over():
        nonlocal seen
        if guest.running and guest.serial_text().count(PAGE_BREAK) > seen:
            seen += 1
            guest.press("ret")
        return not guest.running

    guest.wait_until(is_over, TIMEOUT_S, "end of the script")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """4 GiB, neither a framebuffer nor a serial port: there is nobody to talk to, files are all there is."""
    directory = tmp_path_factory.mktemp("commands")
    maps = script_of(MAPS, "fs0:")
    script = images.script("@echo -off", "fs0:", *maps, r"rm -q fs0:\status.txt", *maps, "reset -s")
    image = images.make_image(directory / "esp.img", {"startup.nsh": script, "l.efi": LOADER, "sub/x": b""})
    with Machine(Shape(memory_mib=4096, display="none", serial=False), image=image, keep_changes=True) as guest:
        guest.wait_for_exit(TIMEOUT_S)
    return Run(image, "")


@pytest.fixture(params=[pytest.param("small", marks=pytest.mark.xdist_group("commands-small")),
                        pytest.param("large", marks=pytest.mark.xdist_group("commands-large"))])
def guest(request):
    return request.getfixturevalue(request.param)


# ---- map ----

def test_sfo_is_what_the_shell_prints_but_for_the_pages_of_either_run(guest):
    maps = {name: guest.shell_map(name) for name in ("shell1", "shell2", "own1", "own2")}
    for one in maps.values():
        shell_map.check_totals(one)
    for name in ("own1", "own2", "shell2"):
        shell_map.assert_same(maps["shell1"], maps[name], guest.own)
    assert any(d.type == "LoaderCode" for d in maps["own1"].descriptors)


def test_own_pages_are_loaders_memory_and_as_many_as_the_shell_sees_more(guest):
    before, during = guest.shell_map("shell1").totals, guest.shell_map("own1").totals
    own = shell_map.own_pages(guest.output("raw"))
    assert len(own) == 3
    taken = sum(during[kind] - before[kind] for kind in ("LdrCode", "LdrData"))
    assert taken == sum(end - start for start, end in own)


def descriptors_of_json(text):
    return [(d["name"], int(d["start"], 16), int(d["end"], 16), d["pages"], d["bytes"], int(d["attributes"], 16))
            for d in json.loads(text)["descriptors"]]


def descriptors_of_csv(text):
    return [(d["name"], int(d["start"], 16), int(d["end"], 16), int(d["pages"]), int(d["bytes"]),
             int(d["attributes"], 16))
            for d in csv.DictReader(io.StringIO(text)) if d["record"] == "descriptor"]


def descriptors_of_text(text):
    return [(name, int(start, 16), int(end, 16), int(pages))
            for name, start, end, pages in re.findall(
                r"^ *\d+ (\w+) +(0x[0-9A-F]+) +(0x[0-9A-F]+) +(\d+) ", text, re.MULTILINE)]


def without_what_changes(descriptors, own):
    """Those that touch neither own pages nor memory that the firmware's pool takes and gives back."""
    return [d for d in descriptors if d[0] not in ("Available", "BootServiceData", "LoaderData", "LoaderCode")
            and not any(start <= d[2] and end >= d[1] for start, end in own)]


def test_json_csv_text_and_the_shell_agree(guest):
    by_json, by_csv = descriptors_of_json(guest.output("json")), descriptors_of_csv(guest.output("csv"))
    by_text = descriptors_of_text(guest.output("text"))
    by_shell = [(d.type, d.start, d.end, (d.end - d.start) // shell_map.PAGE)
                for d in guest.shell_map("shell1").descriptors]
    same = [without_what_changes(one, guest.own) for one in (by_json, by_csv, by_text, by_shell)]
    assert len(same[0]) > 50
    assert same[0] == same[1]
    assert [d[:4] for d in same[0]] == same[2] == same[3]
    for one in (by_json, by_csv, by_text):
        assert sum(d[3] for d in one) == sum(d[3] for d in by_shell)


def test_totals_are_the_shells(guest):
    shells = guest.shell_map("shell1").totals
    document = json.loads(guest.output("json"))
    assert document["map"]["total_bytes"] == shells["Total"]
    fixed = {"Reserved", "BSCode", "RTCode", "RTData", "MMIO", "ACPIRecl", "NVS"}
    totals = {shell_map.COLUMNS[t["name"]]: t["bytes"] for t in document["descriptor_totals"]}
    assert {kind: totals[kind] for kind in fixed} == {kind: shells[kind] for kind in fixed}
    assert sum(totals[kind] for kind in totals if kind not in shell_map.OUTSIDE_TOTAL) == shells["Total"]


def test_status_tells_of_anomalies(guest):
    report = json.loads(guest.output("json"))
    starts = [d.start for d in guest.shell_map("own1").descriptors]
    assert {remark["name"] for remark in report["remarks"]} == (set() if starts == sorted(starts) else {"unsorted"})
    assert report["anomalies"] == []
    for name in ("own1", "own2", "raw", "rawfile", "json", "csv", "text", "frames"):
        assert guest.statuses[name] == "0x0", name


def test_the_allocators_data_goes_where_the_firmware_gives_memory(guest):
    """As a boot takes it from the firmware: free now, and not simply the lowest."""
    amounts = {amount["name"]: amount for amount in json.loads(guest.output("framesjson"))["amounts"]}
    start, size = int(amounts["metadata"]["start"], 16), amounts["metadata"]["bytes"]
    free = [(d[1], d[2]) for d in descriptors_of_json(guest.output("json")) if d[0] == "Available"]
    assert any(low <= start and start + size <= high for low, high in free)
    assert start > next(low for low, high in sorted(free) if low >= 1 << 20 and high - low >= size)


def test_redirections_and_files_hold_the_same_text(guest):
    raw, rawfile = guest.data("raw"), guest.data("rawfile")
    assert raw.count(b"\n") == raw.count(b"\r\n") and rawfile.count(b"\n") == rawfile.count(b"\r\n")
    assert guest.data("json")[:2] == b"\xff\xfe", "the shell's UTF-16"
    assert guest.data("csv").isascii() and guest.data("text").isascii()
    assert guest.output("frames").isascii() and json.loads(guest.output("framesjson"))


# ---- the shell ----

@pytest.mark.xdist_group("commands-small")
def test_nothing_is_lost_however_often_commands_run(small):
    """Pages of the loader's type are equal one by one; of the firmware's pool, what each command loses would add up."""
    before, after = small.shell_map("before"), small.shell_map("after")
    shell_map.assert_same(before, after, own=[])
    pages = abs(after.totals["BSData"] - before.totals["BSData"]) // shell_map.PAGE
    assert pages <= 4 < len(small.statuses) // 4


@pytest.mark.xdist_group("commands-small")
def test_variables_and_pipes_take_the_output(small):
    assert re.search(r"^\[v Polyglot OS loader [\d.]+\s*\]$", small.text, re.MULTILINE)
    assert re.fullmatch(r"Polyglot OS loader [\d.]+\n", small.printed("piped")), "the map went into the pipe"
    assert small.statuses["version"] == small.statuses["piped"] == "0x0"


@pytest.mark.xdist_group("commands-small")
def test_page_break_stops_at_each_screen(small):
    assert small.text.count(PAGE_BREAK) >= 3
    assert small.statuses["paged"] == "0x0"


@pytest.mark.xdist_group("commands-small")
@pytest.mark.parametrize("name, status, message", [
    ("unknown", "0x2", "argument 1: `mop' is no command (`help' lists them)"),
    ("badword", "0x2", "map: `--frob': unknown, or one too many (usage: map "),
    ("badunit", "0x2", "map: `tons': the units are bytes, KiB, MiB, GiB and pages (usage: "),
    ("nofile", "0x2", "map: `-o': a file's name is needed (usage: "),
    ("novolume", "0xE", r"fs9:\n3.txt: no such volume"),
    ("nodirectory", "0xE", r"\none\n4.txt: cannot be opened to be written: Not Found"),
    ("directory", "0x2", r"\sub: is a directory"),
    ("full", "0xB", r"\n5.txt: cannot be written: Volume Full"),
    ("fullshell", "0xB", "the standard output cannot be written: Volume Full"),
    ("readonly", "0x8", r"\n6.txt: cannot be opened to be written: Write Protected"),
    ("nomap", "0x7", "cannot read the firmware's memory map"),
    ("nomemory", "0x9", r"\n8.txt: cannot be written: Out of Resources"),
    ("kept", "0x7", "cannot read the firmware's memory map"),
])
def test_failure_is_one_line_and_a_status(small, name, status, message):
    assert small.statuses[name] == status
    assert re.fullmatch(rf"{shell.MESSAGE}[^\n]*{re.escape(message)}[^\n]*\n", small.printed(name))


@pytest.mark.xdist_group("commands-small")
def test_failure_leaves_no_half_file_and_takes_no_whole_one(small):
    assert not re.search(rb"\bN\d\b", images.list_files(small.image), re.IGNORECASE)
    assert not re.search(rb"\bN\d\b", images.list_files(small.full), re.IGNORECASE)
    assert small.data("kept") == b"kept"
    assert re.fullmatch(rb"Polyglot OS loader [\d.]+\r\n", images.read_file(small.image, "long.txt"))


@pytest.mark.xdist_group("commands-small")
def test_help_and_the_manual_page_name_the_same_commands_and_options(small):
    helped, manual_page = small.output("help"), small.output("man")
    commands = re.findall(r"^  ([a-z-]+) {2,}(\S.*)$", helped, re.MULTILINE)
    assert {"boot", "selftest", "map", "frames", "help", "--version"} <= {name for name, _ in commands}
    for name, purpose in commands:
        assert re.search(rf"^ +{re.escape(name)} +{re.escape(purpose)}$", manual_page, re.MULTILINE), name
    options = re.findall(r"^  (-.*)$", helped + small.output("helpmap"), re.MULTILINE)
    assert len(options) >= 8
    for option in options:
        assert option in manual_page
    assert "Example: BOOTX64.EFI map " in small.output("helpmap")
    assert small.statuses["man"] == small.statuses["help"] == small.statuses["helpmap"] == "0x0"
