/*
 * The Limine boot protocol as it lies in memory, x86-64, base revisions 0 to 6: what a kernel's image asks for, and what
 * it gets. All integers little-endian; every address is 64 bits wide. For loaders and kernels alike; defines no symbol.
 *
 * A kernel holds requests, 8-aligned, each beginning with LIMINE_COMMON and two words of its own. Addresses inside
 * requests are the image's own (virtual). Addresses inside responses are virtual, in the direct map, unless the base
 * revision makes them physical.
 */
#ifndef LIMINE_PROTOCOL_H
#define LIMINE_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define LIMINE_BASE_REVISION_MAX 6

/* ---- marks in the image ---------------------------------------------------------------------------------------- */

#define LIMINE_START_MARKER 0xf6b8f4b39de7d1aeull, 0xfab91a6940fcb9cfull, 0x785c6ed015d3e316ull, 0x181e920a7852b9d9ull
#define LIMINE_END_MARKER 0xadc0e0531bb10d03ull, 0x9572709f31764c62ull
#define LIMINE_BASE_REVISION_TAG 0xf9562b2d5c95a6c8ull, 0x6a7b384944536bdcull /* a third word: the revision asked for */
#define LIMINE_COMMON 0xc7b1dd30df4c8b88ull, 0x0a82e883a194f07bull

/* Words 2 and 3 of a request's id, by the protocol's newest names. X(name, word 2, word 3) */
#define LIMINE_REQUEST_IDS(X)                                                                                          \
    X(BOOTLOADER_INFO, 0xf55038d8e2a1202f, 0x279426fcf5f59740)                                                         \
    X(EXECUTABLE_CMDLINE, 0x4b161536e598651e, 0xb390ad4a2f1f303a)                                                      \
    X(FIRMWARE_TYPE, 0x8c2f75d90bef28a8, 0x7045a4688eac00c3)                                                           \
    X(STACK_SIZE, 0x224ef0460a8e8926, 0xe1cb0fc25f46ea3d)                                                              \
    X(HHDM, 0x48dcf1cb8ad2b852, 0x63984e959a98244b)                                                                    \
    X(FRAMEBUFFER, 0x9d5827dcd881dd75, 0xa3148604f6fab11b)                                                             \
    X(PAGING_MODE, 0x95c1a0edab0944cb, 0xa4e5cb3842f7488a)                                                             \
    X(MP, 0x95a67b819a1b857e, 0xa0b61b723b6a73e0)                                                                      \
    X(RISCV_BSP_HARTID, 0x1369359f025525f9, 0x2ff2a56178391bb6)                                                        \
    X(MEMORY_MAP, 0x67cf3d9d378a806f, 0xe304acdfc50c3c62)                                                              \
    X(ENTRY_POINT, 0x13d86c035a1cd3e1, 0x2b0caa89d8f3026a)                                                             \
    X(EXECUTABLE_FILE, 0xad97e90e83f1ed67, 0x31eb5d1c5ff23b69)                                                         \
    X(MODULE, 0x3e7e279702be32af, 0xca1c4f3bd1280cee)                                                                  \
    X(RSDP, 0xc5e77b6b397e7b43, 0x27637845accdcf3c)                                                                    \
    X(SMBIOS, 0x9e9046f11e095391, 0xaa4a520fefbde5ee)                                                                  \
    X(EFI_SYSTEM_TABLE, 0x5ceba5163eaaf6d6, 0x0a6981610cf65fcc)                                                        \
    X(EFI_MEMORY_MAP, 0x7df62a431d6872d5, 0xa4fcdfb3e57306c8)                                                          \
    X(TPM_EVENT_LOG, 0x98e094fc7e76e979, 0xee8d8775c54e1d1f)                                                           \
    X(DATE_AT_BOOT, 0x502746e184c088aa, 0xfbc5ec83e6327893)                                                            \
    X(EXECUTABLE_ADDRESS, 0x71ba76863cc55f63, 0xb2644a48c516a487)                                                      \
    X(DEVICE_TREE, 0xb40ddb48fb54bac7, 0x545081493f81ffb7)                                                             \
    X(BOOTLOADER_PERFORMANCE, 0x6b50ad9bf36d13ad, 0xdc4c7e88fc759e17)                                                  \
    X(KEEP_IOMMU, 0x8ebaabe51f490179, 0x2aa86a59ffb4ab0f)                                                              \
    X(TSC_FREQUENCY, 0x10f2ee1d87d195e4, 0xf747a2b78f6ddb31)                                                           \
    X(FLANTERM_FB_INIT_PARAMS, 0x3259399fe7c5f126, 0xe01c1c8c5db9d1a9)                                                 \
    X(ENTROPY, 0x65ea80255d5682c5, 0x9117240723f493eb)                                                                 \
    X(POLYGLOT_ALLOCATOR, 0x706f6c79676c6f74, 0x6672616d65730001) /* ours: include/polyglot_allocator.h */

