/* Reading, and the progress of it. */
#include "files.h"
#include "format.h"

/* Below this no medium takes a second, and no timer need be set. */
#define PROGRESS_BYTES_MIN MIB(2)
#define SECOND_100NS 10000000ull

struct progress {
    const struct file *file;
    EFI_EVENT timer; /* NULL: not wanted */
    bool shown;
};

static struct progress progress_start(const struct file *file, uint64_t bytes)
{
    EFI_BOOT_SERVICES *boot = file->files->fw->boot;
    struct progress progress = { .file = file };

    if (bytes < PROGRESS_BYTES_MIN || file->files->quiet ||
        EFI_ERROR(boot->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &progress.timer)))
        return (struct progress){ .file = file };
    if (EFI_ERROR(boot->SetTimer(progress.timer, TimerPeriodic, SECOND_100NS))) {
        boot->CloseEvent(progress.timer);
        progress.timer = NULL;
    }
    return progress;
}

/* One short line, once a second: each character is dear. */
static void progress_show(struct progress *progress)
{
    const struct file *file = progress->file;
    char line[FORMAT_LINE_BYTES];
    size_t length;
    struct buffer_sink buffer = buffer_sink(line, sizeof line, &length);

    if (!progress->timer || EFI_ERROR(file->files->fw->boot->CheckEvent(progress->timer)))
        return;
    print_format(&buffer.sink, "\r%lu of %lu MiB ", file->position >> 20, file->bytes >> 20);
    if (!progress->shown)
        print_text(&buffer.sink, file->path);
    firmware_print(file->files->fw, line);
    progress->shown = true;
}

static void progress_end(struct progress *progress)
{
    const struct firmware *fw = progress->file->files->fw;

    if (progress->timer)
        fw->boot->CloseEvent(progress->timer);
    if (progress->shown)
        firmware_print(fw, "\n");
}

static EFI_STATUS fail_at(struct file *file, EFI_STATUS status)
{
    size_t length;
    struct buffer_sink buffer = buffer_sink(file->reason, sizeof file->reason, &length);

    if (status == EFI_END_OF_FILE)
        print_format(&buffer.sink, "ends after %lu of its %lu bytes", file->position, file->bytes);
    else
        print_format(&buffer.sink, "cannot be read after %lu of its %lu bytes: %s", file->position, file->bytes,
                     status_name(status));
    return status;
}

/* One piece, or less of it. */
static EFI_STATUS read_piece(struct file *file, uint64_t bytes, void *to, UINTN *ret_read)
{
    EFI_STATUS status;

    *ret_read = bytes < FILE_PIECE_BYTES ? bytes : FILE_PIECE_BYTES;

    const UINTN asked = *ret_read;

    status = file->handle->Read(file->handle, ret_read, to);
    if (EFI_ERROR(status))
        return status;
    if (*ret_read > asked)
        return EFI_DEVICE_ERROR; /* a driver that counts wrong: it cannot be trusted with memory */
    return *ret_read ? EFI_SUCCESS : EFI_END_OF_FILE;
}

EFI_STATUS file_read(struct file *file, uint64_t bytes, void *to)
{
    struct progress progress = progress_start(file, bytes);
    EFI_STATUS status = EFI_SUCCESS;
    uint64_t done = 0;

    while (done < bytes && !EFI_ERROR(status)) {
        UINTN n;

        status = read_piece(file, bytes - done, (char *)to + done, &n);
        if (EFI_ERROR(status))
            break;
        done += n;
        file->position += n;
        progress_show(&progress);
    }
    progress_end(&progress);
    return EFI_ERROR(status) ? fail_at(file, status) : EFI_SUCCESS;
}
