#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "acpi.h"
#include "fake_acpi.h"

/* RSDP --> XSDT --> "FACP", "APIC"     RSDT --> "APIC" */
#define RSDP (FAKE_ACPI_START + 0x10)
#define XSDT (FAKE_ACPI_START + 0x101) /* anywhere: entries are not aligned */
#define RSDT (FAKE_ACPI_START + 0x203)
#define FACP (FAKE_ACPI_START + 0x300)
#define MADT (FAKE_ACPI_START + 0x400)
#define MADT_BYTES 60
#define RSDT_MADT (FAKE_ACPI_START + 0x500)

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
    fake_acpi_put(fake, XSDT + 44, MADT, 8);
    fake_acpi_table(fake, XSDT, "XSDT", 52);
    fake_acpi_put(fake, RSDT + 36, RSDT_MADT, 4);
    fake_acpi_table(fake, RSDT, "RSDT", 40);
    fake_acpi_table(fake, FACP, "FACP", 100);
    fake_acpi_table(fake, MADT, "APIC", MADT_BYTES);
    fake_acpi_table(fake, RSDT_MADT, "APIC", MADT_BYTES + 1);
}

/* Bytes of the table that is found; 0: none, and then status says why. */
static size_t find(struct fake_acpi *fake, const char *signature, enum acpi_status *ret_status)
{
    struct acpi_table table = { 0 };

    *ret_status = acpi_find_table(&fake->memory, phys_addr(RSDP), signature, &table);
    if (*ret_status == ACPI_OK)
        assert_memory_equal(table.bytes, signature, 4);
    fake_acpi_close(fake);
    return table.n_bytes;
}

static void a_table_is_found_through_the_xsdt(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    make(&fake, 2);
    assert_int_equal(find(&fake, "APIC", &status), MADT_BYTES);
    assert_int_equal(status, ACPI_OK);
    assert_int_equal(find(&fake, "FACP", &status), 100);
    assert_int_equal(find(&fake, "HPET", &status), 0);
    assert_int_equal(status, ACPI_NOT_FOUND);
}

static void revision_0_means_the_rsdt(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    make(&fake, 0);
    assert_int_equal(find(&fake, "APIC", &status), MADT_BYTES + 1);
}

static void a_broken_xsdt_or_extension_leaves_the_rsdt(void **state)
{
    static const uint64_t broken[] = { XSDT, XSDT + 9, XSDT + 40, RSDP + 20, RSDP + 33, RSDP + 24 };
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        make(&fake, 2);
        *fake_acpi_at(&fake, broken[i]) ^= 0x10;
        assert_int_equal(find(&fake, "APIC", &status), MADT_BYTES + 1);
    }
}

static void without_a_sound_root_there_is_nothing(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    make(&fake, 2);
    *fake_acpi_at(&fake, XSDT + 9) ^= 1;
    *fake_acpi_at(&fake, RSDT + 9) ^= 1;
    assert_int_equal(find(&fake, "APIC", &status), 0);
    assert_int_equal(status, ACPI_NO_ROOT);
}

static void any_changed_byte_of_the_first_part_makes_the_rsdp_none(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        make(&fake, 2);
        *fake_acpi_at(&fake, RSDP + i) ^= 0x80;
        assert_int_equal(find(&fake, "APIC", &status), 0);
        assert_int_equal(status, ACPI_NO_RSDP);
    }
}

static void an_address_of_0_or_of_no_memory_is_no_rsdp(void **state)
{
    static const uint64_t nowhere[] = { 0, 1, FAKE_ACPI_START + FAKE_ACPI_BYTES - 19, UINT64_MAX, UINT64_MAX - 19 };
    struct fake_acpi fake;
    struct acpi_table table;

    (void)state;
    make(&fake, 2);
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
        assert_int_equal(acpi_find_table(&fake.memory, phys_addr(nowhere[i]), "APIC", &table), ACPI_NO_RSDP);
    fake_acpi_close(&fake);
}

static void any_changed_byte_of_the_table_is_seen(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    for (unsigned i = 0; i < MADT_BYTES; i++) {
        make(&fake, 2);
        *fake_acpi_at(&fake, MADT + i) ^= 0x04;
        assert_int_equal(find(&fake, "APIC", &status), 0);
        assert_int_equal(status, i < 4 ? ACPI_NOT_FOUND : ACPI_BAD_TABLE);
    }
}

static void lengths_that_cannot_be_are_refused(void **state)
{
    static const uint32_t lengths[] = { 0, 1, 35, ACPI_TABLE_BYTES_MAX + 1, FAKE_ACPI_BYTES, UINT32_MAX };
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make(&fake, 2);
        fake_acpi_put(&fake, MADT + 4, lengths[i], 4);
        assert_int_equal(find(&fake, "APIC", &status), 0);
        assert_int_equal(status, ACPI_BAD_TABLE);
    }
}

static void the_second_table_of_a_name_counts_if_the_first_is_broken(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    make(&fake, 2);
    fake_acpi_put(&fake, XSDT + 36, RSDT_MADT, 8);
    fake_acpi_table(&fake, XSDT, "XSDT", 52);
    *fake_acpi_at(&fake, RSDT_MADT + 50) ^= 1;
    assert_int_equal(find(&fake, "APIC", &status), MADT_BYTES);
}

static void entries_cut_off_and_entries_that_lead_nowhere_are_passed_over(void **state)
{
    struct fake_acpi fake;
    enum acpi_status status;

    (void)state;
    make(&fake, 2);
    fake_acpi_put(&fake, XSDT + 36, 0xFFFFFFFFFFFFFFF0, 8);
    fake_acpi_table(&fake, XSDT, "XSDT", 52);
    assert_int_equal(find(&fake, "APIC", &status), MADT_BYTES);
    fake_acpi_table(&fake, XSDT, "XSDT", 51);
    assert_int_equal(find(&fake, "APIC", &status), 0);
    assert_int_equal(status, ACPI_NOT_FOUND);
    fake_acpi_table(&fake, XSDT, "XSDT", 36);
    assert_int_equal(find(&fake, "APIC", &status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_found_through_the_xsdt),
        cmocka_unit_test(revision_0_means_the_rsdt),
        cmocka_unit_test(a_broken_xsdt_or_extension_leaves_the_rsdt),
        cmocka_unit_test(without_a_sound_root_there_is_nothing),
        cmocka_unit_test(any_changed_byte_of_the_first_part_makes_the_rsdp_none),
        cmocka_unit_test(an_address_of_0_or_of_no_memory_is_no_rsdp),
        cmocka_unit_test(any_changed_byte_of_the_table_is_seen),
        cmocka_unit_test(lengths_that_cannot_be_are_refused),
        cmocka_unit_test(the_second_table_of_a_name_counts_if_the_first_is_broken),
        cmocka_unit_test(entries_cut_off_and_entries_that_lead_nowhere_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
