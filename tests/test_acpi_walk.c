/* Every table that the ACPI root leads to, and where tables may lie. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "acpi.h"
#include "acpi_place.h"
#include "fake_acpi.h"

/*
 * RSDP --> XSDT --> FACP --> FACS, DSDT (32 bits), FACS, DSDT (64 bits)
 *     \        \--> SSDT
 *      \--> RSDT --> FACP
 */
#define RSDP (FAKE_ACPI_START + 0x10)
#define XSDT (FAKE_ACPI_START + 0x101)
#define RSDT (FAKE_ACPI_START + 0x203)
#define FACP (FAKE_ACPI_START + 0x300)
#define FACS (FAKE_ACPI_START + 0x440)
#define DSDT (FAKE_ACPI_START + 0x500)
#define X_FACS (FAKE_ACPI_START + 0x640)
#define X_DSDT (FAKE_ACPI_START + 0x700)
#define SSDT (FAKE_ACPI_START + 0x800)
#define FACP_BYTES 276
#define FOUND_MAX 64

static void make(struct fake_acpi *fake, unsigned revision)
{
    fake_acpi_open(fake);
    memcpy(fake_acpi_at(fake, RSDP), "RSD PTR ", 8);
    fake_acpi_put(fake, RSDP + 15, revision, 1);
    fake_acpi_put(fake, RSDP + 16, RSDT, 4);
    fake_acpi_sum(fake, RSDP, 20, 8);
    fake_acpi_put(fake, RSDP + 20, 36, 4);
    fake_acpi_put(fake, RSDP + 24, XSDT, 8);
    fake_acpi_sum(fake, RSDP, 36, 32);
    fake_acpi_put(fake, XSDT + 36, FACP, 8);
    fake_acpi_put(fake, XSDT + 44, SSDT, 8);
    fake_acpi_table(fake, XSDT, "XSDT", 52);
    fake_acpi_put(fake, RSDT + 36, FACP, 4);
    fake_acpi_table(fake, RSDT, "RSDT", 40);
    fake_acpi_put(fake, FACP + 36, FACS, 4);
    fake_acpi_put(fake, FACP + 40, DSDT, 4);
    fake_acpi_put(fake, FACP + 132, X_FACS, 8);
    fake_acpi_put(fake, FACP + 140, X_DSDT, 8);
    fake_acpi_table(fake, FACP, "FACP", FACP_BYTES);
    memcpy(fake_acpi_at(fake, FACS), "FACS", 4); /* has no checksum, and no more of the header */
    fake_acpi_put(fake, FACS + 4, 64, 4);
    memcpy(fake_acpi_at(fake, X_FACS), "FACS", 4);
    fake_acpi_put(fake, X_FACS + 4, 65, 4);
    fake_acpi_table(fake, DSDT, "DSDT", 90);
    fake_acpi_table(fake, X_DSDT, "DSDT", 91);
    fake_acpi_table(fake, SSDT, "SSDT", 92);
    *fake_acpi_at(fake, SSDT + 9) ^= 1; /* a wrong checksum: it is a table all the same */
}

struct found {
    struct phys_range all[FOUND_MAX];
    size_t n;
};

static void note(void *context, struct phys_range table)
{
    struct found *found = context;

    assert_true(found->n < FOUND_MAX);
    assert_true(table.start.value >= FAKE_ACPI_START);
    assert_true(phys_range_end(table) <= FAKE_ACPI_START + FAKE_ACPI_BYTES);
    found->all[found->n++] = table;
}

static struct found walk(struct fake_acpi *fake, uint64_t rsdp)
{
    struct found found = { .n = 0 };

    acpi_walk(&fake->memory, phys_addr(rsdp), note, &found);
    fake_acpi_close(fake);
    return found;
}

/* Bytes of what was found there; 0: nothing. */
static uint64_t bytes_at(const struct found *found, uint64_t start)
{
    for (size_t i = 0; i < found->n; i++)
        if (found->all[i].start.value == start)
            return found->all[i].bytes;
    return 0;
}

static void everything_that_the_roots_and_the_fadt_name_is_found(void **state)
{
    struct fake_acpi fake;

    (void)state;
    make(&fake, 2);
    const struct found found = walk(&fake, RSDP);

    assert_int_equal(bytes_at(&found, RSDP), 36);
    assert_int_equal(bytes_at(&found, XSDT), 52);
    assert_int_equal(bytes_at(&found, RSDT), 40);
    assert_int_equal(bytes_at(&found, FACP), FACP_BYTES);
    assert_int_equal(bytes_at(&found, FACS), 64);
    assert_int_equal(bytes_at(&found, DSDT), 90);
    assert_int_equal(bytes_at(&found, X_FACS), 65);
    assert_int_equal(bytes_at(&found, X_DSDT), 91);
    assert_int_equal(bytes_at(&found, SSDT), 92);
}

static void revision_0_has_no_xsdt_and_a_short_rsdp(void **state)
{
    struct fake_acpi fake;

    (void)state;
    make(&fake, 0);
    const struct found found = walk(&fake, RSDP);

    assert_int_equal(bytes_at(&found, RSDP), 20);
    assert_int_equal(bytes_at(&found, XSDT), 0);
    assert_int_equal(bytes_at(&found, RSDT), 40);
    assert_int_equal(bytes_at(&found, X_DSDT), 91);
    assert_int_equal(bytes_at(&found, SSDT), 0);
}

