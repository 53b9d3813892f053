"""One boot of the loader, and what can be learnt from it."""
import functools
import itertools
import pathlib
import random
import re
import subprocess

import images
import report
from kernel_result import find_image, read_result
from machine import BUILD, Machine, MachineDied

LOADER = BUILD / "BOOTX64.EFI"
MEMMAP_REPORT = BUILD / "host" / "memmap-report"
RAW_MAP_STRING = "polyglot:raw-map=yes"

MIB = 1 << 20
PAGE_BYTES = 4096

# The EFI shell's order of totals in `memmap -sfo` (one line, decimal bytes); more follow.
SHELL_TOTALS = ("Total Reserved BSCode BSData RTCode RTData LdrCode LdrData Avail MMIO MMIOPort Unusable ACPIRecl NVS "
                "Pal").split()


class Boot:
    """
    A guest in which the EFI shell has written its own view of the memory to a file, and then started the loader. Use as
    a context manager: the machine runs until the end of it.

    strings   further SMBIOS type 11 strings
    """

    def __init__(self, case, directory, strings=(RAW_MAP_STRING,)):
        self.case = case
        self.directory = pathlib.Path(directory)
        self.image = images.make_image(self.directory / "esp.img", {
            "startup.nsh": images.script(r"memmap -sfo > fs0:\map.txt", r"fs0:\loader.efi",
                                         "echo The loader returned %lasterror%", "reset -s"),
            "loader.efi": LOADER})
        self.machine = Machine(case.shape, image=self.image, strings=[*case.strings, *strings], keep_changes=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.machine.close()

    def wait_for_end(self):
        """Until the processor has halted for good after the kernel's start."""
        self.skip_countdown()
        self.image_address = self.machine.wait_until(lambda: find_image(self.machine), self.case.timeout_s,
                                                     "halt of the kernel")

    def skip_countdown(self):
        """The shell would wait 5 s before startup.nsh. Without a serial port nobody can see when to press a key."""
        if not self.machine.shape.serial:
            return
        prompt = "Press ESC"
        self.machine.wait_until(lambda: prompt in self.machine.serial_text(), self.case.timeout_s, prompt)
        self.machine.press("spc")

    @functools.cached_property
    def serial(self):
        return self.machine.serial_text()

    @functools.cached_property
    def report(self):
        return report.parse(self.serial)

    @functools.cached_property
    def raw_map_text(self):
        return report.raw_map(self.serial)

    @functools.cached_property
    def raw_map(self):
        return report.parse_raw_map(self.raw_map_text)

    @functools.cached_property
    def result(self):
        return read_result(self.machine, self.image_address)

    @functools.cached_property
    def shell_totals(self):
        """Bytes by name, as the shell's memmap summed them up on this very machine, just before."""
        text = images.read_text(self.image, "map.txt")
        numbers = re.search(r'^MemoryMapSummary,(.*)$', text, re.MULTILINE).group(1)
        return dict(zip(SHELL_TOTALS, (int(number) for number in re.findall(r"\d+", numbers))))

    @functools.cached_property
    def expected_lines(self):
        """What memmap-report prints for the map that this boot printed."""
        path = self.directory / "raw-map"
        path.write_text(self.raw_map_text)
        output = subprocess.run([str(MEMMAP_REPORT), str(path)], check=True, capture_output=True, text=True).stdout
        return output.splitlines()

    def ranges_in_use(self):
        """(start, end) of everything that the loader left allocated."""
        _, comments = self.raw_map
        ranges = [(start, start + pages * PAGE_BYTES) for key in ("image", "reserved")
                  for start, pages in comments.get(key, [])]
        return ranges + [(start, start + count) for start, count in comments.get("metadata", [])]

    def sample_of_tested_frames(self, count):
        """Addresses of `count` random frames (all, if there are fewer) among those that the full test wrote to."""
        usable = [(max(r.start, MIB), r.end) for r in self.report.regions if r.type == "USABLE" and r.end > MIB]
        in_use = self.ranges_in_use()
        # It takes the lowest frames first. Some in the ranges in use may be free again by then, and among them.
        in_use_frames = sum(end - start for start, end in in_use) // PAGE_BYTES
        left = min(self.case.test_frames, self.result.tested_frames) - in_use_frames
        frames = []
        for start, end in subtract(usable, in_use):
            frames += itertools.islice(range(start, end, PAGE_BYTES), left - len(frames))
        return sorted(random.Random(self.case.name).sample(frames, min(count, len(frames))))


def subtract(ranges, holes):
    """What remains of the ranges (start, end) without the holes."""
    holes = sorted(holes)
    for start, end in ranges:
        for hole_start, hole_end in holes:
            if hole_start < end and hole_end > start:
                if start < hole_start:
                    yield start, hole_start
                start = min(hole_end, end)
        if start < end:
            yield start, end


def run_to_end(case, directory, strings=(RAW_MAP_STRING,)):
    """A boot whose kernel has halted."""
    boot = Boot(case, directory, strings)
    try:
        boot.wait_for_end()
    except (TimeoutError, MachineDied):
        boot.machine.close()
        raise
    return boot
