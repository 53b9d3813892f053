"""All commands in guests of every size: what they say agrees with the shell's own `memmap`, and nothing is lost."""
import json
import os

import pytest

import images
import shell
from machine import Shape

MIB = 1 << 20
LOADER = "fs0:\\loader.efi "
ANOMALIES = 0x40
SUCCESS = 0
JSON_COMMANDS = ("map", "frames", "numa", "dimms", "attributes")
TEST_AT_MIB = {64: 24}  # where OVMF leaves memory free in so small a guest; else just above 4 GiB, or at 64 MiB
TEST_MIB = 4

SMALLEST, LARGEST = Shape(memory_mib=64, display="none"), Shape(memory_mib=512 * 1024, smp=4)
SHAPES = [SMALLEST, LARGEST]
if os.environ.get("POLYGLOT_TEST_ALL"):
    SHAPES = [Shape(memory_mib=mib, smp=smp, display=display) for mib in (64, 128, 256, 1024, 4096, 65536, 512 * 1024)
              for smp in (1, 4) for display in ("std", "none")]


def test_range(shape):
    start = TEST_AT_MIB.get(shape.memory_mib, 4096 + 64 if shape.memory_mib > 4096 else 64)
    return f"{start}M-{start + TEST_MIB}M"


test_range.__test__ = False


@pytest.fixture(scope="module", params=[pytest.param(shape, id=shape.name, marks=pytest.mark.xdist_group(shape.name))
                                        for shape in SHAPES])
def run(request, tmp_path_factory):
    shape = request.param
    commands = [f"{LOADER}{name} --json -o fs0:\\{name}.json" for name in JSON_COMMANDS]
    commands += [f"{LOADER}test --patterns address,random --range {test_range(shape)} --json -o fs0:\\test.json",
                 f"{LOADER}picture fs0:\\p.png", f"{LOADER}report fs0:\\r.txt"]
    image = shell.make_volume(tmp_path_factory.mktemp("diagnostics"), {}, commands, warm_up=commands)
    answers, totals = shell.run(image, len(commands), shape, keep_changes=True)
    reports = {name: json.loads(images.read_text(image, f"{name}.json")) for name in (*JSON_COMMANDS, "test")}
    return shape, answers, totals, reports, image


def test_every_command_succeeds_or_names_what_the_firmware_got_wrong(run):
    for answer in run[1]:
        assert answer.status in (SUCCESS, ANOMALIES), answer.output


def test_sums_are_the_shells(run):
    _, _, totals, reports, _ = run
    assert reports["map"]["map"]["total_bytes"] == totals[-1]["Total"]
    sums = {total["name"]: total["bytes"] for total in reports["map"]["descriptor_totals"]}
    for name, shells in (("Reserved", "Reserved"), ("RuntimeCode", "RTCode"), ("RuntimeData", "RTData"),
                         ("ACPIReclaimMemory", "ACPIRecl"), ("ACPIMemoryNVS", "NVS"), ("MemoryMappedIO", "MMIO")):
        assert sums.get(name, 0) == totals[-1][shells], name


def test_an_allocator_gets_all_but_what_the_firmware_keeps(run):
    _, _, totals, reports, _ = run
    amounts = {amount["name"]: amount for amount in reports["frames"]["amounts"]}
    kept = sum(totals[-1][name] for name in ("RTCode", "RTData", "ACPIRecl", "NVS"))
    image = [own for own in reports["map"]["own"] if own["text"] == "this program"][0]["bytes"]
    framebuffer_and_holes_max = 16 * MIB
    most = totals[-1]["Total"] - kept - image
    assert most - framebuffer_and_holes_max <= amounts["usable"]["bytes"] <= most
    assert amounts["free"]["pages"] + amounts["allocated"]["pages"] == amounts["usable"]["pages"]
    assert sum(run["pages"] * run.get("count", 1) for run in reports["frames"]["free_runs"]) >= amounts["free"]["pages"]


def test_memory_is_tested_where_it_was_asked_for(run):
    shape, answers, _, reports, _ = run
    assert answers[len(JSON_COMMANDS)].status == SUCCESS
    assert reports["test"]["errors"] == []
    assert reports["test"]["test"]["bytes"] == TEST_MIB * MIB, shape


def test_picture_and_report_are_files(run):
    assert images.read_file(run[4], "p.png").startswith(b"\x89PNG\r\n\x1a\n")
    assert "==== dimms ====" in images.read_text(run[4], "r.txt")


def test_nothing_is_lost(run):
    shell.assert_nothing_is_lost(run[2][0], run[2][-1], len(run[1]))
