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
#define INVENTORY_FORMATS (1u << REPORT_CSV | 1u << REPORT_JSON)

/*
 * Reads the map, makes the report in a buffer of buffer_bytes(), which is region_buffer_bytes() at least, and gives
 * everything back. EFI_SUCCESS, COMMAND_ANOMALIES if the report has findings, or an error that has been printed.
 */
typedef enum report_status inventory_report(const struct inventory *inventory, void *buffer, size_t bytes,
                                            uint64_t *ret_findings);
MUST_CHECK EFI_STATUS inventory_run(const struct command *command, size_t (*buffer_bytes)(const struct map_subject *),
                                    inventory_report *report);

/* What the firmware says lies there; NULL: no memory does that a table could lie in. */
const void *inventory_reach(const struct inventory *inventory, struct phys_range bytes);
/* As struct numa_tables and struct dimms_subject have them. */
struct acpi_table inventory_acpi(const struct inventory *inventory, const char signature[4]);
struct smbios_bytes inventory_smbios(const struct inventory *inventory);

#endif