static void an_old_fadt_names_32_bit_addresses_only(void **state)
{
    static const struct {
        uint32_t fadt_bytes;
        bool has_32, has_64;
    } cases[] = { { 43, false, false }, { 44, true, false }, { 116, true, false }, { 147, true, false },
                  { 148, true, true } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fake_acpi fake;

        make(&fake, 2);
        fake_acpi_put(&fake, FACP + 4, cases[i].fadt_bytes, 4);
        const struct found found = walk(&fake, RSDP);

        assert_int_equal(bytes_at(&found, FACS) == 64, cases[i].has_32);
        assert_int_equal(bytes_at(&found, DSDT) == 90, cases[i].has_32);
        assert_int_equal(bytes_at(&found, X_FACS) == 65, cases[i].has_64);
        assert_int_equal(bytes_at(&found, X_DSDT) == 91, cases[i].has_64);
    }
}

static void what_sticks_out_of_memory_or_has_no_length_is_no_table(void **state)
{
    static const uint64_t at[] = { 0, 1, FAKE_ACPI_START - 8, FAKE_ACPI_START + FAKE_ACPI_BYTES - 91,
                                   FAKE_ACPI_START + FAKE_ACPI_BYTES - 7, UINT64_MAX - 8, UINT64_MAX };
    static const uint32_t lengths[] = { 0, 7, FAKE_ACPI_BYTES, ACPI_TABLE_BYTES_MAX + 1, UINT32_MAX };
    struct fake_acpi fake;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(at); i++) {
        make(&fake, 2);
        fake_acpi_put(&fake, FAKE_ACPI_START + FAKE_ACPI_BYTES - 91 + 4, 92, 4);
        fake_acpi_put(&fake, XSDT + 44, at[i], 8);
        const struct found found = walk(&fake, RSDP);

        assert_int_equal(bytes_at(&found, at[i]), 0);
        assert_int_equal(bytes_at(&found, X_DSDT), 91);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        make(&fake, 2);
        fake_acpi_put(&fake, SSDT + 4, lengths[i], 4);
        fake_acpi_put(&fake, X_DSDT + 4, lengths[i], 4);
        const struct found found = walk(&fake, RSDP);

        assert_int_equal(bytes_at(&found, SSDT), 0);
        assert_int_equal(bytes_at(&found, X_DSDT), 0);
        assert_int_equal(bytes_at(&found, DSDT), 90);
    }
}

static void without_an_rsdp_there_is_nothing(void **state)
{
    struct fake_acpi fake;

    (void)state;
    make(&fake, 2);
    assert_int_equal(walk(&fake, 0).n, 0);
    make(&fake, 2);
    assert_int_equal(walk(&fake, UINT64_MAX - 3).n, 0);
    make(&fake, 2);
    *fake_acpi_at(&fake, RSDP + 8) ^= 1;
    assert_int_equal(walk(&fake, RSDP).n, 0);
}

/* ---- where they may lie ---- */

static struct mem_region regions[] = {
    { { 0 }, { 0xA0000 }, REGION_USABLE, 0 },
    { { MIB(1) }, { MIB(2) }, REGION_USABLE, 0 },
    { { MIB(2) }, { MIB(3) }, REGION_ACPI_RECLAIMABLE, 0 },
    { { MIB(3) }, { MIB(4) }, REGION_MMIO, 0 },
    { { MIB(5) }, { MIB(6) }, REGION_RESERVED, 0 },
};

static bool may_lie(uint64_t start, uint64_t end)
{
    const struct region_map map = { .regions = regions, .n_regions = ARRAY_LENGTH(regions) };

    return acpi_may_lie_in(&map, (struct phys_range){ phys_addr(start), end - start });
}

static void tables_may_lie_in_memory_and_in_the_bios_area(void **state)
{
    (void)state;
    assert_true(may_lie(0x9F000, 0xA0000));
    assert_false(may_lie(0x9F000, 0xA0001));
    assert_true(may_lie(0xE0000, MIB(1)));
    assert_false(may_lie(0xDFFFF, MIB(1)));
    assert_true(may_lie(0xFFFFF, MIB(3)));
    assert_false(may_lie(MIB(2), MIB(3) + 1));
    assert_false(may_lie(MIB(3), MIB(3) + 1));
    assert_false(may_lie(MIB(4), MIB(4) + 1));
    assert_true(may_lie(MIB(5), MIB(6)));
    assert_false(may_lie(MIB(5), MIB(6) + 1));
    assert_false(may_lie(UINT64_MAX - 1, UINT64_MAX));
}

static void every_type_of_memory_may_hold_tables_and_no_other(void **state)
{
    static const bool may[REGION_TYPES] = {
        [REGION_USABLE] = true, [REGION_BOOTLOADER_RECLAIMABLE] = true, [REGION_ACPI_RECLAIMABLE] = true,
        [REGION_ACPI_NVS] = true, [REGION_RUNTIME_SERVICES] = true, [REGION_RESERVED] = true,
        [REGION_RESERVED_MAPPED] = true,
    };

    (void)state;
    for (unsigned type = 0; type < REGION_TYPES; type++) {
        struct mem_region region = { phys_addr(MIB(2)), phys_addr(MIB(3)), type, 0 };
        const struct region_map map = { .regions = &region, .n_regions = 1 };

        assert_int_equal(acpi_may_lie_in(&map, (struct phys_range){ phys_addr(MIB(2)), 36 }), may[type]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_the_roots_and_the_fadt_name_is_found),
        cmocka_unit_test(revision_0_has_no_xsdt_and_a_short_rsdp),
        cmocka_unit_test(an_old_fadt_names_32_bit_addresses_only),
        cmocka_unit_test(what_sticks_out_of_memory_or_has_no_length_is_no_table),
        cmocka_unit_test(without_an_rsdp_there_is_nothing),
        cmocka_unit_test(tables_may_lie_in_memory_and_in_the_bios_area),
        cmocka_unit_test(every_type_of_memory_may_hold_tables_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
