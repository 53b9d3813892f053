"""Kernels that must be refused, booted from the shell one after the other: a line, a status, and nothing lost."""
import re

import pytest

import elf_files
import kernel_files
import shell
from elf_builder import Kernel
from machine import Shape

SMALL = Shape(memory_mib=256, display="none")  # without a screen the firmware's console is fast
SECTOR_BYTES = 512
MIB = 1 << 20
UINT32_MAX = (1 << 32) - 1

BROKEN = {case.name: case for case in elf_files.broken()}
REFUSED = {case.name: case for case in kernel_files.refused()}


def boot_command(name):
    return rf"fs0:\loader.efi boot fs0:\k\{name}.elf"


class Refusals:
    """What came of booting each of these files (name -> bytes)."""

    def __init__(self, directory, files):
        volume = {"EFI/none": b"", **{f"k/{name}.elf": data for name, data in files.items()}}
        image = shell.make_volume(directory, volume, [boot_command(name) for name in files])
        answers, self.totals = shell.run(image, len(files), SMALL)
        self.answers = dict(zip(files, answers))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    return Refusals(tmp_path_factory.mktemp("broken"), {case.name: case.data for case in BROKEN.values()})


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    return Refusals(tmp_path_factory.mktemp("refused"), {case.name: case.data for case in REFUSED.values()})


def expected_of_broken(case):
    """The words of the message, and the status."""
    if case.reason == "unknown base revision":
        return f"wants base revision {case.value} of the Limine protocol, 6 is the highest", kernel_files.UNSUPPORTED
    if case.reason == "the same request twice":
        return f"{case.reason}: Memory Map", kernel_files.LOAD_ERROR
    return f"{case.reason} (0x{case.value:X})", kernel_files.LOAD_ERROR


@pytest.mark.xdist_group("broken-kernels")
@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_refused_in_one_line_with_reason_and_value(broken, name):
    message, status = expected_of_broken(BROKEN[name])
    assert broken.answers[name] == shell.Answer(f"{shell.MESSAGE}/k/{name}.elf: {message}", status)


@pytest.mark.xdist_group("broken-kernels")
def test_broken_files_leave_no_page_of_memory_behind(broken):
    shell.assert_nothing_is_lost(*broken.totals, len(broken.answers))


@pytest.mark.xdist_group("refused-kernels")
@pytest.mark.parametrize("name", REFUSED)
def test_kernel_that_asks_for_the_impossible_is_told_so_in_one_line(refused, name):
    case = REFUSED[name]
    assert refused.answers[name] == shell.Answer(f"{shell.MESSAGE}/k/{name}.elf: {case.message}", case.status)


@pytest.mark.xdist_group("refused-kernels")
def test_refused_kernels_leave_no_page_of_memory_behind(refused):
    shell.assert_nothing_is_lost(*refused.totals, len(refused.answers))


# ---- the volume's side ----


@pytest.mark.xdist_group("lying-directory")
def test_files_that_are_shorter_than_their_directory_says_and_too_large_ones_are_refused(tmp_path):
    commands = [r"fs0:\loader.efi boot fs0:\HUGE.ELF", r"fs0:\loader.efi boot fs0:\SHORT.ELF",
                r"fs0:\loader.efi"] * 2
    sound = Kernel("sound").bytes()
    files = {"HUGE.ELF": sound, "SHORT.ELF": sound, "limine.conf": "timeout: 0\n"}
    image = shell.make_volume(tmp_path, files, commands)
    kernel_files.grow(image, "HUGE.ELF", UINT32_MAX)
    kernel_files.grow(image, "SHORT.ELF", MIB + 1)
    kernel_files.grow(image, "LIMINE~1.CON", UINT32_MAX)
    short = "cannot be read after 0 of its {} bytes: Volume Corrupted"
    answers, (before, after) = shell.run(image, len(commands), SMALL)
    assert answers == [
        shell.Answer(f"{shell.MESSAGE}/HUGE.ELF: cannot allocate 4095 MB for it: Out of Resources",
                     kernel_files.OUT_OF_RESOURCES),
        shell.Answer(f"{shell.MESSAGE}/SHORT.ELF: {short.format(MIB + 1)}", kernel_files.VOLUME_CORRUPTED),
        shell.Answer(f"{shell.MESSAGE}/limine.conf: {short.format(UINT32_MAX)}", kernel_files.VOLUME_CORRUPTED)] * 2
    shell.assert_nothing_is_lost(before, after, len(commands))


def unreadable(image, *contents):
    """
    QEMU's arguments for a disk of which the sectors that begin with these bytes cannot be read. Not behind AHCI: the
    driver in OVMF 2022.11 says nothing of it, and reads zeros.
    """
    data = image.read_bytes()
    node = f"driver=blkdebug,node-name=faulty,image.driver=file,image.filename={image}"
    for n, content in enumerate(contents):
        assert data.count(content) == 1 and data.index(content) % SECTOR_BYTES == 0
        node += (f",inject-error.{n}.event=none,inject-error.{n}.iotype=read,inject-error.{n}.errno=5"
                 f",inject-error.{n}.sector={data.index(content) // SECTOR_BYTES}")
    return ["-blockdev", node, "-blockdev", "driver=raw,file=faulty,node-name=disk", "-device",
            "virtio-blk-pci,drive=disk"]


@pytest.mark.xdist_group("faulty-disk")
def test_disk_that_cannot_be_read_is_named_with_the_place_and_the_disk_s_answer(tmp_path):
    marks = [(b"%08d" % n).ljust(SECTOR_BYTES, b"#") for n in range(3)]
    padding = bytes(2 * MIB)  # the firmware's cache holds neighbours in the same 64 KiB
    files = {"a": padding, "first.elf": marks[0], "b": padding, "late.elf": padding + marks[1] + padding,
             "limine.conf": b"#" * SECTOR_BYTES + marks[2]}
    commands = [r"fs0:\loader.efi boot fs0:\first.elf", r"fs0:\loader.efi boot fs0:\late.elf", r"fs0:\loader.efi"] * 2
    image = shell.make_volume(tmp_path, files, commands)
    answers, (before, after) = shell.run(None, len(commands), SMALL, extra=unreadable(image, *marks))
    for answer, path in zip(answers, ("first.elf", "late.elf", "limine.conf") * 2):
        line = re.fullmatch(rf"{shell.MESSAGE}/{path}: cannot be read after (\d+) of its (\d+) bytes: Device Error",
                            answer.output)
        assert line and int(line[2]) == len(files[path]) and answer.status == kernel_files.DEVICE_ERROR, answer
        assert (int(line[1]) > 0) == (path == "late.elf") and int(line[1]) <= 2 * MIB
    shell.assert_nothing_is_lost(before, after, len(commands))
