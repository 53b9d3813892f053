"""Under which conditions the test kernel is loaded: each pair of them in some case, or, for `make test-all`, all."""
import dataclasses
import itertools
import os
import pathlib

from limine_kernel import (FIVE_LEVEL, FOUR_LEVEL, MODULES, PF_R, PF_W, PF_X, MachineFacts, Module, Variant,
                           default_requests)
from machine import BUILD, Shape
from pairs import pair_cases

GIB = 1024  # in MiB

# Another loader can stand in for ours: POLYGLOT_LOADER=path, POLYGLOT_LOADER_IS=limine-8.2.0.
LOADER = pathlib.Path(os.environ.get("POLYGLOT_LOADER", BUILD / "BOOTX64.EFI"))
IS_LIMINE_8 = os.environ.get("POLYGLOT_LOADER_IS") == "limine-8.2.0"

# What Limine 8.2.0 knows, and what it needs.
REVISIONS = (0, 1, 2) if IS_LIMINE_8 else (0, 1, 2, 3, 4, 5, 6)
MEMORY_MIB = (128 if IS_LIMINE_8 else 64, 256, 4 * GIB, 512 * GIB)

# Of a Variant, beside the factors.
SHAPES = {
    "plain": {},
    "entry": {"requests": default_requests() | {"ENTRY_POINT"}, "stack_bytes": 0x40000,
              "data_rights": PF_R | PF_W | PF_X},
    "few": {"requests": frozenset({"HHDM", "MEMORY_MAP", "RSDP", "EXECUTABLE_ADDRESS", "PAGING_MODE"}), "cmdline": ""},
    "decoys": {"has_decoys": True, "stack_bytes": 0x30008},
}

PRODUCT_FACTORS = {
    "revision": REVISIONS,
    "paging": (FOUR_LEVEL, FIVE_LEVEL),
    "is_randomised": (False, True),
    "memory_mib": MEMORY_MIB,
    "smp": (1, 4),
}
FACTORS = {
    **PRODUCT_FACTORS,
    "file": ("exec", "dyn", "relr"),
    "shape": tuple(SHAPES),
    "display": ("std", "two", "ramfb", "none"),
    "cpu": ("max", "qemu64"),  # five levels need the first
}

# Nothing, a page and a byte, a whole number of pages, and more than is read at once.
ODD_MODULES = (*MODULES[:2], Module("/modules/empty", "nothing", 0), Module("/modules/page+1", "", 4097, 21),
               Module("/modules/pages", "=", 65536, 22), Module("/modules/large.bin", "large", (9 << 20) + 123, 23))

N_FRAMEBUFFERS = {"std": 1, "two": 2, "ramfb": 1, "none": 0, "odd": 2, "mixed": 2}


@dataclasses.dataclass(frozen=True)
class LimineCase:
    """What is asked of the loader, and on which machine."""

    name: str
    variant: Variant
    machine: Shape
    resolution: tuple = None
    extra: tuple = ()  # more arguments for QEMU
    gpt: tuple = None  # uuids of a disk and its partition
    lines: tuple = ()  # more of the entry's in limine.conf
    files: tuple = ()  # more of the volume's: (path, contents); these come last
    has_tpm: bool = False
    has_device_tree: bool = False

    @property
    def facts(self):
        return MachineFacts(self.machine.smp, N_FRAMEBUFFERS[self.machine.display], self.resolution,
                            self.has_device_tree, self.has_tpm)

    @property
    def timeout_s(self):
        return 240 if self.machine.memory_mib >= 512 * GIB else 120


def make_case(revision, paging, is_randomised, memory_mib, smp, file=None, shape="plain", display="std",
              cpu="max"):
    details = dict(SHAPES[shape])
    file = file or ("dyn" if is_randomised else "exec")
    has_tag = not (revision == 0 and file == "exec")  # revision 0 is asked for by a tag and by none
    if revision < 2:
        details["has_decoys"] = False  # markers are hints
    variant = Variant(file=file, revision=revision, has_tag=has_tag, is_randomised=is_randomised,
                      paging=(paging, paging, FOUR_LEVEL), paging_result=paging, is_limine_8=IS_LIMINE_8, **details)
    machine = Shape(memory_mib=memory_mib, smp=smp, cpu="max" if paging == FIVE_LEVEL else cpu, display=display)
    name = f"r{revision}-{4 + paging}level-{'kaslr-' if is_randomised else ''}{file}-{shape}-{machine.name}"
    return LimineCase(name, variant, machine)


def special_cases():
    """What is no value of a factor."""
    newest = REVISIONS[-1]
    small = Shape(memory_mib=256, smp=2)
    able = Shape(memory_mib=256, smp=2, cpu="max")
    plain = Variant(revision=newest, is_limine_8=IS_LIMINE_8)
    replace = dataclasses.replace
    uuids = ("11223344-5566-7788-99AA-BBCCDDEEFF00", "A1B2C3D4-0102-0304-0506-0708090A0B0C")
    yield LimineCase("list", replace(plain, revision=0, has_tag=False, uses_list=True), small)
    yield LimineCase("list-relocated", replace(plain, revision=0, uses_list=True, file="dyn"), small)
    yield LimineCase("gpt", plain, small, gpt=uuids)
    yield LimineCase("resolution", plain, small, resolution=(800, 600))
    yield LimineCase("no-modules", replace(plain, modules=(), requests=default_requests() - {"MODULE"}), small)
    yield LimineCase("odd-modules", replace(plain, modules=ODD_MODULES, cmdline="x" * 250), small)
    yield LimineCase("falls-back", replace(plain, paging=(FIVE_LEVEL, FIVE_LEVEL, FOUR_LEVEL)), small)
    yield LimineCase("five-levels-are-optional", replace(plain, paging=(FOUR_LEVEL, FIVE_LEVEL, FOUR_LEVEL)), able)
    yield LimineCase("narrowed", replace(plain, paging=(FIVE_LEVEL, FIVE_LEVEL, FOUR_LEVEL)), able,
                     lines=("max_paging_mode: 4level",))
    yield LimineCase("iommu", plain, small, extra=("-device", "intel-iommu"))
    if not IS_LIMINE_8:
        yield LimineCase("keep-iommu", replace(plain, requests=default_requests() | {"KEEP_IOMMU"}), small,
                         extra=("-device", "intel-iommu"))


def all_cases():
    factors = pair_cases(FACTORS)
    if os.environ.get("POLYGLOT_TEST_ALL"):
        factors += [dict(zip(PRODUCT_FACTORS, values)) for values in itertools.product(*PRODUCT_FACTORS.values())]
    cases = [*(make_case(**values) for values in factors), *special_cases()]
    return list({case.name: case for case in cases}.values())
