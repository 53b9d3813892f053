#include "memtest.h"

#define PATTERN_WIDTH 12

static const char *const type_names[TAKE_TYPES] = { NULL };

static void print_held(const struct sink *sink, const char *what, uint64_t bytes)
{
    if (bytes)
        print_format(sink, "  %lS (%lu)  %s\n", bytes, bytes, what);
}

static void print_account(const struct report_style *style, const struct memory_account *a)
{
    const struct sink *sink = style->sink;

    print_format(sink, "Tested: %lS (%lu bytes)\nHeld back, in bytes:\n", a->tested, a->tested);
    print_held(sink, "free, left for the firmware to work with", a->left);
    print_held(sink, "free, below 1 MiB, where firmware writes whatever its map says", a->low);
    print_held(sink, "free, but the firmware does not give it", a->refused);
    print_held(sink, "free, but not cached, of a special kind, or claimed twice", a->unfit);
    print_held(sink, "this program and its buffers", a->own);
    for (unsigned type = 0; type < TAKE_TYPES; type++)
        print_held(sink, type_names[type] ? type_names[type] : "other", a->by_type[type]);
    print_format(sink, "Total: %lS (%lu bytes), without reserved memory, unusable memory and MMIO\n", a->total,
                 a->total);
}

void memtest_print_start(const struct report_style *style, const struct memtest_results *r)
{
    if (style->format != REPORT_TEXT)
        return;
    print_format(style->sink, "Memory test of %lS, %u processors, seed %lx\n", r->memory->account.tested,
                 r->processors, r->seed);
}

void memtest_print_error(const struct report_style *style, const struct memory_error *e)
{
    if (style->format != REPORT_TEXT)
        return;
    print_format(style->sink, "ERROR at %lx: expected %lx, read %lx, differing %lx, processor %u, %s\n", e->address,
                 e->expected, e->read, e->expected ^ e->read, e->processor,
                 test_pattern_name((enum test_pattern)e->pattern));
}

static void print_patterns(const struct sink *sink, const struct memtest_results *r)
{
    for (unsigned p = 0; p < TEST_PATTERNS; p++) {
        const uint64_t ms = r->pattern_ms[p];

        if (r->words[p])
            print_format(sink, "%s: %lu MB/s, %lu ms, %lu errors\n", test_pattern_name((enum test_pattern)p),
                         ms ? r->words[p] / ms * 1000 * TEST_WORD_BYTES >> 20 : 0, ms, r->errors->n_by_pattern[p]);
    }
}

static void print_advice(const struct sink *sink, const struct error_log *log)
{
    if (log->is_coarse)
        print_text(sink, "There are more ranges than are kept: those that lie closest have become one.\n");
    print_text(sink, "For limine.conf:\n  bad_memory: ");
    bad_memory_print(sink, log->ranges, log->n_ranges);
    print_text(sink, "\nFor Linux (in GRUB's files \\$ instead of $):\n  memmap=");
    error_log_print_memmap(sink, log);
    print_text(sink, "\nFor GRUB's and Linux' BadRAM:\n  badram=");
    error_log_print_badram(sink, log);
    print_text(sink, "\n");
}

static void print_errors(const struct sink *sink, const struct error_log *log)
{
    if (!log->n_errors) {
        print_text(sink, "No errors\n");
        return;
    }
    print_format(sink, "%lu ERRORS", log->n_errors);
    if (log->n_errors > ERRORS_SHOWN_MAX)
        print_format(sink, ", the first %u shown above", (unsigned)ERRORS_SHOWN_MAX);
    print_text(sink, "\nBy bit:");
    for (unsigned bit = 0; bit < WORD_BITS; bit++)
        if (log->n_by_bit[bit])
            print_format(sink, " %u: %lu", bit, log->n_by_bit[bit]);
    print_text(sink, "\n");
    print_advice(sink, log);
}

void memtest_print_results(const struct report_style *style, const struct memtest_results *r)
{
    const struct sink *sink = style->sink;
    static const char ends[][32] = { "", "complete", "ended by its time", "stopped by a key" };

    print_patterns(sink, r);
    print_account(style, &r->memory->account);
    if (r->processors_lost)
        print_format(sink, "%u of %u processors did not come back: what they were at is not tested\n",
                     r->processors_lost, r->processors);
    print_format(sink, "Test %s: %lu passes in %lu.%c s\n", ends[r->end], r->passes, r->ms / 1000,
                 (int)('0' + r->ms % 1000 / 100));
    print_errors(sink, r->errors);
}
