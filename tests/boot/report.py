"""
Reads the boot report from COM1, line by line, against its grammar. A line that is not exactly as it must be is a
ReportError that shows it.
"""
import dataclasses
import re

LAST_LINES = 25  # shown of a report that is wrong: enough for a panic
FIRST_LINE = "Polyglot OS booting..."
LAST_LINE = "Kernel initialized successfully! Halting."
RAW_MAP_BEGIN = "--- raw map"
RAW_MAP_END = "--- end of raw map"
RAW_MAP = re.compile(rf"^{RAW_MAP_BEGIN}\n(.*?\n){RAW_MAP_END}\n", re.DOTALL | re.MULTILINE)  # in a report, if asked for

HEX = r"0x(?:0|[1-9A-F][0-9A-F]*)"
DECIMAL = r"(?:0|[1-9][0-9]*)"
SIZE = rf"{DECIMAL} (?:B|KB|MB|GB|TB)"
REGION_TYPES = ("USABLE RESERVED BOOTLOADER_RECLAIMABLE EXECUTABLE_AND_MODULES FRAMEBUFFER ACPI_RECLAIMABLE ACPI_NVS "
                "BAD_MEMORY RUNTIME_SERVICES MMIO PERSISTENT UNACCEPTED").split()
REGION = rf"  ({HEX}) - ({HEX}) \(({SIZE})\) ({'|'.join(REGION_TYPES)}|UNKNOWN\({DECIMAL}\))"
ANOMALY = rf"  Anomaly: ({DECIMAL}) (\S.*)"


class ReportError(AssertionError):
    pass


