"""
One measurement: how many instructions a guest executes between StartImage() of a loader and the kernel's first.

QEMU counts (-icount shift=0: the TSC advances by one per instruction); time that the guest spends halted is skipped.
tests/speed/measure.c starts the loader; that and tests/speed/kernel.S say their TSC on port E9h (tests/speed/record.h).
"""
import dataclasses
import pathlib
import struct
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "boot"))

import images  # noqa: E402
from machine import BUILD, Machine, MachineDied, Shape  # noqa: E402

APPS = BUILD / "apps"
FLOOR = APPS / "floor.efi"  # stands for a loader that does only what none can do without

MIB = 1 << 20
DISK_BYTES = 512 * MIB  # of this size mkfs.fat makes clusters of 4 KiB, as on the ESP of a real disk
COUNT_INSTRUCTIONS = ("-icount", "shift=0,sleep=off")
RECORD = struct.Struct("<cQ")
START, KERNEL, DESCRIPTORS, ERROR = b"S", b"K", b"D", b"E"

CONFIGURATION = """timeout: 0

/Kernel
    protocol: limine
    kernel_path: boot():/kernel.elf
"""
MODULE_LINE = "    module_path: boot():/module\n"


@dataclasses.dataclass(frozen=True)
class Case:
    """
    module_mib   size of a module besides the kernel of 110 KB; 0: none
    descriptors  at least so many in the memory map; 0: as many as the firmware has
    disk         "ahci", which the firmware polls, for as long as the host lets it; or "virtio", which is done at once
    """

    name: str
    module_mib: int = 0
    descriptors: int = 0
    memory_mib: int = 2048
    timeout_s: int = 400
    disk: str = "ahci"


@dataclasses.dataclass(frozen=True)
class Result:
    """instructions is None if the kernel was not reached; `failure` then says why, as far as can be known."""

    instructions: int = None
    descriptors: int = 0
    writes: int = 0
    failure: str = ""


def _module(directory, module_mib):
    path = directory / "module"
    with open(path, "wb") as file:
        for i in range(module_mib):
            file.write(struct.pack("<Q", i) * (MIB // 8))
    return path


def make_disk(case, loader, directory):
    configuration = CONFIGURATION + (MODULE_LINE if case.module_mib else "")
    files = {"EFI/BOOT/BOOTX64.EFI": APPS / "measure.efi", "loader.efi": loader, "kernel.elf": APPS / "kernel.elf",
             "limine.conf": configuration}
    if case.module_mib:
        files["module"] = _module(directory, case.module_mib)
    if case.descriptors:
        files["descriptors"] = str(case.descriptors)
    return images.make_image(directory / "disk.img", files, size=DISK_BYTES)


def read_records(path):
    """letter -> value of the complete records, the last of each kind."""
    data = path.read_bytes() if path.exists() else b""
    whole = len(data) // RECORD.size * RECORD.size
    return dict(RECORD.iter_unpack(data[:whole]))


def count_writes(machine):
    """Write operations of the guest on any disk, the firmware's variables left out."""
    return sum(device["stats"]["wr_operations"] for device in machine.qmp.execute("query-blockstats")
               if not device.get("device", "").startswith("pflash"))


def measure(case, loader, directory):
    """Boots `loader`, a path, in a guest made for the case; what is on its disk is left in `directory`."""
    directory = pathlib.Path(directory)
    image = make_disk(case, loader, directory)
    records = directory / "records"
    records.unlink(missing_ok=True)
    extra = [*COUNT_INSTRUCTIONS, "-debugcon", f"file:{records}"]
    if case.disk == "virtio":
        extra += ["-drive", f"if=none,id=disk,format=raw,snapshot=on,file={image}", "-device", "virtio-blk-pci,drive=disk"]
        image = None
    with Machine(Shape(memory_mib=case.memory_mib), image=image, extra=extra) as machine:
        try:
            machine.wait_until(lambda: {KERNEL, ERROR} & read_records(records).keys(), case.timeout_s,
                               "kernel's first instruction")
            failure = ""
        except (MachineDied, TimeoutError) as error:
            failure = str(error).split("\n", 1)[0]
        found = read_records(records)
        writes = count_writes(machine) if machine.running else 0
    if KERNEL in found:
        return Result(found[KERNEL] - found[START], found.get(DESCRIPTORS, 0), writes)
    if ERROR in found:
        failure = f"status {found[ERROR]:#x}"
    return Result(None, found.get(DESCRIPTORS, 0), writes, failure)
