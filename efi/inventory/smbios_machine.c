#include "compiler.h"
#include "firmware_text.h"
#include "smbios_memory.h"

#define FIELDS_MAX 3
#define FIELD_BYTES 80

/* Which strings of which structure name a part of the machine. */
struct part {
    uint8_t type;
    char name[11];
    uint8_t fields[FIELDS_MAX]; /* offsets of the strings' numbers: maker, product, version */
};

/* DSP0134, 7.1 BIOS Information, 7.2 System Information, 7.3 Baseboard, 7.5 Processor Information (Type 4). */
static const struct part parts[] = {
    { SMBIOS_TYPE_FIRMWARE, "Firmware: ", { 0x04, 0x05, 0x08 } }, /* the third is the date */
    { SMBIOS_TYPE_SYSTEM, "System:   ", { 0x04, 0x05, 0x06 } },
    { SMBIOS_TYPE_BOARD, "Board:    ", { 0x04, 0x05, 0x06 } },
    { SMBIOS_TYPE_PROCESSOR, "Processor:", { 0x07, 0x10, 0 } },
};

static void print_part(const struct part *part, const struct smbios_structure *s, const struct sink *sink)
{
    print_text(sink, part->name);
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        const uint8_t at = part->fields[i];
        const char *text = at && at < s->formatted_bytes ? smbios_string(s, s->formatted[at]) : NULL;
        char copy[FIELD_BYTES];

        if (text && firmware_text(text, copy, sizeof copy))
            print_format(sink, " %s", copy);
    }
    print_text(sink, "\n");
}

void smbios_machine_lines(const struct smbios_bytes *smbios, const struct sink *sink)
{
    struct smbios_structure s;

    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        for (size_t at = 0; smbios_structure_at(smbios->structures, smbios->n_bytes, at, &s); at = s.next)
            if (s.type == parts[i].type)
                print_part(&parts[i], &s, sink);
}
