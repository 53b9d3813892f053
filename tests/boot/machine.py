"""Virtual machines with OVMF as their firmware, driven over QMP."""
import ctypes
import dataclasses
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from qmp import MachineDied, Qmp

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"

PR_SET_PDEATHSIG = 1
POLL_S = 0.05

# Where many words lie close together, reading all that lies between them is faster than asking for each.
WORD_BYTES = 8
DUMP_BYTES = 32 << 20
DUMP_WORDS_MIN = 200

# Adapters, by the names of issue 2 and of the reports. {mode} is ",xres=W,yres=H" or nothing.
DISPLAYS = {
    "std": ["VGA{mode}"],
    "virtio-gpu": ["virtio-gpu-pci"],  # no linear framebuffer under OVMF
    "two": ["VGA{mode}", "secondary-vga{mode}"],
    "ramfb": ["ramfb"],  # the framebuffer lies inside RAM
    "none": [],
    # No whole number of pages; with ids, to look at each one.
    "odd": ["VGA,id=first,xres=1400,yres=1050", "secondary-vga,id=second,xres=1400,yres=1050"],
    "mixed": ["VGA,id=first", "ramfb,id=second"],
}

# Escape sequences (ECMA-48 control sequences) that the firmware's own console writes on COM1.
ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?=]*[@-~]|[@-Z\\-_])")


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a machine is made of: all that its memory map can depend on. Hashable, and a name for files and reports."""

    memory_mib: int = 256
    smp: int = 1
    cpu: str = "qemu64"
    display: str = "std"
    serial: bool = True
    mode: tuple = None  # (width, height) of the adapter's preferred mode; None: QEMU's

    @property
    def name(self):
        memory = f"{self.memory_mib}M" if self.memory_mib < 1024 else f"{self.memory_mib // 1024}G"
        mode = "-%dx%d" % self.mode if self.mode else ""
        return f"{memory}-smp{self.smp}-{self.cpu}-{self.display}{mode}{'' if self.serial else '-noserial'}"

    def arguments(self):
        """QEMU's, without firmware, disks and channels."""
        # Anonymous memory costs the host 2 MiB for each frame that the guest touches (huge pages), memfd 4 KiB.
        memory = f"memory-backend-memfd,id=ram,share=on,reserve=off,size={self.memory_mib}M"
        arguments = ["-smp", str(self.smp), "-m", f"{self.memory_mib}M", "-object", memory,
                     "-machine", "q35,memory-backend=ram"]
        cpu = self.cpu
        if self.memory_mib >= 512 * 1024:
            cpu += ",phys-bits=44"  # QEMU's default of 40 leaves no room for devices
        if self.memory_mib > 512 * 1024:
            cpu += ",+pdpe1gb"  # without 1 GiB pages OVMF itself does not come up with that much memory
        arguments += ["-cpu", cpu]
        mode = ",xres=%d,yres=%d" % self.mode if self.mode else ""
        for adapter in DISPLAYS[self.display]:
            arguments += ["-device", adapter.format(mode=mode)]
        return arguments


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """
    A running guest; use as a context manager. It never outlives the process that made it.

    shape     what it is made of
    image     raw disk image to boot from; changes by the guest are dropped, unless `keep_changes`
    strings   SMBIOS type 11 strings
    window    show the screen ("gtk", "sdl") instead of running headless
    extra     more arguments for QEMU
    """

    def __init__(self, shape=Shape(), image=None, strings=(), keep_changes=False, window=None, extra=()):
        self.shape = shape
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="polyglot-"))
        self.serial_path = self.directory / "serial"
        self.serial_path.touch()
        shutil.copyfile(OVMF_VARS, self.directory / "vars")
        ours, theirs = socket.socketpair()
        command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg", "-no-reboot",
                   "-nic", "none", "-display", window or "none", "-vga", "none", *shape.arguments(),
                   "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF_CODE}",
                   "-drive", f"if=pflash,format=raw,unit=1,file={self.directory}/vars",
                   "-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control",
                   "-serial", f"file:{self.serial_path}" if shape.serial else "none"]
        if image:
            command += ["-drive", f"if=ide,format=raw,snapshot={'off' if keep_changes else 'on'},file={image}"]
        if strings:
            # A comma inside a value is written twice.
            command += ["-smbios", "type=11," + ",".join("value=" + s.replace(",", ",,") for s in strings)]
        command += extra
        self.errors = open(self.directory / "errors", "w+b")
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors,
                                            pass_fds=[theirs.fileno()], preexec_fn=_die_with_parent)
        except OSError:
            shutil.rmtree(self.directory)
            raise
        theirs.close()
        try:
            self.qmp = Qmp(ours)
        except MachineDied:
            message = self.complaint()
            self.close()
            raise MachineDied(f"QEMU did not start: {message}") from None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.errors.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def complaint(self):
        """What QEMU itself said."""
        self.process.wait(timeout=10)
        return (self.directory / "errors").read_text(errors="replace").strip()

    @property
    def running(self):
        return self.process.poll() is None

    def serial_text(self):
        """COM1 up to now, as text: without the firmware's escape sequences and carriage returns."""
        return plain_text(self.serial_path.read_bytes())

    def wait_until(self, condition, timeout_s, what):
        """Waits until condition() is true and returns its value; MachineDied or TimeoutError else."""
        deadline = time.monotonic() + timeout_s
        while True:
            alive = self.running  # before the condition: what it wrote last still counts
            value = condition()
            if value:
                return value
            if not alive:
                raise MachineDied(f"the guest ended while waiting for {what}: {self.complaint()}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {what} within {timeout_s} s\n{self.tail()}")
            time.sleep(POLL_S)

    def wait_for_line(self, line, timeout_s=120):
        """Waits for `line` on COM1, complete with its newline."""
        self.wait_until(lambda: line + "\n" in self.serial_text(), timeout_s, f"line {line!r}")

    def wait_for_exit(self, timeout_s=120):
        self.wait_until(lambda: not self.running, timeout_s, "end of the guest")

    def tail(self, lines=15):
        return "\n".join(["--- last lines on COM1:", *self.serial_text().split("\n")[-lines:]])

    def processors(self):
        """QEMU's own account of them."""
        return self.qmp.execute("query-cpus-fast")

    def registers(self, processor=0):
        """A processor's: name -> value of what `info registers` shows in hexadecimal, HLT among them."""
        text = self.qmp.execute("human-monitor-command", command_line="info registers", cpu_index=processor)
        return {name: int(value, 16) for name, value in re.findall(r"\b([A-Z][A-Z0-9]{1,4})\s?=\s?([0-9a-f]+)", text)}

    def is_halted(self, processor=0):
        """Whether the processor waits with interrupts off: for ever."""
        registers = self.registers(processor)
        return registers["HLT"] == 1 and not registers["RFL"] & 0x200

    def wait_for_halt(self, timeout_s=120):
        self.wait_until(self.is_halted, timeout_s, "halt")

    def read_memory(self, address, count):
        """`count` bytes of physical memory."""
        path = self.directory / "memory"
        self.qmp.execute("pmemsave", val=address, size=count, filename=str(path))
        return path.read_bytes()

    def read_words(self, addresses):
        """The 64-bit word at each of these physical addresses, which rise."""
        words = []
        for _, chunk in itertools.groupby(addresses, lambda address: address // DUMP_BYTES):
            chunk = list(chunk)
            if len(chunk) >= DUMP_WORDS_MIN:
                start = chunk[0]
                data = self.read_memory(start, chunk[-1] + WORD_BYTES - start)
                words += [int.from_bytes(data[at - start:at - start + WORD_BYTES], "little") for at in chunk]
            else:
                answers = self.qmp.monitor_many([f"xp /1gx {address:#x}" for address in chunk])
                words += [int(answer.split()[1], 16) for answer in answers]
        return words

    def screenshot(self, path, device=None):
        """The first screen, or that of the adapter with this id, as PNG."""
        which = {"device": device} if device else {}
        self.qmp.execute("screendump", filename=str(path), format="png", **which)

    def press(self, *keys):
        for key in keys:
            self.qmp.execute("send-key", keys=[{"type": "qcode", "data": key}])


def plain_text(raw):
    return ESCAPE_SEQUENCE.sub("", raw.decode(errors="replace")).replace("\r", "")
