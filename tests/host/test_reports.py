"""map_report() and frames_report(): JSON, CSV and text say the same, and what they say is right: sums, free runs, whole
large pages, worked out here from the map alone."""

import csv
import json
import os
import pathlib
import random
import re
import subprocess

import pytest

import region_oracle

TOP = pathlib.Path(__file__).resolve().parents[2]
MAPS = sorted((TOP / 'tests' / 'maps').glob('*.txt'))
PAGE = 4096
GIB = 1 << 30
TEXT, CSV, JSON = 0, 1, 2
NO_MEMORY, REFUSED = 13, 14  # print_report.c's statuses

TYPE_NAMES = ('Reserved LoaderCode LoaderData BootServiceCode BootServiceData RuntimeCode RuntimeData Available '
              'UnusableMemory ACPIReclaimMemory ACPIMemoryNVS MemoryMappedIO MemoryMappedIOPortSpace PalCode '
              'Persistent Unaccepted').split()
ATTRIBUTES = {0: 'UC', 1: 'WC', 2: 'WT', 3: 'WB', 4: 'UCE', 12: 'WP', 13: 'RP', 14: 'XP', 15: 'NV', 16: 'MR', 17: 'RO',
              18: 'SP', 19: 'CRYPTO', 20: 'HOT', 63: 'RT'}
GROUPS = {'descriptors': 'descriptor', 'regions': 'region', 'descriptor_totals': 'descriptor_total',
          'region_totals': 'region_total', 'own': 'own', 'claims': 'claim', 'metadata': 'metadata',
          'reserved': 'reserved', 'remarks': 'remark', 'anomalies': 'anomaly', 'amounts': 'amount', 'free_runs': 'free_runs',
          'whole': 'whole', 'fragmentation': 'fragmentation'}
NUMBERS = {'index', 'type', 'pages', 'bytes', 'count', 'other', 'descriptor_bytes', 'phys_bits', 'total_bytes',
           'usable_bytes', 'at_least', 'at_most', 'below_4gib', 'above_4gib', 'thousandths'}


