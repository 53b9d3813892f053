#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "limine_entry.h"
#include "model_config.h"

/* The first entry of a text; the strings last until the next call. */
static bool read_entry(const char *text, struct limine_entry *ret, struct limine_entry_error *ret_error)
{
    static struct model_config model;

    model_config_free(&model);
    if (!text)
        return false;
    model = model_config_read(text);
    return limine_entry_read(model.config.first, ret, ret_error);
}

static int forget(void **state)
{
    (void)state;
    read_entry(NULL, NULL, NULL);
    return 0;
}

static void expect_read(const char *text, struct limine_entry *ret)
{
    struct limine_entry_error error;

    assert_true(read_entry(text, ret, &error));
    assert_int_equal(error.reason, LIMINE_ENTRY_OK);
}

static void expect_refused(const char *text, enum limine_entry_reason reason, const char *key, const char *value,
                           uint32_t line)
{
    struct limine_entry entry;
    struct limine_entry_error error;

    assert_false(read_entry(text, &entry, &error));
    assert_int_equal(error.reason, reason);
    assert_string_equal(error.key, key);
    assert_string_equal(error.value, value);
    assert_int_equal(error.line, line);
}

static void a_full_entry_is_read(void **state)
{
    struct limine_entry entry;

    (void)state;
    expect_read("/Kernel\nprotocol: limine\npath: boot():/kernel\ncmdline: a b=c\nkaslr: yes\nresolution: 1280x720x24\n"
                "max_paging_mode: 4level\ndtb_path: boot():/x.dtb\nrandomise_hhdm_base: no\n",
                &entry);
    assert_string_equal(entry.title, "Kernel");
    assert_int_equal(entry.protocol, LIMINE_PROTOCOL_LIMINE);
    assert_string_equal(entry.path, "boot():/kernel");
    assert_string_equal(entry.cmdline, "a b=c");
    assert_string_equal(entry.dtb_path, "boot():/x.dtb");
    assert_true(entry.kaslr);
    assert_true(entry.randomise_hhdm_given);
    assert_false(entry.randomise_hhdm);
    assert_int_equal(entry.resolution.width, 1280);
    assert_int_equal(entry.resolution.height, 720);
    assert_int_equal(entry.resolution.bits, 24);
    assert_int_equal(entry.paging_min, 4);
    assert_int_equal(entry.paging_max, 4);
    assert_int_equal(entry.paging_default, 0);
    assert_true(entry.paging_max_given);
    assert_false(entry.paging_min_given);
    assert_int_equal(entry.n_warnings, 0);
}

static void what_is_not_given_has_a_default(void **state)
{
    struct limine_entry entry;

    (void)state;
    expect_read("/K\nprotocol: limine\npath: /k\n", &entry);
    assert_string_equal(entry.cmdline, "");
    assert_null(entry.dtb_path);
    assert_false(entry.kaslr);
    assert_false(entry.randomise_hhdm);
    assert_false(entry.randomise_hhdm_given);
    assert_int_equal(entry.resolution.width, 0);
    assert_int_equal(entry.resolution.bits, 0);
    assert_int_equal(entry.paging_min, 4);
    assert_int_equal(entry.paging_max, 5);
    assert_int_equal(limine_entry_count_modules(&entry), 0);
}

static void older_names_mean_the_same(void **state)
{
    struct limine_entry entry;
    const char *path, *string;

    (void)state;
    expect_read("/K\nPROTOCOL: LIMINE\nKERNEL_PATH: boot():/k\nKERNEL_CMDLINE: old\nCMDLINE: new\n"
                "MODULE_PATH: boot():/m\nMODULE_CMDLINE: text\nRANDOMIZE_HHDM_BASE: yes\n",
                &entry);
    assert_int_equal(entry.protocol, LIMINE_PROTOCOL_LIMINE);
    assert_string_equal(entry.path, "boot():/k");
    assert_string_equal(entry.cmdline, "old");
    assert_true(entry.randomise_hhdm);
    assert_false(entry.kaslr);
    assert_true(limine_entry_module(&entry, 0, &path, &string));
    assert_string_equal(path, "boot():/m");
    assert_string_equal(string, "text");
}

