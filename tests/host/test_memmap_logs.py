"""memmap-report on logs of real machines (tests/maps/dmesg), against a model that shares no code with it; and on all
maps in every form in which it, or the EFI shell, writes them."""

import csv
import io
import json

import pytest

import linux_log
import region_oracle
from memmap_program import LOGS, MAPS, run

PAGE = 4096
WRITE_BACK = 8
ALLOWED = ('out of order (sorted)', 'of free memory that is special, persistent, protected or removable (reserved)')

# What Linux counted on these machines, from the same logs ("On node 0 totalpages"); it leaves out frame 0.
COUNTED_BY_LINUX = {'lenovo_x240': 2066372, 'alienware_m11x': 1023186, 'surface_book': 2077685}


def by_name(paths):
    return pytest.mark.parametrize('path', paths, ids=lambda p: p.stem)


def report(path, *options):
    result = run('map', *options, path)
    assert result.returncode in (0, 3), result.stderr
    return result.stdout


def raw(path):
    return region_oracle.parse(report(path, '--raw'))


def usable_after_exit(path):
    totals = {t['name']: t['pages'] for t in json.loads(report(path, '--json'))['region_totals']}
    return totals.get('USABLE', 0) + totals.get('BOOTLOADER_RECLAIMABLE', 0)


def test_there_are_logs_of_at_least_ten_machines_with_their_sources():
    machines = {path.read_text().splitlines()[0] for path in LOGS}
    assert len(machines) >= 10
    for first_line in machines:
        assert first_line.startswith('# ') and ('github.com/' in first_line or 'message ' in first_line)


@by_name(LOGS)
def test_every_log_gives_the_rows_that_the_model_finds(path):
    log = path.read_text()
    rows = linux_log.efi_rows(log)
    if rows:
        assert raw(path) == rows
        return
    ranges = linux_log.e820_ranges(log)
    found = raw(path)
    assert len(found) == len(ranges)
    assert all(attributes == WRITE_BACK for _, _, _, attributes in found)
    for (kind, start, pages, _), (model_kind, first, end) in zip(found, ranges):
        assert kind == model_kind
        assert abs(start - first) < PAGE and abs(start + pages * PAGE - end) < PAGE


@by_name(LOGS)
def test_every_log_gives_the_usable_memory_that_the_model_finds(path):
    log = path.read_text()
    rows = linux_log.efi_rows(log)
    if rows:
        regions = region_oracle.regions(region_oracle.kept(rows))
        expected = sum(end - start for start, end, name in regions if name == 'USABLE') // PAGE
    else:
        expected = linux_log.e820_pages(linux_log.e820_ranges(log), {7})
    assert usable_after_exit(path) == expected
    assert f'Physical allocator: {expected} frames (' in run(path).stdout


@pytest.mark.parametrize('name, pages', COUNTED_BY_LINUX.items())
def test_usable_memory_is_what_linux_counted(name, pages):
    path = next(path for path in LOGS if path.stem == name)
    assert usable_after_exit(path) == pages + 1


@by_name([path for path in LOGS if 'efi: mem' in path.read_text()])
def test_efi_lines_win_it_says_so_and_both_kinds_agree(path, tmp_path):
    result = run('map', '--raw', path)
    assert result.stderr == f'{path}: note: the efi: mem lines are used, which know more than the BIOS-e820 lines\n'
    coarse = tmp_path / 'e820.txt'
    coarse.write_text('\n'.join(line for line in path.read_text().splitlines() if 'BIOS-e820' in line))
    assert run('map', '--raw', coarse).stderr == ''
    assert usable_after_exit(coarse) == usable_after_exit(path)


@by_name([path for path in LOGS if 'efi: mem' not in path.read_text()])
def test_e820_maps_do_not_show_attributes_and_have_no_anomalies_of_our_rounding(path):
    result = run('map', path)
    assert result.returncode == 0
    assert 'Attributes' not in result.stdout and 'Anomalies: none' in result.stdout
    assert 'attributes' not in json.loads(report(path, '--json'))['descriptors'][0]


