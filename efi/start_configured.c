#include "configuration.h"
#include "menu.h"
#include "start.h"

#define FAILURE_WAIT_MS 30000 /* then the firmware gets its turn, and may have another boot entry */

/* The message of a failure is on the console. False: nobody is there to read it. */
static bool wait_for_menu(const struct firmware *fw)
{
    EFI_INPUT_KEY key;

    firmware_print(fw, "Press any key for the menu (30 s).\n");
    return keyboard_wait(fw, FAILURE_WAIT_MS, &key);
}

/* With `quiet: yes` the time runs without a menu; a key brings it. True: nobody wants it. */
static bool wait_quietly(const struct firmware *fw, uint32_t timeout_ms)
{
    EFI_INPUT_KEY key;

    return !keyboard_wait(fw, timeout_ms == CONFIG_TIMEOUT_NEVER ? KEYBOARD_NO_LIMIT : timeout_ms, &key);
}

/* Boots one entry after the other until one stays, or somebody leaves the menu: then with the last failure. */
static EFI_STATUS boot_from_menu(struct starter *s, const struct config *config)
{
    const struct config_entry *entry = config_default(config);
    uint32_t timeout_ms = config_timeout_ms(config);
    bool menu = !entry || (timeout_ms && !(s->files.quiet && wait_quietly(s->fw, timeout_ms)));
    EFI_STATUS failure = EFI_ABORTED;

    if (!entry || s->files.quiet)
        timeout_ms = CONFIG_TIMEOUT_NEVER;
    for (;;) {
        if (menu) {
            const EFI_STATUS status = menu_choose(s->fw, config, timeout_ms, &entry);

            if (EFI_ERROR(status))
                return status == EFI_ABORTED ? failure : status;
        }
        if (!entry)
            return report_failure(s->fw, EFI_NOT_FOUND, "limine.conf: no entry is for this machine");
        failure = start_entry(s, entry);
        if (!wait_for_menu(s->fw))
            return failure;
        menu = true;
        timeout_ms = CONFIG_TIMEOUT_NEVER;
    }
}

EFI_STATUS start_configured(struct starter *s, const struct start_request *request)
{
    struct configuration configuration;
    EFI_STATUS status = configuration_read(&s->files, request, &configuration);

    if (EFI_ERROR(status))
        return status;
    s->files.quiet = config_yes(configuration.config.globals, configuration.config.n_globals, "quiet", false);
    s->config = &configuration.config;
    s->source = configuration.path;
    if (!configuration.path[0])
        status = start_any(s);
    else if (!configuration.config.first)
        status = start_builtin(s);
    else
        status = boot_from_menu(s, &configuration.config);
    s->config = NULL;
    configuration_free(s->fw, &configuration);
    return status;
}
