"""BOOTX64.EFI as a file: its sections, what it claims of itself, and that it comes out the same anywhere."""
import os
import pathlib
import shutil
import subprocess

import pefile
import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
IMAGE = BUILD / "BOOTX64.EFI"

PAGE_BYTES = 4096
SIZE_MAX = 245760
SIZE_MAX_CLANG = 272 << 10
SUBSYSTEM_EFI_APPLICATION = 10
NX_COMPAT = 0x100
SOURCES = ("Makefile", "efi", "esp", "include", "kernel", "mm", "tests")


@pytest.fixture(scope="module")
def image():
    return pefile.PE(str(IMAGE))


def rights(section):
    return "".join(letter if getattr(section, f"IMAGE_SCN_MEM_{name}") else "-"
                   for letter, name in (("r", "READ"), ("w", "WRITE"), ("x", "EXECUTE")))


def test_image_is_small():
    assert IMAGE.stat().st_size < SIZE_MAX


def test_image_is_an_efi_application_for_x86_64(image):
    assert image.OPTIONAL_HEADER.Magic == pefile.OPTIONAL_HEADER_MAGIC_PE_PLUS
    assert image.OPTIONAL_HEADER.Subsystem == SUBSYSTEM_EFI_APPLICATION
    assert image.FILE_HEADER.Machine == pefile.MACHINE_TYPE["IMAGE_FILE_MACHINE_AMD64"]


def test_every_section_starts_on_a_page_of_its_own(image):
    assert image.OPTIONAL_HEADER.SectionAlignment == PAGE_BYTES
    assert image.sections
    end = 0
    for section in image.sections:
        assert section.VirtualAddress % PAGE_BYTES == 0
        assert section.VirtualAddress >= end
        end = section.VirtualAddress + section.Misc_VirtualSize


def test_each_kind_of_section_has_the_rights_it_needs_and_no_more(image):
    found = {section.Name.rstrip(b"\0").decode(): rights(section) for section in image.sections}
    assert found[".text"] == "r-x"
    assert found[".rodata"] == "r--"
    assert found[".data"] == "rw-"
    assert found[".reloc"] == "r--"
    for name, what in found.items():
        assert not ("w" in what and "x" in what), name


def test_image_declares_itself_nx_compatible(image):
    assert image.OPTIONAL_HEADER.DllCharacteristics & NX_COMPAT


def test_image_has_no_symbols_but_the_file_beside_it_has(image):
    assert image.FILE_HEADER.PointerToSymbolTable == 0
    assert image.FILE_HEADER.NumberOfSymbols == 0
    names = subprocess.run(["nm", f"{IMAGE}.debug"], check=True, capture_output=True, text=True).stdout
    for name in ("kernel_main", "kernel_result", "halt_forever"):
        assert f" {name}\n" in names


def build_elsewhere(directory, *variables):
    """Builds in a copy of the tree; what the compiler said is in the exception, if it fails."""
    directory.mkdir(exist_ok=True)
    for name in SOURCES:
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, directory / name)
        elif source.exists():
            shutil.copy(source, directory / name)
    done = subprocess.run(["make", "-s", "-C", str(directory), "BUILD=build", *variables, "build/BOOTX64.EFI"],
                          env={key: value for key, value in os.environ.items() if not key.startswith("MAKE")},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout
    return directory / "build" / "BOOTX64.EFI"


def test_image_built_in_another_directory_is_the_same_byte_for_byte(tmp_path):
    assert build_elsewhere(tmp_path / "elsewhere").read_bytes() == IMAGE.read_bytes()


def test_image_builds_with_clang_without_a_warning(tmp_path):
    built = build_elsewhere(tmp_path, "CC=clang")
    assert built.stat().st_size <= SIZE_MAX_CLANG
