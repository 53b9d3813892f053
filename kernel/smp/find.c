#include "processors.h"

#include "acpi.h"
#include "acpi_place.h"
#include "apic_access.h"
#include "console.h"
#include "madt.h"
#include "x86.h"

static const void *reach_table(void *context, struct phys_range bytes)
{
    struct memory *memory = context;

    return acpi_may_lie_in(&memory->map, bytes) ? mmu_map_physical(&memory->mmu, bytes, CACHE_WRITE_BACK, PAGE_READ) : NULL;
}

static void open_apic(struct processors *processors)
{
    struct apic *apic = &processors->apic;
    uint64_t base;

    if (!(cpuid(CPUID_FEATURES, 0).edx & CPUID_FEATURES_EDX_APIC)) {
        processors->alone = "the local APIC is switched off";
        return;
    }
    base = rdmsr(MSR_APIC_BASE);
    *apic = (struct apic){ apic_base_mode(base), apic_registers_at(NULL) };
    if (apic->mode == APIC_NONE)
        processors->alone = "the local APIC is switched off";
    if (apic->mode != APIC_XAPIC)
        return;
    apic->registers.context = mmu_map_physical(
        &processors->memory->mmu, (struct phys_range){ apic_base_address(base), XAPIC_REGISTER_BYTES }, CACHE_UNCACHED,
        PAGE_WRITE);
    if (!apic->registers.context) {
        apic->mode = APIC_NONE;
        processors->alone = "the local APIC's registers cannot be mapped";
    }
}

/* Without those that no interrupt reaches, and without this one. */
static void keep_startable(struct processors *processors, const struct madt_processors *found)
{
    const uint32_t self = apic_id(&processors->apic);
    size_t unreachable = found->n_left_out;

    for (size_t i = 0; i < found->n; i++) {
        if (!apic_reaches(&processors->apic, found->ids[i]))
            unreachable++;
        else if (found->ids[i] != self)
            processors->ids[processors->n_ids++] = found->ids[i]; /* no further on than it was */
    }
    if (unreachable)
        print_format(console(), "Warning: %lu processors are beyond reach\n", unreachable);
    if (found->is_cut)
        print_text(console(), "Warning: the MADT breaks off\n");
}

static const char *why_no_madt(enum acpi_status status)
{
    switch (status) {
    case ACPI_NO_RSDP:
        return "there is no valid RSDP";
    case ACPI_NO_ROOT:
        return "there is no valid XSDT or RSDT";
    case ACPI_NOT_FOUND:
        return "there is no MADT";
    case ACPI_BAD_TABLE:
        return "the MADT's length or checksum is wrong";
    case ACPI_OK:
        break;
    }
    return NULL;
}

static void find_ids(struct processors *processors, phys_addr_t rsdp)
{
    const struct acpi_memory memory = { processors->memory, reach_table };
    struct madt_processors found;
    struct acpi_table madt;
    const enum acpi_status status = acpi_find_table(&memory, rsdp, MADT_SIGNATURE, &madt);

    if (status != ACPI_OK) {
        processors->alone = why_no_madt(status);
        return;
    }
    found = madt_read(madt, processors->ids, PROCESSORS_MAX);
    keep_startable(processors, &found);
}

/* The highest id that nobody has. */
static void add_absent(struct processors *processors)
{
    uint32_t id = 0xFE;

    for (unsigned i = 0; i < processors->n_ids; i++)
        if (processors->ids[i] == id) {
            id--;
            i = 0;
        }
    if (processors->n_ids < PROCESSORS_MAX)
        processors->ids[processors->n_ids++] = id;
}

void processors_find(struct processors *processors, struct memory *memory, const struct boot_info *info)
{
    *processors = (struct processors){ .memory = memory, .clock = clock_measure() };
    open_apic(processors);
    if (!processors->alone)
        find_ids(processors, info->rsdp);
    if (!processors->alone && info->options.fault == FAULT_ABSENT)
        add_absent(processors);
}
