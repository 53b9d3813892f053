/* The order of the checks. */
#include "check.h"
#include "checks.h"
#include "exceptions.h"
#include "requests.h"
#include "tables.h"
#include "x86.h"

void test_main(void);

struct cpu_state boot_state, processor_state;

static struct context context;

__attribute__((section(".data"), used)) const volatile struct test_config test_config = { 0 };

/* Without these two answers nothing can be checked. */
static void read_basics(struct context *c)
{
    const struct limine_hhdm_response *hhdm = requests_answer(LIMINE_HHDM);
    const struct limine_memory_map_response *map = requests_answer(LIMINE_MEMORY_MAP);

    if (!hhdm || !map)
        check_give_up("FAIL basics: no direct map's offset or no memory map\n");
    c->revision = test_config.revision;
    c->is_limine_8 = test_config.is_limine_8;
    c->hhdm = hhdm->offset;
    c->root = boot_state.cr3 & CR3_ADDRESS_MASK;
    c->levels = boot_state.cr4 & CR4_LA57 ? 5 : 4;
    for (c->n_entries = 0; c->n_entries < map->count && c->n_entries < MAP_ENTRIES_MAX; c->n_entries++)
        c->entries[c->n_entries] = *((const struct limine_memory_map_entry *const *)map->entries)[c->n_entries];
}

void test_main(void)
{
    struct context *c = &context;

    check_begin();
    exceptions_init((uint16_t)boot_state.cs);
    info("revision", test_config.revision);
    read_basics(c);
    check_requests(c);
    check_processor_state(c, &boot_state, NULL);
    check_stack(c, &boot_state);
    check_image(c);
    check_memory_map(c);
    check_efi_memory_map(c);
    check_paging(c);
    check_accesses(c);
    check_machine(c);
    check_facts(c);
    window_open(c);
    check_tables_of_firmware(c);
    check_framebuffers(c);
    check_copies(c);
    check_files(c);
    check_interrupt_controllers(c);
    check_iommu(c);
    check_processors(c);
    check_regions(c);
    check_end();
}
