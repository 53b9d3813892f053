#include "format.h"
#include "menu.h"
#include "menu_model.h"

enum { COLUMNS_USUAL = 80, ROWS_USUAL = 25 }; /* UEFI 2.10, 12.4 Simple Text Output Protocol: mode 0 */
enum { ROWS_ROOMY = 10, MARGIN_ROWS = 2 };   /* a smaller console is all menu, but for the countdown */

#define TITLE "Polyglot OS loader"
#define HELP "Up, Down: choose   Enter: boot, open or close   Esc: leave"
#define COUNTDOWN_MAX 64
#define INDENT_COLUMNS 2
#define INDENT_MAX 16 /* deeper rows are not moved further */

#define NORMAL EFI_TEXT_ATTR(EFI_LIGHTGRAY, EFI_BLACK)
#define SELECTED EFI_TEXT_ATTR(EFI_BLACK, EFI_LIGHTGRAY)

size_t menu_screen_open(const struct firmware *fw, struct menu_screen *ret)
{
    SIMPLE_TEXT_OUTPUT_INTERFACE *out = fw->system->ConOut;
    UINTN columns = 0, rows = 0;
    bool roomy;

    *ret = (struct menu_screen){ .fw = fw, .columns = COLUMNS_USUAL, .rows = ROWS_USUAL };
    if (out && out->Mode && !EFI_ERROR(out->QueryMode(out, (UINTN)out->Mode->Mode, &columns, &rows)) && columns &&
        rows) {
        ret->columns = columns;
        ret->rows = rows;
    }
    ret->out = out;
    roomy = ret->rows >= ROWS_ROOMY;
    ret->first_row = roomy ? MARGIN_ROWS : 0;
    ret->countdown_row = ret->rows - 1;
    if (out)
        out->EnableCursor(out, FALSE);
    if (roomy)
        return ret->rows - 2 * MARGIN_ROWS - 1;
    return ret->rows > 1 ? ret->rows - 1 : 1;
}

void menu_screen_close(struct menu_screen *screen)
{
    if (!screen->out)
        return;
    screen->out->SetAttribute(screen->out, NORMAL);
    screen->out->ClearScreen(screen->out);
    screen->out->EnableCursor(screen->out, TRUE);
}

/* Text at a place, as much of it as fits. The last column stays free: who writes there may make the console scroll. */
static size_t draw_text(const struct menu_screen *screen, size_t column, size_t row, const char *text, size_t bytes)
{
    if (!screen->out || column + 1 >= screen->columns)
        return 0;
    screen->out->SetCursorPosition(screen->out, column, row);
    bytes = menu_cut(text, bytes, screen->columns - 1 - column);
    firmware_print_bytes(screen->fw, text, bytes);
    return bytes;
}

void menu_draw_row(const struct menu_screen *screen, const struct menu_model *menu, size_t row, size_t line)
{
    const struct menu_row *r = &menu->rows[row];
    const unsigned depth = r->depth < INDENT_MAX ? r->depth : INDENT_MAX;
    const bool selected = row == menu->selected;
    char text[FORMAT_LINE_BYTES * 2];
    size_t n = 0;
    struct buffer_sink buffer = buffer_sink(text, sizeof text, &n);

    print_text(&buffer.sink, selected ? "> " : "  ");
    print_spaces(&buffer.sink, (size_t)depth * INDENT_COLUMNS);
    if (r->directory)
        print_text(&buffer.sink, r->expanded ? "[-] " : "[+] ");
    print_bytes(&buffer.sink, r->title, r->title_bytes);
    if (screen->out)
        screen->out->SetAttribute(screen->out, selected ? SELECTED : NORMAL);
    draw_text(screen, 0, screen->first_row + (line - menu->top_line), text, n);
    if (screen->out && selected)
        screen->out->SetAttribute(screen->out, NORMAL);
}

void menu_draw(const struct menu_screen *screen, const struct menu_model *menu)
{
    size_t row = menu_top_row(menu);

    if (!screen->out)
        return;
    screen->out->SetAttribute(screen->out, NORMAL);
    screen->out->ClearScreen(screen->out);
    if (screen->first_row) {
        draw_text(screen, 0, 0, TITLE, sizeof TITLE - 1);
        draw_text(screen, 0, screen->rows - MARGIN_ROWS, HELP, sizeof HELP - 1);
    }
    for (size_t line = 0; line < menu->window_lines && row < menu->n_rows; line++) {
        menu_draw_row(screen, menu, row, menu->top_line + line);
        row = menu_next_visible(menu, row);
    }
}

void menu_draw_countdown(struct menu_screen *screen, uint32_t seconds)
{
    char text[COUNTDOWN_MAX];
    size_t n;
    struct buffer_sink buffer = buffer_sink(text, sizeof text, &n);

    print_format(&buffer.sink, "Booting in %u s. Any key stops this. ", (unsigned)seconds);
    screen->countdown_columns = draw_text(screen, 0, screen->countdown_row, text, n);
}

void menu_clear_countdown(struct menu_screen *screen)
{
    static const char blanks[COUNTDOWN_MAX + 1] = "                                                                ";

    draw_text(screen, 0, screen->countdown_row, blanks, screen->countdown_columns);
    screen->countdown_columns = 0;
}
