"""What the parsers say of the configurations in tests/boot/config_files.py: what booted tests will look for."""
import ctypes
import os
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "boot"))

import config_files  # noqa: E402

WARNINGS_MAX = 32
FILES = config_files.every()


class Note(ctypes.Structure):  # struct config_error
    _fields_ = [("reason", ctypes.c_int), ("line", ctypes.c_uint32), ("value", ctypes.c_char * 64)]


class Config(ctypes.Structure):
    _fields_ = [("first", ctypes.c_void_p), ("entries", ctypes.c_void_p), ("n_entries", ctypes.c_size_t),
                ("globals", ctypes.c_void_p), ("n_globals", ctypes.c_size_t), ("warnings", ctypes.POINTER(Note)),
                ("n_warnings", ctypes.c_size_t)]


class Entry(ctypes.Structure):  # struct limine_entry, as far as it is looked at
    _fields_ = [("title", ctypes.c_char_p), ("protocol", ctypes.c_int), ("protocol_name", ctypes.c_char_p),
                ("path", ctypes.c_char_p), ("rest", ctypes.c_char * 1024)]


class EntryError(ctypes.Structure):
    _fields_ = [("reason", ctypes.c_int), ("key", ctypes.c_char_p), ("value", ctypes.c_char_p),
                ("line", ctypes.c_uint32)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "config.so"
    sources = [*sorted((TOP / "efi" / "config").glob("*.c")), TOP / "kernel" / "utf8.c", TOP / "kernel" / "format.c"]
    subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu2x", "-O2", "-fPIC", "-shared", "-I", TOP / "include",
                    *sources, "-o", path], check=True)
    loaded = ctypes.CDLL(str(path))
    loaded.config_workspace_bytes.restype = ctypes.c_size_t
    loaded.config_default.restype = ctypes.c_void_p
    loaded.config_parse.restype = loaded.limine_entry_read.restype = ctypes.c_bool
    for words in ("config_reason_text", "limine_entry_reason_text", "boot_path_status_text"):
        getattr(loaded, words).restype = ctypes.c_char_p
    return loaded


def parse(library, content):
    size = ctypes.c_size_t(len(content))
    workspace_bytes = library.config_workspace_bytes(content, size)
    workspace = ctypes.create_string_buffer(workspace_bytes or 1)
    config, error = Config(), Note()
    parsed = library.config_parse(content, size, workspace, ctypes.c_size_t(workspace_bytes), ctypes.byref(config),
                                  ctypes.byref(error))
    return parsed, workspace, config, error


def note(library, found):
    return found.line, library.config_reason_text(found.reason).decode(), found.value.decode(errors="replace")


def refusal(library, default):
    """(stage, words, value, line) of booting an entry, as far as the parsers see it."""
    entry, error = Entry(), EntryError()
    if not library.limine_entry_read(ctypes.c_void_p(default), ctypes.byref(entry), ctypes.byref(error)):
        return "entry", library.limine_entry_reason_text(error.reason).decode(), error.value.decode(), error.line
    if entry.protocol not in (1, 2):
        return "protocol", "", entry.protocol_name.decode(), 0
    if entry.path is None:
        return "", "", "", 0
    path, position = ctypes.create_string_buffer(4096), ctypes.c_size_t()
    status = library.boot_path_parse(entry.path, ctypes.c_size_t(len(entry.path)), path, ctypes.byref(position))
    if not status:
        return "", "", "", 0
    return "path", library.boot_path_status_text(status).decode(), entry.path.decode(), 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_the_parsers_say(library, file):
    parsed, workspace, config, error = parse(library, file.content)
    assert parsed == (file.stage != "file")
    if not parsed:
        assert note(library, error) == (file.line, file.words, file.value)
        return
    kept = [note(library, config.warnings[i]) for i in range(min(config.n_warnings, WARNINGS_MAX))]
    assert kept == list(file.warnings)
    default = library.config_default(ctypes.byref(config))
    if file.title is None:
        assert default is None
        return
    assert ctypes.cast(default, ctypes.POINTER(ctypes.c_char_p))[0].decode() == file.title
    if file.stage not in ("open", "hash"):
        assert refusal(library, default) == (file.stage, file.words, file.value, file.line)
    assert workspace  # the strings above lie in it
