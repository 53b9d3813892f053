"""Booted tests: which cases there are, and one boot per case for all the tests that look at it."""
import os

import pytest

from boot import run_to_end
from cases import all_cases, pair_cases

cases = all_cases() if os.environ.get("POLYGLOT_TEST_ALL") else pair_cases()


def pytest_configure(config):
    config.addinivalue_line("markers", "on(*names): the cases, by name, that a test runs on")


def parameter(case):
    return pytest.param(case, id=case.name, marks=pytest.mark.xdist_group(case.name))


def pytest_generate_tests(metafunc):
    """The tests that take a `booted` machine run on each case; those that need an output, on each that has it."""
    if "booted" in metafunc.fixturenames:
        wanted = [case for case in cases
                  if ("serial_report" not in metafunc.fixturenames or case.shape.serial)
                  and ("screen" not in metafunc.fixturenames or case.mode)]
        metafunc.parametrize("booted", map(parameter, wanted), indirect=True, scope="module")


@pytest.fixture(scope="module")
def booted(request, tmp_path_factory):
    """A Boot that has come to its end, shared by all tests of one case."""
    with run_to_end(request.param, tmp_path_factory.mktemp("boot")) as boot:
        yield boot


@pytest.fixture
def serial_report(booted):
    return booted.report


@pytest.fixture
def screen(booted):
    from screen import Screen  # needs Pillow, which nothing else here does

    path = booted.directory / "screen.png"
    if not path.exists():
        booted.machine.screenshot(path)
    return Screen(path)
