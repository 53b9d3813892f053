/* The results as CSV and JSON. */
#include "memtest.h"
#include "report_records.h"

/* Of all kinds of records: test, held (back), pattern, error (a word each), bit, bad (range). */
enum column {
    NAME,
    START, /* of an error: its address */
    END,
    BYTES, /* of a pattern: read and written */
    MS,
    ERRORS,
    EXPECTED,
    READ,
    BITS, /* of an error: those that differ; of a bit: its number */
    PROCESSOR,
    DIMM,
    SEED,
    PROCESSORS,
    LOST,
    PASSES,
    MEMMAP,
    BADRAM,
    CUT,    /* 1: more words were wrong than have a record */
    COARSE, /* 1: ranges of bad memory have good memory between them */
};

static const char columns[] = "name,start,end,bytes,ms,errors,expected,read,bits,processor,dimm,seed,processors,lost,"
                              "passes,memmap,badram,cut,coarse";

static void add_test(struct records *r, const struct memtest_results *t)
{
    records_add_single(r, "test");
    records_text(r, NAME, memtest_end_text(t->end));
    records_hex(r, START, t->memory->limits.start.value);
    records_hex(r, END, phys_range_end(t->memory->limits));
    records_number(r, BYTES, t->memory->account.tested);
    records_number(r, MS, t->ms);
    records_number(r, ERRORS, t->errors->n_errors);
    records_hex(r, SEED, t->seed);
    records_number(r, PROCESSORS, t->processors);
    records_number(r, LOST, t->processors_lost);
    records_number(r, PASSES, t->passes);
    error_log_print_memmap(records_open_text(r, MEMMAP), t->errors);
    records_close_text(r);
    error_log_print_badram(records_open_text(r, BADRAM), t->errors);
    records_close_text(r);
    records_number(r, CUT, t->errors->is_cut);
    records_number(r, COARSE, t->errors->is_coarse);
}

static void add_memory(struct records *r, const struct memory_account *a)
{
    records_group(r, "held_back", "held");
    for (unsigned i = 0; i < HELD_KINDS; i++)
        if (a->held[i]) {
            records_add(r);
            records_text(r, NAME, memtest_held_text(i));
            records_number(r, BYTES, a->held[i]);
        }
    records_add_single(r, "total");
    records_number(r, BYTES, a->total);
}

static void add_patterns(struct records *r, const struct memtest_results *t)
{
    records_group(r, "patterns", "pattern");
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        if (t->words[p]) {
            records_add(r);
            records_text(r, NAME, test_pattern_name((enum test_pattern)p));
            records_number(r, BYTES, t->words[p] * TEST_WORD_BYTES);
            records_number(r, MS, t->pattern_ms[p]);
            records_number(r, ERRORS, t->errors->n_by_pattern[p]);
        }
}

static void add_errors(struct records *r, const struct memtest_results *results)
{
    const struct error_log *log = results->errors;
    char dimm[DIMM_NAME_BYTES];

    records_group(r, "errors", "error");
    for (size_t i = 0; i < log->n_first; i++) {
        const struct memory_error *e = &log->first[i];

        records_add(r);
        records_text(r, NAME, test_pattern_name((enum test_pattern)e->pattern));
        records_hex(r, START, e->address);
        records_hex(r, EXPECTED, e->expected);
        records_hex(r, READ, e->read);
        records_hex(r, BITS, e->expected ^ e->read);
        records_number(r, PROCESSOR, e->processor);
        smbios_dimm_of(&results->smbios, phys_addr(e->address), dimm, sizeof dimm);
        records_text(r, DIMM, dimm);
    }
    records_group(r, "bits", "bit");
    for (unsigned bit = 0; bit < WORD_BITS; bit++)
        if (log->n_by_bit[bit]) {
            records_add(r);
            records_number(r, ERRORS, log->n_by_bit[bit]);
            records_number(r, BITS, bit);
        }
    records_group(r, "bad_memory", "bad");
    for (size_t i = 0; i < log->n_ranges; i++) {
        records_add(r);
        records_hex(r, START, log->ranges[i].start.value);
        records_hex(r, END, phys_range_end(log->ranges[i]));
    }
}

void memtest_print_records(const struct report_style *style, const struct memtest_results *results)
{
    struct records r;

    records_begin(&r, style, "test", columns);
    add_test(&r, results);
    add_memory(&r, &results->memory->account);
    add_patterns(&r, results);
    add_errors(&r, results);
    records_end(&r);
}
