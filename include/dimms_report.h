/* Memory modules and their slots by SMBIOS, and where SMBIOS, SRAT and the memory map disagree. Pure. */
#ifndef DIMMS_REPORT_H
#define DIMMS_REPORT_H

#include "acpi.h"
#include "map_report.h"
#include "smbios_memory.h"

struct dimms_subject {
    const struct map_subject *memory;
    /* NULL: the machine has none; n_bytes == 0: one that is not sound, which is a finding. */
    struct smbios_bytes smbios;
    struct acpi_table srat;
    bool with_serials;      /* serial numbers and asset tags name a machine: only if asked for */
};

/* Scratch that dimms_report() needs; 0 only if that overflows. */
size_t dimms_buffer_bytes(const struct map_subject *subject);

/*
 * Arrays of slots, slots with their modules, their addresses, and how much memory each source says there is. Without
 * SMBIOS there are none, and that is no finding. Compared is only what tells: amounts if all modules' sizes are known
 * and none is, or hides, non-volatile memory; arrays' addresses with the map if they are not nominal (struct
 * smbios_mapping).
 *
 * style->format  text, CSV or JSON.
 * buffer         8-aligned, apart from map and tables; its contents are arbitrary afterwards.
 * ret_findings   how many. Written on REPORT_OK.
 *
 * REPORT_BAD_MAP, REPORT_NO_SPACE: nothing has been printed.
 */
MUST_CHECK enum report_status dimms_report(const struct report_style *style, const struct dimms_subject *subject,
                                           void *buffer, size_t buffer_bytes, uint64_t *ret_findings);

#endif
