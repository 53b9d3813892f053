#!/usr/bin/python3
"""
`make compare LIMINE=path/to/BOOTX64.EFI KERNELS="folder ..." [OURS=path]`: boots each kernel under Limine and under
this loader, from an unpartitioned and from a GPT disk, and compares what it prints, on COM1 and on port E9h, line for
line. Addresses, names and memory maps may differ; tests/compare/profiles.py says where which kernel prints those.

What each boot printed is left in build/compare/. The exit status is 0 if nothing differs.
"""
import argparse
import pathlib
import re
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "boot"))

import disks  # noqa: E402
import transcript  # noqa: E402
from machine import BUILD, Machine, MachineDied, Shape  # noqa: E402
from profiles import QUIET_S, profile_of  # noqa: E402

MEMORY_MIB = 1024
PROCESSORS = 4
CLOCK = ("-rtc", "base=2026-01-02T03:04:05,clock=vm")
TIMEOUT_S = 120
LOADER_PATH = "EFI/BOOT/BOOTX64.EFI"
DIFFERENCES_SHOWN = 40
POLL_S = 0.2


def read_debug_port(path):
    return path.read_text(errors="replace").replace("\r", "") if path.exists() else ""


def has_ended(lines, profile):
    return sum(bool(re.search(profile.end, line)) for line in lines[:-1]) >= profile.end_count


def wait_for_end(output, profile):
    """Until output() shows the profile's last line, or stops to grow: (what came, whether that was the end)."""
    deadline = time.monotonic() + TIMEOUT_S
    text, grown = "", time.monotonic()
    while time.monotonic() < deadline:
        now = output()
        if len(now) != len(text):
            text, grown = now, time.monotonic()
        lines = transcript.lines_of(text)
        if profile.end and has_ended(lines, profile):
            return text, True
        if not profile.end and any(lines) and time.monotonic() - grown > QUIET_S:
            return text, True
        time.sleep(POLL_S)
    return text, False


def boot(folder, loader, kind, profile):
    """The kernel in `folder`, started by `loader` from that kind of disk: (what it prints, whether it came to its end)."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    files[LOADER_PATH] = loader
    with tempfile.TemporaryDirectory(prefix="polyglot-compare-") as directory:
        directory = pathlib.Path(directory)
        image = disks.make_disk(kind, directory / "disk.img", files)
        debug_port = directory / "debug-port"
        shape = Shape(memory_mib=MEMORY_MIB, smp=PROCESSORS, cpu=profile.cpu)
        with Machine(shape, image=image, extra=(*CLOCK, "-debugcon", f"file:{debug_port}")) as machine:
            return wait_for_end(lambda: machine.serial_text() + read_debug_port(debug_port), profile)


def keep(directory, folder, kind, who, text):
    path = directory / f"{folder.name}-{kind}-{who}.txt"
    path.write_text(text)


def compare(folder, loaders, kind, directory):
    """(lines compared, lines of the difference)"""
    profile = profile_of(folder)
    texts = []
    for who, loader in loaders.items():
        for _ in range(profile.attempts):
            text, ended = boot(folder, loader, kind, profile)
            if ended:
                break
        keep(directory, folder, kind, who, text)
        if not ended:
            return 0, [f"no end within {TIMEOUT_S} s under {who}"]
        texts.append(transcript.comparable(text, profile))
    return len(texts[0]), transcript.differences(*texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limine", type=pathlib.Path, required=True, help="BOOTX64.EFI of Limine 8.2.0")
    parser.add_argument("--ours", type=pathlib.Path, default=BUILD / "BOOTX64.EFI")
    parser.add_argument("folders", type=pathlib.Path, nargs="+", help="kernels, each as the files on its ESP")
    arguments = parser.parse_args()
    directory = BUILD / "compare"
    directory.mkdir(parents=True, exist_ok=True)
    loaders = {"limine": arguments.limine, "ours": arguments.ours}
    failed = 0
    print(f"{'kernel':20} {'disk':14} {'lines':>6}  result")
    for folder in arguments.folders:
        for kind in disks.KINDS:
            try:
                count, found = compare(folder, loaders, kind, directory)
            except (MachineDied, OSError) as error:
                count, found = 0, [str(error)]
            good = count and not found
            failed += not good
            print(f"{folder.name:20} {kind:14} {count:6}  {'same' if good else 'DIFFERENT'}", flush=True)
            print("".join(f"    {line}\n" for line in found[:DIFFERENCES_SHOWN]), end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
