#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../efi/start.h"
#include "fake_firmware.h"

static unsigned live_pools;

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void **ret)
{
    (void)type;
    live_pools++;
    *ret = malloc(bytes);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pool(void *pool)
{
    live_pools--;
    free(pool);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI no_protocol(EFI_GUID *guid, void *registration, void **interface)
{
    (void)guid;
    (void)registration;
    (void)interface;
    return EFI_NOT_FOUND;
}

struct setting {
    struct fake_firmware fake;
    struct firmware fw;
    EFI_LOADED_IMAGE loaded;
    EFI_SHELL_PARAMETERS_PROTOCOL shell;
    struct boot_info info;
    struct start_request request;
};

static struct setting *new_setting(void)
{
    struct setting *s = calloc(1, sizeof *s);

    s->fw = fake_firmware_open(&s->fake);
    s->fw.loaded = &s->loaded;
    s->fw.boot->AllocatePool = allocate_pool;
    s->fw.boot->FreePool = free_pool;
    s->fw.boot->LocateProtocol = no_protocol;
    live_pools = 0;
    return s;
}

static EFI_STATUS read_load_options(struct setting *s, const CHAR16 *text)
{
    fake_load_options(&s->loaded, text);
    return arguments_read(&s->fw, &s->info, &s->request);
}

static EFI_STATUS read_words(struct setting *s, CHAR16 **words, UINTN n)
{
    s->shell.Argv = words;
    s->shell.Argc = n;
    s->fw.shell = &s->shell;
    return arguments_read(&s->fw, &s->info, &s->request);
}

static void end(struct setting *s)
{
    arguments_free(&s->fw, &s->request);
    assert_int_equal(live_pools, 0);
    free(s);
}

static void nothing_said_is_the_configuration(void **state)
{
    struct setting *s = new_setting();

    (void)state;
    assert_int_equal(arguments_read(&s->fw, &s->info, &s->request), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    assert_int_equal(read_load_options(s, L"BOOTX64.EFI"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    assert_int_equal(read_load_options(s, L"some \x1234 garbage"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    assert_int_equal(s->info.options.n_ignored, 3);
    end(s);
}

static void option_words_are_for_the_built_in_kernel(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *words[] = { L"loader.efi", L"test=64" };

    (void)state;
    assert_int_equal(read_load_options(s, L"test=16"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_BUILTIN);
    assert_int_equal(read_words(s, words, 2), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_BUILTIN);
    assert_int_equal(s->info.options.test_mib, 64);
    end(s);
}

static void faults_of_the_loader_change_nothing_of_what_is_started(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *words[] = { L"loader.efi", L"fault=memory-2", L"fault=map", L"boot", L"k.elf" };

    (void)state;
    assert_int_equal(read_load_options(s, L"fault=exit-1"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    assert_int_equal(read_words(s, words, 3), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    assert_int_equal(read_words(s, words, 5), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_FILE);
    assert_int_equal(s->info.options.loader_faults[LOADER_FAULT_EXIT], 1);
    assert_int_equal(s->info.options.loader_faults[LOADER_FAULT_MEMORY], 2);
    assert_int_equal(s->info.options.loader_faults[LOADER_FAULT_MAP], LOADER_FAULT_EACH);
    end(s);
}

static void a_boot_entry_keeps_the_command_line_as_it_is(void **state)
{
    struct setting *s = new_setting();

    (void)state;
    assert_int_equal(read_load_options(s, L"X.EFI resolution=800x600 BOOT \"my dir/k.elf\"  a  \"b c\" \x20ac \r\n"),
                     EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_FILE);
    assert_string_equal(s->request.path, "my dir/k.elf");
    assert_string_equal(s->request.command_line, "a  \"b c\" \xe2\x82\xac");
    assert_int_equal(s->info.options.width_px, 800);
    end(s);
}

static void the_shell_s_words_are_joined_and_quoted_again(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *words[] = { L"loader.efi", L"boot", L"\\k.elf", L"a", L"b c", L"", L"d=1" };

    (void)state;
    assert_int_equal(read_words(s, words, 7), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_FILE);
    assert_string_equal(s->request.path, "\\k.elf");
    assert_null(s->request.volume);
    assert_string_equal(s->request.command_line, "a \"b c\"  d=1");
    end(s);
}

static void boot_alone_boots_as_ever_and_an_endless_path_is_refused(void **state)
{
    struct setting *s = new_setting();
    static CHAR16 endless[2 * FILE_PATH_MAX];
    CHAR16 *words[] = { L"loader.efi", L"boot", endless };

    (void)state;
    for (size_t i = 0; i + 1 < ARRAY_LENGTH(endless); i++)
        endless[i] = 'x';
    assert_int_equal(read_words(s, words, 2), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    assert_int_equal(read_words(s, words, 3), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(s->fake.console, "it is too long"));
    s->fw.shell = NULL;
    assert_int_equal(read_load_options(s, L"boot  "), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    arguments_free(&s->fw, &s->request);
    assert_int_equal(read_load_options(s, L"test=16 boot"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_BUILTIN);
    end(s);
}

static void selftest_is_the_built_in_kernel_with_or_without_options(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *words[] = { L"loader.efi", L"SelfTest", L"fault=map-2", L"test=7" };

    (void)state;
    assert_int_equal(read_words(s, words, 2), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_BUILTIN);
    assert_int_equal(read_words(s, words, 4), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_BUILTIN);
    assert_int_equal(s->info.options.test_mib, 7);
    s->fw.shell = NULL;
    assert_int_equal(read_load_options(s, L"BOOTX64.EFI selftest test=9"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_BUILTIN);
    assert_int_equal(s->info.options.test_mib, 9);
    end(s);
}

/* Where the command is said to be, in the words or the text. */
static void assert_command(const struct setting *s, size_t at)
{
    assert_int_equal(s->request.kind, START_COMMAND);
    assert_int_equal(s->request.command_at, at);
}

static void a_command_is_found_behind_options_and_nothing_else(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *words[] = { L"loader.efi", L"fault=map-2", L"HELP", L"map" };

    (void)state;
    assert_int_equal(read_words(s, words, 4), EFI_SUCCESS);
    assert_command(s, 2);
    s->fw.shell = NULL;
    assert_int_equal(read_load_options(s, L"a.efi test=1 --version -o x"), EFI_SUCCESS);
    assert_command(s, 2 * 12);
    assert_int_equal(read_load_options(s, L"--help"), EFI_SUCCESS);
    assert_command(s, 0);
    assert_int_equal(read_load_options(s, L"\\1 help"), EFI_SUCCESS);
    assert_int_equal(s->request.kind, START_CONFIGURATION);
    end(s);
}

static void help_behind_boot_and_selftest_is_about_them(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *boot[] = { L"loader.efi", L"boot", L"--help" }, *selftest[] = { L"loader.efi", L"selftest", L"-h" };

    (void)state;
    assert_int_equal(read_words(s, boot, 3), EFI_SUCCESS);
    assert_command(s, 1);
    assert_int_equal(read_words(s, selftest, 3), EFI_SUCCESS);
    assert_command(s, 1);
    s->fw.shell = NULL;
    assert_int_equal(read_load_options(s, L"a.efi selftest -h"), EFI_SUCCESS);
    assert_command(s, 2 * 5);
    assert_int_equal(read_load_options(s, L"a.efi boot -h"), EFI_SUCCESS);
    assert_command(s, 2 * 5);
    end(s);
}

static void a_word_that_means_nothing_is_named(void **state)
{
    struct setting *s = new_setting();
    CHAR16 *words[] = { L"loader.efi", L"test=8", L"mop" }, *option[] = { L"loader.efi", L"tost=8" },
           *accent[] = { L"loader.efi", L"-\x00e9" };

    (void)state;
    assert_int_equal(read_words(s, words, 3), EFI_INVALID_PARAMETER);
    assert_string_equal(s->fake.console, "BOOTX64.EFI: argument 2: `mop' is no command (`help' lists them)\r\n");
    assert_int_equal(read_words(s, option, 2), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(s->fake.console, "argument 1: `tost=8' is no option (resolution=WxH, "));
    assert_int_equal(read_words(s, accent, 2), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(s->fake.console, "argument 1: `-?' is no command"));
    end(s);
}

static void a_command_line_of_64_kib_is_kept_whole(void **state)
{
    enum { UNITS = 65536 };
    struct setting *s = new_setting();
    CHAR16 *text = calloc(UNITS + 16, sizeof *text);

    (void)state;
    memcpy(text, L"boot k ", 7 * sizeof *text);
    for (size_t i = 0; i < UNITS; i++)
        text[7 + i] = 'y';
    assert_int_equal(read_load_options(s, text), EFI_SUCCESS);
    assert_string_equal(s->request.path, "k");
    assert_int_equal(strlen(s->request.command_line), UNITS);
    free(text);
    end(s);
}

/* ---- Secure Boot ---- */

static uint8_t secure_boot, setup_mode;
static bool has_setup_mode;

static EFI_STATUS EFIAPI get_variable(CHAR16 *name, EFI_GUID *vendor, UINT32 *attributes, UINTN *bytes, void *value)
{
    (void)vendor;
    (void)attributes;
    if (*bytes != 1 || (name[1] == 'e' && name[2] == 't' && !has_setup_mode))
        return EFI_NOT_FOUND;
    *(uint8_t *)value = name[2] == 'c' ? secure_boot : setup_mode;
    return EFI_SUCCESS;
}

static void secure_boot_is_on_when_it_is_set_and_not_being_set_up(void **state)
{
    struct setting *s = new_setting();
    EFI_RUNTIME_SERVICES runtime = { .GetVariable = get_variable };

    (void)state;
    s->fw.runtime = &runtime;
    has_setup_mode = true;
    for (unsigned i = 0; i < 4; i++) {
        secure_boot = i & 1;
        setup_mode = (uint8_t)(i >> 1);
        assert_int_equal(secure_boot_on(&s->fw), secure_boot && !setup_mode);
    }
    has_setup_mode = false;
    secure_boot = 1;
    assert_true(secure_boot_on(&s->fw));
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_the_configuration),
        cmocka_unit_test(option_words_are_for_the_built_in_kernel),
        cmocka_unit_test(faults_of_the_loader_change_nothing_of_what_is_started),
        cmocka_unit_test(a_boot_entry_keeps_the_command_line_as_it_is),
        cmocka_unit_test(the_shell_s_words_are_joined_and_quoted_again),
        cmocka_unit_test(boot_alone_boots_as_ever_and_an_endless_path_is_refused),
        cmocka_unit_test(selftest_is_the_built_in_kernel_with_or_without_options),
        cmocka_unit_test(a_command_is_found_behind_options_and_nothing_else),
        cmocka_unit_test(help_behind_boot_and_selftest_is_about_them),
        cmocka_unit_test(a_word_that_means_nothing_is_named),
        cmocka_unit_test(a_command_line_of_64_kib_is_kept_whole),
        cmocka_unit_test(secure_boot_is_on_when_it_is_set_and_not_being_set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
