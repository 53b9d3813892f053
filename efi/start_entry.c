#include "start.h"
#include "text.h"

/* A kernel of the Limine protocol. Returns only if it fails, which has been printed. */
static EFI_STATUS boot_kernel(struct starter *s, const struct config_entry *entry)
{
    if (secure_boot_on(s->fw))
        return report_failure(s->fw, EFI_SECURITY_VIOLATION,
                              "%s: Secure Boot is on, and kernels cannot be verified yet", entry->title);
    /* LEAD: limine_entry_read() and limine_boot(s->fw, s->info, &s->files, ...) go here. */
    return report_failure(s->fw, EFI_UNSUPPORTED, "%s: no kernel can be loaded yet", entry->title);
}

EFI_STATUS start_entry(struct starter *s, const struct config_entry *entry)
{
    const char *protocol = config_value(entry->options, entry->n_options, "protocol", 0);

    if (!config_bootable(entry) || !protocol)
        return report_failure(s->fw, EFI_NOT_FOUND, "%s: nothing that boots: it has no `protocol'", entry->title);
    log_step(s->fw, "booting `%s' by protocol `%s'", entry->title, protocol);
    if (text_same(protocol, "builtin"))
        return builtin_boot(s->fw, s->info);
    if (text_same(protocol, "limine"))
        return boot_kernel(s, entry);
    return report_failure(s->fw, EFI_UNSUPPORTED, "%s: the protocol `%s' is not supported", entry->title, protocol);
}

