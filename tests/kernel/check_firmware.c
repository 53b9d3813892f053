/* Pointers to the firmware's tables, and where the tables lie in the kernel's map. */
#include "check.h"
#include "checks.h"
#include "firmware_tables.h"
#include "requests.h"
#include "tables.h"

#define ACPI_COVERED_FROM 4
#define MAPPED_FROM 5

#define ACPI_TYPES                                                                                                     \
    (TYPE_BIT(LIMINE_MEMORY_ACPI_RECLAIMABLE) | TYPE_BIT(LIMINE_MEMORY_ACPI_NVS) |                                     \
     TYPE_BIT(LIMINE_MEMORY_RESERVED_MAPPED))
#define MAPPED TYPE_BIT(LIMINE_MEMORY_RESERVED_MAPPED)

/* UEFI 2.10, 4.3 EFI System Table. */
#define SYSTEM_TABLE_BYTES 120
#define SYSTEM_TABLE_SIGNATURE 0x5453595320494249ull
#define SYSTEM_TABLE_VENDOR 24
#define SYSTEM_TABLE_RUNTIME 88
#define SYSTEM_TABLE_N_TABLES 104
#define SYSTEM_TABLE_TABLES 112
#define RUNTIME_SERVICES_SIGNATURE 0x56524553544E5552ull
#define RUNTIME_SERVICES_BYTES 136
#define CONFIGURATION_TABLE_BYTES 24

static bool rsdp_is_physical(uint64_t revision) { return revision == 3; }
static bool smbios_is_physical(uint64_t revision) { return revision == 3 || revision == 4; }
static bool system_table_is_physical(uint64_t revision) { return revision == 3 || revision == 4; }

/* Checks which kind of address it is; the physical one. */
static uint64_t physical(const struct context *c, const char *name, uint64_t address, bool is_physical)
{
    check_that(name, (address < c->hhdm) == is_physical, address);
    return address < c->hhdm ? address : address - c->hhdm;
}

static uint8_t sum(uint64_t phys, uint32_t bytes)
{
    uint8_t total = 0;

    for (; bytes; bytes--, phys++)
        total = (uint8_t)(total + window_page(phys)[phys % PAGE]);
    return total;
}

static uint64_t read_64(uint64_t phys)
{
    uint64_t value;

    window_read(phys, &value, sizeof(value));
    return value;
}

static void check_acpi_memory(const struct context *c, const struct acpi_tables *tables)
{
    for (size_t i = 0; i < tables->n; i++) {
        if (!map_covers(c, tables->at[i], tables->bytes[i], ACPI_TYPES)) {
            info_text("acpi_table", tables->signature[i]);
            check_that("acpi.map_types", false, tables->at[i]);
            return;
        }
    }
    check_that("acpi.map_types", true, 0);
}

static void check_acpi(struct context *c)
{
    static struct acpi_tables tables;
    const struct limine_rsdp_response *r = requests_answer(LIMINE_RSDP);

    if (!r)
        return;
    const uint64_t rsdp = physical(c, "rsdp.kind_of_address", r->address, rsdp_is_physical(c->revision));
    const bool is_there = acpi_tables_read(rsdp, &tables);

    check_that("rsdp.signature", is_there, r->address);
    if (!is_there)
        return;
    check_equal("rsdp.checksum", 0, sum(rsdp, tables.bytes[0]));
    check_that("acpi.tables", tables.n > 4 && acpi_tables_find(&tables, "DSDT") < tables.n &&
               acpi_tables_find(&tables, "FACS") < tables.n, tables.n);
    info("acpi_tables", tables.n);
    if (c->revision >= ACPI_COVERED_FROM)
        check_acpi_memory(c, &tables);
    else
        check_skip("acpi.map_types", "no promise before base revision 4");
}

