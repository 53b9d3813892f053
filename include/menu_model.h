/*
 * What a boot menu shows: a tree of rows in file order, of which those inside collapsed directories are hidden, and a
 * window of a few lines onto the rest. Pure: efi/menu.c draws it.
 */
#ifndef MENU_MODEL_H
#define MENU_MODEL_H

#include <stdbool.h>
#include <stddef.h>

/* A row belongs to the nearest row before it that is less deep. */
struct menu_row {
    const char *title; /* UTF-8, not NUL-terminated */
    size_t title_bytes;
    unsigned depth;    /* 0: at the top */
    bool directory;    /* has rows of its own, and cannot be booted */
    bool expanded;
};

/* Line numbers count visible rows only. `selected` is a row, and visible; n_rows >= 1. */
struct menu_model {
    struct menu_row *rows; /* the caller's */
    size_t n_rows;
    size_t selected;
    size_t top_line;       /* the first that the window shows */
    size_t window_lines;   /* >= 1 */
};

enum menu_action { MENU_UP, MENU_DOWN, MENU_PAGE_UP, MENU_PAGE_DOWN, MENU_FIRST, MENU_LAST, MENU_OPEN, MENU_CLOSE };

/* What an action changed. */
enum menu_change { MENU_NOTHING, MENU_MOVED, MENU_REDRAW };

/* Selects the row, expands what it is in, and moves the window there. */
void menu_select(struct menu_model *menu, size_t row);

/*
 * Carries an action out. MENU_OPEN expands a directory, MENU_CLOSE collapses it, or goes to the one that the row is in.
 * MENU_MOVED: another row is selected, and the window shows the same lines; MENU_REDRAW: it shows others.
 */
enum menu_change menu_act(struct menu_model *menu, enum menu_action action);

/* The row after `row` that is visible, n_rows if there is none. Starting at n_rows gives the first. */
size_t menu_next_visible(const struct menu_model *menu, size_t row);

/* The row that line `top_line` shows. */
size_t menu_top_row(const struct menu_model *menu);

/* Line of the selected row. */
size_t menu_selected_line(const struct menu_model *menu);

size_t menu_lines(const struct menu_model *menu);

/*
 * How many bytes of UTF-8 fit into so many columns, cut between two characters. Characters of East Asian scripts and
 * pictures take two columns.
 */
size_t menu_cut(const char *text, size_t bytes, size_t columns);

#endif
