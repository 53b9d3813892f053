#include "dimms_report.h"

#include "claimed.h"
#include "numa.h"

#define ARRAYS_MAX 64
#define ADDRESSES_MAX 256 /* each looks for its device */
#define TYPE_TEXT_BYTES 24
#define MIB_SHIFT 20
/* The hole below 1 MiB, which some count and some do not. */
#define DIFFERENCE_ALLOWED MIB(1)
/* Less than so much of it in the map is more than graphics and firmware keep for themselves. */
#define MISSING_SHIFT 3

enum {
    SLOT = 2, BANK, ARRAY, BYTES, NON_VOLATILE, TYPE, TECHNOLOGY, SPEED, RATED_SPEED, RANKS, TOTAL_WIDTH, DATA_WIDTH,
    MAKER, PART, SERIAL, ASSET, SLOTS, MODULES, CAPACITY, ECC, INTERLEAVE, SOURCE, FINDING, COLUMNS,
};
static const char names[] = COLUMN_RANGE_NAMES
    "slot,bank,array,bytes,non_volatile,type,technology,speed,rated_speed,ranks,total_width,data_width,"
    "maker,part,serial,asset,slots,modules,capacity,ecc,interleave,source," COLUMN_FINDING_NAME;
static const struct column columns[COLUMNS] = {
    COLUMN_RANGE,
    [SLOT] = { COLUMN_TEXT, 10 },
    [BANK] = { COLUMN_TEXT, 10 },
    [ARRAY] = { COLUMN_HANDLE, 6 },
    [BYTES] = { COLUMN_SIZE, 7 },
    [NON_VOLATILE] = { COLUMN_SIZE, 0 },
    [TYPE] = { COLUMN_TEXT, 8 },
    [TECHNOLOGY] = { COLUMN_TEXT, 0 },
    [SPEED] = { COLUMN_NUMBER, 5 },
    [RATED_SPEED] = { COLUMN_NUMBER, 0 },
    [RANKS] = { COLUMN_NUMBER, 0 },
    [TOTAL_WIDTH] = { COLUMN_NUMBER, 0 },
    [DATA_WIDTH] = { COLUMN_NUMBER, 0 },
    [MAKER] = { COLUMN_TEXT, 10 },
    [PART] = { COLUMN_TEXT, 14 },
    [SERIAL] = { COLUMN_TEXT, 8 },
    [ASSET] = { COLUMN_TEXT, 8 },
    [SLOTS] = { COLUMN_NUMBER, 5 },
    [MODULES] = { COLUMN_NUMBER, 7 },
    [CAPACITY] = { COLUMN_SIZE, 8 },
    [ECC] = { COLUMN_TEXT, 10 },
    [INTERLEAVE] = { COLUMN_NUMBER, 10 },
    [SOURCE] = { COLUMN_TEXT, 22 },
    [FINDING] = COLUMN_FINDING,
};
#define BITS(first, last) ((2u << (last)) - (1u << (first)))
#define IN_ARRAYS (1u << ARRAY | 1u << BYTES | BITS(SLOTS, ECC))
#define IN_SLOTS BITS(SLOT, PART)
#define IN_ADDRESSES (IN_RANGE | 1u << SLOT | 1u << ARRAY | 1u << BYTES | 1u << INTERLEAVE)
#define IN_TOTALS (1u << BYTES | 1u << SOURCE)

struct array {
    struct smbios_array said;
    uint64_t n_devices, n_modules, bytes;
    uint64_t n_with_ecc, n_without_ecc; /* modules, by their widths */
};

/* At the buffer's start; then the sorted ranges, then the map's regions. */
struct work {
    const struct dimms_subject *subject;
    size_t n_arrays;
    uint64_t bytes, mapped_bytes, memory_bytes; /* of modules, of arrays' addresses, of the map */
    uint64_t possible_bytes; /* with what the map has reserved where modules may be */
    bool is_unsure;          /* a module's size is not known, or it may be a cache of others */
    uint64_t n_bad_mappings;
    struct region_map map;
    struct claimed claimed;
    struct array arrays[ARRAYS_MAX];
};

size_t dimms_buffer_bytes(const struct map_subject *subject)
{
    return claimed_buffer_bytes(subject, sizeof(struct work));
}

static bool structure_at(const struct work *w, size_t at, struct smbios_structure *ret)
{
    return smbios_structure_at(w->subject->smbios.structures, w->subject->smbios.n_bytes, at, ret);
}

/* ---- what SMBIOS says ---- */

static struct array *array_of(struct work *w, uint16_t handle)
{
    for (size_t i = 0; i < w->n_arrays; i++)
        if (w->arrays[i].said.handle == handle)
            return &w->arrays[i];
    return NULL;
}

static void read_device(struct work *w, const struct smbios_device *d)
{
    struct array *array = array_of(w, d->array);

    if (!array || array->said.is_system_memory) {
        w->bytes += d->volatile_bytes;
        if (!d->is_size_known || d->technology > SMBIOS_TECHNOLOGY_DRAM)
            w->is_unsure = true;
    }
    if (!array)
        return;
    array->n_devices++;
    array->n_modules += !d->is_empty;
    array->bytes += d->bytes;
    if (!d->is_empty && d->total_width && d->data_width) {
        array->n_with_ecc += d->total_width > d->data_width;
        array->n_without_ecc += d->total_width <= d->data_width;
    }
}

