#include "menu_model.h"

#include "utf8.h"

size_t menu_next_visible(const struct menu_model *menu, size_t row)
{
    if (row >= menu->n_rows)
        return 0;

    const struct menu_row *from = &menu->rows[row];
    size_t next = row + 1;

    if (from->directory && !from->expanded)
        while (next < menu->n_rows && menu->rows[next].depth > from->depth)
            next++;
    return next;
}

/* The line of a row that is visible. */
static size_t line_of(const struct menu_model *menu, size_t row)
{
    size_t line = 0;

    for (size_t at = 0; at < row; at = menu_next_visible(menu, at))
        line++;
    return line;
}

static size_t row_at(const struct menu_model *menu, size_t line)
{
    size_t row = 0;

    while (line--) {
        const size_t next = menu_next_visible(menu, row);

        if (next == menu->n_rows)
            break;
        row = next;
    }
    return row;
}

size_t menu_top_row(const struct menu_model *menu)
{
    return row_at(menu, menu->top_line);
}

size_t menu_selected_line(const struct menu_model *menu)
{
    return line_of(menu, menu->selected);
}

size_t menu_lines(const struct menu_model *menu)
{
    return line_of(menu, menu->n_rows);
}

/* The directory that a row is in, or the row itself at the top. */
static size_t parent_of(const struct menu_model *menu, size_t row)
{
    const unsigned depth = menu->rows[row].depth;

    for (size_t at = row; at-- > 0;)
        if (menu->rows[at].depth < depth)
            return at;
    return row;
}

/* Moves the window as little as shows the selected row, and leaves no line empty that could show a row. */
static bool scroll(struct menu_model *menu)
{
    const size_t before = menu->top_line, line = menu_selected_line(menu), lines = menu_lines(menu);

    if (menu->top_line + menu->window_lines > lines)
        menu->top_line = lines > menu->window_lines ? lines - menu->window_lines : 0;
    if (line < menu->top_line)
        menu->top_line = line;
    if (line - menu->top_line >= menu->window_lines)
        menu->top_line = line - menu->window_lines + 1;
    return menu->top_line != before;
}

void menu_select(struct menu_model *menu, size_t row)
{
    for (size_t at = row, parent; (parent = parent_of(menu, at)) != at; at = parent)
        menu->rows[parent].expanded = true;
    menu->selected = row;
    scroll(menu);
}

static enum menu_change move_to(struct menu_model *menu, size_t row)
{
    if (row == menu->selected)
        return MENU_NOTHING;
    menu->selected = row;
    return scroll(menu) ? MENU_REDRAW : MENU_MOVED;
}

static enum menu_change open_row(struct menu_model *menu)
{
    struct menu_row *row = &menu->rows[menu->selected];

    if (!row->directory || row->expanded)
        return MENU_NOTHING;
    row->expanded = true;
    scroll(menu);
    return MENU_REDRAW;
}

static enum menu_change close_row(struct menu_model *menu)
{
    struct menu_row *row = &menu->rows[menu->selected];

    if (!row->directory || !row->expanded)
        return move_to(menu, parent_of(menu, menu->selected));
    row->expanded = false;
    scroll(menu);
    return MENU_REDRAW;
}

enum menu_change menu_act(struct menu_model *menu, enum menu_action action)
{
    const size_t line = menu_selected_line(menu), page = menu->window_lines;

    switch (action) {
    case MENU_UP:
        return move_to(menu, row_at(menu, line ? line - 1 : 0));
    case MENU_DOWN:
        return move_to(menu, row_at(menu, line + 1));
    case MENU_PAGE_UP:
        return move_to(menu, row_at(menu, line > page ? line - page : 0));
    case MENU_PAGE_DOWN:
        return move_to(menu, row_at(menu, line + page));
    case MENU_FIRST:
        return move_to(menu, 0);
    case MENU_LAST:
        return move_to(menu, row_at(menu, menu_lines(menu)));
    case MENU_OPEN:
        return open_row(menu);
    case MENU_CLOSE:
        return close_row(menu);
    }
    return MENU_NOTHING;
}

/* Where Unicode Standard Annex #11 (East Asian Width) has its wide characters, coarsely. */
static size_t columns_of(uint32_t code)
{
    const bool wide = (code >= 0x1100 && code < 0x1160) || (code >= 0x2e80 && code < 0xa4d0) ||
                      (code >= 0xac00 && code < 0xd7a4) || (code >= 0xf900 && code < 0xfb00) ||
                      (code >= 0xfe30 && code < 0xfe70) || (code >= 0xff00 && code < 0xff61) || code >= 0x10000;

    return wide ? 2 : 1;
}

size_t menu_cut(const char *text, size_t bytes, size_t columns)
{
    struct utf8_decoder decoder = { 0 };
    uint32_t codes[UTF8_CODES_MAX];
    size_t used = 0, end = 0;

    for (size_t i = 0; i < bytes; i++) {
        const unsigned n = utf8_decode(&decoder, (uint8_t)text[i], codes);

        for (unsigned k = 0; k < n; k++)
            used += columns_of(codes[k]);
        if (used > columns)
            break;
        if (n)
            end = i + 1;
    }
    return end;
}
