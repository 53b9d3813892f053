"""`make run` itself: what it prints, what it leaves and how it ends."""
import os
import subprocess
import sys

import pytest

import images
import report
from boot import LOADER
from machine import BUILD, TOP
from screen import Screen


def run(build, *arguments):
    return subprocess.run([sys.executable, str(TOP / "tests" / "boot" / "run.py"), *arguments], text=True,
                          env={**os.environ, "BUILD": str(build)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.xdist_group("run")
def test_run_copies_the_report_saves_the_screen_and_succeeds(tmp_path):
    (tmp_path / "esp.img").symlink_to(BUILD / "esp.img")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert report.parse(done.stdout).framebuffer
    assert "\x1b" not in done.stdout
    screen = Screen(tmp_path / "screen.png")
    assert [line for line in screen.lines() if line][-1] == report.LAST_LINE


@pytest.mark.xdist_group("run-fails")
@pytest.mark.parametrize("script, failure", [
    ([r"fs0:\loader.efi fault=divide"], "the kernel panicked"),
    (["reset -s"], "the guest ended"),
    ([], "no end of the report within"),
], ids=["panic", "reset", "hang"])
def test_run_fails_with_a_reason_when_there_is_no_complete_report(tmp_path, script, failure):
    images.make_image(tmp_path / "esp.img", {"startup.nsh": images.script(*script), "loader.efi": LOADER})
    done = run(tmp_path, "--time-limit", "60" if script else "1")
    assert done.returncode == 1
    assert f"run: {failure}" in done.stderr
