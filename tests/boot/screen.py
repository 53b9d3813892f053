"""
Reads text back from a screenshot: cells of the console's grid against the glyphs of the fonts that are built in, which
come from the same Debian package here and there.
"""
import gzip
import struct

from PIL import Image, ImageChops

FONT_FILES = {8: "/usr/share/consolefonts/spleen-8x16.psfu.gz", 16: "/usr/share/consolefonts/spleen-16x32.psfu.gz"}

PSF1_MAGIC = b"\x36\x04"
PSF2_MAGIC = b"\x72\xb5\x4a\x86"
PSF1_512_GLYPHS = 1

UNKNOWN = "\N{REPLACEMENT CHARACTER}"


class Font:
    """Bitmaps of one PSF font, by character; glyphs that look alike read as the character with the lowest number."""

    def __init__(self, path):
        data = gzip.open(path).read()
        if data.startswith(PSF1_MAGIC):
            mode, self.height = data[2], data[3]
            self.width, glyph_bytes, start = 8, self.height, 4
            n_glyphs = 512 if mode & PSF1_512_GLYPHS else 256
            lists = self._psf1_unicode(data[start + n_glyphs * glyph_bytes:])
        elif data.startswith(PSF2_MAGIC):
            start, _, n_glyphs, glyph_bytes, self.height, self.width = struct.unpack_from("<6I", data, 8)
            lists = self._psf2_unicode(data[start + n_glyphs * glyph_bytes:])
        else:
            raise ValueError(f"{path} is no PSF font")
        self.glyph_of = {}
        for number, characters in zip(range(n_glyphs), lists):
            at = start + number * glyph_bytes
            for character in characters:
                self.glyph_of[character] = data[at:at + glyph_bytes]
        self.character_of = {}
        for character in sorted(self.glyph_of, reverse=True):
            self.character_of[self.glyph_of[character]] = character

    @staticmethod
    def _psf1_unicode(table):
        units = struct.unpack(f"<{len(table) // 2}H", table[:len(table) // 2 * 2])
        characters, in_sequence = [], False
        for unit in units:
            if unit == 0xFFFF:
                yield characters
                characters, in_sequence = [], False
            elif unit == 0xFFFE:
                in_sequence = True
            elif not in_sequence:
                characters.append(chr(unit))

    @staticmethod
    def _psf2_unicode(table):
        for entry in table.split(b"\xff"):
            yield list(entry.split(b"\xfe")[0].decode())


_fonts = {}


def font(width):
    if width not in _fonts:
        _fonts[width] = Font(FONT_FILES[width])
    return _fonts[width]


def text_scale(width_px):
    """As fb_text_scale() (include/fb_draw.h)."""
    return 4 if width_px >= 5120 else 2 if width_px >= 2560 else 1


CONSOLE_MARGIN = 8
CONSOLE_PERCENT = 66


class Screen:
    """
    A screenshot and the grid of text on it: in the middle of the area that memory_picture_console_area() leaves to the
    console (include/memory_picture.h), as the head of include/fb_console.h says.

    background  colour behind the text; None: that of the first pixel
    """

    def __init__(self, path, background=None):
        self.image = Image.open(path).convert("RGB")
        self.width, self.height = self.image.size
        scale = text_scale(self.width)
        self.font = font(16 if scale > 1 else 8)
        self.enlarged = 8 * scale // self.font.width  # pixels of the screen per pixel of the font
        self.cell_width, self.cell_height = 8 * scale, 16 * scale
        margin = CONSOLE_MARGIN * scale
        self.columns = (self.width - 2 * margin) // self.cell_width
        self.rows = (self.height * CONSOLE_PERCENT // 100 - margin) // self.cell_height
        self.left = margin + (self.width - 2 * margin) % self.cell_width // 2
        self.top = margin
        self.bottom = self.top + self.rows * self.cell_height
        self.background = background or self.image.getpixel((0, 0))
        self.mask = self._foreground()

    def _foreground(self):
        """White where the screen is not background."""
        difference = ImageChops.difference(self.image, Image.new("RGB", self.image.size, self.background))
        red, green, blue = difference.split()
        brightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        return brightest.point(lambda value: 255 if value else 0).convert("1", dither=Image.Dither.NONE)

    def _cell(self, column, y):
        return self._character(self.left + column * self.cell_width, y)

    def _character(self, x, y):
        cell = self.mask.crop((x, y, x + self.cell_width, y + self.cell_height))
        if self.enlarged > 1:
            small = cell.resize((self.font.width, self.font.height), Image.Resampling.NEAREST)
            if small.resize(cell.size, Image.Resampling.NEAREST).tobytes() != cell.tobytes():
                return UNKNOWN
            cell = small
        return self.font.character_of.get(cell.tobytes(), UNKNOWN)

    def lines(self):
        """The console's rows, without blanks at their ends; a cell that is no character reads as UNKNOWN."""
        tops = range(self.top, self.bottom, self.cell_height)
        return ["".join(self._cell(column, y) for column in range(self.columns)).rstrip() for y in tops]

    def text(self, x, y, cells):
        """What stands in so many cells at any place, without blanks at its ends."""
        return "".join(self._character(x + n * self.cell_width, y) for n in range(cells)).strip()

    def colours(self, box):
        """How many colours occur in (left, top, right, bottom)."""
        area = self.image.crop(box)
        return len(area.getcolors(area.width * area.height))


def wrap(text, columns, rows):
    """The rows of a console that has shown this text, which ends in a newline; blanks at their ends left out."""
    wrapped = []
    for line in text.split("\n"):
        wrapped += [line[at:at + columns].rstrip() for at in range(0, len(line), columns)] or [""]
    return wrapped[-rows:] + [""] * (rows - len(wrapped))
