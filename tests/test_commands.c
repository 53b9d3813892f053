#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../efi/commands/command.h"
#include "../efi/commands/output.h"
#include "../efi/commands/words.h"
#include "fake_files.h"

/* A machine on which commands run that were given as LoadOptions. */
struct machine {
    struct fake_firmware fake;
    struct firmware fw;
    EFI_LOADED_IMAGE loaded;
    struct fake_volume volume;
    struct boot_info info;
};

static struct machine *new_machine(void)
{
    struct machine *m = calloc(1, sizeof *m);

    m->fw = fake_firmware_open(&m->fake);
    fake_files_install(&m->fw, &m->loaded, &m->volume);
    m->volume.capacity = FAKE_FILE_MAX;
    m->info.phys_bits = 52;
    return m;
}

static EFI_STATUS run(struct machine *m, const CHAR16 *line)
{
    fake_load_options(&m->loaded, line);
    m->info.n_claims = 0;
    m->fake.console[0] = 0;
    return command_start(&m->fw, &m->info, 0);
}

static void end(struct machine *m)
{
    assert_int_equal(m->fake.live_pages, 0);
    assert_int_equal(m->fake.live_pools, 0);
    assert_int_equal(m->volume.open_handles, 0);
    free(m);
}

/* ---- words ---- */

static bool read_text(const CHAR16 *text, struct command_words *words)
{
    size_t units = 0;

    while (text[units])
        units++;
    return words_from_text(text, units, words);
}

static void words_are_separated_by_blanks_that_quotes_keep(void **state)
{
    struct command_words words;

    (void)state;
    assert_true(read_text(L"  map\t-o \"my file\"  a\"b c\"d \"\" \x20ac\r\n", &words));
    assert_int_equal(words.n, 6);
    assert_string_equal(words.words[0], "map");
    assert_string_equal(words.words[2], "my file");
    assert_string_equal(words.words[3], "ab cd");
    assert_string_equal(words.words[4], "");
    assert_string_equal(words.words[5], "\xe2\x82\xac");
    assert_true(read_text(L"", &words));
    assert_int_equal(words.n, 0);
    assert_true(read_text(L"\"open", &words));
    assert_string_equal(words.words[0], "open");
}

static void the_shells_words_stay_as_they_are(void **state)
{
    CHAR16 *argv[] = { L"loader.efi", L"map", L"a b", L"", L"\x00e9" };
    const EFI_SHELL_PARAMETERS_PROTOCOL shell = { .Argv = argv, .Argc = 5 };
    struct command_words words;

    (void)state;
    assert_true(words_from_shell(&shell, 1, &words));
    assert_int_equal(words.n, 4);
    assert_string_equal(words.words[1], "a b");
    assert_string_equal(words.words[2], "");
    assert_string_equal(words.words[3], "\xc3\xa9");
}

static void what_does_not_fit_is_refused_and_never_cut(void **state)
{
    static CHAR16 text[2 * COMMAND_TEXT_MAX];
    struct command_words words;

    (void)state;
    for (size_t n = 0; n < ARRAY_LENGTH(text); n += n < COMMAND_TEXT_MAX - 8 ? 64 : 1) {
        CHAR16 *argv[] = { text };
        const EFI_SHELL_PARAMETERS_PROTOCOL shell = { .Argv = argv, .Argc = 1 };

        for (size_t i = 0; i < n; i++)
            text[i] = 'x';
        text[n] = 0;
        if (words_from_shell(&shell, 0, &words))
            assert_int_equal(strlen(words.words[0]), n);
        else
            assert_true(n > COMMAND_TEXT_MAX - 8);
        assert_int_equal(words_from_text(text, n, &words), words_from_shell(&shell, 0, &words));
    }
    for (size_t i = 0; i + 1 < 4 * COMMAND_WORDS_MAX; i++)
        text[i] = i % 2 ? ' ' : 'x';
    text[2 * COMMAND_WORDS_MAX] = 0;
    assert_true(read_text(text, &words));
    assert_int_equal(words.n, COMMAND_WORDS_MAX);
    text[2 * COMMAND_WORDS_MAX] = 'x';
    text[2 * COMMAND_WORDS_MAX + 1] = 0;
    assert_false(read_text(text, &words));
}

