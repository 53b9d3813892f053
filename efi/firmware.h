/* The firmware as this application sees it. Private to efi/; nothing of it survives ExitBootServices() but runtime. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <efi.h>
#include <efishell.h>

#include "boot_info.h"
#include "compiler.h"
#include "smbios.h"

/* log.c: what `verbose: yes` prints. */
struct step_log {
    bool on;
    uint64_t start;        /* the time stamp counter when we were started */
    uint64_t ticks_per_ms; /* 0: not known */
};

struct firmware {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE *system;
    EFI_BOOT_SERVICES *boot;
    EFI_RUNTIME_SERVICES *runtime;
    EFI_LOADED_IMAGE *loaded;
    EFI_SHELL_PARAMETERS_PROTOCOL *shell; /* NULL: not started by a shell */
    struct step_log log;
};

/* console.c: prints UTF-8 on the firmware's console, if there is one. Dear: about 10,000 instructions a character. */
void firmware_print(const struct firmware *fw, const char *text);
void firmware_print_bytes(const struct firmware *fw, const char *text, size_t bytes);

/* shell_path.c: the services of an EFI shell, whether it started us or not; NULL: there is none. */
EFI_SHELL_PROTOCOL *shell_find(const struct firmware *fw);

/* keyboard.c */
#define KEYBOARD_NO_LIMIT UINT64_MAX
bool keyboard_present(const struct firmware *fw);
/*
 * Waits for a key, so long at most. False: none came, or there is no keyboard (which shows at once without a limit, and
 * after the time with one).
 */
bool keyboard_wait(const struct firmware *fw, uint64_t timeout_ms, EFI_INPUT_KEY *ret_key);

/* log.c: starts the log, and measures the time stamp counter (1 ms), unless that has been done. */
void log_enable(struct firmware *fw);
/* One line, with the milliseconds since the start, if the log is on; for the conversions see format.h. */
void log_step(const struct firmware *fw, const char *format, ...);

/* failure.c: prints "BOOTX64.EFI: " and the line on the firmware's console and returns `status`. */
MUST_CHECK EFI_STATUS report_failure(const struct firmware *fw, EFI_STATUS status, const char *format, ...);
/* The same with "warning: ", for what does not stop us. */
void report_warning(const struct firmware *fw, const char *format, ...);
const char *status_name(EFI_STATUS status);
/* Waits for a key, 10 s at most: the boot manager draws over the screen as soon as we return. */
void wait_for_reader(const struct firmware *fw);

/* tables.c: the firmware's name, ACPI and SMBIOS entry points. What is missing stays 0. */
void tables_find(const struct firmware *fw, struct boot_info *info);
/* Where a flattened device tree is; 0: nowhere. Few machines of ours have one. */
phys_addr_t tables_find_device_tree(const struct firmware *fw);

/* Where the EFI memory attributes table is; 0: nowhere. */
phys_addr_t tables_find_memory_attributes(const struct firmware *fw);
/* By the 64-bit entry point if it is good, else the 32-bit one. */
struct smbios_bytes tables_find_smbios(const struct boot_info *info);

/* faults.c: replaces boot services by those of a firmware that fails, if somebody asked to see what becomes of it. */
void faults_install(struct firmware *fw, const struct options *options);

/* limits.c: address width, and what the processor's maker keeps for itself. */
void limits_find(struct boot_info *info);

/* gop.c */
struct gop_choice {
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop; /* NULL: no linear framebuffer on this machine */
    UINT32 mode;
    struct framebuffer framebuffer;    /* of that mode; its memory is known only once the mode is set */
    struct phys_range aperture;        /* the adapter's memory, as far as the mode shows that is set now */
};
/* Every handle that has the protocol, to be freed; *ret_n = 0: none. */
void gop_list(const struct firmware *fw, EFI_HANDLE **ret_handles, UINTN *ret_n);
/* The handle's protocol and the mode that it is in; NULL: it has no linear framebuffer. */
EFI_GRAPHICS_OUTPUT_PROTOCOL *gop_of(const struct firmware *fw, EFI_HANDLE handle, struct framebuffer *ret_now);
/* A mode, but for where its memory is; false: none, or not a linear one. */
bool gop_mode(const struct firmware *fw, EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, UINT32 mode, struct framebuffer *ret);
/* The first output with a linear framebuffer, in the mode that it is in. */
struct gop_choice gop_keep(const struct firmware *fw);
/* The same output, in the mode that was asked for or, if it is in a poor one, in the best. */
struct gop_choice gop_choose(const struct firmware *fw, const struct options *options);
/* Sets the mode, if it is not the current one, and fills info->framebuffer; without one if the firmware refuses. */
void gop_activate(const struct gop_choice *choice, struct boot_info *info);

