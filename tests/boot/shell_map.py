"""
Memory maps of `memmap -sfo` and of `map -sfo`, and how two of one guest may differ.

No two runs see the same map: whoever looks is in memory meanwhile. `map --raw` tells which pages are the loader's own
(image, copy of the map, scratch, the file's buffer), and the firmware's pool (BootServiceData) takes and gives back
whole pages as programs start, open files and end. So two outputs are the same if

- each page that has another type, or is in one of them alone, is the loader's own, or is BootServiceData in one and
  Available in the other, and there are at most POOL_PAGES of the latter;
- the lines of descriptors that hold no such page are equal byte for byte, and stand in the same order;
- in the other lines the attributes are equal, page by page;
- the first line is equal byte for byte;
- the summary, written again with the totals of the pages that differ moved, is equal byte for byte.
"""
import dataclasses
import re

from boot import SHELL_TOTALS, subtract

PAGE = 4096
POOL_PAGES = 8
HEADER = 'ShellCommand,"memmap"'
LINE = re.compile(r'MemoryMap,"(\w+)","([0-9A-F]+)","([0-9A-F]+)","([0-9A-F]+)","([0-9A-F]+)"')

# The columns of the summary, by the names of types in the lines.
COLUMNS = {"Reserved": "Reserved", "BootServiceCode": "BSCode", "BootServiceData": "BSData", "RuntimeCode": "RTCode",
           "RuntimeData": "RTData", "LoaderCode": "LdrCode", "LoaderData": "LdrData", "Available": "Avail",
           "MemoryMappedIO": "MMIO", "MemoryMappedIOPortSpace": "MMIOPort", "UnusableMemory": "Unusable",
           "ACPIReclaimMemory": "ACPIRecl", "ACPIMemoryNVS": "NVS", "PalCode": "Pal"}
OUTSIDE_TOTAL = {"Reserved", "MMIO", "MMIOPort", "Unusable"}


@dataclasses.dataclass(frozen=True)
class Descriptor:
    type: str
    start: int
    end: int  # excluded
    attributes: int
    line: str


@dataclasses.dataclass
class ShellMap:
    header: str
    descriptors: list
    summary: str

    @property
    def totals(self):
        """Bytes by the names in SHELL_TOTALS."""
        return dict(zip(SHELL_TOTALS, (int(number) for number in re.findall(r"\d+", self.summary))))


def parse(data):
    """Of the bytes of one output, as `>a` writes it."""
    lines = data.decode("ascii").split("\r\n")
    assert lines[-1] == "" and "\n" not in "".join(lines)
    *rows, summary = lines[1:-1]
    assert summary.startswith("MemoryMapSummary,")
    descriptors = []
    for row in rows:
        match = LINE.fullmatch(row)
        assert match, row
        start, last, pages, attributes = (int(field, 16) for field in match.groups()[1:])
        assert last + 1 - start == pages * PAGE
        descriptors.append(Descriptor(match.group(1), start, last + 1, attributes, row))
    return ShellMap(lines[0], descriptors, summary)


def check_totals(shell_map):
    """The summary is the sum of the lines."""
    expected = dict.fromkeys(SHELL_TOTALS, 0)
    for d in shell_map.descriptors:
        column = COLUMNS[d.type]
        expected[column] += d.end - d.start
        if column not in OUTSIDE_TOTAL:
            expected["Total"] += d.end - d.start
    assert shell_map.totals == expected


def pieces(a, b):
    """(start, end, descriptor of a, descriptor of b) of all memory, either None where a map has nothing."""
    edges = sorted({edge for m in (a, b) for d in m.descriptors for edge in (d.start, d.end)})
    sides = [sorted(m.descriptors, key=lambda d: d.start) for m in (a, b)]
    at = [0, 0]
    for start, end in zip(edges, edges[1:]):
        found = []
        for side in (0, 1):
            while at[side] < len(sides[side]) and sides[side][at[side]].end <= start:
                at[side] += 1
            d = sides[side][at[side]] if at[side] < len(sides[side]) else None
            found.append(d if d and d.start <= start else None)
        if found != [None, None]:
            yield start, end, *found


def assert_same(a, b, own):
    """See above. own: (start, end) of the loader's own pages, in either run."""
    changed, pool_pages = [], 0
    for start, end, left, right in pieces(a, b):
        assert left and right, f"{start:#x}-{end:#x} is in one map alone"
        assert left.attributes == right.attributes, f"{start:#x}-{end:#x}"
        if left.type == right.type:
            continue
        changed.append((start, end, left.type, right.type))
        for rest_start, rest_end in subtract([(start, end)], own):
            assert {left.type, right.type} == {"BootServiceData", "Available"}, f"{rest_start:#x}-{rest_end:#x}"
            pool_pages += (rest_end - rest_start) // PAGE
    assert pool_pages <= POOL_PAGES
    assert untouched_lines(a, changed) == untouched_lines(b, changed)
    assert a.header == b.header == HEADER
    assert moved_summary(a, changed) == b.summary


def untouched_lines(shell_map, changed):
    """Lines of descriptors that hold no page that changed and touch none: those are cut elsewhere, too."""
    return [d.line for d in shell_map.descriptors
            if not any(start <= d.end and end >= d.start for start, end, _, _ in changed)]


def moved_summary(a, changed):
    """The summary of a, once the pages that changed have their other type."""
    totals = a.totals
    for start, end, old, new in changed:
        for column, sign in ((COLUMNS[old], -1), (COLUMNS[new], 1)):
            totals[column] += sign * (end - start)
            if column not in OUTSIDE_TOTAL:
                totals["Total"] += sign * (end - start)
    numbers = iter(totals.values())
    return re.sub(r"\d+", lambda match: str(next(numbers, match.group())), a.summary)


def own_pages(raw):
    """(start, end) of the loader's own, from the text of `map --raw`."""
    return [(int(start, 16), int(start, 16) + int(count))
            for start, count in re.findall(r"^# own (0x[0-9A-F]+) (\d+)", raw, re.MULTILINE)]
