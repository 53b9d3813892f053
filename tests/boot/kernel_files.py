"""
Kernels that are sound files and ask for what cannot be had, each with the line and the status that the loader must
give; and the volume's side of it: files that are not what their directory says.
"""
import dataclasses
import struct

from elf_builder import DATA, REQUESTS, TOP, Kernel, Segment, PT_LOAD, R, TAG, COMMON, words
from limine_kernel import request_ids

LOAD_ERROR, UNSUPPORTED, OUT_OF_RESOURCES, VOLUME_CORRUPTED = 0x1, 0x3, 0x9, 0xA
INVALID_PARAMETER, DEVICE_ERROR, NOT_FOUND, ABORTED, SECURITY_VIOLATION = 0x2, 0x7, 0xE, 0x15, 0x1A

U64_MAX = (1 << 64) - 1
GIB = 1 << 30
REQUIRED, GZIP = 1, 2
DIRENT_BYTES, DIRENT_SIZE_AT = 32, 28


@dataclasses.dataclass(frozen=True)
class Refused:
    """A kernel. message: without the path of the file and the colon that it begins with."""

    name: str
    data: bytes
    message: str
    status: int


def _request(name, *extras, revision=0):
    return words(*COMMON, *request_ids()[name][1], revision, 0, *extras)


def _asking(*requests, revision=6):
    """A kernel with these requests, the first of which lies at REQUESTS."""
    kernel = Kernel("asking")
    kernel.requests = b"".join(requests) + words(*TAG, revision)
    return kernel.bytes()


def _with_module(path, flags=REQUIRED):
    """A kernel with one internal module: its request, the array of one, the structure, the path; no string."""
    at = TOP + REQUESTS
    array, module, text = at + 64, at + 72, at + 96
    request = _request("MODULE", 1, array, revision=1)
    assert len(request) == 64
    data = request + words(module, text, 0, flags) + path + bytes(8 - len(path) % 8)
    return _asking(data)


def _large(bytes_):
    kernel = Kernel("large")
    kernel.segments.append(Segment(PT_LOAD, R, TOP + 0x100000, b"x", memsz=bytes_))
    return kernel.bytes()


def _aligned(align):
    kernel = Kernel("aligned")
    kernel.text.align = align
    return kernel.bytes()


def refused():
    """On a machine of 256 MiB with 4-level paging."""
    stacks = "wants stacks of {} bytes"
    levels = "wants {}-level paging, which cannot be had here"
    crossed = "at least {}-level and at most {}"
    entry = "the entry point is not in an executable segment ({})"
    yield Refused("stack-1t", _asking(_request("STACK_SIZE", 1 << 40)), stacks.format(1 << 40), UNSUPPORTED)
    yield Refused("stack-max", _asking(_request("STACK_SIZE", U64_MAX)), stacks.format(U64_MAX), UNSUPPORTED)
    yield Refused("stack-512m", _asking(_request("STACK_SIZE", 512 << 20)),
                  "cannot allocate 512 MB for the kernel's stack: Out of Resources", OUT_OF_RESOURCES)
    yield Refused("entry-request-0", _asking(_request("ENTRY_POINT", 0)), entry.format("0x0"), LOAD_ERROR)
    yield Refused("entry-request-data", _asking(_request("ENTRY_POINT", TOP + DATA)),
                  entry.format(f"0x{TOP + DATA:X}"), LOAD_ERROR)
    yield Refused("entry-request-max", _asking(_request("ENTRY_POINT", U64_MAX)), entry.format(f"0x{U64_MAX:X}"),
                  LOAD_ERROR)
    yield Refused("five-levels", _asking(_request("PAGING_MODE", 1, 1, 1, revision=1)), levels.format(5), UNSUPPORTED)
    yield Refused("levels-crossed", _asking(_request("PAGING_MODE", 0, 0, 1, revision=1)),
                  levels.format(crossed.format(5, 4)), UNSUPPORTED)
    yield Refused("levels-max", _asking(_request("PAGING_MODE", U64_MAX, U64_MAX, U64_MAX, revision=1)),
                  levels.format(crossed.format(6, 5)), UNSUPPORTED)
    yield Refused("image-1536m", _large(1536 << 20), "cannot allocate 1537 MB for the kernel: Out of Resources",
                  OUT_OF_RESOURCES)
    yield Refused("align-1g", _aligned(GIB), "cannot allocate 20 KB for the kernel: Out of Resources", OUT_OF_RESOURCES)
    yield from _refused_modules()
    yield from _refused_requests()


def _refused_modules():
    module = "internal module {}: {}"
    none, path_max = "no such file", "a/" * 200
    broken = "cannot be opened: Invalid Parameter"  # says OVMF's FAT driver
    yield Refused("module-missing", _with_module(b"none.bin"), module.format("none.bin", none), NOT_FOUND)
    yield Refused("module-directory", _with_module(b"/EFI"), module.format("/EFI", "is a directory"), UNSUPPORTED)
    yield Refused("module-gzip", _with_module(b"none.bin", REQUIRED | GZIP),
                  module.format("none.bin", "gzip is not supported"), UNSUPPORTED)
    yield Refused("module-gzip-path", _with_module(b"$boot():/none.bin"),
                  module.format("$boot():/none.bin", "a gzip file is not supported"), UNSUPPORTED)
    yield Refused("module-empty-path", _with_module(b""), module.format("", "empty path, at character 1"),
                  INVALID_PARAMETER)
    yield Refused("module-resource", _with_module(b"cdrom():/x"),
                  module.format("cdrom():/x", "unknown resource, at character 1"), INVALID_PARAMETER)
    yield Refused("module-volume", _with_module(b"fslabel(NOBODY):/x"),
                  module.format("fslabel(NOBODY):/x", "no such volume"), NOT_FOUND)
    yield Refused("module-path-long", _with_module(path_max.encode()), module.format(path_max, broken),
                  INVALID_PARAMETER)
    yield Refused("module-controls", _with_module(b"a\x1b[2J\r\n\xffb"),
                  module.format("a?[2J???b", "bad character in path, at character 2"), INVALID_PARAMETER)
    yield Refused("modules-many", _asking(_request("MODULE", 1025, TOP, revision=1)),
                  "wants 1025 internal modules, the most are 1024", UNSUPPORTED)


def _refused_requests():
    tag = words(*TAG, 6)
    yield Refused("twice-mp", _asking(_request("MP", 0), _request("MP", 0)), "the same request twice: MP", LOAD_ERROR)
    yield Refused("twice-framebuffer", _asking(_request("FRAMEBUFFER"), bytes(8), _request("FRAMEBUFFER")),
                  "the same request twice: Framebuffer", LOAD_ERROR)
    yield Refused("tags-behind-requests", _asking(_request("MP", 0), tag),
                  f"two base revision tags (0x{TOP + REQUESTS + 56 + 24:X})", LOAD_ERROR)


def grow(image, name, bytes_):
    """Makes the directory of a FAT image say that a file (8.3 name, as in the directory) has as many bytes."""
    stored = name.split(".")[0].ljust(8).encode() + name.split(".")[1].ljust(3).encode()
    with open(image, "r+b") as file:
        data = file.read(16 << 20)
        at = data.index(stored)
        assert data.count(stored) == 1 and at % DIRENT_BYTES == 0
        file.seek(at + DIRENT_SIZE_AT)
        file.write(struct.pack("<I", bytes_))
