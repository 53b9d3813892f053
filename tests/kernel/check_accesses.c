/* Accesses that must work or must fault, beside the look at the tables that promises them. */
#include "check.h"
#include "check_image.h"
#include "checks.h"
#include "exceptions.h"
#include "x86.h"

#define RET 0xC3
#define LEVELS_4_VIRT_BITS 48

static uint8_t return_in_data[64] = { RET };
static const uint8_t return_in_rodata[64] = { RET };
static const uint64_t a_constant = 1;

static void check_image_accesses(void)
{
    const bool data_executable = test_config.data_rights & 1;

    check_equal("access.text_is_readable", true, probe_read((uint64_t)image_text_start));
    check_equal("access.text_is_not_writable", false, probe_write((uint64_t)image_text_start));
    check_equal("access.rodata_is_readable", true, probe_read((uint64_t)&a_constant));
    check_equal("access.rodata_is_not_writable", false, probe_write((uint64_t)&a_constant));
    check_equal("access.rodata_is_not_executable", false, probe_call((uint64_t)return_in_rodata));
    check_equal("access.data_is_writable", true, probe_write((uint64_t)return_in_data));
    check_equal("access.data_execution", data_executable, probe_call((uint64_t)return_in_data));
    check_equal("access.page_before_image", false, probe_read((uint64_t)image_text_start - 1));
    check_equal("access.page_after_image", false, probe_read((uint64_t)image_end));
}

/* First and last byte of each entry that may be written: usable memory. */
static void check_usable(const struct context *c)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        const struct limine_memory_map_entry *e = &c->entries[i];

        if (e->type == LIMINE_MEMORY_USABLE && !(probe_write(c->hhdm + e->base) &&
                                                 probe_write(c->hhdm + e->base + e->length - 1))) {
            check_that("access.usable_memory", false, e->base);
            return;
        }
    }
    check_that("access.usable_memory", true, 0);
}

static void check_direct_map_executes(const struct context *c)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        if (c->entries[i].type != LIMINE_MEMORY_USABLE)
            continue;
        *(uint8_t *)(c->hhdm + c->entries[i].base) = RET;
        check_equal("access.direct_map_is_executable", true, probe_call(c->hhdm + c->entries[i].base));
        return;
    }
}

static void check_holes(const struct context *c)
{
    const struct limine_memory_map_entry *last = &c->entries[c->n_entries - 1];
    const uint64_t end = round_up(last->base + last->length, GIB_BYTES);
    const uint64_t lower_half_end = 1ull << (LEVELS_4_VIRT_BITS - 1 + (c->levels == 5 ? 9 : 0));

    check_equal("access.null_pointer", false, probe_read(0));
    check_equal("access.one_mib_identity", c->revision == 0, probe_read(1 << 20));
    check_equal("access.end_of_lower_half", false, probe_read(lower_half_end - 1));
    check_equal("access.beyond_direct_map", false, probe_read(c->hhdm + (end < 4 * GIB_BYTES ? 4 * GIB_BYTES : end)));
    check_equal("access.local_apic_in_direct_map", c->revision < 3,
                probe_read(c->hhdm + (rdmsr(MSR_APIC_BASE) & 0x000FFFFFFFFFF000ull) + 0x20));
}

void check_accesses(struct context *c)
{
    check_image_accesses();
    check_usable(c);
    check_direct_map_executes(c);
    check_holes(c);
}
