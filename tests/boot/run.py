#!/usr/bin/python3
"""
Boots build/esp.img in QEMU: COM1 appears on the terminal as it comes, and build/screen.png shows the screen when the
kernel has halted. Exit status 0 when the last line of the report came.
"""
import argparse
import os
import signal
import sys
import time

from machine import BUILD, POLL_S, Machine, MachineDied, Shape, plain_text
from report import LAST_LINE

PANIC_MARK = "PANIC"
TIME_LIMIT_S = 120
PANIC_OUTPUT_S = 2  # what a panic may still take to print its registers


def start(shape, window):
    if not window:
        return Machine(shape, image=BUILD / "esp.img")
    try:
        return Machine(shape, image=BUILD / "esp.img", window="gtk")
    except MachineDied:
        return Machine(shape, image=BUILD / "esp.img", window="sdl")


class Terminal:
    """Copies to the terminal what has come over COM1 since the last time: whole lines, unless it is the end."""

    def __init__(self, machine):
        self.machine = machine
        self.shown = 0
        self.text = ""

    def copy(self, end=False):
        raw = self.machine.serial_path.read_bytes()
        stop = len(raw) if end else raw.rfind(b"\n") + 1
        new = plain_text(raw[self.shown:stop])
        self.text += new
        sys.stdout.write(new)
        sys.stdout.flush()
        self.shown = max(stop, self.shown)


def watch(machine, time_limit_s):
    """Until the report is complete; returns None, or what went wrong."""
    terminal = Terminal(machine)
    deadline = time.monotonic() + time_limit_s
    while True:
        alive = machine.running
        terminal.copy()
        if LAST_LINE + "\n" in terminal.text:
            return None
        if PANIC_MARK in terminal.text:
            time.sleep(PANIC_OUTPUT_S)
            terminal.copy(end=True)
            return "the kernel panicked"
        if not alive:
            terminal.copy(end=True)
            return f"the guest ended before its report was complete {machine.complaint()}".rstrip()
        if time.monotonic() > deadline:
            terminal.copy(end=True)
            return f"no end of the report within {time_limit_s} s"
        time.sleep(POLL_S)


def leave(machine, window):
    """Saves the screen; a window stays until somebody closes it."""
    if not machine.running:
        return
    machine.screenshot(BUILD / "screen.png")
    print(f"The screen is in {os.path.relpath(BUILD / 'screen.png')}", file=sys.stderr)
    if window:
        print("Close the window to end the guest.", file=sys.stderr)
        machine.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window", action="store_true", help="show the screen in a window, until it is closed")
    parser.add_argument("--memory", type=int, default=256, metavar="MIB", help="of the guest (%(default)s)")
    parser.add_argument("--processors", type=int, default=4, metavar="N", help="of the guest (%(default)s)")
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT_S, metavar="SECONDS", help="(%(default)s)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave through __exit__, which ends the guest

    try:
        with start(Shape(memory_mib=arguments.memory, smp=arguments.processors), arguments.window) as machine:
            failure = watch(machine, arguments.time_limit)
            leave(machine, arguments.window)
    except MachineDied as error:
        failure = error
    if failure:
        print(f"run: {failure}", file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