static void options_for_all_are_taken_off_wherever_they_stand(void **state)
{
    struct command_words words;
    struct common_options options;
    const char *bad;

    (void)state;
    assert_true(read_text(L"map -b --raw --unit MiB -o f x", &words));
    assert_null(words_take_options(&words, false, &options, &bad));
    assert_int_equal(words.n, 3);
    assert_string_equal(words.words[1], "--raw");
    assert_string_equal(words.words[2], "x");
    assert_true(options.page_break);
    assert_false(options.help);
    assert_string_equal(options.file, "f");
    assert_int_equal(options.unit, REPORT_UNIT_MIB);
    assert_true(read_text(L"map --HELP", &words));
    assert_null(words_take_options(&words, false, &options, &bad));
    assert_true(options.help);
    assert_null(options.file);
    assert_int_equal(options.unit, REPORT_UNIT_AUTO);
}

static void a_word_may_be_the_file_of_which_there_is_one(void **state)
{
    struct command_words words;
    struct common_options options;
    const char *bad;

    (void)state;
    assert_true(read_text(L"report f --x", &words));
    assert_null(words_take_options(&words, true, &options, &bad));
    assert_string_equal(options.file, "f");
    assert_int_equal(words.n, 2);
    assert_string_equal(words.words[1], "--x");
}

static void an_option_without_a_good_value_and_one_too_many_are_named(void **state)
{
    static const struct {
        const CHAR16 *line;
        const char *bad;
    } cases[] = {
        { L"map -o", "-o" },
        { L"map -o \"\"", "" },
        { L"map -o --json", "--json" },
        { L"map -o a -o b", "b" },
        { L"map -o a b", "b" },
        { L"map a -o b", "b" },
        { L"map a b", "b" },
        { L"map --unit", "--unit" },
        { L"map --unit tons", "tons" },
        { L"map --unit MiB --unit KiB", "KiB" },
    };
    struct command_words words;
    struct common_options options;
    const char *bad;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_true(read_text(cases[i].line, &words));
        assert_non_null(words_take_options(&words, true, &options, &bad));
        assert_string_equal(bad, cases[i].bad);
    }
}

/* ---- the framework ---- */

static void help_is_printed_in_ascii_and_every_command_has_an_example(void **state)
{
    struct machine *m = new_machine();
    const struct command_description *about;

    (void)state;
    assert_int_equal(run(m, L"help help"), EFI_SUCCESS);
    assert_non_null(strstr(m->fake.console, "Example: BOOTX64.EFI help map\r\n"));
    assert_int_equal(run(m, L"--version"), EFI_SUCCESS);
    assert_non_null(strstr(m->fake.console, "Polyglot OS loader "));
    for (size_t i = 0; (about = command_at(i)); i++) {
        assert_true(about->example[0] && about->purpose[0] && about->run);
        assert_int_equal(strncmp(about->example, about->name, strlen(about->name)), 0);
        assert_true(strlen(about->purpose) <= 64);
    }
    end(m);
}

static void what_is_no_command_is_named(void **state)
{
    CHAR16 *argv[] = { L"loader.efi", L"-\x00e9" };
    EFI_SHELL_PARAMETERS_PROTOCOL shell = { .Argv = argv, .Argc = 2 };
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"mop"), EFI_INVALID_PARAMETER);
    assert_string_equal(m->fake.console, "BOOTX64.EFI: `mop' is no command\r\n");
    assert_int_equal(run(m, L" "), EFI_INVALID_PARAMETER);
    m->fw.shell = &shell;
    assert_int_equal(command_start(&m->fw, &m->info, 1), EFI_INVALID_PARAMETER);
    end(m);
}

static void how_a_command_is_used_is_no_report_and_never_replaces_one(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"report f --help"), EFI_SUCCESS);
    assert_int_equal(run(m, L"map -o f -h"), EFI_SUCCESS);
    assert_non_null(strstr(m->fake.console, "Example: BOOTX64.EFI map "));
    assert_false(m->volume.exists);
    end(m);
}

static void bad_words_are_named_and_cost_nobody_a_file(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"help nothing"), EFI_INVALID_PARAMETER);
    assert_string_equal(m->fake.console,
                        "BOOTX64.EFI: help: `nothing': no such command (usage: help [COMMAND])\r\n");
    assert_int_equal(run(m, L"help --unit x"), EFI_INVALID_PARAMETER);
    assert_int_equal(run(m, L"map --json --CSV"), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(m->fake.console, "map: `--CSV': unknown, or one too many (usage: map "));
    assert_int_equal(run(m, L"selftest --version"), EFI_INVALID_PARAMETER);
    assert_int_equal(run(m, L"--version x -o new"), EFI_INVALID_PARAMETER);
    assert_false(m->volume.exists);
    m->volume.exists = true;
    m->volume.bytes = 5;
    assert_int_equal(run(m, L"--version x -o old"), EFI_INVALID_PARAMETER);
    assert_true(m->volume.exists);
    assert_int_equal(m->volume.bytes, 5);
    assert_int_equal(m->volume.writes, 0);
    end(m);
}

