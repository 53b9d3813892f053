/*
 * What Linux prints of the EFI memory map, with efi=debug, or before 4.2 if built so:
 *
 *     EFI: mem00: type=3, attr=0xf, range=[0x0000000000000000-0x0000000000001000) (0MB)               to 3.7, 64 bits
 *     efi: mem00: type=3, attr=0xf, range=[0x0000000000000000-0x0000000000001000) (0MB)               to 3.17
 *     efi: mem00: [Boot Code          |   |  |  |  |   |WB|WT|WC|UC] range=[0x0-0x1000) (0MB)          to 4.5
 *     efi: mem00: [Boot Code   |   |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0-0xfff] (0MB)   since
 *
 * The end is exclusive before `)`, inclusive before `]`. An attribute that the kernel does not know turns the columns
 * into |attr=0x..., a type that it does not know into [type=N.
 */
#include "map_reader.h"

static const struct named_number type_names[] = {
    { "Reserved", FIRMWARE_RESERVED },
    { "Loader Code", FIRMWARE_LOADER_CODE },
    { "Loader Data", FIRMWARE_LOADER_DATA },
    { "Boot Code", FIRMWARE_BOOT_SERVICES_CODE },
    { "Boot Data", FIRMWARE_BOOT_SERVICES_DATA },
    { "Runtime Code", FIRMWARE_RUNTIME_CODE },
    { "Runtime Data", FIRMWARE_RUNTIME_DATA },
    { "Conventional", FIRMWARE_CONVENTIONAL },
    { "Conventional Memory", FIRMWARE_CONVENTIONAL },
    { "Unusable", FIRMWARE_UNUSABLE },
    { "Unusable Memory", FIRMWARE_UNUSABLE },
    { "ACPI Reclaim", FIRMWARE_ACPI_RECLAIM },
    { "ACPI Reclaim Memory", FIRMWARE_ACPI_RECLAIM },
    { "ACPI Mem NVS", FIRMWARE_ACPI_NVS },
    { "ACPI Memory NVS", FIRMWARE_ACPI_NVS },
    { "MMIO", FIRMWARE_MMIO },
    { "Memory Mapped I/O", FIRMWARE_MMIO },
    { "MMIO Port", FIRMWARE_MMIO_PORT },
    { "MMIO Port Space", FIRMWARE_MMIO_PORT },
    { "PAL Code", FIRMWARE_PAL_CODE },
    { "Persistent", FIRMWARE_PERSISTENT },
    { "Persistent Memory", FIRMWARE_PERSISTENT },
    { "Unaccepted", FIRMWARE_UNACCEPTED },
    { "Unaccepted Memory", FIRMWARE_UNACCEPTED },
    { 0 },
};

static const struct named_number attribute_names[] = {
    { "", 0 },
    { "UC", FIRMWARE_ATTRIBUTE_UC },
    { "WC", FIRMWARE_ATTRIBUTE_WC },
    { "WT", FIRMWARE_ATTRIBUTE_WT },
    { "WB", FIRMWARE_ATTRIBUTE_WB },
    { "UCE", FIRMWARE_ATTRIBUTE_UCE },
    { "WP", FIRMWARE_ATTRIBUTE_WP },
    { "RP", FIRMWARE_ATTRIBUTE_RP },
    { "XP", FIRMWARE_ATTRIBUTE_XP },
    { "NV", FIRMWARE_ATTRIBUTE_NV },
    { "MR", FIRMWARE_ATTRIBUTE_MORE_RELIABLE },
    { "RO", FIRMWARE_ATTRIBUTE_RO },
    { "SP", FIRMWARE_ATTRIBUTE_SP },
    { "CC", FIRMWARE_ATTRIBUTE_CPU_CRYPTO },
    { "HP", FIRMWARE_ATTRIBUTE_HOT_PLUGGABLE },
    { "RUN", FIRMWARE_ATTRIBUTE_RUNTIME },
    { 0 },
};

struct efi_lines {
    uint64_t next; /* number that the next line should have */
};

/* Moves behind "efi: mem" of a line "efi: memNN:"; others, "efi: memattr:", "efi: Remove mem73:", are none. */
static bool take_heading(struct extent *line)
{
    struct extent rest = *line;

    if (!skip_past(&rest, "efi: mem") && !skip_past(&rest, "EFI: mem"))
        return false;
    *line = rest;
    return !is_empty(rest) && digit_value(*rest.at) < 10;
}

