/* The map for programs that read maps already: memmap-report, and scripts made for the EFI shell. */
#include "map_parts.h"
#include "report_text.h"

static void print_range_line(const struct sink *sink, const char *key, struct phys_range range, uint64_t unit)
{
    if (range.bytes)
        print_format(sink, "# %s %lx %lu\n", key, range.start.value, range.bytes / unit);
}

/* Grown to pages, as region_normalize() does with any claim. */
static void print_image_line(const struct sink *sink, struct phys_range image)
{
    const uint64_t before = image.start.value & PAGE_MASK;
    const bool fits = image.bytes < UINT64_MAX - PAGE_MASK - before;
    const uint64_t bytes = fits ? image.bytes + before + PAGE_MASK : UINT64_MAX;

    if (image.bytes)
        print_range_line(sink, "image", (struct phys_range){ { image.start.value - before }, bytes }, PAGE_SIZE);
}

static void print_claim(const struct sink *sink, const struct region_claim *claim)
{
    switch (claim->type) {
    case REGION_EXECUTABLE_AND_MODULES:
        print_image_line(sink, claim->bytes);
        break;
    case REGION_FRAMEBUFFER:
        print_range_line(sink, "framebuffer", claim->bytes, 1);
        break;
    case REGION_BAD_MEMORY:
        print_range_line(sink, "bad", claim->bytes, 1);
        break;
    default:
        print_range_line(sink, "hole", claim->bytes, 1);
    }
}

void map_report_raw(const struct sink *sink, const struct map_subject *subject)
{
    const uint64_t n = firmware_map_count(&subject->map);

    print_format(sink, "# desc_size=%lu entries=%lu\n# phys_bits %u\n", subject->map.stride, n, subject->phys_bits);
    for (size_t i = 0; i < subject->n_claims; i++)
        print_claim(sink, &subject->claims[i]);
    print_range_line(sink, "metadata", subject->metadata, 1);
    for (size_t i = 0; i < subject->n_reserved; i++)
        print_format(sink, "# reserved %lx %lu\n", frame_start(subject->reserved[i].first).value,
                     subject->reserved[i].count);
    for (size_t i = 0; i < subject->n_own; i++)
        print_format(sink, "# own %lx %lu %s\n", subject->own[i].bytes.start.value, subject->own[i].bytes.bytes,
                     subject->own[i].use);
    for (uint64_t i = 0; i < n; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(&subject->map, i);

        print_format(sink, "%u %lx %lx %lx\n", d.type, d.start, d.pages, d.attributes);
    }
}

static void print_sfo_descriptor(const struct sink *sink, const struct firmware_descriptor *d)
{
    print_format(sink, "MemoryMap,\"%s\",\"%lX\",\"%lX\",\"%lX\",\"%lX\"\n", firmware_type_name(d->type), d->start,
                 d->start + frames_to_bytes(d->pages) - 1, d->pages, d->attributes);
}

/* Whether the shell leaves the type out of its total. */
static bool is_outside_total(uint32_t type)
{
    return type == FIRMWARE_RESERVED || type == FIRMWARE_UNUSABLE || type == FIRMWARE_MMIO ||
           type == FIRMWARE_MMIO_PORT;
}

static void print_sfo_summary(const struct sink *sink, uint64_t total, const uint64_t *pages)
{
    static const uint8_t order[] = {
        FIRMWARE_RESERVED,      FIRMWARE_BOOT_SERVICES_CODE, FIRMWARE_BOOT_SERVICES_DATA, FIRMWARE_RUNTIME_CODE,
        FIRMWARE_RUNTIME_DATA,  FIRMWARE_LOADER_CODE,        FIRMWARE_LOADER_DATA,        FIRMWARE_CONVENTIONAL,
        FIRMWARE_MMIO,          FIRMWARE_MMIO_PORT,          FIRMWARE_UNUSABLE,           FIRMWARE_ACPI_RECLAIM,
        FIRMWARE_ACPI_NVS,      FIRMWARE_PAL_CODE,           FIRMWARE_UNACCEPTED,
    };

    print_format(sink, "MemoryMapSummary,\"%lu\"", frames_to_bytes(total));
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
        print_format(sink, ",\"%lu\"", frames_to_bytes(pages[order[i]]));
    print_format(sink, ", \"%lu\"\n", frames_to_bytes(pages[FIRMWARE_PERSISTENT])); /* the space is the shell's */
}

/*
 * Whatever the map says, as the shell does: sums may wrap, and descriptors of unnamed types are in the total alone, for
 * the format has no place for them (edk2, ShellPkg, MemMap.c).
 */
void map_print_sfo(const struct map_view *view)
{
    const struct sink *sink = view->style->sink;
    uint64_t pages[FIRMWARE_TYPES_NAMED] = { 0 };
    uint64_t total = 0;

    print_text(sink, "ShellCommand,\"memmap\"\n");
    for (uint64_t i = 0; i < view->regions.n_descriptors; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(&view->subject->map, i);

        if (!is_outside_total(d.type))
            total += d.pages;
        if (d.type >= FIRMWARE_TYPES_NAMED)
            continue;
        pages[d.type] += d.pages;
        print_sfo_descriptor(sink, &d);
    }
    print_sfo_summary(sink, total, pages);
}
