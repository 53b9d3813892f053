"""
`make bench`: what a boot costs, and how fast the screen scrolls.

Instructions are guest instructions, counted by QEMU (-icount shift=0: the TSC advances by one per instruction), from
the kernel's entry to "Memory management initialized!", with a console that discards; the count is the same on every
machine. Rates are of this machine, in RAM.

Usage: bench.py [--format tsv]
"""
import argparse
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "boot"))

import kernel_result  # noqa: E402
from machine import BUILD, Machine, Shape  # noqa: E402

MIB_PER_GIB = 1024
COUNT_INSTRUCTIONS = ("-icount", "shift=0,sleep=off")

# Guests, and the instructions that the path to the allocator may take.
BOOTS = (
    (Shape(memory_mib=256, cpu="max"), 3_000_000),
    (Shape(memory_mib=256, cpu="qemu64"), 3_000_000),
    (Shape(memory_mib=512 * MIB_PER_GIB, cpu="qemu64"), 60_000_000),  # no 1 GiB pages
    (Shape(memory_mib=1040 * MIB_PER_GIB, cpu="max"), 60_000_000),
)


def measure_boots():
    for shape, limit in BOOTS:
        with Machine(shape, image=BUILD / "esp.img", strings=["polyglot:console=none"],
                     extra=COUNT_INSTRUCTIONS) as machine:
            result = kernel_result.wait_for_result(machine, 600)
        yield f"to the allocator, {shape.name}", result.memory_ticks, "instructions", limit
        yield f"frame test, {shape.name}", result.test_ticks // result.tested_frames, "instructions/frame", None


def measure_programs():
    for program in sorted((BUILD / "host" / "tests" / "bench").glob("bench_*[!.o]")):
        if program.suffix:
            continue
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            name, value, unit = re.fullmatch(r"(.*): (\d+) (\S+)", line).groups()
            yield name, int(value), unit, None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--format", choices=("text", "tsv"), default="text")
    tsv = parser.parse_args().format == "tsv"
    over = 0
    print("case\tvalue\tunit\tlimit" if tsv else f"{'case':50} {'value':>14} {'unit':18} {'limit':>12}")
    for measure in (measure_boots, measure_programs):
        for name, value, unit, limit in measure():
            over += limit is not None and value > limit
            shown = "" if limit is None else str(limit)
            print(f"{name}\t{value}\t{unit}\t{shown}" if tsv else f"{name:50} {value:>14,} {unit:18} {shown:>12}",
                  flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
