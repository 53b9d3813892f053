"""
Memory that does not work: found where it is, named in limine.conf, and from then on nobody's; and what lies there when
the boot begins makes room, or is named.
"""
import dataclasses
import functools
import re

import pytest

import images
import limine_kernel
import report
import shell
from bad_memory import GIB, LOW_MIB, MIB, PAGE_BYTES, SPLIT, StuckBits, draw_address_bit, draw_bit, draw_block, seeded
from boot import LOADER, RAW_MAP_STRING, subtract
from kernel_files import DEVICE_ERROR, LOAD_ERROR, NOT_FOUND, OUT_OF_RESOURCES
from limine_cases import LimineCase
from limine_guest import Loaded
from machine import BUILD, Machine, Shape

MACHINE = Shape(memory_mib=2 * LOW_MIB, smp=2, cpu="max")
BLOCK_BYTES = 2 * MIB
CONVENTIONAL, BOOT_SERVICES_DATA = 7, 4
START_PAGES = 0x80000, 0xA0000  # processors start in one of the highest below 1 MiB
LIMINE_BAD, LIMINE_EXECUTABLE_AND_MODULES = 4, 6
MEMORY_ERRORS = 0x41
TIMEOUT_S = 120
ENTRY = ("timeout: 0", "/Built in", "protocol: builtin")

# Away from what firmware and loader allocate, at the top, and from what the frame test reads back as soon as written.
LOW_WINDOW = 16 * MIB, 48 * MIB
HIGH_WINDOW = 4 * GIB + 4 * MIB, 4 * GIB + 48 * MIB

END = re.compile(rf"^(?:{re.escape(report.LAST_LINE)}|.*PANIC.*)$", re.MULTILINE | re.IGNORECASE)


def key(ranges):
    """A line of limine.conf."""
    return "bad_memory: " + ", ".join(f"{start:#x}-{end:#x}" for start, end in ranges)


def make_volume(directory, configuration, commands=()):
    lines = [*commands, r"fs0:\loader.efi"]
    return images.make_image(directory / "esp.img", {"startup.nsh": images.script(*lines), "loader.efi": LOADER,
                                                     "limine.conf": "\n".join(configuration) + "\n"})


def boot_builtin(directory, configuration, bits=(), commands=()):
    """What a machine with these stuck bits says on COM1 until the built-in kernel has come to an end, good or bad."""
    image = make_volume(directory, configuration, commands)
    with Machine(MACHINE, image=image, strings=[RAW_MAP_STRING], extra=SPLIT) as machine, StuckBits(machine, bits):
        machine.wait_until(lambda: "Press ESC" in machine.serial_text(), TIMEOUT_S, "the shell's countdown")
        machine.press("spc")
        machine.wait_until(lambda: END.search(machine.serial_text()), TIMEOUT_S, "end of the kernel")
        machine.wait_for_halt()
        return machine.serial_text()


@dataclasses.dataclass
class BuiltIn:
    """What the report of a boot says."""

    text: str

    @functools.cached_property
    def report(self):
        return report.parse(self.text)

    @functools.cached_property
    def raw_map(self):
        return report.parse_raw_map(report.raw_map(self.text))

    def ranges(self, *keys):
        """(start, end) of what the raw map's comments name so."""
        unit = {"image": PAGE_BYTES, "reserved": PAGE_BYTES}
        return [(start, start + count * unit.get(name, 1)) for name in keys
                for start, count in self.raw_map[1].get(name, [])]

    def regions(self, kind):
        return [(r.start, r.end) for r in self.report.regions if r.type == kind]

    def described(self, kind):
        """What the firmware's map says is of this type."""
        return [(d.start, d.start + d.bytes) for d in self.raw_map[0] if d.type == kind]

    @property
    def held(self):
        """A few pages in the midst of what boot services hold."""
        start, end = max(self.described(BOOT_SERVICES_DATA), key=lambda r: r[1] - r[0])
        middle = (start + end) // 2 & -PAGE_BYTES
        return middle, middle + 4 * PAGE_BYTES


def overlap(ranges, others):
    return [(a, b) for a in ranges for b in others if a[0] < b[1] and b[0] < a[1]]


def is_inside(ranges, others):
    return not list(subtract(ranges, others))


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return BuiltIn(boot_builtin(tmp_path_factory.mktemp("clean"), ENTRY))


