"""Kernels as ELF64 files, made byte by byte; any part of one may be spoiled before it is made."""
import dataclasses
import struct

TOP = 0xFFFFFFFF80000000
U64_MAX = (1 << 64) - 1

ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
PT_LOAD, PT_DYNAMIC, PT_NOTE = 1, 2, 4
X, W, R = 1, 2, 4
DT_NEEDED, DT_PLTRELSZ, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_SYMENT = 1, 2, 6, 7, 8, 9, 11
DT_RELSZ, DT_PLTREL, DT_JMPREL, DT_RELRSZ, DT_RELR, DT_RELRENT = 18, 20, 23, 35, 36, 37
R_64, R_PC32, R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE, R_IRELATIVE = 1, 2, 6, 7, 8, 37
STB_GLOBAL, STB_WEAK, STT_FUNC, STT_GNU_IFUNC = 1, 2, 2, 10

COMMON = (0xC7B1DD30DF4C8B88, 0x0A82E883A194F07B)
TAG = (0xF9562B2D5C95A6C8, 0x6A7B384944536BDC)
MEMORY_MAP = (0x67CF3D9D378A806F, 0xE304ACDFC50C3C62)

# Where things are in the kernels, from their base: text, tables of relocations and symbols, data, end.
TEXT, TABLES, DATA, END = 0x0000, 0x1000, 0x2000, 0x5000
RELA, JMPREL, RELR, SYMBOLS = TABLES, TABLES + 0x400, TABLES + 0x800, TABLES + 0xC00
MESSAGE, POINTER, REQUESTS, DYNAMIC = DATA, DATA + 0x100, DATA + 0x200, DATA + 0x600


@dataclasses.dataclass
class Segment:
    type: int
    flags: int
    vaddr: int
    data: bytes = b""
    memsz: int = None  # None: as many as there are data
    align: int = 0x1000
    # What the file says, where that is not what is true.
    offset: int = None
    filesz: int = None

    def header(self, at):
        filesz = len(self.data) if self.filesz is None else self.filesz
        memsz = len(self.data) if self.memsz is None else self.memsz
        return struct.pack("<IIQQQQQQ", self.type, self.flags, at if self.offset is None else self.offset,
                           self.vaddr, self.vaddr, filesz, memsz, self.align)


def words(*values):
    return struct.pack(f"<{len(values)}Q", *(value & U64_MAX for value in values))


def rela(offset, type_, symbol=0, addend=0):
    return words(offset, symbol << 32 | type_, addend)


def symbol(bind, type_, section, value):
    return struct.pack("<IBBHQQ", 0, bind << 4 | type_, 0, section, value & U64_MAX, 0)


def request(id_words, revision=0):
    return words(*COMMON, *id_words, revision, 0)


def code(pointer=POINTER, member=None):
    """
    Writes the string at *pointer to COM1, then halts; with `member`, the string whose address is at *pointer + member.
    QEMU's UART is always ready.
    """
    code = bytes.fromhex("fa fc 66baf803 488b35")  # cli; cld; mov dx, 0x3f8; mov rsi, [rip + ...]
    code += struct.pack("<i", pointer - (TEXT + len(code) + 4))
    if member is not None:
        code += struct.pack("<4B", 0x48, 0x8B, 0x76, member)  # mov rsi, [rsi + member]
    # 1: lodsb; test al, al; jz 2f; out dx, al; jmp 1b; 2: hlt; jmp 2b
    return code + bytes.fromhex("ac 84c0 7403 ee ebf8 f4 ebfd")


class Kernel:
    """A sound file, every part of which may be changed before `bytes()` makes it."""

    def __init__(self, message="", type_=ET_EXEC, base=TOP):
        self.base = base
        self.header = dict(magic=b"\x7fELF", klass=2, data=1, ident_version=1, type=type_, machine=62, version=1,
                           entry=base + TEXT, phoff=64, phentsize=56, phnum=None)
        self.tables = {RELA: b"", JMPREL: b"", RELR: b"", SYMBOLS: symbol(0, 0, 0, 0)}
        self.requests = b""
        self.pointer = base + MESSAGE
        self.message = message.encode() + b"\r\n\0"
        self.dynamic = {}  # entries that are other than they should be; None: left out
        self.text = Segment(PT_LOAD, R | X, base + TEXT, code())
        self.rodata = Segment(PT_LOAD, R, base + TABLES)
        self.data = Segment(PT_LOAD, R | W, base + DATA, memsz=END - DATA)
        self.dynamic_segment = Segment(PT_DYNAMIC, R | W, base + DYNAMIC, align=8)
        self.segments = [self.text, self.rodata, self.data, self.dynamic_segment]

    def _dynamic_entries(self):
        entries = {DT_RELA: self.base + RELA, DT_RELASZ: len(self.tables[RELA]), DT_RELAENT: 24,
                   DT_JMPREL: self.base + JMPREL, DT_PLTRELSZ: len(self.tables[JMPREL]), DT_PLTREL: DT_RELA,
                   DT_RELR: self.base + RELR, DT_RELRSZ: len(self.tables[RELR]), DT_RELRENT: 8,
                   DT_SYMTAB: self.base + SYMBOLS, DT_SYMENT: 24}
        entries.update(self.dynamic)
        return b"".join(words(tag, value) for tag, value in entries.items() if value is not None) + words(0, 0)

    def _fill(self):
        tables = bytearray(0x1000)
        for at, table in self.tables.items():
            tables[at - TABLES:at - TABLES + len(table)] = table
        data = bytearray(0x900)
        dynamic = self._dynamic_entries()
        for at, part in ((MESSAGE, self.message), (POINTER, words(self.pointer)), (REQUESTS, self.requests),
                         (DYNAMIC, dynamic)):
            data[at - DATA:at - DATA + len(part)] = part
        self.rodata.data, self.data.data = bytes(tables), bytes(data)
        return len(dynamic)

    def bytes(self):
        dynamic_bytes = self._fill()
        headers, contents = b"", b""
        start = 64 + 56 * len(self.segments)
        offsets = {}
        for segment in self.segments:
            contents += bytes(-(start + len(contents)) % 16)
            offsets[id(segment)] = start + len(contents)
            contents += segment.data
        if self.dynamic_segment.offset is None:
            self.dynamic_segment.offset = offsets[id(self.data)] + DYNAMIC - DATA
        if self.dynamic_segment.filesz is None:
            self.dynamic_segment.filesz = self.dynamic_segment.memsz = dynamic_bytes
        for segment in self.segments:
            headers += segment.header(offsets[id(segment)])
        h = self.header
        phnum = len(self.segments) if h["phnum"] is None else h["phnum"]
        ident = h["magic"] + bytes((h["klass"], h["data"], h["ident_version"])) + bytes(9)
        return ident + struct.pack("<HHIQQQIHHHHHH", h["type"], h["machine"], h["version"], h["entry"], h["phoff"], 0,
                                   0, 64, h["phentsize"], phnum, 64, 0, 0) + headers + contents
