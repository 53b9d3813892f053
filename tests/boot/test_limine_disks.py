"""A kernel and its modules on several disks, named in all the ways that limine.conf has: each is told where it lies."""
import hashlib
import uuid

import pytest

import images
import limine_kernel
from images import DISK_GUID, MBR_DISK_ID, Partition
from limine_cases import LOADER, LimineCase
from limine_guest import Loaded
from limine_kernel import MODULES, PARTITIONS_DIFFER, Module, Variant
from machine import Shape

NONE = str(uuid.UUID(int=0))

# How limine.conf names it; the partition's number, its disk's number, or uuids of both. Behind the internal modules.
PLACES = (
    ("boot():/a.bin", Module("/a.bin", "beside limine.conf", 4097, 31), (1, 0, DISK_GUID, Partition.guid(1))),
    ("boot(2):/b.bin", Module("/b.bin", "", 100, 32), (2, 0, DISK_GUID, Partition.guid(2))),
    ("hdd(2:1):/c.bin", Module("/c.bin", "c", 5000, 33), (1, MBR_DISK_ID, NONE, NONE)),
    ("fslabel(SECOND):/deep/er/d.bin", Module("/deep/er/d.bin", "d", 70000, 34), (2, MBR_DISK_ID, NONE, NONE)),
    ("hdd(3:):/e.bin", Module("/e.bin", "e", 1, 35), (0, 0, NONE, NONE)),
)
KERNEL_PLACE = (2, 0, DISK_GUID, Partition.guid(2))


def configuration(variant):
    lines = ["timeout: 0", "/Disks", "protocol: limine", f"path: guid({Partition.guid(2).lower()}):/boot/kernel.elf",
             f"cmdline: {variant.cmdline}"]
    for path, module, _ in PLACES:
        digest = hashlib.blake2b(module.contents()).hexdigest()
        lines += [f"module_path: {path}#{digest}", f"module_string: {module.string}"]
    return "\n".join(lines) + "\n"


def files_of(*modules):
    return {module.path[1:]: module.contents() for module in modules}


def make_disks(directory, variant, kernel):
    a, b, c, d, e = (module for _, module, _ in PLACES)
    first = images.make_disk(directory / "first.img", [
        Partition({"EFI/BOOT/BOOTX64.EFI": LOADER, "limine.conf": configuration(variant), **files_of(a)}, "FIRST"),
        Partition({"boot/kernel.elf": kernel, **files_of(b, *MODULES[:2])}, "KERNEL")])
    second = images.make_disk(directory / "second.img",
                              [Partition(files_of(c), "OTHER"), Partition(files_of(d), "SECOND")], "mbr")
    return first, second, images.make_image(directory / "third.img", files_of(e))


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    directory = tmp_path_factory.mktemp("disks")
    variant = Variant(revision=3, file="relr", modules=(*MODULES[:2], *(module for _, module, _ in PLACES)))
    plain = LimineCase("disks", variant, Shape(display="none"))
    kernel = limine_kernel.build(variant, plain.facts, partition_index=PARTITIONS_DIFFER)
    first, *others = make_disks(directory, variant, kernel)
    extra = [word for disk in others for word in ("-drive", f"if=ide,format=raw,snapshot=on,file={disk}")]
    guest = Loaded(LimineCase("disks", variant, plain.machine, extra=extra), directory, volume=(first, kernel))
    yield guest
    guest.close()


@pytest.mark.xdist_group("limine-disks")
def test_kernel_finds_every_promise_kept(guest):
    guest.check_promises()


@pytest.mark.xdist_group("limine-disks")
@pytest.mark.parametrize("prefix, place", [
    ("executable", KERNEL_PLACE), ("module0", KERNEL_PLACE), ("module1", KERNEL_PLACE),
    *((f"module{number}", place) for number, (_, _, place) in enumerate(PLACES, 2))])
def test_file_is_told_where_it_lies(guest, prefix, place):
    partition, mbr_disk_id, *uuids = place
    assert guest.numbers(f"{prefix}.file_partition_index") == [partition]
    assert guest.numbers(f"{prefix}.file_mbr_disk_id") == [mbr_disk_id]
    assert guest.uuids(prefix) == [uuid.UUID(text) for text in (*uuids, NONE)]
