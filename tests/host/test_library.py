"""libpolyglot_mm.a and its headers, as a kernel's build meets them; and the sample kernel's image."""
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
LIBRARY = BUILD / "libpolyglot_mm.a"
HEADERS = BUILD / "include"
SAMPLE = BUILD / "sample.elf"

# ISO C's memory functions, which compilers call on their own; every kernel has them.
COMPILERS_OWN = {"memcpy", "memmove", "memset", "memcmp"}
KERNEL_FLAGS = ["-std=gnu2x", "-O2", "-ffreestanding", "-mno-red-zone", "-mgeneral-regs-only", "-fno-stack-protector",
                "-nostdinc", "-Wall", "-Wextra", "-Werror"]
TOP_2_GIB = 0xFFFFFFFF80000000

KERNEL = """
#include <stddef.h>
#include "pmm_limine.h"
#include "pmm_assert.h"

void *memcpy(void *to, const void *from, size_t n)
{ for (size_t i = 0; i < n; i++) ((char *)to)[i] = ((const char *)from)[i]; return to; }
void *memset(void *to, int c, size_t n)
{ for (size_t i = 0; i < n; i++) ((char *)to)[i] = (char)c; return to; }
int memcmp(const void *a, const void *b, size_t n)
{ for (size_t i = 0; i < n; i++) if (((char *)a)[i] != ((char *)b)[i]) return 1; return 0; }

/* Names of the library's inside: a kernel may have its own. */
int bitmap_set, assert_failed, summary_init;
static volatile struct polyglot_allocator_request request = POLYGLOT_ALLOCATOR_REQUEST;
static struct pmm_cpu cpus[4];

void _start(void)
{
    struct pmm *pmm;
    const struct pmm_limine boot = { .allocator = (const struct polyglot_allocator_response *)request.response };

    if (pmm_limine_start(&boot, cpus, 4, (struct pmm_barrier){ 0 }, &pmm) == PMM_OK)
        (void)pmm_reclaim_loader(pmm, cpus);
}
"""
OWN_ASSERT = """
void pmm_assert_failed(const char *expression, const char *file, int line)
{ (void)expression, (void)file, (void)line; for (;;) ; }
"""


def output(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def build(directory, source, compiler_flags, linker_flags):
    """A kernel of this source, linked with the library."""
    (directory / "kernel.c").write_text(source)
    include = output("gcc", "-print-file-name=include").strip()
    output("gcc", *KERNEL_FLAGS, "-isystem", include, "-I", HEADERS, *compiler_flags, "-c", directory / "kernel.c",
           "-o", directory / "kernel.o")
    output("ld", "-nostdlib", "-z", "noexecstack", *linker_flags, directory / "kernel.o", LIBRARY, "-o",
           directory / "kernel.elf")
    return directory / "kernel.elf"


def test_library_needs_nothing_but_what_compilers_need():
    undefined = {line.split()[-1] for line in output("nm", "-u", LIBRARY).splitlines() if " U " in line}
    assert undefined <= COMPILERS_OWN


def test_library_shows_no_name_but_pmm():
    names = re.findall(r"^\S* ?[A-TV-Z] (\S+)$", output("nm", "-g", LIBRARY), re.MULTILINE)
    assert "pmm_limine_start" in names and "pmm_take_frame" in names and "pmm_verify" in names
    assert all(name.startswith("pmm_") for name in names)


def test_library_uses_neither_vector_registers_nor_the_red_zone_nor_a_stack_protector():
    text = output("objdump", "-d", "--no-show-raw-insn", LIBRARY)
    assert not re.search(r"%[xyz]mm\d|%st\b|%fs:|%gs:", text)
    assert not re.search(r"-0x[0-9a-f]+\(%rsp\)", text)


def test_every_header_stands_alone(tmp_path):
    headers = sorted(HEADERS.glob("*.h"))
    assert {"pmm.h", "pmm_handover.h", "pmm_limine.h", "polyglot_allocator.h"} <= {header.name for header in headers}
    include = output("gcc", "-print-file-name=include").strip()
    for header in headers:
        source = tmp_path / "header.c"
        source.write_text(f'#include "{header.name}"\n#include "{header.name}"\nint nothing;\n')
        output("gcc", *KERNEL_FLAGS, "-isystem", include, "-I", HEADERS, "-c", source, "-o", tmp_path / "header.o")


def test_the_protocol_header_needs_no_other_one(tmp_path):
    source = tmp_path / "alone.c"
    source.write_text((HEADERS / "polyglot_allocator.h").read_text())
    include = output("gcc", "-print-file-name=include").strip()
    output("gcc", *KERNEL_FLAGS, "-isystem", include, "-c", source, "-o", tmp_path / "alone.o")


@pytest.mark.parametrize("own_assert", ["", OWN_ASSERT])
def test_library_links_into_a_kernel_in_the_top_2_gib(tmp_path, own_assert):
    kernel = build(tmp_path, KERNEL + own_assert, ["-fno-pic", "-mcmodel=kernel"],
                   ["-static", f"-Ttext-segment={TOP_2_GIB:#x}"])
    assert "EXEC" in output("readelf", "-h", kernel)
    found = [line for line in output("nm", kernel).splitlines() if line.endswith(" pmm_assert_failed")]
    assert len(found) == 1 and found[0].split()[1] in (("T", "t") if own_assert else ("W", "w"))


def test_library_links_into_a_relocatable_kernel(tmp_path):
    kernel = build(tmp_path, KERNEL, ["-fpie"], ["-pie", "--no-dynamic-linker", "-z", "text"])
    assert "DYN" in output("readelf", "-h", kernel)
    kinds = set(re.findall(r"R_X86_64_\w+", output("readelf", "-rW", kernel)))
    assert kinds <= {"R_X86_64_RELATIVE"}


def test_sample_kernel_keeps_writable_and_executable_memory_apart():
    segments = re.findall(r"LOAD\s+\S+\s+(0x[0-9a-f]+)\s+\S+\s+\S+\s+\S+\s+([RWE ]{3})",
                          output("readelf", "-lW", SAMPLE))
    assert [rights.replace(" ", "") for _, rights in segments] == ["RE", "R", "RW"]
    assert all(int(start, 16) >= TOP_2_GIB for start, _ in segments)
