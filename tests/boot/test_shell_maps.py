"""What the EFI shell itself writes of the memory map, each way that it can, is what memmap-report reads."""
import os
import pathlib
import re
import subprocess

import pytest

import images
import shell
from machine import Shape

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = ROOT / os.environ.get("BUILD", "build") / "host" / "memmap-report"
SHAPE = Shape(memory_mib=4096, display="none")
TIMEOUT_S = 120
PAGE = 4096
RESERVED, UNUSABLE, MMIO, MMIO_PORT = 0, 8, 11, 12  # not in the shell's total

COMMANDS = {
    "table.txt": "memmap > fs0:\\table.txt",
    "table_ascii.txt": "memmap >a fs0:\\table_ascii.txt",
    "sfo.txt": "memmap -sfo > fs0:\\sfo.txt",
    "sfo_ascii.txt": "memmap -sfo >a fs0:\\sfo_ascii.txt",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The shell's files, by name, and what it printed on the serial port."""
    directory = tmp_path_factory.mktemp("shell_maps")
    script = images.script("@echo -off", *COMMANDS.values(), "memmap", "reset -s")
    image = images.make_image(directory / "esp.img", {"startup.nsh": script})
    with shell.start(image, SHAPE, keep_changes=True) as guest:
        guest.wait_until(lambda: not guest.running, TIMEOUT_S, "the end of the script")
        found = {"serial.txt": guest.serial_text().encode()}
    for name in COMMANDS:
        found[name] = images.read_file(image, name)
    return found


def read(data):
    """(type, start, pages, attributes) of each row that memmap-report finds."""
    done = subprocess.run([REPORT, "map", "--raw", "-"], input=data, capture_output=True, timeout=60)
    assert done.returncode in (0, 3) and not done.stderr, done.stderr
    return [tuple(int(field, 0) for field in line.split()) for line in done.stdout.decode().splitlines()
            if not line.startswith("#")]


def plain(data):
    return data.decode("utf-16" if data.startswith(b"\xff\xfe") else "ascii")


@pytest.mark.xdist_group("shell-maps")
@pytest.mark.parametrize("name", [*COMMANDS, "serial.txt"])
def test_sums_are_those_that_the_shell_prints(files, name):
    rows = read(files[name])
    total = sum(pages * PAGE for kind, _, pages, _ in rows if kind not in (RESERVED, UNUSABLE, MMIO, MMIO_PORT))
    text = plain(files[name])
    if "sfo" in name:
        printed = int(re.search(r'MemoryMapSummary,"(\d+)"', text)[1])
    else:
        printed = int(re.search(r"Total Memory: *[\d,]+ MB \(([\d,]+) Bytes\)", text)[1].replace(",", ""))
    assert len(rows) > 50 and total == printed


@pytest.mark.xdist_group("shell-maps")
def test_all_ways_tell_the_same_machine(files):
    """But for the pages that the shell took for the files."""
    extents = {name: (min(row[1] for row in read(data)), max(row[1] + row[2] * PAGE for row in read(data)))
               for name, data in files.items()}
    assert len(set(extents.values())) == 1, extents


@pytest.mark.xdist_group("shell-maps")
def test_files_are_utf16_unless_asked_otherwise(files):
    assert files["table.txt"].startswith(b"\xff\xfe") and files["sfo.txt"].startswith(b"\xff\xfe")
    assert b"\0" not in files["table_ascii.txt"] and b"\0" not in files["sfo_ascii.txt"]
