"""
The manual page that the EFI shell prints for `BOOTX64.EFI -?`: UTF-16 in the shell's format (UEFI Shell Specification
2.2, Appendix B UEFI Help Manual Page Syntax). Commands and options come from where `help` has them.

    man_generate.py efi/commands/*.c >BOOTX64.man

The shell of edk2 shows the sections NAME, SYNOPSIS, DESCRIPTION, OPTIONS and EXAMPLES for -?, and only these.
"""
import ast
import pathlib
import re
import sys

STRING = r'"(?:[^"\\]|\\.)*"'
DESCRIPTION = re.compile(r'\{\s*\.name = (?:[^"}]|%s)*\}' % STRING)
TABLE = re.compile(r"commands\[\] = \{(.*?)\};", re.DOTALL)
OPTIONS_OF_ALL = re.compile(r'"\\nOptions of all commands.*?:\\n"((?:\s*%s)*)' % STRING)
STARTERS = ("boot", "selftest")
HELP = ("help", "--version")

PAGE = """\
.TH BOOTX64 0 "Boots kernels, and looks at memory."
.SH NAME
BOOTX64.EFI - boots kernels, and looks at memory
.SH SYNOPSIS
BOOTX64.EFI [COMMAND] [OPTIONS]

{synopses}
.SH DESCRIPTION
Without a command it boots, by limine.conf if there is one. Commands:

{purposes}

%lasterror% is 0 if all is well, 0x2 if a word is wrong, 0x40 if the firmware's
word on memory cannot be right, 0x41 if memory has errors.
.SH OPTIONS
Of all commands that return:
{options}
{details}
.SH STATUS CODES
EFI_SUCCESS            done, and nothing is wrong
EFI_INVALID_PARAMETER  a word is wrong, and has been named
EFIERR(0x40)           the firmware's word on memory cannot be right
EFIERR(0x41)           memory has errors
Others are what the firmware answered.
.SH EXAMPLES
{examples}
"""


def text_of(literals):
    """What adjacent C string literals are together."""
    return "".join(ast.literal_eval(literal) for literal in re.findall(STRING, literals))


def read_descriptions(source):
    """name -> {field: text} of each struct command_description in C source."""
    found = {}
    for block in DESCRIPTION.findall(source):
        fields = {name: text_of(value) for name, value in re.findall(r"\.(\w+) =((?:\s*%s)+)" % STRING, block)}
        found[fields["name"]] = fields
    return found


def page(sources):
    """The text of the page, from all C sources of the commands."""
    descriptions = read_descriptions(sources)
    table = [name for name in re.findall(r"&(\w+)_command", TABLE.search(sources).group(1))]
    commands = [descriptions[name] for name in (*STARTERS, *table, *HELP)]
    details = "".join(f"\nOf {c['name']}:\n{c['details']}" for c in commands if c["details"])
    return PAGE.format(
        synopses="\n".join(f"BOOTX64.EFI {c['name']} {c['synopsis']}".rstrip() for c in commands),
        purposes="\n".join(f"  {c['name']:<12}{c['purpose']}" for c in commands),
        options=text_of(OPTIONS_OF_ALL.search(sources).group(1)).split("\n\n")[0],
        details=details.rstrip("\n"),
        examples="\n".join(f"  BOOTX64.EFI {c['example']}" for c in commands))


def main(paths):
    text = page("".join(pathlib.Path(path).read_text() for path in paths))
    sys.stdout.buffer.write(("\ufeff" + text).replace("\n", "\r\n").encode("utf-16-le"))


if __name__ == "__main__":
    main(sys.argv[1:])
