#include "limine_requests.h"

#include <stddef.h>

#include "polyglot_allocator.h"

uint64_t limine_request_bytes(enum limine_request_kind kind, uint64_t revision)
{
    switch (kind) {
    case LIMINE_STACK_SIZE:
        return sizeof(struct limine_stack_size_request);
    case LIMINE_PAGING_MODE:
        return revision ? sizeof(struct limine_paging_mode_request)
                        : offsetof(struct limine_paging_mode_request, max_mode);
    case LIMINE_MP:
        return sizeof(struct limine_mp_request);
    case LIMINE_ENTRY_POINT:
        return sizeof(struct limine_entry_point_request);
    case LIMINE_MODULE:
        return revision ? sizeof(struct limine_module_request) : offsetof(struct limine_module_request, n_internal);
    case LIMINE_ENTROPY:
        return sizeof(struct limine_entropy_request);
    case LIMINE_POLYGLOT_ALLOCATOR:
        return sizeof(struct polyglot_allocator_request);
    default:
        return sizeof(struct limine_request);
    }
}

const char *limine_request_name(enum limine_request_kind kind)
{
    switch (kind) {
    case LIMINE_BOOTLOADER_INFO: return "Bootloader Info";
    case LIMINE_EXECUTABLE_CMDLINE: return "Executable Command Line";
    case LIMINE_FIRMWARE_TYPE: return "Firmware Type";
    case LIMINE_STACK_SIZE: return "Stack Size";
    case LIMINE_HHDM: return "HHDM";
    case LIMINE_FRAMEBUFFER: return "Framebuffer";
    case LIMINE_PAGING_MODE: return "Paging Mode";
    case LIMINE_MP: return "MP";
    case LIMINE_RISCV_BSP_HARTID: return "RISC-V BSP Hart ID";
    case LIMINE_MEMORY_MAP: return "Memory Map";
    case LIMINE_ENTRY_POINT: return "Entry Point";
    case LIMINE_EXECUTABLE_FILE: return "Executable File";
    case LIMINE_MODULE: return "Module";
    case LIMINE_RSDP: return "RSDP";
    case LIMINE_SMBIOS: return "SMBIOS";
    case LIMINE_EFI_SYSTEM_TABLE: return "EFI System Table";
    case LIMINE_EFI_MEMORY_MAP: return "EFI Memory Map";
    case LIMINE_TPM_EVENT_LOG: return "TPM Event Log";
    case LIMINE_DATE_AT_BOOT: return "Date at Boot";
    case LIMINE_EXECUTABLE_ADDRESS: return "Executable Address";
    case LIMINE_DEVICE_TREE: return "Device Tree";
    case LIMINE_BOOTLOADER_PERFORMANCE: return "Bootloader Performance";
    case LIMINE_KEEP_IOMMU: return "Keep IOMMU";
    case LIMINE_TSC_FREQUENCY: return "TSC Frequency";
    case LIMINE_FLANTERM_FB_INIT_PARAMS: return "Flanterm FB Init Params";
    case LIMINE_ENTROPY: return "Entropy";
    case LIMINE_POLYGLOT_ALLOCATOR: return "Polyglot Allocator";
    case LIMINE_REQUESTS: break;
    }
    return "unknown request";
}

const char *limine_scan_status_text(enum limine_scan_status status)
{
    switch (status) {
    case LIMINE_SCAN_OK:
        return "ok";
    case LIMINE_SCAN_TWO_TAGS:
        return "two base revision tags";
    case LIMINE_SCAN_DUPLICATE:
        return "the same request twice";
    case LIMINE_SCAN_REVISION:
        return "unknown base revision";
    }
    return "unknown status";
}