/* Some tables count a KiB too much. */
static void read_mapping(struct work *w, const struct smbios_mapping *m)
{
    const struct array *array = array_of(w, m->handle);
    const struct frame_range inside = frame_range_inside(m->bytes);
    const struct phys_range bytes = { frame_start(inside.first), frames_to_bytes(inside.count) };

    if (!bytes.bytes || (array && !array->said.is_system_memory))
        return;
    claimed_add(&w->claimed, &(struct claimed_range){ bytes, m->handle, false, false });
    w->claimed.is_nominal |= m->is_nominal;
    w->mapped_bytes += bytes.bytes;
}

static void read_structures(struct work *w)
{
    struct smbios_structure s;
    struct smbios_device device;
    struct smbios_mapping mapping;

    for (size_t at = 0; structure_at(w, at, &s); at = s.next)
        if (w->n_arrays < ARRAYS_MAX && smbios_array_read(&s, &w->arrays[w->n_arrays].said))
            w->n_arrays++;
    for (size_t at = 0; structure_at(w, at, &s); at = s.next) {
        if (smbios_device_read(&s, &device))
            read_device(w, &device);
        if (s.type != SMBIOS_TYPE_ARRAY_ADDRESS && s.type != SMBIOS_TYPE_DEVICE_ADDRESS)
            continue;
        if (!smbios_mapping_read(&s, s.type, &mapping))
            w->n_bad_mappings++;
        else if (s.type == SMBIOS_TYPE_ARRAY_ADDRESS)
            read_mapping(w, &mapping);
    }
}

/* ---- records ---- */

static void list_arrays(struct listing *l, const struct work *w)
{
    listing_section(l, "arrays", "array", IN_ARRAYS);
    for (size_t i = 0; i < w->n_arrays; i++) {
        const struct array *a = &w->arrays[i];

        listing_record(l, (const union cell[]){ { a->said.handle }, { a->bytes }, { a->said.n_slots }, { a->n_modules },
                                                { unless_zero(a->said.capacity_bytes) },
                                                { .text = smbios_ecc_name(a->said.ecc) } });
    }
}

static void list_device(struct listing *l, const struct smbios_device *d)
{
    char type[TYPE_TEXT_BYTES];
    size_t n;
    const struct buffer_sink buffer = buffer_sink(type, sizeof type, &n);

    print_format(&buffer.sink, "%s%s", d->is_empty ? "empty" : smbios_device_type_name(d->type),
                 d->total_width > d->data_width && d->data_width ? " ECC" : "");
    listing_record(l, (const union cell[]){
        { .text = d->slot }, { .text = d->bank }, { d->array }, { d->is_size_known ? d->bytes : CELL_UNKNOWN },
        { unless_zero(d->non_volatile_bytes) }, { .text = type },
        { .text = d->technology ? smbios_technology_name(d->technology) : NULL },
        { unless_zero(d->configured_speed ? d->configured_speed : d->speed) }, { unless_zero(d->speed) },
        { unless_zero(d->ranks) }, { unless_zero(d->total_width) }, { unless_zero(d->data_width) },
        { .text = d->maker }, { .text = d->part }, { .text = d->serial }, { .text = d->asset } });
}

static void list_slots(struct listing *l, const struct work *w)
{
    struct smbios_structure s;
    struct smbios_device device;

    listing_section(l, "slots", "slot", w->subject->with_serials ? BITS(SLOT, ASSET) : IN_SLOTS);
    for (size_t at = 0; structure_at(w, at, &s); at = s.next)
        if (smbios_device_read(&s, &device))
            list_device(l, &device);
}

static void list_addresses(struct listing *l, const struct work *w)
{
    struct smbios_structure s;
    struct smbios_mapping m;
    struct smbios_device device;

    listing_section(l, "addresses", "address", IN_ADDRESSES);
    for (size_t at = 0; structure_at(w, at, &s); at = s.next) {
        const bool of_device = s.type == SMBIOS_TYPE_DEVICE_ADDRESS;

        if ((!of_device && s.type != SMBIOS_TYPE_ARRAY_ADDRESS) || !smbios_mapping_read(&s, s.type, &m))
            continue;
        if (l->n_records == ADDRESSES_MAX) {
            listing_note(l, LISTING_IS_CUT);
            break;
        }

        const bool is_found = of_device && smbios_device_with(&w->subject->smbios, m.handle, &device);

        listing_record(l, (const union cell[]){
            { m.bytes.start.value }, { phys_range_end(m.bytes) }, { .text = is_found ? device.slot : NULL },
            { of_device ? CELL_UNKNOWN : m.handle }, { m.bytes.bytes }, { unless_zero(m.interleave_position) } });
    }
}

