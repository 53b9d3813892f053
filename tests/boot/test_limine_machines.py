"""
Machines with what few have: a TPM, DMA remapping that is on, a device tree, monitors that tell what they are, adapters
that differ, no numbers at random. One guest for several of these; the application tests/preparer/ gives the firmware what
OVMF has not.
"""
import hashlib
import re
import struct
import subprocess

import pytest

from limine_cases import IS_LIMINE_8, LOADER, LimineCase
from limine_guest import COLOURS, Loaded
from limine_kernel import Variant, default_requests
from machine import BUILD, Shape
from tpm import SHA256_BYTES, extend, parse_log, replay

pytestmark = pytest.mark.skipif(IS_LIMINE_8, reason="Limine 8.2.0 knows little of this")

PREPARER = BUILD / "preparer.efi"
TRANSLATION_AND_REMAPPING = 1 << 31 | 1 << 25
TPM_REGISTERS = 16
EXIT_REGISTER = 5
EXIT_EVENTS = (b"Exit Boot Services Invocation", b"Exit Boot Services Returned with Success")

TREE = """
/dts-v1/;
/memreserve/ 0x1000 0x2000;
/ {
    #address-cells = <2>; #size-cells = <2>; compatible = "polyglot,test";
    memory@0 { device_type = "memory"; reg = <0 0 0 0x1000000>; };
    soc { memory@1 { reg = <0 1 0 1>; }; };
    memory@100000000 { device_type = "memory"; reg = <1 0 0 1>; child { x; }; };
    chosen { bootargs = "from the tree"; };
};
"""
MEMORY_NODES = re.compile(r"^\tmemory@\w+ \{.*?^\t\};\n", re.DOTALL | re.MULTILINE)


def compiled_tree():
    return subprocess.run(["dtc", "-q", "-O", "dtb"], input=TREE.encode(), check=True, capture_output=True).stdout


def source_of(tree):
    """Without what a removed node leaves: an empty line."""
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=tree, check=True, capture_output=True).stdout
    return re.sub(r"\n\n+", "\n", text.decode())


def edid():
    """A monitor that says no more than that it is one (VESA E-EDID 1.4, 3 Base EDID)."""
    block = bytearray(128)
    block[0:8] = b"\x00\xff\xff\xff\xff\xff\xff\x00"
    block[8:20] = struct.pack("<2sHIBBBB", b"\x40\x41", 1, 0, 1, 30, 1, 4)
    block[127] = -sum(block) & 0xFF
    return bytes(block)


def prepared(**files):
    """A volume on which the preparer starts first; its files by the names that it knows, `_` for the dot."""
    return (("EFI/BOOT/BOOTX64.EFI", PREPARER), ("loader.efi", LOADER),
            *((f"prepare/{name.replace('_', '.')}", content) for name, content in files.items()))


def cases():
    newest, keeps = Variant(revision=6), Variant(revision=6, requests=default_requests() | {"KEEP_IOMMU"})
    tree = compiled_tree()
    digest = hashlib.blake2b(tree).hexdigest()
    yield LimineCase("measured", newest, Shape(display="none"), has_tpm=True, has_device_tree=True,
                     files=(*prepared(intel=b"1"), ("boot/tree.dtb", tree)),
                     lines=(f"dtb_path: boot():/boot/tree.dtb#{digest}",),
                     extra=("-device", "intel-iommu,intremap=on", "-device", "virtio-rng-pci"))
    yield LimineCase("kept", keeps, Shape(smp=2, cpu="max", display="odd"), has_device_tree=True, resolution=(1400, 1050),
                     files=prepared(intel=b"1", edid_bin=edid(), tree_dtb=tree),
                     extra=("-device", "intel-iommu,intremap=on"))
    yield LimineCase("amd", Variant(revision=5), Shape(display="mixed"), lines=("resolution: 1234x567x16",),
                     files=prepared(amd=b"1", tree_dtb=tree[:100]), extra=("-device", "amd-iommu"))


