"""
Spin explores each model of this folder in full: no error without a bug, and one with each bug that the model can be
given. What there is to run stands in the model's first comment:

    Run NAME: -DDEFINITION...          must be without errors
    Bug N (RUN): what is wrong         with -DBUG=N that run must find an error
    Reach N (RUN): what must happen    with -DREACH=N an assertion fails where it does: the run gets there

Run `ends` is also searched for cycles: all comes to an end. `make test` has the first run of each model, `make
test-all` everything.
"""
import os
import pathlib
import re
import subprocess

import pytest

MODELS = pathlib.Path(__file__).resolve().parent
BUILD = MODELS.parents[1] / os.environ.get('BUILD', 'build') / 'models'
PATHS = sorted(MODELS.glob('*.pml'))
ALL = 'POLYGLOT_TEST_ALL' in os.environ

MEMORY_MIB = 1000
DEPTH_MAX = 2_000_000
TIME_LIMIT_S = 300

LINE = re.compile(r'^ \* (Run|Bug|Reach) (\w+)(?: \((\w+)\))?:(.*)$', re.MULTILINE)
STATES = re.compile(r'(\d+) states, stored')


def read_model(path):
    """Its runs, {name: definitions}, and its variants, [(Bug or Reach, number, run)]."""
    runs, variants = {}, []
    for kind, name, run, rest in LINE.findall(path.read_text().partition('*/')[0]):
        if kind == 'Run':
            runs[name] = rest.split()
        else:
            variants.append((kind, int(name), run))
    return runs, variants


EVERYTHING = [(path, run, kind, number)
              for path in PATHS
              for runs, variants in [read_model(path)]
              for kind, number, run in [*(('Bug', 0, run) for run in runs), *variants]]
CASES = EVERYTHING if ALL else [next(case for case in EVERYTHING if case[0] == path) for path in PATHS]


def case_name(path, run, kind, number):
    return f'{path.stem}-{run}' + (f'-{kind.lower()}{number}' if number else '')


def execute(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=TIME_LIMIT_S)
    assert done.returncode == 0, done.stdout
    return done.stdout


def explore(path, run, kind, number):
    """What the model checker prints, after it has been built in a folder of its own."""
    folder = BUILD / case_name(path, run, kind, number)
    folder.mkdir(parents=True, exist_ok=True)
    definitions = [*read_model(path)[0][run], f'-D{kind.upper()}={number}']
    ends = run == 'ends'
    execute(['spin', '-a', *definitions, path], folder)
    optimize = '-O0' if number else '-O1'  # most errors are found sooner than an optimized checker is built
    execute(['gcc', optimize, '-w', f'-DMEMLIM={MEMORY_MIB}', '-DVECTORSZ=2048', '-DCOLLAPSE', '-DNOFAIR',
             '-DNP' if ends else '-DSAFETY', 'pan.c', '-o', 'pan'], folder)
    return execute(['./pan', f'-m{DEPTH_MAX}', '-n', *(['-l'] if ends else [])], folder)


@pytest.mark.parametrize('path,run,kind,number', CASES, ids=[case_name(*case) for case in CASES])
def test_spin_finds_what_is_wrong_and_nothing_else(path, run, kind, number):
    output = explore(path, run, kind, number)
    print(output)
    if number:
        assert re.search(r'errors: [1-9]', output), output
        assert not re.search(r'pan:\d+: block in d_step|VECTORSZ|out of memory', output), output
    else:
        assert 'errors: 0' in output, output
        assert int(STATES.search(output)[1]) > 1000, output
        assert not re.search('max search depth too small|MEMLIM|out of memory|Search not completed', output), output


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_all_bugs_and_goals_of_a_model_are_listed_in_it(path):
    _, variants = read_model(path)
    text = path.read_text().partition('*/')[2]
    for kind in 'Bug', 'Reach':
        in_text = {int(number) for number in re.findall(rf'\b{kind.upper()} [=!]= ([1-9]\d*)', text)}
        assert in_text == {number for k, number, _ in variants if k == kind}
        assert in_text
