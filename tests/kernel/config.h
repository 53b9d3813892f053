/*
 * What the tests write into the finished file (tests/boot/limine_kernel.py, by symbol): which promises the loader has
 * to keep. Fixed layout, 64-bit numbers and NUL-terminated text.
 */
#ifndef TEST_KERNEL_CONFIG_H
#define TEST_KERNEL_CONFIG_H

#include <stdint.h>

#define CONFIG_MODULES_MAX 8
#define CONFIG_TEXT_BYTES 256
#define CONFIG_PATH_BYTES 128

#define PARTITIONS_DIFFER UINT64_MAX

/* A file whose contents are the numbers that start at `seed` (modules.c). */
struct config_module {
    uint64_t bytes, seed;
    char path[CONFIG_PATH_BYTES], string[CONFIG_PATH_BYTES];
};

struct test_config {
    uint64_t revision;    /* the base revision's rules that hold */
    uint64_t is_limine_8; /* the loader is Limine 8.2.0: what it does otherwise is no failure */
    uint64_t paging_mode; /* LIMINE_PAGING_ that must result */
    uint64_t n_processors;
    uint64_t n_framebuffers;
    uint64_t width, height; /* of the first framebuffer; 0: any */
    uint64_t present;       /* bit n: the request of kind n is there (enum limine_request_kind) */
    uint64_t stack_bytes;   /* asked for */
    uint64_t uses_list;     /* requests count only if .limine_reqs names them */
    uint64_t has_decoys;    /* those before the start marker and after the end marker are real ones */
    uint64_t data_rights;   /* PF_ of the data segment */
    uint64_t is_relocatable, is_randomised;
    uint64_t unix_seconds;    /* about when the machine is started */
    uint64_t partition_index; /* that all files lie on; PARTITIONS_DIFFER: it is only printed */
    uint64_t has_device_tree, has_tpm;
    uint64_t has_bad_memory; /* some of what the firmware calls free is bad */
    uint64_t n_modules;
    char cmdline[CONFIG_TEXT_BYTES];
    char path[CONFIG_PATH_BYTES]; /* the kernel's own */
    struct config_module modules[CONFIG_MODULES_MAX];
};

extern const volatile struct test_config test_config;

#endif
