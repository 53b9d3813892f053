"""`picture` and `report`: what is on the screen is in the file; what is in the report is what the commands say."""
import functools
import json
import re
import subprocess

import pytest

import images
import report
import shell
from boot import MEMMAP_REPORT
from machine import Shape
from screen import Screen

WIDTH, HEIGHT = 1280, 800
PICTURE_PERCENT = 60
WITHOUT_SCREEN = (1280, 800)
BACKGROUND = (0x10, 0x14, 0x18)  # include/memory_picture.h
SECTIONS = ["machine", "map", "map --raw", "frames", "attributes", "numa", "dimms"]
ANOMALIES = 0x40
UNSUPPORTED = 0x3

# kernel/picture_layout.c and .h
MARGIN, CELL_HEIGHT, LEGEND_CELLS, SWATCH_CELLS, NAME_CELLS = 8, 16, 32, 2, 22

PICTURE, PAUSE, PICTURE_ALONE, REPORT, MAP, REDIRECTED, BOTH = range(7)
COMMANDS = [r"fs0:\loader.efi picture fs0:\p.png", "pause", r"fs0:\loader.efi picture",
            r"fs0:\loader.efi report fs0:\r.txt", r"fs0:\loader.efi map --json -o fs0:\map.json",
            r"fs0:\loader.efi report >a fs0:\redirected.txt", r"fs0:\loader.efi report -o fs0:\o.txt --unit bytes"]
FEW = REPORT + 1


class Run:
    """A guest that has run the first n commands; while it paused, its screen was copied."""

    def __init__(self, directory, display, n=len(COMMANDS)):
        self.directory = directory
        warm_up = [command for command in COMMANDS[:n] if command != "pause"]
        self.image = shell.make_volume(directory, {}, COMMANDS[:n], warm_up)
        with shell.start(self.image, Shape(display=display), keep_changes=True) as guest:
            pause = f"[begin {PAUSE}]\n"
            shell.wait_until(guest, lambda: re.search(re.escape(pause) + ".*continue", guest.serial_text(), re.DOTALL),
                             "the pause")
            if display != "none":
                guest.screenshot(directory / "screen.png")
            guest.press("ret")
            shell.wait_until(guest, lambda: not guest.running, "end of the script")
            text = guest.serial_text()
        self.answers = shell.answers(text, n)
        self.before, self.after = shell.memory_totals(text)[1:]

    @functools.cached_property
    def screen(self):
        return Screen(self.directory / "screen.png").image

    @functools.cached_property
    def picture(self):
        path = self.directory / "p.png"
        path.write_bytes(images.read_file(self.image, "p.png"))
        return Screen(path, BACKGROUND)

    @functools.cached_property
    def legend(self):
        """Sizes as the picture has them, by names."""
        x, y = self.picture.width - MARGIN - LEGEND_CELLS * 8, 2 * MARGIN + CELL_HEIGHT
        found = {}
        size_cell = SWATCH_CELLS + NAME_CELLS
        while name := self.picture.text(x + SWATCH_CELLS * 8, y, NAME_CELLS):
            found[name] = self.picture.text(x + size_cell * 8, y, LEGEND_CELLS - size_cell)
            y += CELL_HEIGHT
        return found

    def sections(self, name):
        """Of a report: text by titles, in its order."""
        parts = re.split(r"^==== (.*) ====\n", images.read_text(self.image, name), flags=re.MULTILINE)
        assert parts[0] == ""
        return dict(zip(parts[1::2], parts[2::2]))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("picture"), "std")


@functools.cache
def print_size(n_bytes):
    """As include/format.h has it."""
    unit = 0
    while n_bytes >= 10 << 10 or (n_bytes >= 1 << 10 and n_bytes % (1 << 10) == 0 and unit == 0):
        n_bytes, unit = n_bytes >> 10, unit + 1
    return f"{n_bytes} {['B', 'KB', 'MB', 'GB', 'TB'][unit]}"


def megabytes(size):
    number, unit = size.split()
    return int(number) << {"KB": 0, "MB": 10, "GB": 20}[unit] >> 10


@pytest.mark.xdist_group("picture")
def test_the_file_holds_what_the_screen_shows(run):
    assert run.answers[PICTURE].status == 0
    assert run.answers[PICTURE].output == r"fs0:\p.png: written"
    assert run.screen.size == (WIDTH, HEIGHT)
    top = HEIGHT - HEIGHT * PICTURE_PERCENT // 100
    assert run.picture.image.size == (WIDTH, HEIGHT - top)
    assert run.picture.image.tobytes() == run.screen.crop((0, top, WIDTH, HEIGHT)).tobytes()
    assert run.answers[PICTURE_ALONE] == shell.Answer("", 0)


