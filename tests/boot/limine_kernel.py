"""
The test kernel (tests/kernel/) in the shapes that the tests want: its finished files, changed by symbol; and volumes
with a limine.conf that boot it.
"""
import dataclasses
import functools
import re
import struct
import subprocess
import time

import images
from machine import BUILD, TOP

FOLDER = BUILD / "testkernel"
PROTOCOL_HEADER = TOP / "include" / "limine_protocol.h"

PAGE_BYTES = 4096
LIST_SECTION, NO_LIST_SECTION = b".limine_reqs\0", b".limine_reqx\0"

# struct all_requests and struct test_config are made of 64-bit words.
HEAD_WORDS = 6
TAG_WORDS = 3

PF_X, PF_W, PF_R = 1, 2, 4
PT_LOAD = 1

N_CONFIG_WORDS = 20
PARTITIONS_DIFFER = (1 << 64) - 1
CMDLINE_BYTES, PATH_BYTES, MODULES_MAX = 256, 128, 8

FOUR_LEVEL, FIVE_LEVEL = 0, 1

# What the image itself asks for (tests/kernel/requests.c); the middle one is in no volume.
INTERNAL_MODULES = (("near.bin", "first internal"), ("/modules/far.bin", ""))


@functools.lru_cache(maxsize=None)
def request_ids():
    """Name -> (number of the kind, its two words), out of the protocol's header."""
    entry = re.compile(r"^    X\((\w+), (0x[0-9a-f]{16}), (0x[0-9a-f]{16})\)", re.MULTILINE)
    found = entry.findall(PROTOCOL_HEADER.read_text())
    return {name: (kind, (int(a, 16), int(b, 16))) for kind, (name, a, b) in enumerate(found)}


# Those that the image holds; the last are there only where a case wants them.
OPTIONAL_REQUESTS = ("ENTRY_POINT", "KEEP_IOMMU")
NOT_IN_IMAGE = ("POLYGLOT_ALLOCATOR",)


def default_requests():
    return frozenset(request_ids()) - {*OPTIONAL_REQUESTS, *NOT_IN_IMAGE}


