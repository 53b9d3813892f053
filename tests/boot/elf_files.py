"""
Kernels as ELF64 files, made byte by byte: good ones that say so on COM1, and one for everything that can be wrong with
a file, with the reason and the value that the loader must give. Addresses in the broken ones are chosen so that each
has one thing wrong with it.
"""
import dataclasses

from elf_builder import (DATA, DT_JMPREL, DT_NEEDED, DT_PLTREL, DT_RELA, DT_RELAENT, DT_RELASZ, DT_RELR, DT_RELRENT,
                         DT_RELSZ, DT_SYMENT, DT_SYMTAB, END, ET_DYN, ET_REL, JMPREL, MEMORY_MAP, MESSAGE, POINTER,
                         PT_LOAD, PT_NOTE, R, R_64, R_GLOB_DAT, R_IRELATIVE, R_JUMP_SLOT, R_PC32, R_RELATIVE, RELA,
                         RELR, REQUESTS, STB_GLOBAL, STT_GNU_IFUNC, SYMBOLS, TABLES, TAG, TEXT, TOP, U64_MAX, W, X,
                         Kernel, Segment, code, rela, request, symbol, words)


# ---- good ones: name -> what each writes to COM1 is `good NAME` ------------------------------------------------------


def _pie(name, base=0):
    kernel = Kernel(f"good {name}", ET_DYN, base)
    kernel.pointer = 0xDEADDEADDEADDEAD
    return kernel


def _relative(name, base):
    kernel = _pie(name, base)
    kernel.tables[RELA] = rela(base + POINTER, R_RELATIVE, 0, base + MESSAGE)
    return kernel


def _relr(name):
    kernel = _pie(name)
    kernel.pointer = MESSAGE
    kernel.tables[RELR] = words(POINTER)
    return kernel


def _by_symbol(name, type_, table=RELA):
    kernel = _pie(name)
    addend = 16 if type_ == R_64 else 0
    kernel.tables[SYMBOLS] += symbol(STB_GLOBAL, 0, 1, MESSAGE - addend)
    kernel.tables[table] = rela(POINTER, type_, 1, addend)
    return kernel


def _unordered(name):
    kernel = Kernel(f"good {name}")
    kernel.segments = [kernel.data, kernel.text, kernel.dynamic_segment, kernel.rodata]
    return kernel


def _shared_page(name):
    kernel = Kernel(f"good {name}")
    kernel.segments.append(Segment(PT_LOAD, R | W, TOP + END - 1, b"x"))
    kernel.data.memsz = END - 0x1000 + 0x800 - DATA
    return kernel


def _writable_code(name):
    kernel = Kernel(f"good {name}")
    kernel.text.flags = R | W | X
    return kernel


def _empty_segments(name):
    kernel = Kernel(f"good {name}")
    kernel.segments.append(Segment(PT_LOAD, R, 0x123, memsz=0, filesz=U64_MAX, offset=U64_MAX, align=3))
    return kernel


def _large_pages(name):
    kernel = Kernel(f"good {name}", base=TOP + (64 << 20))
    kernel.text.align = 2 << 20
    return kernel


def good():
    """name -> bytes"""
    kernels = {
        "fixed": Kernel("good fixed"),
        "fixed-high": Kernel("good fixed-high", base=TOP + 0x7FFF0000),
        "pie-low": _relative("pie-low", 0),
        "pie-at-1m": _relative("pie-at-1m", 0x100000),
        "pie-at-top": _relative("pie-at-top", TOP),
        "pie-upper-half": _relative("pie-upper-half", 0xFFFF800000000000),
        "relr": _relr("relr"),
        "symbol-64": _by_symbol("symbol-64", R_64),
        "symbol-got": _by_symbol("symbol-got", R_GLOB_DAT),
        "symbol-slot": _by_symbol("symbol-slot", R_JUMP_SLOT, JMPREL),
        "unordered": _unordered("unordered"),
        "shared-page": _shared_page("shared-page"),
        "writable-code": _writable_code("writable-code"),
        "empty-segments": _empty_segments("empty-segments"),
        "large-pages": _large_pages("large-pages"),
    }
    return {name: kernel.bytes() for name, kernel in kernels.items()}


# ---- broken ones -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Broken:
    name: str
    data: bytes
    reason: str  # of elf64_status_text() or limine_scan_status_text()
    value: int   # as the error has it


def _header(**changes):
    kernel = Kernel()
    kernel.header.update(changes)
    return kernel.bytes()


def _segment(which, **changes):
    kernel = Kernel()
    for name, value in changes.items():
        setattr(getattr(kernel, which), name, value)
    return kernel.bytes()


def _dynamic(tag, value):
    kernel = Kernel(type_=ET_DYN, base=0)
    kernel.tables[RELA] = rela(POINTER, R_RELATIVE, 0, MESSAGE)
    kernel.tables[JMPREL] = rela(POINTER, R_RELATIVE, 0, MESSAGE)
    kernel.tables[RELR] = words(POINTER + 8)
    kernel.dynamic[tag] = value
    return kernel.bytes()