@pytest.mark.xdist_group("picture")
def test_the_legend_agrees_with_the_map(run):
    assert run.answers[MAP].status == 0
    totals = {total["name"]: total["bytes"] for total in
              json.loads(images.read_text(run.image, "map.json"))["region_totals"]}
    assert run.legend.keys() == totals.keys()
    # The two runs take and give back memory of their own, and the firmware some for each.
    changing = {"USABLE", "BOOTLOADER_RECLAIMABLE"}
    for name in totals.keys() - changing:
        assert run.legend[name] == print_size(totals[name]), name
    for name in changing:
        assert abs(megabytes(run.legend[name]) - (totals[name] >> 20)) <= 1, name
    assert run.picture.text(0, MARGIN, 60).startswith("Physical memory: 255 MB")


@pytest.mark.xdist_group("picture")
def test_a_report_has_every_section(run):
    status = run.answers[REPORT].status
    assert run.answers[REPORT].output == r"fs0:\r.txt: written"
    for name in ("r.txt", "redirected.txt", "o.txt"):
        sections = run.sections(name)
        assert list(sections) == SECTIONS
        for title, text in sections.items():
            assert text.strip() and "no answer" not in text, title
        findings = "Findings:" in "".join(sections.values()) or "Anomalies, by" in sections["map"]
        assert findings == (status == ANOMALIES)
    assert {run.answers[n].status for n in (REPORT, REDIRECTED, BOTH)} == {status}
    machine = run.sections("r.txt")["machine"]
    for line in (r"Program: +Polyglot OS loader \d+\.\d+\.\d+", r"UEFI: +2\.70 by EDK II, revision 0x10000",
                 r"System: +QEMU Standard PC .*", r"Processor: +QEMU .*",
                 r"CPUID: +QEMU Virtual CPU .*, 40 address bits",
                 r"Time: +20\d\d-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d( UTC)?", r"Boot: +Secure Boot is off",
                 r"Graphics: +1280x800, 32 bits, BGR, at 0x[0-9A-F]+; modes: 1280x800 .*640x480.*"):
        assert re.search(f"^{line}$", machine, re.MULTILINE), line
    assert machine.count("Graphics:") == 1


@pytest.mark.xdist_group("picture")
def test_the_raw_map_in_a_report_is_that_of_its_map(run):
    sections = run.sections("r.txt")
    descriptors, comments = report.parse_raw_map(sections["map --raw"])
    printed = re.findall(r"^ *\d+ \w+ +(0x[0-9A-F]+) +0x[0-9A-F]+ +(\d+) ", sections["map"], re.MULTILINE)
    assert len(descriptors) == len(printed) > 50
    assert sum(d.pages for d in descriptors) == sum(int(pages) for _, pages in printed)
    assert "image" in comments
    done = subprocess.run([MEMMAP_REPORT, "map", "--raw", "-"], input=images.read_file(run.image, "r.txt"), check=True,
                          capture_output=True)
    assert report.parse_raw_map(done.stdout.decode())[0] == descriptors


@pytest.mark.xdist_group("picture")
def test_nothing_is_lost(run):
    shell.assert_nothing_is_lost(run.before, run.after, len(run.answers))


@pytest.mark.xdist_group("picture-virtio")
def test_an_adapter_without_a_framebuffer_shows_the_picture_too(tmp_path):
    run = Run(tmp_path, "virtio-gpu", FEW)
    width, height = run.screen.size
    top = height - height * PICTURE_PERCENT // 100
    assert [run.answers[n].status for n in (PICTURE, PICTURE_ALONE)] == [0, 0]
    assert run.picture.image.tobytes() == run.screen.crop((0, top, width, height)).tobytes()
    assert "FRAMEBUFFER" not in run.legend
    assert "Graphics:  no linear framebuffer\n" in run.sections("r.txt")["machine"]
    shell.assert_nothing_is_lost(run.before, run.after, len(run.answers))


@pytest.mark.xdist_group("picture-none")
def test_without_a_screen_the_file_still_comes(tmp_path):
    run = Run(tmp_path, "none", FEW)
    assert run.answers[PICTURE].status == 0
    assert run.picture.image.size == WITHOUT_SCREEN
    assert run.legend["USABLE"].endswith("MB")
    assert run.answers[PICTURE_ALONE].status == UNSUPPORTED
    assert run.answers[PICTURE_ALONE].messages == ["no screen to draw on: name a file"]
    assert list(run.sections("r.txt")) == SECTIONS
    shell.assert_nothing_is_lost(run.before, run.after, len(run.answers))
