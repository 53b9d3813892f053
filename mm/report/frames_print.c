#include "frames_survey.h"
#include "report_records.h"
#include "report_text.h"

enum column { NAME, START, PAGES, BYTES, AT_LEAST, AT_MOST, COUNT, BELOW_4GIB, ABOVE_4GIB, THOUSANDTHS, TEXT };

static const char columns[] = "name,start,pages,bytes,at_least,at_most,count,below_4gib,above_4gib,thousandths,text";

/* A number of frames, and where they are, if that can be said. */
struct amount {
    const char *name, *label;
    uint64_t frames;
    bool has_start;
    uint64_t start;
};

enum { AMOUNTS_WITHOUT_ALLOCATOR = 2, AMOUNTS = 7 };

static void list_amounts(const struct frames_survey *s, struct amount *ret)
{
    const uint64_t metadata = s->metadata.bytes >> PAGE_SHIFT;
    const struct amount amounts[AMOUNTS] = {
        { "usable_now", "Usable now", s->usable_now, false, 0 },
        { "reclaimable", "Reclaimable after boot services", s->reclaimable, false, 0 },
        { "usable", "Usable then", s->stats.usable_frames, false, 0 },
        { "metadata", "The allocator's own data", metadata, true, s->metadata.start.value },
        { "allocated", "Taken, with these and frame 0", s->stats.allocated_frames, false, 0 },
        { "free", "Free", s->stats.free_frames, false, 0 },
        { "largest_run", "Largest free run", s->largest.count, true, frame_start(s->largest.first).value },
    };

    __builtin_memcpy(ret, amounts, sizeof amounts);
}

/* A share of free memory, and what it says. */
struct share {
    const char *name, *label, *definition;
    unsigned thousandths;
};

enum { SHARES = 1 + HUGE_SIZES };

static void list_shares(const struct frames_survey *s, struct share *ret)
{
    const uint64_t free = s->stats.free_frames;
    const uint64_t whole[HUGE_SIZES] = { (s->huge_below[0] + s->huge_above[0]) << HUGE_ORDER(0),
                                         (s->huge_below[1] + s->huge_above[1]) << HUGE_ORDER(1) };
    const struct share shares[SHARES] = {
        { "external", "External fragmentation", "1 - largest free run / free memory",
          thousandths_missing(s->largest.count, free) },
        { "unusable_2mib", "Useless for 2 MiB pages", "1 - whole free 2 MiB / free memory",
          thousandths_missing(whole[0], free) },
        { "unusable_1gib", "Useless for 1 GiB pages", "1 - whole free 1 GiB / free memory",
          thousandths_missing(whole[1], free) },
    };

    __builtin_memcpy(ret, shares, sizeof shares);
}

static void print_amounts(const struct report_style *style, const struct amount *amounts, size_t n)
{
    print_format(style->sink, "%-37s %10s %9s\n", "Frame allocator, by a dry run", "Pages", "Size");
    for (size_t i = 0; i < n; i++) {
        print_format(style->sink, "%-37s %10lu %9s", amounts[i].label, amounts[i].frames,
                     report_size(style, frames_to_bytes(amounts[i].frames)).text);
        if (amounts[i].has_start)
            print_format(style->sink, "  at %lx", amounts[i].start);
        print_text(style->sink, "\n");
    }
}

static void print_runs(const struct report_style *style, const struct frames_survey *s)
{
    print_format(style->sink, "\n%-27s %9s %10s %9s\n", "Free runs, by their pages", "Runs", "Pages", "Size");
    for (unsigned order = 0; order < FRAME_ORDERS; order++) {
        const struct run_class *class = &s->classes[order];

        if (class->runs)
            print_format(style->sink, "%12lu - %-12lu %9lu %10lu %9s\n", (uint64_t)1 << order,
                         ((uint64_t)2 << order) - 1, class->runs, class->frames,
                         report_size(style, frames_to_bytes(class->frames)).text);
    }
    print_format(style->sink, "%-27s %9lu\n", "all", s->n_runs);
}

