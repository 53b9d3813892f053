"""
Placing kernels that real linkers made, against what the linker itself makes of the same objects for the same address,
and against what readelf says of each relocation; and every broken file of tests/boot/elf_files.py.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

import pytest

TOP_DIRECTORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP_DIRECTORY / "tests" / "boot"))

import elf_builder  # noqa: E402
import elf_files  # noqa: E402

U64 = 1 << 64
TOP = elf_builder.TOP
DATA_AT = 0x100000  # from the base: the same whatever else is in the file

SOURCE = """
int numbers[4] = { 1, 2, 3, 4 };
static int zeroes[5000];
extern char nowhere[] __attribute__((weak));
extern char absolute[];
int twice(int n);
int _start(void);
__attribute__((noinline)) int twice(int n) { return n + n + numbers[n & 3]; }
int _start(void) { return twice(zeroes[7]) + (nowhere ? 1 : 0); }

__attribute__((section(".fixed"))) struct { const void *a; short pad; const void *b; } __attribute__((packed)) odd[] = {
    { &numbers[1], 2, "text" }, { twice, 3, zeroes } };
__attribute__((section(".fixed"))) const void *all[] = { POINTERS };
__attribute__((section(".fixed"))) const void *others[] = { nowhere, &all[3], _start, &zeroes[4999], absolute };
"""

SCRIPT = """
ENTRY(_start)
absolute = 0x12345;
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); %(dynamic)s }
SECTIONS {
    . = %(base)#x;
    .text : { *(.text*) } :text
    .plt : { *(.plt*) } :text
    . = %(base)#x + 0x10000;
    .rodata : { *(.rodata*) } :rodata
    .dynsym : { *(.dynsym) } :rodata
    .dynstr : { *(.dynstr) } :rodata
    .hash : { *(.hash) *(.gnu.hash) } :rodata
    .rela.dyn : { *(.rela.dyn) *(.rela.got) *(.rela.data*) *(.rela.fixed) } :rodata
    .rela.plt : { *(.rela.plt) } :rodata
    .relr.dyn : { *(.relr.dyn) } :rodata
    . = %(base)#x + %(data)#x;
    .fixed : { *(.fixed) } :data
    .data : { *(.data*) } :data
    .bss : { *(.bss*) *(COMMON) } :data
    . = %(base)#x + %(data)#x + 0x20000;
    .got : { *(.got) *(.got.plt) } :data
    %(dynamic_section)s
    /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.interp) }
}
"""

# How it is linked -> options of ld.
KINDS = {
    "pie": ["-pie"],
    "pie-relr": ["-pie", "-z", "pack-relative-relocs"],
    "shared": ["-shared"],
    "shared-relr": ["-shared", "-Bsymbolic", "-z", "pack-relative-relocs"],
}


@pytest.fixture(scope="module")
def place_elf64(tmp_path_factory):
    """The program, built under ASan and UBSan."""
    program = tmp_path_factory.mktemp("place") / "place-elf64"
    sources = [TOP_DIRECTORY / "tests/host/place_elf64.c", *sorted((TOP_DIRECTORY / "efi/elf").glob("*.c"))]
    subprocess.run(["gcc", "-std=gnu2x", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                    f"-I{TOP_DIRECTORY}/include", *map(str, sources), "-o", str(program)], check=True)

    def run(file, slide):
        out = file.with_suffix(".image")
        done = subprocess.run([str(program), str(file), str(slide), str(out)], capture_output=True, text=True,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        return done.returncode == 0, done.stdout, out.read_bytes() if done.returncode == 0 else None

    return run


@pytest.fixture(scope="module")
def kernel_object(tmp_path_factory):
    folder = tmp_path_factory.mktemp("object")
    pointers = ", ".join(f"&numbers[{i % 4}]" if i % 3 else "0" for i in range(400))
    (folder / "kernel.c").write_text(SOURCE.replace("POINTERS", pointers))
    subprocess.run(["gcc", "-c", "-O1", "-fPIC", "-ffreestanding", "-fno-stack-protector", "-mno-red-zone", "-w",
                    str(folder / "kernel.c"), "-o", str(folder / "kernel.o")], check=True)
    return folder / "kernel.o"


def link(kernel_object, out, base, options):
    is_dynamic = bool(options)
    script = out.with_suffix(".lds")
    script.write_text(SCRIPT % {"base": base, "data": DATA_AT,
                                "dynamic": "dynamic PT_DYNAMIC FLAGS(6);" if is_dynamic else "",
                                "dynamic_section": ".dynamic : { *(.dynamic) } :data :dynamic" if is_dynamic else ""})
    subprocess.run(["ld", "-m", "elf_x86_64", *(options or ["-static"]), "--no-dynamic-linker", "-z", "norelro",
                    "--no-warn-rwx-segments", "-z", "max-page-size=4096", "-T", str(script), str(kernel_object), "-o",
                    str(out)], check=True)
    return out


def section_bytes(file, name):
    binary = file.with_suffix(".section")
    subprocess.run(["objcopy", "-O", "binary", "-j", name, str(file), str(binary)], check=True)
    return binary.read_bytes()


def relocations(file):
    """offset -> (type, symbol's value, addend), by readelf; RELR ones have type RELR."""
    text = subprocess.run(["readelf", "-rW", str(file)], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in text.splitlines():
        rela = re.match(r"([0-9a-f]{16})\s+[0-9a-f]{16} R_X86_64_(\w+)\s+(.*)", line)
        relr = re.fullmatch(r"\s*(?:[0-9]+:\s+)?([0-9a-f]{16})\s*(?:[0-9a-f]{16})?.*", line)
        if rela and rela[2] == "NONE":  # one that the linker found no use for
            continue
        if rela:
            words = rela[3].split()
            by_symbol = re.match(r"([0-9a-f]{16}) (\S+)(?: \+ ([0-9a-f]+))?", rela[3])
            if by_symbol:
                found[int(rela[1], 16)] = (rela[2], int(by_symbol[1], 16), int(by_symbol[3] or "0", 16), by_symbol[2])
            else:
                found[int(rela[1], 16)] = (rela[2], None, int(words[-1], 16), None)
        elif relr and not line.startswith("Relocation"):
            found[int(relr[1], 16)] = ("RELR", None, None, None)
    return found


def expected_word(relocation, word_in_file, slide):
    type_, value, addend, name = relocation
    if type_ == "RELR":
        return (word_in_file + slide) % U64
    if type_ == "RELATIVE":
        return (addend + slide) % U64
    assert type_ in ("64", "GLOB_DAT", "JUMP_SLOT"), type_
    slid = value if name in ("nowhere", "absolute") else value + slide
    return (slid + (addend if type_ == "64" else 0)) % U64


def image_of_file(file, image_bytes, virt_start):
    """The segments of the file where they belong, by the program headers."""
    data = file.read_bytes()
    image = bytearray(image_bytes)
    phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for i in range(phnum):
        type_, _, offset, vaddr, _, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
        if type_ == elf_builder.PT_LOAD:
            image[vaddr - virt_start:vaddr - virt_start + filesz] = data[offset:offset + filesz]
    return image


def test_a_pie_that_is_not_linked_for_0_is_fixed_for_gnu_ld(tmp_path, place_elf64, kernel_object):
    file = link(kernel_object, tmp_path / "kernel.elf", TOP, KINDS["pie"])
    assert struct.unpack_from("<H", file.read_bytes(), 16)[0] == elf_builder.ET_EXEC
    assert relocations(file)
    assert place_elf64(file, "0x1000")[1] == "the image may not run at this address: 0x1000\n"
    assert place_elf64(link(kernel_object, file, 0x400000, KINDS["pie"]), "min")[1] == \
        "a segment of a fixed image lies below the top 2 GiB: 0x400000\n"


def facts_of(output):
    return {line.split()[0]: int(line.split()[1], 0) for line in output.splitlines()}


# GNU ld makes a PIE whose base is not 0 an ET_EXEC, relocations and all: they must be applied, and it may not slide.
PLACES = [(kind, base, slide) for kind in KINDS for base in (0, 0x400000, TOP) for slide in ("min", "min+", "max")
          if kind.startswith("shared") or base == 0 or (base == TOP and slide == "min")]


@pytest.mark.parametrize("kind, base, slide", PLACES)
def test_linked_kernels_are_placed_as_the_linker_would(tmp_path, place_elf64, kernel_object, kind, base, slide):
    file = link(kernel_object, tmp_path / "kernel.elf", base, KINDS[kind])
    if slide == "min+":
        slide = hex((TOP - base if base < TOP else 0) + 0x5A5000)
    ok, output, image = place_elf64(file, slide)
    assert ok, output
    facts = facts_of(output)
    virt_start, slide = facts["virt_start"], facts["slide"]
    assert virt_start == base

    # Bytes that a linker makes for the address where we run.
    fixed = link(kernel_object, tmp_path / "fixed.elf", (base + slide) % U64, [])
    wanted = section_bytes(fixed, ".fixed")
    assert len(wanted) > 3000
    assert image[DATA_AT:DATA_AT + len(wanted)] == wanted

    # Every relocation by readelf's word, and nothing else.
    model = image_of_file(file, facts["bytes"], virt_start)
    found = relocations(file)
    assert len(found) > 250
    for address, relocation in found.items():
        at = address - virt_start
        word, = struct.unpack_from("<Q", model, at)
        struct.pack_into("<Q", model, at, expected_word(relocation, word, slide))
    assert image == model


def test_each_kind_of_relocation_occurs(tmp_path, kernel_object):
    types = set()
    for kind, options in KINDS.items():
        types |= {r[0] for r in relocations(link(kernel_object, tmp_path / f"{kind}.elf", 0, options)).values()}
    assert types == {"RELR", "RELATIVE", "64", "GLOB_DAT", "JUMP_SLOT"}


def test_programs_of_this_machine_are_refused(tmp_path, place_elf64):
    program = tmp_path / "program"
    shutil.copy("/bin/ls", program)
    ok, output, _ = place_elf64(program, "min")
    assert not ok
    assert output.startswith("the image needs a shared library: 0x")


@pytest.mark.parametrize("case", elf_files.broken(), ids=lambda case: case.name)
def test_each_broken_file_is_refused_with_its_reason_and_value(tmp_path, place_elf64, case):
    file = tmp_path / "broken.elf"
    file.write_bytes(case.data)
    ok, output, _ = place_elf64(file, "min")
    assert not ok
    assert output == f"{case.reason}: 0x{case.value:X}\n"


@pytest.mark.parametrize("name, data", elf_files.good().items(), ids=elf_files.good())
def test_each_good_file_is_placed_and_its_message_found(tmp_path, place_elf64, name, data):
    file = tmp_path / "good.elf"
    file.write_bytes(data)
    ok, output, image = place_elf64(file, "min")
    assert ok, output
    facts = facts_of(output)
    pointer, = struct.unpack_from("<Q", image, elf_builder.POINTER)
    at = (pointer - facts["virt_start"] - facts["slide"]) % U64
    assert image[at:].startswith(b"good %s\r\n\0" % name.encode())


def test_every_reason_that_a_file_can_be_refused_for_has_a_broken_file():
    header = (TOP_DIRECTORY / "include/elf64.h").read_text()
    reasons = set(re.findall(r'X\(\w+, .*"(.*)"\)', header))
    assert len(reasons) > 30
    assert reasons - {case.reason for case in elf_files.broken()} == {"ok", "the image may not run at this address"}
