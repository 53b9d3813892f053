/* What the EFI shell's `memmap` prints (edk2, ShellPkg), and its forerunners with names in other cases. */
#include "map_reader.h"

#include <string.h>

/* Of `memmap` and of `memmap -sfo`, which has the long ones. */
static const struct named_number type_names[] = {
    { "Reserved", FIRMWARE_RESERVED },
    { "LoaderCode", FIRMWARE_LOADER_CODE },
    { "LoaderData", FIRMWARE_LOADER_DATA },
    { "BS_Code", FIRMWARE_BOOT_SERVICES_CODE },
    { "BootServiceCode", FIRMWARE_BOOT_SERVICES_CODE },
    { "BS_Data", FIRMWARE_BOOT_SERVICES_DATA },
    { "BootServiceData", FIRMWARE_BOOT_SERVICES_DATA },
    { "RT_Code", FIRMWARE_RUNTIME_CODE },
    { "RuntimeCode", FIRMWARE_RUNTIME_CODE },
    { "RT_Data", FIRMWARE_RUNTIME_DATA },
    { "RuntimeData", FIRMWARE_RUNTIME_DATA },
    { "Available", FIRMWARE_CONVENTIONAL },
    { "Unusable", FIRMWARE_UNUSABLE },
    { "UnusableMemory", FIRMWARE_UNUSABLE },
    { "ACPI_Recl", FIRMWARE_ACPI_RECLAIM },
    { "ACPIReclaimMemory", FIRMWARE_ACPI_RECLAIM },
    { "ACPI_NVS", FIRMWARE_ACPI_NVS },
    { "ACPIMemoryNVS", FIRMWARE_ACPI_NVS },
    { "MMIO", FIRMWARE_MMIO },
    { "MMIO_Space", FIRMWARE_MMIO },
    { "MemMapIO", FIRMWARE_MMIO },
    { "MemoryMappedIO", FIRMWARE_MMIO },
    { "MMIO_Port", FIRMWARE_MMIO_PORT },
    { "MemPortIO", FIRMWARE_MMIO_PORT },
    { "MemoryMappedIOPortSpace", FIRMWARE_MMIO_PORT },
    { "PalCode", FIRMWARE_PAL_CODE },
    { "Pal_Code", FIRMWARE_PAL_CODE },
    { "Persistent", FIRMWARE_PERSISTENT },
    { "PersistentMemory", FIRMWARE_PERSISTENT },
    { "Unaccepted", FIRMWARE_UNACCEPTED },
    { "UnacceptedMemory", FIRMWARE_UNACCEPTED },
    { 0 },
};

static const char *const sfo_heading = "ShellCommand,\"memmap\"";
static const char *const sfo_row = "MemoryMap,";

/* The shell prints types that it has no name for, the OEM's and the OS's, as eight hexadecimal digits. */
static const char *shell_type(struct extent name, uint64_t *ret)
{
    if (find_name(type_names, name, ret))
        return NULL;
    return !parse_hex(name, ret) && *ret <= UINT32_MAX ? NULL : "not a type of memory that the shell names";
}

/* Maps of the shell are not sorted: only its heading tells where another one begins. */
static bool is_heading(struct extent line)
{
    line = trimmed(line);
    take_prefix(&line, "\xef\xbb\xbf"); /* where files were put together */
    if (take_prefix(&line, sfo_heading))
        return true;
    return extent_is(next_word(&line), "Type") && extent_is(next_word(&line), "Start") &&
           extent_is(next_word(&line), "End");
}

/* What both forms have; the end is inclusive. Pages decide: what the shell makes of 0 pages ends before it starts. */
static const char *add_row(struct map_reading *reading, struct extent type, uint64_t start, uint64_t last,
                           uint64_t pages, uint64_t attributes)
{
    uint64_t number;
    const char *reason = shell_type(type, &number);

    if (reason)
        return reason;
    if (start + (pages << PAGE_SHIFT) - 1 != last)
        return "start, end and pages do not agree";
    return map_rows_add(&reading->rows, (uint32_t)number, start, pages, attributes);
}

/* START-END, with 16 digits each, as the second word: nothing else in the shell's output looks like that. */
static bool take_shell_range(struct extent *line, struct extent *ret_type, uint64_t *ret_start, uint64_t *ret_last)
{
    *ret_type = next_word(line);
    struct extent range = next_word(line);
    const size_t digits = 16;

    if (extent_bytes(range) != 2 * digits + 1 || range.at[digits] != '-')
        return false;
    return !parse_hex((struct extent){ range.at, range.at + digits }, ret_start) &&
           !parse_hex((struct extent){ range.at + digits + 1, range.end }, ret_last);
}

bool is_shell_line(struct extent line)
{
    struct extent type;
    uint64_t start, last;

    return take_shell_range(&line, &type, &start, &last);
}

static const char *read_shell_line(struct map_reading *reading, struct extent line)
{
    struct extent type;
    uint64_t start, last, pages, attributes;

    if (is_heading(line))
        map_reading_begin_map(reading);
    if (!take_shell_range(&line, &type, &start, &last))
        return NULL;
    const char *reason = parse_hex(next_word(&line), &pages);
    if (!reason)
        reason = parse_hex(next_word(&line), &attributes);
    if (!reason && !is_empty(next_word(&line)))
        reason = "too many fields";
    return reason ? reason : add_row(reading, type, start, last, pages, attributes);
}

bool map_read_shell(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    struct map_reading reading = { 0 };

    return map_read_lines(&reading, text, read_shell_line, "no line of the shell's memmap", ret, ret_error);
}

bool is_sfo_line(struct extent line)
{
    line = trimmed(line);
    return take_prefix(&line, sfo_row) || take_prefix(&line, sfo_heading);
}

/* Takes a field in quotes, and the comma behind it if there is one. */
static const char *take_quoted(struct extent *line, struct extent *ret)
{
    if (is_empty(*line))
        return "too few fields";
    if (!take_prefix(line, "\"") || !memchr(line->at, '"', extent_bytes(*line)))
        return "a field is not in quotes";
    *ret = next_field(line, '"');
    return is_empty(*line) || take_prefix(line, ",") ? NULL : "a comma is missing";
}

static const char *take_quoted_hex(struct extent *line, uint64_t *ret)
{
    struct extent field;
    const char *reason = take_quoted(line, &field);

    return reason ? reason : parse_hex(field, ret);
}

static const char *read_sfo_line(struct map_reading *reading, struct extent line)
{
    uint64_t numbers[4]; /* start, end, pages, attributes */
    struct extent type;

    line = trimmed(line);
    if (is_heading(line))
        map_reading_begin_map(reading);
    if (!take_prefix(&line, sfo_row))
        return NULL;
    const char *reason = take_quoted(&line, &type);
    for (size_t i = 0; !reason && i < ARRAY_LENGTH(numbers); i++)
        reason = take_quoted_hex(&line, &numbers[i]);
    if (!reason && !is_empty(line))
        reason = "too many fields";
    return reason ? reason : add_row(reading, type, numbers[0], numbers[1], numbers[2], numbers[3]);
}

bool map_read_sfo(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    struct map_reading reading = { 0 };

    return map_read_lines(&reading, text, read_sfo_line, "no line of the shell's memmap -sfo", ret, ret_error);
}
