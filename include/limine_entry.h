/*
 * An entry of limine.conf as the loader takes it: the options of `protocol: limine` and `protocol: builtin`, their
 * older names included. Pure. Strings stay in the configuration's workspace; paths are read by boot_path.h.
 */
#ifndef LIMINE_ENTRY_H
#define LIMINE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"

/* Protocols that limine.conf can name. */
enum limine_protocol {
    LIMINE_PROTOCOL_UNKNOWN,
    LIMINE_PROTOCOL_LIMINE,
    LIMINE_PROTOCOL_BUILTIN, /* the kernel in this file; ours alone */
    LIMINE_PROTOCOL_LINUX,
    LIMINE_PROTOCOL_MULTIBOOT1,
    LIMINE_PROTOCOL_MULTIBOOT2,
    LIMINE_PROTOCOL_EFI,            /* efi, uefi, efi_chainload */
    LIMINE_PROTOCOL_BOOT_ENTRY,     /* efi_boot_entry */
    LIMINE_PROTOCOL_BIOS,           /* bios, bios_chainload */
    LIMINE_PROTOCOL_CHAINLOAD_NEXT,
};

#define LIMINE_LEVELS_4 4
#define LIMINE_LEVELS_5 5

enum limine_entry_reason {
    LIMINE_ENTRY_OK,
    /* the entry cannot be booted */
    LIMINE_ENTRY_NO_PROTOCOL,
    LIMINE_ENTRY_NO_PATH,          /* protocol limine */
    LIMINE_ENTRY_BAD_PAGING_MODE,  /* neither 4level nor 5level */
    LIMINE_ENTRY_PAGING_MODES,     /* min_paging_mode above max_paging_mode */
    /* warnings */
    LIMINE_ENTRY_BAD_RESOLUTION,   /* not WIDTHxHEIGHT: as if it were not there */
    LIMINE_ENTRY_NOT_YES_OR_NO,    /* taken as Limine takes it */
    LIMINE_ENTRY_STRING_ALONE,     /* module_string before any module_path */
    LIMINE_ENTRY_REASONS
};

struct limine_entry_error {
    enum limine_entry_reason reason;
    const char *key, *value; /* "" where there is none */
    uint32_t line;
};

#define LIMINE_ENTRY_WARNINGS_MAX 4 /* more cannot be */

struct limine_entry {
    const char *title;
    enum limine_protocol protocol;
    const char *protocol_name; /* as written */
    const char *path;          /* NULL: none given; never with LIMINE_PROTOCOL_LIMINE */
    const char *cmdline;       /* "": none */
    bool kaslr;                /* for a relocatable kernel; no unless asked for */
    bool randomise_hhdm;       /* what was asked for, else the same as kaslr: */
    bool randomise_hhdm_given; /* Limine does it unasked only where KASLR takes place */
    struct {
        uint32_t width, height, bits; /* of a pixel; all 0: not asked for */
    } resolution;
    unsigned paging_min, paging_max; /* levels; 4 and 5 unless given */
    unsigned paging_default;         /* of `paging_mode`, then equal to both; 0: not given */
    bool paging_min_given, paging_max_given;
    const char *dtb_path; /* NULL: none given */
    const struct config_option *options; /* of the entry */
    size_t n_options;
    struct limine_entry_error warnings[LIMINE_ENTRY_WARNINGS_MAX];
    size_t n_warnings;
};

const char *limine_entry_reason_text(enum limine_entry_reason reason);

/* The protocol that a word in any case names. */
enum limine_protocol limine_protocol_of(const char *name);

/*
 * Reads an entry. False: *ret_error says why, and only ret->title and what names the protocol are set. An entry of
 * another protocol than limine and builtin is read as far as these keys go, so that the caller can refuse it by name.
 */
MUST_CHECK bool limine_entry_read(const struct config_entry *entry, struct limine_entry *ret,
                                  struct limine_entry_error *ret_error);

/*
 * The next module after *cursor, which begins at 0 and belongs to this function: its path, and its string
 * (module_string or module_cmdline between this module_path and the next), "" for none. False: there is none left. All
 * modules together take time linear in the options.
 */
bool limine_entry_next_module(const struct limine_entry *entry, size_t *cursor, const char **ret_path,
                              const char **ret_string);

/* Module i (0-based) in the same way, found from the first on. */
bool limine_entry_module(const struct limine_entry *entry, size_t i, const char **ret_path, const char **ret_string);

size_t limine_entry_count_modules(const struct limine_entry *entry);

#endif