def _relocation(entry, table=RELA, symbols=b""):
    kernel = Kernel(type_=ET_DYN, base=0)
    kernel.tables[table] = entry
    kernel.tables[SYMBOLS] += symbols
    return kernel.bytes()


def _requests(*parts):
    kernel = Kernel()
    kernel.requests = b"".join(parts)
    return kernel.bytes()


def _many_segments(n):
    kernel = Kernel()
    kernel.segments += [Segment(PT_LOAD, R, TOP + 0x100000 + i * 0x2000, memsz=1) for i in range(n - 3)]
    return kernel.bytes()


def _mixed_halves():
    kernel = Kernel(type_=ET_DYN, base=TOP)
    kernel.text.vaddr = TOP - 0x1000
    return kernel.bytes()


def _pie_data(**changes):
    kernel = Kernel(type_=ET_DYN, base=0)
    for name, value in changes.items():
        setattr(kernel.data, name, value)
    return kernel.bytes()


def _no_dynamic():
    kernel = Kernel(type_=ET_DYN, base=0)
    kernel.dynamic_segment.type = PT_NOTE
    return kernel.bytes()


def _broken_headers():
    sound = Kernel().bytes()
    yield "empty", b"", "the file ends inside its ELF header", 0
    yield "one-byte", b"\x7f", "the file ends inside its ELF header", 1
    yield "half-header", sound[:63], "the file ends inside its ELF header", 63
    yield "text", b"# a kernel of a different kind\n", "not an ELF file", 0x20612023
    yield "script", b"#!/bin/sh\nexit 0 # ......\n", "not an ELF file", 0x622F2123
    yield "pe", b"MZ" + bytes(100), "not an ELF file", 0x5A4D
    yield "32-bit", _header(klass=1), "not a 64-bit ELF file", 1
    yield "class-0", _header(klass=0), "not a 64-bit ELF file", 0
    yield "big-endian", _header(data=2), "not a little-endian ELF file", 2
    yield "ident-version", _header(ident_version=2), "unknown ELF version", 2
    yield "version", _header(version=0), "unknown ELF version", 0
    not_image = "neither an executable nor a relocatable (PIE) image"
    yield "object", _header(type=ET_REL), not_image, ET_REL
    yield "core", _header(type=4), not_image, 4
    yield "aarch64", _header(machine=183), "not for x86-64", 183
    yield "phentsize-0", _header(phentsize=0), "wrong size of a program header", 0
    yield "phentsize-max", _header(phentsize=0xFFFF), "wrong size of a program header", 0xFFFF
    yield "phnum-0", _header(phnum=0), "no loadable segment", 0
    yield "phnum-max", _header(phnum=0xFFFF), "too many program headers", 0xFFFF
    outside = "the program headers lie beyond the end of the file"
    yield "phnum-many", _header(phnum=0xFFFE), outside, 64
    yield "phoff-max", _header(phoff=U64_MAX), outside, U64_MAX
    yield "phoff-wraps", _header(phoff=U64_MAX - 0xDF), outside, U64_MAX - 0xDF
    yield "headers-cut", sound[:64 + 100], outside, 64


def _broken_segments():
    sound = Kernel().bytes()
    beyond = "a segment's bytes lie beyond the end of the file"
    yield "segment-cut", sound[:-0x10], beyond, len(sound) - 0x900
    yield "offset-max", _segment("text", offset=U64_MAX), beyond, U64_MAX
    yield "offset-wraps", _segment("text", offset=U64_MAX - 8), beyond, U64_MAX - 8
    yield "filesz-over-memsz", _segment("text", memsz=1), "a segment has more bytes in the file than in memory", \
        len(code())
    yield "filesz-max", _segment("data", filesz=U64_MAX), "a segment has more bytes in the file than in memory", U64_MAX
    wraps = "a segment reaches beyond the end of the address space"
    yield "memsz-max", _segment("data", memsz=U64_MAX), wraps, TOP + DATA
    yield "vaddr-max", _segment("text", vaddr=U64_MAX), wraps, U64_MAX
    yield "last-page", _segment("text", vaddr=U64_MAX - 0xFFF), wraps, U64_MAX - 0xFFF
    yield "not-canonical", _segment("text", vaddr=0x800000000000), "a segment lies at a non-canonical address", \
        0x800000000000
    low = "a segment of a fixed image lies below the top 2 GiB"
    yield "low", Kernel(base=0x100000).bytes(), low, 0x100000
    yield "upper-half", Kernel(base=0xFFFF800000000000).bytes(), low, 0xFFFF800000000000
    yield "low-segment", _segment("rodata", vaddr=0x200000), low, 0x200000
    yield "mixed-halves", _mixed_halves(), "some segments lie in the top 2 GiB and some below", TOP - 0x1000
    align = "a segment's alignment is no power of two up to 1 GiB"
    yield "align-3", _segment("text", align=3), align, 3
    yield "align-2g", _segment("text", align=2 << 30), align, 2 << 30
    yield "align-max", _segment("text", align=U64_MAX), align, U64_MAX
    yield "overlap", _segment("text", memsz=0x1001), "segments overlap", TOP + TABLES
    yield "overlap-same", _segment("rodata", vaddr=TOP + DATA), "segments overlap", TOP + DATA
    yield "mixed-rights", _segment("rodata", vaddr=TOP + 0x800), "segments with different rights share a page", TOP
    yield "too-big", _pie_data(memsz=0x80000001), "the image is larger than 2 GiB", 0x80000001
    yield "gap-too-big", _pie_data(vaddr=0x80000000), "the image is larger than 2 GiB", 0x80000000 + END - DATA
    yield "too-high", _pie_data(memsz=0x7FFFDFFF), "the image does not fit below the end of the address space", 0
    yield "segments-65", _many_segments(65), "more loadable segments than can be taken", 64
    entry = "the entry point is not in an executable segment"
    yield "entry-0", _header(entry=0), entry, 0
    yield "entry-in-data", _header(entry=TOP + DATA), entry, TOP + DATA
    yield "entry-after-text", _header(entry=TOP + 0x1000), entry, TOP + 0x1000
    yield "entry-max", _header(entry=U64_MAX), entry, U64_MAX


