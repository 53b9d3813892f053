"""The other processors where all is not as it should be, and the clock that bounds every wait for them."""
import pytest

import report
from kernel_result import STAGE_FINISHED, wait_for_result
from machine import BUILD, Machine, Shape

TIMEOUT_S = 120
SMALL = Shape(memory_mib=64, smp=2)


def boot(shape=SMALL, strings=(), extra=()):
    """The report and the result of a boot."""
    with Machine(shape, image=BUILD / "esp.img", strings=strings, extra=extra) as machine:
        machine.wait_for_line(report.LAST_LINE, TIMEOUT_S)
        result = wait_for_result(machine, TIMEOUT_S)
        assert result.stage == STAGE_FINISHED
        return report.parse(machine.serial_text()), result, machine.processors()


@pytest.mark.xdist_group("processors-absent")
def test_processor_that_does_not_start_is_reported_and_leaves_nothing_behind():
    printed, result, _ = boot(strings=["polyglot:fault=absent"])
    assert printed.processor_warnings == ["the processor with APIC id 254 does not start"]
    assert printed.processors == result.processors == 2
    assert printed.free_frames == result.free_before


@pytest.mark.xdist_group("processors-disabled")
def test_processors_that_the_madt_calls_disabled_are_left_alone():
    printed, _, processors = boot(extra=["-smp", "2,maxcpus=6"])
    assert printed.processor_warnings == []
    assert printed.processors == len(processors) == 2


@pytest.mark.xdist_group("processors-topology")
def test_apic_ids_need_not_be_consecutive():
    """Three cores in a socket leave id 3 out."""
    printed, _, processors = boot(extra=["-smp", "6,sockets=2,cores=3,threads=1"])
    assert printed.processor_warnings == []
    assert printed.processors == len(processors) == 6


@pytest.mark.xdist_group("processors-no-acpi")
def test_without_acpi_there_is_one_processor_and_a_reason():
    printed, result, _ = boot(extra=["-machine", "acpi=off"])
    assert printed.processor_warnings == ["no other processors: there is no MADT"]
    assert printed.processors == result.processors == 1


@pytest.mark.xdist_group("processors-clock")
def test_clock_finds_the_frequency_that_the_machine_has():
    """Counting instructions, QEMU's TSC runs at 1 GHz of the time that its 8254 shows."""
    shape = Shape(memory_mib=64, smp=1)
    _, result, _ = boot(shape, strings=["polyglot:test=4"], extra=["-icount", "shift=0,sleep=off"])
    assert abs(result.tsc_hz - 1_000_000_000) < 10_000_000
