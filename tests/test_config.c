#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "model_config.h"

static void expect_option(const struct config_option *options, size_t n, const char *key, size_t index,
                          const char *value)
{
    const char *const found = config_value(options, n, key, index);

    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void expect_global(const struct config *config, const char *key, const char *value)
{
    expect_option(config->globals, config->n_globals, key, 0, value);
}

static void expect_local(const struct config_entry *entry, const char *key, const char *value)
{
    assert_non_null(entry);
    expect_option(entry->options, entry->n_options, key, 0, value);
}

static void expect_warning(const struct config *config, size_t i, enum config_reason reason, uint32_t line,
                           const char *value)
{
    assert_true(i < config->n_warnings);
    assert_int_equal(config->warnings[i].reason, reason);
    assert_int_equal(config->warnings[i].line, line);
    assert_string_equal(config->warnings[i].value, value);
}

static void expect_refused(const char *text, size_t bytes, enum config_reason reason, uint32_t line, const char *value)
{
    struct model_config model = model_config_parse(text, bytes);

    assert_false(model.parsed);
    assert_int_equal(model.error.reason, reason);
    assert_int_equal(model.error.line, line);
    assert_string_equal(model.error.value, value);
    assert_null(model.config.first);
    model_config_free(&model);
}

/* ---- lines, keys, values ---- */

static void a_usual_file_is_read(void **state)
{
    struct model_config model = model_config_read("timeout: 3\n"
                                                  "verbose: yes\n"
                                                  "\n"
                                                  "/Hobby kernel\n"
                                                  "    comment: The one that works\n"
                                                  "    protocol: limine\n"
                                                  "    kernel_path: boot():/boot/kernel.elf\n"
                                                  "    module_path: boot():/boot/initrd.tar\n"
                                                  "    module_path: boot():/boot/symbols.map\n"
                                                  "/Older one\n"
                                                  "    protocol: limine\n"
                                                  "    path: boot():/boot/kernel-old.elf\n");
    const struct config_entry *const first = model.config.first;

    (void)state;
    expect_global(&model.config, "timeout", "3");
    expect_global(&model.config, "verbose", "yes");
    expect_global(&model.config, "protocol", NULL);
    assert_int_equal(model.config.n_entries, 2);
    assert_int_equal(model.config.n_warnings, 0);
    assert_string_equal(first->title, "Hobby kernel");
    assert_string_equal(first->comment, "The one that works");
    expect_local(first, "kernel_path", "boot():/boot/kernel.elf");
    expect_option(first->options, first->n_options, "module_path", 1, "boot():/boot/symbols.map");
    expect_option(first->options, first->n_options, "module_path", 2, NULL);
    assert_int_equal(config_option(first->options, first->n_options, "protocol", 0)->line, 6);
    assert_string_equal(first->next->title, "Older one");
    assert_null(first->next->comment);
    assert_null(first->next->next);
    model_config_free(&model);
}

static void an_empty_file_has_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct model_config model = model_config_read((const char *[]){ "", "\n", "# only this\n", "\xef\xbb\xbf" }[i]);

        assert_null(model.config.first);
        assert_int_equal(model.config.n_globals, 0);
        assert_int_equal(model.config.n_warnings, 0);
        assert_null(config_default(&model.config));
        model_config_free(&model);
    }
}

static void keys_have_no_case_and_values_keep_theirs(void **state)
{
    struct model_config model = model_config_read("TimeOut: NO\n/A B\nPROTOCOL:Limine\nCmdline: Root=X: y:z\n");

    (void)state;
    expect_global(&model.config, "timeout", "NO");
    expect_local(model.config.first, "protocol", "Limine");
    expect_local(model.config.first, "cmdline", "Root=X: y:z");
    model_config_free(&model);
}

