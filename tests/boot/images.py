"""FAT images to boot from, made and read with mtools."""
import os
import pathlib
import subprocess

IMAGE_BYTES = 64 << 20
SECTOR_BYTES = 512
PARTITION_AT = 1 << 20


def _mtools(tool, image, *arguments):
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1")
    return subprocess.run([tool, "-i", str(image), *map(str, arguments)], env=environment, check=True,
                          capture_output=True).stdout


def make_image(path, files):
    """
    A FAT32 image without a partition table.
    files   path in the image, with slashes -> pathlib.Path of a file to copy, or its contents (text or bytes)
    """
    with open(path, "wb") as image:
        image.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.fat", "-F", "32", "-n", "POLYGLOT", "-i", "504F4C59", str(path)], check=True,
                   capture_output=True)
    made = set()
    for name, content in files.items():
        for folder in reversed(pathlib.PurePosixPath(name).parents):
            if str(folder) != "." and folder not in made:
                _mtools("mmd", path, f"::/{folder}")
                made.add(folder)
        if isinstance(content, pathlib.Path):
            _mtools("mcopy", path, content, f"::/{name}")
        else:
            local = pathlib.Path(f"{path}.content")
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
