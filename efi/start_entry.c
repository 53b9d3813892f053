#include "limine/limine.h"
#include "start.h"

/* A kernel of the Limine protocol. Returns only if it fails, which has been printed. */
static EFI_STATUS boot_kernel(struct starter *s, const struct limine_entry *entry)
{
    if (secure_boot_on(s->fw))
        return report_failure(s->fw, EFI_SECURITY_VIOLATION,
                              "%s: Secure Boot is on, and kernels cannot be verified yet", entry->path);
    return limine_boot(s->fw, s->info, &s->files, entry);
}

/* The built-in kernel, in the mode that the entry wants unless the machine's user wants another. */
static EFI_STATUS boot_builtin(struct starter *s, const struct limine_entry *entry)
{
    struct options *options = &s->info->options;
    const struct options before = *options;
    EFI_STATUS status;

    if (!options->width_px && entry->resolution.width) {
        options->width_px = entry->resolution.width;
        options->height_px = entry->resolution.height;
    }
    status = builtin_boot(s->fw, s->info);
    *options = before;
    return status;
}

/* Without bad memory. entry, read: NULL for the built-in kernel without an entry. */
static EFI_STATUS boot(struct starter *s, const struct config_entry *entry, const struct limine_entry *read)
{
    struct bad_memory taken;
    EFI_STATUS status = bad_memory_take(s, entry, &taken);

    if (EFI_ERROR(status))
        return status;
    if (!read)
        status = builtin_boot(s->fw, s->info);
    else
        status = read->protocol == LIMINE_PROTOCOL_LIMINE ? boot_kernel(s, read) : boot_builtin(s, read);
    bad_memory_release(s, &taken);
    return status;
}

static void log_warnings(const struct starter *s, const struct limine_entry *entry)
{
    for (size_t i = 0; i < entry->n_warnings; i++) {
        const struct limine_entry_error *w = &entry->warnings[i];

        log_step(s->fw, "%s:%u: %s: `%s: %s'", s->source, (unsigned)w->line, limine_entry_reason_text(w->reason),
                 w->key, w->value);
    }
}

static EFI_STATUS refuse(const struct starter *s, const struct config_entry *entry,
                         const struct limine_entry_error *error)
{
    const char *reason = limine_entry_reason_text(error->reason);

    if (!error->value[0])
        return report_failure(s->fw, EFI_LOAD_ERROR, "%s:%u: %s: %s", s->source, (unsigned)error->line, entry->title,
                              reason);
    return report_failure(s->fw, EFI_LOAD_ERROR, "%s:%u: %s: %s: `%s: %s'", s->source, (unsigned)error->line,
                          entry->title, reason, error->key, error->value);
}

EFI_STATUS start_entry(struct starter *s, const struct config_entry *entry)
{
    struct limine_entry_error error;
    struct limine_entry read;

    if (!limine_entry_read(entry, &read, &error))
        return refuse(s, entry, &error);
    log_step(s->fw, "booting `%s' by protocol `%s'", read.title, read.protocol_name);
    log_warnings(s, &read);
    if (read.protocol != LIMINE_PROTOCOL_BUILTIN && read.protocol != LIMINE_PROTOCOL_LIMINE)
        return report_failure(s->fw, EFI_UNSUPPORTED, "%s: the protocol `%s' is not supported", read.title,
                              read.protocol_name);
    return boot(s, entry, &read);
}

EFI_STATUS start_builtin(struct starter *s) { return boot(s, NULL, NULL); }
