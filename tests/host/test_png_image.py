"""The PNG encoder as the target compiles it, against PIL's decoder, pixel by pixel."""
import ctypes
import io
import os
import pathlib
import random
import re
import struct
import subprocess

import pytest
from PIL import Image

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
SOURCE = TOP / "efi" / "picture" / "png_image.c"
TARGET_FLAGS = ["-std=gnu2x", "-Os", "-ffreestanding", "-mno-red-zone", "-mgeneral-regs-only", "-fno-strict-aliasing"]

OK, BAD_SIZE, NO_MEMORY = range(3)
FLAT, STRIPES, NOISE = range(3)


class PngImage(ctypes.Structure):
    _fields_ = [("pixels", ctypes.c_void_p), ("width_px", ctypes.c_uint32), ("height_px", ctypes.c_uint32),
                ("pitch_bytes", ctypes.c_uint32)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("png_image") / "png_image.so"
    subprocess.run([os.environ.get("CC", "gcc"), *TARGET_FLAGS, "-fPIC", "-shared", "-I", TOP / "include", SOURCE, "-o",
                    path], check=True)
    library = ctypes.CDLL(str(path))
    library.png_image_work_bytes.restype = ctypes.c_size_t
    return library


def encode(library, width, height, pixels, pitch, work_bytes):
    """The status and the file; pixels: a bytearray."""
    buffer = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    work = ctypes.create_string_buffer(max(work_bytes, 1))
    image = PngImage(ctypes.addressof(buffer), width, height, pitch)
    png, n_bytes = ctypes.c_void_p(), ctypes.c_size_t()
    status = library.png_image_encode(ctypes.byref(image), work, ctypes.c_size_t(work_bytes), ctypes.byref(png),
                                      ctypes.byref(n_bytes))
    return status, ctypes.string_at(png, n_bytes.value) if status == OK else None


def draw(numbers, width, height, kind):
    """0xRRGGBB of each pixel, by rows."""
    colours = [numbers.randrange(1 << 24) for _ in range(6)]
    if kind == NOISE:
        return [[numbers.randrange(1 << 24) for _ in range(width)] for _ in range(height)]
    if kind == STRIPES:
        return [[colours[(x // 8 + y // 16) % 6] for x in range(width)] for y in range(height)]
    return [[colours[0]] * width for _ in range(height)]


def in_memory(numbers, rows, pitch):
    """As a frame buffer holds them; the unused byte and what lies between rows is noise."""
    memory = bytearray()
    for row in rows:
        line = b"".join(struct.pack("<I", numbers.randrange(256) << 24 | colour) for colour in row)
        memory += line + numbers.randbytes(pitch - len(line))
    return memory


@pytest.mark.parametrize("kind", (FLAT, STRIPES, NOISE))
@pytest.mark.parametrize("width,height", ((1, 1), (1, 300), (300, 1), (7, 5), (97, 63), (640, 200)))
def test_what_is_decoded_is_what_was_drawn(library, width, height, kind):
    numbers = random.Random(width * 1000 + height * 10 + kind)
    rows = draw(numbers, width, height, kind)
    pitch = 4 * width + 4 * numbers.randrange(9)
    work = (6 << 20) + 6 * 3 * width * height if kind == NOISE else library.png_image_work_bytes(width, height)
    status, png = encode(library, width, height, in_memory(numbers, rows, pitch), pitch, work)
    assert status == OK
    decoded = Image.open(io.BytesIO(png))
    assert (decoded.format, decoded.mode, decoded.size) == ("PNG", "RGB", (width, height))
    assert list(decoded.getdata()) == [(c >> 16, c >> 8 & 255, c & 255) for row in rows for c in row]


def test_a_picture_of_areas_is_small_and_needs_the_memory_it_is_said_to(library):
    numbers = random.Random(3)
    width, height = 1280, 800
    rows = draw(numbers, width, height, STRIPES)
    work = library.png_image_work_bytes(width, height)
    status, png = encode(library, width, height, in_memory(numbers, rows, 4 * width), 4 * width, work)
    assert status == OK
    assert len(png) < 100_000
    assert work < 5 << 20


@pytest.mark.parametrize("width,height,pitch", ((0, 1, 4), (1, 0, 4), (2, 1, 7), (32769, 1, 1 << 20), (1, 32769, 4),
                                                (32768, 32768, 1 << 17), (0x40000001, 1, 4)))
def test_sizes_that_cannot_be_are_refused(library, width, height, pitch):
    assert encode(library, width, height, bytearray(16), pitch, 1 << 20) == (BAD_SIZE, None)


def test_neither_vector_registers_nor_the_red_zone_are_used():
    """The interrupts of the firmware use the same stack, and kernel/ saves no vector registers."""
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", BUILD / "target" / "efi" / "picture" /
                              "png_image.o"], check=True, capture_output=True, text=True).stdout
    assert "png_image_encode" in listing
    assert not re.search(r"%[xyz]mm|%mm|%st|-0x[0-9a-f]+\(%rsp\)", listing)
