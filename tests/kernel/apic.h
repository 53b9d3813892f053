/* Interrupt controllers and the MADT that describes them (ACPI 6.5, 5.2.12; Intel SDM vol 3A, 11.4 Local APIC). */
#ifndef TEST_KERNEL_APIC_H
#define TEST_KERNEL_APIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MADT_PROCESSORS_MAX 64
#define MADT_IO_APICS_MAX 8

struct madt_processor {
    uint32_t uid, apic_id;
};

struct madt {
    struct madt_processor processors[MADT_PROCESSORS_MAX]; /* usable ones with 8-bit ids */
    size_t n_processors;
    uint64_t io_apics[MADT_IO_APICS_MAX]; /* physical */
    size_t n_io_apics;
    uint32_t nmi_lints; /* bit n: LINTn of all processors is an NMI source, conforming to its bus */
};

/* False: there is no MADT behind this physical RSDP. */
bool madt_of_tests_read(uint64_t rsdp, struct madt *ret);

#define LVT_ENTRIES 6

/* What a processor sees in its own local APIC. */
struct local_apic {
    uint64_t base_msr;
    uint32_t id, svr, tpr;
    uint32_t lvt[LVT_ENTRIES]; /* without CMCI, which not every processor has */
};

/* Reads the running processor's through registers that window_map_device() has mapped. */
struct local_apic local_apic_read(volatile const uint32_t *registers);
/* The promises of base revision 5. */
void check_local_apic(const struct local_apic *apic, uint32_t nmi_lints);

#endif
