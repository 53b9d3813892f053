#!/usr/bin/python3
"""
The pictures of commands in README.md: each is run in OVMF's shell on a screen of 1280x800, and the screen saved as
tests/boot/screens/NAME.png. Names as arguments: only these.
"""
import argparse
import pathlib
import subprocess
import tempfile

import images
from boot import LOADER
from machine import TOP, Machine, Shape
from test_inventory import NumaShape

SCREENS = TOP / "tests" / "boot" / "screens"
TIMEOUT_S = 240
GIB = 1024

# With a serial port, the console would have the modes alone that terminals have, too.
ONE = Shape(memory_mib=256, smp=4, serial=False)
TWO_DOMAINS = NumaShape(memory_mib=4 * GIB, smp=4, serial=False)
SCREEN = ("-device", "VGA")
MODULES = (*SCREEN, "-smbios", "type=17,loc_pfx=DIMM_A,bank=Bank,manufacturer=Example,part=EX4-3200,speed=3200")

# name -> the machine, what else QEMU is told, the command
COMMANDS = {
    "map": (ONE, (), "map"),
    "frames": (ONE, (), "frames"),
    "numa": (TWO_DOMAINS, SCREEN, "numa"),
    "dimms": (TWO_DOMAINS, MODULES, "dimms"),
    "test": (ONE, (), "test --range 32M-64M"),
    "picture": (ONE, (), r"picture fs0:\memory.png"),
}


def take(name, directory):
    shape, extra, command = COMMANDS[name]
    script = images.script("@echo -off", "fs0:", "mode 160 42", "cls", f'echo "fs0:\\> BOOTX64.EFI {command}"',
                           f"BOOTX64.EFI {command}", "echo %lasterror% > end.txt", "pause -q", "reset -s")
    image = images.make_image(directory / "esp.img", {"startup.nsh": script, "BOOTX64.EFI": LOADER})
    with Machine(shape, image=image, keep_changes=True, extra=extra) as guest:
        guest.wait_until(lambda: has_file(image, "end.txt"), TIMEOUT_S, f"end of {name}")
        guest.screenshot(SCREENS / f"{name}.png")


def has_file(image, name):
    try:
        return bool(images.read_file(image, name))
    except subprocess.CalledProcessError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(COMMANDS))
    names = parser.parse_args().names or list(COMMANDS)
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            take(name, pathlib.Path(directory))
        print(SCREENS / f"{name}.png")


if __name__ == "__main__":
    main()