enum limine_request_kind {
#define LIMINE_ENUMERATOR(name, word2, word3) LIMINE_##name,
    LIMINE_REQUEST_IDS(LIMINE_ENUMERATOR)
#undef LIMINE_ENUMERATOR
    LIMINE_REQUESTS
};

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* How every request begins, and all there is to most of them. */
struct limine_request {
    uint64_t id[4];
    uint64_t revision;
    uint64_t response; /* address; as the kernel left it unless the request is served */
};

struct limine_stack_size_request {
    struct limine_request head;
    uint64_t bytes;
};

struct limine_paging_mode_request {
    struct limine_request head;
    uint64_t mode;
    uint64_t max_mode; /* this and the next from request revision 1 on */
    uint64_t min_mode;
};
#define LIMINE_PAGING_4_LEVEL 0
#define LIMINE_PAGING_5_LEVEL 1

struct limine_mp_request {
    struct limine_request head;
    uint64_t flags;
};
#define LIMINE_MP_X2APIC 1 /* in the request: if it can be; in the response: it is on */

struct limine_entry_point_request {
    struct limine_request head;
    uint64_t entry; /* in the image */
};

struct limine_module_request {
    struct limine_request head;
    uint64_t n_internal; /* this and the next from request revision 1 on */
    uint64_t internal;   /* in the image: n_internal addresses of struct limine_internal_module */
};

struct limine_internal_module {
    uint64_t path;   /* in the image, NUL-terminated */
    uint64_t string; /* likewise */
    uint64_t flags;
};
#define LIMINE_MODULE_REQUIRED 1
#define LIMINE_MODULE_GZIP 2

struct limine_entropy_request {
    struct limine_request head;
    uint64_t n_words;
};

/* ---- responses: `revision` is the highest of the response that the loader knows ------------------------------------ */

struct limine_response {
    uint64_t revision;
};

struct limine_bootloader_info_response {
    uint64_t revision;
    uint64_t name, version; /* strings */
};

struct limine_executable_cmdline_response {
    uint64_t revision;
    uint64_t cmdline;
};

struct limine_firmware_type_response {
    uint64_t revision;
    uint64_t type;
};
#define LIMINE_FIRMWARE_EFI64 2

struct limine_hhdm_response {
    uint64_t revision;
    uint64_t offset;
};

struct limine_framebuffer_response {
    uint64_t revision; /* 1 */
    uint64_t count;
    uint64_t framebuffers; /* count addresses of struct limine_framebuffer */
};

struct limine_video_mode {
    uint64_t pitch, width, height;
    uint16_t bits_per_pixel;
    uint8_t memory_model;
    uint8_t red_size, red_shift, green_size, green_shift, blue_size, blue_shift;
    uint8_t unused[7];
};
#define LIMINE_MEMORY_MODEL_RGB 1

struct limine_framebuffer {
    uint64_t address;
    uint64_t width, height, pitch;
    uint16_t bits_per_pixel;
    uint8_t memory_model;
    uint8_t red_size, red_shift, green_size, green_shift, blue_size, blue_shift;
    uint8_t unused[7];
    uint64_t edid_bytes;
    uint64_t edid; /* may be 0 */
    uint64_t n_modes; /* this and the next from response revision 1 on */
    uint64_t modes;   /* n_modes addresses of struct limine_video_mode */
};

struct limine_paging_mode_response {
    uint64_t revision;
    uint64_t mode;
    uint64_t flags; /* 0: older kernels read it, none was ever defined */
};

struct limine_mp_info {
    uint32_t processor_id; /* ACPI UID */
    uint32_t lapic_id;
    uint64_t reserved; /* the loader's */
    uint64_t goto_address;
    uint64_t extra_argument; /* the kernel's */
};

struct limine_mp_response {
    uint64_t revision;
    uint32_t flags;
    uint32_t bsp_lapic_id;
    uint64_t count;
    uint64_t cpus; /* count addresses of struct limine_mp_info */
};

