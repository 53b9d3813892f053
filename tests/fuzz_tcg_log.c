/* tcg_log_bytes() on any log: it ends behind the beginning of its last event, and inside what can be read. */
#include <stdint.h>
#include <string.h>

#include "panic.h"
#include "tcg_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first bytes are the format and the offset of the last event, the rest is the log. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t last;
    size_t bytes;

    if (size < 1 + sizeof last)
        return 0;
    memcpy(&last, data + 1, sizeof last);
    size -= 1 + sizeof last;
    bytes = tcg_log_bytes(data[0] & 1 ? TCG_LOG_1_2 : TCG_LOG_2, data + 1 + sizeof last, size, last);
    ASSERT(!bytes || (bytes > last && bytes <= size));
    return 0;
}
