"""What the loader starts: limine.conf where it may lie, files by all their paths, refusals; and nothing is written."""
import hashlib

import pytest

import images
import report
from boot import LOADER
from images import Partition
from kernel_result import STAGE_FINISHED, find_image, read_result
from machine import Machine, Shape

TIMEOUT_S = 120
SMALL = Shape(memory_mib=128)
NOT_LOADED = "0x1"
PROMPT = "Press any key for the menu (30 s)."
LOADER_DATA = slice(7, 9)  # columns of the shell's summary: see SHELL_TOTALS in boot.py
LOADER_ON_ESP = "EFI/BOOT/BOOTX64.EFI"


def configuration(*lines):
    return "".join(line + "\n" for line in ("timeout: 0", "verbose: yes", *lines))


def kernel_entry(path, title="kernel"):
    """A file that is there, and no kernel: how far the loader comes can be seen without one."""
    return [f"/{title}", "protocol: limine", f"path: {path}"]


def digest(path):
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def skip_countdown(machine):
    machine.wait_until(lambda: "Press ESC" in machine.serial_text(), TIMEOUT_S, "the shell's countdown")
    machine.press("spc")


def run_in_shell(image, keep_changes=False):
    """The serial text once the guest has powered off by its script."""
    with Machine(SMALL, image=image, keep_changes=keep_changes) as machine:
        skip_countdown(machine)
        machine.wait_for_exit(TIMEOUT_S)
        return machine.serial_text()


def boot_and_fail(image):
    """The serial text of a start by the boot manager that ends at the prompt for the menu."""
    with Machine(SMALL, image=image) as machine:
        machine.wait_for_line(PROMPT, TIMEOUT_S)
        return machine.serial_text()


@pytest.mark.xdist_group("start-file")
def test_boot_word_takes_every_kind_of_path_names_what_is_wrong_and_writes_nothing(tmp_path):
    cases = [
        # command line, end of the message, %lasterror%
        (r"fs0:\loader.efi boot fs0:\missing.elf", "/missing.elf: no such file", "0xE"),
        (r"fs0:\loader.efi boot fs0:\dir", "/dir: is a directory", "0x3"),
        (r"fs0:\loader.efi boot dir\none.elf", "/dir/none.elf: no such file", "0xE"),
        (r"fs0:\loader.efi boot hdd(1:):", "hdd(1:):: ", "0x2"),
        (r"fs0:\loader.efi boot hdd(9:):/x", "hdd(9:):/x: no such volume", "0xE"),
        (r"fs0:\loader.efi boot hdd(1:1):/x", "hdd(1:1):/x: no such volume", "0xE"),
        (r"fs0:\loader.efi boot odd(1:):/x", "odd(1:):/x: no such volume", "0xE"),
        (r"fs0:\loader.efi boot fslabel(NOBODY):/x", "fslabel(NOBODY):/x: no such volume", "0xE"),
        (r"fs0:\loader.efi boot tftp():/x", "tftp():/x: tftp() is not supported", "0x3"),
        (r"fs0:\loader.efi boot fs0:\dir\junk.elf", "/dir/junk.elf: ", NOT_LOADED),
        (r"fs0:\loader.efi boot hdd(1:):/dir/junk.elf", "hdd(1:):/dir/junk.elf: ", NOT_LOADED),
        (r"fs0:\loader.efi boot fslabel(POLYGLOT):/dir/junk.elf a b", "fslabel(POLYGLOT):/dir/junk.elf: ", NOT_LOADED),
    ]
    relative = [
        (r"\loader.efi boot junk.elf", "/dir/junk.elf: ", NOT_LOADED),
        (r"\loader.efi boot ..\dir\junk.elf", "/dir/junk.elf: ", NOT_LOADED),
        (r"\loader.efi boot \none.elf", "/none.elf: no such file", "0xE"),
    ]
    lines = []
    for number, (line, _, _) in enumerate(cases + relative):
        if number == len(cases):
            lines += ["fs0:", "cd dir"]
        lines += [line, f"echo case {number} %lasterror%"]
        if number in (0, len(cases + relative) - 1):
            lines += ["memmap -sfo"]
    image = images.make_image(tmp_path / "esp.img", {"startup.nsh": images.script(*lines, "reset -s"),
                                                     "loader.efi": LOADER, "dir/junk.elf": b"junk"})
    before = digest(image)
    text = run_in_shell(image, keep_changes=True)
    at = 0
    for number, (line, message, error) in enumerate(cases + relative):
        end = text.index(f"\ncase {number} ", at)
        answer = text[at:end]
        assert f"\nBOOTX64.EFI: {message}" in answer, line
        assert text[end:].startswith(f"\ncase {number} {error}\n"), line
        at = end + 1
    summaries = [line.split(",") for line in text.split("\n") if line.startswith("MemoryMapSummary")]
    assert len(summaries) == 2
    assert summaries[0][LOADER_DATA] == summaries[1][LOADER_DATA], "everything is given back"
    assert digest(image) == before


@pytest.mark.xdist_group("start-order")
@pytest.mark.parametrize("found, others", [
    ("/EFI/BOOT/limine.conf", ["/boot/limine/limine.conf", "/limine.conf"]),
    ("/boot/limine/limine.conf", ["/boot/limine.conf", "/limine/limine.conf", "/limine.conf"]),
    ("/limine/limine.conf", ["/limine.conf"]),
])
def test_first_configuration_in_order_is_read(tmp_path, found, others):
    files = {path[1:]: "timeout: 0\n/stale\nprotocol: limine\npath: boot():/stale\n" for path in others}
    files[found[1:]] = configuration("/new", "protocol: linux", "path: boot():/x")
    text = boot_and_fail(images.make_image(tmp_path / "esp.img", {LOADER_ON_ESP: LOADER, **files}))
    assert f"read {found}: " in text
    assert "BOOTX64.EFI: new: the protocol `linux' is not supported\n" in text
    assert "stale" not in text


