"""The loader before it leaves the firmware: arguments, refusals, and failures that were asked for."""
import pytest

import images
import report
from boot import LOADER
from kernel_result import STAGE_FINISHED, find_image, read_result
from machine import BUILD, Machine, Shape
from screen import Screen

TIMEOUT_S = 120
SMALL = Shape(memory_mib=64)
EXIT_FAILURE = "BOOTX64.EFI: cannot leave boot services: Invalid Parameter after 128 attempts. Resetting."
MEMORY_FAILURE = "BOOTX64.EFI: cannot allocate"


def start_in_shell(directory, *lines, strings=()):
    """A guest whose shell runs these lines; the loader is fs0:\\loader.efi."""
    image = images.make_image(directory / "esp.img", {"startup.nsh": images.script(*lines), "loader.efi": LOADER})
    machine = Machine(SMALL, image=image, strings=strings)
    machine.wait_until(lambda: "Press ESC" in machine.serial_text(), TIMEOUT_S, "the shell's countdown")
    machine.press("spc")
    return machine


def finish(machine):
    """Waits for the end of a boot; the kernel's result."""
    image = machine.wait_until(lambda: find_image(machine), TIMEOUT_S, "halt of the kernel")
    return read_result(machine, image)


@pytest.mark.xdist_group("loader-shell")
def test_shell_gets_a_message_and_a_status_for_each_refusal_and_can_boot_afterwards(tmp_path):
    lines = [r"fs0:\loader.efi nonsense", "echo first %lasterror%",
             r"fs0:\loader.efi resolution=800x600 resolution=0x600", "echo second %lasterror%",
             r"fs0:\loader.efi fault=memory", "echo third %lasterror%",
             r"fs0:\loader.efi resolution=800x600 test=16 raw-map=yes"]
    with start_in_shell(tmp_path, *lines) as machine:
        result = finish(machine)
        text = machine.serial_text()
    assert "BOOTX64.EFI: argument 1: `nonsense' is no command" in text
    assert "\nfirst 0x2\n" in text
    assert "BOOTX64.EFI: argument 2: `resolution=0x600' is no option" in text
    assert "\nsecond 0x2\n" in text
    assert MEMORY_FAILURE in text
    assert "\nthird 0x9\n" in text
    assert result.stage == STAGE_FINISHED
    parsed = report.parse(text)
    assert (parsed.framebuffer.width, parsed.framebuffer.height) == (800, 600)
    assert parsed.tested_lowest == 16 * 256
    assert report.raw_map(text)


@pytest.mark.xdist_group("loader-refused")
def test_refused_run_leaves_the_shells_memory_as_it_was(tmp_path):
    with start_in_shell(tmp_path, r"fs0:\loader.efi nonsense", "memmap -sfo", r"fs0:\loader.efi nonsense",
                        r"fs0:\loader.efi fault=memory", "memmap -sfo", "reset -s") as machine:
        machine.wait_for_exit(TIMEOUT_S)
        lines = machine.serial_text().split("\n")
        summaries = [line.split(",") for line in lines if line.startswith("MemoryMapSummary")]
    loader_data, loader_code = 7, 8  # columns: see SHELL_TOTALS in boot.py
    assert len(summaries) == 2
    assert summaries[0][loader_data:loader_code + 1] == summaries[1][loader_data:loader_code + 1]


@pytest.mark.xdist_group("loader-manager")
def test_boot_manager_gets_the_message_and_time_to_read_it():
    with Machine(SMALL, image=BUILD / "esp.img", strings=["polyglot:fault=memory"]) as machine:
        prompt = "Press any key to return to the firmware (10 s)."
        machine.wait_for_line(prompt, TIMEOUT_S)
        machine.press("spc")
        machine.wait_until(lambda: "BdsDxe: failed to start" in machine.serial_text(), TIMEOUT_S,
                           "return to the firmware")
        text = machine.serial_text()
    assert MEMORY_FAILURE in text
    assert text.index(MEMORY_FAILURE) < text.index(prompt)
    assert "Out of Resources" in text


@pytest.mark.xdist_group("loader-startup")
def test_startup_script_on_the_esp_starts_the_loader_from_a_shell():
    with Machine(SMALL, image=BUILD / "esp.img", strings=["polyglot:fault=memory"]) as machine:
        # The boot manager goes on to the shell when the loader has come back and nobody has pressed a key.
        machine.wait_until(lambda: "Press ESC" in machine.serial_text(), TIMEOUT_S, "the shell's countdown")
        machine.press("spc")
        machine.wait_until(lambda: machine.serial_text().count(MEMORY_FAILURE) == 2, TIMEOUT_S,
                           "the loader's second start")


@pytest.mark.xdist_group("loader-exit")
def test_failed_exit_is_told_on_com1_and_on_the_screen_and_then_resets(tmp_path):
    with Machine(SMALL, image=BUILD / "esp.img", strings=["polyglot:fault=exit"]) as machine:
        machine.wait_for_line(EXIT_FAILURE, TIMEOUT_S)
        machine.screenshot(tmp_path / "screen.png")
        machine.wait_for_exit(TIMEOUT_S)
    assert EXIT_FAILURE in "".join(Screen(tmp_path / "screen.png").lines())


@pytest.mark.xdist_group("loader-warnings")
def test_strings_that_mean_nothing_and_a_mode_that_does_not_exist_are_warnings():
    strings = ["polyglot:nonsense=1", "somebody:else=2", "polyglot:resolution=801x601", "polyglot:more"]
    with Machine(SMALL, image=BUILD / "esp.img", strings=strings) as machine:
        assert finish(machine).stage == STAGE_FINISHED
        parsed = report.parse(machine.serial_text())
    assert parsed.warnings == ["2 options were not understood, the first is `polyglot:nonsense=1'",
                               "the mode 801x601 is not available"]


@pytest.mark.xdist_group("loader-silent")
def test_discarded_console_is_silent_and_the_kernel_finishes_all_the_same():
    with Machine(SMALL, image=BUILD / "esp.img", strings=["polyglot:console=none"]) as machine:
        assert finish(machine).stage == STAGE_FINISHED
        assert report.FIRST_LINE not in machine.serial_text()


@pytest.mark.xdist_group("loader-quiet")
def test_successful_boot_prints_nothing_through_the_firmwares_console():
    with Machine(SMALL, image=BUILD / "esp.img") as machine:
        assert finish(machine).stage == STAGE_FINISHED
        before = machine.serial_text().split(report.FIRST_LINE)[0]
    lines = [line for line in before.split("\n") if line.strip()]
    assert all(line.startswith("BdsDxe: ") for line in lines), lines
