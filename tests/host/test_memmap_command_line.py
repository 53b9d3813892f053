"""memmap-report: its options, its exit statuses, where it writes, its pictures, its manual and its installation."""

import os
import re
import subprocess

import PIL.Image
import pytest

from memmap_program import PROGRAM, ROOT, run

MAP = ROOT / 'tests' / 'maps' / 'ovmf_2022.11_q35_std.txt'
LOG = ROOT / 'tests' / 'maps' / 'dmesg' / 'surface_book.txt'


@pytest.mark.parametrize('arguments, reason', [
    ([], 'no file is named'),
    (['map'], 'no file is named'),
    (['mpa', 'b'], 'mpa: not a command: map, frames or picture'),
    (['map', 'a', 'b'], 'b: one file only'),
    (['map', 'a', 'map'], 'map: one file only'),
    (['--csv', 'map', '--unit', 'MiB', 'a', 'b'], 'b: one file only'),
    (['picture', 'a', 'out.png'], "out.png: one file only: the picture's stands after -o"),
    (['-x', 'a'], '-x: not an option'),
    (['--json', 'a'], '--json: only for map and frames'),
    (['--unit', 'MiB', 'a'], '--unit: only for map and frames'),
    (['frames', '--raw', 'a'], '--raw: only for map'),
    (['frames', '-sfo', 'a'], '-sfo: only for map'),
    (['-o', 'b', 'map', 'a', '-o=c'], '-o: given twice'),
    (['map', '--unit=MiB', '--unit=MiB', 'a'], '--unit: given twice'),
    (['picture', '--size', '800x600', '--size', '900x600', '-o', 'b', 'a'], '--size: given twice'),
    (['--format', 'sfo', '--format', 'text', 'a'], '--format: given twice'),
    (['map', '--raw', '--json', 'a'], '--json: another format was chosen before'),
    (['map', '--unit', 'miles', 'a'], 'miles: not a unit: auto, bytes, KiB, MiB, GiB or pages'),
    (['map', '--unit'], '--unit: a value is missing after it'),
    (['map', '--format', 'elf', 'a'], 'elf: not a format: text, shell, sfo, dmesg, iomem or json'),
    (['map', '--size', '800x600', 'a'], '--size: only for picture'),
    (['picture', 'a'], 'picture needs -o FILE'),
    (['picture', '--size', '800', '-o', 'b', 'a'], '800: not WIDTHxHEIGHT, each 8192 at most'),
    (['picture', '--size', '8193x600', '-o', 'b', 'a'], '8193x600: not WIDTHxHEIGHT, each 8192 at most'),
    (['picture', '--size', '800x599', '-o', 'b', 'a'], '800x599: below 800x600'),
    (['picture', '--csv', '-o', 'b', 'a'], '--csv: only for map and frames'),
])
def test_wrong_usage_is_refused_with_the_word_that_is_wrong(arguments, reason):
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, '')
    assert result.stderr.startswith('usage: memmap-report [map|frames]')
    assert result.stderr.endswith(f'\nmemmap-report: {reason}\n')


def test_help_and_version_answer_whatever_else_is_there():
    for arguments in (['--help'], ['-h'], ['map', '--help', 'x', 'y']):
        result = run(*arguments)
        assert (result.returncode, result.stderr) == (0, '')
        assert result.stdout.startswith('usage: memmap-report') and 'Exit status' in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 120
    result = run('--version')
    assert result.returncode == 0 and re.fullmatch(r'memmap-report \d+\.\d+\.\d+\n', result.stdout)


def test_values_may_follow_an_equals_sign():
    assert run('map', '--unit=pages', MAP).stdout == run('map', '--unit', 'pages', MAP).stdout
    assert run('map', '--format=sfo', MAP).stderr == f"{MAP}: no line of the shell's memmap -sfo\n"


def test_the_subcommand_may_stand_behind_options():
    assert run('--unit', 'MiB', 'map', MAP).stdout == run('map', '--unit', 'MiB', MAP).stdout


def test_units_do_not_depend_on_case():
    assert run('map', '--unit', 'mib', MAP).stdout == run('map', '--unit', 'MiB', MAP).stdout


def test_a_subcommand_prints_what_standard_input_says():
    assert run('map', '-', text=LOG.read_text()).stdout == run('map', LOG).stdout


def test_an_unreadable_file_is_named():
    result = run('map', '/nonexistent')
    assert (result.returncode, result.stdout, result.stderr) == (1, '', '/nonexistent: No such file or directory\n')
    assert run('map', ROOT).returncode == 1


def test_input_without_an_end_is_refused():
    result = run('map', '/dev/zero')
    assert (result.returncode, result.stdout, result.stderr) == (1, '', '/dev/zero: File too large\n')


def test_a_file_gets_what_standard_output_would_get(tmp_path):
    for arguments in (['map', MAP], ['map', '--json', MAP], ['frames', MAP], [MAP]):
        result = run(*arguments, '-o', tmp_path / 'out')
        plain = run(*arguments)
        assert (result.returncode, result.stdout) == (plain.returncode, '')
        assert (tmp_path / 'out').read_text() == plain.stdout


def test_a_dash_is_standard_output(tmp_path):
    assert run('map', MAP, '-o', '-').stdout == run('map', MAP).stdout
    assert run('picture', MAP, '-o', tmp_path / 'map.png').returncode == 0
    with open(tmp_path / 'out.png', 'wb') as out:
        assert subprocess.run([PROGRAM, 'picture', MAP, '-o', '-'], stdout=out).returncode == 0
    assert (tmp_path / 'out.png').read_bytes() == (tmp_path / 'map.png').read_bytes()