/* DMTF DSP0134 3.6, 5.2.1 and 5.2.2: anchors, and where the structures are. */
static void check_smbios_entry(struct context *c, const char *names[4], uint64_t address, bool is_64)
{
    char anchor[5];
    uint8_t length;
    uint32_t bytes = 0;
    uint64_t table = 0;
    const uint64_t at = physical(c, names[0], address, smbios_is_physical(c->revision));

    window_read(at, anchor, sizeof(anchor));
    check_that(names[1], !__builtin_memcmp(anchor, is_64 ? "_SM3_" : "_SM_", is_64 ? 5 : 4), at);
    window_read(at + (is_64 ? 6 : 5), &length, 1);
    check_equal(names[2], 0, sum(at, length));
    window_read(at + (is_64 ? 12 : 22), &bytes, is_64 ? 4 : 2);
    window_read(at + (is_64 ? 16 : 24), &table, is_64 ? 8 : 4);
    if (c->revision >= MAPPED_FROM)
        check_that(names[3], map_covers(c, at, length, MAPPED) && map_covers(c, table, bytes, MAPPED), table);
    else
        check_skip(names[3], "no promise before base revision 5");
}

static void check_smbios(struct context *c)
{
    const struct limine_smbios_response *r = requests_answer(LIMINE_SMBIOS);

    if (!r)
        return;
    check_that("smbios.entry", r->entry32 || r->entry64, 0);
    if (r->entry32)
        check_smbios_entry(c, (const char *[]){ "smbios32.kind_of_address", "smbios32.anchor", "smbios32.checksum",
                                                "smbios32.map_type" }, r->entry32, false);
    if (r->entry64)
        check_smbios_entry(c, (const char *[]){ "smbios64.kind_of_address", "smbios64.anchor", "smbios64.checksum",
                                                "smbios64.map_type" }, r->entry64, true);
}

static void check_system_table_memory(const struct context *c, uint64_t at)
{
    const uint64_t n_tables = read_64(at + SYSTEM_TABLE_N_TABLES);

    check_that("system_table.map_type", map_covers(c, at, SYSTEM_TABLE_BYTES, MAPPED), at);
    check_that("system_table.runtime_map_type",
               map_covers(c, read_64(at + SYSTEM_TABLE_RUNTIME), RUNTIME_SERVICES_BYTES, MAPPED),
               read_64(at + SYSTEM_TABLE_RUNTIME));
    check_that("system_table.vendor_map_type", map_covers(c, read_64(at + SYSTEM_TABLE_VENDOR), 2, MAPPED),
               read_64(at + SYSTEM_TABLE_VENDOR));
    check_that("system_table.tables_map_type",
               map_covers(c, read_64(at + SYSTEM_TABLE_TABLES), n_tables * CONFIGURATION_TABLE_BYTES, MAPPED),
               read_64(at + SYSTEM_TABLE_TABLES));
}

static void check_system_table(struct context *c)
{
    const struct limine_efi_system_table_response *r = requests_answer(LIMINE_EFI_SYSTEM_TABLE);

    if (!r)
        return;
    const uint64_t at = physical(c, "system_table.kind_of_address", r->address, system_table_is_physical(c->revision));

    check_equal("system_table.signature", SYSTEM_TABLE_SIGNATURE, read_64(at));
    check_equal("system_table.runtime_services", RUNTIME_SERVICES_SIGNATURE,
                read_64(read_64(at + SYSTEM_TABLE_RUNTIME)));
    if (c->revision >= MAPPED_FROM) {
        check_system_table_memory(c, at);
        return;
    }
    check_skip("system_table.map_type", "no promise before base revision 5");
    check_skip("system_table.runtime_map_type", "no promise before base revision 5");
    check_skip("system_table.vendor_map_type", "no promise before base revision 5");
    check_skip("system_table.tables_map_type", "no promise before base revision 5");
}

void check_tables_of_firmware(struct context *c)
{
    check_acpi(c);
    check_smbios(c);
    check_system_table(c);
}
