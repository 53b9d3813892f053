"""Each boot, whatever the machine: what the report says, and that it is true."""
from kernel_result import STAGE_FINISHED
from report import FIRST_LINE, LAST_LINE, size_text
from screen import wrap

PAGE_BYTES = 4096
SAMPLE_FRAMES = 10_000
SPREAD_FRAMES = 4096
OPERATIONS_MIN = 50_000
LOW_FRAMES = (1 << 20) // PAGE_BYTES

OUTSIDE_TOTAL = (0, 8, 11, 12)  # firmware types: reserved, unusable, MMIO, MMIO port space


def test_kernel_finishes_and_says_so_in_its_result_structure(booted):
    result = booted.result
    assert result.stage == STAGE_FINISHED
    assert result.has_serial == booted.case.shape.serial
    assert result.has_framebuffer == (booted.case.mode is not None)


def test_result_counts_hold_together(booted):
    result = booted.result
    assert 0 < result.free_frames <= result.usable_frames
    assert result.tested_frames <= booted.case.test_frames + SPREAD_FRAMES
    assert result.tested_frames >= min(booted.case.test_frames, result.free_frames - LOW_FRAMES)


def test_allocator_manages_nearly_all_memory_of_the_machine(booted):
    usable_bytes = booted.result.usable_frames * PAGE_BYTES
    memory_bytes = booted.case.shape.memory_mib << 20
    assert memory_bytes - (32 << 20) < usable_bytes <= memory_bytes


def test_report_follows_the_grammar_line_by_line(serial_report):
    assert serial_report.uefi_revision == "2.70"
    assert serial_report.firmware == "EDK II"
    assert serial_report.warnings == []


def test_regions_are_sorted_disjoint_and_sized_right(serial_report):
    regions = serial_report.regions
    assert regions
    for region in regions:
        assert region.start % PAGE_BYTES == region.end % PAGE_BYTES == 0
        assert region.start < region.end
        assert region.size == size_text(region.bytes)
    for before, after in zip(regions, regions[1:]):
        assert before.end <= after.start
        assert before.end < after.start or before.type != after.type, "neighbours of one type are one region"


def test_sizes_in_the_report_agree_with_its_regions_and_frames(serial_report):
    usable_bytes = sum(region.bytes for region in serial_report.regions if region.type == "USABLE")
    assert serial_report.usable == size_text(usable_bytes)
    assert serial_report.usable_frames == usable_bytes // PAGE_BYTES
    assert serial_report.usable_frames_size == size_text(usable_bytes)
    assert serial_report.free_frames_size == size_text(serial_report.free_frames * PAGE_BYTES)


def test_counts_on_com1_agree_with_the_result_structure(booted, serial_report):
    assert serial_report.usable_frames == booted.result.usable_frames
    assert serial_report.free_frames == booted.result.free_before


def test_total_is_the_shells_own_total_on_this_machine(booted, serial_report):
    descriptors, _ = booted.raw_map
    total = sum(d.bytes for d in descriptors if d.type not in OUTSIDE_TOTAL)
    assert total == booted.shell_totals["Total"]
    assert serial_report.total == size_text(booted.shell_totals["Total"])


def test_map_is_what_memmap_report_makes_of_the_raw_one(booted, serial_report):
    assert serial_report.memory_map_lines == booted.expected_lines[:len(serial_report.memory_map_lines)]


def test_allocator_lines_are_what_memmap_report_prints(booted, serial_report):
    assert serial_report.allocator_lines == booted.expected_lines[-len(serial_report.allocator_lines):]


def test_image_and_framebuffer_are_carved_out(booted, serial_report):
    executable = [r for r in serial_report.regions if r.type == "EXECUTABLE_AND_MODULES"]
    assert any(r.start <= booted.image_address < r.end for r in executable)
    framebuffer = serial_report.framebuffer
    if framebuffer:
        region, = [r for r in serial_report.regions if r.type == "FRAMEBUFFER"]
        assert region.start <= framebuffer.address < region.end
        assert region.bytes >= framebuffer.width * framebuffer.height * framebuffer.bits_per_pixel // 8


