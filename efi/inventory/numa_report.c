#include "numa_report.h"

#define DOMAINS_MAX 256

enum {
    DOMAIN = 2, PROCESSORS, INITIATORS, FIRST_APIC, LAST_APIC, BYTES, USABLE, NOTE, TO, VALUE, WHAT, FINDING, COLUMNS,
};
static const char names[] = COLUMN_RANGE_NAMES
    "domain,processors,initiators,first_apic,last_apic,bytes,usable,note,to,value,what," COLUMN_FINDING_NAME;
static const struct column columns[COLUMNS] = {
    COLUMN_RANGE,
    [DOMAIN] = { COLUMN_NUMBER, 6 },
    [PROCESSORS] = { COLUMN_NUMBER, 10 },
    [INITIATORS] = { COLUMN_NUMBER, 10 },
    [FIRST_APIC] = { COLUMN_NUMBER, 10 },
    [LAST_APIC] = { COLUMN_NUMBER, 10 },
    [BYTES] = { COLUMN_SIZE, 11 },
    [USABLE] = { COLUMN_SIZE, 11 },
    [NOTE] = { COLUMN_TEXT, 13 },
    [TO] = { COLUMN_NUMBER, 6 },
    [VALUE] = { COLUMN_NUMBER, 9 },
    [WHAT] = { COLUMN_TEXT, 16 },
    [FINDING] = COLUMN_FINDING,
};
#define IN_DOMAINS (1u << DOMAIN | 1u << PROCESSORS | 1u << INITIATORS | 1u << BYTES | 1u << USABLE)
#define IN_RANGES (IN_RANGE | 1u << DOMAIN | 1u << BYTES | 1u << USABLE | 1u << NOTE)
#define IN_PROCESSORS (1u << DOMAIN | 1u << FIRST_APIC | 1u << LAST_APIC)
#define IN_DISTANCES (1u << DOMAIN | 1u << TO | 1u << VALUE | 1u << WHAT)

struct domain {
    uint32_t number;
    uint64_t n_processors, n_initiators, bytes, usable_bytes;
};

/* At the buffer's start; then the sorted ranges, then the map's regions. */
struct work {
    size_t n_domains;
    bool has_beyond, is_cut;
    struct region_map map;
    struct domain beyond; /* all that there is no room for */
    struct claimed claimed;
    struct domain domains[DOMAINS_MAX];
};

size_t numa_buffer_bytes(const struct map_subject *subject)
{
    return claimed_buffer_bytes(subject, sizeof(struct work));
}

/* ---- the SRAT ---- */

static struct domain *domain_of(struct work *w, uint32_t number)
{
    size_t i = 0;

    while (i < w->n_domains && w->domains[i].number != number)
        i++;
    w->has_beyond |= i == DOMAINS_MAX;
    if (i == DOMAINS_MAX)
        return &w->beyond;
    if (i == w->n_domains)
        w->domains[w->n_domains++] = (struct domain){ .number = number };
    return &w->domains[i];
}

/* Room for modules may go on beyond what the processor reaches: that is no memory, and nobody's mistake. */
static void add_range(struct claimed *claimed, const struct srat_entry *e, uint64_t limit)
{
    struct claimed_range range = { e->range, e->domain, e->is_hot_pluggable, e->is_non_volatile };
    const uint64_t start = e->range.start.value, left = start < limit ? limit - start : 0;

    if (e->is_hot_pluggable && range.bytes.bytes > left)
        range.bytes.bytes = left;
    if (!e->is_hot_pluggable || left)
        claimed_add(claimed, &range);
}

static void read_srat(struct work *w, struct acpi_table srat, unsigned phys_bits)
{
    struct srat_entry e;
    size_t cursor = 0;

    while (srat_next(srat, &cursor, &e)) {
        struct domain *domain = domain_of(w, e.domain);

        domain->n_processors += e.type == SRAT_PROCESSOR;
        domain->n_initiators += e.type == SRAT_GENERIC_INITIATOR;
        if (e.type == SRAT_MEMORY)
            add_range(&w->claimed, &e, 1ull << phys_bits);
    }
    w->is_cut = cursor != srat.n_bytes;
}

static const char *note_of(const struct claimed_range *range)
{
    if (range->is_absent_allowed)
        return range->is_non_volatile ? "hot-plug, NV" : "hot-plug";
    return range->is_non_volatile ? "non-volatile" : NULL;
}

