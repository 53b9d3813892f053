#!/usr/bin/python3
"""
`make speed [LIMINE=path/to/BOOTX64.EFI] [OURS=path]`: the table of what loaders cost, in Markdown; each number from one
boot of this run. The exit status is 0 if this loader keeps its limits.

All on FAT32 without partitions, on an AHCI disk; 2 GiB, one processor, timeout 0, no hash. "Firmware alone" is
tests/speed/floor.c.
"""
import argparse
import pathlib
import sys
import tempfile

from limits import CASES, LIMIT_OF, SMALLEST_MIB, WRITES_MAX, describe_limit
from measurement import BUILD, FLOOR, Case, measure

GUESTS_MIB = (32, 48, 64, 96, 128, 192, 256)  # smallest guests that are tried


def run(case, loader):
    with tempfile.TemporaryDirectory(prefix="polyglot-speed-") as directory:
        return measure(case, loader, directory)


def shown(result):
    if result is None:
        return "-"
    return f"{result.instructions / 1e6:,.1f} M" if result.instructions is not None else result.failure


def measure_case(case, loaders):
    """name of the loader -> Result"""
    return {name: run(case, loader) for name, loader in loaders.items()}


def smallest_guest(loader):
    """MiB of the smallest guest in which the kernel is reached; None: not in the largest either."""
    for memory_mib in GUESTS_MIB:
        if run(Case("smallest", memory_mib=memory_mib, timeout_s=200), loader).instructions is not None:
            return memory_mib
    return None


def print_row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def print_table(loaders):
    """Prints a row as soon as it is measured; returns how many limits ours breaks."""
    broken = 0
    most_writes = dict.fromkeys(loaders, 0)
    print_row("case", *loaders, "limit")
    print_row("---", *["---"] * len(loaders), "---")
    for case in CASES:
        results = measure_case(case, loaders)
        print_row(case.name, *map(shown, results.values()), describe_limit(case))
        broken += not LIMIT_OF[case].kept(results["ours"], results["firmware alone"])
        for name, result in results.items():
            most_writes[name] = max(most_writes[name], result.writes)
    smallest = {name: smallest_guest(loader) for name, loader in loaders.items()}
    print_row("smallest guest", *[f"{mib} MiB" if mib else "-" for mib in smallest.values()], f"{SMALLEST_MIB} MiB")
    print_row("writes to the disk", *map(str, most_writes.values()), str(WRITES_MAX))
    broken += not smallest["ours"] or smallest["ours"] > SMALLEST_MIB
    return broken + (most_writes["ours"] > WRITES_MAX)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limine", type=pathlib.Path, help="BOOTX64.EFI of Limine")
    parser.add_argument("--ours", type=pathlib.Path, default=BUILD / "BOOTX64.EFI")
    arguments = parser.parse_args()
    loaders = {"Limine": arguments.limine} if arguments.limine else {}
    return 1 if print_table({**loaders, "firmware alone": FLOOR, "ours": arguments.ours}) else 0


if __name__ == "__main__":
    sys.exit(main())
