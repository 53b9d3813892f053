#include "acpi_place.h"
#include "apic.h"
#include "iommu.h"
#include "loading.h"
#include "madt.h"
#include "x86.h"

/* More than any machine has: a bound on what a broken table can make us do. */
#define PROCESSORS_MAX 4096

#define CPUID_TOPOLOGY 0xB /* Intel SDM vol 2A, CPUID: edx is the x2APIC id */
#define CPUID_FEATURES_EBX_APIC_ID_SHIFT 24
#define CPUID_FEATURES_ECX_X2APIC (1u << 21)
#define CPUID_STRUCTURED_FEATURES 7
#define CPUID_STRUCTURED_FEATURES_EDX_ARCH_CAPABILITIES (1u << 29)

/* ACPI 6.5, 5.2.12.3 I/O APIC Structure; 5.2.12.7 Local APIC NMI Structure; 5.2.12.13 Local x2APIC NMI Structure. */
#define IO_APIC_ADDRESS 4
#define IO_APIC_BYTES 12
#define NMI_UID 2
#define NMI_FLAGS 3
#define NMI_LINT 5
#define NMI_BYTES 6
#define NMI_UID_ALL 0xFF
#define X2APIC_NMI_FLAGS 2
#define X2APIC_NMI_UID 4
#define X2APIC_NMI_LINT 8
#define X2APIC_NMI_BYTES 12

/* ACPI 6.5, table 5.26 MPS INTI Flags. */
#define INTI_POLARITY 3u
#define INTI_ACTIVE_LOW 3u
#define INTI_TRIGGER (3u << 2)
#define INTI_LEVEL (3u << 2)

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static const void *reach_table(void *context, struct phys_range bytes)
{
    const struct loading *l = context;

    return acpi_may_lie_in(&l->map, bytes) ? identity_pointer(bytes.start) : NULL;
}

bool loading_acpi_table(const struct loading *l, const char signature[4], struct acpi_table *ret)
{
    const struct acpi_memory memory = { (void *)(uintptr_t)virt_of(l).value, reach_table };

    return acpi_find_table(&memory, l->info->rsdp, signature, ret) == ACPI_OK;
}

static uint32_t read_word(void *context, uint32_t offset) { return *(volatile uint32_t *)((char *)context + offset); }

static uint64_t read_msr(void *context, uint32_t msr)
{
    (void)context;
    return rdmsr(msr);
}

/* Of mode APIC_NONE if there is none. Only to be read. */
static struct apic own_apic(void)
{
    struct apic apic = { .registers = { NULL, read_word, NULL, read_msr, NULL } };
    uint64_t base;

    if (!(cpuid(CPUID_FEATURES, 0).edx & CPUID_FEATURES_EDX_APIC))
        return apic;
    base = rdmsr(MSR_APIC_BASE);
    apic.mode = apic_base_mode(base);
    apic.registers.context = identity_pointer(apic_base_address(base));
    return apic;
}

/*
 * Of a processor without x2APIC ids, CPUID tells the id that it had after the reset: where the firmware has given out
 * others, those in the MADT, this processor would not know itself there, and start itself.
 */
static uint32_t own_apic_id(void)
{
    struct apic apic;

    if (cpuid(CPUID_MAX_LEAF, 0).eax >= CPUID_TOPOLOGY && cpuid(CPUID_TOPOLOGY, 0).ebx)
        return cpuid(CPUID_TOPOLOGY, 0).edx;
    apic = own_apic();
    return apic.mode == APIC_NONE ? cpuid(CPUID_FEATURES, 0).ebx >> CPUID_FEATURES_EBX_APIC_ID_SHIFT : apic_id(&apic);
}

static struct handover_processor processor(const struct loading *l, uint32_t apic_id)
{
    uint32_t uid = 0;

    if (!madt_uid_of(l->madt, apic_id, &uid))
        uid = 0;
    return (struct handover_processor){ apic_id, uid };
}

/* Those that an interrupt in the mode to come can reach. */
static bool find_others(struct loading *l, bool x2apic)
{
    struct handover *h = l->handover;
    uint32_t *ids = loading_take(l, PROCESSORS_MAX * sizeof *ids);
    struct madt_processors found;

    if (!ids)
        return false;
    found = madt_read(l->madt, ids, PROCESSORS_MAX);
    h->others = loading_take(l, found.n * sizeof *h->others);
    if (!h->others)
        return false;
    for (size_t i = 0; i < found.n; i++)
        if (ids[i] != h->self.apic_id && (x2apic || ids[i] < 0xFF))
            h->others[h->n_others++] = processor(l, ids[i]);
    return true;
}

static bool has_arch_capabilities(void)
{
    return cpuid(CPUID_MAX_LEAF, 0).eax >= CPUID_STRUCTURED_FEATURES &&
           cpuid(CPUID_STRUCTURED_FEATURES, 0).edx & CPUID_STRUCTURED_FEATURES_EDX_ARCH_CAPABILITIES;
}

/* In the mode that the firmware left and the kernel does not want, for good. */
static bool is_locked_in_x2apic(void)
{
    return own_apic().mode == APIC_X2APIC && apic_is_locked(read_msr, NULL, has_arch_capabilities());
}

/* Which mode the kernel gets: what it does not want it must not have, and what the processor lacks it cannot. */
static EFI_STATUS choose_apic_mode(const struct loading *l, const struct limine_mp_request *request)
{
    l->handover->wants_x2apic = request->flags & LIMINE_MP_X2APIC &&
                                cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_ECX_X2APIC;
    if (!l->handover->wants_x2apic && is_locked_in_x2apic())
        return report_failure(l->fw, EFI_UNSUPPORTED, "%s: does not want x2APIC mode, which the firmware has locked",
                              l->entry->path);
    return EFI_SUCCESS;
}

