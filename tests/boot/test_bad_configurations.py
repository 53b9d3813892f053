"""
The configurations of config_files.py in real guests: what is refused, what is warned of, and that nothing is lost. Each
lies beside a loader of its own, and all are started from the shell, one after the other; whoever is asked for a key,
or shown a menu, goes back to the shell.
"""
import re

import pytest

import config_files
import kernel_files
import shell
from machine import Shape

SMALL = Shape(memory_mib=256, display="none")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
VERBOSE = b"verbose: yes\n"
FAT_CACHE_DIRECTORIES = 8

# An entry that would boot comes no further than the first look at the memory map.
NEVER_BOOT = " fault=map-1"
NEVER_BOOTED = "cannot read the firmware's memory map: Device Error"

# What the entry's own reader warns of: line, words, value.
ENTRY_WARNINGS = {
    "resolution-that-is-none": [(4, "not WIDTHxHEIGHT", "resolution: 10x")],
    "large-resolution": [(4, "not WIDTHxHEIGHT", "resolution: 99999999999x18446744073709551617x64")],
}

REFUSED = {file.name: file for file in (*config_files.refused(), *config_files.unbootable())}
ACCEPTED = {file.name: file for file in (*config_files.usual(), *config_files.odd())}


class Runs:
    """What came of each of these configurations (name -> content)."""

    def __init__(self, directory, contents, arguments=""):
        volume = {"EFI/none": b"", "limine.conf": b"# for paths that name it\n"}
        for name, content in contents.items():
            volume.update({f"c/{name}/loader.efi": shell.LOADER, f"c/{name}/limine.conf": content})
        commands = [rf"fs0:\c\{name}\loader.efi{arguments}" for name in contents]
        image = shell.make_volume(directory, volume, commands, warm_up=commands[-FAT_CACHE_DIRECTORIES - 1:])
        answers, self.totals = shell.run(image, len(commands), SMALL)
        self.answers = dict(zip(contents, answers))


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    return Runs(tmp_path_factory.mktemp("refused"), {name: file.content for name, file in REFUSED.items()})


def with_log(content):
    """Its first line asks for a log, which has the warnings. What is as long as it may be loses as much at its end."""
    start = len(BYTE_ORDER_MARK) if content.startswith(BYTE_ORDER_MARK) else 0
    return (content[:start] + VERBOSE + content[start:])[:config_files.MIB]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    contents = {name: with_log(file.content) for name, file in ACCEPTED.items()}
    return Runs(tmp_path_factory.mktemp("accepted"), contents, NEVER_BOOT)


def expected_line(file):
    """A pattern, and the status."""
    path = re.escape(f"/c/{file.name}/limine.conf")
    words, value = re.escape(file.words), re.escape(file.value)
    if file.stage == "file":
        where = f"{path}:{file.line}" if file.line else path
        return rf"{where}: {words}" + (f": `{value}'" if value else ""), kernel_files.LOAD_ERROR
    if file.stage == "entry":
        return rf"{path}:{file.line}: Default: {words}" + (rf": `\w+: {value}'" if value else ""), \
            kernel_files.LOAD_ERROR
    if file.stage == "protocol":
        return rf"Default: the protocol `{value}' is not supported", kernel_files.UNSUPPORTED
    if file.stage == "path":
        return rf"{value}: {words}, at character \d+", kernel_files.INVALID_PARAMETER
    return {
        "directory": (f"{value}: is a directory", kernel_files.UNSUPPORTED),
        "long-path": (r"boot\(\):/[a/]+ \.\.\. [a/]+k: path too long", kernel_files.INVALID_PARAMETER),
        "wrong-hash": (rf"{value}#0+: its BLAKE2b hash is not the one in the path", kernel_files.SECURITY_VIOLATION),
        "blake3-hash": (rf"{value}#0+: a hash of BLAKE3-256 is not supported", kernel_files.UNSUPPORTED),
        "long-blake3-hash": (rf"{value}#0+: a hash of BLAKE3-1024 is not supported", kernel_files.UNSUPPORTED),
    }.get(file.name, (f"{value}: no such (file|volume)", kernel_files.NOT_FOUND))


@pytest.mark.xdist_group("refused-configurations")
@pytest.mark.parametrize("name", [name for name, file in REFUSED.items() if file.stage])
def test_configuration_is_refused_in_one_line_with_its_place_and_reason(refused, name):
    answer = refused.answers[name]
    line, status = expected_line(REFUSED[name])
    assert len(answer.messages) == 1 and re.fullmatch(line, answer.messages[0]), (answer, line)
    assert answer.status == status


@pytest.mark.xdist_group("refused-configurations")
@pytest.mark.parametrize("name", [name for name, file in REFUSED.items() if file.stage not in ("", "file")])
def test_failed_entry_leads_to_the_menu(refused, name):
    message, prompt, menu = refused.answers[name].output.split("\n", 2)
    assert message.startswith(shell.MESSAGE)
    assert (prompt, menu.count("> Default")) == ("Press any key for the menu (30 s).", 1)


@pytest.mark.xdist_group("refused-configurations")
def test_without_an_entry_that_can_boot_there_is_a_menu_and_no_message(refused):
    answer = refused.answers["no-protocol"]
    assert answer.messages == [] and "> Default" in answer.output
    assert answer.status == kernel_files.ABORTED


@pytest.mark.xdist_group("refused-configurations")
def test_refused_configurations_leave_no_page_of_memory_behind(refused):
    shell.assert_nothing_is_lost(*refused.totals, len(refused.answers))


@pytest.mark.xdist_group("accepted-configurations")
@pytest.mark.parametrize("name", ACCEPTED)
def test_configuration_is_taken_with_all_its_warnings(accepted, name):
    answer, file = accepted.answers[name], ACCEPTED[name]
    path = f"/c/{name}/limine.conf"
    expected = [*file.warnings, *ENTRY_WARNINGS.get(name, [])]
    warnings = [f"{path}:{line + 1}: {words}: `{value}'" for line, words, value in expected]
    logged = re.findall(rf"^\[\d+ ms\] ({re.escape(path)}:\d+: .*)$", answer.output, re.MULTILINE)
    assert logged == [warning[:len(entry)] for warning, entry in zip(warnings, logged)]
    assert len(logged) == len(warnings)
    assert answer.messages == [NEVER_BOOTED]
    assert answer.status == kernel_files.DEVICE_ERROR


@pytest.mark.xdist_group("accepted-configurations")
def test_accepted_configurations_leave_no_page_of_memory_behind(accepted):
    shell.assert_nothing_is_lost(*accepted.totals, len(accepted.answers))
