/* What attributes, numa and dimms share: the map, and the tables that lie where the map allows. */
#ifndef INVENTORY_H
#define INVENTORY_H

#include "acpi.h"
#include "command.h"

struct inventory {
    const struct command *command;
    struct command_map map;
    struct region_map regions; /* in the scratch: until the report is made there */
};

/* Formats for command_read_format(). */
#define INVENTORY_FORMATS (1u << REPORT_TEXT | 1u << REPORT_CSV | 1u << REPORT_JSON)

/* buffer_bytes: of the report; at least region_buffer_bytes(). A failure has been printed, and there is nothing to close. */
MUST_CHECK EFI_STATUS inventory_open(const struct command *command, size_t (*buffer_bytes)(const struct map_subject *),
                                     struct inventory *ret);
/* What the firmware says lies there; NULL: no memory does that a table could lie in. */
const void *inventory_reach(const struct inventory *inventory, struct phys_range bytes);
/* n_bytes == 0: there is none. One that is not sound is named in a warning. */
struct acpi_table inventory_acpi(const struct inventory *inventory, const char signature[4]);
struct smbios_bytes inventory_smbios(const struct inventory *inventory);
/* Gives everything back. EFI_SUCCESS, COMMAND_ANOMALIES if there are findings, or an error that has been printed. */
MUST_CHECK EFI_STATUS inventory_close(struct inventory *inventory, enum report_status status, uint64_t n_findings);

#endif