@dataclasses.dataclass
class BadBlock:
    """A block of memory that is tested, and its bits that are stuck: one that the frame test meets, and any other."""

    start: int
    bits: list

    @property
    def range_text(self):
        return f"{self.start:#x}-{self.start + BLOCK_BYTES:#x}"


@pytest.fixture(scope="module")
def blocks(clean):
    """Below 4 GiB and above, by chance."""
    random_numbers, seed = seeded()
    print(f"POLYGLOT_SEED={seed}")
    found = []
    for window in (LOW_WINDOW, HIGH_WINDOW):
        start = draw_block(random_numbers, clean.described(CONVENTIONAL), *window, BLOCK_BYTES)
        found.append(BadBlock(start, [draw_address_bit(random_numbers, start, BLOCK_BYTES),
                                      draw_bit(random_numbers, start, BLOCK_BYTES)]))
    return found


@pytest.fixture(scope="module")
def bits(blocks):
    return [bit for block in blocks for bit in block.bits]


def run_in_shell(directory, commands, bits):
    """The commands' answers, on a machine with these stuck bits."""
    image = shell.make_volume(directory, {}, commands, warm_up=("memmap",))
    with shell.start(image, MACHINE, extra=SPLIT) as guest, StuckBits(guest, bits):
        shell.wait_until(guest, lambda: not guest.running, "end of the script")
        return shell.answers(guest.serial_text(), len(commands))


@pytest.fixture(scope="module")
def tested(blocks, bits, tmp_path_factory):
    """What the memory test says of both blocks, and of one without stuck bits."""
    sound = (MIB + max(LOW_WINDOW), 2 * MIB + max(LOW_WINDOW))
    ranges = [block.range_text for block in blocks] + [f"{sound[0]:#x}-{sound[1]:#x}"]
    return run_in_shell(tmp_path_factory.mktemp("tested"), [rf"fs0:\loader.efi test --range {r}" for r in ranges], bits)


@pytest.fixture(scope="module")
def guarded(clean, tested, bits, tmp_path_factory):
    """
    The bits, what boot services hold, and all that the loader allocated on the machine without, are bad memory now. The
    bits are named globally, as the memory test has printed them, the rest in the entry.
    """
    taken = [*clean.ranges("reserved", "metadata"), clean.held, START_PAGES]
    image = clean.ranges("image")
    refused = rf"fs0:\loader.efi bad_memory={key(image).split()[1]}"
    commands = [refused, "echo first %lasterror%", refused, "echo second %lasterror%"]
    found = [line.strip() for answer in tested for line in answer.output.split("\n") if "bad_memory: " in line]
    configuration = ("timeout: 0", *found, "/Built in", "protocol: builtin", key(taken))
    directory = tmp_path_factory.mktemp("guarded")
    return BuiltIn(boot_builtin(directory, configuration, bits, commands)), taken


pytestmark = pytest.mark.xdist_group("bad-memory")
both_sides = pytest.mark.parametrize("side", (0, 1), ids=("below-4-gib", "above-4-gib"))


def test_sound_machine_has_no_bad_memory(clean):
    assert not clean.regions("BAD_MEMORY")
    assert "bad_memory" not in clean.text


def error_lines(answer):
    """(address, wrong bits) of each."""
    found = re.findall(r"\bERROR at 0x(\w+): expected 0x\w+, read 0x\w+, bits 0x(\w+),", answer.output)
    return {(int(address, 16), int(mask, 16)) for address, mask in found}


@both_sides
def test_memory_test_finds_each_bit_where_it_is_and_nothing_else(blocks, tested, side):
    answer, block = tested[side], blocks[side]
    assert error_lines(answer) == {(bit.word, bit.word_mask) for bit in block.bits}, answer.output
    assert answer.status == MEMORY_ERRORS
    line, = re.findall(r"^ *bad_memory: (.*)$", answer.output, re.MULTILINE)
    ranges = [tuple(int(number, 16) for number in text.split("-")) for text in line.split(", ")]
    frames = {bit.frame_range for bit in block.bits}
    assert is_inside(frames, ranges) and is_inside(ranges, frames)


def test_memory_test_finds_nothing_in_memory_that_works(tested):
    assert not error_lines(tested[2]) and "bad_memory" not in tested[2].output
    assert tested[2].status == 0


