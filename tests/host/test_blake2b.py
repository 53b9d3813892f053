"""BLAKE2b-512 as the target compiles it, against hashlib and b2sum."""
import ctypes
import hashlib
import os
import pathlib
import random
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCE = TOP / "efi" / "config" / "blake2b.c"
TARGET_FLAGS = ["-std=gnu2x", "-O2", "-ffreestanding", "-mno-red-zone", "-mgeneral-regs-only", "-fno-strict-aliasing"]

DIGEST_BYTES = 64
STATE_BYTES = 1024  # more than struct blake2b
BLOCK = 128


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("blake2b") / "blake2b.so"
    subprocess.run([os.environ.get("CC", "gcc"), *TARGET_FLAGS, "-fPIC", "-shared", "-I", TOP / "include", SOURCE, "-o",
                    path], check=True)
    return ctypes.CDLL(str(path))


def digest(library, *pieces):
    state = ctypes.create_string_buffer(STATE_BYTES)
    result = ctypes.create_string_buffer(DIGEST_BYTES)
    library.blake2b_init(state)
    for piece in pieces:
        library.blake2b_update(state, piece, ctypes.c_size_t(len(piece)))
    library.blake2b_final(state, result)
    return result.raw


def test_every_length_up_to_eight_blocks_agrees_with_hashlib(library):
    data = random.Random(1).randbytes(8 * BLOCK)
    for n in range(len(data) + 1):
        assert digest(library, data[:n]) == hashlib.blake2b(data[:n]).digest(), n


def test_random_pieces_agree_with_hashlib(library):
    numbers = random.Random(2)
    for _ in range(300):
        pieces = [numbers.randbytes(numbers.choice((0, 1, BLOCK - 1, BLOCK, BLOCK + 1, numbers.randrange(5000))))
                  for _ in range(numbers.randrange(12))]
        assert digest(library, *pieces) == hashlib.blake2b(b"".join(pieces)).digest()


@pytest.mark.parametrize("n_bytes", (0, 1, BLOCK, BLOCK * 1000, 1_000_003, 9 << 20))
def test_files_agree_with_b2sum(library, tmp_path, n_bytes):
    data = random.Random(n_bytes).randbytes(n_bytes)
    (tmp_path / "file").write_bytes(data)
    printed = subprocess.run(["b2sum", tmp_path / "file"], check=True, capture_output=True, text=True).stdout
    assert digest(library, data).hex() == printed.split()[0]
