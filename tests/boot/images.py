"""FAT images to boot from, made and read with mtools."""
import os
import pathlib
import subprocess

IMAGE_BYTES = 64 << 20


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
