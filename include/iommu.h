/*
 * DMA remapping hardware, switched off so that a kernel finds devices that see physical memory as it does: Intel's
 * VT-d (Virtualization Technology for Directed I/O Architecture Specification, 11.4 Register Descriptions) and AMD's
 * (AMD I/O Virtualization Technology Specification, 3.4 Memory-Mapped Registers). Where the units are, DMAR and IVRS
 * tell. Pure.
 */
#ifndef IOMMU_H
#define IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"
#include "addr.h"
#include "compiler.h"
#include "mmio.h"

#define DMAR_SIGNATURE "DMAR"
#define IVRS_SIGNATURE "IVRS"

#define IOMMU_REGISTER_BYTES PAGE_SIZE

/*
 * The register block of the next unit in the table, from *cursor on, 0 at first. False: there are no more. Units at
 * address 0, or at one that is no page's, are passed over: firmware leaves such entries behind.
 */
bool iommu_next_intel(struct acpi_table dmar, size_t *cursor, phys_addr_t *ret_registers);
bool iommu_next_amd(struct acpi_table ivrs, size_t *cursor, phys_addr_t *ret_registers);

/*
 * Ends translation, and interrupt remapping. False: the unit does not obey within a second or so of reads. Where no
 * device answers, there is nothing to end.
 */
MUST_CHECK bool iommu_stop_intel(const struct mmio *registers);
void iommu_stop_amd(const struct mmio *registers);

#endif