static void carriage_returns_blanks_and_a_byte_order_mark_are_dropped(void **state)
{
    struct model_config model = model_config_read("\xef\xbb\xbf" "timeout: 7 \t \r\n\r\n"
                                                  "\t /Title  with blanks \t\r\n"
                                                  "   protocol:\t  limine\r\n"
                                                  "cmdline:\r\n"
                                                  "path: a b\t");

    (void)state;
    expect_global(&model.config, "timeout", "7");
    assert_string_equal(model.config.first->title, "Title  with blanks");
    expect_local(model.config.first, "protocol", "limine");
    expect_local(model.config.first, "cmdline", "");
    expect_local(model.config.first, "path", "a b");
    model_config_free(&model);
}

static void a_comment_has_a_line_of_its_own(void **state)
{
    struct model_config model = model_config_read("# /No entry\n  # timeout: 3\n/A\n#path: x\ncmdline: a # b\n");

    (void)state;
    expect_global(&model.config, "timeout", NULL);
    assert_int_equal(model.config.n_entries, 1);
    expect_local(model.config.first, "path", NULL);
    expect_local(model.config.first, "cmdline", "a # b");
    model_config_free(&model);
}

static void a_backslash_continues_a_line_but_no_comment(void **state)
{
    struct model_config model = model_config_read("/A\ncmdline: one \\\n   two\\\r\nthree\n"
                                                  "# a drawing /\\\npath: x\\y\nkaslr: n\\\no\nentry: z\\");

    (void)state;
    expect_local(model.config.first, "cmdline", "one    twothree");
    expect_local(model.config.first, "path", "x\\y");
    expect_local(model.config.first, "kaslr", "no");
    expect_local(model.config.first, "entry", "z\\");
    assert_int_equal(config_option(model.config.first->options, model.config.first->n_options, "path", 0)->line, 6);
    assert_int_equal(config_option(model.config.first->options, model.config.first->n_options, "kaslr", 0)->line, 7);
    model_config_free(&model);
}

static void a_line_that_begins_by_a_continuation_may_be_anything(void **state)
{
    struct model_config model = model_config_read("\\\n/A\n\\\n${X}=y\n\\\n  protocol: ${X}\n\\\n# \\\n//B\n\\\n\\\n");

    (void)state;
    assert_int_equal(model.config.n_entries, 2);
    expect_local(model.config.first, "protocol", "y");
    assert_string_equal(model.config.first->first_child->title, "B");
    assert_int_equal(model.config.n_warnings, 0);
    model_config_free(&model);
}

static void the_first_value_wins_and_repeated_ones_have_an_index(void **state)
{
    struct model_config model = model_config_read("timeout: 1\ntimeout: 2\n/A\npath: x\nPATH: y\npath: z\n");
    const struct config_entry *const a = model.config.first;

    (void)state;
    expect_global(&model.config, "timeout", "1");
    expect_option(a->options, a->n_options, "path", 0, "x");
    expect_option(a->options, a->n_options, "path", 1, "y");
    expect_option(a->options, a->n_options, "path", 2, "z");
    expect_option(a->options, a->n_options, "path", 3, NULL);
    model_config_free(&model);
}

static void a_global_key_counts_before_the_first_entry_only(void **state)
{
    struct model_config model = model_config_read("quiet: yes\n/A\nprotocol: limine\ntimeout: 9\n");

    (void)state;
    expect_global(&model.config, "timeout", NULL);
    assert_int_equal(config_timeout_ms(&model.config), CONFIG_TIMEOUT_DEFAULT_MS);
    assert_int_equal(model.config.n_warnings, 1);
    expect_warning(&model.config, 0, CONFIG_KEY_MISPLACED, 4, "timeout");
    model_config_free(&model);
}

static void bad_memory_may_be_global_and_an_entrys_and_occur_again(void **state)
{
    struct model_config model = model_config_read("bad_memory: 0-1\nbad_memory: 1-2\n/A\nprotocol: limine\n"
                                                  "BAD_MEMORY: 2-3\n");

    (void)state;
    assert_int_equal(model.config.n_warnings, 0);
    expect_option(model.config.globals, model.config.n_globals, "bad_memory", 1, "1-2");
    expect_option(model.config.first->options, model.config.first->n_options, "bad_memory", 0, "2-3");
    model_config_free(&model);
}

