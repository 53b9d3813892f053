/*
 * What Linux prints of the BIOS's memory map (ACPI 6.4, 15.1 INT 15H, E820H), which its EFI stub makes up on UEFI:
 *
 *      BIOS-e820: 000000000009fc00 @ 0000000000000000 (usable)            to early 2.4, the size first
 *      BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)            to 3.4, the end exclusive
 *     BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable       since, the end inclusive
 *     BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM  since 7.0, with [gap 0x...-0x...] between
 */
#include "map_reader.h"

#include <ctype.h>

/* "soft reserved": special-purpose, and the kernel's own for drivers. Types without a name in ACPI are reserved. */
static const struct named_number type_names[] = {
    { "usable", FIRMWARE_CONVENTIONAL },
    { "System RAM", FIRMWARE_CONVENTIONAL },
    { "kernel usable RAM", FIRMWARE_CONVENTIONAL },
    { "reserved", FIRMWARE_RESERVED },
    { "device reserved", FIRMWARE_RESERVED },
    { "soft reserved", FIRMWARE_RESERVED },
    { "ACPI data", FIRMWARE_ACPI_RECLAIM },
    { "ACPI NVS", FIRMWARE_ACPI_NVS },
    { "unusable", FIRMWARE_UNUSABLE },
    { 0 },
};

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || is_blank(c) || c == '(' || c == ')';
}

/* Without what a log may have put behind it: quotation marks, markup. */
static struct extent type_name(struct extent line)
{
    struct extent name = { line.at, line.at };

    while (name.end < line.end && is_of_name(*name.end))
        name.end++;
    return trimmed(name);
}

/* Types with a number: 7 and 12 are persistent memory, 20 is GRUB's for the code of runtime services. */
static const char *parse_type(struct extent name, uint64_t *ret)
{
    uint64_t number;

    if (find_name(type_names, name, ret))
        return NULL;
    if (take_prefix(&name, "persistent")) {
        *ret = FIRMWARE_PERSISTENT;
        return NULL;
    }
    if (!take_prefix(&name, "type ") || parse_number(name, UINT32_MAX, &number))
        return "not a type of memory that the kernel names";
    *ret = number == 7 || number == 12 ? FIRMWARE_PERSISTENT : FIRMWARE_RESERVED;
    return NULL;
}

bool is_e820_line(struct extent line)
{
    return skip_past(&line, "BIOS-e820: ");
}

/* "0x0-0x9fbff] usable" */
static const char *parse_new(struct extent line, uint64_t *ret_start, uint64_t *ret_last, uint64_t *ret_type)
{
    const char *reason = take_hex(&line, ret_start);

    if (!reason && !take_prefix(&line, "-"))
        reason = "the end of the range is missing";
    if (!reason)
        reason = take_hex(&line, ret_last);
    if (!reason && !take_prefix(&line, "]"))
        reason = "the range is not closed";
    return reason ? reason : parse_type(type_name(line), ret_type);
}

/* "0000000000000000 - 000000000009fc00 (usable)", or "000000000009fc00 @ 0000000000000000 (usable)" */
static const char *parse_old(struct extent line, uint64_t *ret_start, uint64_t *ret_last, uint64_t *ret_type)
{
    uint64_t end;
    const char *reason = take_hex(&line, ret_start);
    const bool size_first = take_prefix(&line, " @ ");

    if (!reason && !size_first && !take_prefix(&line, " - "))
        reason = "the end of the range is missing";
    if (!reason)
        reason = take_hex(&line, &end);
    if (reason)
        return reason;
    if (size_first) {
        const uint64_t bytes = *ret_start;
        *ret_start = end;
        end += bytes;
    }
    if (end <= *ret_start)
        return "the range ends before it starts";
    *ret_last = end - 1;
    line = type_name(line);
    if (extent_bytes(line) >= 2 && *line.at == '(' && line.end[-1] == ')') /* "type 20" stands without */
        line = (struct extent){ line.at + 1, line.end - 1 };
    return parse_type(line, ret_type);
}

static const char *read_e820_line(struct map_reading *reading, struct extent line)
{
    uint64_t start, last, type;

    if (!skip_past(&line, "BIOS-e820: ") || take_prefix(&line, "[gap "))
        return NULL;
    const char *reason =
        take_prefix(&line, "[mem ") ? parse_new(line, &start, &last, &type) : parse_old(line, &start, &last, &type);
    return reason ? reason : map_reading_add_bytes(reading, (uint32_t)type, start, last);
}

bool map_read_e820(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    struct map_reading reading = { .without_attributes = true };

    return map_read_lines(&reading, text, read_e820_line, "no BIOS-e820 line", ret, ret_error);
}
