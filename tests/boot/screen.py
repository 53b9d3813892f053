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

# Text columns without content may be anything; a line that ends in blanks reads as without them.
UNKNOWN = "\0"


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


class Screen:
    """
    A screenshot. The console's area is as wide as the screen and lies at its top (include/memory_picture.h); its grid
    is centred in it (include/fb_console.h), so all that must be found out is the height of the remainder above it.
    """

    def __init__(self, path):
        self.image = Image.open(path).convert("RGB")
        self.width, self.height = self.image.size
        scale = text_scale(self.width)
        self.font = font(16 if scale > 1 else 8)
        self.enlarged = 8 * scale // self.font.width  # pixels of the screen per pixel of the font
        self.cell_width, self.cell_height = 8 * scale, 16 * scale
        self.columns = self.width // self.cell_width
        self.left = (self.width - self.columns * self.cell_width) // 2
        self.background = self.image.getpixel((0, 0))
        self.mask = self._foreground()
        self.top = max(range(self.cell_height), key=self._readable_cells)

    def _foreground(self):
        """White where the screen is not background."""
        difference = ImageChops.difference(self.image, Image.new("RGB", self.image.size, self.background))
        red, green, blue = difference.split()
        brightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        return brightest.point(lambda value: 255 if value else 0).convert("1", dither=Image.Dither.NONE)

    def _cell(self, column, y):
        x = self.left + column * self.cell_width
        cell = self.mask.crop((x, y, x + self.cell_width, y + self.cell_height))
        if self.enlarged > 1:
            small = cell.resize((self.font.width, self.font.height), Image.Resampling.NEAREST)
            if small.resize(cell.size, Image.Resampling.NEAREST).tobytes() != cell.tobytes():
                return UNKNOWN
            cell = small
        return self.font.character_of.get(cell.tobytes(), UNKNOWN)

    def _readable_cells(self, top, columns=24, rows=12):
        """How many characters, not blanks, can be read if the grid starts at `top`."""
        cells = [self._cell(column, top + row * self.cell_height) for row in range(rows) for column in range(columns)]
        return sum(cell not in (UNKNOWN, " ") for cell in cells)

    def lines(self):
        """The console's rows from the top to the first that is not text, without blanks at their ends."""
        lines = []
        for y in range(self.top, self.height - self.cell_height + 1, self.cell_height):
            line = "".join(self._cell(column, y) for column in range(self.columns))
            if UNKNOWN in line:
                break
            lines.append(line.rstrip())
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def colours(self, box):
        """How many colours occur in (left, top, right, bottom)."""
        area = self.image.crop(box)
        return len(area.getcolors(area.width * area.height))


def wrap(text, columns):
    """Lines of text as a console of this many columns shows them, without blanks at their ends."""
    rows = []
    for line in text.split("\n"):
        cut = [line[at:at + columns] for at in range(0, len(line), columns)] or [""]
        rows += [piece.rstrip() for piece in cut]
    return rows
