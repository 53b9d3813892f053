#include "pmm.h"

const char *pmm_status_text(enum pmm_status status)
{
    switch (status) {
    case PMM_OK:
        return "ok";
    case PMM_NO_MEMORY:
        return "no memory";
    case PMM_BAD_RANGE:
        return "bad range";
    case PMM_NOT_USABLE:
        return "not usable memory";
    case PMM_PROTECTED:
        return "protected";
    case PMM_DOUBLE_FREE:
        return "double free";
    case PMM_NOT_FREE:
        return "not free";
    case PMM_WRONG_LENGTH:
        return "wrong length";
    case PMM_BAD_METADATA:
        return "bad metadata block";
    }
    return "unknown status";
}
