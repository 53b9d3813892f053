"""How many instructions a call of the frame allocator takes, in every case of `make bench` that counts them."""
import pathlib
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "bench"))

import allocators  # noqa: E402

# Means over a whole case: the call itself, searches that found nothing and updates of summaries included.
INSTRUCTIONS_MAX = {"get": 30, "put": 40}
# True once the allocator has a path without a lock for single frames: until then a call takes some 100 instructions.
IS_ENFORCED = False

CASES = {"repeat", "bulk get", "bulk put", "random put", "get after random puts", "churn at 50 %", "churn at 99 %"}


@pytest.mark.parametrize("mode", allocators.OURS)
def test_a_call_takes_few_instructions(mode):
    counts = allocators.count_instructions(allocators.PROGRAM, mode)
    assert set(counts) == CASES
    too_many = [f"{case}: {count:.1f} instructions per {call}, at most {INSTRUCTIONS_MAX[call]}"
                for case, by_call in counts.items() for call, count in by_call.items()
                if count > INSTRUCTIONS_MAX[call]]
    if too_many and not IS_ENFORCED:
        pytest.skip("; ".join(too_many))
    assert not too_many
