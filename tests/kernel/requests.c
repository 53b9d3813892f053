#include "requests.h"

#include <stddef.h>

#include "compiler.h"
#include "state.h"

#define STACK_BYTES_DEFAULT 0x10000

/*
 * All in one order that the linker cannot change: decoy, start, tag, requests, end, decoy. The tests change words of it
 * in the finished file by the names here: another revision, another id for a request that is not to be there.
 */
struct all_requests {
    struct limine_request decoy_before;
    uint64_t start[4];
    uint64_t base_revision[3];
    struct limine_request bootloader_info, executable_cmdline, firmware_type;
    struct limine_stack_size_request stack_size;
    struct limine_request hhdm, framebuffer;
    struct limine_paging_mode_request paging_mode;
    struct limine_mp_request mp;
    struct limine_request riscv_bsp_hartid, memory_map;
    struct limine_entry_point_request entry_point;
    struct limine_request executable_file;
    struct limine_module_request module;
    struct limine_request rsdp, smbios, efi_system_table, efi_memory_map, tpm_event_log, date_at_boot;
    struct limine_request executable_address, device_tree, bootloader_performance, keep_iommu, tsc_frequency;
    struct limine_request flanterm_fb_init_params;
    struct limine_entropy_request entropy;
    struct limine_request unknown;
    uint32_t half_a_word;
    struct PACKED {
        struct limine_request request;
    } unaligned;
    uint32_t other_half;
    uint64_t end[2];
    struct limine_request decoy_after;
};

#define HEAD(word2, word3) { .id = { LIMINE_COMMON, word2, word3 }, .response = NOT_ANSWERED }
#define HEAD_OF_REVISION(n, word2, word3)                                                                              \
    { .id = { LIMINE_COMMON, word2, word3 }, .revision = n, .response = NOT_ANSWERED }

/* Paths relative to the kernel's folder, and one that is not; the second is on no volume. */
static struct limine_internal_module internal_modules[] = {
    { (uint64_t)"near.bin", (uint64_t)"first internal", 0 },
    { (uint64_t)"./absent.bin", (uint64_t)"not there", 0 },
    { (uint64_t)"/modules/far.bin", (uint64_t)"", LIMINE_MODULE_REQUIRED },
};
static const struct limine_internal_module *internal_list[] = {
    &internal_modules[0], &internal_modules[1], &internal_modules[2]
};

__attribute__((section(".data"), used, aligned(8))) static struct all_requests all_requests = {
    .decoy_before = { .response = NOT_ANSWERED },
    .start = { LIMINE_START_MARKER },
    .base_revision = { LIMINE_BASE_REVISION_TAG, 0 },
    .bootloader_info = HEAD(0xf55038d8e2a1202f, 0x279426fcf5f59740),
    .executable_cmdline = HEAD(0x4b161536e598651e, 0xb390ad4a2f1f303a),
    .firmware_type = HEAD(0x8c2f75d90bef28a8, 0x7045a4688eac00c3),
    .stack_size = { HEAD(0x224ef0460a8e8926, 0xe1cb0fc25f46ea3d), STACK_BYTES_DEFAULT },
    .hhdm = HEAD(0x48dcf1cb8ad2b852, 0x63984e959a98244b),
    .framebuffer = HEAD_OF_REVISION(1, 0x9d5827dcd881dd75, 0xa3148604f6fab11b),
    .paging_mode = { HEAD_OF_REVISION(1, 0x95c1a0edab0944cb, 0xa4e5cb3842f7488a), LIMINE_PAGING_4_LEVEL,
                     LIMINE_PAGING_4_LEVEL, LIMINE_PAGING_4_LEVEL },
    .mp = { HEAD(0x95a67b819a1b857e, 0xa0b61b723b6a73e0), 0 },
    .riscv_bsp_hartid = HEAD(0x1369359f025525f9, 0x2ff2a56178391bb6),
    .memory_map = HEAD(0x67cf3d9d378a806f, 0xe304acdfc50c3c62),
    .entry_point = { HEAD(0x13d86c035a1cd3e1, 0x2b0caa89d8f3026a), (uint64_t)entry_requested },
    .executable_file = HEAD(0xad97e90e83f1ed67, 0x31eb5d1c5ff23b69),
    .module = { HEAD_OF_REVISION(1, 0x3e7e279702be32af, 0xca1c4f3bd1280cee), ARRAY_LENGTH(internal_list),
                (uint64_t)internal_list },
    .rsdp = HEAD(0xc5e77b6b397e7b43, 0x27637845accdcf3c),
    .smbios = HEAD(0x9e9046f11e095391, 0xaa4a520fefbde5ee),
    .efi_system_table = HEAD(0x5ceba5163eaaf6d6, 0x0a6981610cf65fcc),
    .efi_memory_map = HEAD(0x7df62a431d6872d5, 0xa4fcdfb3e57306c8),
    .tpm_event_log = HEAD(0x98e094fc7e76e979, 0xee8d8775c54e1d1f),
    .date_at_boot = HEAD(0x502746e184c088aa, 0xfbc5ec83e6327893),
    .executable_address = HEAD(0x71ba76863cc55f63, 0xb2644a48c516a487),
    .device_tree = HEAD(0xb40ddb48fb54bac7, 0x545081493f81ffb7),
    .bootloader_performance = HEAD(0x6b50ad9bf36d13ad, 0xdc4c7e88fc759e17),
    .keep_iommu = HEAD(0x8ebaabe51f490179, 0x2aa86a59ffb4ab0f),
    .tsc_frequency = HEAD(0x10f2ee1d87d195e4, 0xf747a2b78f6ddb31),
    .flanterm_fb_init_params = HEAD(0x3259399fe7c5f126, 0xe01c1c8c5db9d1a9),
    .entropy = { HEAD(0x65ea80255d5682c5, 0x9117240723f493eb), ENTROPY_WORDS },
    .unknown = HEAD(0x6b6e6f77206e6f74, 0x68696e6720686572),
    /* Not 8-aligned, so none: a second one of its kind otherwise. */
    .unaligned = { HEAD(0x4b161536e598651e, 0xb390ad4a2f1f303a) },
    .end = { LIMINE_END_MARKER },
    .decoy_after = { .response = NOT_ANSWERED },
};
_Static_assert(offsetof(struct all_requests, unaligned) % 8 == 4, "unaligned");