static void in_a_file_that_begins_with_an_entry_everything_is_global(void **state)
{
    struct model_config model = model_config_read("/A\nprotocol: limine\npath: x\n/B\nprotocol: builtin\n\n"
                                                  "timeout: 0\ndefault_entry: 2\n");

    (void)state;
    assert_int_equal(config_timeout_ms(&model.config), 0);
    assert_string_equal(config_default(&model.config)->title, "B");
    assert_int_equal(model.config.first->n_options, 2);
    assert_int_equal(model.config.n_warnings, 0);
    model_config_free(&model);

    model = model_config_read("# comment\n/A\nprotocol: limine\ntimeout: 0\n");
    assert_int_equal(config_timeout_ms(&model.config), CONFIG_TIMEOUT_DEFAULT_MS);
    assert_int_equal(model.config.n_warnings, 1);
    model_config_free(&model);
}

/* ---- warnings ---- */

static void what_means_nothing_is_a_warning_with_its_line(void **state)
{
    struct model_config model = model_config_read("timout: 3\npath: x\njust words\n/\n/A\ntimeout : 4\n${NOBODY}\n");

    (void)state;
    assert_int_equal(model.config.n_warnings, 6);
    expect_warning(&model.config, 0, CONFIG_MACRO_UNDEFINED, 7, "NOBODY");
    expect_warning(&model.config, 1, CONFIG_KEY_UNKNOWN, 1, "timout");
    expect_warning(&model.config, 2, CONFIG_KEY_MISPLACED, 2, "path");
    expect_warning(&model.config, 3, CONFIG_LINE_MEANINGLESS, 3, "just words");
    expect_warning(&model.config, 4, CONFIG_ENTRY_UNTITLED, 4, "/");
    expect_warning(&model.config, 5, CONFIG_KEY_UNKNOWN, 6, "timeout ");
    model_config_free(&model);
}

static void more_warnings_than_are_kept_are_counted(void **state)
{
    char text[100 * 4 + 1];

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        memcpy(text + 4 * i, "x:y\n", 5);

    struct model_config model = model_config_read(text);

    assert_int_equal(model.config.n_warnings, 100);
    expect_warning(&model.config, CONFIG_WARNINGS_MAX - 1, CONFIG_KEY_UNKNOWN, CONFIG_WARNINGS_MAX, "x");
    model_config_free(&model);
}

static void a_nul_byte_ends_the_text(void **state)
{
    static const char text[] = "timeout: 3\n/A\npath: x\0y\n/B\n";
    struct model_config model = model_config_parse(text, sizeof text - 1);

    (void)state;
    assert_true(model.parsed);
    assert_int_equal(model.config.n_entries, 1);
    expect_local(model.config.first, "path", "x");
    expect_warning(&model.config, 0, CONFIG_ENDS_AT_NUL, 3, "");
    model_config_free(&model);

    model = model_config_parse("a\n\0", 3);
    expect_warning(&model.config, 0, CONFIG_ENDS_AT_NUL, 2, "");
    model_config_free(&model);
}

static void control_characters_are_not_shown(void **state)
{
    struct model_config model = model_config_read("a\x1b[2J\x7f: x\n");

    (void)state;
    expect_warning(&model.config, 0, CONFIG_KEY_UNKNOWN, 1, "a?[2j?");
    model_config_free(&model);
}

/* ---- macros ---- */

static void macros_are_replaced_wherever_they_stand(void **state)
{
    struct model_config model = model_config_read("${DIR}=boot():/boot\n  ${KEY}=comment\n"
                                                  "/${ARCH} on ${FW_TYPE} ${LATER}\n"
                                                  "${KEY}: [${DIR}]${DIR}${EMPTY}/x$ {DIR}\n"
                                                  "${EMPTY}=\n${LATER}= a=b:c\n"
                                                  "${SUB}\n${SUB}=//Child\n");

    (void)state;
    assert_string_equal(model.config.first->title, "x86-64 on UEFI  a=b:c");
    assert_string_equal(model.config.first->comment, "[boot():/boot]boot():/boot/x$ {DIR}");
    assert_string_equal(model.config.first->first_child->title, "Child");
    assert_int_equal(model.config.n_warnings, 0);
    model_config_free(&model);
}

