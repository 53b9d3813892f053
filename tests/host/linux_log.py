"""What a log of Linux says of memory, worked out without any of our C: rows as in the text format."""

import re

PAGE = 4096
WRITE_BACK = 8
EFI_LINE = re.compile(r'efi: mem(\d+): (?:type=(\d+), attr=0x([0-9a-f]+),|\[([^|\]]+)\|([^\]]*)\]) '
                      r'range=\[0x([0-9a-f]+)-0x([0-9a-f]+)([)\]])')
E820_LINE = re.compile(r'BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]\s+(.+)')
EFI_TYPES = ['Reserved', 'Loader Code', 'Loader Data', 'Boot Code', 'Boot Data', 'Runtime Code', 'Runtime Data',
             'Conventional Memory', 'Unusable Memory', 'ACPI Reclaim Memory', 'ACPI Memory NVS', 'Memory Mapped I/O',
             'MMIO Port Space', 'PAL Code', 'Persistent Memory']
ATTRIBUTES = {'UC': 0, 'WC': 1, 'WT': 2, 'WB': 3, 'UCE': 4, 'WP': 12, 'RP': 13, 'XP': 14, 'NV': 15, 'MR': 16,
              'RO': 17, 'SP': 18, 'CC': 19, 'HP': 20, 'RUN': 63}
E820_TYPES = {'usable': 7, 'System RAM': 7, 'reserved': 0, 'device reserved': 0, 'type 20': 0, 'ACPI data': 9,
              'ACPI NVS': 10, 'unusable': 8}


def attributes(columns):
    if columns.startswith('attr='):
        return int(columns[5:], 16)
    return sum(1 << ATTRIBUTES[name.strip()] for name in columns.split('|') if name.strip())


def efi_rows(log):
    """(type, start, pages, attributes) of each efi: mem line."""
    rows = []
    for found in EFI_LINE.finditer(log):
        number, kind, bits, name, columns, start, end, bracket = found.groups()
        assert int(number) == len(rows)
        size = int(end, 16) - int(start, 16) + (bracket == ']')
        assert size % PAGE == 0
        rows.append((int(kind) if kind else EFI_TYPES.index(name.strip()), int(start, 16), size // PAGE,
                     int(bits, 16) if bits else attributes(columns)))
    return rows


def e820_ranges(log):
    """(type, start, end) of each BIOS-e820 line, in bytes."""
    return [(E820_TYPES[kind.strip()], int(start, 16), int(last, 16) + 1)
            for start, last, kind in E820_LINE.findall(log)]


def e820_pages(ranges, types):
    """How many pages are of these types: whole ones of usable memory; for others, any that they touch."""
    if types == {7}:
        return sum(max(0, end // PAGE - -(-start // PAGE)) for kind, start, end in ranges if kind in types)
    touched = set()
    for kind, start, end in ranges:
        if kind in types:
            touched |= {(start // PAGE, -(-end // PAGE))}
    return sum(end - start for start, end in touched)
