/* The boot menu, on the firmware's console. Private to efi/. */
#ifndef MENU_H
#define MENU_H

#include "config.h"
#include "firmware.h"

/*
 * Shows the configuration's entries and lets somebody choose.
 *
 * timeout_ms   so long until the preselected entry is taken, unless a key comes; CONFIG_TIMEOUT_NEVER: for ever.
 *              Without a keyboard nobody could choose: then for ever is at once.
 * entry        in: preselected (NULL: the first), out: chosen; unchanged on failure
 *
 * Returns EFI_SUCCESS, EFI_ABORTED (Esc), or EFI_OUT_OF_RESOURCES, which has been printed. The screen is clear then.
 */
MUST_CHECK EFI_STATUS menu_choose(const struct firmware *fw, const struct config *config, uint32_t timeout_ms,
                                  const struct config_entry **entry);

/* menu_draw.c: the screen of one menu. */
struct menu_screen {
    const struct firmware *fw;
    SIMPLE_TEXT_OUTPUT_INTERFACE *out; /* NULL: there is no console */
    size_t columns, rows;              /* of the console */
    size_t first_row;                  /* of the window; its height is in the model */
    size_t countdown_row;
    size_t countdown_columns;          /* written there now */
};
struct menu_model;

/* Takes the console, and tells how many lines the menu's window has. */
size_t menu_screen_open(const struct firmware *fw, struct menu_screen *ret);
void menu_screen_close(struct menu_screen *screen);

void menu_draw(const struct menu_screen *screen, const struct menu_model *menu);
/* Draws one row that the window shows. */
void menu_draw_row(const struct menu_screen *screen, const struct menu_model *menu, size_t row, size_t line);
/* Seconds that are left, or nothing. */
void menu_draw_countdown(struct menu_screen *screen, uint32_t seconds);
void menu_clear_countdown(struct menu_screen *screen);

#endif
