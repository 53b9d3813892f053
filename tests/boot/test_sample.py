"""The sample kernel: what it says of the frame allocator that it is handed, or builds."""
import re

import pytest

import images
from machine import BUILD, Machine, Shape

CONFIGURATION = "timeout: 0\n\n/Sample\n    protocol: limine\n    path: boot():/boot/sample.elf\n"
LAST_LINE = "sample kernel: done"
COUNTS = r"(\d+) frames tracked, (\d+) usable, (\d+) free"
TIMEOUT_S = 120

pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module", params=(1, 4), ids=("smp1", "smp4"))
def output(request, tmp_path_factory):
    """The number of processors, and all that the kernel printed on a machine with as many."""
    directory = tmp_path_factory.mktemp("sample")
    image = images.make_image(directory / "esp.img", {
        "EFI/BOOT/BOOTX64.EFI": BUILD / "BOOTX64.EFI", "EFI/BOOT/limine.conf": CONFIGURATION,
        "boot/sample.elf": BUILD / "sample.elf"})
    with Machine(Shape(memory_mib=512, smp=request.param, cpu="max"), image=image) as machine:
        machine.wait_until(lambda: LAST_LINE in machine.serial_text(), TIMEOUT_S, LAST_LINE)
        yield request.param, machine.serial_text()


def counts(text, label):
    """Frames tracked, usable and free, as the line says that begins with the label."""
    return tuple(map(int, re.search(rf"^{label}: {COUNTS}", text, re.MULTILINE).groups()))


def test_allocator_is_adopted_with_the_counts_that_it_was_handed_over_with(output):
    _, text = output
    assert counts(text, "handed over") == counts(text, "adopted")


def test_every_processor_gets_frames_at_once(output):
    n_processors, text = output
    lines = re.findall(r"^processor (\d+), APIC \d+: 1000 frames from \w+, 0 wrong", text, re.MULTILINE)
    assert sorted(map(int, lines)) == list(range(n_processors))


def test_reclaiming_gives_back_all_that_the_loader_used(output):
    _, text = output
    reclaimed = int(re.search(r"^reclaimed: (\d+) frames", text, re.MULTILINE).group(1))
    tracked, usable, free = counts(text, "all given back")
    assert reclaimed > 0
    assert usable < tracked
    assert counts(text, "now") == (tracked, tracked, free + reclaimed)


def test_every_bit_of_the_metadata_is_right_in_the_end(output):
    assert "every bit checked: ok" in output[1]