/* ---- the file ---- */

static void a_file_holds_what_the_screen_would_with_the_ends_of_lines_that_the_shell_writes(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->volume.exists = true;
    m->volume.bytes = 5000;
    assert_int_equal(run(m, L"help -o sub/help.txt"), EFI_SUCCESS);
    assert_string_equal(m->fake.console, "");
    assert_string_equal(m->volume.path, "\\EFI\\BOOT\\sub\\help.txt");
    assert_true(m->volume.bytes < 5000);
    m->volume.content[m->volume.bytes] = 0;
    assert_non_null(strstr(m->volume.content, "\r\n  boot  "));
    assert_int_equal(run(m, L"help -o \\x.txt"), EFI_SUCCESS);
    assert_string_equal(m->volume.path, "\\x.txt");
    end(m);
}

static void a_file_that_cannot_be_written_is_one_line_and_leaves_nothing(void **state)
{
    static const struct {
        const CHAR16 *line;
        EFI_STATUS status;
        const char *message;
    } cases[] = {
        { L"help -o fs9:\\x.txt", EFI_NOT_FOUND, "BOOTX64.EFI: fs9:\\x.txt: no such volume\r\n" },
        { L"help -o hdd(3:1):/x.txt", EFI_NOT_FOUND, "BOOTX64.EFI: hdd(3:1):/x.txt: no such volume\r\n" },
        { L"help -o odd(:/x.txt", EFI_INVALID_PARAMETER, "BOOTX64.EFI: odd(:/x.txt: " },
        { L"help -o full", EFI_VOLUME_FULL, "BOOTX64.EFI: full: cannot be written: Volume Full\r\n" },
        { L"help -o flush", EFI_DEVICE_ERROR, "BOOTX64.EFI: flush: cannot be written: Device Error\r\n" },
        { L"help -o read-only", EFI_WRITE_PROTECTED,
          "BOOTX64.EFI: read-only: cannot be opened to be written: Write Protected\r\n" },
        { L"help -o memory", EFI_OUT_OF_RESOURCES, "BOOTX64.EFI: memory: cannot be written: Out of Resources\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct machine *m = new_machine();

        m->volume.capacity = cases[i].status == EFI_VOLUME_FULL ? 100 : FAKE_FILE_MAX;
        m->volume.flush_status = cases[i].status == EFI_DEVICE_ERROR ? EFI_DEVICE_ERROR : EFI_SUCCESS;
        m->volume.is_read_only = cases[i].status == EFI_WRITE_PROTECTED;
        m->fake.allocation_fails_at = cases[i].status == EFI_OUT_OF_RESOURCES;
        assert_int_equal(run(m, cases[i].line), cases[i].status);
        assert_int_equal(strncmp(m->fake.console, cases[i].message, strlen(cases[i].message)), 0);
        assert_false(m->volume.exists);
        end(m);
    }
}

static void a_file_that_cannot_be_emptied_stays_as_it_is(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->volume.exists = true;
    m->volume.bytes = 5;
    m->volume.set_info_status = EFI_DEVICE_ERROR;
    assert_int_equal(run(m, L"help -o old"), EFI_DEVICE_ERROR);
    assert_string_equal(m->fake.console, "BOOTX64.EFI: old: cannot be written: Device Error\r\n");
    assert_true(m->volume.exists);
    assert_int_equal(m->volume.bytes, 5);
    end(m);
}

static void a_file_that_does_not_fit_is_lost_and_one_that_cannot_be_deleted_is_named(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->volume.exists = true;
    m->volume.bytes = 5;
    m->volume.capacity = 100;
    assert_int_equal(run(m, L"help -o old"), EFI_VOLUME_FULL);
    assert_false(m->volume.exists);
    m->volume.delete_status = EFI_WARN_DELETE_FAILURE;
    assert_int_equal(run(m, L"help -o new"), EFI_VOLUME_FULL);
    assert_string_equal(m->fake.console, "BOOTX64.EFI: warning: new: is unfinished, and cannot be deleted\r\n"
                                         "BOOTX64.EFI: new: cannot be written: Volume Full\r\n");
    assert_true(m->volume.exists);
    end(m);
}

static void that_memory_has_errors_is_told_even_if_the_report_of_them_is_lost(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"test -o f"), COMMAND_MEMORY_ERRORS);
    assert_int_equal(m->volume.bytes, 8);
    m->volume.capacity = 0;
    assert_int_equal(run(m, L"test -o f"), COMMAND_MEMORY_ERRORS);
    assert_string_equal(m->fake.console, "BOOTX64.EFI: f: cannot be written: Volume Full\r\n");
    assert_false(m->volume.exists);
    end(m);
}