@pytest.fixture(scope='module')
def print_report(tmp_path_factory):
    """The program, with the units as they are built under ASan and UBSan."""
    program = tmp_path_factory.mktemp('report') / 'print-report'
    units = TOP / os.environ.get('BUILD', 'build') / 'asan' / 'libpure.a'
    subprocess.run(['gcc', '-std=gnu2x', '-O1', '-g', '-D_GNU_SOURCE', '-fsanitize=address,undefined',
                    f'-I{TOP}/include', str(TOP / 'tests/host/print_report.c'), str(TOP / 'tests/host_support.c'), str(units),
                    '-o', str(program)], check=True)

    def run(report, form, subject, unit=0, status=0):
        done = subprocess.run([str(program), report, str(form), str(unit)], input=subject, capture_output=True,
                              text=True, timeout=120, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
        assert done.returncode == status, done.stderr
        return done.stdout

    return run


def subject(rows, stride=48, phys_bits=52, without_attributes=0, more=()):
    lines = [f'S {stride} {phys_bits} {without_attributes}', *('D %d %d %d %d' % row for row in rows), *more]
    return '\n'.join(lines) + '\n'


def random_rows(generator, phys_bits):
    """Of a machine, mostly: pieces in order, with holes; some of them wrong."""
    rows, reached = [], generator.choice([0, 0x1000, 0x100000])
    for _ in range(generator.randrange(40)):
        kind = generator.choice([7, 7, 7, 4, 3, 2, 1, 0, 5, 6, 9, 10, 11, generator.randrange(20), 0x80000000])
        pages = generator.choice([1, 3, 100, 1000, 2000, 100000, generator.randrange(1 << phys_bits - 14)])
        rows.append([kind, reached, pages, generator.choice([0xf] * 8 + [0x7, 0x800000000000000f, 0xf | 1 << 18])])
        reached += pages * PAGE + generator.choice([0, 0, 0, PAGE, 1 << 21])
    if generator.randrange(2):
        generator.shuffle(rows)
    if rows and generator.randrange(2):
        for _ in range(generator.randrange(3)):
            row = generator.choice(rows)
            field = generator.randrange(1, 4)
            row[field] = generator.choice([0, row[field] + 1, row[field] * 2, (1 << 64) - 1, 1 << 40])
            row[field] &= (1 << 64) - 1
    return [tuple(row) for row in rows]


def cases():
    for path in MAPS:
        yield path.stem, region_oracle.parse(path.read_text())
    generator = random.Random(5)
    for number in range(30):
        yield f'random-{number}', random_rows(generator, 36)


CASES = list(cases())
each_case = pytest.mark.parametrize('rows', [rows for _, rows in CASES], ids=[name for name, _ in CASES])


def read_csv(text):
    """Each kind of record -> its records, without what is empty; all values are text."""
    records = {}
    lines = list(csv.reader(text.splitlines(), strict=True))
    assert all(len(line) == len(lines[0]) for line in lines)
    for line in lines[1:]:
        fields = {name: value for name, value in zip(lines[0], line) if value != ''}
        records.setdefault(fields.pop('record'), []).append(fields)
    return records


def assert_same(from_json, from_csv):
    """The same records with the same values. (In CSV an empty text cannot be told from none.)"""
    seen = {'map': [from_json['map']]} if 'map' in from_json else {}
    for name, kind in GROUPS.items():
        if from_json.get(name):
            seen[kind] = from_json[name]
    as_text = {kind: [{k: str(v) for k, v in record.items() if v != ''} for record in records]
               for kind, records in seen.items()}
    assert as_text == from_csv
    for records in seen.values():
        for record in records:
            for name, value in record.items():
                assert type(value) is (int if name in NUMBERS else str), name


def attribute_names(attributes):
    names = [name for bit, name in ATTRIBUTES.items() if attributes >> bit & 1]
    rest = attributes & ~sum(1 << bit for bit in ATTRIBUTES)
    return ' '.join(names + ([f'0x{rest:X}'] if rest else []))


def is_allowed(anomaly, rows):
    return anomaly['name'] in ('unsorted', 'not_general') or \
        anomaly['name'] == 'unknown_type' and rows[anomaly['index']][0] >= 0x70000000


@each_case
def test_json_csv_and_text_of_a_map_agree_with_each_other_and_with_the_map(print_report, rows):
    own = f'O {rows[0][1]} 8192 the "first" one, \\ and more' if rows and rows[0][1] < 1 << 52 else 'O 0 4096 nothing'
    given = subject(rows, more=[own])
    report = json.loads(print_report('map', JSON, given))
    assert report.pop('report') == 'map'
    assert_same(report, read_csv(print_report('map', CSV, given)))
    text = print_report('map', TEXT, given)
    table = re.findall(r'^ *(\d+) (\w+|type 0x\w+) +0x([0-9A-F]+) +(0x[0-9A-F]+|wraps) +(\d+) +(\d+ [KMGT]?B) ?(.*)$',
                       text, re.M)
    assert len(report['descriptors']) == len(table) == len(rows)
    for index, (row, d, line) in enumerate(zip(rows, report['descriptors'], table)):
        kind, start, pages, attributes = row
        end = start + pages * PAGE
        assert (d['index'], d['type'], d['start'], d['pages']) == (index, kind, f'0x{start:X}', pages)
        assert d.get('name') == (TYPE_NAMES[kind] if kind < len(TYPE_NAMES) else None)
        assert d.get('end') == (f'0x{end:X}' if end < 1 << 64 else None)
        assert d.get('bytes') == (pages * PAGE if pages * PAGE < 1 << 64 else None)
        assert (d['attributes'], d['attribute_names']) == (f'0x{attributes:X}', attribute_names(attributes))
        assert (int(line[0]), line[1], int(line[2], 16)) == (index, d.get('name', f'type 0x{kind:X}'), start)
        assert (line[3], int(line[4])) == (d.get('end', 'wraps'), pages)
        assert line[6].split('  <- ')[0].strip() == d['attribute_names']
        assert line[6].split('  <- ')[1:] == ([d['text']] if 'text' in d else [])
    if own != 'O 0 4096 nothing' and 0 < rows[0][2] < 1 << 40:
        assert report['descriptors'][0]['text'] == 'the "first" one, \\ and more'
    remarks, anomalies = text.split('\nAnomalies')
    assert ('\nUnusual, but allowed, by descriptor:\n' in remarks) == bool(report['remarks'])
    assert anomalies.startswith(', by descriptor:\n' if report['anomalies'] else ': none\n')
    for part, listed in ((remarks, report['remarks']), (anomalies, report['anomalies'])):
        for a in listed:
            found = re.findall(rf'^  #{a["index"]} {re.escape(a["text"])}(?:: (?:below|with) #(\d+))?$', part, re.M)
            assert found == [str(a['other']) if 'other' in a else '']
            assert is_allowed(a, rows) == (listed is report['remarks'])
        assert len(re.findall('^  #', part, re.M)) == len(listed)


def merge_reclaimable(regions):
    merged = []
    for r in regions:
        name = 'USABLE' if r['name'] == 'BOOTLOADER_RECLAIMABLE' else r['name']
        name += f'({r["type"]})' if 'type' in r else ''
        start, end = int(r['start'], 16), int(r['end'], 16)
        assert (r['bytes'], r['pages'] * PAGE) == (end - start, end - start)
        if merged and merged[-1][1:] == [start, name]:
            merged[-1][1] = end
        else:
            merged.append([start, end, name])
    return merged


@each_case
def test_regions_totals_and_sums_of_a_map_are_right(print_report, rows):
    report = json.loads(print_report('map', JSON, subject(rows)))
    kept = region_oracle.kept(rows)
    assert merge_reclaimable(report['regions']) == region_oracle.regions(kept)
    assert report['map']['total_bytes'] == region_oracle.total_bytes(kept)
    for totals, entries, key in (('region_totals', report['regions'], 'bytes'),
                                 ('descriptor_totals', report['descriptors'], 'bytes')):
        expected = {}
        for entry in entries:
            if totals == 'descriptor_totals' and not region_oracle.kept([rows[entry['index']]]):
                continue
            sums = expected.setdefault(entry.get('name', 'other types'), [0, 0])
            sums[0] += 1
            sums[1] += entry['pages']
        assert {t['name']: [t['count'], t['pages']] for t in report[totals]} == expected
    usable = sum(r['bytes'] for r in report['regions'] if r['name'] == 'USABLE')
    assert report['map']['usable_bytes'] == usable


def clipped(run, low, high):
    return max(run[0], low), min(run[1], high)


def whole(runs, size, low, high):
    """Aligned blocks of `size` that lie wholly inside a run, and between low and high."""
    count = 0
    for run in runs:
        start, end = clipped(run, low, high)
        count += max(0, end // size - -(-start // size))
    return count


def without(runs, start, end):
    left = []
    for a, b in runs:
        left += [(x, y) for x, y in ((a, min(b, start)), (max(a, end), b)) if x < y]
    return left


@each_case
def test_frames_are_as_worked_out_from_the_map(print_report, rows):
    usable = [(start, end) for start, end, name in region_oracle.regions(region_oracle.kept(rows)) if name == 'USABLE']
    total = sum(end - start for start, end in usable)
    room = max((end - max(start, PAGE) for start, end in usable), default=0)
    status = 0 if room > 34000 * total // GIB + (1 << 17) + 40 * len(usable) else None
    given = subject(rows)
    if status is None:
        if total == 0 or room < PAGE:
            report = json.loads(print_report('frames', JSON, given, status=NO_MEMORY))
            assert [a['name'] for a in report['amounts']] == ['usable_now', 'reclaimable']
            assert sum(a['bytes'] for a in report['amounts']) == total
        return
    report = json.loads(print_report('frames', JSON, given))
    assert report.pop('report') == 'frames'
    assert_same(report, read_csv(print_report('frames', CSV, given)))
    amounts = {a['name']: a for a in report['amounts']}
    assert all(a['pages'] * PAGE == a['bytes'] for a in amounts.values())
    metadata, size = int(amounts['metadata']['start'], 16), amounts['metadata']['bytes']
    assert any(start <= metadata and metadata + size <= end for start, end in usable)
    assert amounts['usable_now']['bytes'] + amounts['reclaimable']['bytes'] == total == amounts['usable']['bytes']
    free = without(without(usable, 0, PAGE), metadata, metadata + size)
    free_bytes = sum(end - start for start, end in free)
    largest = max(end - start for start, end in free)
    assert (amounts['free']['bytes'], amounts['allocated']['bytes']) == (free_bytes, total - free_bytes)
    assert amounts['largest_run']['bytes'] == largest
    start = int(amounts['largest_run']['start'], 16)
    assert (start, start + largest) in free
    classes = {}
    for a, b in free:
        order = ((b - a) // PAGE).bit_length() - 1
        runs = classes.setdefault(order, [0, 0])
        runs[0] += 1
        runs[1] += (b - a) // PAGE
    assert [(r['at_least'], r['at_most'], r['count'], r['pages']) for r in report['free_runs']] == \
        [(1 << order, (2 << order) - 1, *runs) for order, runs in sorted(classes.items())]
    large = {size: (whole(free, size, 0, 4 * GIB), whole(free, size, 4 * GIB, 1 << 52)) for size in (2 << 20, GIB)}
    assert {w['bytes']: (w['below_4gib'], w['above_4gib']) for w in report['whole']} == large
    shares = {'external': largest, 'unusable_2mib': sum(large[2 << 20]) << 21, 'unusable_1gib': sum(large[GIB]) << 30}
    for share in report['fragmentation']:
        exact = 1000 * (1 - shares.pop(share['name']) / free_bytes)
        assert abs(share['thousandths'] - exact) <= 0.51
        assert share['text'].startswith('1 - ')
    assert not shares


@each_case
def test_the_text_about_frames_has_the_numbers_of_the_records(print_report, rows):
    given = subject(rows)
    try:
        report = json.loads(print_report('frames', JSON, given))
    except AssertionError:
        text = print_report('frames', TEXT, given, status=NO_MEMORY)
        assert text.endswith('\nno usable memory for an allocator\n')
        return
    text = print_report('frames', TEXT, given)
    labels = ('Usable now', 'Reclaimable after boot services', 'Usable then', "The allocator's own data",
              'Allocated (this and frame 0)', 'Free', 'Largest free run')
    for label, amount in zip(labels, report['amounts'], strict=True):
        found = re.search(rf'^{re.escape(label)} +(\d+) +\d+ [KMGT]?B(?:  at (0x[0-9A-F]+))?$', text, re.M)
        assert (int(found[1]), found[2]) == (amount['pages'], amount.get('start'))
    runs = re.findall(r'^ +(\d+) - (\d+) +(\d+) +(\d+) +\d+ [KMGT]?B$', text, re.M)
    assert [tuple(map(int, run)) for run in runs] == \
        [(r['at_least'], r['at_most'], r['count'], r['pages']) for r in report['free_runs']]
    assert int(re.search(r'^all +(\d+)$', text, re.M)[1]) == sum(r['count'] for r in report['free_runs'])
    for unit, w in zip(('2 MiB', '1 GiB'), report['whole'], strict=True):
        assert re.search(rf'^{unit} +{w["below_4gib"]} +{w["above_4gib"]}$', text, re.M)
    for label, f in zip(('External fragmentation', 'Unusable as 2 MiB pages', 'Unusable as 1 GiB pages'),
                        report['fragmentation'], strict=True):
        value = f'{f["thousandths"] // 10}.{f["thousandths"] % 10}'
        assert re.search(rf'^{label} +{re.escape(value)} %  \({re.escape(f["text"])}\)$', text, re.M)


def test_what_is_known_beside_the_map_is_in_the_records(print_report):
    more = ['C 8192 100 11', 'C 0xfd00000000 0x300000000 9', 'M 0x400000 0x8000', 'R 0x500 16', 'O 0x1000 4096 a, "b"']
    given = subject([(7, 0, 0x1000, 0xf)], more=more)
    report = json.loads(print_report('map', JSON, given))
    assert_same({k: v for k, v in report.items() if k != 'report'}, read_csv(print_report('map', CSV, given)))
    assert report['claims'] == [
        {'name': 'EXECUTABLE_AND_MODULES', 'start': '0x2000', 'end': '0x2064', 'bytes': 100},
        {'name': 'RESERVED', 'start': '0xFD00000000', 'end': '0x10000000000', 'bytes': 0x300000000}]
    assert report['metadata'] == [{'start': '0x400000', 'end': '0x408000', 'bytes': 0x8000}]
    assert report['reserved'] == [{'start': '0x500000', 'pages': 16, 'bytes': 0x10000}]
    assert report['own'] == [{'start': '0x1000', 'end': '0x2000', 'bytes': 4096, 'text': 'a, "b"'}]
    assert report['map'] == {'count': 1, 'descriptor_bytes': 48, 'phys_bits': 52, 'total_bytes': 0x1000000,
                             'usable_bytes': 0xfff000}


def test_metadata_and_reserved_frames_are_taken_from_the_free_ones(print_report):
    rows = [(7, 0, 0x2000, 0xf)]
    plain = json.loads(print_report('frames', JSON, subject(rows)))
    size = plain['amounts'][3]['pages']
    assert plain['amounts'][3]['start'] == '0x100000'
    more = ['M 0x800000 0x100000', 'R 0x1000 16', 'R 0x9000 1']
    taken = json.loads(print_report('frames', JSON, subject(rows, more=more)))
    assert taken['amounts'][3] == {'name': 'metadata', 'start': '0x800000', 'pages': size, 'bytes': size * PAGE}
    assert taken['amounts'][5]['pages'] == 0x2000 - 1 - size - 16
    assert sum(r['count'] for r in taken['free_runs']) == 3
    most = json.loads(print_report('frames', JSON, subject(rows, more=['R 0x1000 0xffffffffffff'])))
    assert most['amounts'][5]['pages'] == 0x1000 - 1 - size
    for bad in (['M 0x800000 64'], ['R 5 2', 'R 6 1'], ['R 0 1']):
        print_report('frames', JSON, subject(rows, more=bad), status=REFUSED)


def test_huge_maps_are_reported_in_time(print_report):
    n = 30000
    nested = subject([(i % 16, (n - i) * PAGE, 2 * i + 1, 0xf) for i in range(n)])
    report = json.loads(print_report('map', JSON, nested))
    assert len(report['anomalies']) + len(report['remarks']) >= 2 * (n - 1)
    alternating = subject([(7 * (i % 2), (1 << 20) + i * PAGE, 1, 0xf) for i in range(n)] + [(7, 1 << 30, 4096, 0xf)])
    report = json.loads(print_report('frames', JSON, alternating))
    assert report['free_runs'][0]['count'] == n // 2


def test_sizes_in_text_come_in_the_unit_asked_for(print_report):
    rows = [(7, 0x100000, 0x1000, 0xf), (0, 0x2000000, 1, 0xf)]
    for unit, sizes in ((1, ('16777216 B', '4096 B')), (2, ('16384 KB', '4 KB')), (3, ('16 MB', '0.003 MB')),
                        (4, ('0.015 GB', '0.000 GB')), (5, ('4096 pages', '1 pages'))):
        text = print_report('map', TEXT, subject(rows), unit=unit)
        for name, size in zip(('Available', 'Reserved'), sizes):
            assert re.search(rf'{name} .* {re.escape(size)}\b', text)
