"""A machine with bad memory: bits that cannot hold a 1, wherever a test wants them."""
import dataclasses
import os
import pathlib
import random
import subprocess

from machine import BUILD

STUCK_BIT = BUILD / "host" / "stuck-bit"
PAGE_BYTES = 4096
MIB, GIB = 1 << 20, 1 << 30
BITS_PER_BYTE = 8

# Half of the memory lies below 4 GiB, half above, at any size.
LOW_MIB = 128
SPLIT = ("-machine", f"max-ram-below-4g={LOW_MIB}M")


@dataclasses.dataclass(frozen=True)
class Bit:
    """A bit of a byte at a physical address."""

    address: int
    number: int  # 0-7

    @property
    def frame(self):
        return self.address & -PAGE_BYTES

    @property
    def mask(self):
        return 1 << self.number

    @property
    def frame_range(self):
        return self.frame, self.frame + PAGE_BYTES

    @property
    def word(self):
        """The 64-bit word that it is in."""
        return self.address & -8

    @property
    def word_mask(self):
        return self.mask << BITS_PER_BYTE * (self.address - self.word)


def draw_block(random_numbers, ranges, first, end, size):
    """Start of a random block, aligned to its size, inside one of the ranges (start, end) and [first, end)."""
    blocks = [block for start, stop in ranges
              for block in range(max(start, first) + size - 1 & -size, min(stop, end) - size + 1, size)]
    return random_numbers.choice(blocks)


def draw_bit(random_numbers, start, size):
    """Any."""
    return Bit(start + random_numbers.randrange(size), random_numbers.randrange(BITS_PER_BYTE))


def draw_address_bit(random_numbers, start, size):
    """
    A bit that is 1 where some frame's own address lies at its start, which is where the built-in kernel's frame test
    writes it.
    """
    frame = start + random_numbers.randrange(size) & -PAGE_BYTES
    number = random_numbers.choice([n for n in range(frame.bit_length()) if frame >> n & 1])
    return Bit(frame + number // BITS_PER_BYTE, number % BITS_PER_BYTE)


def seeded():
    """Random numbers, and the seed for a message; POLYGLOT_SEED repeats a run."""
    seed = int(os.environ.get("POLYGLOT_SEED", random.SystemRandom().randrange(1 << 32)))
    return random.Random(seed), seed


def memory_file(machine):
    """The guest's memory, as a file that this process can open."""
    for path in pathlib.Path(f"/proc/{machine.process.pid}/fd").iterdir():
        if "memory-backend-memfd" in os.readlink(path):
            return path
    raise LookupError("no memory file among those that QEMU has open")


def file_offset(address, low_mib=LOW_MIB):
    """Where a physical address lies in the file, of a machine that has SPLIT among its arguments."""
    return address if address < low_mib * MIB else low_mib * MIB + address - 4 * GIB


class StuckBits:
    """Keeps these bits of a machine's memory 0, from now on; use as a context manager."""

    def __init__(self, machine, bits):
        path = memory_file(machine)
        self.processes = []
        try:
            for bit in bits:
                command = [STUCK_BIT, path, str(file_offset(bit.address)), str(bit.mask)]
                self.processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                       text=True))
                assert self.processes[-1].stdout.readline() == "ready\n", f"no bad memory at {bit.address:#x}"
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """They end with their input."""
        for process in self.processes:
            process.stdin.close()
            process.wait()
            process.stdout.close()