@by_name(MAPS + LOGS)
def test_every_report_comes_in_every_form(path):
    for options in ([], ['--raw'], ['-sfo'], ['--csv'], ['--json'], ['--unit', 'pages']):
        assert run('map', *options, path).returncode in (0, 3)
    for options in ([], ['--csv'], ['--json'], ['--unit', 'MiB']):
        assert run('frames', *options, path).returncode == run(path).returncode


@by_name(MAPS + LOGS)
def test_text_csv_and_json_agree(path):
    text = report(path)
    from_json = json.loads(report(path, '--json'))
    rows = list(csv.DictReader(io.StringIO(report(path, '--csv'))))
    descriptors = [row for row in rows if row['record'] == 'descriptor']
    assert [int(row['start'], 16) for row in descriptors] == [int(d['start'], 16) for d in from_json['descriptors']]
    assert [int(row['pages']) for row in descriptors] == [d['pages'] for d in from_json['descriptors']]
    assert f'{len(descriptors)} descriptor' in text
    assert len([row for row in rows if row['record'] == 'region']) == len(from_json['regions'])


def test_what_else_was_known_is_read_back_too():
    text = ('# desc_size=56 entries=1\n# phys_bits 36\n# image 0x3000 0x10\n# framebuffer 0x80000000 4096000\n'
            '# metadata 0x100000 65536\n# reserved 0x200000 16\n# own 0x3000 65536 this program\n7 0x0 0x800 0xF\n')
    first = run('map', '--raw', '-', text=text).stdout
    for line in text.splitlines():
        assert line.lower().split()[:2] in [known.lower().split()[:2] for known in first.splitlines()]
    for form in ('--raw', '--json'):
        assert run('map', '--raw', '-', text=run('map', form, '-', text=text).stdout).stdout == first
    assert '<- this program' in run('map', '-', text=first).stdout


@by_name(MAPS)
def test_maps_with_anomalies_end_with_another_status(path):
    found = region_oracle.anomalies(region_oracle.parse(path.read_text()))
    has_anomalies = any(text not in ALLOWED for _, text in found)
    assert run('map', path).returncode == (3 if has_anomalies else 0)
    assert run(path).returncode == (1 if path.stem == 'empty' else 0)


@by_name(MAPS + LOGS)
def test_raw_and_json_are_read_back(path):
    text = report(path, '--raw')
    for form in ('--raw', '--json'):
        result = run('map', '--raw', '-', text=report(path, form))
        assert (result.stdout, result.stderr) == (text, '')


@by_name(MAPS + LOGS)
def test_the_shells_form_is_read_back_also_as_the_shell_writes_it(path):
    named = [row for row in raw(path) if row[0] <= 15]
    shell = report(path, '-sfo')
    if not named:
        return
    as_written = [shell.encode(), shell.replace('\n', '\r\n').encode(),
                  b'\xff\xfe' + shell.replace('\n', '\r\n').encode('utf-16-le')]
    for data in as_written:
        result = run('map', '--raw', '-', data=data)
        assert result.stderr == ''
        assert region_oracle.parse(result.stdout) == named


@by_name(MAPS + LOGS)
def test_the_shells_table_is_read(path):
    """As memmap prints it; types that the shell does not name stand there as numbers."""
    names = ['Reserved', 'LoaderCode', 'LoaderData', 'BS_Code', 'BS_Data', 'RT_Code', 'RT_Data', 'Available',
             'Unusable', 'ACPI_Recl', 'ACPI_NVS', 'MMIO', 'MMIO_Port', 'PalCode', 'Persistent', 'Unaccepted']
    lines = ['Type       Start            End              # Pages          Attributes']
    rows = raw(path)
    for kind, start, pages, attributes in rows:
        name = names[kind] if kind < len(names) else f'{kind:08X}'
        last = (start + pages * PAGE - 1) % 2**64
        lines.append(f'{name:<10} {start:016X}-{last:016X} {pages:016X} {attributes:016X}')
    lines += ['', 'Total Memory: 1 MB (1 Bytes)']
    result = run('map', '--raw', '--format', 'shell', '-', text='\r\n'.join(lines))
    if rows:
        assert region_oracle.parse(result.stdout) == rows
    else:
        assert (result.returncode, result.stderr) == (1, "-: no line of the shell's memmap\n")
