#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "menu_model.h"

/*
 * 0 first
 * 1 systems (directory, collapsed)
 * 2     old (directory, expanded)
 * 3         ancient
 * 4     new
 * 5 last
 */
#define TREE                                                                                                           \
    {                                                                                                                  \
        { .title = "first" }, { .title = "systems", .directory = true },                                              \
            { .title = "old", .depth = 1, .directory = true, .expanded = true }, { .title = "ancient", .depth = 2 },   \
            { .title = "new", .depth = 1 }, { .title = "last" },                                                      \
    }

static void what_is_inside_a_collapsed_directory_is_hidden(void **state)
{
    struct menu_row rows[] = TREE;
    struct menu_model menu = { .rows = rows, .n_rows = ARRAY_LENGTH(rows), .window_lines = 10 };

    (void)state;
    assert_int_equal(menu_lines(&menu), 3);
    assert_int_equal(menu_next_visible(&menu, menu.n_rows), 0);
    assert_int_equal(menu_next_visible(&menu, 1), 5);
    assert_int_equal(menu_next_visible(&menu, 5), 6);
    rows[1].expanded = true;
    assert_int_equal(menu_lines(&menu), 6);
    rows[2].expanded = false;
    assert_int_equal(menu_lines(&menu), 5);
    assert_int_equal(menu_next_visible(&menu, 2), 4);
}

static void arrows_stop_at_both_ends(void **state)
{
    struct menu_row rows[] = TREE;
    struct menu_model menu = { .rows = rows, .n_rows = ARRAY_LENGTH(rows), .window_lines = 10 };

    (void)state;
    assert_int_equal(menu_act(&menu, MENU_UP), MENU_NOTHING);
    assert_int_equal(menu_act(&menu, MENU_DOWN), MENU_MOVED);
    assert_int_equal(menu.selected, 1);
    assert_int_equal(menu_act(&menu, MENU_DOWN), MENU_MOVED);
    assert_int_equal(menu.selected, 5);
    assert_int_equal(menu_act(&menu, MENU_DOWN), MENU_NOTHING);
    assert_int_equal(menu_act(&menu, MENU_FIRST), MENU_MOVED);
    assert_int_equal(menu.selected, 0);
    assert_int_equal(menu_act(&menu, MENU_LAST), MENU_MOVED);
    assert_int_equal(menu.selected, 5);
}

static void directories_open_and_close(void **state)
{
    struct menu_row rows[] = TREE;
    struct menu_model menu = { .rows = rows, .n_rows = ARRAY_LENGTH(rows), .window_lines = 10, .selected = 1 };

    (void)state;
    assert_int_equal(menu_act(&menu, MENU_OPEN), MENU_REDRAW);
    assert_int_equal(menu_act(&menu, MENU_OPEN), MENU_NOTHING);
    assert_int_equal(menu_lines(&menu), 6);
    menu_select(&menu, 3);
    assert_int_equal(menu_act(&menu, MENU_OPEN), MENU_NOTHING);
    assert_int_equal(menu_act(&menu, MENU_CLOSE), MENU_MOVED); /* to where it is in */
    assert_int_equal(menu.selected, 2);
    assert_int_equal(menu_act(&menu, MENU_CLOSE), MENU_REDRAW);
    assert_int_equal(menu_act(&menu, MENU_CLOSE), MENU_MOVED);
    assert_int_equal(menu.selected, 1);
    assert_int_equal(menu_act(&menu, MENU_CLOSE), MENU_REDRAW);
    assert_int_equal(menu_act(&menu, MENU_CLOSE), MENU_NOTHING);
    assert_int_equal(menu_lines(&menu), 3);
}

static void selecting_a_hidden_row_expands_what_it_is_in(void **state)
{
    struct menu_row rows[] = TREE;
    struct menu_model menu = { .rows = rows, .n_rows = ARRAY_LENGTH(rows), .window_lines = 2 };

    (void)state;
    rows[2].expanded = false;
    menu_select(&menu, 3);
    assert_true(rows[1].expanded && rows[2].expanded);
    assert_int_equal(menu_selected_line(&menu), 3);
    assert_int_equal(menu.top_line, 2);
    assert_int_equal(menu_top_row(&menu), 2);
}