@both_sides
def test_without_the_key_the_frame_test_runs_into_the_bit(blocks, side, tmp_path):
    bit = blocks[side].bits[0]
    text = boot_builtin(tmp_path, ENTRY, [bit])
    found = re.search(r"frame test: the frame at 0x([0-9A-F]+) holds 0x([0-9A-F]+) instead of its own address", text)
    assert found, text[-1000:]
    assert int(found.group(1), 16) == bit.frame
    assert int(found.group(2), 16) == bit.frame & ~(bit.mask << 8 * (bit.address - bit.frame))


def test_with_the_key_the_frame_test_passes_and_the_frames_are_named_bad(bits, guarded):
    boot, taken = guarded
    bad = boot.regions("BAD_MEMORY")
    named = [*taken, *(bit.frame_range for bit in bits)]
    assert is_inside(named, bad) and is_inside(bad, named)
    assert boot.report.tested_lowest + boot.report.tested_spread == boot.report.free_frames - boot.report.left_out_low


def test_what_the_loader_allocates_moves_out_of_bad_memory(guarded):
    boot, taken = guarded
    moved = boot.ranges("reserved", "metadata", "image")
    assert len(moved) >= 6
    assert not overlap(moved, taken)


def test_range_under_the_image_is_refused_by_name(clean, guarded):
    (start, end), = clean.ranges("image")
    lines = re.findall(r"^BOOTX64\.EFI: bad_memory (0x\w+)-(0x\w+) lies under this program's image$", guarded[0].text,
                       re.MULTILINE)
    assert len(lines) == 2
    assert all(start <= int(first, 16) < int(last, 16) <= end for first, last in lines)
    assert "\nfirst 0x7\n" in guarded[0].text and "\nsecond 0x7\n" in guarded[0].text


@dataclasses.dataclass
class Kernel:
    """What the test kernel was told of memory: (start, end) by the type's number."""

    guest: Loaded

    def entries(self, kind):
        columns = (self.guest.numbers(f"map_{name}") for name in ("base", "length", "type"))
        return [(base, base + length) for base, length, number in zip(*columns) if number == kind]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """The test kernel as it is, and where all that holds it and its modules is bad memory."""
    plain = limine_kernel.Variant(file="dyn", revision=6)
    booted = []
    for variant in (plain, dataclasses.replace(plain, has_bad_memory=True)):
        lines = [key([*booted[0].entries(LIMINE_EXECUTABLE_AND_MODULES), START_PAGES])] if booted else []
        case = LimineCase(f"bad-memory-{len(booted)}", variant, MACHINE, extra=SPLIT, lines=lines)
        guest = Loaded(case, tmp_path_factory.mktemp("kernel"))
        guest.close()
        booted.append(Kernel(guest))
    return booted


def test_kernel_finds_no_bad_memory_where_there_is_none(kernels):
    assert not kernels[0].entries(LIMINE_BAD)


def test_kernel_and_modules_move_and_every_promise_is_kept(kernels):
    before, after = (kernel.entries(LIMINE_EXECUTABLE_AND_MODULES) for kernel in kernels)
    assert not overlap(before, after)
    bad, named = kernels[1].entries(LIMINE_BAD), [*before, START_PAGES]
    assert is_inside(named, bad) and is_inside(bad, named)
    kernels[1].guest.check_promises()
    kernels[1].guest.check_completeness()


# Where the allocator begins to hand out frames.
SAMPLE_BAD = (MIB, 2 * MIB), (2 * MIB, 4 * MIB)
SAMPLE_CONFIGURATION = ("timeout: 0", *(key([bad]) for bad in SAMPLE_BAD), "/Sample", "protocol: limine",
                        "path: boot():/sample.elf")


def test_allocator_that_a_kernel_adopts_does_not_know_the_frames(tmp_path):
    image = images.make_image(tmp_path / "esp.img", {
        "EFI/BOOT/BOOTX64.EFI": LOADER, "limine.conf": "\n".join(SAMPLE_CONFIGURATION),
        "sample.elf": BUILD / "sample.elf"})
    with Machine(MACHINE, image=image, extra=SPLIT) as machine:
        machine.wait_until(lambda: "sample kernel: done" in machine.serial_text(), TIMEOUT_S, "end of the kernel")
        text = machine.serial_text()
    tracked = dict(re.findall(r"^(memory map|adopted): (\d+) frames tracked", text, re.MULTILINE))
    first, = re.findall(r"^processor 0, APIC 0: 1000 frames from (\w+), 0 wrong", text, re.MULTILINE)
    assert tracked["memory map"] == tracked["adopted"]
    assert "every bit checked: ok" in text
    assert 4 * MIB <= int(first, 16) < 8 * MIB