static void print_shares(const struct report_style *style, const struct frames_survey *s)
{
    struct share shares[SHARES];

    print_format(style->sink, "\n%-27s %20s %9s\n", "Free as a whole, aligned", "below 4 GiB", "above");
    for (unsigned i = 0; i < HUGE_SIZES; i++)
        print_format(style->sink, "%-27s %20lu %9lu\n", i ? "1 GiB" : "2 MiB", s->huge_below[i], s->huge_above[i]);
    print_text(style->sink, "\n");
    list_shares(s, shares);
    for (size_t i = 0; i < SHARES; i++)
        print_format(style->sink, "%-27s %3u.%u %%  (%s)\n", shares[i].label, shares[i].thousandths / 10,
                     shares[i].thousandths % 10, shares[i].definition);
}

static void add_amounts(struct records *r, const struct amount *amounts, size_t n)
{
    records_group(r, "amounts", "amount");
    for (size_t i = 0; i < n; i++) {
        records_add(r);
        records_text(r, NAME, amounts[i].name);
        if (amounts[i].has_start)
            records_hex(r, START, amounts[i].start);
        records_number(r, PAGES, amounts[i].frames);
        records_number(r, BYTES, frames_to_bytes(amounts[i].frames));
    }
}

static void add_runs(struct records *r, const struct frames_survey *s)
{
    records_group(r, "free_runs", "free_runs");
    for (unsigned order = 0; order < FRAME_ORDERS; order++) {
        if (!s->classes[order].runs)
            continue;
        records_add(r);
        records_number(r, PAGES, s->classes[order].frames);
        records_number(r, BYTES, frames_to_bytes(s->classes[order].frames));
        records_number(r, AT_LEAST, 1ull << order);
        records_number(r, AT_MOST, (2ull << order) - 1);
        records_number(r, COUNT, s->classes[order].runs);
    }
    records_group(r, "whole", "whole");
    for (unsigned i = 0; i < HUGE_SIZES; i++) {
        records_add(r);
        records_number(r, BYTES, PAGE_SIZE << HUGE_ORDER(i));
        records_number(r, BELOW_4GIB, s->huge_below[i]);
        records_number(r, ABOVE_4GIB, s->huge_above[i]);
    }
}

static void add_shares(struct records *r, const struct frames_survey *s)
{
    struct share shares[SHARES];

    list_shares(s, shares);
    records_group(r, "fragmentation", "fragmentation");
    for (size_t i = 0; i < SHARES; i++) {
        records_add(r);
        records_text(r, NAME, shares[i].name);
        records_number(r, THOUSANDTHS, shares[i].thousandths);
        records_text(r, TEXT, shares[i].definition);
    }
}

static void print_records(const struct report_style *style, const struct frames_survey *s,
                          const struct amount *amounts, bool has_allocator)
{
    struct records r;

    records_begin(&r, style, "frames", columns);
    add_amounts(&r, amounts, has_allocator ? AMOUNTS : AMOUNTS_WITHOUT_ALLOCATOR);
    if (has_allocator) {
        add_runs(&r, s);
        add_shares(&r, s);
    }
    records_end(&r);
}

void frames_print(const struct report_style *style, const struct frames_survey *survey, bool has_allocator)
{
    struct amount amounts[AMOUNTS];

    list_amounts(survey, amounts);
    if (style->format == REPORT_CSV || style->format == REPORT_JSON) {
        print_records(style, survey, amounts, has_allocator);
        return;
    }
    print_amounts(style, amounts, has_allocator ? AMOUNTS : AMOUNTS_WITHOUT_ALLOCATOR);
    if (has_allocator) {
        print_runs(style, survey);
        print_shares(style, survey);
    } else {
        print_format(style->sink, "\n%s\n", report_status_text(REPORT_NO_MEMORY));
    }
}