CASES = {case.name: case for case in cases()}


def pytest_generate_tests(metafunc):
    """A test runs on the cases that its mark names."""
    if "machine" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("on")
        metafunc.parametrize("machine", [
            pytest.param(case, id=name, marks=pytest.mark.xdist_group(f"limine-machine-{name}"))
            for name, case in CASES.items() if not mark or name in mark.args], indirect=True, scope="module")


@pytest.fixture(scope="module")
def machine(request, tmp_path_factory):
    guest = Loaded(request.param, tmp_path_factory.mktemp("machine"))
    yield guest
    guest.close()


def test_kernel_finds_every_promise_kept(machine):
    machine.check_promises()
    machine.check_completeness()


@pytest.mark.on("measured")
def test_event_log_is_whole_and_accounts_for_the_registers(machine):
    events = parse_log(machine.memory("tpm_log"))
    values = replay(events, TPM_REGISTERS)
    for text in EXIT_EVENTS:  # measured after the last moment at which the log can be copied
        values[EXIT_REGISTER] = extend(values[EXIT_REGISTER], hashlib.sha256(text).digest())
    data = machine.machine.read_memory(machine.number("tpm_registers_at"), TPM_REGISTERS * SHA256_BYTES)
    found = [data[at:at + SHA256_BYTES] for at in range(0, len(data), SHA256_BYTES)]
    assert [value.hex() for value in values] == [value.hex() for value in found]
    assert any(b"l\0o\0a\0d\0e\0r\0.\0e\0f\0i\0" in event.data for event in events)


@pytest.mark.on("measured", "kept")
def test_device_tree_is_the_one_given_without_its_memory(machine):
    before, after = source_of(compiled_tree()), source_of(machine.memory("device_tree"))
    assert after == MEMORY_NODES.sub("", before) != before


@pytest.mark.on("measured")
def test_remapping_that_was_on_is_switched_off(machine):
    assert "prepare: Intel's unit: status C3000000" in machine.serial
    assert machine.number("iommu_status") & TRANSLATION_AND_REMAPPING == 0


@pytest.mark.on("kept")
def test_remapping_is_kept_for_who_asks(machine):
    assert machine.number("iommu_status") & TRANSLATION_AND_REMAPPING == TRANSLATION_AND_REMAPPING


@pytest.mark.on("amd")
def test_amds_remapping_that_was_on_is_switched_off(machine):
    assert "prepare: AMD's unit: control 00000001" in machine.serial
    assert machine.number("iommu_amd_control") & 1 == 0


@pytest.mark.on("amd")
def test_firmwares_broken_device_tree_counts_as_none(machine):
    assert "BOOTX64.EFI: warning: the firmware's device tree at " in machine.serial


@pytest.mark.on("kept", "amd")
def test_each_framebuffer_is_the_one_that_its_adapter_shows(machine):
    sizes = list(zip(machine.numbers("framebuffer_width"), machine.numbers("framebuffer_height")))
    shown = {(size, tuple(corners)) for size, corners in (machine.screen("first"), machine.screen("second"))}
    assert shown == {(size, tuple(COLOURS[number:] + COLOURS[:number])) for number, size in enumerate(sizes)}


@pytest.mark.on("kept")
def test_each_framebuffer_has_its_own_monitor(machine):
    assert machine.numbers("framebuffer_edid_serial") == [1, 2]
    assert machine.numbers("framebuffer_edid_bytes") == [128, 128]


@pytest.mark.on("amd")
def test_resolution_that_no_adapter_has_is_a_wish(machine):
    assert (0x400, 0x300) == (machine.numbers("framebuffer_width")[0], machine.numbers("framebuffer_height")[0])


@pytest.mark.on("measured", "kept", "amd")
def test_entropy_is_the_devices_or_the_processors_or_none(machine):
    assert len(set(machine.numbers("entropy"))) == {"measured": 8, "kept": 8, "amd": 0}[machine.case.name]
