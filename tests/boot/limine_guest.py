"""A guest in which the test kernel has run, and what can be learnt from it."""
import functools
import re
import struct
import uuid

import limine_kernel
import limine_promises
from limine_cases import LOADER
from machine import Machine, MachineDied
from tpm import SoftwareTpm

LAST_LINE = re.compile(r"^done (\d+) checks, (\d+) failed$", re.MULTILINE)
DETAIL = re.compile(r"^(?:FAIL|info (?:mapping|overlapping|efi_type|acpi_table|  )) ?.*$", re.MULTILINE)

# Of the first framebuffer's corners, left to right and top to bottom; the second one begins with the second, and so on.
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


class Loaded:
    """A guest in which the test kernel has come to its end; runs until close()."""

    def __init__(self, case, directory, told=None):
        self.case = case
        self.directory = directory
        self.machine = None
        self.image, self.kernel = limine_kernel.make_volume(directory, LOADER, case.variant, case.facts,
                                                            case.resolution, case.gpt, told, case.lines, case.files)
        self.tpm = SoftwareTpm(directory) if case.has_tpm else None
        extra = [*case.extra, *(self.tpm.arguments() if self.tpm else ())]
        try:
            self.machine = Machine(case.machine, image=self.image, extra=extra)
        except MachineDied:
            self.close()
            raise
        try:
            self.machine.wait_until(lambda: LAST_LINE.search(self.machine.serial_text()), case.timeout_s,
                                    "end of the test kernel")
            self.machine.wait_for_halt()
        except (TimeoutError, MachineDied):
            self.close()
            raise
        self.serial = self.machine.serial_text()

    def close(self):
        if self.machine:
            self.machine.close()
        if self.tpm:
            self.tpm.close()
        self.image.unlink(missing_ok=True)

    def names(self, verdict):
        return set(re.findall(rf"^{verdict} ([\w.]+)", self.serial, re.MULTILINE))

    @functools.cached_property
    def info(self):
        """The last value of each key."""
        return dict(re.findall(r"^info (\S+) (.+)$", self.serial, re.MULTILINE))

    def number(self, key):
        return int(self.info[key], 16)

    def numbers(self, key):
        """All values of a key, in their order."""
        found = re.findall(rf"^info {re.escape(key)} (0x[0-9A-F]+)$", self.serial, re.MULTILINE)
        return [int(text, 16) for text in found]

    def memory(self, topic):
        """What the kernel found at a place that it has printed."""
        return self.machine.read_memory(self.number(f"{topic}_at"), self.number(f"{topic}_bytes"))

    def uuids(self, prefix):
        """Of a file's disk, partition and volume, by the bytes that the kernel has seen."""
        words = [self.numbers(f"{prefix}.file_{key}") for key in ("gpt_disk_uuid", "gpt_partition_uuid", "part_uuid")]
        return [uuid.UUID(bytes_le=struct.pack("<2Q", *pair)) for pair in words]

    def screen(self, device=None):
        """Size and corners of what an adapter shows: left to right, top to bottom."""
        from PIL import Image  # which nothing else here needs

        path = self.directory / "screen.png"
        self.machine.screenshot(path, device)
        image = Image.open(path).convert("RGB")
        right, bottom = image.width - 1, image.height - 1
        return image.size, [image.getpixel(at) for at in ((0, 0), (right, 0), (0, bottom), (right, bottom))]

    def check_promises(self):
        checks, failed = map(int, LAST_LINE.search(self.serial).groups())
        assert failed == 0, "\n".join(DETAIL.findall(self.serial))
        assert checks == len(re.findall(r"^ok ", self.serial, re.MULTILINE))

    def check_completeness(self):
        """The kernel has checked all that is promised, and passed over nothing else."""
        expected, skipped = limine_promises.expected_checks(self.case), self.names("skip")
        found = self.names("ok") | self.names("FAIL") | skipped
        assert found - limine_promises.POSSIBLE_CHECKS == expected, sorted(found ^ expected)
        possible = limine_promises.POSSIBLE_SKIPS | limine_promises.POSSIBLE_CHECKS
        unexpected = (skipped - possible) ^ limine_promises.expected_skips(self.case)
        assert not unexpected, sorted(unexpected)