static void the_last_definition_of_a_macro_counts(void **state)
{
    struct model_config model = model_config_read("${B}=1\n${A}=1\n/${A}${ARCH}${B}${AA}\n${A}=2\n${AA}=3\n${A}=4\n"
                                                  "${ARCH}=mine\n");

    (void)state;
    assert_string_equal(model.config.first->title, "4mine13");
    model_config_free(&model);
}

static void many_macros_are_all_found(void **state)
{
    char text[64 * 1024], expected[8];
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "${M%u}=%u\n", i * 7919 % 1000, i * 7919 % 1000);
    for (unsigned i = 0; i < 1000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "/${M%u}\n", i);

    struct model_config model = model_config_read(text);

    assert_int_equal(model.config.n_entries, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(expected, sizeof expected, "%u", i);
        assert_string_equal(model.config.entries[i].title, expected);
    }
    model_config_free(&model);
}

static void a_macro_may_use_others(void **state)
{
    struct model_config model = model_config_read("${P}=${Q}/${R}\n${Q}=<${R}>\n${R}=r\n/${P} ${Q}\n");

    (void)state;
    assert_string_equal(model.config.first->title, "<r>/r <r>");
    model_config_free(&model);
}

static void in_a_macro_what_is_no_macro_stays_as_it_is(void **state)
{
    struct model_config model = model_config_read("${A}=$ ${HOME} ${\n/${A}|\n${D}=$\ncmdline: ${D}{A}\n");

    (void)state;
    assert_string_equal(model.config.first->title, "$ ${HOME} ${|");
    expect_local(model.config.first, "cmdline", "${A}");
    assert_int_equal(model.config.n_warnings, 0);
    model_config_free(&model);
}

static void a_recursive_macro_is_refused_where_it_is_used(void **state)
{
    static const char unused[] = "${A}=${A}\n${B}=${C}\n${C}=${B}\n/x\n";
    struct model_config model = model_config_read(unused);
    char chain[20 * 16];
    size_t n = 0;

    (void)state;
    assert_int_equal(model.config.n_entries, 1);
    model_config_free(&model);
    expect_refused("\n${A}=a ${A} b\n/x\ncmdline: ${A}\n", 32, CONFIG_MACRO_RECURSIVE, 2, "A");
    expect_refused("/${B}\n${B}=${C}\n${C}=${B}\n", 26, CONFIG_MACRO_RECURSIVE, 2, "B");
    for (char i = 0; i < 20; i++)
        n += (size_t)sprintf(chain + n, "${%c}=${%c}\n", 'a' + i, 'b' + i);
    strcpy(chain + n, "/${a}\n");
    expect_refused(chain, strlen(chain), CONFIG_MACRO_RECURSIVE, 17, "q");
}

static void a_macro_bomb_is_refused(void **state)
{
    static const char large[] = "${A}=xxxxxxxxxxxxxxxx\n${B}=${A}${A}${A}${A}${A}${A}\n${C}=${B}${B}${B}${B}${B}${B}\n"
                                "${D}=${C}${C}${C}${C}${C}${C}\n/${D}${D}\n";
    static const char empty[] = "${A}=\n${B}=${A}${A}${A}${A}${A}${A}\n${C}=${B}${B}${B}${B}${B}${B}\n"
                                "${D}=${C}${C}${C}${C}${C}${C}\n/${D}${D}${D}${D}${D}${D}\n";

    (void)state;
    expect_refused(large, sizeof large - 1, CONFIG_MACRO_TOO_LARGE, 5, "B");
    expect_refused(empty, sizeof empty - 1, CONFIG_MACRO_TOO_LARGE, 5, "B");
}

static void a_file_may_grow_to_four_times_its_size(void **state)
{
    enum { USES = 20000, TEXT = 18 };
    char *const text = malloc(64 + USES * 6);
    size_t n = (size_t)sprintf(text, "${A}=%0*d\n/A\ncmdline: ", TEXT, 0);

    (void)state;
    for (unsigned i = 0; i < USES; i++, n += 4)
        memcpy(text + n, "${A}", 5);
    n += (size_t)sprintf(text + n, "%*s", USES, "#");

    struct model_config model = model_config_read(text);

    assert_int_equal(strlen(config_value(model.config.first->options, 1, "cmdline", 0)), USES * TEXT + USES);
    model_config_free(&model);
    free(text);
}

