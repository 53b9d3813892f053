#include <stdarg.h>

#include "firmware.h"
#include "format.h"

#define READER_WAIT_MS 10000
#define MESSAGE_HEAD_BYTES 400
#define MESSAGE_TAIL_BYTES 200

/* UEFI 2.10, Appendix D Status Codes; those that the services we call can return. */
static const struct {
    EFI_STATUS status;
    char name[24];
} status_names[] = {
    { EFI_SUCCESS, "Success" },
    { EFI_LOAD_ERROR, "Load Error" },
    { EFI_INVALID_PARAMETER, "Invalid Parameter" },
    { EFI_UNSUPPORTED, "Unsupported" },
    { EFI_BAD_BUFFER_SIZE, "Bad Buffer Size" },
    { EFI_BUFFER_TOO_SMALL, "Buffer Too Small" },
    { EFI_NOT_READY, "Not Ready" },
    { EFI_DEVICE_ERROR, "Device Error" },
    { EFI_WRITE_PROTECTED, "Write Protected" },
    { EFI_OUT_OF_RESOURCES, "Out of Resources" },
    { EFI_VOLUME_CORRUPTED, "Volume Corrupted" },
    { EFI_VOLUME_FULL, "Volume Full" },
    { EFI_NO_MEDIA, "No Media" },
    { EFI_MEDIA_CHANGED, "Media Changed" },
    { EFI_NOT_FOUND, "Not Found" },
    { EFI_TIMEOUT, "Timeout" },
    { EFI_ACCESS_DENIED, "Access Denied" },
    { EFI_ABORTED, "Aborted" },
    { EFI_END_OF_FILE, "End of File" },
    { EFI_SECURITY_VIOLATION, "Security Violation" },
};

const char *status_name(EFI_STATUS status)
{
    for (size_t i = 0; i < ARRAY_LENGTH(status_names); i++)
        if (status_names[i].status == status)
            return status_names[i].name;
    return "Unknown Status";
}

/*
 * A path in front of the reason, or a value behind it, may have any length: a message that is too long loses the middle.
 */
struct message {
    char head[MESSAGE_HEAD_BYTES];
    char tail[MESSAGE_TAIL_BYTES]; /* the latest bytes, the oldest of them at bytes % MESSAGE_TAIL_BYTES */
    size_t bytes;                  /* of all, without the head */
    size_t head_bytes;
};

struct message_sink {
    struct sink sink;
    struct message *message;
};

static void message_write(const struct sink *sink, const char *text, size_t bytes)
{
    struct message *m = ((const struct message_sink *)(const void *)sink)->message;

    for (size_t i = 0; i < bytes; i++) {
        const char c = text[i] == '\n' || text[i] == '\r' ? '?' : text[i]; /* a path may hold them */

        if (m->head_bytes < sizeof m->head)
            m->head[m->head_bytes++] = c;
        else
            m->tail[m->bytes++ % sizeof m->tail] = c;
    }
}

static void message_print(const struct firmware *fw, const struct message *m)
{
    const size_t tail = m->bytes < sizeof m->tail ? m->bytes : sizeof m->tail;
    const size_t start = (m->bytes - tail) % sizeof m->tail;
    const size_t first = tail < sizeof m->tail - start ? tail : sizeof m->tail - start;

    firmware_print_bytes(fw, m->head, m->head_bytes);
    if (m->bytes > tail)
        firmware_print(fw, " ... ");
    firmware_print_bytes(fw, m->tail + start, first);
    firmware_print_bytes(fw, m->tail, tail - first);
    firmware_print(fw, "\n");
}

static void print_line(const struct firmware *fw, const char *prefix, const char *format, va_list arguments)
{
    struct message message = { .bytes = 0 };
    const struct message_sink to = { { message_write }, &message };

    print_text(&to.sink, prefix);
    print_format_list(&to.sink, format, arguments);
    message_print(fw, &message);
}

EFI_STATUS report_failure(const struct firmware *fw, EFI_STATUS status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(fw, "BOOTX64.EFI: ", format, arguments);
    va_end(arguments);
    return status;
}

void report_warning(const struct firmware *fw, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(fw, "BOOTX64.EFI: warning: ", format, arguments);
    va_end(arguments);
}

void wait_for_reader(const struct firmware *fw)
{
    SIMPLE_INPUT_INTERFACE *in = fw->system->ConIn;
    EFI_INPUT_KEY key;

    firmware_print(fw, "Press any key to return to the firmware (10 s).\n");
    if (in && in->Reset)
        in->Reset(in, FALSE); /* keys typed before the message do not count */
    (void)keyboard_wait(fw, READER_WAIT_MS, &key);
}
