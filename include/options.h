/*
 * What a user can ask of a boot: `KEY=VALUE` words on the command line, or SMBIOS type 11 strings `polyglot:KEY=VALUE`.
 *
 *   resolution=WxH   ask for this graphics mode
 *   console=none     discard all console output (to measure the rest)
 *   test=N           take the lowest N MiB of free frames in the frame test (4096)
 *   bad_memory=RANGES  keep these frames away from everybody: bad_memory.h has the format; several words add up
 *   raw-map=yes      print the firmware's own map as well, in the format that memmap-report reads
 *   fault=KIND       fail on purpose after the frame test: see enum fault_kind
 *   fault=KIND-N     in the loader: the N-th call of a boot service fails (without -N each does): see enum loader_fault
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_READ,         /* fault=read: reads an address that is not mapped */
    FAULT_WRITE,        /* fault=write: writes to constants */
    FAULT_FETCH,        /* fault=fetch: executes data */
    FAULT_NULL,         /* fault=null: reads address 0 */
    FAULT_DIVIDE,       /* fault=divide: divides by zero */
    FAULT_GUARD,        /* fault=guard: runs off the end of the stack */
    FAULT_SMASH,        /* fault=smash: overwrites its own stack frame */
    FAULT_ASSERT,       /* fault=assert: fails an assertion */
    FAULT_NESTED,       /* fault=nested: panics while it panics */
    FAULT_CPU,          /* fault=cpu: reads an address that is not mapped, on another processor */
    FAULT_CPU_GUARD,    /* fault=cpu-guard: runs off the end of the stack, on another processor */
    FAULT_CPU_HANG,     /* fault=cpu-hang: another processor does not come to an end */
    FAULT_ABSENT,       /* fault=absent: one processor more is to be started than there are */
    FAULT_KINDS
};

/* Boot services that fail as if the firmware were broken or the machine too small. Several may be asked for at once. */
enum loader_fault {
    LOADER_FAULT_EXIT,   /* fault=exit: boot services do not end */
    LOADER_FAULT_MEMORY, /* fault=memory: no memory to give, be it pages or from the pool */
    LOADER_FAULT_MAP,    /* fault=map: the memory map cannot be read */
    LOADER_FAULTS
};

#define LOADER_FAULT_NONE 0
#define LOADER_FAULT_EACH UINT32_MAX

#define OPTION_WARNING_MAX 64
#define OPTION_BAD_MEMORY_MAX 16

struct options {
    uint32_t width_px, height_px; /* resolution; 0: not asked for */
    uint32_t test_mib;          /* 0: not asked for */
    bool console_none;
    bool raw_map;
    struct phys_range bad_memory[OPTION_BAD_MEMORY_MAX];
    size_t n_bad_memory;
    enum fault_kind fault;
    uint32_t loader_faults[LOADER_FAULTS]; /* which call fails, from 1 on; or LOADER_FAULT_NONE, LOADER_FAULT_EACH */
    uint32_t n_ignored;                        /* words that mean nothing to us */
    char first_ignored[OPTION_WARNING_MAX];    /* the first of them, printable ASCII, cut */
};

/* Reads one word, `KEY=VALUE` in ASCII, `bytes` long; false if it means nothing to us (and then changes nothing). */
bool options_read_word(struct options *options, const char *word, size_t bytes);

/*
 * Whether a word that has been read is about the loader itself: it does not say what to start, and changes nothing of
 * that choice.
 */
bool options_is_of_loader(const char *word, size_t bytes);

/* Counts a word that was not understood. Unprintable characters become '?'. */
void options_ignore_word(struct options *options, const char *word, size_t bytes);

/* What else LoadOptions held. */
struct load_options {
    size_t n_options; /* words that were understood, but for those of the loader itself */
    size_t boot_at;   /* offset in bytes behind the word `boot`, at which the options end; 0: there is none */
    bool selftest;    /* the word `selftest` */
    bool command;     /* a command, at which the options end; behind `selftest` it is part of that */
    size_t word_at;   /* offset in bytes at which `boot`, `selftest` or the command is found; blanks may come before it */
};

/*
 * Reads LoadOptions: UTF-16 text of any provenance, `bytes` long, perhaps without an end, perhaps binary garbage. The
 * first word is skipped if it names an image (ends in .efi). Words are separated by blanks; "quotes" keep blanks. A
 * command counts only where every word before it has been understood: a boot manager may pass anything.
 */
struct load_options options_read_load_options(struct options *options, const void *text, size_t bytes,
                                              bool (*is_command)(const char *word, size_t bytes));

/* Whether a word is `boot`, or `selftest`, whatever its case. */
bool options_is_boot(const char *word, size_t bytes);
bool options_is_selftest(const char *word, size_t bytes);

#endif
