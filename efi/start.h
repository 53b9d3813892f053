/* What the loader was asked to start, and the decision. Private to efi/. */
#ifndef START_H
#define START_H

#include "config.h"
#include "files/files.h"
#include "firmware.h"

enum start_kind {
    START_CONFIGURATION, /* nothing was said, or `boot`: limine.conf, a kernel file, or the built-in kernel */
    START_BUILTIN,       /* `selftest`, or option words: they are for the built-in kernel */
    START_FILE,          /* `boot FILE [COMMAND LINE]` */
    START_COMMAND        /* nothing: a command of efi/commands/ is to be run */
};

struct start_request {
    enum start_kind kind;
    /* START_FILE */
    EFI_HANDLE volume;        /* where the file is; NULL: on the volume that the image came from */
    char path[FILE_PATH_MAX]; /* UTF-8; relative to the image's directory unless it begins with a slash or backslash */
    char *command_line;       /* UTF-8; NULL: none. From the firmware's pool */
    /* START_COMMAND */
    size_t command_at; /* of its name: index in the shell's words, or offset in LoadOptions; see command_start() */
    /* An SMBIOS string that stands for limine.conf, in the firmware's memory; NULL: none */
    const char *configuration;
};

/*
 * arguments.c: what was asked for by the shell, by LoadOptions, by SMBIOS: options into info->options, the rest into
 * *ret. EFI_INVALID_PARAMETER: a bad shell word, which has been named. arguments_free() gives back what *ret holds.
 */
MUST_CHECK EFI_STATUS arguments_read(const struct firmware *fw, struct boot_info *info, struct start_request *ret);
void arguments_free(const struct firmware *fw, struct start_request *request);

/*
 * shell_path.c: a path as typed in the EFI shell (`FS0:\kernel.elf`, or relative to the current directory) to a volume
 * and a path on it. Without a shell's help, or if it knows no such place, the path as it stands, and no volume.
 * False: it does not fit.
 */
bool path_has_resource(const char *path); /* `hdd(1:2):/kernel.elf`: it says where it lies, and is taken as it stands */
MUST_CHECK bool shell_path_resolve(const struct firmware *fw, const CHAR16 *typed, struct start_request *ret);

/*
 * start.c: decides what to start, and starts it. Returns only on failure, which has been printed, with EFI_ABORTED, or
 * when a command has come to its end.
 */
MUST_CHECK EFI_STATUS start(struct firmware *fw, struct boot_info *info, const struct start_request *request);

/* What the steps of it need. */
struct starter {
    struct firmware *fw;
    struct boot_info *info;
    struct files files;
    const struct config *config; /* NULL: none has been read */
    const char *source; /* of the entries, for messages: the configuration's path */
};

/*
 * bad_memory.c: the frames that `bad_memory:` names, of the configuration and of the entry (NULL: none), and the option
 * words. Those that are free it takes from the firmware, so that nobody gets them; these, and what boot services hold,
 * it claims in info->claims. What the firmware keeps for good stays as it is, with a warning.
 *
 * ret   for bad_memory_release(), which gives everything back, whenever this has succeeded.
 *
 * Returns EFI_LOAD_ERROR for a value that is no list of ranges, EFI_DEVICE_ERROR if this program's own image lies there,
 * EFI_OUT_OF_RESOURCES. An error has been printed, and nothing is taken.
 */
struct bad_memory {
    size_t first, n_taken; /* of the claims */
};
MUST_CHECK EFI_STATUS bad_memory_take(const struct starter *s, const struct config_entry *entry,
                                      struct bad_memory *ret);
void bad_memory_release(const struct starter *s, const struct bad_memory *taken);

/* start_configured.c: by limine.conf, if there is one, with a menu if it wants one; else as start_any(). */
MUST_CHECK EFI_STATUS start_configured(struct starter *s, const struct start_request *request);
/* Without limine.conf: a kernel file on the image's volume, or the built-in kernel. */
MUST_CHECK EFI_STATUS start_any(struct starter *s);

/* start_entry.c: an entry of a configuration. Returns only if it fails, which has been printed. */
MUST_CHECK EFI_STATUS start_entry(struct starter *s, const struct config_entry *entry);
/* The built-in kernel, without an entry. */
MUST_CHECK EFI_STATUS start_builtin(struct starter *s);

/* builtin.c: starts the built-in kernel. Returns only if it fails, and then with everything given back. */
MUST_CHECK EFI_STATUS builtin_boot(struct firmware *fw, struct boot_info *info);

/* secure_boot.c: whether the firmware verifies what it starts (UEFI 2.10, 3.3 Globally Defined Variables). */
bool secure_boot_on(const struct firmware *fw);

#endif