def test_full_test_says_what_it_covered(booted, serial_report):
    r = serial_report
    assert r.tested_lowest + r.tested_spread == booted.result.tested_frames
    assert r.tested_lowest + r.tested_spread + r.left_out_low + r.left_out == booted.result.free_before
    assert r.tested_lowest == min(booted.case.test_frames, booted.result.free_before - r.left_out_low)
    assert r.tested_spread == min(SPREAD_FRAMES, booted.result.free_before - r.left_out_low - r.tested_lowest)
    assert r.left_out_low <= LOW_FRAMES
    assert (r.tested_lowest_size, r.left_out_size) == (size_text(r.tested_lowest * PAGE_BYTES),
                                                       size_text(r.left_out * PAGE_BYTES))


def test_frames_allocated_for_show_are_usable_and_distinct(serial_report):
    first, second = serial_report.samples
    assert first != second
    for address in (first, second):
        assert address >= 1 << 20
        assert any(r.type == "USABLE" and r.start <= address < r.end for r in serial_report.regions)


def test_framebuffer_line_names_the_mode(booted, serial_report):
    framebuffer = serial_report.framebuffer
    if booted.case.mode is None:
        assert framebuffer is None
        return
    assert (framebuffer.width, framebuffer.height) == booted.case.mode
    assert (framebuffer.bits_per_pixel, framebuffer.format) == (32, "BGR")


def test_tested_frames_hold_their_own_address(booted, serial_report):
    addresses = booted.sample_of_tested_frames(SAMPLE_FRAMES)
    assert len(addresses) >= min(SAMPLE_FRAMES, booted.result.free_frames // 2)
    words = booted.machine.read_words(addresses)
    wrong = {hex(address): hex(word) for address, word in zip(addresses, words) if word != address}
    # Starting and testing the processors comes after that test, and uses memory of its own.
    assert len(wrong) <= booted.result.late_frames, f"{len(wrong)} of {len(addresses)} do not hold what the test wrote"


def test_every_processor_of_the_machine_is_online(booted):
    assert booted.result.processors == len(booted.machine.processors()) == booted.case.shape.smp


def test_report_names_the_processors_and_passes_the_allocator(booted, serial_report):
    assert serial_report.processor_warnings == []
    assert (serial_report.processors, serial_report.apic_mode) == (booted.case.shape.smp, "xAPIC")
    assert OPERATIONS_MIN <= serial_report.operations < OPERATIONS_MIN * 1.1
    assert serial_report.operation_time > 0 and serial_report.operation_unit == "ns"


def test_all_memory_of_the_processors_is_given_back_but_for_page_tables(booted, serial_report):
    assert booted.result.late_tables <= 4 + booted.result.processors
    assert booted.result.late_frames > booted.result.late_tables
    assert serial_report.free_frames - booted.result.free_frames == booted.result.late_tables


def test_other_processors_wait_for_a_start_up_interrupt(booted):
    for index in range(1, booted.case.shape.smp):
        registers = booted.machine.registers(index)
        assert registers["HLT"] == 1
        assert registers["CR3"] == 0 and not registers["CR0"] & 1, "in real mode, out of our memory"


def test_screen_has_the_mode(booted, screen):
    assert (screen.width, screen.height) == booted.case.mode


def test_screen_shows_the_last_lines_of_com1(booted, screen, serial_report):
    printed = booted.serial[booted.serial.index(FIRST_LINE):]
    assert screen.lines() == wrap(printed, screen.columns, screen.rows)


def test_screen_shows_the_last_line_of_the_report(screen):
    assert [line for line in screen.lines() if line][-1] == LAST_LINE


def test_picture_below_the_text_has_several_colours(screen):
    assert screen.colours((0, screen.bottom, screen.width, screen.height)) >= 4
