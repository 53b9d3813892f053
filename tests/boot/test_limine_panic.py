"""What fails between the end of boot services and another kernel's first instruction is a panic on both outputs."""
import re

import pytest

import limine_kernel
from machine import BUILD, Machine, Shape
from screen import Screen, wrap
from symbols import function_at
from test_panic import PANIC_MARK, REGISTERS, TIMEOUT_S

pytestmark = pytest.mark.xdist_group("limine-panic")


def test_panic_on_the_way_to_a_kernel_is_told_on_com1_and_on_the_screen(tmp_path):
    variant = limine_kernel.Variant(revision=6)
    image, _ = limine_kernel.make_volume(tmp_path, BUILD / "BOOTX64.EFI", variant, limine_kernel.MachineFacts(2, 1))
    with Machine(Shape(smp=2, cpu="max"), image=image, strings=["polyglot:fault=read"]) as machine:
        machine.wait_for_line("Return addresses:", TIMEOUT_S)
        machine.wait_for_halt(TIMEOUT_S)
        machine.screenshot(tmp_path / "screen.png")
        serial = machine.serial_text()
    text = serial[serial.index("\n" + PANIC_MARK):]
    screen = Screen(tmp_path / "screen.png")

    assert text.startswith(f"\n{PANIC_MARK}page fault: read of 0x7FFFFFFFF000, not present\n")
    for register in REGISTERS:
        assert re.search(rf"\b{register} +0x[0-9A-F]{{16}}\b", text), register
    functions = [function_at(int(offset, 16)) for offset in re.findall(r"^  BOOTX64\.EFI\+(0x\w+)$", text, re.MULTILINE)]
    assert "read_from" in functions[0] and any("finish" in names for names in functions), functions
    assert screen.lines() == wrap(text, screen.columns, screen.rows)
