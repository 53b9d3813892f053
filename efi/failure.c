#include <stdarg.h>

#include "firmware.h"
#include "format.h"

#define READER_WAIT_MS 10000

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
    { EFI_OUT_OF_RESOURCES, "Out of Resources" },
    { EFI_VOLUME_CORRUPTED, "Volume Corrupted" },
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

static void print_line(const struct firmware *fw, const char *prefix, const char *format, va_list arguments)
{
    char line[FORMAT_LINE_BYTES];
    size_t length = 0;
    struct buffer_sink buffer = buffer_sink(line, sizeof line - 1, &length); /* the newline always fits */

    print_text(&buffer.sink, prefix);
    print_format_list(&buffer.sink, format, arguments);
    line[length] = '\n';
    line[length + 1] = 0;
    firmware_print(fw, line);
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