MANY = ", ".join(f"{at:#x}-{at + PAGE_BYTES:#x}" for at in range(16 * MIB, 24 * MIB, 2 * PAGE_BYTES))
MISSING = r"boot\(\):/missing.elf: no such file"

# Values of the key in an entry whose kernel is not there, patterns of the messages, %lasterror%.
ANSWERS = (
    (["0x1000"], [r"/c0/limine.conf:4: bad_memory: not START-END: `'"], LOAD_ERROR),
    (["0x3000-0x4000, 8192-0x1000"], [r"/c1/limine.conf:4: bad_memory: END is not above START: `0x1000'"], LOAD_ERROR),
    (["0-1", "1 MB"], [r"/c2/limine.conf:5: bad_memory: not START-END: `MB'"], LOAD_ERROR),
    (["0-0x10000000000001"], [r".*: address above 2\^52: `0x10000000000001'"], LOAD_ERROR),
    ([MANY, "0-1"], [r".*: too many ranges: `0-1'"], LOAD_ERROR),
    ([MANY], [MISSING], NOT_FOUND),
    (["0xB0000-0xB1000,0x8000000000-0x8000001000"],
     [r"warning: bad_memory 0xB0000-0xB1000: there is no memory \(MMIO; 2 like this\)", MISSING], NOT_FOUND),
    (["0x700000-0xA00000"],  # where OVMF keeps its variables while the machine sleeps
     [r"warning: bad_memory 0x8\w+-0x8\w+: the firmware keeps it \(ACPI_NVS; \d like this\)", MISSING], NOT_FOUND),
    (["0x1000000-0x8000000"], [r"warning: bad_memory .*: the firmware keeps it .*",
                               r"bad_memory \w+-\w+ lies under this program's image"], DEVICE_ERROR),
)
ALLOCATIONS = 20  # more than there are until the kernel is missed
NO_MEMORY = r"(.*: )?cannot allocate \d+ [KM]?B for .*: Out of Resources"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Of one boot after the other from the same shell, and the memory's totals before and after."""
    files = {}
    for n, (values, *_) in enumerate(ANSWERS):
        lines = ["timeout: 0", "/x", "protocol: limine", *(f"bad_memory: {value}" for value in values),
                 "path: boot():/missing.elf"]
        files.update({f"c{n}/limine.conf": "\n".join(lines), f"c{n}/loader.efi": LOADER})
    commands = [rf"fs0:\c{n}\loader.efi" for n in range(len(ANSWERS))]
    commands += [rf"fs0:\c7\loader.efi fault=memory-{n}" for n in range(1, ALLOCATIONS + 1)]
    image = shell.make_volume(tmp_path_factory.mktemp("answers"), files, commands, warm_up=commands[:len(ANSWERS)])
    return shell.run(image, len(commands), Shape(memory_mib=128))


@pytest.mark.xdist_group("bad-memory-answers")
@pytest.mark.parametrize("n", range(len(ANSWERS)))
def test_what_a_value_means_is_said_in_a_line_and_a_status(answers, n):
    answer, (_, patterns, status) = answers[0][n], ANSWERS[n]
    assert len(answer.messages) == len(patterns), answer
    assert all(map(re.fullmatch, patterns, answer.messages)), answer
    assert answer.status == status


@pytest.mark.xdist_group("bad-memory-answers")
def test_boot_without_memory_for_the_ranges_ends_with_a_line(answers):
    found = answers[0][len(ANSWERS):]
    for answer in found:
        last = answer.messages[-1]
        assert re.fullmatch(NO_MEMORY if answer.status == OUT_OF_RESOURCES else MISSING, last), answer
    assert sum("for bad_memory" in answer.output for answer in found) == 3
    assert found[-1].status == NOT_FOUND


@pytest.mark.xdist_group("bad-memory-answers")
def test_all_memory_is_given_back_bad_or_not(answers):
    shell.assert_nothing_is_lost(*answers[1], len(answers[0]))