/* Base revision 0: all but the date. The tests give the section another name where it is not to count. */
__attribute__((section(".limine_reqs"), used)) static void *request_list[] = {
    &all_requests.bootloader_info, &all_requests.firmware_type, &all_requests.stack_size, &all_requests.hhdm,
    &all_requests.framebuffer, &all_requests.paging_mode, &all_requests.mp, &all_requests.memory_map,
    &all_requests.executable_file, &all_requests.module, &all_requests.rsdp, &all_requests.smbios,
    &all_requests.efi_system_table, &all_requests.efi_memory_map, &all_requests.executable_address,
    &all_requests.executable_cmdline, &all_requests.bootloader_performance, &all_requests.tsc_frequency,
    &all_requests.flanterm_fb_init_params, &all_requests.entropy, &all_requests.unknown, NULL
};

const volatile uint64_t *requests_tag(void)
{
    return all_requests.base_revision;
}

const volatile struct limine_request *requests_find(enum limine_request_kind kind)
{
    switch (kind) {
    case LIMINE_BOOTLOADER_INFO: return &all_requests.bootloader_info;
    case LIMINE_EXECUTABLE_CMDLINE: return &all_requests.executable_cmdline;
    case LIMINE_FIRMWARE_TYPE: return &all_requests.firmware_type;
    case LIMINE_STACK_SIZE: return &all_requests.stack_size.head;
    case LIMINE_HHDM: return &all_requests.hhdm;
    case LIMINE_FRAMEBUFFER: return &all_requests.framebuffer;
    case LIMINE_PAGING_MODE: return &all_requests.paging_mode.head;
    case LIMINE_MP: return &all_requests.mp.head;
    case LIMINE_RISCV_BSP_HARTID: return &all_requests.riscv_bsp_hartid;
    case LIMINE_MEMORY_MAP: return &all_requests.memory_map;
    case LIMINE_ENTRY_POINT: return &all_requests.entry_point.head;
    case LIMINE_EXECUTABLE_FILE: return &all_requests.executable_file;
    case LIMINE_MODULE: return &all_requests.module.head;
    case LIMINE_RSDP: return &all_requests.rsdp;
    case LIMINE_SMBIOS: return &all_requests.smbios;
    case LIMINE_EFI_SYSTEM_TABLE: return &all_requests.efi_system_table;
    case LIMINE_EFI_MEMORY_MAP: return &all_requests.efi_memory_map;
    case LIMINE_TPM_EVENT_LOG: return &all_requests.tpm_event_log;
    case LIMINE_DATE_AT_BOOT: return &all_requests.date_at_boot;
    case LIMINE_EXECUTABLE_ADDRESS: return &all_requests.executable_address;
    case LIMINE_DEVICE_TREE: return &all_requests.device_tree;
    case LIMINE_BOOTLOADER_PERFORMANCE: return &all_requests.bootloader_performance;
    case LIMINE_KEEP_IOMMU: return &all_requests.keep_iommu;
    case LIMINE_TSC_FREQUENCY: return &all_requests.tsc_frequency;
    case LIMINE_FLANTERM_FB_INIT_PARAMS: return &all_requests.flanterm_fb_init_params;
    case LIMINE_ENTROPY: return &all_requests.entropy.head;
    default: return NULL;
    }
}

const volatile struct limine_request *requests_extra(enum extra_request which)
{
    switch (which) {
    case REQUEST_UNKNOWN: return &all_requests.unknown;
    case REQUEST_DECOY_BEFORE: return &all_requests.decoy_before;
    case REQUEST_DECOY_AFTER: return &all_requests.decoy_after;
    default: return NULL;
    }
}

uint64_t requests_unaligned_response(void)
{
    uint64_t response;

    __builtin_memcpy(&response, (const uint8_t *)&all_requests.unaligned + offsetof(struct limine_request, response),
                     sizeof(response));
    return response;
}

bool requests_has(enum limine_request_kind kind)
{
    return requests_find(kind) && test_config.present >> kind & 1;
}

const void *requests_answer(enum limine_request_kind kind)
{
    const volatile struct limine_request *request = requests_find(kind);

    return requests_has(kind) && request->response != NOT_ANSWERED ? (const void *)request->response : NULL;
}

const char *requests_name(enum limine_request_kind kind)
{
    static const char names[][28] = {
#define NAME(name, word2, word3) #name,
        LIMINE_REQUEST_IDS(NAME)
#undef NAME
    };

    return names[kind];
}