static void list_total(struct listing *l, uint64_t bytes, const char *source)
{
    listing_record(l, (const union cell[]){ { bytes }, { .text = source } });
}

static void list_totals(struct listing *l, struct work *w)
{
    const uint64_t srat = srat_memory_bytes(w->subject->srat);

    listing_section(l, "totals", "total", IN_TOTALS);
    list_total(l, w->bytes, "modules");
    list_total(l, w->mapped_bytes, "addresses of arrays");
    if (srat)
        list_total(l, srat, "SRAT");
    for (size_t i = 0; i < w->map.n_regions; i++) {
        const struct mem_region *r = &w->map.regions[i];
        const uint64_t bytes = region_range(r).bytes;

        if (region_is_memory(r))
            w->memory_bytes += bytes;
        if (region_may_be_memory(r) && r->start.value < w->bytes + GIB(4))
            w->possible_bytes += bytes;
    }
    list_total(l, w->memory_bytes, "memory map");
}

/* ---- what is wrong ---- */

static void find_in_array(struct listing *l, const struct array *a)
{
    const struct phys_range nowhere = { 0 };
    const uint32_t handle = a->said.handle;
    const bool corrects_errors = a->said.ecc == SMBIOS_ECC_SINGLE_BIT || a->said.ecc == SMBIOS_ECC_MULTI_BIT;

    if (a->n_devices != a->said.n_slots)
        listing_finding(l, nowhere, "array %x has %u slots, %lu are described", handle, a->said.n_slots,
                        a->n_devices);
    if (a->said.capacity_bytes && a->bytes > a->said.capacity_bytes)
        listing_finding(l, nowhere, "array %x holds %lu MB, more than its %lu MB", handle,
                        a->bytes >> MIB_SHIFT, a->said.capacity_bytes >> MIB_SHIFT);
    if (corrects_errors ? a->n_without_ecc : a->said.ecc == SMBIOS_ECC_NONE && a->n_with_ecc)
        listing_finding(l, nowhere, "array %x: error correction %s, unlike the widths", handle,
                        smbios_ecc_name(a->said.ecc));
}

/* In MB, so that sizes that differ look it. */
static void compare(struct listing *l, uint64_t modules, uint64_t others, const char *whose)
{
    const uint64_t difference = modules > others ? modules - others : others - modules;

    if (difference > DIFFERENCE_ALLOWED)
        listing_finding(l, (struct phys_range){ 0 }, "the modules hold %lu MB, %s %lu MB", modules >> MIB_SHIFT, whose,
                        others >> MIB_SHIFT);
}

static void compare_totals(struct listing *l, const struct work *w)
{
    const uint64_t missing = w->bytes > w->possible_bytes ? w->bytes - w->possible_bytes : 0;
    const uint64_t srat = srat_memory_bytes(w->subject->srat);

    if (!w->bytes || w->is_unsure)
        return;
    if (w->claimed.n)
        compare(l, w->bytes, w->mapped_bytes, "the arrays' addresses");
    if (srat)
        compare(l, w->bytes, srat, "the SRAT has");
    if (w->memory_bytes > w->bytes || missing > w->bytes >> MISSING_SHIFT)
        compare(l, w->bytes, w->memory_bytes, "the memory map has");
}

static void find_wrong(struct listing *l, const struct work *w)
{
    listing_findings(l);
    listing_find_unsound(l, w->subject->smbios.structures, w->subject->smbios.n_bytes, "SMBIOS");
    listing_find_unsound(l, w->subject->srat.bytes, w->subject->srat.n_bytes, SRAT_SIGNATURE);
    for (size_t i = 0; i < w->n_arrays; i++)
        find_in_array(l, &w->arrays[i]);
    if (w->n_bad_mappings)
        listing_finding(l, (struct phys_range){ 0 }, "addresses that cannot be: %lu", w->n_bad_mappings);
    if (w->claimed.n)
        claimed_find(l, &w->claimed, &w->map, "array", "claimed by array %x and %x");
    compare_totals(l, w);
}

enum report_status dimms_report(const struct report_style *style, const struct dimms_subject *subject, void *buffer,
                                size_t buffer_bytes, uint64_t *ret_findings)
{
    const size_t needed = claimed_buffer_bytes(subject->memory, sizeof(struct work));
    struct work *w = buffer;
    enum report_status status;

    if (!needed || buffer_bytes < needed)
        return REPORT_NO_SPACE;
    __builtin_memset(w, 0, sizeof *w);
    w->subject = subject;
    read_structures(w);
    status = claimed_sort(&w->claimed, subject->memory, buffer, buffer_bytes, sizeof *w, &w->map);
    if (status != REPORT_OK)
        return status;

    struct listing l;

    listing_begin(&l, style, "dimms", names, columns, COLUMNS);

    if (!subject->smbios.structures)
        listing_absent(&l, "No SMBIOS: no modules known.");
    list_arrays(&l, w);
    list_slots(&l, w);
    list_addresses(&l, w);
    list_totals(&l, w);
    find_wrong(&l, w);
    listing_end(&l);
    *ret_findings = l.n_findings;
    return REPORT_OK;
}
