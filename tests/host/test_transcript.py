"""How transcripts of two loaders are compared (tests/compare/transcript.py)."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "compare"))

import transcript  # noqa: E402
from profiles import LIMINE_TEST, Profile  # noqa: E402


def test_addresses_may_differ_and_counts_may_not():
    one = transcript.comparable("stack at 0xffff800012345000, 4 CPUs, id 0x2\n", Profile())
    assert one == transcript.comparable("stack at 0xff10000001234000, 4 CPUs, id 0x2\n", Profile())
    assert one != transcript.comparable("stack at 0xffff800012345000, 3 CPUs, id 0x2\n", Profile())
    assert one != transcript.comparable("stack at 0xffff800012345000, 4 CPUs, id 0x3\n", Profile())


def test_numbers_of_an_exact_line_count():
    one = transcript.comparable("File->GPTDiskUUID: 0x12345678-0x9abc\n", LIMINE_TEST)
    assert one != transcript.comparable("File->GPTDiskUUID: 0x12345679-0x9abc\n", LIMINE_TEST)


def test_processors_may_take_turns_but_none_may_be_missing():
    profile = Profile(unordered=(r"^cpu[1-9]: ",))
    one = transcript.comparable("cpu1: up\ncpu2: up\nall up\n", profile)
    assert one == transcript.comparable("cpu2: up\ncpu1: up\nall up\n", profile)
    assert one != transcript.comparable("cpu1: up\nall up\n", profile)


def test_firmware_and_escape_sequences_are_left_out():
    assert transcript.comparable("BdsDxe: starting Boot0001\r\n\x1b[97mhello\x1b[0m\r\n\0\n", Profile()) == ["hello"]


def test_missing_line_shows_in_the_differences():
    assert any(line == "-two" for line in transcript.differences(["one", "two", "three"], ["one", "three"]))
