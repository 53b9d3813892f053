"""The table of frame allocators: runs bench_pmm, counts its instructions by callgrind, and sets ours beside others."""
import collections
import concurrent.futures
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = TOP / os.environ.get("BUILD", "build") / "host" / "tests" / "bench" / "bench_pmm"

OURS = ("boot", "shared")
COUNTED = {"pmm_take_frame": "get", "pmm_dealloc_frame": "put"}
FRAGMENTATION = "fragmentation"

METHOD = """\
Times are medians of {rounds} rounds; in each round every case runs once for every allocator, in turn. One thread unless
the case says otherwise, then {threads}; threads are pinned and start together, and ns are those that pass for a thread
per call (or pair of calls) of its own. Memory is 8 GiB (2,097,152 frames), all free at first, and never touched; the
metadata were touched before. Each case starts right after the initialisation. repeat: get, and put of the same frame.
bulk: half the frames, put in the order of getting. random: the same half, shuffled (Fisher-Yates, fixed seed). churn:
put of a random frame and get of another, when so much is taken. 2 MiB: half the memory, of frames that were taken and
put singly before. mixed: the threads' frames, shuffled, so that each thread puts what others got. last free frame: all
of 1 TiB is taken but one frame; put of a random one, get of that. fragmentation: 90 % of 8 GiB are taken, a random half
of that put, then 2,000,000 pairs of churn; the aligned areas of 2 MiB that are free then, of 4,096, for 5 seeds.
get, put: instructions per call, counted by callgrind, means over the whole case, the call itself included. Ours (boot:
pmm_cpus_init() for one CPU; shared: for several, of which one calls unless it is threads) are the objects of
BOOTX64.EFI. word: words of 64 bits, next fit, under a spinlock; first fit: always the lowest free frame, knowing below
which word there is none; both with -O2 -march=native. /word: ours divided by word's.
"""


def measure(program, options):
    """{case: {allocator: [values]}}, {case: unit}; both in the order of measuring."""
    output = subprocess.run([program, *options], check=True, stdout=subprocess.PIPE, text=True).stdout
    values = collections.defaultdict(lambda: collections.defaultdict(list))
    units = {}
    for line in output.splitlines():
        case, allocator, unit, value = line.split("\t")
        values[case][allocator].append(float(value))
        units[case] = unit
    return values, units


def read_dump(path):
    """(case, {"get": instructions per call, "put": ...}) of a phase that callgrind dumped."""
    names, case = {}, None
    calls, cost = collections.Counter(), collections.Counter()
    callee, counted = None, 0
    for line in path.read_text().splitlines():
        if line.startswith("desc: Trigger: Client Request: "):
            case = line.removeprefix("desc: Trigger: Client Request: ")
        elif named := re.fullmatch(r"c?fn=(\(\d+\))(?: (.*))?", line):
            number, name = named.groups()
            if name:
                names[number] = name
            if line.startswith("cfn"):
                callee = names[number]
        elif line.startswith("calls="):
            counted = int(line.removeprefix("calls=").split()[0])
        elif counted:  # after calls=: where the call is, and what it cost, callees included
            calls[callee] += counted
            cost[callee] += int(line.split()[-1])
            counted = 0
    return case, {what: cost[name] / calls[name] + 1 for name, what in COUNTED.items() if calls[name]}


def count_instructions(program, mode, options=()):
    """{case: {"get": instructions per call, "put": ...}} of ours in this mode."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/dump", program, "--count",
                        f"--only={mode}", *options], check=True, stdout=subprocess.DEVNULL)
        dumps = map(read_dump, pathlib.Path(folder).glob("dump*"))
        return {case: counts for case, counts in dumps if case}


def count_all(program, options):
    with concurrent.futures.ThreadPoolExecutor(len(OURS)) as pool:
        return dict(zip(OURS, pool.map(lambda mode: count_instructions(program, mode, options), OURS)))


def summarize(values, units):
    """{case: {allocator: value}}, the units beside; fragmentation becomes its mean and its least."""
    rows = {}
    for case, by_allocator in values.items():
        if case == FRAGMENTATION:
            for name, summary in (("mean", statistics.fmean), ("least", min)):
                rows[f"{case}, {name}"] = {allocator: summary(all_) for allocator, all_ in by_allocator.items()}
                units[f"{case}, {name}"] = units[case]
        else:
            rows[case] = {allocator: statistics.median(all_) for allocator, all_ in by_allocator.items()}
    return rows


def precise(value):
    return "" if value is None else f"{value:.6g}"


def shown(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}" if value >= 0.1 or not value else f"{value:.1g}"


def print_table(program, options, tsv):
    values, units = measure(program, options)
    counts = count_all(program, [option for option in options if option == "--quick"])
    rows = summarize(values, units)
    others = [name for name in next(iter(rows.values())) if name not in OURS]
    number = precise if tsv else shown
    columns = [("case", 34), ("mode", 6), ("ours", 9), *((name, 9) for name in others), ("unit", 9),
               *((f"/{name}", 10) for name in others), ("get", 6), ("put", 6)]

    def print_row(cells):
        if tsv:
            print("\t".join(cells))
        else:
            print(" ".join(f"{cell:{'<' if title in ('case', 'mode', 'unit') else '>'}{width}}"
                           for cell, (title, width) in zip(cells, columns)).rstrip())

    print_row([title for title, _ in columns])
    for case, row in rows.items():
        for mode in OURS:
            if mode not in row:
                continue
            ratios = (row[mode] / row[name] if row.get(name) else None for name in others)
            counted = counts[mode].get(case, {})
            print_row([case, mode, number(row[mode]), *(number(row.get(name)) for name in others), units[case],
                       *map(number, ratios), *(number(counted.get(what)) for what in COUNTED.values())])
    if not tsv:
        said = dict(option.removeprefix("--").split("=") for option in options if "=" in option)
        print("\n" + METHOD.format(**said))
        if "--quick" in options:
            print("--quick: everything is smaller than that, and the numbers mean nothing.")