def test_what_cannot_be_written_is_an_error_and_leaves_no_half_file(tmp_path):
    result = run('map', MAP, '-o', tmp_path / 'no' / 'such')
    assert result.returncode == 1 and result.stderr == f"{tmp_path / 'no' / 'such'}: No such file or directory\n"
    result = run('map', MAP, '-o', '/dev/full')
    assert result.returncode == 1 and result.stderr == '/dev/full: No space left on device\n'
    assert os.path.exists('/dev/full')
    command = f'ulimit -f 1; trap "" XFSZ; exec {PROGRAM} map {MAP} -o {tmp_path / "half"}'
    result = subprocess.run(['bash', '-c', command], capture_output=True, text=True)
    assert result.returncode == 1 and 'File too large' in result.stderr
    assert not (tmp_path / 'half').exists()
    (tmp_path / 'link').symlink_to('file')
    result = subprocess.run(['bash', '-c', command.replace('half', 'link')], capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr == f"{tmp_path / 'link'}: File too large\n"
    assert (tmp_path / 'link').is_symlink() and not (tmp_path / 'file').exists()


@pytest.mark.parametrize('arguments', [[MAP], ['--help'], ['--version'], ['picture', MAP, '-o', '-']], ids=str)
def test_a_full_or_closed_standard_output_is_an_error(arguments):
    for where in ('>/dev/full', '>&-'):
        command = ['bash', '-c', f'exec "$@" {where}', 'bash', PROGRAM, *arguments]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 1 and result.stderr.startswith('standard output: ')


def test_a_map_without_room_for_an_allocator_is_told_of():
    result = run('frames', '-', text='0 0x0 0x100 0xf\n')
    assert (result.returncode, result.stderr) == (1, '-: no usable memory for an allocator\n')
    assert run('map', '-', text='0 0x0 0x100 0xf\n').returncode == 0


def colours(path):
    with PIL.Image.open(path) as image:
        return image.size, {colour for _, colour in image.convert('RGB').getcolors(1 << 24)}


def test_a_picture_has_the_size_asked_for_and_the_colours_of_what_is_there(tmp_path):
    free, allocated, nvs = (0x35, 0x79, 0x6B), (0xE5, 0xB5, 0x67), (0xB4, 0x8E, 0xAD)
    out = tmp_path / 'map.png'
    result = run('picture', LOG, '-o', out)
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')
    size, found = colours(out)
    assert size == (1280, 800) and {free, allocated, nvs} <= found
    assert run('picture', LOG, '--size', '1000x700', '-o', out).returncode == 0
    assert colours(out)[0] == (1000, 700)


def test_a_picture_without_an_allocator_is_drawn_and_told_of(tmp_path):
    result = run('picture', '-', '-o', tmp_path / 'map.png', text='0 0x0 0x100 0xf\n')
    assert (result.returncode, result.stderr) == (1, '-: no usable memory for the allocator\n')
    assert colours(tmp_path / 'map.png')[0] == (1280, 800)


def test_an_empty_iomem_says_who_may_read_it():
    result = run('map', '-', text='00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n')
    assert (result.returncode, result.stderr) == \
        (1, '-: all addresses are 0: /proc/iomem shows them to root only\n')


def test_a_bad_line_of_a_log_is_named_with_its_number(tmp_path):
    path = tmp_path / 'log'
    path.write_text('Linux version 6\nBIOS-e820: [mem 0x0-0xfff] usable\nBIOS-e820: [mem 0x1000-0x1f\n')
    result = run('map', path)
    assert (result.returncode, result.stderr) == (1, f'{path}:3: the range is not closed\n')


def test_this_machines_own_iomem_is_read_or_refused_for_its_zeros():
    try:
        with open('/proc/iomem') as iomem:
            text = iomem.read()
    except OSError:
        pytest.skip('no /proc/iomem')
    if 'System RAM' not in text:
        pytest.skip('no memory in /proc/iomem')
    result = run('map', '-', text=text)
    assert result.returncode in (0, 3) or 'all addresses are 0' in result.stderr


def test_the_manual_is_sound_and_names_every_option():
    manual = ROOT / 'mm' / 'host' / 'memmap-report.1'
    lint = subprocess.run(['mandoc', '-Tlint', '-Wstyle', manual], capture_output=True, text=True)
    # Whether other manuals are installed is not this one's affair.
    about_others = ("mandoc.db", "referenced manual not found")
    assert [line for line in lint.stdout.splitlines() if not any(words in line for words in about_others)] == []
    printed = subprocess.run(['mandoc', '-Tascii', manual], capture_output=True, text=True, check=True).stdout
    plain = re.sub('.\b', '', printed)
    for word in re.findall(r'(?<![\w-])-{1,2}[a-z]+', run('--help').stdout):
        assert word in plain, word
    for status in ('0 ', '1 ', '2 ', '3 '):
        assert re.search(rf'^ +{status} ', plain, re.MULTILINE)


def test_it_is_installed_below_destdir_and_removed_again(tmp_path):
    def make(target):
        command = ['make', '-s', '-o', str(PROGRAM.relative_to(ROOT)), target, f'DESTDIR={tmp_path}', 'PREFIX=/usr']
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*') if path.is_file())

    assert make('install') == ['usr/bin/memmap-report', 'usr/share/man/man1/memmap-report.1']
    installed = subprocess.run([tmp_path / 'usr/bin/memmap-report', MAP], capture_output=True, text=True)
    assert installed.stdout == run(MAP).stdout
    assert make('uninstall') == []