@dataclasses.dataclass(frozen=True)
class Module:
    """A file of pseudo-random bytes on the volume, and what the kernel is told of it."""

    path: str
    string: str
    bytes: int
    seed: int = 0x1234567

    def contents(self):
        """xorshift64 (Marsaglia), low bytes first, as in tests/kernel/check_files.c."""
        mask, value, words = (1 << 64) - 1, self.seed, []
        for _ in range((self.bytes + 7) // 8):
            value ^= value << 13 & mask
            value ^= value >> 7
            value ^= value << 17 & mask
            words.append(value)
        return struct.pack(f"<{len(words)}Q", *words)[:self.bytes]


MODULES = (Module("/boot/near.bin", "first internal", 5000, 11), Module("/modules/far.bin", "", 4096, 12),
           Module("/modules/odd name.bin", "module_one=1 a b", 12345, 13), Module("/modules/tiny", "", 1, 14))


@dataclasses.dataclass(frozen=True)
class Variant:
    """Which promises the loader is asked for."""

    file: str = "exec"  # of build/testkernel: exec, dyn, relr
    revision: int = 6
    has_tag: bool = True  # a kernel without one asks for revision 0
    uses_list: bool = False  # revision 0: .limine_reqs
    has_decoys: bool = False  # requests outside the markers
    requests: frozenset = None  # names; None: all but the optional ones
    paging: tuple = (FOUR_LEVEL, FOUR_LEVEL, FOUR_LEVEL)  # mode, max, min
    paging_result: int = FOUR_LEVEL
    stack_bytes: int = 0x10000
    data_rights: int = PF_R | PF_W
    is_randomised: bool = False
    cmdline: str = "console=com1 word  two"
    modules: tuple = MODULES
    absent: frozenset = frozenset()  # paths of modules that are not on the volume all the same
    overwritten: tuple = ()  # (name of a request, words): instead of its head's first
    is_limine_8: bool = False
    has_bad_memory: bool = False

    @property
    def asked(self):
        """Names of the requests that the image holds between its markers, and that count."""
        names = default_requests() if self.requests is None else self.requests
        if self.has_decoys:
            names -= {"FIRMWARE_TYPE", "DATE_AT_BOOT"}
        return names


class Elf:
    """A file to change, by the names in it."""

    def __init__(self, path):
        self.data = bytearray(path.read_bytes())
        output = subprocess.run(["nm", str(path)], check=True, capture_output=True, text=True).stdout
        self.symbols = {words[2]: int(words[0], 16) for words in map(str.split, output.splitlines()) if len(words) == 3}
        self.e_phoff, = struct.unpack_from("<Q", self.data, 32)
        self.e_phnum, = struct.unpack_from("<H", self.data, 56)

    def segments(self):
        """(offset of the header, type, flags, offset, virtual address, bytes in the file) of each."""
        for i in range(self.e_phnum):
            at = self.e_phoff + i * 56
            p_type, flags, offset, virt, _, file_bytes = struct.unpack_from("<IIQQQQ", self.data, at)
            yield at, p_type, flags, offset, virt, file_bytes

    def offset_of(self, symbol):
        virt = self.symbols[symbol]
        for _, p_type, _, offset, start, file_bytes in self.segments():
            if p_type == PT_LOAD and start <= virt < start + file_bytes:
                return offset + virt - start
        raise KeyError(symbol)

    def words_at(self, symbol, first, *words):
        struct.pack_into(f"<{len(words)}Q", self.data, self.offset_of(symbol) + 8 * first, *words)

    def find_words(self, symbol, *words):
        """Index, in words from the symbol on, of the first place where these lie."""
        start = self.offset_of(symbol)
        at = self.data.index(struct.pack(f"<{len(words)}Q", *words), start)
        assert (at - start) % 8 == 0
        return (at - start) // 8


def _text(text, capacity):
    data = text.encode()
    assert len(data) < capacity
    return data.ljust(capacity, b"\0")


def _pack_config(variant, machine, path, partition_index):
    asked = sum(1 << request_ids()[name][0] for name in variant.asked)
    words = [variant.revision, variant.is_limine_8, variant.paging_result, machine.smp, machine.n_framebuffers,
             *(machine.mode or (0, 0)), asked, variant.stack_bytes, variant.uses_list, variant.has_decoys,
             variant.data_rights, variant.file != "exec", variant.is_randomised,
             machine.unix_seconds or int(time.time()), partition_index, machine.has_device_tree, machine.has_tpm,
             variant.has_bad_memory, len(variant.modules)]
    assert len(words) == N_CONFIG_WORDS and len(variant.modules) <= MODULES_MAX
    packed = struct.pack(f"<{len(words)}Q", *words) + _text(variant.cmdline, CMDLINE_BYTES) + _text(path, PATH_BYTES)
    for module in variant.modules:
        packed += struct.pack("<QQ", module.bytes, module.seed)
        packed += _text(module.path, PATH_BYTES) + _text(module.string, PATH_BYTES)
    return packed


@dataclasses.dataclass(frozen=True)
class MachineFacts:
    """What the kernel is told of the machine that it will find itself in."""

    smp: int
    n_framebuffers: int
    mode: tuple = None
    has_device_tree: bool = False
    has_tpm: bool = False
    unix_seconds: int = None  # by its clock when it starts; None: the time is ours


def _request_at(elf, name):
    """Words from the start of the requests to the named one, which lies behind the start marker."""
    base = elf.find_words("all_requests", 0xf6b8f4b39de7d1ae)
    data = struct.pack("<QQ", *request_ids()[name][1])
    start = elf.offset_of("all_requests")
    return (elf.data.index(data, start + 8 * base) - start) // 8 - 2


def build(variant, machine, path="/boot/kernel.elf", partition_index=0, told=None):
    """
    The bytes of a kernel.
    partition_index   of all files; PARTITIONS_DIFFER: the kernel only prints what it is told of theirs
    The rest is as for make_volume().
    """
    elf = Elf(FOLDER / f"{variant.file}.elf")
    tag = elf.find_words("all_requests", 0xf9562b2d5c95a6c8)
    if variant.has_tag:
        elf.words_at("all_requests", tag + 2, variant.revision)
    else:
        elf.words_at("all_requests", tag, 0, 0, 0)
    decoys = [elf.find_words("all_requests", 0xf6b8f4b39de7d1ae) - HEAD_WORDS,
              elf.find_words("all_requests", 0xadc0e0531bb10d03) + 2]
    places = {name: _request_at(elf, name) for name in request_ids() if name not in NOT_IN_IMAGE}
    for name, at in places.items():
        if name not in variant.asked:
            elf.words_at("all_requests", at, 0, 0, 0, 0)
    if variant.has_decoys:
        for at, name in zip(decoys, ("FIRMWARE_TYPE", "DATE_AT_BOOT")):
            elf.words_at("all_requests", at, 0xc7b1dd30df4c8b88, 0x0a82e883a194f07b, *request_ids()[name][1])
    for name, words in variant.overwritten:
        elf.words_at("all_requests", places[name], *words)
    elf.words_at("all_requests", places["PAGING_MODE"] + HEAD_WORDS, *variant.paging)
    elf.words_at("all_requests", places["STACK_SIZE"] + HEAD_WORDS, variant.stack_bytes)
    if not variant.uses_list:
        elf.data = elf.data.replace(LIST_SECTION, NO_LIST_SECTION)
    *_, data_segment = [at for at, p_type, *_ in elf.segments() if p_type == PT_LOAD]
    struct.pack_into("<I", elf.data, data_segment + 4, variant.data_rights)
    packed = _pack_config(told or variant, machine, path, partition_index)
    at = elf.offset_of("test_config")
    elf.data[at:at + len(packed)] = packed
    return bytes(elf.data)


def configuration(variant, resolution=None, more=()):
    """A limine.conf."""
    lines = ["timeout: 0", "serial: yes", "", "/Test kernel", "    protocol: limine",
             "    kernel_path: boot():/boot/kernel.elf", f"    kernel_cmdline: {variant.cmdline}",
             f"    kaslr: {'yes' if variant.is_randomised else 'no'}"]
    if resolution:
        lines.append("    resolution: %dx%d" % resolution)
    lines += [f"    {line}" for line in more]
    for module in variant.modules[len(INTERNAL_MODULES):]:
        lines += [f"    module_path: boot():{module.path}", f"    module_cmdline: {module.string}"]
    return "\n".join(lines) + "\n"


def make_volume(directory, loader, variant, machine, resolution=None, gpt=None, told=None, lines=(), more_files=()):
    """
    A FAT image that boots the kernel, and the kernel's bytes.
    gpt     (disk's uuid, partition's uuid): a partitioned disk
    told    the Variant that the kernel is told of, if not the true one
    lines   more of the entry's in limine.conf
    more_files   (path, contents) of them; instead of others of the same path
    """
    kernel = build(variant, machine, partition_index=1 if gpt else 0, told=told)
    files = {"EFI/BOOT/BOOTX64.EFI": loader, "limine.conf": configuration(variant, resolution, lines),
             "boot/kernel.elf": kernel}
    files.update({module.path.lstrip("/"): module.contents() for module in variant.modules
                  if module.path not in variant.absent})
    files.update(more_files)
    image = directory / "volume.img"
    return images.make_gpt_image(image, files, *gpt) if gpt else images.make_image(image, files), kernel


def fnv(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return value