struct limine_memory_map_entry {
    uint64_t base, length;
    uint64_t type;
};

enum limine_memory_type {
    LIMINE_MEMORY_USABLE,
    LIMINE_MEMORY_RESERVED,
    LIMINE_MEMORY_ACPI_RECLAIMABLE,
    LIMINE_MEMORY_ACPI_NVS,
    LIMINE_MEMORY_BAD,
    LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE,
    LIMINE_MEMORY_EXECUTABLE_AND_MODULES,
    LIMINE_MEMORY_FRAMEBUFFER,
    LIMINE_MEMORY_RESERVED_MAPPED, /* base revision 4 and later */
};

struct limine_memory_map_response {
    uint64_t revision;
    uint64_t count;
    uint64_t entries; /* count addresses of struct limine_memory_map_entry */
};

struct limine_uuid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

struct limine_file {
    uint64_t revision;
    uint64_t address; /* 4 KiB aligned; whole pages are the file's alone */
    uint64_t bytes;
    uint64_t path;
    uint64_t string;
    uint32_t media_type;
    uint32_t unused;
    uint8_t tftp_ip[4];
    uint32_t tftp_port;
    uint32_t partition_index; /* 1-based, 0: none */
    uint32_t mbr_disk_id;
    struct limine_uuid gpt_disk_uuid, gpt_partition_uuid, partition_uuid;
};
#define LIMINE_MEDIA_DISK 0
#define LIMINE_MEDIA_OPTICAL 1
#define LIMINE_MEDIA_TFTP 2

struct limine_executable_file_response {
    uint64_t revision;
    uint64_t file;
};

struct limine_module_response {
    uint64_t revision; /* 2 */
    uint64_t count;
    uint64_t modules; /* count addresses of struct limine_file */
};

struct limine_rsdp_response {
    uint64_t revision;
    uint64_t address;
};

struct limine_smbios_response {
    uint64_t revision;
    uint64_t entry32, entry64; /* either may be 0 */
};

struct limine_efi_system_table_response {
    uint64_t revision;
    uint64_t address;
};

struct limine_efi_memory_map_response {
    uint64_t revision;
    uint64_t map;
    uint64_t bytes, descriptor_bytes, descriptor_version;
};

struct limine_tpm_event_log_response {
    uint64_t revision;
    uint64_t format;
    uint64_t bytes;
    uint64_t address;
};
#define LIMINE_TPM_LOG_TCG_1_2 1
#define LIMINE_TPM_LOG_TCG_2 2

struct limine_date_at_boot_response {
    uint64_t revision;
    int64_t unix_seconds;
};

struct limine_executable_address_response {
    uint64_t revision;
    uint64_t physical, virtual_base;
};

struct limine_device_tree_response {
    uint64_t revision;
    uint64_t dtb;
};

struct limine_bootloader_performance_response {
    uint64_t revision;
    uint64_t reset_us, init_us, exec_us;
};

struct limine_tsc_frequency_response {
    uint64_t revision;
    uint64_t hz;
};

struct limine_flanterm_fb_init_params {
    uint64_t canvas, canvas_bytes;
    uint32_t ansi[8], bright[8];
    uint32_t background, foreground, background_bright, foreground_bright;
    uint64_t font, font_width, font_height, font_spacing, font_scale_x, font_scale_y, margin, rotation;
};

struct limine_flanterm_fb_init_params_response {
    uint64_t revision;
    uint64_t count;
    uint64_t entries; /* count addresses of struct limine_flanterm_fb_init_params */
};

struct limine_entropy_response {
    uint64_t revision;
    uint64_t n_words;
    uint64_t words; /* 0 if n_words is 0 */
};

_Static_assert(sizeof(struct limine_video_mode) == 0x28 && offsetof(struct limine_video_mode, blue_shift) == 0x20 &&
               sizeof(struct limine_framebuffer) == 0x50 && offsetof(struct limine_framebuffer, edid_bytes) == 0x30 &&
               sizeof(struct limine_mp_info) == 0x20 && sizeof(struct limine_file) == 0x70 &&
               offsetof(struct limine_file, partition_index) == 0x38 && sizeof(struct limine_internal_module) == 0x18 &&
               sizeof(struct limine_flanterm_fb_init_params) == 0xa0 &&
               offsetof(struct limine_flanterm_fb_init_params, font) == 0x60, "the protocol's layout");

#endif
