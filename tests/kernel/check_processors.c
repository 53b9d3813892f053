/* The MP request: each other processor is started, in turn, and tells what it found. */
#include "apic.h"
#include "check.h"
#include "checks.h"
#include "exceptions.h"
#include "requests.h"
#include "tables.h"
#include "x86.h"

#define PATIENCE_TICKS 20000000000ull
#define ARGUMENT 0x00ABCDEF12345678ull
#define STRICT_FROM 5
#define PREFIX_BYTES 16

void processor_main(struct limine_mp_info *info);

/* What the running processor is given and leaves, one at a time: the others wait for `is_done`. */
struct exchange {
    struct context *context;
    volatile const uint32_t *apic_registers;
    struct local_apic apic;
    uint64_t argument, info;
    char prefix[PREFIX_BYTES];
    uint32_t is_done; /* atomic */
};
static struct exchange exchange;

/* On the other processor, which alone prints until it is done. */
void processor_main(struct limine_mp_info *mp_info)
{
    struct exchange *x = &exchange;

    exceptions_load();
    x->info = (uint64_t)mp_info;
    x->argument = mp_info->extra_argument;
    x->apic = local_apic_read(x->apic_registers);
    check_set_prefix(x->prefix);
    check_stack(x->context, &processor_state);
    check_set_prefix("");
    __atomic_store_n(&x->is_done, 1, __ATOMIC_RELEASE);
}

static bool wait_until_done(struct exchange *x)
{
    const uint64_t start = rdtsc();

    while (!__atomic_load_n(&x->is_done, __ATOMIC_ACQUIRE)) {
        if (rdtsc() - start > PATIENCE_TICKS)
            return false;
        pause();
    }
    return true;
}

static void set_prefix(char *prefix, uint64_t number)
{
    size_t n = 0;

    prefix[n++] = 'a';
    prefix[n++] = 'p';
    if (number >= 10)
        prefix[n++] = (char)('0' + number / 10);
    prefix[n++] = (char)('0' + number % 10);
    prefix[n++] = '.';
    prefix[n] = '\0';
}

static void start_and_check(struct context *c, struct limine_mp_info *mp_info, uint64_t number, const struct madt *madt)
{
    struct exchange *x = &exchange;

    set_prefix(x->prefix, number);
    x->is_done = 0;
    mp_info->extra_argument = ARGUMENT + number;
    __atomic_store_n(&mp_info->goto_address, (uint64_t)entry_of_processor, __ATOMIC_RELEASE);
    const bool has_come = wait_until_done(x);

    check_set_prefix(x->prefix);
    check_that("processor.comes", has_come, mp_info->lapic_id);
    if (has_come) {
        check_equal("processor.argument", ARGUMENT + number, x->argument);
        check_equal("processor.info", (uint64_t)mp_info, x->info);
        check_equal("processor.apic_id", mp_info->lapic_id, x->apic.id);
        check_processor_state(c, &processor_state, mp_info);
        if (c->revision >= STRICT_FROM)
            check_local_apic(&x->apic, madt->nmi_lints);
        else
            check_skip("lapic", "no promise before base revision 5");
    }
    check_set_prefix("");
}

static bool is_in_madt(const struct madt *madt, const struct limine_mp_info *mp_info)
{
    for (size_t i = 0; i < madt->n_processors; i++)
        if (madt->processors[i].apic_id == mp_info->lapic_id && madt->processors[i].uid == mp_info->processor_id)
            return true;
    return false;
}

/* All of them, each once. */
static void check_entries(struct context *c, const struct limine_mp_response *r, const struct madt *madt)
{
    struct limine_mp_info *const *infos = (struct limine_mp_info *const *)r->cpus;
    uint64_t n_wrong = 0, n_twice = 0, n_running = 0, n_boot = 0, n_elsewhere = 0;

    for (uint64_t i = 0; i < r->count; i++) {
        n_elsewhere += !is_handed_over(c, (uint64_t)infos[i], sizeof(**infos));
        n_wrong += !is_in_madt(madt, infos[i]);
        n_running += infos[i]->goto_address != 0;
        n_boot += infos[i]->lapic_id == r->bsp_lapic_id;
        for (uint64_t j = 0; j < i; j++)
            n_twice += infos[i]->lapic_id == infos[j]->lapic_id;
    }
    check_equal("processors.entries_memory", 0, n_elsewhere);
    check_equal("processors.ids_are_the_madts", 0, n_wrong);
    check_equal("processors.each_once", 0, n_twice);
    check_equal("processors.goto_is_zero", 0, n_running);
    check_equal("processors.boot_processor_once", 1, n_boot);
}

void check_processors(struct context *c)
{
    static struct madt madt;
    const struct limine_mp_response *r = requests_answer(LIMINE_MP);
    const struct limine_rsdp_response *rsdp = requests_answer(LIMINE_RSDP);

    if (!r || !rsdp ||
        !madt_of_tests_read(rsdp->address < c->hhdm ? rsdp->address : rsdp->address - c->hhdm, &madt))
        return;
    struct limine_mp_info *const *infos = (struct limine_mp_info *const *)r->cpus;

    check_equal("processors.flags", 0, r->flags);
    check_equal("processors.count", test_config.n_processors, r->count);
    check_equal("processors.boot_processor", cpuid(CPUID_FEATURES, 0).ebx >> 24, r->bsp_lapic_id);
    check_that("processors.list_memory", is_handed_over(c, r->cpus, r->count * sizeof(*infos)), r->cpus);
    check_entries(c, r, &madt);
    exchange.context = c;
    exchange.apic_registers = window_map_device(rdmsr(MSR_APIC_BASE) & CR3_ADDRESS_MASK);
    for (uint64_t i = 0, number = 1; i < r->count; i++)
        if (infos[i]->lapic_id != r->bsp_lapic_id)
            start_and_check(c, infos[i], number++, &madt);
}