static void a_directory_is_no_file_and_stays(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->volume.exists = m->volume.is_directory = true;
    assert_int_equal(run(m, L"help -o \\"), EFI_INVALID_PARAMETER);
    assert_string_equal(m->fake.console, "BOOTX64.EFI: \\: is a directory\r\n");
    assert_true(m->volume.exists);
    end(m);
}

static void a_file_of_many_pieces_is_written_in_order(void **state)
{
    struct machine *m = new_machine();
    struct output_file file;
    char piece[1000];

    (void)state;
    assert_int_equal(output_file_open(&m->fw, &m->info, "big", &file), EFI_SUCCESS);
    for (unsigned i = 0; i < 60; i++) {
        memset(piece, (int)i, sizeof piece);
        output_file_write(&file, piece, sizeof piece);
    }
    assert_int_equal(output_file_close(&file, true), EFI_SUCCESS);
    assert_int_equal(m->volume.bytes, 60000);
    for (unsigned i = 0; i < 60000; i++)
        assert_int_equal(m->volume.content[i], i / 1000);
    assert_true(m->volume.writes < 10);
    end(m);
}

/* ---- the console ---- */

static void what_is_not_ascii_is_a_question_mark_on_the_console(void **state)
{
    struct machine *m = new_machine();
    struct console_line line;
    const struct console_sink sink = console_sink(&m->fw, &line);

    (void)state;
    print_text(&sink.sink, "a\xc3\xa9z\xe2\x82\xac\nno end");
    assert_string_equal(m->fake.console, "a?z?\r\n");
    console_flush(&line);
    console_flush(&line);
    assert_string_equal(m->fake.console, "a?z?\r\nno end");
    end(m);
}

/* A shell that redirects to a volume with room for so many lines, or prints on a screen that somebody has stopped. */
static struct {
    unsigned room;
    bool is_screen;
    char errors[256];
} redirection;
static char standard_output, standard_error;

static EFI_STATUS EFIAPI write_file(SHELL_FILE_HANDLE file, UINTN *bytes, void *from)
{
    const CHAR16 *text = from;

    for (size_t n = strlen(redirection.errors), i = 0; file == &standard_error && i < *bytes / 2; i++)
        redirection.errors[n + i] = (char)text[i];
    if (file == &standard_error)
        return EFI_SUCCESS;
    if (redirection.room) {
        redirection.room--;
        return EFI_SUCCESS;
    }
    return redirection.is_screen ? EFI_DEVICE_ERROR : EFI_VOLUME_FULL;
}

static EFI_STATUS EFIAPI get_position(SHELL_FILE_HANDLE file, UINT64 *ret)
{
    assert_ptr_equal(file, &standard_output);
    *ret = 0;
    return redirection.is_screen ? EFI_UNSUPPORTED : EFI_SUCCESS;
}

static EFI_STATUS EFIAPI find_shell(EFI_GUID *guid, void *registration, void **ret)
{
    static EFI_SHELL_PROTOCOL shell = { .WriteFile = write_file, .GetFilePosition = get_position };

    (void)guid;
    (void)registration;
    *ret = &shell;
    return EFI_SUCCESS;
}

static EFI_STATUS run_redirected(struct machine *m, CHAR16 *command, unsigned room, bool is_screen)
{
    CHAR16 *argv[] = { L"loader.efi", command };
    EFI_SHELL_PARAMETERS_PROTOCOL shell = { .Argv = argv, .Argc = 2, .StdOut = &standard_output,
                                            .StdErr = &standard_error };
    EFI_STATUS status;

    memset(&redirection, 0, sizeof redirection);
    redirection.room = room;
    redirection.is_screen = is_screen;
    m->fw.shell = &shell;
    m->fw.boot->LocateProtocol = find_shell;
    m->info.n_claims = 0;
    status = command_start(&m->fw, &m->info, 1);
    m->fw.shell = NULL;
    return status;
}

