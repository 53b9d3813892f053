#include "memory_attributes.h"

#include "little_endian.h"
#include "spans.h"

/* UEFI 2.10, 4.6.4 EFI_MEMORY_ATTRIBUTES_TABLE. */
enum { TABLE_VERSION = 0, TABLE_ENTRIES = 4, TABLE_STRIDE = 8, TABLE_FLAGS = 12 };
#define VERSION_MAX 2
#define STRIDE_MAX 4096 /* a page: descriptors grow by a few fields */
#define ATTRIBUTES (FIRMWARE_ATTRIBUTE_RO | FIRMWARE_ATTRIBUTE_XP | FIRMWARE_ATTRIBUTE_RUNTIME)

enum { BYTES = 2, TYPE, ACCESS, VERSION, ENTRIES, FLAGS, FINDING, COLUMNS };
static const char names[] = COLUMN_RANGE_NAMES "bytes,type,access,version,entries,flags," COLUMN_FINDING_NAME;
static const struct column columns[COLUMNS] = {
    COLUMN_RANGE,
    [BYTES] = { COLUMN_SIZE, 7 },
    [TYPE] = { COLUMN_TEXT, 4 },
    [ACCESS] = { COLUMN_TEXT, 6 },
    [VERSION] = { COLUMN_NUMBER, 7 },
    [ENTRIES] = { COLUMN_NUMBER, 7 },
    [FLAGS] = { COLUMN_NUMBER, 5 },
    [FINDING] = COLUMN_FINDING,
};
#define IN_ENTRIES (IN_RANGE | 1u << BYTES | 1u << TYPE | 1u << ACCESS)
#define IN_TABLE (1u << VERSION | 1u << ENTRIES | 1u << FLAGS)

uint64_t memory_attributes_bytes(const uint8_t header[MEMORY_ATTRIBUTES_HEADER_BYTES])
{
    const uint64_t n = little_endian(header + TABLE_ENTRIES, 4), stride = little_endian(header + TABLE_STRIDE, 4);

    if (n > MEMORY_ATTRIBUTES_ENTRIES_MAX || stride < FIRMWARE_STRIDE_MIN || stride > STRIDE_MAX)
        return 0;
    return MEMORY_ATTRIBUTES_HEADER_BYTES + n * stride;
}

size_t memory_attributes_buffer_bytes(const struct map_subject *subject)
{
    const size_t map = region_buffer_bytes(firmware_map_count(&subject->map), subject->n_claims);
    const size_t entries = region_buffer_bytes(MEMORY_ATTRIBUTES_ENTRIES_MAX, 0);

    return map && map <= SIZE_MAX - entries ? map + entries : 0;
}

static struct firmware_descriptor entry_at(const struct firmware_map *entries, uint64_t i)
{
    struct firmware_descriptor entry;

    __builtin_memcpy(&entry, (const uint8_t *)entries->descriptors + i * entries->stride, sizeof entry);
    return entry;
}

/* No bytes: what it covers cannot be. */
static struct phys_range range_of(const struct firmware_descriptor *entry)
{
    const bool is_possible = entry->start >> PHYS_BITS_MAX == 0 && entry->pages >> (PHYS_BITS_MAX - PAGE_SHIFT) == 0;

    return (struct phys_range){ phys_addr(entry->start), is_possible ? frames_to_bytes(entry->pages) : 0 };
}

static const char *type_name(const struct firmware_descriptor *entry)
{
    return entry->type == FIRMWARE_RUNTIME_CODE ? "code" : entry->type == FIRMWARE_RUNTIME_DATA ? "data" : "?";
}

static unsigned protection(const struct firmware_descriptor *entry)
{
    return (entry->attributes & FIRMWARE_ATTRIBUTE_RO ? 1 : 0) | (entry->attributes & FIRMWARE_ATTRIBUTE_XP ? 2 : 0);
}

static void list_entries(struct listing *l, const struct firmware_map *entries)
{
    static const char access[][4] = { "rwx", "r-x", "rw-", "r--" };

    listing_section(l, "entries", "entry", IN_ENTRIES);
    for (uint64_t i = 0; i < firmware_map_count(entries); i++) {
        const struct firmware_descriptor entry = entry_at(entries, i);
        const struct phys_range range = range_of(&entry);

        listing_record(l, (const union cell[]){
            { entry.start }, { range.bytes ? phys_range_end(range) : CELL_UNKNOWN }, { range.bytes },
            { .text = type_name(&entry) }, { .text = access[protection(&entry)] } });
    }
}

/* A driver lies in memory for code as a whole: where that is writable and not executable, it is the driver's data. */
static void check_entry(struct listing *l, const struct firmware_descriptor *entry)
{
    const struct phys_range where = range_of(entry);
    const bool is_code = entry->type == FIRMWARE_RUNTIME_CODE;

    if (!is_code && entry->type != FIRMWARE_RUNTIME_DATA)
        listing_finding(l, where, "of type %u, no runtime memory", entry->type);
    else if (!protection(entry))
        listing_finding(l, where, "%s that is writable and executable", type_name(entry));
    else if (!is_code && !(entry->attributes & FIRMWARE_ATTRIBUTE_XP))
        listing_finding(l, where, "data that is executable");
    if ((entry->attributes | ATTRIBUTES) != ATTRIBUTES || !(entry->attributes & FIRMWARE_ATTRIBUTE_RUNTIME))
        listing_finding(l, where, "attributes %lx: not RUNTIME, or beside RO and XP", entry->attributes);
}

