"""Failures asked for by an SMBIOS string: each must end in the panic that names it, on COM1 and on the screen."""
import dataclasses
import re

import pytest

from kernel_result import STAGE_TESTED, find_image, read_result
from machine import BUILD, Machine, Shape
from report import FIRST_LINE, HEX, LAST_LINE
from screen import Screen, wrap
from symbols import function_at, symbols

TIMEOUT_S = 120
PANIC_MARK = "*** PANIC: "
REGISTERS = "rip flg cs ss rsp rbp rax rbx rcx rdx rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 cr0 cr2 cr3 cr4".split()


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    message: str   # pattern
    function: str  # where it happens; where some are inlined, one of them
    at: str = None  # the symbol at the address in the message
    smp: int = 1
    processor: int = 0  # that panics
    entry: str = "kernel_main"  # where the stack begins

    def __str__(self):
        return self.kind


FAULTS = [
    Fault("read", r"page fault: read of 0x7FFFFFFFF000, not present", "read_from"),
    Fault("write", rf"page fault: write of ({HEX}), present, but not writable", "write_to", "image_rodata_start"),
    Fault("fetch", rf"page fault: fetch of ({HEX}), present, but not executable", "call_to", "image_data_start"),
    Fault("null", r"page fault: read of 0x0, not present", "read_from"),
    Fault("divide", r"divide error", "divide_by_zero"),
    Fault("guard", rf"double fault: kernel stack overflow, guard page at {HEX}", "run_off_the_stack"),
    Fault("smash", r"stack smashed: a function overwrote the canary above its arrays", "smash_stack"),
    Fault("assert", r"assertion failed: kind != FAULT_ASSERT \(fault\.c:\d+\)", "fault_now"),
    Fault("cpu", r"page fault: read of 0x7FFFFFFFF000, not present", "read_from", smp=2, processor=1,
          entry="processor_main"),
    Fault("cpu-guard", rf"double fault: kernel stack overflow, guard page at {HEX}", "run_off_the_stack", smp=2,
          processor=1),
    Fault("cpu-hang", r"the processor with APIC id 1 does not come to an end", "processors_run", smp=2),
]


class Panic:
    """A guest that has panicked: what COM1 and the screen said."""

    def __init__(self, fault, directory):
        shape = Shape(memory_mib=64, smp=fault.smp)
        with Machine(shape, image=BUILD / "esp.img", strings=[f"polyglot:fault={fault.kind}"]) as machine:
            machine.wait_for_line("Freed both frames", TIMEOUT_S)
            self.image = machine.wait_until(lambda: find_image(machine), TIMEOUT_S, "halt of the kernel")
            machine.wait_until(lambda: machine.is_halted(fault.processor), TIMEOUT_S, "end of the panic")
            self.result = read_result(machine, self.image)
            self.serial = machine.serial_text()
            machine.screenshot(directory / "screen.png")
        self.fault = fault
        self.screen = Screen(directory / "screen.png")
        self.text = self.serial[self.serial.index(FIRST_LINE):]

    @property
    def message(self):
        return re.search(rf"^{re.escape(PANIC_MARK)}(.*)$", self.text, re.MULTILINE).group(1)

    def functions(self):
        """For each return address, the functions there."""
        offsets = re.findall(rf"^  BOOTX64\.EFI\+({HEX})$", self.text, re.MULTILINE)
        return [function_at(int(offset, 16)) for offset in offsets]


@pytest.fixture(scope="module", params=[pytest.param(f, id=f.kind, marks=pytest.mark.xdist_group(f"fault-{f.kind}"))
                                        for f in FAULTS])
def panic(request, tmp_path_factory):
    return Panic(request.param, tmp_path_factory.mktemp("panic"))


def test_message_says_in_words_what_happened(panic):
    match = re.fullmatch(panic.fault.message, panic.message)
    assert match, panic.message
    if panic.fault.at:
        assert int(match.group(1), 16) - panic.image == symbols()[panic.fault.at]


def test_kernel_has_not_finished(panic):
    assert panic.result.stage == STAGE_TESTED
    assert LAST_LINE not in panic.text


def test_panic_shows_version_and_registers(panic):
    after = panic.text[panic.text.index(PANIC_MARK):]
    assert re.search(r"^Polyglot OS \d+\.\d+\.\d+$", after, re.MULTILINE)
    for register in REGISTERS:
        assert re.search(rf"\b{register} +0x[0-9A-F]{{16}}\b", after), register


def test_return_addresses_lead_from_the_fault_to_where_the_stack_begins(panic):
    functions = panic.functions()
    assert any(panic.fault.function in names for names in functions[:3]), functions
    if panic.fault.kind not in ("guard", "cpu-guard", "smash"):  # whose frames are gone
        assert any(panic.fault.entry in names for names in functions), functions


def test_screen_shows_the_panic_like_com1(panic):
    assert panic.screen.lines() == wrap(panic.text, panic.screen.columns, panic.screen.rows)
    assert any(PANIC_MARK in line for line in panic.screen.lines())


@pytest.mark.xdist_group("fault-nested")
def test_panic_inside_a_panic_halts(tmp_path):
    with Machine(Shape(memory_mib=64), image=BUILD / "esp.img", strings=["polyglot:fault=nested"]) as machine:
        machine.wait_for_line("*** Panic inside a panic: halting", TIMEOUT_S)
        machine.wait_for_halt(TIMEOUT_S)
        assert machine.serial_text().count(PANIC_MARK) == 2
        assert machine.running
