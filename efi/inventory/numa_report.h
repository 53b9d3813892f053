/* The parts of the NUMA report. Private to its files. */
#ifndef NUMA_REPORT_H
#define NUMA_REPORT_H

#include "claimed.h"
#include "numa.h"

/*
 * slit.c, hmat.c: records of the section "distances": domain, to, value, what. The findings are apart, since they come
 * last. A table that the machine lacks has none of either.
 */
void slit_list(struct listing *listing, struct acpi_table slit);
void slit_find(struct listing *listing, struct acpi_table slit);
void hmat_list(struct listing *listing, struct acpi_table hmat);
void hmat_find(struct listing *listing, struct acpi_table hmat);

#endif
