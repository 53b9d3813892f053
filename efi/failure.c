#include <stdarg.h>

#include "firmware.h"
#include "format.h"

#define LINE_MAX 160
#define READER_WAIT_100NS (10ull * 10 * 1000 * 1000)

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
    { EFI_NOT_FOUND, "Not Found" },
    { EFI_ACCESS_DENIED, "Access Denied" },
    { EFI_ABORTED, "Aborted" },
    { EFI_SECURITY_VIOLATION, "Security Violation" },
};

const char *status_name(EFI_STATUS status)
{
    for (size_t i = 0; i < ARRAY_LENGTH(status_names); i++)
        if (status_names[i].status == status)
            return status_names[i].name;
    return "Unknown Status";
}

/* The firmware's console takes UTF-16 and wants CR LF; a machine may have none. */
static void firmware_print(const struct firmware *fw, const char *text)
{
    SIMPLE_TEXT_OUTPUT_INTERFACE *out = fw->system->ConOut;
    CHAR16 wide[LINE_MAX + 2];
    size_t n = 0;

    if (!out || !out->OutputString)
        return;
    for (; *text && n + 3 < ARRAY_LENGTH(wide); text++) {
        if (*text == '\n')
            wide[n++] = '\r';
        wide[n++] = (CHAR16)(*text & 0x80 ? '?' : *text);
    }
    wide[n] = 0;
    out->OutputString(out, wide);
}

EFI_STATUS report_failure(const struct firmware *fw, EFI_STATUS status, const char *format, ...)
{
    char line[LINE_MAX];
    size_t length = 0;
    struct buffer_sink buffer = buffer_sink(line, sizeof line - 1, &length); /* the newline always fits */
    va_list arguments;

    print_text(&buffer.sink, "BOOTX64.EFI: ");
    va_start(arguments, format);
    print_format_list(&buffer.sink, format, arguments);
    va_end(arguments);
    line[length] = '\n';
    line[length + 1] = 0;
    firmware_print(fw, line);
    return status;
}

void wait_for_reader(const struct firmware *fw)
{
    SIMPLE_INPUT_INTERFACE *in = fw->system->ConIn;
    EFI_EVENT events[2]; /* timer, then key */
    UINTN which = 0;
    EFI_INPUT_KEY key;

    firmware_print(fw, "Press any key to return to the firmware (10 s).\n");
    if (EFI_ERROR(fw->boot->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &events[0])))
        return;
    if (!EFI_ERROR(fw->boot->SetTimer(events[0], TimerRelative, READER_WAIT_100NS))) {
        const bool keyboard = in && in->WaitForKey;

        if (keyboard) {
            in->Reset(in, FALSE); /* keys typed before the message do not count */
            events[1] = in->WaitForKey;
        }
        if (EFI_ERROR(fw->boot->WaitForEvent(keyboard ? 2 : 1, events, &which)))
            fw->boot->WaitForEvent(1, events, &which); /* without the keyboard, whose event is no event */
        else if (which == 1)
            in->ReadKeyStroke(in, &key);
    }
    fw->boot->CloseEvent(events[0]);
}
