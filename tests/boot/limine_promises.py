"""
Which checks the test kernel must make under a condition, and which of them it may pass over: one that silently does not
run would be no promise kept.

What base revisions 0 to 2 promise has been run under Limine 8.2.0 too. What only revisions 3 to 6 promise (FROM) rests
on our notes on the protocol alone.
"""
import re

NEVER_ANSWERED = {"RISCV_BSP_HARTID"}
NEWER_THAN_LIMINE_8 = {"EXECUTABLE_CMDLINE", "TPM_EVENT_LOG", "BOOTLOADER_PERFORMANCE", "KEEP_IOMMU", "TSC_FREQUENCY",
                       "FLANTERM_FB_INIT_PARAMS", "ENTROPY"}


def _names(prefix, names):
    return {f"{prefix}.{name}" for name in names.split()}


CPU = (_names("cpu", "rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15 cs ds es ss fs gs fs_base gs_base "
              "idt_base idt_limit ldtr cr0 cr4 la57 efer pat rflags rflags_clear cr3_memory cr3_same")
       | _names("gdt", "memory limit null code_16 data_16 code_32 data_32 code_64 data_64")
       | _names("stack", "alignment word memory holds_what_is_written"))
LAPIC = _names("lapic", "enabled svr tpr timer_masked thermal_masked perf_masked lint0_masked lint1_masked "
               "error_masked lint1_is_nmi")
OTHER_CPU = _names("processor", "comes argument info apic_id")
FILE = _names("file", "memory revision alignment map_type path_memory string_memory media_type partition_index")
UNPARTITIONED = _names("file", "mbr_disk_id gpt_disk_uuid gpt_partition_uuid partition_uuid")
MODULE = {"path", "string", "bytes", "contents"}

ALWAYS = (
    {"tag.accepted", "tag.revision", "regions.disjoint"}
    | _names("untouched", "unknown_request unaligned_request before_start_marker after_end_marker")
    | _names("image", "lowest_address link_address entry bss_is_zero data")
    | _names("relocation", "relative 64 glob_dat jump_slot function_pointer")
    | _names("map", "count response_memory sorted aligned not_empty types no_overlaps merged page_zero")
    | _names("paging", "tables_memory not_too_fragmented direct_map large_pages image")
    | _names("access", "text_is_readable text_is_not_writable rodata_is_readable rodata_is_not_writable "
             "rodata_is_not_executable data_is_writable data_execution page_before_image page_after_image "
             "usable_memory direct_map_is_executable null_pointer one_mib_identity end_of_lower_half beyond_direct_map "
             "local_apic_in_direct_map")
    | _names("machine", "pic_master pic_slave a20")
    | _names("hhdm", "higher_half alignment")
    | _names("iommu", "translation_is_off remapping_is_off amd_is_off"))

# Checks that an answer brings with it.
OF_ANSWER = {
    "EXECUTABLE_ADDRESS": _names("image", "virtual_base physical_base map_type"),
    "EFI_MEMORY_MAP": _names("efi_map", "sizes version memory runtime_descriptors types_agree usable_is_free"),
    "BOOTLOADER_INFO": _names("bootloader_info", "name version"),
    "FIRMWARE_TYPE": {"firmware_type.type"},
    "PAGING_MODE": {"paging_mode.mode"},
    "EXECUTABLE_CMDLINE": _names("cmdline", "memory text"),
    "DATE_AT_BOOT": {"date.is_now"},
    "BOOTLOADER_PERFORMANCE": _names("performance", "order size"),
    "TSC_FREQUENCY": {"tsc_frequency.hz"},
    "ENTROPY": _names("entropy", "count all_of_it pointer"),
    "RSDP": (_names("rsdp", "kind_of_address signature checksum") | _names("acpi", "tables map_types")
             | _names("machine", "madt io_apics io_apics_masked")),
    "SMBIOS": {"smbios.entry"} | _names("smbios32", "kind_of_address anchor checksum map_type"),
    "EFI_SYSTEM_TABLE": _names("system_table", "kind_of_address signature runtime_services map_type runtime_map_type "
                               "vendor_map_type tables_map_type"),
    "FRAMEBUFFER": _names("framebuffer", "count list_memory memory size model colours direct_map map_entry writable "
                          "modes modes_have_current edid_pointer edid"),
    "DEVICE_TREE": _names("device_tree", "alignment magic memory"),
    "TPM_EVENT_LOG": _names("tpm_log", "format memory tpm_answers"),
    "FLANTERM_FB_INIT_PARAMS": _names("flanterm", "count memory rotation font canvas"),
    "EXECUTABLE_FILE": {f"executable.{name}" for name in FILE | {"executable_file.text", "path", "string"}},
    "MODULE": _names("module", "count list_memory"),
    "MP": _names("processors", "flags count boot_processor list_memory entries_memory ids_are_the_madts each_once "
                 "goto_is_zero boot_processor_once"),
}

