#include "apic.h"

#include "check.h"
#include "firmware_tables.h"
#include "tables.h"
#include "x86.h"

#define MADT_ENTRIES_AT 44
#define MADT_LOCAL_APIC 0
#define MADT_IO_APIC 1
#define MADT_LOCAL_APIC_NMI 4
#define MADT_ALL_PROCESSORS 0xFF
#define MADT_ENABLED 1u
#define MADT_ONLINE_CAPABLE 2u

/* Registers by their index in words. */
#define LAPIC_ID (0x20 / 4)
#define LAPIC_TPR (0x80 / 4)
#define LAPIC_SVR (0xF0 / 4)
#define LAPIC_LVT_TIMER (0x320 / 4)
#define LAPIC_LVT_STEP (0x10 / 4)
#define LVT_LINT0 3

#define APIC_BASE_ENABLED (1ull << 11)
#define APIC_BASE_X2APIC (1ull << 10)
#define SVR_PROMISED 0x1FFu
#define MASKED (1u << 16)
#define MODE_NMI 4u
/* For a source whose polarity and trigger are the bus's own (MADT flags 0): active high, edge. */
#define LVT_PROMISED (MASKED | 1u << 15 | 1u << 13 | 7u << 8)
#define LVT_MASKED_NMI (MASKED | MODE_NMI << 8)

static void read_entry(struct madt *m, const uint8_t *e)
{
    uint32_t word;
    uint16_t flags;

    switch (e[0]) {
    case MADT_LOCAL_APIC:
        __builtin_memcpy(&word, e + 4, sizeof(word));
        if (word & (MADT_ENABLED | MADT_ONLINE_CAPABLE) && m->n_processors < MADT_PROCESSORS_MAX)
            m->processors[m->n_processors++] = (struct madt_processor){ e[2], e[3] };
        break;
    case MADT_IO_APIC:
        __builtin_memcpy(&word, e + 4, sizeof(word));
        if (m->n_io_apics < MADT_IO_APICS_MAX)
            m->io_apics[m->n_io_apics++] = word;
        break;
    case MADT_LOCAL_APIC_NMI:
        __builtin_memcpy(&flags, e + 3, sizeof(flags));
        if (e[2] == MADT_ALL_PROCESSORS && !flags)
            m->nmi_lints |= 1u << e[5];
        break;
    default:
        break;
    }
}

bool madt_of_tests_read(uint64_t rsdp, struct madt *m)
{
    static struct acpi_tables tables;
    uint8_t entry[32];

    *m = (struct madt){ 0 };
    if (!acpi_tables_read(rsdp, &tables))
        return false;
    const size_t i = acpi_tables_find(&tables, "APIC");

    if (i == tables.n)
        return false;
    for (uint32_t at = MADT_ENTRIES_AT; at + 2 <= tables.bytes[i]; at += entry[1]) {
        window_read(tables.at[i] + at, entry, 2);
        if (entry[1] < 2)
            return false;
        window_read(tables.at[i] + at, entry, entry[1] < sizeof(entry) ? entry[1] : sizeof(entry));
        read_entry(m, entry);
    }
    return true;
}

/* In the order of their addresses: timer, thermal, performance, LINT0, LINT1, error. */
struct local_apic local_apic_read(volatile const uint32_t *r)
{
    struct local_apic a = { .base_msr = rdmsr(MSR_APIC_BASE), .id = r[LAPIC_ID] >> 24, .svr = r[LAPIC_SVR],
                            .tpr = r[LAPIC_TPR] };

    for (unsigned i = 0; i < LVT_ENTRIES; i++)
        a.lvt[i] = r[LAPIC_LVT_TIMER + i * LAPIC_LVT_STEP];
    return a;
}

void check_local_apic(const struct local_apic *a, uint32_t nmi_lints)
{
    static const char names[LVT_ENTRIES][24] = { "lapic.timer_masked", "lapic.thermal_masked", "lapic.perf_masked",
                                                     "lapic.lint0_masked", "lapic.lint1_masked", "lapic.error_masked" };

    check_equal("lapic.enabled", APIC_BASE_ENABLED, a->base_msr & (APIC_BASE_ENABLED | APIC_BASE_X2APIC));
    check_equal("lapic.svr", SVR_PROMISED, a->svr);
    check_equal("lapic.tpr", 0, a->tpr);
    for (unsigned i = 0; i < LVT_ENTRIES; i++) {
        const uint32_t mode = i == 0 || i == LVT_ENTRIES - 1 ? 0 : a->lvt[i] >> 8 & 7; /* two entries have no mode */
        const bool must_mask = mode == 0 || mode == 1 || mode == MODE_NMI || mode == 7;

        check_that(names[i], !must_mask || a->lvt[i] & MASKED, a->lvt[i]);
    }
    for (unsigned lint = 0; lint < 2; lint++)
        if (nmi_lints >> lint & 1)
            check_equal(lint ? "lapic.lint1_is_nmi" : "lapic.lint0_is_nmi", LVT_MASKED_NMI,
                        a->lvt[LVT_LINT0 + lint] & LVT_PROMISED);
}
