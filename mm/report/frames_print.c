#include "frames_survey.h"
#include "report_records.h"
#include "report_text.h"

enum column { NAME, START, PAGES, BYTES, AT_LEAST, AT_MOST, COUNT, BELOW_4GIB, ABOVE_4GIB, THOUSANDTHS, TEXT };

static const char columns[] = "name,start,pages,bytes,at_least,at_most,count,below_4gib,above_4gib,thousandths,text";

/* By enum amount: for programs, and for people. */
static const char amount_names[] = "usable_now\0reclaimable\0usable\0metadata\0allocated\0free\0largest_run";
static const char amount_labels[] = "Usable now\0Reclaimable after boot services\0Usable then\0The allocator's own data\0"
                                    "Allocated (this and frame 0)\0Free\0Largest free run";

static const char huge_labels[] = "2 MiB\0" "1 GiB";

static const char share_names[] = "external\0unusable_2mib\0unusable_1gib";
static const char share_labels[] = "External fragmentation\0Unusable as 2 MiB pages\0Unusable as 1 GiB pages";
static const char share_definitions[] = "1 - largest free run / free memory\0" "1 - free whole 2 MiB / free memory\0"
                                        "1 - free whole 1 GiB / free memory";

static void print_amounts(const struct report_style *style, const struct frames_survey *s, unsigned n)
{
    print_format(style->sink, "%-37s" REPORT_AMOUNT_HEADING "\n", "Frame allocator, by a dry run");
    for (unsigned i = 0; i < n; i++) {
        print_format(style->sink, "%-37s", nth_string(amount_labels, i));
        report_amount(style, s->frames[i]);
        if (s->starts[i])
            print_format(style->sink, "  at %lx", s->starts[i]);
        print_text(style->sink, "\n");
    }
}

static void print_runs(const struct report_style *style, const struct frames_survey *s)
{
    print_format(style->sink, "\n%-27s %9s" REPORT_AMOUNT_HEADING "\n", "Free runs, by their pages", "Runs");
    for (unsigned order = 0; order < FRAME_ORDERS; order++) {
        const uint64_t least = 1ull << order;

        if (!s->classes[order].runs)
            continue;
        print_format(style->sink, "%12lu - %-12lu %9lu", least, 2 * least - 1, s->classes[order].runs);
        report_amount(style, s->classes[order].frames);
        print_text(style->sink, "\n");
    }
    print_format(style->sink, "%-27s %9lu\n", "all", s->n_runs);
}

static void print_shares(const struct report_style *style, const struct frames_survey *s)
{
    print_format(style->sink, "\n%-27s %20s %9s\n", "Free as a whole, aligned", "below 4 GiB", "above");
    for (unsigned i = 0; i < HUGE_SIZES; i++)
        print_format(style->sink, "%-27s %20lu %9lu\n", nth_string(huge_labels, i), s->below[i], s->above[i]);
    print_text(style->sink, "\n");
    for (unsigned i = 0; i < SHARES; i++)
        print_format(style->sink, "%-27s %3lu.%lu %%  (%s)\n", nth_string(share_labels, i), s->thousandths[i] / 10,
                     s->thousandths[i] % 10, nth_string(share_definitions, i));
}

static void add_amounts(struct records *r, const struct frames_survey *s, unsigned n)
{
    records_group(r, "amounts", "amount");
    for (unsigned i = 0; i < n; i++) {
        records_add(r);
        records_text(r, NAME, nth_string(amount_names, i));
        if (s->starts[i])
            records_hex(r, START, s->starts[i]);
        records_number(r, PAGES, s->frames[i]);
        records_number(r, BYTES, frames_to_bytes(s->frames[i]));
    }
}

static void add_runs(struct records *r, const struct frames_survey *s)
{
    records_group(r, "free_runs", "free_runs");
    for (unsigned order = 0; order < FRAME_ORDERS; order++) {
        const uint64_t least = 1ull << order;

        if (!s->classes[order].runs)
            continue;
        records_add(r);
        records_number(r, PAGES, s->classes[order].frames);
        records_number(r, BYTES, frames_to_bytes(s->classes[order].frames));
        records_number(r, AT_LEAST, least);
        records_number(r, AT_MOST, 2 * least - 1);
        records_number(r, COUNT, s->classes[order].runs);
    }
}

static void add_shares(struct records *r, const struct frames_survey *s)
{
    records_group(r, "whole", "whole");
    for (unsigned i = 0; i < HUGE_SIZES; i++) {
        records_add(r);
        records_number(r, BYTES, PAGE_SIZE << HUGE_ORDER(i));
        records_number(r, BELOW_4GIB, s->below[i]);
        records_number(r, ABOVE_4GIB, s->above[i]);
    }
    records_group(r, "fragmentation", "fragmentation");
    for (unsigned i = 0; i < SHARES; i++) {
        records_add(r);
        records_text(r, NAME, nth_string(share_names, i));
        records_number(r, THOUSANDTHS, s->thousandths[i]);
        records_text(r, TEXT, nth_string(share_definitions, i));
    }
}

static void print_records(const struct report_style *style, const struct frames_survey *s, bool has_allocator)
{
    struct records r;

    records_begin(&r, style, "frames", columns);
    add_amounts(&r, s, has_allocator ? AMOUNTS : AMOUNTS_BEFORE);
    if (has_allocator) {
        add_runs(&r, s);
        add_shares(&r, s);
    }
    records_end(&r);
}

void frames_print(const struct report_style *style, const struct frames_survey *survey, bool has_allocator)
{
    if (style->format == REPORT_CSV || style->format == REPORT_JSON) {
        print_records(style, survey, has_allocator);
        return;
    }
    print_amounts(style, survey, has_allocator ? AMOUNTS : AMOUNTS_BEFORE);
    if (has_allocator) {
        print_runs(style, survey);
        print_shares(style, survey);
    } else {
        print_format(style->sink, "\n%s\n", report_status_text(REPORT_NO_MEMORY));
    }
}