static void an_open_macro_is_refused(void **state)
{
    (void)state;
    expect_refused("timeout: 3\n/A\ncmdline: ${A\npath: }\n", 36, CONFIG_MACRO_OPEN, 3, "${A");
}

/* ---- entries ---- */

static void entries_are_a_tree(void **state)
{
    struct model_config model = model_config_read("/A\n//B\n///C\n///D\n//E\n/+ F\n//+G\n/H\n");
    const struct config_entry *const e = model.config.entries;

    (void)state;
    assert_int_equal(model.config.n_entries, 8);
    assert_string_equal(e[5].title, "F");
    assert_string_equal(e[6].title, "G");
    assert_true(e[5].expanded);
    assert_false(e[0].expanded);
    assert_ptr_equal(model.config.first, &e[0]);
    assert_ptr_equal(e[0].first_child, &e[1]);
    assert_ptr_equal(e[0].next, &e[5]);
    assert_ptr_equal(e[1].parent, &e[0]);
    assert_ptr_equal(e[1].next, &e[4]);
    assert_ptr_equal(e[1].first_child, &e[2]);
    assert_ptr_equal(e[2].next, &e[3]);
    assert_null(e[3].next);
    assert_null(e[4].first_child);
    assert_ptr_equal(e[5].next, &e[7]);
    assert_ptr_equal(e[6].parent, &e[5]);
    assert_null(e[7].next);
    model_config_free(&model);
}

static void an_entry_without_the_one_above_is_left_out(void **state)
{
    struct model_config model = model_config_read("timeout: 1\n//X\ntimeout: 2\n"
                                                  "/A\n///Y\npath: y\n////Z\n//B\npath: b\n");

    (void)state;
    expect_global(&model.config, "timeout", "1");
    assert_int_equal(model.config.n_globals, 1);
    assert_int_equal(model.config.n_entries, 2);
    assert_int_equal(model.config.first->n_options, 0);
    expect_local(model.config.first->first_child, "path", "b");
    assert_int_equal(model.config.n_warnings, 3);
    expect_warning(&model.config, 0, CONFIG_ENTRY_ORPHAN, 2, "//X");
    expect_warning(&model.config, 1, CONFIG_ENTRY_ORPHAN, 5, "///Y");
    model_config_free(&model);
}

static void deep_nesting_ends_at_the_limit(void **state)
{
    char text[32 * 1024];
    size_t n = 0;
    unsigned depth = 0;

    (void)state;
    for (int slashes = 1; slashes <= 200; slashes++) {
        memset(text + n, '/', (size_t)slashes);
        n += (size_t)slashes;
        memcpy(text + n, "x\n", 3);
        n += 2;
    }

    struct model_config model = model_config_read(text);

    assert_int_equal(model.config.n_entries, CONFIG_DEPTH_MAX);
    for (const struct config_entry *e = model.config.first; e; e = e->first_child)
        depth++;
    assert_int_equal(depth, CONFIG_DEPTH_MAX);
    assert_int_equal(model.config.n_warnings, 200 - CONFIG_DEPTH_MAX);
    expect_warning(&model.config, 0, CONFIG_ENTRY_TOO_DEEP, 65,
                   "///////////////////////////////////////////////////////////////");
    model_config_free(&model);
}

