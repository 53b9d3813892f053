/* One line on the console that shows how far a test is, and the keys that end it. */
#ifndef MEMTEST_PROGRESS_H
#define MEMTEST_PROGRESS_H

#include "../firmware.h"

struct progress {
    const struct firmware *fw;
    bool is_shown;   /* a line stands on the console */
    bool is_wanted;  /* somebody reads the console */
};

/* is_wanted: unless the shell redirects what goes to the console. */
struct progress progress_start(const struct firmware *fw, bool is_wanted);

/* What a line says. */
struct progress_facts {
    const char *pattern;
    unsigned per_mille;
    uint64_t mb_per_s, seconds_left;
    uint64_t n_errors;
};
void progress_show(struct progress *progress, const struct progress_facts *facts);

/* Takes the line away, for others to print. */
void progress_hide(struct progress *progress);

/* Whether Esc, q or Ctrl-C has been pressed. */
bool progress_stop_wanted(const struct progress *progress);

#endif
