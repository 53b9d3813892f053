"""What the symbol file beside BOOTX64.EFI knows. Addresses in it are offsets from where the image lies in memory."""
import functools
import subprocess

from machine import BUILD

SYMBOL_FILE = BUILD / "BOOTX64.EFI.debug"


@functools.lru_cache(maxsize=None)
def symbols():
    """Name -> offset."""
    output = subprocess.run(["nm", str(SYMBOL_FILE)], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in output.splitlines()]
    return {words[2]: int(words[0], 16) for words in fields if len(words) == 3}


def function_at(offset):
    """Names of the functions, innermost first where some are inlined, at an offset of the image."""
    output = subprocess.run(["addr2line", "-f", "-i", "-e", str(SYMBOL_FILE), hex(offset)], check=True,
                            capture_output=True, text=True).stdout
    return output.splitlines()[::2]