def size_text(count):
    """What the kernel's print_size() makes of a number of bytes."""
    for unit, shift in (("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)):
        if count >> shift >= 10:
            return f"{count >> shift} {unit}"
    if count and count % 1024 == 0:
        return f"{count >> 10} KB"
    return f"{count} B"


@dataclasses.dataclass(frozen=True)
class Region:
    start: int
    end: int
    size: str
    type: str

    @property
    def bytes(self):
        return self.end - self.start


@dataclasses.dataclass(frozen=True)
class Mode:
    """What the report says of the framebuffer."""

    width: int
    height: int
    bits_per_pixel: int
    format: str
    address: int


@dataclasses.dataclass
class Report:
    lines: list = dataclasses.field(default_factory=list)
    version: str = None
    uefi_revision: str = None
    firmware: str = None
    warnings: list = dataclasses.field(default_factory=list)
    regions: list = dataclasses.field(default_factory=list)
    anomalies: dict = dataclasses.field(default_factory=dict)  # text -> count
    total: str = None
    usable: str = None
    usable_frames: int = None
    usable_frames_size: str = None
    bitmap: int = None
    bitmap_size: str = None
    free_frames: int = None
    free_frames_size: str = None
    samples: list = dataclasses.field(default_factory=list)  # the two frames allocated for show
    free_memory: str = None
    tested_lowest: int = None
    tested_lowest_size: str = None
    tested_spread: int = None
    left_out_low: int = None
    left_out: int = None
    left_out_size: str = None
    processor_warnings: list = dataclasses.field(default_factory=list)
    processors: int = None  # online
    apic_mode: str = None
    operations: int = None  # on the processor with the fewest
    operation_time: int = None
    operation_unit: str = None
    framebuffer: Mode = None
    memory_map_lines: list = dataclasses.field(default_factory=list)  # "Memory map:" to "Usable memory:"
    allocator_lines: list = dataclasses.field(default_factory=list)   # "Physical allocator:" to "Free frames:"


class _Lines:
    """The lines of a report and where we are in it."""

    def __init__(self, lines):
        self.lines = lines
        self.next = 0

    def peek(self):
        return self.lines[self.next] if self.next < len(self.lines) else None

    def matches(self, pattern):
        return self.peek() is not None and re.fullmatch(pattern, self.peek())

    def take(self, pattern):
        """Groups of the next line, which must match."""
        match = self.matches(pattern)
        if not match:
            last = "\n".join(self.lines[-LAST_LINES:])
            raise ReportError(f"line {self.next + 1} of the report is {self.peek()!r}, not /{pattern}/; it ends\n{last}")
        self.next += 1
        return match.groups()

    def take_text(self, text):
        self.take(re.escape(text))


def report_lines(serial):
    """The lines of COM1's text from the report's first to its last one or to the end."""
    start = serial.find(FIRST_LINE)
    if start < 0:
        raise ReportError(f"COM1 has no line {FIRST_LINE!r}; it ends with {serial[-300:]!r}")
    lines = RAW_MAP.sub("", serial[start:]).split("\n")
    if LAST_LINE in lines:
        return lines[:lines.index(LAST_LINE) + 1]
    return lines[:-1]


def parse(serial):
    """The values of a complete report, out of all that came over COM1."""
    report = Report(lines=report_lines(serial))
    lines = _Lines(report.lines)
    report.version, = lines.take(r"Polyglot OS booting\.\.\. \((\S.*)\)")
    report.uefi_revision, report.firmware = lines.take(r"UEFI (\d+\.\d+) supported! \((\S.*)\)")
    while lines.matches(r"Warning: \S.*"):
        report.warnings += lines.take(r"Warning: (\S.*)")
    lines.take_text("Initializing memory management...")
    _parse_map(lines, report)
    _parse_allocator(lines, report)
    lines.take_text("Memory management initialized!")
    lines.take_text("")
    _parse_test(lines, report)
    lines.take_text("")
    _parse_processors(lines, report)
    lines.take_text("")
    _parse_framebuffer(lines, report)
    lines.take_text(LAST_LINE)
    return report


def _parse_map(lines, report):
    first = lines.next
    lines.take_text("Memory map:")
    while lines.matches(REGION):
        start, end, size, kind = lines.take(REGION)
        report.regions.append(Region(int(start, 16), int(end, 16), size, kind))
    while lines.matches(ANOMALY):
        count, text = lines.take(ANOMALY)
        report.anomalies[text] = int(count)
    lines.take_text("")
    report.total, = lines.take(rf"Total memory: ({SIZE})")
    report.usable, = lines.take(rf"Usable memory: ({SIZE})")
    report.memory_map_lines = lines.lines[first:lines.next]
    lines.take_text("")


def _parse_allocator(lines, report):
    first = lines.next
    frames, report.usable_frames_size = lines.take(rf"Physical allocator: ({DECIMAL}) frames \(({SIZE})\)")
    bitmap, report.bitmap_size = lines.take(rf"Bitmap location: ({HEX}) \(({SIZE})\)")
    free, report.free_frames_size = lines.take(rf"Free frames: ({DECIMAL}) \(({SIZE})\)")
    report.usable_frames, report.bitmap, report.free_frames = int(frames), int(bitmap, 16), int(free)
    report.allocator_lines = lines.lines[first:lines.next]


def _parse_test(lines, report):
    lines.take_text("Testing frame allocation...")
    for _ in range(2):
        address, = lines.take(rf"Allocated frame at: ({HEX})")
        report.samples.append(int(address, 16))
    lines.take_text("Freed both frames")
    report.free_memory, = lines.take(rf"Free memory: ({SIZE})")
    lowest, report.tested_lowest_size, spread = lines.take(
        rf"Tested frames: the lowest ({DECIMAL}) \(({SIZE})\) and ({DECIMAL}) spread over the rest")
    low, left_out, report.left_out_size = lines.take(
        rf"Left out: ({DECIMAL}) frames below 1 MB, ({DECIMAL}) beyond \(({SIZE})\)")
    report.tested_lowest, report.tested_spread = int(lowest), int(spread)
    report.left_out_low, report.left_out = int(low), int(left_out)
    lines.take_text("Frame test passed: each frame usable, unique, intact, and freed again")


def _parse_processors(lines, report):
    while lines.matches(r"Warning: \S.*"):
        report.processor_warnings += lines.take(r"Warning: (\S.*)")
    online, report.apic_mode = lines.take(rf"Processors: ({DECIMAL}) online \((xAPIC|x2APIC|no APIC)\)")
    operations, time, report.operation_unit = lines.take(
        rf"Allocator test: ({DECIMAL}) operations or more on each processor, ({DECIMAL}) (ns|ticks) each: passed")
    report.processors, report.operations, report.operation_time = int(online), int(operations), int(time)


def _parse_framebuffer(lines, report):
    if lines.peek() == "No framebuffer available - console disabled!":
        lines.take_text(lines.peek())
        return
    width, height, bits, pixel_format, address = lines.take(
        rf"Framebuffer response received! \(({DECIMAL})x({DECIMAL}), (16|24|32) bpp, (RGB|BGR|bit mask), at ({HEX})\)")
    report.framebuffer = Mode(int(width), int(height), int(bits), pixel_format, int(address, 16))
    lines.take_text("Drawing to framebuffer...")
    lines.take_text("Framebuffer drawing complete!")


def raw_map(serial):
    """The raw map that a boot with `raw-map=yes` printed, in the format of tests/maps."""
    match = RAW_MAP.search(serial)
    if not match:
        raise ReportError("no raw map on COM1")
    return match.group(1)


@dataclasses.dataclass(frozen=True)
class Descriptor:
    type: int
    start: int
    pages: int
    attributes: int

    @property
    def bytes(self):
        return self.pages * 4096


def parse_raw_map(text):
    """Descriptors, and the comments as name -> list of numbers (`# image 0x1000 12`: {"image": [[0x1000, 12]]})."""
    descriptors, comments = [], {}
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "#":
            numbers = [int(word, 0) for word in words[2:] if re.fullmatch(r"0x[0-9a-fA-F]+|\d+", word)]
            comments.setdefault(words[1], []).append(numbers)
        else:
            kind, start, pages, attributes = (int(word, 0) for word in words)
            descriptors.append(Descriptor(kind, start, pages, attributes))
    return descriptors, comments
