"""
`make bench`: what a boot costs, how fast the screen scrolls, and the frame allocator beside others.

Instructions of a boot are guest instructions, counted by QEMU (-icount shift=0: the TSC advances by one per
instruction), from the kernel's entry to "Memory management initialized!", with a console that discards; the count is
the same on every machine. Rates are of this machine, in RAM. How the allocators are measured stands below their table.

Usage: bench.py [--format tsv] [--allocators] [--program PATH] [--quick] [--rounds N] [--threads N]

--format tsv  two tables, an empty line between
--allocators  only their table; --program measures with another build of bench_pmm
--quick       small memory and few calls, to see that all works; the numbers mean nothing
"""
import argparse
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "boot"), str(TOP / "bench")]

import allocators  # noqa: E402

MIB_PER_GIB = 1024
COUNT_INSTRUCTIONS = ("-icount", "shift=0,sleep=off")

# memory_mib, cpu, and the instructions that the path to the allocator may take.
BOOTS = (
    (256, "max", 3_000_000),
    (256, "qemu64", 3_000_000),
    (512 * MIB_PER_GIB, "qemu64", 60_000_000),  # no 1 GiB pages
    (1040 * MIB_PER_GIB, "max", 60_000_000),
)


def measure_boots():
    import kernel_result  # what needs QEMU is loaded only where a boot is measured
    from machine import BUILD, Machine, Shape
    for memory_mib, cpu, limit in BOOTS:
        shape = Shape(memory_mib=memory_mib, cpu=cpu)
        with Machine(shape, image=BUILD / "esp.img", strings=["polyglot:console=none"],
                     extra=COUNT_INSTRUCTIONS) as machine:
            result = kernel_result.wait_for_result(machine, 600)
        yield f"to the allocator, {shape.name}", result.memory_ticks, "instructions", limit
        yield f"frame test, {shape.name}", result.test_ticks // result.tested_frames, "instructions/frame", None


def measure_screen():
    output = subprocess.run([allocators.PROGRAM.parent / "bench_fb_console"], check=True, capture_output=True,
                            text=True).stdout
    for line in output.splitlines():
        name, value, unit = re.fullmatch(r"(.*): (\d+) (\S+)", line).groups()
        yield name, int(value), unit, None


def print_loader(tsv):
    """The table of boots and of the screen; returns how many are over their limit."""
    over = 0
    print("case\tvalue\tunit\tlimit" if tsv else f"{'case':50} {'value':>14} {'unit':18} {'limit':>12}")
    for measure in (measure_boots, measure_screen):
        for name, value, unit, limit in measure():
            over += limit is not None and value > limit
            shown = "" if limit is None else str(limit)
            print(f"{name}\t{value}\t{unit}\t{shown}" if tsv else f"{name:50} {value:>14,} {unit:18} {shown:>12}",
                  flush=True)
    print()
    return over


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--format", choices=("text", "tsv"), default="text")
    parser.add_argument("--allocators", action="store_true")
    parser.add_argument("--program", type=pathlib.Path, default=allocators.PROGRAM)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    tsv = arguments.format == "tsv"
    over = 0 if arguments.allocators else print_loader(tsv)
    options = [f"--rounds={arguments.rounds}", f"--threads={arguments.threads}"]
    if arguments.quick:
        options.append("--quick")
    allocators.print_table(arguments.program, options, tsv)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
