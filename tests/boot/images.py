"""FAT images to boot from, made and read with mtools."""
import dataclasses
import os
import pathlib
import struct
import subprocess

IMAGE_BYTES = 64 << 20
MIB = 1 << 20
SECTOR_BYTES = 512
PARTITION_AT = MIB

DISK_GUID = "6F6C7967-0001-4D65-8A00-D15C00000000"
MBR_DISK_ID = 0x504F4C59
MBR_TYPE_FAT32 = 0x0C
MBR_ENTRIES_AT, MBR_ENTRY_BYTES, MBR_DISK_ID_AT = 446, 16, 440
MBR_SIGNATURE = b"\x55\xaa"


@dataclasses.dataclass
class Partition:
    """A FAT partition. files: as make_image() has them."""

    files: dict
    label: str = "POLYGLOT"
    mib: int = 40

    @staticmethod
    def guid(number):
        """What make_disk() gives partition `number` (1-based) of a GPT disk."""
        return "6F6C7967-0002-4D65-8A00-9A2700000%03X" % number


def _mtools(tool, image, *arguments):
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1")
    return subprocess.run([tool, "-i", str(image), *map(str, arguments)], env=environment, check=True,
                          capture_output=True).stdout


def make_image(path, files, size=IMAGE_BYTES):
    """
    A FAT32 image of `size` bytes without a partition table.
    files   path in the image, with slashes -> pathlib.Path of a file to copy, or its contents (text or bytes)
    """
    with open(path, "wb") as image:
        image.truncate(size)
    subprocess.run(["mkfs.fat", "-F", "32", "-n", "POLYGLOT", "-i", "504F4C59", str(path)], check=True,
                   capture_output=True)
    return fill_image(path, files)


def make_disk(path, partitions, table="gpt"):
    """A disk with these partitions, one after the other from 1 MiB on; table: "gpt" or "mbr" (4 of them at most)."""
    ends = [1 + sum(p.mib for p in partitions[:n + 1]) for n in range(len(partitions))]
    with open(path, "wb") as image:
        image.truncate((ends[-1] + 1) * MIB)
    starts = [end - p.mib for end, p in zip(ends, partitions)]
    if table == "gpt":
        _write_gpt(path, starts, ends)
    else:
        _write_mbr(path, starts, ends)
    for start, partition in zip(starts, partitions):
        volume = f"{path}@@{start}M"
        sectors = partition.mib * MIB // SECTOR_BYTES
        _mtools("mformat", volume, "-F", "-v", partition.label, "-T", sectors, "-h", 255, "-s", 63, "::")
        fill_image(volume, partition.files)
    return path


def _write_gpt(path, starts, ends):
    arguments = ["--disk-guid", DISK_GUID]
    for number, (start, end) in enumerate(zip(starts, ends), 1):
        first, last = start * MIB // SECTOR_BYTES, end * MIB // SECTOR_BYTES - 1
        arguments += [f"--new={number}:{first}:{last}", f"--typecode={number}:{'ef00' if number == 1 else '0700'}",
                      f"--partition-guid={number}:{Partition.guid(number)}"]
    subprocess.run(["sgdisk", *arguments, str(path)], check=True, capture_output=True)


def _write_mbr(path, starts, ends):
    block = bytearray(SECTOR_BYTES)
    struct.pack_into("<I", block, MBR_DISK_ID_AT, MBR_DISK_ID)
    for n, (start, end) in enumerate(zip(starts, ends)):
        struct.pack_into("<B3xB3xII", block, MBR_ENTRIES_AT + n * MBR_ENTRY_BYTES, 0, MBR_TYPE_FAT32,
                         start * MIB // SECTOR_BYTES, (end - start) * MIB // SECTOR_BYTES)
    block[-2:] = MBR_SIGNATURE
    with open(path, "r+b") as image:
        image.write(block)


def fill_image(path, files):
    """Copies files into a FAT image; `path` may have an offset, as mtools take it."""
    made = set()
    for name, content in files.items():
        for folder in reversed(pathlib.PurePosixPath(name).parents):
            if str(folder) != "." and folder not in made:
                _mtools("mmd", path, f"::/{folder}")
                made.add(folder)
        if isinstance(content, pathlib.Path):
            _mtools("mcopy", path, content, f"::/{name}")
        else:
            local = pathlib.Path(f"{path}.content".replace("@@", "-"))
            local.write_bytes(content if isinstance(content, bytes) else content.encode())
            _mtools("mcopy", path, local, f"::/{name}")
            local.unlink()
    return path


def make_gpt_image(path, files, disk_uuid, partition_uuid):
    """As make_image(), but with the volume as an EFI system partition, the first of a disk."""
    volume = make_image(pathlib.Path(f"{path}.volume"), files)
    with open(path, "wb") as image:
        image.seek(PARTITION_AT)
        image.write(volume.read_bytes())
        image.truncate(PARTITION_AT + IMAGE_BYTES + PARTITION_AT)  # the second table lies at the end
    volume.unlink()
    partition = f"1:{PARTITION_AT // SECTOR_BYTES}:+{IMAGE_BYTES // SECTOR_BYTES - 1}"
    subprocess.run(["sgdisk", "-U", disk_uuid, "-n", partition, "-t", "1:ef00", "-u", f"1:{partition_uuid}", str(path)],
                   check=True, capture_output=True)
    return path


def list_files(image):
    """mdir's list of the image's root, with the room that is left."""
    return _mtools("mdir", image, "::/")


def read_file(image, name):
    """Bytes of a file in the image."""
    return _mtools("mcopy", image, f"::/{name}", "-")


def read_text(image, name):
    """A text file that the shell wrote: UTF-16 with a byte order mark, or ASCII."""
    data = read_file(image, name)
    text = data.decode("utf-16") if data[:2] == b"\xff\xfe" else data.decode("ascii")
    return text.replace("\r\n", "\n")


def script(*lines):
    """A startup.nsh."""
    return "".join(line + "\r\n" for line in lines)
