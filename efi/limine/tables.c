#include "acpi_place.h"
#include "loading.h"
#include "smbios.h"

#define ACPI_MAPPED_REVISION_MIN 4
#define ALL_MAPPED_REVISION_MIN 5
#define RSDP_PHYSICAL_REVISION 3
#define PHYSICAL_REVISION_MIN 3
#define PHYSICAL_REVISION_MAX 4

/* DSP0134, 5.2: no entry point is longer. */
#define ENTRY_POINT_BYTES_MAX 32
#define VENDOR_UNITS_MAX 1024

/* Where the kernel sees one of the firmware's tables, by the base revision's rule for it. */
static uint64_t address_of(const struct loading *l, phys_addr_t table, bool is_physical)
{
    return is_physical ? table.value : l->handover->hhdm_offset + table.value;
}

/* SMBIOS and the EFI system table. */
static bool is_physical(const struct loading *l)
{
    const uint64_t revision = l->handover->base_revision;

    return revision >= PHYSICAL_REVISION_MIN && revision <= PHYSICAL_REVISION_MAX;
}

/* ---- what must be mapped ---- */

struct list {
    struct handover_table *tables; /* NULL: they are counted */
    size_t n, capacity;
    uint64_t limit; /* nothing lies above */
};

static void note(struct list *list, struct phys_range bytes, bool is_acpi)
{
    if (!bytes.start.value || !bytes.bytes || bytes.bytes > list->limit ||
        bytes.start.value > list->limit - bytes.bytes || list->n == list->capacity)
        return;
    if (list->tables)
        list->tables[list->n] = (struct handover_table){ bytes, is_acpi };
    list->n++;
}

static void note_acpi(void *context, struct phys_range table) { note(context, table, true); }

static const void *reach(void *context, struct phys_range bytes)
{
    const struct loading *l = context;

    return acpi_may_lie_in(&l->map, bytes) ? identity_pointer(bytes.start) : NULL;
}

static void note_smbios(struct list *list, phys_addr_t entry)
{
    struct smbios_table table;

    if (!entry.value)
        return;
    note(list, (struct phys_range){ entry, ENTRY_POINT_BYTES_MAX }, false);
    if (smbios_entry_point(identity_pointer(entry), ENTRY_POINT_BYTES_MAX, &table))
        note(list, table.structures, false);
}

static void note_efi(const struct loading *l, struct list *list)
{
    const EFI_SYSTEM_TABLE *system = l->fw->system;
    const CHAR16 *vendor = system->FirmwareVendor;
    uint64_t units = 0;

    note(list, (struct phys_range){ identity_of(system), sizeof *system }, false);
    note(list, (struct phys_range){ identity_of(system->RuntimeServices), sizeof *system->RuntimeServices }, false);
    note(list, (struct phys_range){ identity_of(system->ConfigurationTable),
                                    system->NumberOfTableEntries * sizeof *system->ConfigurationTable }, false);
    while (vendor && units < VENDOR_UNITS_MAX && vendor[units])
        units++;
    note(list, (struct phys_range){ identity_of(vendor), vendor ? (units + 1) * sizeof *vendor : 0 }, false);
}

static void note_all(const struct loading *l, struct list *list)
{
    const struct acpi_memory memory = { (void *)(uintptr_t)virt_of(l).value, reach };
    const uint64_t revision = l->handover->base_revision;

    if (revision >= ACPI_MAPPED_REVISION_MIN)
        acpi_walk(&memory, l->info->rsdp, note_acpi, list);
    if (revision < ALL_MAPPED_REVISION_MIN)
        return;
    note_smbios(list, l->info->smbios32);
    note_smbios(list, l->info->smbios64);
    note_efi(l, list);
}

EFI_STATUS tables_find_mapped(struct loading *l)
{
    struct handover *h = l->handover;
    const uint64_t limit = 1ull << l->info->phys_bits;
    struct list count = { NULL, 0, SIZE_MAX, limit };

    note_all(l, &count);
    h->tables = loading_take(l, count.n * sizeof *h->tables);
    if (!h->tables)
        return EFI_OUT_OF_RESOURCES;

    struct list list = { h->tables, 0, count.n, limit };

    note_all(l, &list);
    h->n_tables = list.n;
    return EFI_SUCCESS;
}

/* ---- what the kernel is told ---- */

EFI_STATUS tables_answer(struct loading *l)
{
    const struct boot_info *info = l->info;
    struct limine_rsdp_response *rsdp = loading_take(l, sizeof *rsdp);
    struct limine_smbios_response *smbios = loading_take(l, sizeof *smbios);
    struct limine_efi_system_table_response *system = loading_take(l, sizeof *system);

    if (!rsdp || !smbios || !system)
        return EFI_OUT_OF_RESOURCES;
    rsdp->address = address_of(l, info->rsdp, l->handover->base_revision == RSDP_PHYSICAL_REVISION);
    if (info->rsdp.value)
        answer_if_asked(l, LIMINE_RSDP, rsdp);
    smbios->entry32 = info->smbios32.value ? address_of(l, info->smbios32, is_physical(l)) : 0;
    smbios->entry64 = info->smbios64.value ? address_of(l, info->smbios64, is_physical(l)) : 0;
    if (smbios->entry32 || smbios->entry64)
        answer_if_asked(l, LIMINE_SMBIOS, smbios);
    system->address = address_of(l, identity_of(l->fw->system), is_physical(l));
    answer_if_asked(l, LIMINE_EFI_SYSTEM_TABLE, system);
    return EFI_SUCCESS;
}