@pytest.mark.xdist_group("start-disk")
@pytest.mark.parametrize("table", ["gpt", "mbr"])
def test_configuration_on_another_partition_names_files_on_all_of_them_and_nothing_is_written(tmp_path, table):
    paths = ["boot():/two.elf", "boot(1):/one.elf", "hdd(1:2):/two.elf", "fslabel(SECOND):/two.elf"]
    if table == "gpt":
        paths.append(f"guid({Partition.guid(1).lower()}):/one.elf")
    wrong = ["boot():/one.elf", "boot(3):/one.elf", f"uuid({Partition.guid(9)}):/one.elf"]
    lines = [r"fs0:\loader.efi boot " + path.replace("boot()", "hdd(1:2)").replace("boot(", "hdd(1:")
             for path in paths + wrong]
    script = images.script(*lines, "echo all done", r"fs0:\loader.efi", "reset -s")
    image = images.make_disk(tmp_path / "disk.img", [
        Partition({"startup.nsh": script, "loader.efi": LOADER, "one.elf": b"1"}, label="FIRST"),
        Partition({"boot/limine/limine.conf": configuration(*kernel_entry("two.elf")), "two.elf": b"2"},
                  label="SECOND")], table)
    before = digest(image)
    with Machine(SMALL, image=image, keep_changes=True) as machine:
        skip_countdown(machine)
        machine.wait_for_line(PROMPT, TIMEOUT_S)
        text = machine.serial_text()
    by_hand, by_configuration = text.split("\nall done\n")
    for path in paths:
        path = path.replace("boot()", "hdd(1:2)").replace("boot(", "hdd(1:")
        assert f"BOOTX64.EFI: {path}: " in by_hand and f"{path}: no such" not in by_hand
    assert "hdd(1:2):/one.elf: no such file" in by_hand
    assert "hdd(1:3):/one.elf: no such volume" in by_hand
    assert f"uuid({Partition.guid(9)}):/one.elf: no such volume" in by_hand
    assert "read /boot/limine/limine.conf: " in by_configuration
    assert "opened /two.elf, 1 bytes" in by_configuration
    assert digest(image) == before


@pytest.mark.xdist_group("start-builtin")
@pytest.mark.parametrize("text", ["timeout: 0\nverbose: no\n",
                                  "timeout: 0\n/report\nprotocol: builtin\nresolution: 800x600\n"])
def test_configuration_that_asks_for_it_boots_the_built_in_kernel(tmp_path, text):
    image = images.make_image(tmp_path / "esp.img", {LOADER_ON_ESP: LOADER, "limine.conf": text})
    with Machine(SMALL, image=image, strings=["polyglot:test=16"]) as machine:
        address = machine.wait_until(lambda: find_image(machine), TIMEOUT_S, "halt of the kernel")
        assert read_result(machine, address).stage == STAGE_FINISHED
        parsed = report.parse(machine.serial_text())
    if "resolution" in text:
        assert (parsed.framebuffer.width, parsed.framebuffer.height) == (800, 600)


@pytest.mark.xdist_group("start-kernel-file")
def test_without_configuration_a_kernel_file_is_booted(tmp_path):
    image = images.make_image(tmp_path / "esp.img", {
        "loader.efi": LOADER, "boot/kernel.elf": b"junk",
        "startup.nsh": images.script(r"fs0:\loader.efi", "echo first %lasterror%", r"fs0:\loader.efi boot",
                                     "echo second %lasterror%", "reset -s")})
    text = run_in_shell(image)
    assert text.count("BOOTX64.EFI: /boot/kernel.elf: ") == 2
    assert f"\nfirst {NOT_LOADED}\n" in text and f"\nsecond {NOT_LOADED}\n" in text


@pytest.mark.xdist_group("start-refused")
def test_configuration_that_cannot_be_read_is_named_with_its_line(tmp_path):
    image = images.make_image(tmp_path / "esp.img", {
        "loader.efi": LOADER, "limine.conf": "timeout: 0\n${A}=${A}\n/x\ncomment: ${A}\n",
        "boot/limine.conf": "timeout: 0\n".encode("utf-16"), "kernel.elf": b"junk",
        "startup.nsh": images.script(r"fs0:\loader.efi", "echo first %lasterror%", r"rm fs0:\limine.conf",
                                     r"fs0:\loader.efi", "echo second %lasterror%", "reset -s")})
    text = run_in_shell(image)
    assert "BOOTX64.EFI: /limine.conf:2: " in text
    assert f"\nfirst {NOT_LOADED}\n" in text
    assert "BOOTX64.EFI: /boot/limine.conf:" in text and "UTF-16" in text
    assert f"\nsecond {NOT_LOADED}\n" in text


@pytest.mark.xdist_group("start-smbios")
def test_configuration_may_be_an_smbios_string(tmp_path):
    image = images.make_image(tmp_path / "esp.img", {LOADER_ON_ESP: LOADER, "limine.conf": "timeout: 0\n"})
    string = "limine:config:timeout: 0\n/from the machine\nprotocol: multiboot2\n"
    with Machine(SMALL, image=image, strings=[string]) as machine:
        machine.wait_for_line(PROMPT, TIMEOUT_S)
        assert "from the machine: the protocol `multiboot2' is not supported" in machine.serial_text()
