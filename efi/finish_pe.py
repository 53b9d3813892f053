"""Finishes BOOTX64.EFI: what objcopy cannot set or gets wrong in the PE header. Refuses an image that breaks a promise.

Usage: finish_pe.py FILE
"""
import sys

import pefile

PAGE = 4096
NX_COMPAT = 0x0100  # IMAGE_DLLCHARACTERISTICS_NX_COMPAT: PE Format, "DLL Characteristics"
WRITE, EXECUTE = 0x80000000, 0x20000000  # PE Format, "Section Flags"


def finish(path):
    pe = pefile.PE(path)
    pe.OPTIONAL_HEADER.DllCharacteristics |= NX_COMPAT
    pe.FILE_HEADER.TimeDateStamp = 0  # the same source gives the same bytes
    for section in pe.sections:
        name = section.Name.rstrip(b"\0").decode()
        if section.VirtualAddress % PAGE:
            sys.exit(f"{path}: section {name} at {section.VirtualAddress:#x} is not on a page")
        if section.Characteristics & WRITE and section.Characteristics & EXECUTE:
            sys.exit(f"{path}: section {name} is both writable and executable")
        if section.Characteristics & WRITE and name not in (".data", ".bss"):
            sys.exit(f"{path}: section {name} is writable")
    pe.OPTIONAL_HEADER.CheckSum = pe.generate_checksum()
    data = pe.write()
    pe.close()
    with open(path, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    finish(sys.argv[1])
