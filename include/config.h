/*
 * limine.conf: text to a tree of menu entries with their options. Pure.
 *
 * The format is Limine's (CONFIG.md of its releases 8 to 12): `key: value` lines, `/Title` opens an entry, `//Title`
 * one inside the entry above, `/+Title` a directory that is shown open, `#` begins a line of comment, `${NAME}=text`
 * defines a macro for the whole file. Blanks around a line, carriage returns and a byte order mark are dropped; a
 * backslash at the end of a line continues it. What comes before the first entry is global; in a file whose very first
 * line opens an entry, everything is, as well as part of its entry.
 *
 * What Limine takes is taken. Beyond it: a macro may be used in the text of another. What means nothing to us never
 * stops a boot: it is a warning with its line.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

#define CONFIG_BYTES_MAX (1u << 20) /* longer files are refused: read no more than one byte beyond */
#define CONFIG_DEPTH_MAX 64         /* levels of entries */
#define CONFIG_WARNINGS_MAX 32      /* kept; all are counted */
#define CONFIG_ALIGNMENT 8          /* of the workspace, in bytes: what AllocatePool() gives */
#define CONFIG_SHOWN_MAX 64         /* bytes of an offending value that are kept, with the terminator */

enum config_reason {
    CONFIG_OK,
    /* the file is refused */
    CONFIG_TOO_LARGE,         /* more than CONFIG_BYTES_MAX */
    CONFIG_UTF16,             /* the file is UTF-16 */
    CONFIG_MACRO_OPEN,        /* ${ without } in its line */
    CONFIG_MACRO_RECURSIVE,   /* a macro whose text leads to itself, or through too many others */
    CONFIG_MACRO_TOO_LARGE,   /* macros make the text longer than the format allows (4 times, and some) */
    CONFIG_WORKSPACE,         /* the workspace is smaller than config_workspace_bytes() */
    /* warnings */
    CONFIG_ENDS_AT_NUL,       /* a NUL byte: what comes after it is not read */
    CONFIG_MACRO_UNDEFINED,   /* stands for nothing */
    CONFIG_LINE_MEANINGLESS,  /* neither entry nor option, comment nor macro */
    CONFIG_KEY_UNKNOWN,       /* no version of the format has it */
    CONFIG_KEY_MISPLACED,     /* a global key inside an entry, or the reverse: without effect */
    CONFIG_ENTRY_ORPHAN,      /* the entry that it would be in is missing: left out */
    CONFIG_ENTRY_TOO_DEEP,    /* more than CONFIG_DEPTH_MAX slashes: left out */
    CONFIG_ENTRY_UNTITLED,
    CONFIG_NUMBER_INVALID,    /* timeout */
    CONFIG_REASONS
};

/* Why a file is refused, or a warning about it. */
struct config_error {
    enum config_reason reason;
    uint32_t line;                /* 1-based; 0: the whole file */
    char value[CONFIG_SHOWN_MAX]; /* what is wrong, cut, without control characters; "" if that says nothing */
};

/* A few words of plain English, lower case, without the value. */
const char *config_reason_text(enum config_reason reason);

struct config_option {
    const char *key;   /* lower case */
    const char *value; /* blanks around it dropped, macros replaced; may be "" */
    uint32_t line;
};

struct config_entry {
    const char *title;
    struct config_entry *parent, *first_child, *next;
    const struct config_option *options; /* in the order of the file; the same key may occur again */
    size_t n_options;
    const char *comment; /* NULL: none */
    uint32_t line;
    uint32_t index; /* row in the menu as it first appears, 1-based, as default_entry counts; 0: in no row */
    bool expanded;  /* its children have rows from the beginning */
    bool hidden;    /* not for this machine (if_fw_type, if_arch, a BIOS protocol), or in an entry that is not */
};

/* All pointers lead into the workspace. */
struct config {
    struct config_entry *first; /* NULL: global keys alone */
    struct config_entry *entries; /* the same ones in the order of the file, children after their parent */
    size_t n_entries;
    const struct config_option *globals; /* where everything is global: the options of all entries */
    size_t n_globals;
    const struct config_error *warnings; /* in the order found */
    size_t n_warnings; /* all; the first CONFIG_WARNINGS_MAX are kept */
};

/* How much memory parsing this text takes; 0 for a text that is refused before memory is needed. */
size_t config_workspace_bytes(const char *text, size_t bytes);

/*
 * Parses a file's content. The text may hold anything and is not kept; the workspace belongs to the result until
 * the caller is done with it. False: *ret_error says why, and *ret is empty. Takes time linear in the text
 * but for sorting its macros.
 */
MUST_CHECK bool config_parse(const char *text, size_t bytes, void *workspace, size_t workspace_bytes,
                             struct config *ret, struct config_error *ret_error);

/* Value of the index-th (0-based) occurrence of a key (lower case) among n options, or NULL. */
const char *config_value(const struct config_option *options, size_t n, const char *key, size_t index);

/* The option itself, for its line; NULL: absent. */
const struct config_option *config_option(const struct config_option *options, size_t n, const char *key, size_t index);

/* True for `yes`, false for `no`, in any case; `otherwise` for an absent key and any other value. */
bool config_yes(const struct config_option *options, size_t n, const char *key, bool otherwise);

/* A decimal number, digits alone, at most max (<= INT64_MAX). False: the key is absent, or its value something else. */
bool config_number(const struct config_option *options, size_t n, const char *key, uint64_t max, uint64_t *ret);

#define CONFIG_TIMEOUT_NEVER UINT32_MAX /* `timeout: no`: wait for the user */
#define CONFIG_TIMEOUT_DEFAULT_MS 5000
#define CONFIG_TIMEOUT_MAX_MS 9999000

/*
 * How long the menu waits, in milliseconds; 0: boot at once, without a menu. Fractions of a second count, rounded up;
 * what is no number is 0, as in Limine, and a warning of the file.
 */
uint32_t config_timeout_ms(const struct config *config);

/*
 * The entry at a path of titles: `Systems/Linux`, with \ before a / \ or # that belongs to a title, and #N after a
 * title for its N-th twin (0-based). NULL: there is none. Hidden ones are passed over.
 */
struct config_entry *config_find(const struct config *config, const char *path);

/* Whether it can be chosen to boot: not hidden, no directory, and with a protocol. */
bool config_bootable(const struct config_entry *entry);

/*
 * What boots when nobody chooses: default_entry's row (1-based; 0 is 1) or path of titles; of a directory, and where
 * default_entry leads nowhere or is not given, the first bootable one. Limine opens its menu at a directory instead.
 * NULL: no entry is bootable.
 */
struct config_entry *config_default(const struct config *config);

#endif
