"""Commands run by the EFI shell of a guest one after the other, and what each printed and returned."""
import collections
import dataclasses
import re

import images
from boot import LOADER, SHELL_TOTALS
from machine import Machine

TIMEOUT_S = 240
MESSAGE = "BOOTX64.EFI: "
PAGE_BYTES = 4096
POOL_PAGES = 2

# What the loader waits for a key with, and the key that leads back to the shell: when an entry has failed, the menu
# comes next.
PROMPTS = {"Press any key for the menu (30 s).": "spc", "Esc: leave": "esc"}


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command printed, and its %lasterror%."""

    output: str
    status: int

    @property
    def messages(self):
        """The loader's, without its name."""
        return [line.removeprefix(MESSAGE) for line in self.output.split("\n") if line.startswith(MESSAGE)]


def make_volume(directory, files, commands, warm_up=None, memory_between=False, last="reset -s"):
    """
    An image with these files, the loader as fs0:\\loader.efi, and a startup.nsh that runs the commands. memmap and the
    commands in warm_up (without it, the first and the last) go before what is measured: what firmware and shell
    allocate once and keep is there by then. OVMF's FAT driver keeps the names in a directory up to the file that was
    looked for, of the eight directories used last. The last command is for when the memory has been looked at again.
    """
    lines = ["@echo -off", "memmap -sfo", *(warm_up or (commands[0], commands[-1])), "memmap -sfo"]
    for number, command in enumerate(commands):
        lines += [f"echo [begin {number}]", command, f"echo [end {number} %lasterror%]"]
        if memory_between:
            lines.append("memmap -sfo")
    lines += ["memmap -sfo", last]
    own = {"startup.nsh": images.script(*lines), "loader.efi": LOADER}
    return images.make_image(directory / "esp.img", {**own, **files})


def start(image, shape, **machine):
    """A guest whose shell has begun with startup.nsh."""
    guest = Machine(shape, image=image, **machine)
    guest.wait_until(lambda: "Press ESC" in guest.serial_text(), TIMEOUT_S, "the shell's countdown")
    guest.press("spc")
    return guest


def wait_until(guest, condition, what, timeout_s=TIMEOUT_S):
    """Until the condition is true; gives the loader the keys that it asks for."""
    answered = collections.Counter()

    def is_true():
        text = guest.serial_text()
        for prompt, key in PROMPTS.items():
            if guest.running and text.count(prompt) > answered[prompt]:
                answered[prompt] += 1
                guest.press(key)
        return condition()

    guest.wait_until(is_true, timeout_s, what)


def answers(text, n):
    """Of the first n commands, in their order."""
    found = []
    for number in range(n):
        match = re.search(rf"\[begin {number}\]\n(.*?)\n?\[end {number} 0x([0-9A-F]+)\]\n", text, re.DOTALL)
        assert match, f"command {number} did not come to its end\n{text[-2000:]}"
        found.append(Answer(match.group(1), int(match.group(2), 16)))
    return found


def memory_totals(text):
    """Of each `memmap -sfo` in the text: bytes by the names in SHELL_TOTALS."""
    return [dict(zip(SHELL_TOTALS, (int(number) for number in re.findall(r"\d+", line))))
            for line in re.findall(r"^MemoryMapSummary,(.*)$", text, re.MULTILINE)]


def assert_nothing_is_lost(before, after, n):
    """
    What n commands have left behind, by the memory's totals. The loader's own memory, pages and pool, is of a type of
    its own, of which every page counts. Open files, events and what else the firmware keeps for an application come
    out of the firmware's pool, which takes and gives back whole pages, one or two more or fewer from one moment to the
    next: what is lost at each of n commands comes to more.
    """
    pool, free = "BSData", "Avail"
    differences = {kind: (after[kind] - before[kind]) // PAGE_BYTES for kind in before if after[kind] != before[kind]}
    assert n >= 2 * POOL_PAGES
    assert set(differences) <= {pool, free}, f"pages: {differences}"
    assert abs(differences.get(pool, 0)) <= POOL_PAGES, f"pages: {differences}"
    assert differences.get(pool, 0) == -differences.get(free, 0), f"pages: {differences}"


def run(image, n, shape, **machine):
    """Runs the n commands of a volume. Returns their answers, and the memory's totals before and after."""
    with start(image, shape, **machine) as guest:
        wait_until(guest, lambda: not guest.running, "end of the script")
        text = guest.serial_text()
    return answers(text, n), memory_totals(text)[1:]
