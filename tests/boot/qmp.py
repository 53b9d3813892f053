"""QEMU's machine protocol (QMP): JSON objects, one a line, over a socket."""
import json
import socket
import time


class MachineDied(Exception):
    """QEMU is gone while something was asked of it."""


class Qmp:
    """One connection. Commands may be pipelined; events are kept in `events`."""

    def __init__(self, connection):
        self.connection = connection
        self.stream = connection.makefile("rwb", buffering=0)
        self.buffer = b""
        self.events = []
        self._read()  # greeting
        self.execute("qmp_capabilities")

    def _read(self, timeout=60):
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            self.connection.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                received = self.connection.recv(1 << 20)
            except socket.timeout:
                raise TimeoutError(f"QEMU did not answer within {timeout} s") from None
            except ConnectionError:
                received = b""
            if not received:
                raise MachineDied("QEMU closed its QMP connection")
            self.buffer += received
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def _send(self, name, arguments):
        command = {"execute": name}
        if arguments:
            command["arguments"] = arguments
        try:
            self.connection.sendall(json.dumps(command).encode() + b"\n")
        except OSError as error:
            raise MachineDied(f"QEMU is gone: {error}") from None

    def _answer(self, timeout=60):
        while True:
            message = self._read(timeout)
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(message["error"]["desc"])
            elif "return" in message:
                return message["return"]

    def execute(self, name, timeout=60, **arguments):
        self._send(name, {key.replace("_", "-"): value for key, value in arguments.items()})
        return self._answer(timeout)

    def monitor(self, line):
        """A command of the human monitor, and its text."""
        return self.execute("human-monitor-command", command_line=line)

    def monitor_many(self, lines, in_flight=64):
        """As monitor() for each line, but without waiting for every answer."""
        answers = []
        for i, line in enumerate(lines):
            self._send("human-monitor-command", {"command-line": line})
            if i >= in_flight:
                answers.append(self._answer())
        while len(answers) < len(lines):
            answers.append(self._answer())
        return answers

    def close(self):
        self.stream.close()
        self.connection.close()
