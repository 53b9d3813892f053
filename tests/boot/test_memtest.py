"""`test`, the memory test, in guests whose memory is good."""
import csv
import json
import re

import pytest

import images
import shell
from machine import BUILD, Shape

MIB = 1 << 20
COMMAND = "fs0:loader.efi test "
STOPPED_S = 60
OWN_BYTES = 160 << 10
ABORTED = 0x15
SHARE_MIN = 0.8  # of the bandwidth of a plain loop
# By name in the shell's summary.
NO_MEMORY = ("Reserved", "MMIO", "MMIOPort", "Unusable")


def account(output):
    """What the text report says: bytes by what for, and the sum of all but the last."""
    lines = re.findall(r"^ +(\d+) +\d+ ?[A-Z]+  (.*)$", output, re.MULTILINE)
    return {what: int(count) for count, what in lines}


def assert_sums_agree(output):
    found = account(output)
    total = found.pop("in all")
    assert sum(found.values()) == total, output
    return found, total


@pytest.fixture(scope="module")
def clean_guest(tmp_path_factory):
    """Commands in one guest with four processors; their answers, and the memory before and after."""
    commands = [COMMAND + "--patterns address,random --cpus all",
                COMMAND + "--patterns inversions,moves,modulo20 --range 32M-40M --cpus 1 --seed 1",
                COMMAND + "--range 48M-49M",
                COMMAND + "--range 48M-49M --patterns address,fade --fade 1 -o fs0:\\result.txt",
                "type fs0:\\result.txt",
                COMMAND + "--range 48M-50M --patterns walk8 --json >a fs0:\\result.json",
                "type fs0:\\result.json",
                COMMAND + "--range 48M-50M --patterns walk8 --csv >a fs0:\\result.csv",
                "type fs0:\\result.csv",
                COMMAND + "--range 600K-620K",
                COMMAND + "--range 3G-3073M",
                COMMAND + "--passes 2 --minutes 1",
                COMMAND + "--range 5-4",
                COMMAND + "--what"]
    image = shell.make_volume(tmp_path_factory.mktemp("memtest"), {}, commands)
    answers, totals = shell.run(image, len(commands), Shape(memory_mib=192, smp=4))
    return answers, totals


def test_a_clean_machine_passes_on_all_processors(clean_guest):
    answer = clean_guest[0][0]
    assert answer.status == 0
    assert re.search(r"Testing 1\d\d MB on 4 processors, seed 0x[0-9A-F]+\n", answer.output)
    assert re.search(r"^Test complete: 1 pass, \d+ s, no errors$", answer.output, re.MULTILINE)


def test_what_is_tested_and_what_is_held_back_is_all_memory_and_the_shells_total(clean_guest):
    answers, totals = clean_guest
    found, total = assert_sums_agree(answers[0].output)
    assert total == sum(size for kind, size in totals[0].items() if kind not in ("Total", *NO_MEMORY))
    # At least 15 of 16 parts of what is free, less what lies below 1 MiB and what the test itself needs.
    assert found["tested"] >= (totals[0]["Avail"] - MIB) * 15 // 16 - OWN_BYTES


def test_a_range_is_all_that_is_looked_at(clean_guest):
    for number, size in ((1, 8 * MIB), (2, MIB), (9, 20 << 10)):
        found, total = assert_sums_agree(clean_guest[0][number].output)
        assert (found, total) == ({"tested": size}, size)
    assert "1 processor," in clean_guest[0][9].output


def test_all_patterns_of_a_pass_run(clean_guest):
    names = re.findall(r"^([a-z0-9]+) +\d+ +\d+ +0$", clean_guest[0][2].output, re.MULTILINE)
    assert names == ["address", "inversions", "walk8", "walk16", "walk32", "walk64", "random", "moves", "modulo20"]


def test_a_file_holds_the_report_and_the_console_its_progress(clean_guest):
    answers = clean_guest[0]
    assert "(Esc: stop)" in answers[3].output and "Pattern" not in answers[3].output and answers[3].status == 0
    assert "(Esc" not in answers[4].output
    assert re.search(r"^fade +\d+ +\d+ +0$", answers[4].output, re.MULTILINE)


def test_redirected_json_and_csv_hold_nothing_else_and_agree(clean_guest):
    answers = clean_guest[0]
    parsed = json.loads(answers[6].output)
    rows = list(csv.DictReader(answers[8].output.strip().split("\n")))
    assert parsed["test"]["bytes"] == 2 * MIB == int(rows[0]["bytes"])
    assert parsed["test"]["errors"] == 0 == int(rows[0]["errors"])
    assert parsed["test"]["cut"] == parsed["test"]["coarse"] == 0
    assert [p["name"] for p in parsed["patterns"]] == ["walk8"] == [r["name"] for r in rows if r["record"] == "pattern"]


