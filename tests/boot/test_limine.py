"""
A kernel of our own, loaded by the Limine boot protocol, finds every promise of its base revision kept; and what can be
seen from outside agrees. POLYGLOT_LOADER in limine_cases.py says how to put another loader to the same test.
"""
import dataclasses
import re
import time
import uuid

import pytest

import limine_kernel
from limine_cases import IS_LIMINE_8, LOADER, LimineCase, all_cases
from limine_guest import COLOURS, Loaded
from limine_kernel import FIVE_LEVEL, FOUR_LEVEL, MODULES, PF_R, PF_W, PF_X, Variant
from machine import Machine, Shape

CASES = all_cases()

STRICT_REVISION = 5
AFTER_REFUSAL_S = 2
NO_UUID = str(uuid.UUID(int=0))


def _has_framebuffer(case):
    return case.facts.n_framebuffers and "FRAMEBUFFER" in case.variant.asked


# The cases of those tests that do not look at all.
APPLIES = {
    "test_kernels_own_file_is_handed_over_byte_by_byte": lambda case: "EXECUTABLE_FILE" in case.variant.asked,
    "test_what_the_kernel_draws_appears_on_the_screen": _has_framebuffer,
    "test_task_and_local_descriptor_tables_are_empty_on_every_processor":
        lambda case: case.variant.revision >= STRICT_REVISION,
    "test_partition_is_named_as_on_the_disk": lambda case: case.gpt,
}


def pytest_generate_tests(metafunc):
    if "loaded" in metafunc.fixturenames:
        applies = APPLIES.get(metafunc.function.__name__, lambda case: True)
        metafunc.parametrize("loaded", [
            pytest.param(case, id=case.name, marks=pytest.mark.xdist_group(f"limine-{case.name}"))
            for case in CASES if applies(case)], indirect=True, scope="module")


@pytest.fixture(scope="module")
def loaded(request, tmp_path_factory):
    guest = Loaded(request.param, tmp_path_factory.mktemp("limine"))
    yield guest
    guest.close()


def test_kernel_finds_every_promise_kept(loaded):
    loaded.check_promises()


def test_kernel_has_checked_all_that_is_promised_and_passed_over_nothing_else(loaded):
    loaded.check_completeness()


def test_kernels_own_file_is_handed_over_byte_by_byte(loaded):
    assert loaded.number("executable.executable_file_bytes") == len(loaded.kernel)
    assert loaded.number("executable.executable_file_fnv") == limine_kernel.fnv(loaded.kernel)


def test_what_the_kernel_draws_appears_on_the_screen(loaded):
    size = (loaded.number("framebuffer_width"), loaded.number("framebuffer_height"))
    found, corners = loaded.screen()
    if loaded.case.facts.n_framebuffers == 1:
        assert found == size
    assert corners == COLOURS


def test_task_and_local_descriptor_tables_are_empty_on_every_processor(loaded):
    """The processor itself cannot tell where its task register points."""
    n_processors = loaded.case.machine.smp if {"MP", "RSDP"} <= loaded.case.variant.asked else 1
    for number in range(n_processors):
        text = loaded.machine.qmp.execute("human-monitor-command", command_line="info registers", cpu_index=number)
        selector, base, limit = re.search(r"^TR =(\w+) (\w+) (\w+)", text, re.MULTILINE).groups()
        assert (int(base, 16), int(limit, 16)) == (0, 0), selector
        assert int(re.search(r"^LDT=(\w+)", text, re.MULTILINE).group(1), 16) & ~7 == 0


def test_partition_is_named_as_on_the_disk(loaded):
    assert loaded.uuids("executable") == [uuid.UUID(text) for text in (*loaded.case.gpt, NO_UUID)]


@pytest.mark.xdist_group("limine-notices")
def test_kernel_that_expects_something_else_says_so(tmp_path):
    """The checks can fail: by one boot, and by what differs between the truth and what the kernel is told."""
    first, second, third, fourth = MODULES
    replace = dataclasses.replace
    variant = Variant(revision=2, is_limine_8=IS_LIMINE_8)
    told = replace(variant, cmdline="other", data_rights=PF_R | PF_W | PF_X,
                   modules=(replace(first, path="/boot/other"), replace(second, seed=99),
                            replace(third, string="other"), replace(fourth, bytes=2)))
    case = LimineCase("notices", variant, Shape(memory_mib=256))
    guest = Loaded(case, tmp_path, told)
    guest.close()
    expected = {"executable.string", "paging.image", "access.data_execution", "module0.path", "module1.contents",
                "module2.string", "module3.bytes"}
    assert guest.names("FAIL") == expected | (set() if IS_LIMINE_8 else {"cmdline.text"})


@pytest.mark.xdist_group("limine-kaslr")
def test_randomised_image_lies_elsewhere_at_each_boot(tmp_path):
    variant = Variant(file="relr", revision=2, is_randomised=True, is_limine_8=IS_LIMINE_8)
    case = LimineCase("kaslr", variant, Shape(memory_mib=256, cpu="max"))
    addresses = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        guest = Loaded(case, tmp_path / str(number))
        guest.close()
        addresses.append(guest.number("image_virtual"))
    assert len(set(addresses)) > 1, addresses


TAG = (0xf9562b2d5c95a6c8, 0x6a7b384944536bdc, 6)
HHDM = (0xc7b1dd30df4c8b88, 0x0a82e883a194f07b, *limine_kernel.request_ids()["HHDM"][1])

# What a kernel must not be started for, and what the line says that names the reason.
REFUSALS = {
    "unknown-revision": (Variant(revision=7), r"kernel\.elf.*\b7\b"),
    "two-tags": (Variant(overwritten=(("RISCV_BSP_HARTID", TAG),)), r"kernel\.elf.*(tag|revision)"),
    "request-twice": (Variant(overwritten=(("RISCV_BSP_HARTID", HHDM),)),
                      r"kernel\.elf.*(twice|more than once|duplicate)"),
    "five-levels": (Variant(paging=(FIVE_LEVEL, FIVE_LEVEL, FIVE_LEVEL)), r"kernel\.elf.*(paging|level)"),
    "no-levels": (Variant(paging=(FOUR_LEVEL, FOUR_LEVEL, FIVE_LEVEL)), r"kernel\.elf.*(paging|level)"),
    "internal-module": (Variant(absent=frozenset({"/modules/far.bin"})), r"far\.bin"),
}


@pytest.mark.skipif(IS_LIMINE_8, reason="how our loader refuses")
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(f"limine-refusal-{name}"))
                                  for name in REFUSALS])
def test_kernel_that_cannot_be_served_is_refused_with_a_reason(tmp_path, name):
    variant, reason = REFUSALS[name]
    case = LimineCase(name, variant, Shape(memory_mib=128))
    image, _ = limine_kernel.make_volume(tmp_path, LOADER, variant, case.facts)
    with Machine(case.machine, image=image) as machine:
        machine.wait_until(lambda: re.search(reason, machine.serial_text(), re.IGNORECASE), case.timeout_s, "refusal")
        time.sleep(AFTER_REFUSAL_S)
        assert "info revision" not in machine.serial_text()
