"""
What this loader costs, in instructions of the guest and so the same on every machine, against the limits of
tests/speed/limits.py. `make speed` measures all of them, beside Limine.
"""
import dataclasses
import os
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "speed"))

from boot import LOADER  # noqa: E402
from limits import CASES, LIMIT_OF, SMALLEST_MIB, WRITES_MAX  # noqa: E402
from measurement import FLOOR, Case, measure  # noqa: E402


# In short, those whose limits are near. The module of 256 MiB and 714 descriptors show nothing that the others do not.
def is_chosen(case):
    if os.environ.get("POLYGLOT_TEST_ALL"):
        return case.module_mib <= 64 and case.descriptors != 714
    return not case.module_mib and case.descriptors in (0, 1296)


CHOSEN_CASES = [case for case in CASES if is_chosen(case)]


# On a disk that the firmware polls the number depends on how busy the host is.
def steady(case):
    return dataclasses.replace(case, disk="virtio") if case.module_mib else case


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=pytest.mark.xdist_group(f"speed-{case.name}"))
                                  for case in CHOSEN_CASES])
def test_kernel_starts_within_the_limit_and_nothing_is_written_to_the_disk(case, tmp_path):
    floor = measure(steady(case), FLOOR, tmp_path) if LIMIT_OF[case].times_floor else None
    result = measure(steady(case), LOADER, tmp_path)
    assert result.instructions is not None, result.failure
    assert result.descriptors >= case.descriptors
    assert result.instructions <= LIMIT_OF[case].of(floor)
    assert result.writes <= WRITES_MAX


@pytest.mark.xdist_group("speed-smallest")
def test_kernel_starts_in_the_smallest_guest(tmp_path):
    assert measure(Case("smallest", memory_mib=SMALLEST_MIB), LOADER, tmp_path).instructions is not None
