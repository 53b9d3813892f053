#include "memtest.h"
#include "report_text.h"

/* Linux' command line has 2,048 characters on x86, and cuts off what is beyond without a word. */
#define LINUX_RANGES_MAX 96

const char *memtest_held_text(unsigned held)
{
    const char *type = held < HELD_TYPES ? NULL : firmware_type_name(held - HELD_TYPES);

    if (held < HELD_TYPES)
        return nth_string("free, left for the firmware\0"
                          "free, below 1 MiB\0"
                          "free, refused by the firmware\0"
                          "free, not for general use\0"
                          "this program", held);
    return type ? type : "other types";
}

const char *memtest_end_text(enum memtest_end end)
{
    return nth_string("running\0complete\0time is up\0stopped\0stopped: a processor is missing", end);
}

void memtest_print_start(const struct report_style *style, const struct memtest_results *r)
{
    if (style->format == REPORT_TEXT)
        print_format(style->sink, "Testing %lS on %u processor%s, seed %lx\n", r->memory->account.tested, r->processors,
                     r->processors == 1 ? "" : "s", r->seed);
}

void memtest_print_error(const struct report_style *style, const struct memtest_results *r,
                         const struct memory_error *e)
{
    char dimm[DIMM_NAME_BYTES];

    if (style->format != REPORT_TEXT)
        return;
    smbios_dimm_of(&r->smbios, phys_addr(e->address), dimm, sizeof dimm);
    print_format(style->sink, "ERROR at %lx: expected %lx, read %lx, bits %lx, processor %u, %s%s%s\n", e->address,
                 e->expected, e->read, e->expected ^ e->read, e->processor,
                 test_pattern_name((enum test_pattern)e->pattern), dimm[0] ? ", " : "", dimm);
}

static void print_patterns(const struct sink *sink, const struct memtest_results *r)
{
    print_format(sink, "%-12s%10s%10s%10s\n", "Pattern", "MB/s", "ms", "Errors");
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        if (r->words[p])
            print_format(sink, "%-12s%10lu%10lu%10lu\n", test_pattern_name((enum test_pattern)p),
                         memtest_mb_per_s(r->words[p], r->pattern_ms[p]), r->pattern_ms[p], r->errors->n_by_pattern[p]);
}

static void print_bytes_line(const struct report_style *style, uint64_t bytes, const char *what)
{
    if (bytes)
        print_format(style->sink, "%16lu  %10s  %s\n", bytes, report_size(style, bytes).text, what);
}

static void print_account(const struct report_style *style, const struct taken_memory *m, bool has_passed)
{
    const struct memory_account *a = &m->account;

    print_format(style->sink, "Memory from %lx to %lx:\n", m->limits.start.value, phys_range_end(m->limits));
    print_bytes_line(style, a->tested, has_passed ? "tested" : "under test, but not through with it");
    for (unsigned i = 0; i < HELD_KINDS; i++)
        print_bytes_line(style, a->held[i], memtest_held_text(i));
    print_bytes_line(style, a->total, "in all");
}

/* What other systems need to be told. */
static void print_for_others(const struct sink *sink, const struct error_log *log)
{
    if (log->n_ranges > LINUX_RANGES_MAX) {
        print_text(sink, "\nFor Linux and GRUB there are too many ranges for a command line.\n");
        return;
    }
    print_text(sink, "\nFor Linux (for $ write \\$ in grub.cfg, \\\\\\$ in /etc/default/grub):\n  memmap=");
    error_log_print_memmap(sink, log);
    print_text(sink, "\nFor GRUB:\n  badram ");
    error_log_print_badram(sink, log);
    print_text(sink, "\n");
}

static void print_errors(const struct sink *sink, const struct error_log *log)
{
    print_format(sink, "%sErrors: %lu; by bit:", log->is_cut ? "More words were wrong than are listed.\n" : "",
                 log->n_errors);
    for (unsigned bit = 0; bit < WORD_BITS; bit++)
        if (log->n_by_bit[bit])
            print_format(sink, " %u: %lu", bit, log->n_by_bit[bit]);
    print_format(sink, "\n%sFor limine.conf:\n  bad_memory: ",
                 log->is_coarse ? "More ranges than are kept: good memory between them counts as bad.\n" : "");
    bad_memory_print(sink, log->ranges, log->n_ranges);
    print_for_others(sink, log);
}

void memtest_print_results(const struct report_style *style, const struct memtest_results *r)
{
    const struct sink *sink = style->sink;

    if (style->format != REPORT_TEXT) {
        memtest_print_records(style, r);
        return;
    }
    print_patterns(sink, r);
    print_account(style, r->memory, r->passes);
    if (r->processors_lost)
        print_format(sink, "%u of %u processors did not come back: what they were at is not tested\n",
                     r->processors_lost, r->processors);
    print_format(sink, "Test %s: %lu pass%s, %lu s, %s\n", memtest_end_text(r->end), r->passes,
                 r->passes == 1 ? "" : "es", r->ms / 1000, r->errors->n_errors ? "ERRORS" : "no errors");
    if (r->errors->n_errors)
        print_errors(sink, r->errors);
}
