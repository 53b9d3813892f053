"""The kernel's result structure (kernel/result.h), read from outside: needs neither screen nor serial port."""
import dataclasses
import struct

from symbols import symbols

MAGIC = int.from_bytes(b"POLYGLOT", "little")
STAGE_STARTED, STAGE_MEMORY, STAGE_TESTED, STAGE_FINISHED = 1, 2, 3, 4

PAGE_BYTES = 4096
LOWER_HALF_MASK = (1 << 47) - 1  # the higher half maps the same addresses


@dataclasses.dataclass(frozen=True)
class KernelResult:
    """Fields in the order of struct kernel_result, each 64 bits."""

    magic: int
    stage: int
    has_serial: int
    has_framebuffer: int
    usable_frames: int
    free_frames: int
    tested_frames: int
    memory_ticks: int
    test_ticks: int
    processors: int
    tsc_hz: int
    late_tables: int
    late_frames: int

    @property
    def free_before(self):
        """Frames that were free when memory management was initialized."""
        return self.free_frames + self.late_tables


LAYOUT = f"<{len(dataclasses.fields(KernelResult))}Q"


def find_image(machine):
    """
    Physical address of the image in a machine that has come to its end in halt_forever(), or None: the instruction
    pointer is then less than a page behind that symbol, and the image starts on a page.
    """
    if not machine.is_halted():
        return None
    rip = machine.registers()["RIP"] & LOWER_HALF_MASK
    image = (rip - symbols()["halt_forever"]) & -PAGE_BYTES
    if image <= 0 or read_result(machine, image).magic != MAGIC:
        return None
    return image


def read_result(machine, image):
    data = machine.read_memory(image + symbols()["kernel_result"], struct.calcsize(LAYOUT))
    return KernelResult(*struct.unpack(LAYOUT, data))


def wait_for_result(machine, timeout_s):
    """Waits until the kernel has halted for good; its result."""
    image = machine.wait_until(lambda: find_image(machine), timeout_s, "halt of the kernel")
    return read_result(machine, image)
