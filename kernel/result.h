/*
 * What the kernel found, for whoever looks at the machine from outside (a debugger, QEMU's monitor, the tests) when
 * it has neither screen nor serial port: the symbol `kernel_result` in BOOTX64.EFI.debug.
 */
#ifndef RESULT_H
#define RESULT_H

#include <stdint.h>

#define RESULT_MAGIC 0x544F4C47594C4F50ull /* "POLYGLOT" */

enum result_stage { STAGE_STARTED = 1, STAGE_MEMORY = 2, STAGE_TESTED = 3, STAGE_FINISHED = 4 };

struct kernel_result {
    uint64_t magic;
    uint64_t stage; /* enum result_stage: the last one reached */
    uint64_t has_serial;
    uint64_t has_framebuffer;
    uint64_t usable_frames;
    uint64_t free_frames; /* when that stage was reached */
    uint64_t tested_frames;
    uint64_t memory_ticks; /* TSC from the kernel's entry to "Memory management initialized!" */
    uint64_t test_ticks;   /* TSC for the full frame test */
    uint64_t processors;   /* online */
    uint64_t tsc_hz;       /* measured; 0: it could not be */
    uint64_t late_tables;  /* frames taken for good since STAGE_MEMORY: page tables */
    uint64_t late_frames;  /* frames that the kernel itself has used since then, given back or not */
};

struct kernel_result *result(void);

#endif
