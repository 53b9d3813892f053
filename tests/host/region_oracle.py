"""What a memory map in the text format comes to, worked out without any of our C: by asking of every stretch of bytes
who claims it. Slow and obvious. The expected results in tests/maps/expected were first made with this, then read
against the maps by eye; test_memmap_report.py keeps the three of them together."""

PAGE = 4096
PHYS_LIMIT = 1 << 52

# Weakest first: the stronger has a byte that several claim.
STRENGTH = ['USABLE', 'BOOTLOADER_RECLAIMABLE', 'ACPI_RECLAIMABLE', 'PERSISTENT', 'UNACCEPTED', 'ACPI_NVS',
            'RUNTIME_SERVICES', 'MMIO', 'UNKNOWN', 'RESERVED', 'RESERVED_MAPPED', 'EXECUTABLE_AND_MODULES', 'FRAMEBUFFER', 'BAD_MEMORY']

# UEFI 2.10, 7.2.1, EFI_MEMORY_TYPE, once nothing of the firmware or the loader runs any more.
TYPES = {0: 'RESERVED', 1: 'USABLE', 2: 'USABLE', 3: 'USABLE', 4: 'USABLE', 5: 'RUNTIME_SERVICES',
         6: 'RUNTIME_SERVICES', 7: 'USABLE', 8: 'BAD_MEMORY', 9: 'ACPI_RECLAIMABLE', 10: 'ACPI_NVS', 11: 'MMIO',
         12: 'MMIO', 13: 'RESERVED', 14: 'PERSISTENT', 15: 'UNACCEPTED'}
OUTSIDE_TOTAL = {0, 8, 11, 12}
FREE = {1, 2, 3, 4, 7}
WRITE_BACK = 1 << 3
NOT_GENERAL = 1 << 13 | 1 << 15 | 1 << 17 | 1 << 18 | 1 << 20  # RP, NV, RO, SP, HOT_PLUGGABLE
RUNTIME = 1 << 63


def parse(text):
    """Rows as (type, start, pages, attributes); claims are not supported here."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith('#')]
    return [tuple(int(field, 0) for field in line) for line in lines]


def region_type(firmware_type, attributes):
    if firmware_type in FREE:
        if not attributes & WRITE_BACK or attributes & NOT_GENERAL:
            return 'RESERVED'
        if attributes & RUNTIME:
            return 'RUNTIME_SERVICES'
    return TYPES.get(firmware_type, f'UNKNOWN({firmware_type})')


def strength(name):
    return STRENGTH.index(name.split('(')[0])


def kept(rows):
    return [(start, start + pages * PAGE, kind, attributes) for kind, start, pages, attributes in rows
            if pages and start + pages * PAGE <= PHYS_LIMIT]


def stretches(descriptors):
    """(start, end, region type or None, firmware types there) between any two neighbouring boundaries."""
    cuts = {edge for d in descriptors for edge in d[:2]}
    cuts |= {edge // PAGE * PAGE for edge in cuts} | {-(-edge // PAGE) * PAGE for edge in cuts}
    cuts = sorted(cuts)
    for start, end in zip(cuts, cuts[1:]):
        there = [(kind, attributes) for a, b, kind, attributes in descriptors if a <= start and end <= b]
        names = [region_type(*t) for t in there]
        yield start, end, max(names, key=strength, default=None), {kind for kind, _ in there}


def regions(descriptors):
    """[start, end, type], page-aligned, merged."""
    frames = {}  # bytes of frames that are cut in pieces: frame start -> types there
    whole = []
    for start, end, name, _ in stretches(descriptors):
        if start % PAGE or end % PAGE:
            frames.setdefault(start // PAGE * PAGE, []).append(name)
        else:
            whole.append((start, end, name))
    for start, names in frames.items():
        present = [n for n in names if n]
        name = max(present, key=strength, default=None)
        whole.append((start, start + PAGE, None if name == 'USABLE' and len(present) < len(names) else name))
    merged = []
    for start, end, name in sorted(whole):
        if name and merged and merged[-1][1:] == [start, name]:
            merged[-1][1] = end
        elif name:
            merged.append([start, end, name])
    return merged


def total_bytes(descriptors):
    return sum(end - start for start, end, _, kinds in stretches(descriptors) if kinds and not kinds & OUTSIDE_TOTAL)


def anomalies(rows):
    """(count, text) for each kind that occurs, in the order of the report."""
    descriptors = kept(rows)
    n_empty = sum(1 for row in rows if not row[2])
    by_start = sorted(descriptors)
    free = [attributes for _, _, kind, attributes in descriptors if kind in FREE]
    found = [
        (sum(1 for a, b in zip(descriptors, descriptors[1:]) if b[0] < a[0]), 'out of order (sorted)'),
        (sum(1 for i, d in enumerate(by_start) if any(e[1] > d[0] for e in by_start[:i])),
         'overlapping others (bytes go to the stronger type)'),
        (n_empty, 'without pages (skipped)'),
        (len(rows) - n_empty - len(descriptors), 'beyond the address space (dropped)'),
        (sum(1 for d in descriptors if d[0] % PAGE), 'not page-aligned (only whole free frames are usable)'),
        (sum(1 for d in descriptors if d[2] not in TYPES), 'of a type no specification names (kept, not used)'),
        (sum(1 for a in free if not a & WRITE_BACK), 'of free memory without write-back caching (reserved)'),
        (sum(1 for a in free if a & NOT_GENERAL),
         'of free memory that is special, persistent, protected or removable (reserved)'),
        (sum(1 for a in free if a & RUNTIME), 'of free memory that runtime services use (kept for them)'),
    ]
    return [entry for entry in found if entry[0]]


def size(n):
    """As print_size(): truncated, in the largest unit that leaves at least 10; whole KB below that."""
    for shift, unit in ((40, 'TB'), (30, 'GB'), (20, 'MB'), (10, 'KB')):
        if n >> shift >= 10:
            return f'{n >> shift} {unit}'
    return f'{n >> 10} KB' if n and n % 1024 == 0 else f'{n} B'


def report(text):
    """The report on the map, up to "Usable memory:"."""
    rows = parse(text)
    descriptors = kept(rows)
    found = regions(descriptors)
    usable = sum(end - start for start, end, name in found if name == 'USABLE')
    lines = ['Memory map:']
    lines += [f'  0x{start:X} - 0x{end:X} ({size(end - start)}) {name}' for start, end, name in found]
    lines += [f'  Anomaly: {count} descriptor{"" if count == 1 else "s"} {what}' for count, what in anomalies(rows)]
    lines += ['', f'Total memory: {size(total_bytes(descriptors))}', f'Usable memory: {size(usable)}']
    return '\n'.join(lines) + '\n'
