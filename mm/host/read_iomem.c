/* Linux's /proc/iomem: "00001000-0009fbff : System RAM", what lies within a range below it and further to the right. */
#include "map_reader.h"

/* Ranges with other names belong to devices: MMIO. */
static const struct named_number type_names[] = {
    { "System RAM", FIRMWARE_CONVENTIONAL },
    { "Reserved", FIRMWARE_RESERVED },
    { "Soft Reserved", FIRMWARE_RESERVED },
    { "RAM buffer", FIRMWARE_RESERVED },
    { "System ROM", FIRMWARE_RESERVED },
    { "Video ROM", FIRMWARE_RESERVED },
    { "Adapter ROM", FIRMWARE_RESERVED },
    { "ACPI Tables", FIRMWARE_ACPI_RECLAIM },
    { "ACPI Non-volatile Storage", FIRMWARE_ACPI_NVS },
    { "Unusable memory", FIRMWARE_UNUSABLE },
    { "Persistent Memory", FIRMWARE_PERSISTENT },
    { "Persistent Memory (legacy)", FIRMWARE_PERSISTENT },
    { 0 },
};

struct iomem_lines {
    size_t n_zero; /* ranges 0-0: what those see who are not root */
};

/* Of eight digits or more: /proc/ioports has four. */
static bool take_address(struct extent *line, uint64_t *ret)
{
    const char *start = line->at;

    return !take_hex(line, ret) && line->at - start >= 8;
}

/* "START-END", at the left margin. */
static bool take_range(struct extent *line, uint64_t *ret_start, uint64_t *ret_last)
{
    return take_address(line, ret_start) && take_prefix(line, "-") && take_address(line, ret_last);
}

bool is_iomem_line(struct extent line)
{
    uint64_t start, last;

    return take_range(&line, &start, &last) && take_prefix(&line, " : ");
}

static const char *read_iomem_line(struct map_reading *reading, struct extent line)
{
    struct iomem_lines *lines = reading->state;
    uint64_t start, last, type = FIRMWARE_MMIO;

    if (!take_range(&line, &start, &last))
        return NULL;
    if (!take_prefix(&line, " : "))
        return "START-END : NAME expected";
    if (!last) {
        lines->n_zero++;
        return NULL;
    }
    find_name(type_names, trimmed(line), &type);
    return map_reading_add_bytes(reading, (uint32_t)type, start, last);
}

bool map_read_iomem(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    struct iomem_lines lines = { 0 };
    struct map_reading reading = { .without_attributes = true, .state = &lines };

    if (map_read_lines(&reading, text, read_iomem_line, "no line of /proc/iomem", ret, ret_error))
        return true;
    if (!ret_error->line && lines.n_zero)
        ret_error->reason = "all addresses are 0: /proc/iomem shows them to root only";
    return false;
}
