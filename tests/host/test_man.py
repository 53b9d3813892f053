"""The manual page for the EFI shell's -?: in the shell's format, and about what `help` is about."""
import os
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
COMMANDS = TOP / "efi" / "commands"
sys.path.insert(0, str(COMMANDS))

import man_generate  # noqa: E402

SHOWN_FOR_HELP = {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES"}
WIDTH = 79


def sources():
    return "".join(path.read_text() for path in sorted(COMMANDS.glob("*.c")))


def sections(text):
    """name -> text of each .SH section."""
    parts = re.split(r"^\.SH (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def test_page_is_utf16_with_crlf_and_fits_the_screen():
    data = (BUILD / "BOOTX64.man").read_bytes()
    assert data[:2] == b"\xff\xfe"
    text = data.decode("utf-16")
    assert text.count("\n") == text.count("\r\n")
    lines = text.split("\r\n")
    assert lines[0].startswith(".TH BOOTX64 0 \"")
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("BOOTX64.EFI")] == []
    assert text.isascii()
    assert SHOWN_FOR_HELP <= set(sections(text.replace("\r\n", "\n")))


def test_every_command_has_its_synopsis_purpose_options_and_example():
    found = man_generate.read_descriptions(sources())
    page = sections(man_generate.page(sources()))
    assert {"boot", "selftest", "help", "--version"} <= set(found)
    for name, fields in found.items():
        assert f"BOOTX64.EFI {name} {fields['synopsis']}".rstrip() + "\n" in page["SYNOPSIS"]
        assert fields["purpose"] in page["DESCRIPTION"]
        assert fields["details"] in page["OPTIONS"]
        assert f"  BOOTX64.EFI {fields['example']}\n" in page["EXAMPLES"]
        assert fields["example"].split()[0] == name


def test_every_option_of_a_synopsis_is_explained():
    for name, fields in man_generate.read_descriptions(sources()).items():
        for option in re.findall(r"(?<![\w-])--?[a-z]+", fields["synopsis"]):
            assert re.search(rf"^ +(-[a-z-]+, )?{option}\b", fields["details"], re.MULTILINE), f"{name}: {option}"