static void rows_are_those_of_the_menu_as_it_first_appears(void **state)
{
    struct model_config model = model_config_read("/A\n//inside\n/+B\n//C\n///inside\n//+D\n///E\n/F\n"
                                                  "/G\nif_fw_type: BIOS\n//in G\n/H\n");
    static const struct { const char *title; uint32_t index; } rows[] = {
        { "A", 1 }, { "inside", 0 }, { "B", 2 }, { "C", 3 }, { "inside", 0 }, { "D", 4 }, { "E", 5 }, { "F", 6 },
        { "G", 0 }, { "in G", 0 }, { "H", 7 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_string_equal(model.config.entries[i].title, rows[i].title);
        assert_int_equal(model.config.entries[i].index, rows[i].index);
    }
    assert_true(model.config.entries[9].hidden);
    model_config_free(&model);
}

static void entries_for_other_machines_are_hidden(void **state)
{
    static const struct { const char *option; bool hidden; } cases[] = {
        { "if_fw_type: UEFI", false },     { "if_fw_type: uefi", false },      { "if_fw_type: BIOS", true },
        { "if_fw_type:", true },           { "if_arch: x86-64", false },       { "if_arch: aarch64  X86-64", false },
        { "if_arch: aarch64", true },      { "if_arch: x86-64v3", true },      { "if_arch: x86", true },
        { "if_arch: riscv64 x86-64 ia-32", false },                            { "protocol: bios", true },
        { "protocol: bios_chainload", true },                                  { "protocol: efi", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[64];

        snprintf(text, sizeof text, "/A\n%s\n", cases[i].option);

        struct model_config model = model_config_read(text);

        assert_int_equal(model.config.first->hidden, cases[i].hidden);
        model_config_free(&model);
    }
}

/* ---- what boots ---- */

static const char menu[] = "/Tools\n//Test\nprotocol: limine\n//Twin\nprotocol: limine\n//Twin\nprotocol: limine\n"
                           "/+Systems\n//A/B\nprotocol: limine\n//#1\nprotocol: limine\n//x\n"
                           "/Plain\nprotocol: limine\n/Empty\n";

static void expect_default(const char *default_entry, const char *title, size_t line)
{
    char text[512];

    snprintf(text, sizeof text, "default_entry: %s\n%s", default_entry, menu);

    struct model_config model = model_config_read(text);
    const struct config_entry *const entry = config_default(&model.config);

    assert_non_null(entry);
    assert_string_equal(entry->title, title);
    if (line)
        assert_int_equal(entry->line, line);
    model_config_free(&model);
}

static void the_default_entry_is_a_row(void **state)
{
    (void)state;
    expect_default("3", "A/B", 0);
    expect_default("5", "x", 0);
    expect_default("6", "Plain", 0);
    expect_default("7", "Empty", 0);
}

static void a_directory_or_a_missing_default_gives_the_first_bootable_one(void **state)
{
    (void)state;
    expect_default("1", "Test", 0);
    expect_default("0", "Test", 0);
    expect_default("2", "A/B", 0);
    expect_default("99", "Test", 0);
    expect_default("99999999999999999999", "Test", 0);
    expect_default("-1", "Test", 0);
    expect_default("", "Test", 0);
    expect_default("No such", "Test", 0);
    expect_default("Tools", "Test", 0);
    expect_default("Systems", "A/B", 0);
}

static void the_default_entry_is_a_path_of_titles(void **state)
{
    (void)state;
    expect_default("Plain", "Plain", 0);
    expect_default("Tools/Twin", "Twin", 5);
    expect_default("Tools/Twin#0", "Twin", 5);
    expect_default("Tools/Twin#1", "Twin", 7);
    expect_default("Tools#0/Twin#1", "Twin", 7);
    expect_default("Tools/Twin#2", "Test", 0);
    expect_default("Tools/Twin#99999999999", "Test", 0);
    expect_default("Systems/A\\/B", "A/B", 0);
    expect_default("Systems/\\#1", "#1", 0);
    expect_default("Systems/A", "Test", 0);
    expect_default("Plain/more", "Test", 0);
    expect_default("plain", "Test", 0);
}

static void without_a_bootable_entry_there_is_no_default(void **state)
{
    struct model_config model = model_config_read("/A\n//B\n/C\n/D\nprotocol: limine\nif_arch: aarch64\n");

    (void)state;
    assert_null(config_default(&model.config));
    model_config_free(&model);
}

/* ---- values ---- */

static void yes_and_no_have_a_default(void **state)
{
    struct model_config model = model_config_read("a: yes\nb: NO\nc: Yes \nd: perhaps\ne:\n");
    const struct config *const c = &model.config;
    static const struct { const char *key; bool otherwise_no, otherwise_yes; } cases[] = {
        { "a", true, true }, { "b", false, false }, { "c", true, true }, { "d", false, true }, { "e", false, true },
        { "f", false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(config_yes(c->globals, c->n_globals, cases[i].key, false), cases[i].otherwise_no);
        assert_int_equal(config_yes(c->globals, c->n_globals, cases[i].key, true), cases[i].otherwise_yes);
    }
    model_config_free(&model);
}

static void a_number_is_digits_within_bounds(void **state)
{
    struct model_config model = model_config_read("a: 0\nb: 65535\nc: 65536\nd: 18446744073709551617\ne: 5x\n"
                                                  "f: -1\ng:\nh: 0x10\ni: 0000000000000000000000000000000007\nj: 99\n");
    const struct config *const c = &model.config;
    uint64_t value = 42;

    (void)state;
    assert_true(config_number(c->globals, c->n_globals, "a", 0, &value));
    assert_int_equal(value, 0);
    assert_true(config_number(c->globals, c->n_globals, "b", 65535, &value));
    assert_int_equal(value, 65535);
    assert_true(config_number(c->globals, c->n_globals, "i", 7, &value));
    assert_int_equal(value, 7);
    assert_false(config_number(c->globals, c->n_globals, "j", 4, &value));
    for (const char *key = "cdefghz"; *key; key++)
        assert_false(config_number(c->globals, c->n_globals, (char[]){ *key, 0 }, 65535, &value));
    assert_false(config_number(c->globals, c->n_globals, "d", INT64_MAX, &value));
    assert_int_equal(value, 7);
    model_config_free(&model);
}

static void a_timeout_is_seconds_or_no(void **state)
{
    static const struct { const char *value; uint32_t ms; size_t n_warnings; } cases[] = {
        { "5", 5000, 0 },          { "0", 0, 0 },         { "no", CONFIG_TIMEOUT_NEVER, 0 },
        { "No", CONFIG_TIMEOUT_NEVER, 0 },                { "0.25", 250, 0 },    { ".5", 500, 0 },
        { "1.", 1000, 0 },         { "0.0001", 1, 0 },    { "2.9999", 3000, 0 }, { "0.0000", 0, 0 },
        { "9999", 9999000, 0 },    { "10000", CONFIG_TIMEOUT_MAX_MS, 0 },        { "9999.5", CONFIG_TIMEOUT_MAX_MS, 0 },
        { "99999999999999999999999", CONFIG_TIMEOUT_MAX_MS, 0 },                 { "soon", 0, 1 },
        { "-5", 0, 1 },            { "", 0, 1 },          { "3 s", 3000, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[64];

        snprintf(text, sizeof text, "timeout: %s\n", cases[i].value);

        struct model_config model = model_config_read(text);

        assert_int_equal(config_timeout_ms(&model.config), cases[i].ms);
        assert_int_equal(model.config.n_warnings, cases[i].n_warnings);
        if (cases[i].n_warnings)
            expect_warning(&model.config, 0, CONFIG_NUMBER_INVALID, 1, cases[i].value);
        model_config_free(&model);
    }
}

/* ---- files that are refused ---- */

static void utf_16_is_refused(void **state)
{
    (void)state;
    expect_refused("\xff\xfe" "t\0i\0", 6, CONFIG_UTF16, 0, "");
    expect_refused("\xfe\xff\0t\0i", 6, CONFIG_UTF16, 0, "");
    expect_refused("t\0i\0m\0", 6, CONFIG_UTF16, 0, "");
    expect_refused("\0t\0i\0m", 6, CONFIG_UTF16, 0, "");
}

static void a_file_above_one_mebibyte_is_refused(void **state)
{
    char *const text = malloc(CONFIG_BYTES_MAX + 1);

    (void)state;
    memset(text, 'x', CONFIG_BYTES_MAX + 1);
    assert_int_equal(config_workspace_bytes(text, CONFIG_BYTES_MAX + 1), 0);
    expect_refused(text, CONFIG_BYTES_MAX + 1, CONFIG_TOO_LARGE, 0, "");
    text[5] = ':';

    struct model_config model = model_config_parse(text, CONFIG_BYTES_MAX);

    assert_true(model.parsed);
    assert_int_equal(strlen(config_value(model.config.globals, 1, "xxxxx", 0)), CONFIG_BYTES_MAX - 6);
    model_config_free(&model);
    free(text);
}

static void a_small_workspace_is_refused(void **state)
{
    static const char text[] = "timeout: 3\n${A}=b\n/${A}\npath: x\n";
    const size_t needed = config_workspace_bytes(text, sizeof text - 1);
    struct config config;
    struct config_error error;

    (void)state;
    for (size_t bytes = 0; bytes < needed; bytes += 8) {
        void *const workspace = malloc(bytes);

        assert_false(config_parse(text, sizeof text - 1, workspace, bytes, &config, &error));
        assert_int_equal(error.reason, CONFIG_WORKSPACE);
        free(workspace);
    }
    assert_false(config_parse(text, sizeof text - 1, NULL, needed, &config, &error));
}

static void every_reason_has_words(void **state)
{
    (void)state;
    for (unsigned reason = 0; reason <= CONFIG_REASONS; reason++)
        assert_true(strlen(config_reason_text((enum config_reason)reason)) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_file_is_read),
        cmocka_unit_test(an_empty_file_has_nothing),
        cmocka_unit_test(keys_have_no_case_and_values_keep_theirs),
        cmocka_unit_test(carriage_returns_blanks_and_a_byte_order_mark_are_dropped),
        cmocka_unit_test(a_comment_has_a_line_of_its_own),
        cmocka_unit_test(a_backslash_continues_a_line_but_no_comment),
        cmocka_unit_test(a_line_that_begins_by_a_continuation_may_be_anything),
        cmocka_unit_test(the_first_value_wins_and_repeated_ones_have_an_index),
        cmocka_unit_test(a_global_key_counts_before_the_first_entry_only),
        cmocka_unit_test(bad_memory_may_be_global_and_an_entrys_and_occur_again),
        cmocka_unit_test(in_a_file_that_begins_with_an_entry_everything_is_global),
        cmocka_unit_test(what_means_nothing_is_a_warning_with_its_line),
        cmocka_unit_test(more_warnings_than_are_kept_are_counted),
        cmocka_unit_test(a_nul_byte_ends_the_text),
        cmocka_unit_test(control_characters_are_not_shown),
        cmocka_unit_test(macros_are_replaced_wherever_they_stand),
        cmocka_unit_test(the_last_definition_of_a_macro_counts),
        cmocka_unit_test(many_macros_are_all_found),
        cmocka_unit_test(a_macro_may_use_others),
        cmocka_unit_test(in_a_macro_what_is_no_macro_stays_as_it_is),
        cmocka_unit_test(a_recursive_macro_is_refused_where_it_is_used),
        cmocka_unit_test(a_macro_bomb_is_refused),
        cmocka_unit_test(a_file_may_grow_to_four_times_its_size),
        cmocka_unit_test(an_open_macro_is_refused),
        cmocka_unit_test(entries_are_a_tree),
        cmocka_unit_test(an_entry_without_the_one_above_is_left_out),
        cmocka_unit_test(deep_nesting_ends_at_the_limit),
        cmocka_unit_test(rows_are_those_of_the_menu_as_it_first_appears),
        cmocka_unit_test(entries_for_other_machines_are_hidden),
        cmocka_unit_test(the_default_entry_is_a_row),
        cmocka_unit_test(a_directory_or_a_missing_default_gives_the_first_bootable_one),
        cmocka_unit_test(the_default_entry_is_a_path_of_titles),
        cmocka_unit_test(without_a_bootable_entry_there_is_no_default),
        cmocka_unit_test(yes_and_no_have_a_default),
        cmocka_unit_test(a_number_is_digits_within_bounds),
        cmocka_unit_test(a_timeout_is_seconds_or_no),
        cmocka_unit_test(utf_16_is_refused),
        cmocka_unit_test(a_file_above_one_mebibyte_is_refused),
        cmocka_unit_test(a_small_workspace_is_refused),
        cmocka_unit_test(every_reason_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