static EFI_STATUS prepare_processors(struct loading *l)
{
    const struct limine_mp_request *request = request_of(l, LIMINE_MP);
    struct handover *h = l->handover;
    struct handover_responses *r = &h->responses;
    EFI_STATUS status;

    if (!request)
        return EFI_SUCCESS;
    status = choose_apic_mode(l, request);
    if (EFI_ERROR(status))
        return status;
    r->mp = loading_take(l, sizeof *r->mp);
    if (!r->mp || (h->start_page.value && !find_others(l, h->wants_x2apic)))
        return EFI_OUT_OF_RESOURCES;
    r->cpus = loading_take(l, (1 + (size_t)h->n_others) * sizeof *r->cpus);
    r->cpu_pointers = loading_take(l, (1 + (size_t)h->n_others) * sizeof *r->cpu_pointers);
    if (!r->cpus || !r->cpu_pointers)
        return EFI_OUT_OF_RESOURCES;
    r->cpus[0] = (struct limine_mp_info){ .processor_id = h->self.acpi_uid, .lapic_id = h->self.apic_id };
    r->cpu_pointers[0] = in_direct_map(l, &r->cpus[0]);
    *r->mp = (struct limine_mp_response){ .bsp_lapic_id = h->self.apic_id, .count = 1,
                                          .cpus = in_direct_map(l, r->cpu_pointers) };
    answer(l, LIMINE_MP, r->mp);
    if (!h->n_others)
        return EFI_SUCCESS;
    return loading_allocate(l, h->n_others * h->stack_bytes, PAGE_SIZE, "stacks of the other processors", &h->stacks);
}

static size_t count_entries(const struct loading *l)
{
    struct madt_entry e;
    size_t n = 0;

    for (size_t cursor = 0; madt_next(l->madt, &cursor, &e);)
        n++;
    return n;
}

static uint32_t lvt_mode(unsigned inti)
{
    return ((inti & INTI_POLARITY) == INTI_ACTIVE_LOW ? APIC_ACTIVE_LOW : 0) |
           ((inti & INTI_TRIGGER) == INTI_LEVEL ? APIC_LEVEL : 0);
}

static void read_interrupt_entry(struct handover *h, struct madt_entry e)
{
    if (e.bytes[0] == MADT_IO_APIC && e.n_bytes >= IO_APIC_BYTES && read_u32(e.bytes + IO_APIC_ADDRESS))
        h->io_apics[h->n_io_apics++] = phys_addr(read_u32(e.bytes + IO_APIC_ADDRESS));
    else if (e.bytes[0] == MADT_LOCAL_APIC_NMI && e.n_bytes >= NMI_BYTES && e.bytes[NMI_LINT] <= 1)
        h->nmis[h->n_nmis++] = (struct handover_nmi){
            e.bytes[NMI_UID] == NMI_UID_ALL ? UINT32_MAX : e.bytes[NMI_UID], e.bytes[NMI_LINT],
            lvt_mode(e.bytes[NMI_FLAGS]) };
    else if (e.bytes[0] == MADT_LOCAL_X2APIC_NMI && e.n_bytes >= X2APIC_NMI_BYTES && e.bytes[X2APIC_NMI_LINT] <= 1)
        h->nmis[h->n_nmis++] = (struct handover_nmi){ read_u32(e.bytes + X2APIC_NMI_UID), e.bytes[X2APIC_NMI_LINT],
                                                      lvt_mode(e.bytes[X2APIC_NMI_FLAGS]) };
}

static EFI_STATUS find_interrupt_controllers(struct loading *l)
{
    struct handover *h = l->handover;
    const size_t n = count_entries(l);
    struct madt_entry e;

    h->io_apics = loading_take(l, n * sizeof *h->io_apics);
    h->nmis = loading_take(l, n * sizeof *h->nmis);
    if (!h->io_apics || !h->nmis)
        return EFI_OUT_OF_RESOURCES;
    for (size_t cursor = 0; madt_next(l->madt, &cursor, &e);)
        read_interrupt_entry(h, e);
    return EFI_SUCCESS;
}

static EFI_STATUS list_iommus(struct loading *l, const char signature[4],
                              bool (*next)(struct acpi_table, size_t *, phys_addr_t *), phys_addr_t **ret, size_t *ret_n)
{
    struct acpi_table table;
    phys_addr_t unit;
    size_t n = 0;

    if (!loading_acpi_table(l, signature, &table))
        return EFI_SUCCESS;
    for (size_t cursor = 0; next(table, &cursor, &unit);)
        n++;
    *ret = loading_take(l, n * sizeof **ret);
    if (!*ret)
        return EFI_OUT_OF_RESOURCES;
    for (size_t cursor = 0; next(table, &cursor, &unit);)
        (*ret)[(*ret_n)++] = unit;
    return EFI_SUCCESS;
}

EFI_STATUS hardware_find(struct loading *l)
{
    struct handover *h = l->handover;
    EFI_STATUS status;

    if (!loading_acpi_table(l, MADT_SIGNATURE, &l->madt))
        l->madt = (struct acpi_table){ NULL, 0 };
    h->self = processor(l, own_apic_id());
    h->keep_iommu = request_of(l, LIMINE_KEEP_IOMMU);
    status = find_interrupt_controllers(l);
    if (!EFI_ERROR(status) && !h->keep_iommu)
        status = list_iommus(l, DMAR_SIGNATURE, iommu_next_intel, &h->intel_iommus, &h->n_intel_iommus);
    if (!EFI_ERROR(status) && !h->keep_iommu)
        status = list_iommus(l, IVRS_SIGNATURE, iommu_next_amd, &h->amd_iommus, &h->n_amd_iommus);
    return EFI_ERROR(status) ? status : prepare_processors(l);
}