def test_what_cannot_be_is_refused_by_name(clean_guest):
    for number, status, words in ((10, 0xE, "no free memory from 0xC0000000"), (11, 2, "--minutes"),
                                  (12, 2, "--range"), (13, 2, "--what")):
        answer = clean_guest[0][number]
        assert answer.status == status
        assert len(answer.messages) == 1 and words in answer.messages[0]


def test_nothing_is_lost(clean_guest):
    answers, totals = clean_guest
    shell.assert_nothing_is_lost(totals[0], totals[-1], len(answers))


def test_esc_in_the_middle_gives_everything_back(tmp_path):
    short = COMMAND + "--range 32M-33M --patterns address"
    commands = [short] * 3 + [COMMAND + "--minutes 600"]
    image = shell.make_volume(tmp_path, {}, commands, warm_up=[short])
    with shell.start(image, Shape(memory_mib=128, smp=2)) as guest:
        shell.wait_until(guest, lambda: re.search(r"begin 3(?s:.*)left  0 errors", guest.serial_text()), "progress")
        guest.press("esc")
        shell.wait_until(guest, lambda: not guest.running, "end of the script", STOPPED_S)
        text = guest.serial_text()
    answer = shell.answers(text, len(commands))[-1]
    totals = shell.memory_totals(text)[1:]
    assert re.search(r"^Test stopped: 0 passes, \d+ s, no errors$", answer.output, re.MULTILINE)
    assert re.search(r"under test, but not through with it$", answer.output, re.MULTILINE)
    assert answer.status == ABORTED
    shell.assert_nothing_is_lost(totals[0], totals[-1], len(commands))


def test_a_firmware_that_lends_processors_only_for_a_turn_has_them_all_test(tmp_path):
    command = "fs0:preparer.efi test --range 32M-40M --patterns address,random"
    image = shell.make_volume(tmp_path, {"preparer.efi": BUILD / "preparer.efi", "prepare/lend": b"1"}, [command],
                              warm_up=["echo -off"])
    answers, _ = shell.run(image, 1, Shape(memory_mib=128, smp=4))
    answer = answers[0]
    assert "prepare: processors are lent" in answer.output
    assert "Testing 8192 KB on 4 processors" in answer.output and not answer.messages
    assert assert_sums_agree(answer.output)[0] == {"tested": 8 * MIB}
    assert re.search(r"^Test complete: 1 pass, \d+ s, no errors$", answer.output, re.MULTILINE)
    assert answer.status == 0


def test_memory_above_4_gib_is_reached(tmp_path):
    commands = [COMMAND + "--range 5G-5136M --patterns address,inversions",
                COMMAND + "--range 4095M-4112M --patterns random"] * 2
    image = shell.make_volume(tmp_path, {}, commands)
    answers, totals = shell.run(image, len(commands), Shape(memory_mib=8192, smp=4))
    for number, size in ((0, 16 * MIB), (1, 16 * MIB)):
        found, _ = assert_sums_agree(answers[number].output)
        assert found["tested"] == size and answers[number].status == 0
    shell.assert_nothing_is_lost(totals[0], totals[-1], len(commands))


def test_sweeps_are_nearly_as_fast_as_plain_loops_of_the_same_loads_and_stores(tmp_path):
    image = images.make_image(tmp_path / "esp.img", {
        "startup.nsh": images.script("@echo -off", "fs0:\\memory.efi", "reset -s"),
        "memory.efi": BUILD / "apps" / "memory.efi"})
    with shell.start(image, Shape(memory_mib=128)) as guest:
        shell.wait_until(guest, lambda: not guest.running, "end of the script")
        text = guest.serial_text()
    shares = {name: int(plain) / int(ours)
              for name, ours, plain in re.findall(r"sweep (.*): (\d+) ticks, plain (\d+)", text)}
    assert len(shares) == 11, text
    for pattern in ("same", "random", "address"):
        traffic = {"fill": 1, "check": 1, "replace": 8}
        share = sum(traffic.values()) / sum(n / shares[f"{sweep} {pattern}"] for sweep, n in traffic.items())
        assert share >= SHARE_MIN, shares
    assert min(shares.values()) >= SHARE_MIN - 0.1, shares