# From which base revision on it is promised.
FROM = {
    **dict.fromkeys(_names("untouched", "before_start_marker after_end_marker"), 2),
    "acpi.map_types": 4,
    **dict.fromkeys(_names("cpu", "idt_base idt_limit ldtr rflags"), 5),
    **dict.fromkeys(LAPIC, 5),
    **dict.fromkeys({"smbios32.map_type", "smbios64.map_type", "system_table.map_type"}, 5),
    **dict.fromkeys(_names("system_table", "runtime_map_type vendor_map_type tables_map_type"), 5),
}


def answered(case):
    """Names of the requests that must be."""
    names = set(case.variant.asked) - NEVER_ANSWERED
    if case.variant.is_limine_8:
        names -= NEWER_THAN_LIMINE_8
    if not case.facts.n_framebuffers:
        names -= {"FRAMEBUFFER", "FLANTERM_FB_INIT_PARAMS"}
    if not case.variant.modules:
        names.discard("MODULE")
    if not case.has_device_tree:
        names.discard("DEVICE_TREE")
    if not case.has_tpm:
        names.discard("TPM_EVENT_LOG")
    if case.variant.uses_list:
        names.discard("DATE_AT_BOOT")
    return names


def _processor_checks(case, answers):
    lapic = (LAPIC if case.variant.revision >= FROM["lapic.svr"] else {"lapic"}) if "RSDP" in answers else set()
    checks = CPU | lapic
    if {"MP", "RSDP"} <= answers:
        for number in range(1, case.machine.smp):
            checks |= {f"ap{number}.{name}" for name in CPU | lapic | OTHER_CPU}
    return checks


def _file_checks(case, answers):
    file = FILE | (set() if case.gpt else UNPARTITIONED)
    checks = set()
    if "EXECUTABLE_FILE" in answers:
        checks |= {f"executable.{name}" for name in file}
        if "EXECUTABLE_CMDLINE" in answers:
            checks.add("executable.cmdline_is_string")
    if "MODULE" in answers:
        for number in range(len(case.variant.modules)):
            checks |= {f"module{number}.{name}" for name in file | MODULE}
    return checks


def expected_checks(case):
    """Names of all that must have been checked, or passed over."""
    answers = answered(case)
    checks = ALWAYS | _processor_checks(case, answers) | _file_checks(case, answers)
    checks |= {f"untouched.{name}" for name in case.variant.asked - answers}
    for name in answers:
        checks |= {f"answered.{name}", f"response_memory.{name}", f"response_revision.{name}", *OF_ANSWER.get(name, ())}
    if "FRAMEBUFFER" in answers and case.resolution:
        checks |= _names("framebuffer", "width height")
    checks.add("paging.lower_half_is_empty" if case.variant.revision else "paging.identity")
    return checks


def expected_skips(case):
    """Which of these are no promise here, beside POSSIBLE_SKIPS."""
    variant, checks = case.variant, expected_checks(case)
    skips = {name for name in checks if variant.revision < FROM.get(re.sub(r"^ap\d+\.", "", name), 0)}
    skips |= {name for name in checks if name.endswith("lapic")}
    if not variant.has_tag:
        skips |= {"tag.accepted", "tag.revision"}
    if not variant.has_decoys:
        skips |= {"untouched.before_start_marker", "untouched.after_end_marker"}
    if variant.file != "exec":
        skips.add("image.link_address")
    if variant.revision >= 3:
        skips.add("map.page_zero")
    is_kept = variant.revision < 5 or "KEEP_IOMMU" in variant.asked
    if is_kept or not any(argument.startswith("intel-iommu") for argument in case.extra):
        skips |= _names("iommu", "translation_is_off remapping_is_off")
    if is_kept or "amd-iommu" not in case.extra:
        skips.add("iommu.amd_is_off")
    if variant.is_limine_8:
        skips |= {"paging.large_pages", "efi_map.memory"}
        skips |= {name for name in checks if name.endswith("file.string_memory")}
        if variant.stack_bytes % 16:
            skips |= {name for name in checks if name.endswith("stack.alignment")}
    return skips & checks


# An EDID that the firmware has none of; numbers that a processor without RDRAND cannot give.
POSSIBLE_SKIPS = {"framebuffer.edid", "entropy.all_of_it"}
# What is checked only where there is something to check.
POSSIBLE_CHECKS = _names("entropy", "memory repeated") | _names("smbios64", "kind_of_address anchor checksum map_type")

