"""
Too little memory at every single allocation of the loader: a line, a status, the menu, nothing lost; and at last the
kernel boots all the same. The N-th allocation is made to fail by an option; a boot that gets past it is stopped by
another, the last time that it reads the memory map before it leaves boot services. The other times are made to fail
as well.
"""
import re

import pytest

import kernel_files
import limine_kernel
import shell
from limine_guest import LAST_LINE
from machine import Shape
from report import size_text

MACHINE = Shape(memory_mib=256, smp=2, cpu="max")
MAP_READS = 2  # before the last allocations, and at the exit
# More than there are: the last few boots get past all of them.
KERNEL_ALLOCATIONS, BUILTIN_ALLOCATIONS = 40, 10
KERNEL_ALLOCATIONS_MIN, BUILTIN_ALLOCATIONS_MIN = 25, 7

NO_MEMORY = r"\S+( name.bin)?: cannot allocate \d+ [KM]?B for .*: Out of Resources"
NO_BUILTIN_MEMORY = r"cannot allocate \d+ [KM]?B for .*: Out of Resources"
NO_MENU = r"cannot allocate \d+ B for the menu: Out of Resources"
NO_START_PAGES = r"warning: \S*: no memory below 1 MB or 4 GB: one processor, and 4-level paging"
STOPPED = "cannot read the firmware's memory map: Device Error"


def classify(answer, no_memory):
    """What an answer says: "memory", "start pages", "menu", "stopped"; None: nothing that it may say."""
    patterns = {
        "memory": ([no_memory], kernel_files.OUT_OF_RESOURCES),
        "start pages": ([NO_START_PAGES, STOPPED], kernel_files.DEVICE_ERROR),
        "menu": ([STOPPED, NO_MENU], kernel_files.OUT_OF_RESOURCES),
        "stopped": ([STOPPED], kernel_files.DEVICE_ERROR),
    }
    for name, (lines, status) in patterns.items():
        if answer.status == status and len(answer.messages) == len(lines) and \
                all(map(re.fullmatch, lines, answer.messages)):
            return name
    return None


@pytest.fixture(scope="module")
def boots(tmp_path_factory):
    """Answers by the kernel's name, totals of the memory, and what the kernel said that booted in the end."""
    variant = limine_kernel.Variant(file="dyn", requests=limine_kernel.default_requests() | {"KEEP_IOMMU"})
    facts = limine_kernel.MachineFacts(MACHINE.smp, n_framebuffers=1)
    elf = limine_kernel.build(variant, facts)
    files = {"limine.conf": limine_kernel.configuration(variant), "boot/kernel.elf": elf}
    files.update({module.path.lstrip("/"): module.contents() for module in variant.modules})
    command = rf"fs0:\loader.efi fault=map-{MAP_READS} fault=memory-"
    kernel = [f"{command}{n}" for n in range(1, KERNEL_ALLOCATIONS + 1)]
    builtin = [f"{command}{n} test=16" for n in range(1, BUILTIN_ALLOCATIONS + 1)]
    maps = [rf"fs0:\loader.efi fault=map-{n}" for n in range(1, MAP_READS)]
    commands = [*kernel, *builtin, *maps]
    image = shell.make_volume(tmp_path_factory.mktemp("memory"), files, commands, warm_up=[kernel[-1], builtin[-1]],
                              last=r"fs0:\loader.efi fault=exit-1")
    with shell.start(image, MACHINE) as guest:
        shell.wait_until(guest, lambda: LAST_LINE.search(guest.serial_text()), "end of the test kernel")
        text = guest.serial_text()
    answers = shell.answers(text, len(commands))
    return {"kernel": answers[:len(kernel)], "builtin": answers[len(kernel):-len(maps)], "maps": answers[-len(maps):],
            "totals": shell.memory_totals(text)[1:], "text": text, "kernel_bytes": len(elf)}


@pytest.mark.xdist_group("out-of-memory")
def test_each_allocation_of_a_kernel_s_boot_fails_with_a_line_and_the_last_does_not(boots):
    kinds = [classify(answer, NO_MEMORY) for answer in boots["kernel"]]
    assert None not in kinds, boots["kernel"][kinds.index(None)]
    last = kinds.index("menu")
    assert KERNEL_ALLOCATIONS_MIN <= last and kinds[last + 1:] == ["stopped"] * (len(kinds) - last - 1) != []
    assert set(kinds[:last]) == {"memory", "start pages"}
    assert 1 <= kinds.count("start pages") <= 4


@pytest.mark.xdist_group("out-of-memory")
def test_messages_name_every_file_and_what_memory_was_for(boots):
    messages = "\n".join(line for answer in boots["kernel"] for line in answer.messages)
    kernel = "boot():/boot/kernel.elf"
    for words in ("/limine.conf: cannot allocate", f"{kernel}: cannot allocate {size_text(boots['kernel_bytes'])} for it", "near.bin: cannot",
                  "/modules/far.bin: cannot", "boot():/modules/odd name.bin: cannot", "boot():/modules/tiny: cannot",
                  f"{kernel}: cannot allocate 64 KB for the kernel's stack",
                  f"{kernel}: cannot allocate 64 KB for stacks of the other processors"):
        assert f"\n{words}" in f"\n{messages}", messages


@pytest.mark.xdist_group("out-of-memory")
def test_each_allocation_of_the_built_in_kernel_s_boot_fails_with_a_line_and_the_last_does_not(boots):
    kinds = [classify(answer, NO_BUILTIN_MEMORY) for answer in boots["builtin"]]
    last = kinds.index("stopped")
    assert BUILTIN_ALLOCATIONS_MIN <= last
    assert kinds == ["memory"] * last + ["stopped"] * (len(kinds) - last)


@pytest.mark.xdist_group("out-of-memory")
def test_each_reading_of_the_memory_map_fails_with_a_line(boots):
    assert [classify(answer, NO_MEMORY) for answer in boots["maps"]] == ["stopped"] * (MAP_READS - 1)


@pytest.mark.xdist_group("out-of-memory")
def test_failed_boots_leave_no_memory_behind(boots):
    shell.assert_nothing_is_lost(*boots["totals"], KERNEL_ALLOCATIONS + BUILTIN_ALLOCATIONS)


@pytest.mark.xdist_group("out-of-memory")
def test_kernel_boots_after_all_these_and_finds_its_promises_kept(boots):
    """Though the firmware refuses to go the first time that it is asked."""
    assert LAST_LINE.search(boots["text"]).group(2) == "0"
