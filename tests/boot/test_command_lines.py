"""Command lines as long as they can be: a kernel writes to COM1 what it was given."""
import os

import pytest

import images
import shell
from boot import LOADER
from elf_builder import COMMON, REQUESTS, TAG, Kernel, code, words
from limine_kernel import request_ids
from machine import Machine, Shape

SMALL = Shape(memory_mib=128, display="none")
TIMEOUT_S = 120
RESPONSE_AT = 40  # in the request
CMDLINE_AT = 8    # in the response
KIB = 1 << 10
SHELL_LINE_MAX = 7000  # OVMF's shell takes a line of so much from a script, and not many more


def kernel():
    made = Kernel()
    made.requests = words(*COMMON, *request_ids()["EXECUTABLE_CMDLINE"][1], 0, 0, *TAG, 6)
    made.text.data = code(REQUESTS + RESPONSE_AT, CMDLINE_AT)
    return made.bytes()


def long_line(length):
    """Words that differ, so that none can be lost or exchanged unseen."""
    line = " ".join(f"word{n}=<{n * 7919 % 1000}>" for n in range(length // 10))[:length - 4] + " end"
    assert len(line) == length
    return line


@pytest.mark.xdist_group("command-line")
def test_command_line_of_64_kib_in_limine_conf_reaches_the_kernel_whole(tmp_path):
    line = long_line(64 * KIB)
    configuration = f"timeout: 0\n/Long\n    protocol: limine\n    path: boot():/kernel.elf\n    cmdline: {line}\n"
    image = images.make_image(tmp_path / "esp.img", {"EFI/BOOT/BOOTX64.EFI": LOADER, "limine.conf": configuration,
                                                     "kernel.elf": kernel()})
    with Machine(SMALL, image=image) as machine:
        machine.wait_until(lambda: machine.serial_text().endswith(" end"), TIMEOUT_S, "the command line's end")
        assert machine.serial_text().endswith(line)


if os.environ.get("POLYGLOT_TEST_ALL"):  # typing takes the shell a minute

    @pytest.mark.xdist_group("command-line-shell")
    def test_command_line_as_long_as_the_shell_lets_it_be_reaches_the_kernel_whole(tmp_path):
        line = '"two words" ' + long_line(SHELL_LINE_MAX).replace("<", "(").replace(">", ")")  # which redirect
        image = images.make_image(tmp_path / "esp.img", {
            "startup.nsh": images.script("@echo -off", rf"fs0:\loader.efi boot fs0:\kernel.elf {line}"),
            "loader.efi": LOADER, "kernel.elf": kernel()})
        with shell.start(image, SMALL) as machine:
            machine.wait_until(lambda: machine.serial_text().endswith(" end"), TIMEOUT_S, "the command line's end")
            assert machine.serial_text().endswith(line)
