"""What is measured, and how much of it this loader may cost."""
import dataclasses

from measurement import Case

MILLION = 1_000_000


@dataclasses.dataclass(frozen=True)
class Limit:
    """Instructions, or, for files that the firmware has to read anyway, on top of so many times what that costs."""

    instructions: int
    times_floor: float = 0

    def of(self, floor):
        return self.instructions + (self.times_floor * floor.instructions if self.times_floor else 0)

    def kept(self, result, floor):
        if result.instructions is None or (self.times_floor and floor.instructions is None):
            return False
        return result.instructions <= self.of(floor)


# The firmware's own GetMemoryMap() is dear on a map like the last one.
LIMIT_OF = {
    Case("110 KB kernel, no module"): Limit(5 * MILLION),
    Case("plus a 64 MiB module", module_mib=64): Limit(5 * MILLION, 1.15),
    Case("plus a 256 MiB module", module_mib=256): Limit(5 * MILLION, 1.15),
    Case("memory map of 714 descriptors", descriptors=714, timeout_s=900): Limit(30 * MILLION),
    Case("memory map of 1,296 descriptors", descriptors=1296): Limit(30 * MILLION),
    Case("memory map of 10,000 descriptors", descriptors=10_000): Limit(10_000 * MILLION),
}
CASES = tuple(LIMIT_OF)
SMALLEST_MIB = 64
WRITES_MAX = 0


def describe_limit(case):
    limit = LIMIT_OF[case]
    instructions = f"{limit.instructions // MILLION:,} M"
    return f"{limit.times_floor} x firmware alone + {instructions}" if limit.times_floor else instructions