def _broken_relocations():
    yield "no-dynamic", _no_dynamic(), "a relocatable image without a dynamic segment", ET_DYN
    yield "dynamic-outside", _segment("dynamic_segment", offset=U64_MAX - 4), \
        "the dynamic segment lies beyond the end of the file", U64_MAX - 4
    yield "needs-library", _dynamic(DT_NEEDED, 1), "the image needs a shared library", 1
    no_rel = "relocations without addends are not supported"
    yield "rel", _dynamic(DT_RELSZ, 16), no_rel, 16
    yield "pltrel", _dynamic(DT_PLTREL, 17), no_rel, 17
    size = "wrong size of a relocation or symbol"
    yield "relaent", _dynamic(DT_RELAENT, 0), size, 0
    yield "relrent", _dynamic(DT_RELRENT, U64_MAX), size, U64_MAX
    yield "syment", _dynamic(DT_SYMENT, 25), size, 25
    yield "relasz", _dynamic(DT_RELASZ, 23), "a relocation table is no whole number of entries", 23
    table = "a relocation table lies outside the image"
    yield "relasz-wraps", _dynamic(DT_RELASZ, U64_MAX // 24 * 24), table, RELA
    yield "rela-outside", _dynamic(DT_RELA, END - 23), table, END - 23
    yield "rela-max", _dynamic(DT_RELA, U64_MAX), table, U64_MAX
    yield "relr-outside", _dynamic(DT_RELR, END), table, END
    yield "jmprel-outside", _dynamic(DT_JMPREL, U64_MAX - 1), table, U64_MAX - 1
    yield "symtab-outside", _dynamic(DT_SYMTAB, END + 1), table, END + 1
    unknown = "unknown type of relocation"
    yield "relocation-unknown", _relocation(rela(POINTER, 0xFFFF)), unknown, 0xFFFF
    yield "relocation-pc32", _relocation(rela(POINTER, R_PC32)), unknown, R_PC32
    yield "relocation-ifunc", _relocation(rela(POINTER, R_IRELATIVE)), unknown, R_IRELATIVE
    target = "a relocation's target lies outside the image"
    yield "target-after", _relocation(rela(END - 7, R_RELATIVE)), target, END - 7
    yield "target-max", _relocation(rela(U64_MAX, R_RELATIVE)), target, U64_MAX
    yield "target-relr", _relocation(words(END), RELR), target, END
    yield "target-relr-map", _relocation(words(END - 8, 3), RELR), target, END
    yield "target-slot", _relocation(rela(TOP, R_RELATIVE), JMPREL), target, TOP
    yield "symbol-outside", _relocation(rela(POINTER, R_64, 0xFFFFFFFF)), \
        "a relocation's symbol lies outside the image", 0xFFFFFFFF
    undefined = "a relocation's symbol is undefined"
    yield "undefined", _relocation(rela(POINTER, R_GLOB_DAT, 1), RELA, symbol(STB_GLOBAL, 0, 0, 0)), undefined, 1
    yield "undefined-0", _relocation(rela(POINTER, R_64, 0)), undefined, 0
    yield "ifunc", _relocation(rela(POINTER, R_JUMP_SLOT, 1), JMPREL, symbol(STB_GLOBAL, STT_GNU_IFUNC, 1, TEXT)), \
        "a relocation's symbol is an indirect function", 1


def _broken_requests():
    yield "two-tags", _requests(words(*TAG, 2), bytes(8), words(*TAG, 2)), "two base revision tags", \
        TOP + REQUESTS + 32
    yield "same-request-twice", _requests(words(*TAG, 2), bytes(8), request(MEMORY_MAP), request(MEMORY_MAP)), \
        "the same request twice", 9  # enum limine_request_kind
    yield "revision-7", _requests(words(*TAG, 7)), "unknown base revision", 7
    yield "revision-max", _requests(words(*TAG, U64_MAX)), "unknown base revision", U64_MAX


def broken():
    """A list of Broken, one for each thing that can be wrong."""
    return [Broken(*case) for cases in (_broken_headers, _broken_segments, _broken_relocations, _broken_requests)
            for case in cases()]