static void the_window_follows_the_selection(void **state)
{
    struct menu_row rows[9] = { 0 };
    struct menu_model menu = { .rows = rows, .n_rows = ARRAY_LENGTH(rows), .window_lines = 3 };

    (void)state;
    assert_int_equal(menu_act(&menu, MENU_DOWN), MENU_MOVED);
    assert_int_equal(menu_act(&menu, MENU_DOWN), MENU_MOVED);
    assert_int_equal(menu_act(&menu, MENU_DOWN), MENU_REDRAW);
    assert_int_equal(menu.top_line, 1);
    assert_int_equal(menu_act(&menu, MENU_PAGE_DOWN), MENU_REDRAW);
    assert_int_equal(menu.selected, 6);
    assert_int_equal(menu_act(&menu, MENU_PAGE_DOWN), MENU_REDRAW);
    assert_int_equal(menu.selected, 8);
    assert_int_equal(menu.top_line, 6);
    assert_int_equal(menu_act(&menu, MENU_PAGE_UP), MENU_REDRAW);
    assert_int_equal(menu.selected, 5);
    assert_int_equal(menu.top_line, 5);
    assert_int_equal(menu_act(&menu, MENU_UP), MENU_REDRAW);
    assert_int_equal(menu_act(&menu, MENU_PAGE_UP), MENU_REDRAW);
    assert_int_equal(menu_act(&menu, MENU_PAGE_UP), MENU_REDRAW);
    assert_int_equal(menu.selected, 0);
    assert_int_equal(menu_act(&menu, MENU_PAGE_UP), MENU_NOTHING);
}

/* Trees and keys at random: the selected row stays visible, and the window full. */
static void the_selection_is_always_inside_the_window(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 300; round++) {
        struct menu_row rows[24] = { 0 };
        struct menu_model menu = { .rows = rows, .n_rows = 1 + (size_t)rand() % ARRAY_LENGTH(rows),
                                   .window_lines = 1 + (size_t)rand() % 6 };

        for (size_t i = 1; i < menu.n_rows; i++) {
            rows[i].depth = (unsigned)rand() % (rows[i - 1].depth + 2);
            rows[i - 1].directory = rows[i].depth > rows[i - 1].depth;
            rows[i - 1].expanded = rand() % 2;
        }
        menu_select(&menu, (size_t)rand() % menu.n_rows);
        for (unsigned step = 0; step < 100; step++) {
            const size_t old_top = menu.top_line, old_lines = menu_lines(&menu);
            const enum menu_change change = menu_act(&menu, (enum menu_action)(rand() % (MENU_CLOSE + 1)));
            const size_t line = menu_selected_line(&menu), lines = menu_lines(&menu);
            bool visible = false;

            for (size_t row = menu.n_rows; (row = menu_next_visible(&menu, row)) < menu.n_rows;)
                visible = visible || row == menu.selected;
            assert_true(visible);
            assert_true(line >= menu.top_line && line - menu.top_line < menu.window_lines);
            assert_true(menu.top_line + menu.window_lines <= lines || menu.top_line == 0);
            assert_true(change == MENU_REDRAW || (menu.top_line == old_top && lines == old_lines));
        }
    }
}

static void titles_are_cut_between_characters_and_by_columns(void **state)
{
    (void)state;
    assert_int_equal(menu_cut("abc", 3, 10), 3);
    assert_int_equal(menu_cut("abc", 3, 3), 3);
    assert_int_equal(menu_cut("abc", 3, 2), 2);
    assert_int_equal(menu_cut("abc", 3, 0), 0);
    assert_int_equal(menu_cut("", 0, 5), 0);
    assert_int_equal(menu_cut("a\xc3\xa9z", 4, 2), 3);
    assert_int_equal(menu_cut("\xe6\x97\xa5\xe6\x9c\xac", 6, 3), 3); /* two of two columns each */
    assert_int_equal(menu_cut("\xe6\x97", 2, 3), 0);                  /* half a character */
    assert_int_equal(menu_cut("\xff\xff", 2, 1), 1);                  /* none at all: shown as one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_inside_a_collapsed_directory_is_hidden),
        cmocka_unit_test(arrows_stop_at_both_ends),
        cmocka_unit_test(directories_open_and_close),
        cmocka_unit_test(selecting_a_hidden_row_expands_what_it_is_in),
        cmocka_unit_test(the_window_follows_the_selection),
        cmocka_unit_test(the_selection_is_always_inside_the_window),
        cmocka_unit_test(titles_are_cut_between_characters_and_by_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
