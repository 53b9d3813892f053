#include "menu.h"

#include "menu_model.h"
#include "text.h"

#define SECOND_MS 1000

struct menu {
    const struct firmware *fw;
    const struct config_entry **entries; /* of each row */
    struct menu_model model;
    struct menu_screen screen;
};

static unsigned depth_of(const struct config_entry *entry)
{
    unsigned depth = 0;

    while ((entry = entry->parent))
        depth++;
    return depth;
}

/* A row for each entry that is not hidden; they lie in the order of the file, so the tree stays as it is. */
static void make_rows(const struct config *config, struct menu *menu)
{
    for (size_t i = 0; i < config->n_entries; i++) {
        const struct config_entry *entry = &config->entries[i];

        if (entry->hidden)
            continue;
        menu->entries[menu->model.n_rows] = entry;
        menu->model.rows[menu->model.n_rows++] = (struct menu_row){
            .title = entry->title,
            .title_bytes = text_bytes(entry->title),
            .depth = depth_of(entry),
            .directory = entry->first_child != NULL,
            .expanded = entry->expanded,
        };
    }
}

/* Rows and what they stand for, in one block. */
static EFI_STATUS allocate_rows(const struct firmware *fw, const struct config *config, struct menu *menu)
{
    const size_t bytes = config->n_entries * (sizeof *menu->model.rows + sizeof *menu->entries);
    const EFI_STATUS status = fw->boot->AllocatePool(EfiLoaderData, bytes, (void **)&menu->model.rows);

    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot allocate %lS for the menu: %s", (uint64_t)bytes, status_name(status));
    menu->entries = (const struct config_entry **)(void *)(menu->model.rows + config->n_entries);
    return EFI_SUCCESS;
}

static void preselect(struct menu *menu, const struct config_entry *entry)
{
    size_t row = 0;

    for (size_t i = 0; i < menu->model.n_rows; i++)
        if (menu->entries[i] == entry)
            row = i;
    menu_select(&menu->model, row);
}

/* Waits for the first key while the seconds go by. False: nobody pressed one. */
static bool count_down(struct menu *menu, uint32_t timeout_ms, EFI_INPUT_KEY *ret_key)
{
    bool pressed = false;

    while (timeout_ms && !pressed) {
        const uint32_t step = timeout_ms % SECOND_MS ? timeout_ms % SECOND_MS : SECOND_MS;

        menu_draw_countdown(&menu->screen, (timeout_ms + SECOND_MS - 1) / SECOND_MS);
        pressed = keyboard_wait(menu->fw, step, ret_key);
        timeout_ms -= step;
    }
    if (pressed)
        menu_clear_countdown(&menu->screen);
    return pressed;
}

static void act(struct menu *menu, enum menu_action action)
{
    const size_t old_row = menu->model.selected, old_line = menu_selected_line(&menu->model);

    switch (menu_act(&menu->model, action)) {
    case MENU_MOVED:
        menu_draw_row(&menu->screen, &menu->model, old_row, old_line);
        menu_draw_row(&menu->screen, &menu->model, menu->model.selected, menu_selected_line(&menu->model));
        break;
    case MENU_REDRAW:
        menu_draw(&menu->screen, &menu->model);
        break;
    case MENU_NOTHING:
        break;
    }
}

/* Enter. True: the selected row is to boot. */
static bool enter(struct menu *menu)
{
    const struct menu_row *row = &menu->model.rows[menu->model.selected];

    if (row->directory)
        act(menu, row->expanded ? MENU_CLOSE : MENU_OPEN);
    return !row->directory;
}

/* UEFI 2.10, 12.1.1 EFI_SIMPLE_TEXT_INPUT: scan codes. */
static bool action_of(const EFI_INPUT_KEY *key, enum menu_action *ret)
{
    static const struct {
        UINT16 scan_code;
        enum menu_action action;
    } actions[] = {
        { SCAN_UP, MENU_UP },           { SCAN_DOWN, MENU_DOWN },           { SCAN_RIGHT, MENU_OPEN },
        { SCAN_LEFT, MENU_CLOSE },      { SCAN_HOME, MENU_FIRST },          { SCAN_END, MENU_LAST },
        { SCAN_PAGE_UP, MENU_PAGE_UP }, { SCAN_PAGE_DOWN, MENU_PAGE_DOWN },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++)
        if (actions[i].scan_code == key->ScanCode) {
            *ret = actions[i].action;
            return true;
        }
    return false;
}

/* Does what keys say, the first of which has been read, until one ends the menu. */
static EFI_STATUS obey_keys(struct menu *menu, EFI_INPUT_KEY key)
{
    for (;;) {
        enum menu_action action;

        if (key.ScanCode == SCAN_ESC)
            return EFI_ABORTED;
        if ((key.UnicodeChar == '\r' || key.UnicodeChar == '\n') && enter(menu))
            return EFI_SUCCESS;
        if (action_of(&key, &action))
            act(menu, action);
        if (!keyboard_wait(menu->fw, KEYBOARD_NO_LIMIT, &key))
            return EFI_SUCCESS; /* the keyboard is broken: nobody else will choose */
    }
}

static EFI_STATUS run(struct menu *menu, uint32_t timeout_ms)
{
    EFI_INPUT_KEY key;
    bool pressed;

    menu->model.window_lines = menu_screen_open(menu->fw, &menu->screen);
    menu_select(&menu->model, menu->model.selected); /* now that the window has a size */
    menu_draw(&menu->screen, &menu->model);
    if (timeout_ms == CONFIG_TIMEOUT_NEVER)
        pressed = keyboard_wait(menu->fw, KEYBOARD_NO_LIMIT, &key);
    else
        pressed = count_down(menu, timeout_ms, &key);

    const EFI_STATUS status = pressed ? obey_keys(menu, key) : EFI_SUCCESS;

    menu_screen_close(&menu->screen);
    return status;
}

EFI_STATUS menu_choose(const struct firmware *fw, const struct config *config, uint32_t timeout_ms,
                       const struct config_entry **entry)
{
    struct menu menu = { .fw = fw, .model.window_lines = 1 };
    EFI_STATUS status = allocate_rows(fw, config, &menu);

    if (EFI_ERROR(status))
        return status;
    make_rows(config, &menu);
    if (menu.model.n_rows) {
        preselect(&menu, *entry);
        status = run(&menu, timeout_ms);
        if (!EFI_ERROR(status))
            *entry = menu.entries[menu.model.selected];
    }
    fw->boot->FreePool(menu.model.rows);
    return status;
}