static void what_is_redirected_to_a_full_volume_is_told_where_it_can_be(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run_redirected(m, L"help", 100, false), EFI_SUCCESS);
    assert_string_equal(redirection.errors, "");
    assert_int_equal(run_redirected(m, L"help", 3, false), EFI_VOLUME_FULL);
    assert_string_equal(redirection.errors,
                        "BOOTX64.EFI: the standard output cannot be written: Volume Full\r\n");
    assert_int_equal(run_redirected(m, L"test", 0, false), COMMAND_MEMORY_ERRORS);
    assert_int_equal(run_redirected(m, L"help", 3, true), EFI_SUCCESS);
    assert_string_equal(redirection.errors, "");
    end(m);
}

/* ---- the map ---- */

static size_t scratch_wanted;

static size_t scratch_bytes(const struct map_subject *subject)
{
    (void)subject;
    return scratch_wanted;
}

static struct command command_on(struct machine *m)
{
    m->info.image = (struct phys_range){ phys_addr(MIB(1)), PAGE_SIZE };
    return (struct command){ .fw = &m->fw, .info = &m->info };
}

static void the_map_is_read_once_and_what_it_cost_is_told(void **state)
{
    static const struct firmware_descriptor descriptor = { .type = FIRMWARE_CONVENTIONAL, .pages = 7 };
    struct machine *m = new_machine();
    const struct command command = command_on(m);
    struct command_map map;

    (void)state;
    m->fake.descriptors = &descriptor;
    m->fake.map_bytes = sizeof descriptor;
    scratch_wanted = 1000;
    assert_int_equal(command_map_read(&command, scratch_bytes, &map), EFI_SUCCESS);
    assert_int_equal(m->fake.maps, 1);
    assert_memory_equal(map.subject.map.descriptors, &descriptor, sizeof descriptor);
    assert_int_equal(map.subject.map.bytes, sizeof descriptor);
    assert_int_equal(map.subject.n_own, 3);
    assert_int_equal(map.subject.own[0].bytes.start.value, MIB(1));
    assert_int_equal(map.subject.own[1].bytes.start.value, map.buffer.start.value);
    assert_int_equal(map.subject.own[2].bytes.start.value, map.scratch.start.value);
    command_map_free(&command, &map);
    assert_int_equal(command_map_read(&command, NULL, &map), EFI_SUCCESS);
    assert_int_equal(map.scratch.bytes, 0);
    assert_int_equal(map.subject.n_own, 2);
    command_map_free(&command, &map);
    end(m);
}

static void a_larger_map_and_a_hungrier_report_get_what_they_need(void **state)
{
    struct machine *m = new_machine();
    const struct command command = command_on(m);
    struct command_map map;

    (void)state;
    m->fake.map_bytes = 40 * 5000;
    m->fake.grow_on_allocation = 40;
    scratch_wanted = 300000;
    assert_int_equal(command_map_read(&command, scratch_bytes, &map), EFI_SUCCESS);
    assert_true(map.scratch.bytes >= 300000);
    assert_true(map.subject.map.bytes >= 40 * 5000);
    command_map_free(&command, &map);
    end(m);
}

static void a_map_that_cannot_be_read_is_said_and_everything_given_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct machine *m = new_machine();
        const struct command command = command_on(m);
        struct command_map map;

        scratch_wanted = i == 4 ? 0 : 100;
        m->fake.map_bytes = 40;
        m->fake.map_fails_at = i == 0;
        m->fake.map_status = EFI_DEVICE_ERROR;
        m->fake.allocation_fails_at = i == 1 || i == 2 ? i : 0;
        m->fake.grow_bytes = 0;
        if (i == 3)
            m->fake.grow_on_allocation = MIB(1);
        assert_true(EFI_ERROR(command_map_read(&command, scratch_bytes, &map)));
        assert_int_equal(strncmp(m->fake.console, "BOOTX64.EFI: ", 13), 0);
        assert_string_equal(strchr(m->fake.console, '\n'), "\n");
        end(m);
    }
}

/* ---- commands as a whole ---- */

static const struct firmware_descriptor good[] = {
    { .type = FIRMWARE_CONVENTIONAL, .start = MIB(1), .pages = 4096, .attributes = FIRMWARE_ATTRIBUTE_WB },
    { .type = FIRMWARE_RESERVED, .start = MIB(64), .pages = 16 },
};
static const struct firmware_descriptor overlapping[] = {
    { .type = FIRMWARE_CONVENTIONAL, .start = MIB(1), .pages = 4096, .attributes = FIRMWARE_ATTRIBUTE_WB },
    { .type = FIRMWARE_RESERVED, .start = MIB(2), .pages = 16 },
};

