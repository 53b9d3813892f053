"""The conditions under which the loader is booted: each pair of them in some case, or, for `make test-all`, all."""
import collections
import dataclasses
import itertools

from machine import Shape

GIB = 1024  # in MiB

FACTORS = {
    "memory_mib": (64, 256, 4 * GIB, 512 * GIB, 1040 * GIB),
    "display": ("std", "virtio-gpu", "two", "ramfb", "none"),
    "mode": ((1280, 800), (800, 600), (1920, 1200)),
    "smp": (1, 2, 4, 8),
    "cpu": ("qemu64", "max"),
    "serial": (True, False),
}

WITHOUT_FRAMEBUFFER = ("virtio-gpu", "none")
RAMFB_MODES = ((800, 600), (1024, 768))  # all that OVMF's driver offers besides 640x480

SHORT_TEST_MIB = 256
FULL_TEST_DISPLAY = "std"


@dataclasses.dataclass(frozen=True)
class Case:
    """A machine, and the graphics mode that the loader is to end up in."""

    shape: Shape
    mode: tuple  # (width, height), None without a framebuffer
    strings: tuple = ()  # SMBIOS type 11, what the mode needs
    test_mib: int = 4 * GIB  # how much of the lowest free memory the frame test takes

    @property
    def name(self):
        return self.shape.name + ("-%dx%d" % self.mode if self.mode and not self.shape.mode else "")

    @property
    def test_frames(self):
        return (self.test_mib << 20) // 4096

    @property
    def timeout_s(self):
        return 240 if self.shape.memory_mib > 512 * GIB else 120


def make_case(memory_mib, display, mode, smp, cpu, serial):
    strings, adapter_mode = (), None
    if display in WITHOUT_FRAMEBUFFER:
        mode = None
    elif display == "ramfb":
        mode = RAMFB_MODES[0] if mode == (800, 600) else RAMFB_MODES[1]
    if mode in ((800, 600), (1024, 768)):
        # The adapter's own mode would be left for a larger one: the loader must be asked.
        strings = ("polyglot:resolution=%dx%d" % mode,)
    elif mode:
        adapter_mode = mode
    return Case(Shape(memory_mib=memory_mib, smp=smp, cpu=cpu, display=display, serial=serial, mode=adapter_mode), mode,
                strings)


def all_cases():
    """
    The full product, with one and with four processors; other numbers of them in pairs. Conditions that come to the same
    occur once.
    """
    factors = {**FACTORS, "smp": (1, 4)}
    product = (make_case(*values) for values in itertools.product(*factors.values()))
    return list(dict.fromkeys([*product, *pair_cases()]))


def _pairs(values):
    return set(itertools.combinations(enumerate(values), 2))


def pair_cases():
    """
    Few cases in which each value of a factor meets each value of every other: the greedy choice, always the same, and
    among equals the one whose values have occurred least. Having a serial port is no such value: more can be checked.
    """
    candidates = list(itertools.product(*FACTORS.values()))
    missing = set().union(*map(_pairs, candidates))
    occurred = collections.Counter()
    chosen = []
    while missing:
        best = max(candidates, key=lambda values: (len(_pairs(values) & missing), values[-1],
                                                   -sum(occurred[value] for value in enumerate(values[:-1]))))
        missing -= _pairs(best)
        occurred.update(enumerate(best))
        chosen.append(make_case(*best))
    return list(map(_shorten, dict.fromkeys(chosen)))


def _shorten(case):
    """Under emulation 4 GiB of frames take longer than all the rest: only machines of one adapter test them all."""
    if case.shape.memory_mib <= SHORT_TEST_MIB or case.shape.display == FULL_TEST_DISPLAY:
        return case
    strings = (*case.strings, f"polyglot:test={SHORT_TEST_MIB}")
    return dataclasses.replace(case, test_mib=SHORT_TEST_MIB, strings=strings)
