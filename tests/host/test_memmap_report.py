"""memmap-report: what it prints for every map in tests/maps, and how it refuses bad files."""

import re

import pytest

import region_oracle
from memmap_program import MAPS, run

PAGE = 4096


def report(rows, *comments):
    """Runs it on rows 'type start pages', all with write-back."""
    lines = [f'# {c}' for c in comments] + [f'{row} 0xf' for row in rows]
    return run('-', text='\n'.join(lines))


def allocator(output):
    """Frames, metadata start and free frames out of the last three lines."""
    found = re.search(r'\n\nPhysical allocator: (\d+) frames \(.*\)\nBitmap location: 0x([0-9A-F]+) \(.*\)\n'
                      r'Free frames: (\d+) \(.*\)\n$', output)
    assert found, output
    return int(found[1]), int(found[2], 16), int(found[3])


@pytest.mark.parametrize('path', MAPS, ids=lambda p: p.stem)
def test_every_map_is_reported_as_expected_by_hand_and_by_the_oracle(path):
    expected = (path.parent / 'expected' / path.name).read_text()
    assert region_oracle.report(path.read_text()) == expected
    assert run(path).stdout.startswith(expected)


@pytest.mark.parametrize('path', [p for p in MAPS if p.stem != 'empty'], ids=lambda p: p.stem)
def test_every_map_gets_an_allocator_within_its_budget(path):
    result = run(path)
    found = region_oracle.regions(region_oracle.kept(region_oracle.parse(path.read_text())))
    usable = [(start, end) for start, end, name in found if name == 'USABLE']
    frames, metadata, free = allocator(result.stdout)
    assert (result.returncode, result.stderr) == (0, '')
    assert frames == sum(end - start for start, end in usable) // PAGE
    has_frame_0 = any(start == 0 for start, _ in usable)
    metadata_frames = frames - free - has_frame_0
    assert any(start <= metadata and metadata + metadata_frames * PAGE <= end for start, end in usable)
    budget = 34000 * frames * PAGE / 2**30 + 65536 + 32 * max(0, len(usable) - 1000)
    assert 0 < metadata_frames * PAGE <= budget + PAGE


def test_metadata_lies_above_the_first_mebibyte_if_it_can():
    assert allocator(report(['7 0x1000 0x9f', '7 0x100000 0x700']).stdout)[1] == 0x100000
    assert allocator(report(['7 0x1000 0x9f', '0 0x100000 0x700']).stdout)[1] == 0x1000
    assert allocator(report(['7 0x0 0x9f']).stdout)[1] == 0x1000


def test_metadata_reserved_and_image_lines_are_obeyed():
    rows = ['7 0x0 0x1000']
    plain = allocator(report(rows).stdout)
    assert plain[0] == 0x1000
    moved = allocator(report(rows, 'metadata 0x400000 0x4000').stdout)
    assert moved == (0x1000, 0x400000, plain[2])
    taken = allocator(report(rows, 'metadata 0x400000 0x4000', 'reserved 0x500000 16', 'reserved 0x600000 1').stdout)
    assert taken == (0x1000, 0x400000, plain[2] - 17)
    with_image = report(rows, 'image 0x200000 0x10', 'framebuffer 0x300000 0x1800', 'hole 0xfd00000000 0x300000000')
    assert allocator(with_image.stdout)[0] == 0x1000 - 0x10 - 2
    assert '  0x200000 - 0x210000 (64 KB) EXECUTABLE_AND_MODULES\n' in with_image.stdout
    assert '  0x300000 - 0x302000 (8 KB) FRAMEBUFFER\n' in with_image.stdout
    assert '  0xFD00000000 - 0x10000000000 (12 GB) RESERVED\n' in with_image.stdout


def test_phys_bits_bounds_the_map():
    result = report(['7 0x100000 0x700', '7 0x100000000 1'], 'phys_bits 32')
    assert 'Anomaly: 1 descriptor beyond the address space (dropped)\n' in result.stdout


@pytest.mark.parametrize('line, reason', [
    ('7 0x1000 1', 'too few fields'),
    ('7 0x1000 1 0xf 9', 'too many fields'),
    ('7 0x1000 one 0xf', 'not a number'),
    ('7 0x1000 0x 0xf', 'a number is missing'),
    ('0x100000000 0x1000 1 0xf', 'number too large'),
    ('# desc_size=39', 'desc_size is below 40'),
    ('# phys_bits 11', 'phys_bits is below 12'),
    ('# image 5', 'too few fields'),
])
def test_a_bad_line_is_named_with_its_reason(tmp_path, line, reason):
    path = tmp_path / 'bad.txt'
    path.write_text(f'# fine\n\n{line}\n7 0x1000 1 0xf\n')
    result = run(path)
    assert (result.returncode, result.stdout, result.stderr) == (1, '', f'{path}:3: {reason}\n')


def test_what_holds_no_map_is_an_error():
    for arguments in ([], ['map'], ['frames']):
        result = run(*arguments, '-', text='')
        assert (result.returncode, result.stdout, result.stderr) == (1, '', '-: no memory map in it\n')
    result = run('map', '-', text='[    0.000000] Linux version 6.1\n')
    assert (result.returncode, result.stdout) == (1, '')
    assert result.stderr == ('-: no memory map that I know: '
                             'neither memmap, dmesg, /proc/iomem, JSON nor map --raw\n')


def test_a_wrong_number_of_rows_is_refused():
    result = report(['7 0x1000 1'], 'desc_size=48 entries=2')
    assert (result.returncode, result.stderr) == (1, '-: entries= announces another number of rows\n')


def test_memory_that_cannot_hold_an_allocator_is_an_error_after_the_map():
    for rows in ([], ['0 0x0 0x100'], ['7 0x0 0x1']):
        result = report(rows, f'desc_size=48 entries={len(rows)}')
        assert (result.returncode, result.stderr) == (1, '-: no usable memory for the allocator\n')
        assert result.stdout.startswith('Memory map:\n')


def test_bad_metadata_and_reserved_lines_are_errors():
    assert 'metadata' in report(['7 0x0 0x1000'], 'metadata 0x400000 0x10').stderr
    result = report(['7 0x0 0x1000'], 'reserved 0x800000 2', 'reserved 0x801000 1')
    assert (result.returncode, 'reserved 0x801000: not free' in result.stderr) == (1, True)


def test_reserved_frames_that_are_not_usable_are_left_out_as_in_the_kernel():
    without = report(['7 0x0 0x1000', '0 0x508000 1'])
    result = report(['7 0x0 0x1000', '0 0x508000 1'], 'reserved 0x500000 16', 'reserved 0x80000000 1')
    assert result.returncode == 0
    assert allocator(result.stdout)[2] == allocator(without.stdout)[2] - 15