static void run_on_map(struct machine *m, const struct firmware_descriptor *map, const CHAR16 *line, EFI_STATUS status)
{
    m->fake.descriptors = map;
    m->fake.map_bytes = sizeof good;
    m->fake.allocations = m->fake.maps = 0;
    assert_int_equal(run(m, line), status);
}

static void map_tells_of_anomalies_by_its_status_and_keeps_the_file(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    run_on_map(m, good, L"map --raw", EFI_SUCCESS);
    assert_non_null(strstr(m->fake.console, "\r\n7 0x100000 0x1000 0x8\r\n"));
    run_on_map(m, overlapping, L"map -o f --JSON", COMMAND_ANOMALIES);
    assert_true(m->volume.exists && m->volume.bytes > 100);
    assert_string_equal(m->fake.console, "");
    m->fake.stride_is_zero = true;
    run_on_map(m, good, L"map -o f", EFI_UNSUPPORTED);
    assert_int_equal(strncmp(m->fake.console, "BOOTX64.EFI: map: ", 18), 0);
    end(m);
}

static void frames_says_where_there_is_no_memory(void **state)
{
    static const struct firmware_descriptor none[] = { { .type = FIRMWARE_RESERVED, .pages = 1 },
                                                       { .type = FIRMWARE_RESERVED, .start = MIB(1), .pages = 1 } };
    struct machine *m = new_machine();

    (void)state;
    run_on_map(m, good, L"frames -o f --csv", EFI_SUCCESS);
    assert_true(m->volume.bytes > 100);
    run_on_map(m, none, L"frames -o f", EFI_OUT_OF_RESOURCES);
    assert_non_null(strstr(m->fake.console, "frames: no usable memory"));
    run_on_map(m, good, L"frames --raw", EFI_INVALID_PARAMETER);
    end(m);
}

static void each_allocation_that_fails_is_one_line_and_leaves_nothing(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        struct machine *m = new_machine();

        m->fake.allocation_fails_at = i;
        run_on_map(m, good, L"map -o f", EFI_OUT_OF_RESOURCES);
        assert_string_equal(strchr(m->fake.console, '\n'), "\n");
        assert_false(m->volume.exists);
        end(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_separated_by_blanks_that_quotes_keep),
        cmocka_unit_test(the_shells_words_stay_as_they_are),
        cmocka_unit_test(what_does_not_fit_is_refused_and_never_cut),
        cmocka_unit_test(options_for_all_are_taken_off_wherever_they_stand),
        cmocka_unit_test(a_word_may_be_the_file_of_which_there_is_one),
        cmocka_unit_test(an_option_without_a_good_value_and_one_too_many_are_named),
        cmocka_unit_test(help_is_printed_in_ascii_and_every_command_has_an_example),
        cmocka_unit_test(what_is_no_command_is_named),
        cmocka_unit_test(how_a_command_is_used_is_no_report_and_never_replaces_one),
        cmocka_unit_test(bad_words_are_named_and_cost_nobody_a_file),
        cmocka_unit_test(a_file_holds_what_the_screen_would_with_the_ends_of_lines_that_the_shell_writes),
        cmocka_unit_test(a_file_that_cannot_be_written_is_one_line_and_leaves_nothing),
        cmocka_unit_test(a_file_that_cannot_be_emptied_stays_as_it_is),
        cmocka_unit_test(a_file_that_does_not_fit_is_lost_and_one_that_cannot_be_deleted_is_named),
        cmocka_unit_test(that_memory_has_errors_is_told_even_if_the_report_of_them_is_lost),
        cmocka_unit_test(a_directory_is_no_file_and_stays),
        cmocka_unit_test(a_file_of_many_pieces_is_written_in_order),
        cmocka_unit_test(what_is_not_ascii_is_a_question_mark_on_the_console),
        cmocka_unit_test(what_is_redirected_to_a_full_volume_is_told_where_it_can_be),
        cmocka_unit_test(the_map_is_read_once_and_what_it_cost_is_told),
        cmocka_unit_test(a_larger_map_and_a_hungrier_report_get_what_they_need),
        cmocka_unit_test(map_tells_of_anomalies_by_its_status_and_keeps_the_file),
        cmocka_unit_test(frames_says_where_there_is_no_memory),
        cmocka_unit_test(each_allocation_that_fails_is_one_line_and_leaves_nothing),
        cmocka_unit_test(a_map_that_cannot_be_read_is_said_and_everything_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
