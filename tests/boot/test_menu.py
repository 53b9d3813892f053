"""The menu, over COM1: what it shows, the keys it knows, its countdown, and the way back after a failure."""
import re

import pytest

import images
from boot import LOADER
from kernel_result import STAGE_FINISHED, find_image, read_result
from machine import Machine, Shape

TIMEOUT_S = 120
SMALL = Shape(memory_mib=128)
HELP = "Enter: boot"
PROMPT = "Press any key for the menu (30 s)."

CONFIGURATION = """
timeout: {timeout}
default_entry: {default}
/First
protocol: linux
/Systems
//Inside
protocol: multiboot1
//+Deeper
///Bottom é
protocol: multiboot2
/Built in
protocol: builtin
/{long}
protocol: efi
"""


def configuration(timeout="no", default=1):
    return CONFIGURATION.format(timeout=timeout, default=default, long="long" * 100)


def make_image(directory, text):
    return images.make_image(directory / "esp.img", {
        "loader.efi": LOADER, "limine.conf": text,
        "startup.nsh": images.script(r"fs0:\loader.efi", "echo left with %lasterror%", "reset -s")})


class Menu:
    """A guest whose shell has started the loader."""

    def __init__(self, image, strings=("polyglot:test=16",)):
        self.machine = Machine(SMALL, image=image, strings=strings)
        self.seen = 0

    def __enter__(self):
        self.wait("Press ESC")
        self.machine.press("spc")
        return self

    def __exit__(self, *exception):
        self.machine.close()

    def wait(self, text):
        """Until this has come since the last wait."""
        def come():
            return text in self.machine.serial_text()[self.seen:]
        self.machine.wait_until(come, TIMEOUT_S, text)
        self.seen = self.machine.serial_text().index(text, self.seen) + len(text)

    def press(self, key, text):
        self.machine.press(key)
        self.wait(text)

    def wait_for_end(self):
        self.machine.wait_for_exit(TIMEOUT_S)
        return self.machine.serial_text()[self.seen:]


@pytest.mark.xdist_group("menu-keys")
def test_arrows_enter_and_escape_lead_through_the_tree_and_out_again(tmp_path):
    with Menu(make_image(tmp_path, configuration())) as menu:
        menu.wait("> First")
        start = menu.seen
        menu.press("down", "> [+] Systems")
        assert "Inside" not in menu.machine.serial_text()
        menu.press("ret", "> [-] Systems")
        menu.wait("Inside")
        menu.wait("Bottom ")  # what follows is not ASCII: OVMF's terminal has no such characters
        menu.press("down", ">   Inside")
        menu.press("down", ">   [-] Deeper")
        menu.press("left", ">   [+] Deeper")
        menu.press("left", "> [-] Systems")
        menu.press("end", "> longlong")
        menu.press("home", "> First")
        menu.press("ret", "BOOTX64.EFI: First: the protocol `linux' is not supported")
        menu.wait(PROMPT)
        menu.press("spc", "> First")
        menu.wait("[+] Systems")  # a menu is made anew
        menu.machine.press("esc")
        assert "left with 0x3" in menu.wait_for_end()
        # A title that is longer than a line is cut, and does not reach the next one.
        assert not re.search("(long){25}", menu.machine.serial_text()[start:])


@pytest.mark.xdist_group("menu-escape")
def test_escape_before_anything_was_booted_is_abortion(tmp_path):
    with Menu(make_image(tmp_path, configuration())) as menu:
        menu.wait(HELP)
        menu.machine.press("esc")
        assert "left with 0x15" in menu.wait_for_end()


@pytest.mark.xdist_group("menu-countdown")
def test_countdown_boots_the_default_entry(tmp_path):
    with Menu(make_image(tmp_path, configuration(timeout=2, default=3))) as menu:
        menu.wait("> Built in")
        menu.wait("Booting in 2 s.")
        menu.wait("Booting in 1 s.")
        address = menu.machine.wait_until(lambda: find_image(menu.machine), TIMEOUT_S, "halt of the kernel")
        assert read_result(menu.machine, address).stage == STAGE_FINISHED


@pytest.mark.xdist_group("menu-stop")
def test_any_key_stops_the_countdown(tmp_path):
    with Menu(make_image(tmp_path, configuration(timeout=20, default=3))) as menu:
        menu.wait("Booting in 20 s.")
        menu.press("x", "  " * 10)  # the countdown goes
        menu.press("up", "> [+] Systems")
        assert "Booting in 15 s." not in menu.machine.serial_text()
        menu.press("down", "> Built in")
        menu.machine.press("ret")
        address = menu.machine.wait_until(lambda: find_image(menu.machine), TIMEOUT_S, "halt of the kernel")
        assert read_result(menu.machine, address).stage == STAGE_FINISHED


@pytest.mark.xdist_group("menu-quiet")
def test_timeout_zero_draws_nothing_and_a_failure_leads_to_the_menu(tmp_path):
    with Menu(make_image(tmp_path, configuration(timeout=0, default=1))) as menu:
        menu.wait("BOOTX64.EFI: First: ")
        menu.wait(PROMPT)
        assert HELP not in menu.machine.serial_text()
        menu.press("spc", HELP)
        menu.machine.press("esc")
        assert "left with 0x3" in menu.wait_for_end()
