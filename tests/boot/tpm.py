"""A TPM 2.0 in software (swtpm) for a guest, and its event log: TCG PC Client Platform Firmware Profile 1.05, 10."""
import ctypes
import dataclasses
import hashlib
import signal
import struct
import subprocess
import time

SHA256, SHA256_BYTES = 0x000B, 32
EVENT_NO_ACTION = 3
SPECIFICATION_ID = b"Spec ID Event03\0"
PR_SET_PDEATHSIG = 1
START_S = 10


class SoftwareTpm:
    """Runs until close(); its state is in the directory."""

    def __init__(self, directory):
        self.socket = directory / "tpm.socket"
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={directory}",
             "--ctrl", f"type=unixio,path={self.socket}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        deadline = time.monotonic() + START_S
        while not self.socket.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.close()
                raise TimeoutError("swtpm does not start")
            time.sleep(0.05)

    def arguments(self):
        """QEMU's."""
        return ["-chardev", f"socket,id=tpm,path={self.socket}", "-tpmdev", "emulator,id=tpm0,chardev=tpm",
                "-device", "tpm-tis,tpmdev=tpm0"]

    def close(self):
        self.process.kill()
        self.process.wait()


@dataclasses.dataclass(frozen=True)
class Event:
    register: int
    type: int
    digests: dict  # algorithm -> bytes
    data: bytes


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, letter):
        value, = struct.unpack_from("<" + letter, self.data, self.at)
        self.at += struct.calcsize(letter)
        return value

    def bytes(self, count):
        assert count <= len(self.data) - self.at
        self.at += count
        return self.data[self.at - count:self.at]


def _read_specification(reader):
    """The first event, in the older format: algorithm -> size of its digests."""
    register, kind, digest = reader.number("I"), reader.number("I"), reader.bytes(20)
    assert (register, kind, digest) == (0, EVENT_NO_ACTION, bytes(20))
    event = _Reader(reader.bytes(reader.number("I")))
    assert event.bytes(len(SPECIFICATION_ID)) == SPECIFICATION_ID
    event.bytes(8)  # class, version, size of integers
    return {event.number("H"): event.number("H") for _ in range(event.number("I"))}


def parse_log(data):
    """The events behind the first, which names the algorithms. The log must end where its last event does."""
    reader, events = _Reader(data), []
    sizes = _read_specification(reader)
    while reader.at < len(data):
        register, kind = reader.number("I"), reader.number("I")
        digests = {}
        for _ in range(reader.number("I")):
            algorithm = reader.number("H")
            digests[algorithm] = reader.bytes(sizes[algorithm])
        events.append(Event(register, kind, digests, reader.bytes(reader.number("I"))))
    return events


def replay(events, n_registers):
    """What the SHA-256 registers hold after these events."""
    values = [bytes(SHA256_BYTES)] * n_registers
    for event in events:
        if event.type != EVENT_NO_ACTION:
            values[event.register] = extend(values[event.register], event.digests[SHA256])
    return values


def extend(value, digest):
    return hashlib.sha256(value + digest).digest()
