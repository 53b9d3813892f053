#include "check.h"
#include "checks.h"
#include "x86.h"

#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK 0xA1
#define PIC_ALL 0xFF
#define MIB_BIT (1ull << 20)

/* With A20 closed, addresses that differ in bit 20 alone are the same. */
static void check_a20(const struct context *c)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        const struct limine_memory_map_entry *e = &c->entries[i];
        const uint64_t even = round_up(e->base, 2 * MIB_BIT);

        if (e->type != LIMINE_MEMORY_USABLE || even < e->base || e->length < even - e->base + 2 * MIB_BIT)
            continue;
        volatile uint64_t *low = (volatile uint64_t *)(c->hhdm + even);
        volatile uint64_t *high = (volatile uint64_t *)(c->hhdm + even + MIB_BIT);

        *low = 1;
        *high = 2;
        check_equal("machine.a20", 1, *low);
        return;
    }
    check_that("machine.a20", false, 0);
}

void check_machine(struct context *c)
{
    check_equal("machine.pic_master", PIC_ALL, inb(PIC_MASTER_MASK));
    check_equal("machine.pic_slave", PIC_ALL, inb(PIC_SLAVE_MASK));
    check_a20(c);
}