bool is_efi_line(struct extent line)
{
    return take_heading(&line);
}

static const char *take_decimal(struct extent *line, uint64_t *ret)
{
    struct extent digits = { line->at, line->at };

    while (digits.end < line->end && digit_value(*digits.end) < 10)
        digits.end++;
    line->at = digits.end;
    return parse_number(digits, UINT32_MAX, ret);
}

/* "type=3, attr=0xf, " */
static const char *take_numbers(struct extent *line, uint64_t *ret_type, uint64_t *ret_attributes)
{
    const char *reason = take_decimal(line, ret_type);

    if (reason)
        return reason;
    if (!take_prefix(line, ", attr="))
        return "attr= expected after type=";
    reason = take_hex(line, ret_attributes);
    return reason || take_prefix(line, ", ") ? reason : "a comma is missing after attr=";
}

static const char *parse_attribute(struct extent name, uint64_t *attributes)
{
    uint64_t bits;

    name = trimmed(name);
    if (take_prefix(&name, "attr="))
        return parse_hex(name, attributes);
    if (!find_name(attribute_names, name, &bits))
        return "not an attribute that the kernel names";
    *attributes |= bits;
    return NULL;
}

/* "Boot Code          |   |WB|UC] " */
static const char *take_columns(struct extent *line, uint64_t *ret_type, uint64_t *ret_attributes)
{
    struct extent columns = next_field(line, ']');
    struct extent name = trimmed(next_field(&columns, '|'));
    const char *reason = NULL;

    if (take_prefix(&name, "type="))
        reason = parse_number(name, UINT32_MAX, ret_type);
    else if (!find_name(type_names, name, ret_type))
        reason = "not a type of memory that the kernel names";
    *ret_attributes = 0;
    while (!reason && !is_empty(columns))
        reason = parse_attribute(next_field(&columns, '|'), ret_attributes);
    return reason || take_prefix(line, " ") ? reason : "range= expected after the attributes";
}

/* "range=[0x0-0x1000) (0MB)", or with an inclusive end. ret_bytes: the difference, which may have wrapped. */
static const char *parse_range(struct extent line, uint64_t *ret_start, uint64_t *ret_bytes)
{
    uint64_t end;

    if (!take_prefix(&line, "range=["))
        return "range=[ is missing";
    const char *reason = take_hex(&line, ret_start);
    if (!reason && !take_prefix(&line, "-"))
        reason = "the end of the range is missing";
    if (!reason)
        reason = take_hex(&line, &end);
    if (reason)
        return reason;
    if (!take_prefix(&line, ")") && !take_prefix(&line, "]"))
        return "the range is not closed";
    *ret_bytes = end - *ret_start + (line.at[-1] == ']');
    return NULL;
}

static const char *parse_efi_row(struct map_reading *reading, struct extent line)
{
    uint64_t type, attributes, start, bytes;
    const char *reason = "neither type= nor [ follows";

    if (take_prefix(&line, "type="))
        reason = take_numbers(&line, &type, &attributes);
    else if (take_prefix(&line, "["))
        reason = take_columns(&line, &type, &attributes);
    if (!reason)
        reason = parse_range(line, &start, &bytes);
    if (!reason && bytes & PAGE_MASK)
        reason = "not whole pages";
    return reason ? reason : map_rows_add(&reading->rows, (uint32_t)type, start, bytes >> PAGE_SHIFT, attributes);
}

/* The kernel counts the lines of each map from 0. */
static const char *read_efi_line(struct map_reading *reading, struct extent line)
{
    struct efi_lines *lines = reading->state;
    uint64_t number;

    if (!take_heading(&line))
        return NULL;
    const char *reason = take_decimal(&line, &number);
    if (reason)
        return reason;
    if (number < lines->next) {
        map_reading_begin_map(reading);
        return NULL;
    }
    if (number > lines->next)
        reading->notes |= 1u << NOTE_LINES_MISSING;
    lines->next = number + 1;
    return take_prefix(&line, ": ") ? parse_efi_row(reading, line) : "a colon is missing after the number";
}

bool map_read_efi(struct extent text, unsigned notes, struct map_text *ret, struct map_text_error *ret_error)
{
    struct efi_lines lines = { 0 };
    struct map_reading reading = { .notes = notes, .state = &lines };

    return map_read_lines(&reading, text, read_efi_line, "no efi: mem line", ret, ret_error);
}
