"""How many instructions a call of the frame allocator takes, in every case of `make bench` that counts them."""
import pathlib
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "bench"))

import allocators  # noqa: E402

# Means over a whole case: the call itself, searches that found nothing and updates of summaries included. The same on
# every machine.
GET_MAX, PUT_MAX = 30, 40
INSTRUCTIONS_MAX = {
    "repeat": {"get": GET_MAX, "put": PUT_MAX},
    "bulk get": {"get": GET_MAX},
    "bulk put": {"put": PUT_MAX},
    "get after random puts": {"get": GET_MAX},
    # Each frame is of another word: an atomic operation each, and two looks at whose the area is.
    "random put": {"put": 62},
    # Words have few free frames by then: 8 and more where half is taken, 1 or 2 where nearly all is.
    "churn at 50 %": {"get": 44, "put": 70},
    "churn at 99 %": {"get": 126, "put": 78},
}


@pytest.mark.parametrize("mode", allocators.OURS)
def test_a_call_takes_few_instructions(mode):
    counts = allocators.count_instructions(allocators.PROGRAM, mode)
    assert set(counts) == set(INSTRUCTIONS_MAX)
    for case, limits in INSTRUCTIONS_MAX.items():
        assert set(counts[case]) == set(limits)
        for call, limit in limits.items():
            assert counts[case][call] <= limit, f"{case}: instructions per {call}"
