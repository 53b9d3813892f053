"""The console's glyphs, as the target gets them, against the fonts that they come from."""
import ctypes
import gzip
import os
import pathlib
import struct
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
FONTS = pathlib.Path("/usr/share/consolefonts")
REPLACEMENT = 0xFFFD


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("font") / "font.so"
    sources = [TOP / "kernel" / "glyph.c", BUILD / "gen" / "font.c", TOP / "mm" / "library" / "assert.c"]
    subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu2x", "-O2", "-fPIC", "-shared", "-I", TOP / "include", *sources,
                    "-o", path], check=True)
    loaded = ctypes.CDLL(str(path))
    loaded.glyph_of_code.restype = ctypes.c_uint16
    loaded.glyph_rows.restype = ctypes.c_void_p
    return loaded


def drawn(library, code, scale, n_bytes):
    return ctypes.string_at(library.glyph_rows(library.glyph_of_code(code), scale), n_bytes)


def psf1(name):
    """{code point: glyph}, read by nothing of ours."""
    data = gzip.open(FONTS / name).read()
    assert data[:2] == b"\x36\x04"
    n, size = (512 if data[2] & 1 else 256), data[3]
    words = iter(struct.unpack(f"<{(len(data) - 4 - n * size) // 2}H", data[4 + n * size:]))
    glyphs = {}
    for i in range(n):
        sequence = False
        for word in iter(words.__next__, 0xFFFF):
            sequence |= word == 0xFFFE
            if not sequence:
                glyphs[word] = data[4 + i * size:4 + (i + 1) * size]
    return glyphs


def psf2(name):
    data = gzip.open(FONTS / name).read()
    assert data[:4] == b"\x72\xb5\x4a\x86"
    header, _, n, size = struct.unpack_from("<4I", data, 8)
    table = data[header + n * size:].split(b"\xff")
    return {ord(character): data[header + i * size:header + (i + 1) * size]
            for i in range(n) for character in table[i].split(b"\xfe")[0].decode()}


@pytest.mark.parametrize("scale,read,name,n_bytes", [(1, psf1, "spleen-8x16.psfu.gz", 16),
                                                     (2, psf2, "spleen-16x32.psfu.gz", 64)])
def test_every_glyph_is_that_of_the_font(library, scale, read, name, n_bytes):
    font = read(name)
    other = psf2("spleen-16x32.psfu.gz") if scale == 1 else psf1("spleen-8x16.psfu.gz")
    shared = [code for code in font if code in other and code <= 0xFFFF]
    assert len(shared) > 500
    for code in shared:
        assert drawn(library, code, scale, n_bytes) == font[code], f"U+{code:04X}"
