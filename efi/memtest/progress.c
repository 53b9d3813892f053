#include "progress.h"

#include "../commands/output.h"
#include "format.h"

#define LINE_CHARACTERS 70
#define CONTROL_C 3

struct progress progress_start(const struct firmware *fw, bool is_wanted)
{
    return (struct progress){ fw, false, is_wanted && !output_is_redirected(fw) };
}

void progress_show(struct progress *progress, const struct progress_facts *f)
{
    char line[FORMAT_LINE_BYTES];
    size_t n = 0;
    const struct buffer_sink to = buffer_sink(line, sizeof line, &n);

    if (!progress->is_wanted)
        return;
    print_format(&to.sink, "\r%u.%u %%  %s  %lu MB/s  %lu:%c%c left  %lu errors  (Esc: stop)", f->per_mille / 10,
                 f->per_mille % 10, f->pattern, f->mb_per_s, f->seconds_left / 60,
                 (int)('0' + f->seconds_left % 60 / 10), (int)('0' + f->seconds_left % 10), f->n_errors);
    print_spaces(&to.sink, n < LINE_CHARACTERS ? LINE_CHARACTERS - n : 0);
    firmware_print(progress->fw, line);
    progress->is_shown = true;
}

void progress_hide(struct progress *progress)
{
    char line[LINE_CHARACTERS + 16];
    size_t n = 0;
    const struct buffer_sink to = buffer_sink(line, sizeof line, &n);

    if (!progress->is_shown)
        return;
    print_text(&to.sink, "\r");
    print_spaces(&to.sink, LINE_CHARACTERS + 8);
    print_text(&to.sink, "\r");
    firmware_print(progress->fw, line);
    progress->is_shown = false;
}

bool progress_stop_wanted(const struct progress *progress)
{
    const struct firmware *fw = progress->fw;
    EFI_INPUT_KEY key;

    if (!keyboard_present(fw))
        return false;
    while (!EFI_ERROR(fw->system->ConIn->ReadKeyStroke(fw->system->ConIn, &key)))
        if (key.ScanCode == SCAN_ESC || (key.UnicodeChar | 32) == 'q' || key.UnicodeChar == CONTROL_C)
            return true;
    return false;
}