static void the_direct_map_is_randomised_with_kaslr_unless_said_otherwise(void **state)
{
    struct limine_entry entry;

    (void)state;
    expect_read("/K\nprotocol: limine\npath: /k\nkaslr: YES\n", &entry);
    assert_true(entry.randomise_hhdm);
    assert_false(entry.randomise_hhdm_given);
    expect_read("/K\nprotocol: limine\npath: /k\nkaslr: no\n", &entry);
    assert_false(entry.randomise_hhdm);
    expect_read("/K\nprotocol: limine\npath: /k\nkaslr: maybe\nrandomise_hhdm_base: 1\n", &entry);
    assert_false(entry.kaslr);
    assert_true(entry.randomise_hhdm);
    assert_int_equal(entry.n_warnings, 2);
    assert_int_equal(entry.warnings[0].reason, LIMINE_ENTRY_NOT_YES_OR_NO);
    assert_string_equal(entry.warnings[0].value, "maybe");
    assert_int_equal(entry.warnings[1].line, 5);
}

static void a_resolution_is_a_hint(void **state)
{
    static const struct { const char *value; uint32_t width, height, bits; } cases[] = {
        { "800x600", 800, 600, 32 },     { "800X600x16", 800, 600, 16 }, { "800*600@24", 800, 600, 24 },
        { "800x600x", 800, 600, 32 },    { "800x600 what", 800, 600, 32 }, { "65535x1", 65535, 1, 32 },
        { "10x", 0, 0, 0 },              { "", 0, 0, 0 },                { "x600", 0, 0, 0 },
        { "0x600", 0, 0, 0 },            { "800x0", 0, 0, 0 },           { "65536x1", 0, 0, 0 },
        { "1x99999999999999999999", 0, 0, 0 }, { "800x600x4294967328", 0, 0, 0 }, { "-800x600", 0, 0, 0 },
        { "800 x 600", 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct limine_entry entry;
        char text[96];

        snprintf(text, sizeof text, "/K\nprotocol: limine\npath: /k\nresolution: %s\n", cases[i].value);
        expect_read(text, &entry);
        assert_int_equal(entry.resolution.width, cases[i].width);
        assert_int_equal(entry.resolution.height, cases[i].height);
        assert_int_equal(entry.resolution.bits, cases[i].bits);
        assert_int_equal(entry.n_warnings, !cases[i].width);
        if (!cases[i].width) {
            assert_int_equal(entry.warnings[0].reason, LIMINE_ENTRY_BAD_RESOLUTION);
            assert_string_equal(entry.warnings[0].value, cases[i].value);
            assert_int_equal(entry.warnings[0].line, 4);
        }
    }
}

static void paging_modes_have_a_lower_and_an_upper_bound(void **state)
{
    struct limine_entry entry;

    (void)state;
    expect_read("/K\nprotocol: limine\npath: /k\npaging_mode: 5LEVEL\nmax_paging_mode: nonsense\n", &entry);
    assert_int_equal(entry.paging_min, 5);
    assert_int_equal(entry.paging_max, 5);
    assert_int_equal(entry.paging_default, 5);
    assert_true(entry.paging_min_given && entry.paging_max_given);
    expect_refused("/K\nprotocol: limine\npath: /k\npaging_mode: sv48\n", LIMINE_ENTRY_BAD_PAGING_MODE, "paging_mode",
                   "sv48", 4);
    expect_refused("/K\nprotocol: limine\npath: /k\nmin_paging_mode:\n", LIMINE_ENTRY_BAD_PAGING_MODE,
                   "min_paging_mode", "", 4);
    expect_refused("/K\nprotocol: limine\npath: /k\nmax_paging_mode: 4level\nmin_paging_mode: 5level\n",
                   LIMINE_ENTRY_PAGING_MODES, "min_paging_mode", "5level", 5);
}

static void a_string_belongs_to_the_module_before_it(void **state)
{
    static const struct { const char *path, *string; } expected[] = {
        { "/1", "first" }, { "/2", "" }, { "/3", "third" }, { "/4", "" },
    };
    struct limine_entry entry;
    const char *path, *string;
    size_t cursor = 0;

    (void)state;
    expect_read("/K\nmodule_string: nobody\nprotocol: limine\npath: /k\nmodule_path: /1\nkaslr: no\n"
                "module_string: first\nmodule_cmdline: no\nmodule_path: /2\nmodule_path: /3\nmodule_cmdline: third\n"
                "module_path: /4\n//Child\nmodule_string: of the child\n",
                &entry);
    assert_int_equal(limine_entry_count_modules(&entry), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(limine_entry_module(&entry, i, &path, &string));
        assert_string_equal(path, expected[i].path);
        assert_string_equal(string, expected[i].string);
        assert_true(limine_entry_next_module(&entry, &cursor, &path, &string));
        assert_string_equal(path, expected[i].path);
    }
    assert_false(limine_entry_module(&entry, 4, &path, &string));
    assert_false(limine_entry_next_module(&entry, &cursor, &path, &string));
    assert_false(limine_entry_next_module(&entry, &cursor, &path, &string));
    assert_int_equal(entry.n_warnings, 1);
    assert_int_equal(entry.warnings[0].reason, LIMINE_ENTRY_STRING_ALONE);
    assert_int_equal(entry.warnings[0].line, 2);
}

static void a_protocol_and_a_path_are_needed(void **state)
{
    struct limine_entry entry;

    (void)state;
    expect_refused("\n/K\npath: /k\n", LIMINE_ENTRY_NO_PROTOCOL, "", "", 2);
    expect_refused("/K\nprotocol:\n", LIMINE_ENTRY_NO_PROTOCOL, "", "", 1);
    expect_refused("/K\nprotocol: limine\n", LIMINE_ENTRY_NO_PATH, "", "", 1);
    expect_refused("/K\nprotocol: limine\npath:\n", LIMINE_ENTRY_NO_PATH, "", "", 1);
    expect_read("/K\nprotocol: builtin\ncmdline: test=64\n", &entry);
    assert_int_equal(entry.protocol, LIMINE_PROTOCOL_BUILTIN);
    assert_string_equal(entry.cmdline, "test=64");
}

static void other_protocols_are_known_by_name(void **state)
{
    static const struct { const char *name; enum limine_protocol protocol; } cases[] = {
        { "linux", LIMINE_PROTOCOL_LINUX },
        { "multiboot", LIMINE_PROTOCOL_MULTIBOOT1 },
        { "multiboot1", LIMINE_PROTOCOL_MULTIBOOT1 },
        { "multiboot2", LIMINE_PROTOCOL_MULTIBOOT2 },
        { "efi", LIMINE_PROTOCOL_EFI },
        { "UEFI", LIMINE_PROTOCOL_EFI },
        { "efi_chainload", LIMINE_PROTOCOL_EFI },
        { "efi_boot_entry", LIMINE_PROTOCOL_BOOT_ENTRY },
        { "bios", LIMINE_PROTOCOL_BIOS },
        { "bios_chainload", LIMINE_PROTOCOL_BIOS },
        { "chainload_next", LIMINE_PROTOCOL_CHAINLOAD_NEXT },
        { "limin", LIMINE_PROTOCOL_UNKNOWN },
        { "liminex", LIMINE_PROTOCOL_UNKNOWN },
        { "stivale2", LIMINE_PROTOCOL_UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct limine_entry entry;
        char text[64];

        snprintf(text, sizeof text, "/K\nprotocol: %s\n", cases[i].name);
        expect_read(text, &entry);
        assert_int_equal(entry.protocol, cases[i].protocol);
        assert_string_equal(entry.protocol_name, cases[i].name);
        assert_null(entry.path);
    }
}

static void every_reason_has_words(void **state)
{
    (void)state;
    for (unsigned reason = 0; reason <= LIMINE_ENTRY_REASONS; reason++)
        assert_true(strlen(limine_entry_reason_text((enum limine_entry_reason)reason)) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_entry_is_read),
        cmocka_unit_test(what_is_not_given_has_a_default),
        cmocka_unit_test(older_names_mean_the_same),
        cmocka_unit_test(the_direct_map_is_randomised_with_kaslr_unless_said_otherwise),
        cmocka_unit_test(a_resolution_is_a_hint),
        cmocka_unit_test(paging_modes_have_a_lower_and_an_upper_bound),
        cmocka_unit_test(a_string_belongs_to_the_module_before_it),
        cmocka_unit_test(a_protocol_and_a_path_are_needed),
        cmocka_unit_test(other_protocols_are_known_by_name),
        cmocka_unit_test(every_reason_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
