"""The table of frame allocators that `make bench` prints, made with few calls: whether it is whole, and adds up."""
import csv
import math
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = [sys.executable, TOP / "tests" / "bench" / "bench.py", "--allocators", "--quick", "--rounds=3"]

BOTH = ("boot", "shared")
SHARED = ("shared",)
OTHERS = ("word", "first fit")
# Each case, the modes it is measured in, and the calls of which instructions are counted.
CASES = {
    "repeat": (BOTH, ("get", "put")),
    "bulk get": (BOTH, ("get",)),
    "bulk put": (BOTH, ("put",)),
    "random put": (BOTH, ("put",)),
    "get after random puts": (BOTH, ("get",)),
    "churn at 50 %": (BOTH, ("get", "put")),
    "churn at 99 %": (BOTH, ("get", "put")),
    "2 MiB get": (BOTH, ()),
    "2 MiB put": (BOTH, ()),
    "threads: repeat": (SHARED, ()),
    "threads: bulk get": (SHARED, ()),
    "threads: bulk put": (SHARED, ()),
    "threads: mixed random put": (SHARED, ()),
    "init of 1 TiB": (BOTH, ()),
    "init of 1 TiB, get of all by 2 MiB": (BOTH, ()),
    "init of 8 GiB, get of all": (BOTH, ()),
    "last free frame of 1 TiB": (BOTH, ()),
    "last free frame, from another CPU": (SHARED, ()),
    "no free frame in 1 TiB": (BOTH, ()),
    "metadata": (BOTH, ()),
    "fragmentation, mean": (BOTH, ()),
    "fragmentation, least": (BOTH, ()),
}
COUNTS_OF_AREAS = ("fragmentation, mean", "fragmentation, least")  # may be 0


def run_bench(*options):
    return subprocess.run([*BENCH, *options], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def rows():
    return list(csv.DictReader(run_bench("--format=tsv").splitlines(), delimiter="\t"))


def is_positive(text):
    return math.isfinite(float(text)) and float(text) > 0


@pytest.mark.xdist_group("bench")
def test_table_has_every_case_in_every_mode_once(rows):
    assert sorted((row["case"], row["mode"]) for row in rows) == sorted(
        (case, mode) for case, (modes, _) in CASES.items() for mode in modes)


@pytest.mark.xdist_group("bench")
def test_every_case_has_values_and_ratios(rows):
    for row in rows:
        if row["case"] in COUNTS_OF_AREAS:
            continue
        assert is_positive(row["ours"]), row
        for other in OTHERS:
            assert is_positive(row[other]) and is_positive(row[f"/{other}"]), row
            assert math.isclose(float(row[f"/{other}"]), float(row["ours"]) / float(row[other]), rel_tol=1e-3), row


@pytest.mark.xdist_group("bench")
def test_instructions_are_counted_where_single_frames_are_got_or_put(rows):
    for row in rows:
        for call in ("get", "put"):
            if call in CASES[row["case"]][1]:
                assert is_positive(row[call]), row
            else:
                assert row[call] == "", row


@pytest.mark.xdist_group("bench")
def test_text_has_the_cases_and_the_method():
    text = run_bench()
    for case in CASES:
        assert f"\n{case} " in text
    assert "medians of 3 rounds" in text
    assert all(len(line) <= 120 for line in text.splitlines())
