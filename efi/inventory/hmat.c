#include "little_endian.h"
#include "numa_report.h"
#include "report_text.h"

/* ACPI 6.5, 5.2.27 Heterogeneous Memory Attribute Table (HMAT). */
#define HMAT_REVISION 8
#define HMAT_STRUCTURES (ACPI_HEADER_BYTES + 4)
#define STRUCTURE_HEADER_BYTES 8 /* type and a reserved field of two bytes each, length of four */

enum { MEMORY_ATTRIBUTES = 0, LATENCY_AND_BANDWIDTH = 1, SIDE_CACHE = 2 };

/* ACPI 6.5, 5.2.27.3 Memory Proximity Domain Attributes Structure. */
enum { ATTRIBUTES_FLAGS = 8, ATTRIBUTES_INITIATOR = 12, ATTRIBUTES_MEMORY = 16, ATTRIBUTES_BYTES = 40 };
#define INITIATOR_IS_VALID 1u

/* 5.2.27.4 System Locality Latency and Bandwidth Information Structure. */
enum {
    LOCALITY_FLAGS = 8, LOCALITY_DATA = 9, LOCALITY_INITIATORS = 12, LOCALITY_TARGETS = 16, LOCALITY_UNIT = 24,
    LOCALITY_LISTS = 32,
    LATENCIES = 3, /* kinds of data below are latencies, */
    KINDS = 6,     /* these bandwidths */
};
#define HIERARCHY_MASK 0xf /* 0: memory, else a cache before it */
#define VALUE_UNREACHABLE 0xffff
#define DOMAINS_MAX 64 /* in a list; of more, the others are not listed */
#define REVISION_PICOSECONDS 2

/* 5.2.27.5 Memory Side Cache Information Structure. */
enum { CACHE_MEMORY = 8, CACHE_SIZE = 16, CACHE_BYTES = 32 };

struct structure {
    uint16_t type;
    const uint8_t *bytes;
    uint64_t n_bytes;
};

/* As madt_next(). */
static bool next(struct acpi_table hmat, size_t *cursor, struct structure *ret)
{
    const size_t at = *cursor;

    if (hmat.n_bytes < at || hmat.n_bytes - at < STRUCTURE_HEADER_BYTES)
        return false;
    *ret = (struct structure){ (uint16_t)little_endian(hmat.bytes + at, 2), hmat.bytes + at,
                               little_endian(hmat.bytes + at + 4, 4) };
    if (ret->n_bytes < STRUCTURE_HEADER_BYTES || ret->n_bytes > hmat.n_bytes - at)
        return false;
    *cursor = at + ret->n_bytes;
    return true;
}

static uint64_t word(const struct structure *s, uint64_t at) { return little_endian(s->bytes + at, 4); }

static void record(struct listing *l, uint64_t from, uint64_t to, uint64_t value, const char *what)
{
    listing_record(l, (const union cell[]){ { from }, { to }, { value }, { .text = what } });
}

/* Latencies in ps (in tenths of ns, by the first revision), bandwidths in MB/s. */
static void list_locality(struct listing *l, const struct structure *s, bool is_new)
{
    static const char kinds[] = "latency, ps\0read latency, ps\0write latency, ps\0"
                                "bandwidth, MB/s\0read bandwidth, MB/s\0write bandwidth, MB/s";
    const uint64_t n_from = word(s, LOCALITY_INITIATORS), n_to = word(s, LOCALITY_TARGETS);
    const uint64_t matrix = LOCALITY_LISTS + 4 * (n_from + n_to), unit = little_endian(s->bytes + LOCALITY_UNIT, 8);
    const uint8_t kind = s->bytes[LOCALITY_DATA];

    if (s->bytes[LOCALITY_FLAGS] & HIERARCHY_MASK || kind >= KINDS)
        return;
    for (uint64_t i = 0; i < n_from && i < DOMAINS_MAX; i++)
        for (uint64_t k = 0; k < n_to && k < DOMAINS_MAX; k++) {
            const uint64_t entry = little_endian(s->bytes + matrix + 2 * (i * n_to + k), 2);
            const uint64_t scale = unit * (is_new || kind >= LATENCIES ? 1 : 100);

            if (entry && entry != VALUE_UNREACHABLE)
                record(l, word(s, LOCALITY_LISTS + 4 * i), word(s, LOCALITY_LISTS + 4 * (n_from + k)), entry * scale,
                       nth_string(kinds, kind));
        }
    if (n_from > DOMAINS_MAX || n_to > DOMAINS_MAX)
        listing_note(l, LISTING_IS_CUT);
}

/* Whether lists and matrix fit. */
static bool is_whole_locality(const struct structure *s)
{
    if (s->n_bytes < LOCALITY_LISTS)
        return false;

    const uint64_t n_from = word(s, LOCALITY_INITIATORS), n_to = word(s, LOCALITY_TARGETS);
    const uint64_t left = s->n_bytes - LOCALITY_LISTS;

    return n_from <= left && n_to <= left && 4 * (n_from + n_to) + 2 * n_from * n_to <= left;
}

static bool is_whole(const struct structure *s)
{
    switch (s->type) {
    case MEMORY_ATTRIBUTES:
        return s->n_bytes >= ATTRIBUTES_BYTES;
    case LATENCY_AND_BANDWIDTH:
        return is_whole_locality(s);
    case SIDE_CACHE:
        return s->n_bytes >= CACHE_BYTES;
    default:
        return true;
    }
}

void hmat_list(struct listing *l, struct acpi_table hmat)
{
    struct structure s;

    for (size_t cursor = HMAT_STRUCTURES; next(hmat, &cursor, &s);) {
        if (!is_whole(&s))
            continue;
        if (s.type == LATENCY_AND_BANDWIDTH)
            list_locality(l, &s, hmat.bytes[HMAT_REVISION] >= REVISION_PICOSECONDS);
        else if (s.type == SIDE_CACHE)
            record(l, word(&s, CACHE_MEMORY), CELL_UNKNOWN, little_endian(s.bytes + CACHE_SIZE, 8),
                   "memory-side cache, B");
        else if (s.type == MEMORY_ATTRIBUTES && s.bytes[ATTRIBUTES_FLAGS] & INITIATOR_IS_VALID)
            record(l, word(&s, ATTRIBUTES_INITIATOR), word(&s, ATTRIBUTES_MEMORY), CELL_UNKNOWN, "attached memory");
    }
}

void hmat_find(struct listing *l, struct acpi_table hmat)
{
    size_t cursor = HMAT_STRUCTURES;
    uint64_t n_broken = 0;
    struct structure s;

    while (next(hmat, &cursor, &s))
        n_broken += !is_whole(&s);
    if (n_broken)
        listing_finding(l, (struct phys_range){ 0 }, "structures of the HMAT cut: %lu", n_broken);
    if (hmat.n_bytes && cursor != hmat.n_bytes)
        listing_finding(l, (struct phys_range){ 0 }, "the HMAT breaks off");
}
