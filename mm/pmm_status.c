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
    case PMM_BAD_MAGIC:
        return "not an allocator's metadata";
    case PMM_BAD_VERSION:
        return "metadata of another version";
    case PMM_BAD_CHECKSUM:
        return "metadata changed since they were sealed";
    case PMM_BAD_REGIONS:
        return "metadata with impossible regions";
    case PMM_BAD_LISTS:
        return "metadata whose summaries are wrong";
    case PMM_BAD_BITS:
        return "metadata that would give away what is not free";
    case PMM_BAD_COUNTS:
        return "metadata whose counts are wrong";
    }
    return "unknown status";
}