/*
 * pages.c: whole pages of LoaderData, from 1 MiB up, within info->phys_bits, apart from info->claims and the graphics
 * adapter's memory: firmware has handed out all of these.
 */
struct page_limits {
    const struct firmware *fw;
    const struct boot_info *info;
    struct phys_range aperture;
};
/*
 * align: a power of two >= 4 KiB. Where the firmware hands out what is not memory, tries once more, below 4 GiB; where
 * bad memory is in the way, below that.
 */
MUST_CHECK EFI_STATUS pages_allocate(const struct page_limits *limits, uint64_t bytes, uint64_t align,
                                     struct phys_range *ret);
/* For processors in real or protected mode: ends at or below `end`, not at address 0; perhaps below 1 MiB. */
MUST_CHECK EFI_STATUS pages_allocate_below(const struct page_limits *limits, uint64_t bytes, uint64_t end,
                                           struct phys_range *ret);
/* Gives them back, if there are any, and forgets them. */
void pages_free(const struct firmware *fw, struct phys_range *range);

/* The firmware's memory map, and the buffer it is read into. */
struct map_buffer {
    void *descriptors;
    UINTN capacity; /* bytes in the buffer. Never changes: a retry with the used size as capacity would fail */
    UINTN used;
    UINTN key;
    UINTN stride;
    UINT32 version;
};

/* What a kernel needs to have in info->loader. */
struct memory_demand {
    const char *kernel;        /* its path, for messages; NULL: the built-in one */
    uint64_t stack_bytes;      /* a guard page included, if there is to be one */
    enum region_view view;
    const struct region_claim *claims;
    size_t n_claims;
    size_t claims_capacity;    /* as many may be given to region_normalize() in the end */
    bool allocator;            /* metadata for it */
    /*
     * Frames for page tables, given the map as it is now. May change the types of regions to what the allocator is to
     * see. EFI_SUCCESS, or an error that has been printed.
     */
    EFI_STATUS (*tables)(void *context, const struct map_buffer *buffer, struct region_map *map, uint64_t *ret_frames);
    void *context;
};

/*
 * memory.c: everything a kernel needs before its allocator runs, as LoaderData, in info->loader; the map's buffer is
 * part of it. The map that `tables` sees stays in LOADER_REGIONS. A failure has been printed, and what was allocated is
 * free again.
 */
MUST_CHECK EFI_STATUS loader_memory_allocate(const struct firmware *fw, const struct gop_choice *choice,
                                             const struct memory_demand *demand, struct boot_info *info,
                                             struct map_buffer *ret_map);
/*
 * The beginning of it, for who needs to know the map alone: `tables` and what follows are not used. The map is in
 * LOADER_FIRMWARE_MAP, its regions in LOADER_REGIONS; to be freed by the caller after a failure, too.
 */
MUST_CHECK EFI_STATUS loader_memory_survey(const struct firmware *fw, const struct memory_demand *demand,
                                           struct boot_info *info, struct map_buffer *ret_buffer,
                                           struct region_map *ret_map);
/* All but LOADER_CLAIMS, which was there before. */
void loader_memory_free(const struct firmware *fw, struct boot_info *info);

/* exit.c */
#define EXIT_ATTEMPTS_MAX 128
/* One GetMemoryMap() into the buffer. EFI_BUFFER_TOO_SMALL leaves the size needed in `used`. */
MUST_CHECK EFI_STATUS map_read(EFI_BOOT_SERVICES *boot, struct map_buffer *map);
/*
 * Leaves boot services with a fresh key, EXIT_ATTEMPTS_MAX times at most, calling nothing else in between (UEFI 2.10,
 * 7.4.6). On success the buffer holds the final map.
 * ret_attempts   calls of ExitBootServices(). 0, with an error: boot services still run. Else there is no way back.
 */
MUST_CHECK EFI_STATUS leave_boot_services(EFI_BOOT_SERVICES *boot, EFI_HANDLE image, struct map_buffer *map,
                                          unsigned *ret_attempts);

/*
 * leave.c: the same for good: interrupts are off, and info->map is the final map. Where the firmware refuses after the
 * first attempt, says so on our own outputs and resets the machine. An error means that boot services still run, and has
 * been printed.
 */
MUST_CHECK EFI_STATUS leave(const struct firmware *fw, struct boot_info *info, struct map_buffer *map);

#endif
