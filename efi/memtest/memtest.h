/*
 * The memory test: takes the free memory, has all processors write and check it pattern by pattern, reports, and gives
 * everything back.
 */
#ifndef MEMTEST_H
#define MEMTEST_H

#include "options.h"
#include "smbios_memory.h"
#include "take.h"

enum memtest_end {
    MEMTEST_GOES_ON,
    MEMTEST_COMPLETE,
    MEMTEST_TIME_IS_UP,
    MEMTEST_STOPPED, /* by a key */
    MEMTEST_PROCESSOR_MISSING, /* one may still write to memory under test */
};

/* What there is to say about it. */
struct memtest_results {
    const struct memtest_options *options;
    const struct taken_memory *memory;
    const struct error_log *errors;
    struct smbios_bytes smbios; /* to name modules by */
    uint64_t seed;
    unsigned processors, processors_lost;
    enum memtest_end end;
    uint64_t passes; /* whole ones */
    uint64_t ms;
    /* By pattern: words read and written by all processors, and the time that took. */
    uint64_t words[TEST_PATTERNS], pattern_ms[TEST_PATTERNS];
};

/*
 * EFI_SUCCESS: no errors in at least one pass; COMMAND_MEMORY_ERRORS. Without errors, but no whole pass either:
 * EFI_ABORTED, by a key; EFI_TIMEOUT, by the time set. EFI_DEVICE_ERROR: a processor went missing. Else a failure that
 * has been printed.
 */
MUST_CHECK EFI_STATUS memtest_run(struct command *command, const struct memtest_options *options);

/* results.c: before anything is tested; and one error in a line, as soon as it is known. For people alone. */
void memtest_print_start(const struct report_style *style, const struct memtest_results *results);
void memtest_print_error(const struct report_style *style, const struct memtest_results *results,
                         const struct memory_error *error);
/* In style->format: all of it. */
void memtest_print_results(const struct report_style *style, const struct memtest_results *results);

/* records.c: as CSV or JSON. */
void memtest_print_records(const struct report_style *style, const struct memtest_results *results);

/* What both have in common: why memory is held back, and how the test has ended, in words. */
const char *memtest_held_text(unsigned held);
const char *memtest_end_text(enum memtest_end end);

/* Megabytes of 2^20 per second; 0 where no time is known to have passed. */
static inline uint64_t memtest_mb_per_s(uint64_t words, uint64_t ms)
{
    return ms ? words / ms * 1000 / (MIB(1) / TEST_WORD_BYTES) : 0;
}

#endif