static void list_ranges(struct listing *l, struct work *w)
{
    const struct spans usable = { &w->map, region_is_usable };
    size_t cursor = 0;

    listing_section(l, "ranges", "range", IN_RANGES);
    for (size_t i = 0; i < w->claimed.sorted.n_regions; i++) {
        const struct mem_region *r = &w->claimed.sorted.regions[i];
        const struct claimed_range *range = claimed_of(&w->claimed, r);
        const uint64_t bytes = region_range(r).bytes, usable_bytes = spans_shared_bytes(r, &usable, &cursor);
        struct domain *domain = domain_of(w, range->owner);

        domain->bytes += bytes;
        domain->usable_bytes += usable_bytes;
        listing_record(l, (const union cell[]){ { r->start.value }, { r->end.value }, { range->owner }, { bytes },
                                                { usable_bytes }, { .text = note_of(range) } });
    }
}

static void list_domains(struct listing *l, const struct work *w)
{
    listing_section(l, "domains", "domain", IN_DOMAINS);
    for (size_t i = 0; i < w->n_domains; i++) {
        const struct domain *d = &w->domains[i];

        listing_record(l, (const union cell[]){ { d->number }, { d->n_processors }, { d->n_initiators }, { d->bytes },
                                                { d->usable_bytes } });
    }
}

static void list_run(struct listing *l, const struct srat_entry *first, uint32_t n)
{
    if (n)
        listing_record(l, (const union cell[]){ { first->domain }, { first->apic_id }, { first->apic_id + n - 1 } });
}

/* Ids that follow on one another, as the table has them, in a record. */
static void list_processors(struct listing *l, struct acpi_table srat)
{
    struct srat_entry e, first = { 0 };
    uint32_t n = 0;

    listing_section(l, "processors", "processors", IN_PROCESSORS);
    for (size_t cursor = 0; srat_next(srat, &cursor, &e);) {
        if (e.type != SRAT_PROCESSOR)
            continue;
        if (!n || e.domain != first.domain || e.apic_id != first.apic_id + n) {
            list_run(l, &first, n);
            first = e;
            n = 0;
        }
        n++;
    }
    list_run(l, &first, n);
}

/* ---- the report ---- */

static void find_wrong(struct listing *l, const struct work *w, const struct numa_tables *tables)
{
    listing_findings(l);
    listing_find_unsound(l, tables->srat.bytes, tables->srat.n_bytes, SRAT_SIGNATURE);
    listing_find_unsound(l, tables->slit.bytes, tables->slit.n_bytes, SLIT_SIGNATURE);
    listing_find_unsound(l, tables->hmat.bytes, tables->hmat.n_bytes, HMAT_SIGNATURE);
    if (!tables->srat.n_bytes)
        return;
    if (w->is_cut)
        listing_finding(l, (struct phys_range){ 0 }, "the SRAT breaks off");
    if (w->has_beyond)
        listing_finding(l, (struct phys_range){ 0 }, "more than %u domains", DOMAINS_MAX);
    claimed_find(l, &w->claimed, &w->map, "domain", "claimed by domain %u and %u");
    slit_find(l, tables->slit);
    hmat_find(l, tables->hmat);
}

enum report_status numa_report(const struct report_style *style, const struct numa_tables *tables,
                               const struct map_subject *subject, void *buffer, size_t buffer_bytes,
                               uint64_t *ret_findings)
{
    const size_t needed = claimed_buffer_bytes(subject, sizeof(struct work));
    struct work *w = buffer;
    enum report_status status;

    if (!needed || buffer_bytes < needed)
        return REPORT_NO_SPACE;
    __builtin_memset(w, 0, sizeof *w);
    read_srat(w, tables->srat, subject->phys_bits);
    status = claimed_sort(&w->claimed, subject, buffer, buffer_bytes, sizeof *w, &w->map);
    if (status != REPORT_OK)
        return status;

    struct listing l;

    listing_begin(&l, style, "numa", names, columns, COLUMNS);

    if (!tables->srat.bytes)
        listing_absent(&l, "No SRAT: all memory is equally near.");
    list_ranges(&l, w);
    list_domains(&l, w);
    list_processors(&l, tables->srat);
    listing_section(&l, "distances", "distance", IN_DISTANCES);
    slit_list(&l, tables->slit);
    hmat_list(&l, tables->hmat);
    find_wrong(&l, w, tables);
    listing_end(&l);
    *ret_findings = l.n_findings;
    return REPORT_OK;
}