static bool is_runtime(const struct mem_region *region) { return region->type == REGION_RUNTIME_SERVICES; }

static void check_entries(struct listing *l, const struct firmware_map *entries, const struct region_map *described)
{
    static const uint8_t kinds[] = { ANOMALY_UNSORTED,     ANOMALY_OVERLAP,   ANOMALY_ZERO_PAGES,
                                     ANOMALY_OUT_OF_RANGE, ANOMALY_UNALIGNED, ANOMALY_TRUNCATED };

    for (uint64_t i = 0; i < firmware_map_count(entries); i++) {
        const struct firmware_descriptor entry = entry_at(entries, i);

        check_entry(l, &entry);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (described->anomalies[kinds[i]])
            listing_finding(l, (struct phys_range){ 0 }, "entries %s: %lu", region_anomaly_text(kinds[i]),
                            described->anomalies[kinds[i]]);
}

static void compare(struct listing *l, const struct region_map *described, const struct region_map *map)
{
    const struct spans table_spans = { described, is_runtime }, map_spans = { map, is_runtime };

    spans_find_lacking(l, &table_spans, &map_spans, "in the table, but not in the %s", "map's runtime regions");
    spans_find_lacking(l, &map_spans, &table_spans, "in the %s, but not in the table", "map's runtime regions");
}

/* What there is of the table. */
struct source {
    bool is_there, is_possible, is_cut;
    uint32_t version, n_entries, flags;
    struct firmware_map entries; /* as many as are there */
};

static struct source read_source(const uint8_t *table, size_t n_bytes)
{
    struct source s = { .is_there = n_bytes, .is_possible = true, .is_cut = n_bytes < MEMORY_ATTRIBUTES_HEADER_BYTES };
    uint64_t bytes;

    if (s.is_cut)
        return s;
    bytes = memory_attributes_bytes(table);
    s.is_possible = bytes;
    s.is_cut = bytes > n_bytes;
    s.version = (uint32_t)little_endian(table + TABLE_VERSION, 4);
    s.n_entries = (uint32_t)little_endian(table + TABLE_ENTRIES, 4);
    s.flags = (uint32_t)little_endian(table + TABLE_FLAGS, 4);
    if (bytes)
        s.entries = (struct firmware_map){ table + MEMORY_ATTRIBUTES_HEADER_BYTES,
                                           (s.is_cut ? n_bytes : bytes) - MEMORY_ATTRIBUTES_HEADER_BYTES,
                                           little_endian(table + TABLE_STRIDE, 4) };
    return s;
}

static void find_wrong(struct listing *l, const struct source *source, const struct region_map *described,
                       const struct region_map *map)
{
    const struct phys_range nowhere = { 0 };

    listing_findings(l);
    if (!source->is_there)
        return;
    if (source->is_cut)
        listing_finding(l, nowhere, "the table breaks off");
    else if (!source->is_possible)
        listing_finding(l, nowhere, "the table's size cannot be");
    else if (!source->version || source->version > VERSION_MAX)
        listing_finding(l, nowhere, "version %u: UEFI 2.10 knows 1 and 2", source->version);
    check_entries(l, &source->entries, described);
    compare(l, described, map);
}

static uint64_t report(const struct report_style *style, const struct source *source,
                       const struct region_map *described, const struct region_map *map)
{
    struct listing l;

    listing_begin(&l, style, "attributes", names, columns, COLUMNS);
    listing_section(&l, "table", "table", IN_TABLE);
    if (source->is_there)
        listing_record(&l, (const union cell[]){ { source->version }, { source->n_entries }, { source->flags } });
    else
        listing_absent(&l, "No memory attributes table.");
    list_entries(&l, &source->entries);
    find_wrong(&l, source, described, map);
    listing_end(&l);
    return l.n_findings;
}

enum report_status memory_attributes_report(const struct report_style *style, const uint8_t *table, size_t n_bytes,
                                            const struct map_subject *subject, void *buffer, size_t buffer_bytes,
                                            uint64_t *ret_findings)
{
    const size_t own = region_buffer_bytes(MEMORY_ATTRIBUTES_ENTRIES_MAX, 0);
    const struct region_parameters parameters = { NULL, 0, subject->phys_bits, REGION_VIEW_OWNED };
    const struct source source = read_source(table, n_bytes);
    struct region_map described, map;
    enum region_status status;

    if (buffer_bytes < own)
        return REPORT_NO_SPACE;
    status = region_normalize(&source.entries, &parameters, buffer, own, &described);
    if (status == REGION_OK)
        status = region_normalize(&subject->map, &parameters, (uint8_t *)buffer + own, buffer_bytes - own, &map);
    if (status != REGION_OK)
        return status == REGION_NO_SPACE ? REPORT_NO_SPACE : REPORT_BAD_MAP;
    *ret_findings = report(style, &source, &described, &map);
    return REPORT_OK;
}
