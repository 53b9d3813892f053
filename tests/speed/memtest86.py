#!/usr/bin/python3
"""
The memory test beside memtest86+ (Debian's package) in the same guest with one processor: how much of the memory each
reaches, and the rate, in words read and written, of two patterns that both have.

What memtest86+ 6.10 does in its first pass (tests/tests.c; a third of the iterations): test 6, 64 bits x one and zero x
(fill, up, down); test 8, 16 x (fill, up, up). Each way up or down reads and writes.
"""
import argparse
import csv
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "boot"))
import images  # noqa: E402
import shell  # noqa: E402
from machine import Shape  # noqa: E402

MEMTEST86 = pathlib.Path("/boot/memtest86+x64.efi")
TRAFFIC = {6: 64 * 2 * 5, 8: 16 * 5}  # words per word under test
OURS = {6: "walk64", 8: "random"}
LAST = 9
TIMEOUT_S = 900
SCREEN_CODE = re.compile(r"\x1b\[[0-9;]*[a-zA-Z]")


def run_memtest86(directory, shape):
    """Megabytes under test, and seconds by test."""
    image = images.make_image(directory / "memtest86.img", {
        "startup.nsh": images.script("@echo -off", "fs0:\\memtest86.efi console=ttyS0,115200"),
        "memtest86.efi": MEMTEST86})
    began = {}

    with shell.start(image, shape) as guest:
        def is_at_last():
            text = SCREEN_CODE.sub("|", guest.serial_path.read_bytes().decode(errors="replace"))
            for number in re.findall(r"#(\d+) +\[", text):
                began.setdefault(int(number), time.monotonic())
            return LAST in began and text
        text = guest.wait_until(is_at_last, TIMEOUT_S, f"test {LAST} of memtest86+")
    sizes = re.findall(r"\[(\d+)MB of (\d+)MB\]", text)
    return int(sizes[-1][1]), {test: began[test + 1] - began[test] for test in TRAFFIC}


def run_ours(directory, shape):
    """Megabytes under test, and (bytes, milliseconds) by pattern."""
    command = f"fs0:loader.efi test --cpus 1 --patterns {','.join(OURS.values())} --csv"
    image = shell.make_volume(directory, {}, [command], warm_up=["echo"])
    answer = shell.run(image, 1, shape)[0][0].output
    rows = list(csv.DictReader(answer[answer.index("record,"):].strip().split("\n")))
    tested = next(int(row["bytes"]) for row in rows if row["record"] == "test")
    patterns = [row for row in rows if row["record"] == "pattern"]
    return tested >> 20, {row["name"]: (int(row["bytes"]), int(row["ms"])) for row in patterns}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=256, help="memory of the guest (%(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="how often, in turns (%(default)s)")
    options = parser.parse_args()
    if not MEMTEST86.exists():
        sys.exit(f"{MEMTEST86} is missing: apt-get install memtest86+")
    shape = Shape(memory_mib=options.mib)
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as directory:
            theirs_mib, seconds = run_memtest86(pathlib.Path(directory), shape)
            ours_mib, patterns = run_ours(pathlib.Path(directory), shape)
        print(f"guest of {options.mib} MiB: memtest86+ tests {theirs_mib} MiB, we {ours_mib} MiB")
        for test, name in OURS.items():
            theirs = theirs_mib * TRAFFIC[test] / seconds[test]
            size, ms = patterns[name]
            print(f"{name:8} memtest86+ {theirs:6.0f} MiB/s, we {(size >> 20) * 1000 / ms:6.0f} MiB/s")


if __name__ == "__main__":
    main()
