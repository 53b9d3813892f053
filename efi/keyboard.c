#include "firmware.h"

#define MS_100NS 10000ull

enum { TIMER, KEY, EVENTS };

bool keyboard_present(const struct firmware *fw)
{
    const SIMPLE_INPUT_INTERFACE *in = fw->system->ConIn;

    return in && in->WaitForKey && in->ReadKeyStroke;
}

/* Until a key comes or the timer, if there is one, runs out. False also for a keyboard whose event is no event. */
static bool wait(const struct firmware *fw, EFI_EVENT timer, EFI_INPUT_KEY *ret_key)
{
    SIMPLE_INPUT_INTERFACE *in = fw->system->ConIn;
    EFI_EVENT events[EVENTS] = { timer, in->WaitForKey };
    const UINTN first = timer ? TIMER : KEY;

    for (;;) {
        UINTN which = 0;

        if (EFI_ERROR(fw->boot->WaitForEvent(EVENTS - first, events + first, &which))) {
            if (timer)
                fw->boot->WaitForEvent(1, events, &which); /* what was promised to wait for is the time, too */
            return false;
        }
        if (which + first == TIMER)
            return false;
        if (!EFI_ERROR(in->ReadKeyStroke(in, ret_key)))
            return true; /* else a key that is no key yet, such as Shift */
    }
}

bool keyboard_wait(const struct firmware *fw, uint64_t timeout_ms, EFI_INPUT_KEY *ret_key)
{
    EFI_EVENT timer = NULL;
    UINTN which;
    bool pressed = false;

    if (timeout_ms == KEYBOARD_NO_LIMIT)
        return keyboard_present(fw) && wait(fw, NULL, ret_key);
    if (EFI_ERROR(fw->boot->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &timer)))
        return false;
    if (!EFI_ERROR(fw->boot->SetTimer(timer, TimerRelative, timeout_ms * MS_100NS))) {
        if (keyboard_present(fw))
            pressed = wait(fw, timer, ret_key);
        else
            fw->boot->WaitForEvent(1, &timer, &which);
    }
    fw->boot->CloseEvent(timer);
    return pressed;
}
