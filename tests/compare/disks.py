"""The two kinds of disk that a kernel is booted from: FAT without a partition table, and an ESP on a GPT disk."""
import pathlib
import shutil
import subprocess

import images

SECTOR_BYTES = 512
FIRST_SECTOR = 2048
LAST_SECTORS = 2048  # room for the second table

# Fixed, so that what a kernel prints of them is the same in each boot. Digits of all kinds: byte order shows.
DISK_GUID = "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"
PARTITION_GUID = "12345678-9ABC-DEF0-1122-334455667788"
ESP_TYPE = "ef00"

KINDS = ("unpartitioned", "gpt")


def make_disk(kind, path, files):
    """`kind` of KINDS; `files` as for images.make_image()."""
    images.make_image(path, files)
    if kind == "gpt":
        _partition(path)
    return path


def _partition(path):
    """Turns a FAT image into a disk with that image as its only partition."""
    volume = pathlib.Path(f"{path}.volume")
    path.rename(volume)
    sectors = volume.stat().st_size // SECTOR_BYTES
    with open(path, "wb") as disk:
        disk.truncate((FIRST_SECTOR + sectors + LAST_SECTORS) * SECTOR_BYTES)
    subprocess.run(["sgdisk", "--clear", f"--new=1:{FIRST_SECTOR}:{FIRST_SECTOR + sectors - 1}",
                    f"--typecode=1:{ESP_TYPE}", f"--disk-guid={DISK_GUID}", f"--partition-guid=1:{PARTITION_GUID}",
                    str(path)], check=True, capture_output=True)
    with open(volume, "rb") as source, open(path, "r+b") as disk:
        disk.seek(FIRST_SECTOR * SECTOR_BYTES)
        shutil.copyfileobj(source, disk, 1 << 20)
    volume.unlink()
