"""memmap-report as a program to run, and the files that its tests run it on."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get('BUILD', 'build') / 'host' / 'memmap-report'
MAPS = sorted((ROOT / 'tests' / 'maps').glob('*.txt'))
LOGS = sorted((ROOT / 'tests' / 'maps' / 'dmesg').glob('*.txt'))


def run(*arguments, text=None, data=None):
    """Runs it; text or data is its standard input."""
    stdin = data if data is not None else None if text is None else text.encode()
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=60)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done
