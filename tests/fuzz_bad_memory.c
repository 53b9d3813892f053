/* bad_memory_parse() on any text: a list in order whatever happens, errors inside the text, printing is a way back. */
#include <stdint.h>
#include <string.h>

#include "bad_memory.h"
#include "panic.h"

#define ROOM 16
#define TEXT_MAX (ROOM * sizeof "0x1234567890ABC-0x1234567890ABC, ")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct bad_memory_list *list)
{
    ASSERT(list->n <= list->capacity);
    for (size_t i = 0; i < list->n; i++) {
        const struct phys_range r = list->ranges[i];

        ASSERT(r.bytes && !((r.start.value | r.bytes) & PAGE_MASK));
        ASSERT(phys_range_end(r) > r.start.value && phys_range_end(r) <= 1ull << PHYS_BITS_MAX);
        ASSERT(!i || phys_range_end(list->ranges[i - 1]) < r.start.value);
    }
}

/* The first byte says how much room there is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct phys_range ranges[ROOM], again[ROOM];
    struct bad_memory_list list = { ranges, 0, size ? data[0] % (ROOM + 1) : 0 }, list_again = { again, 0, ROOM };
    struct bad_memory_error error;
    char text[TEXT_MAX];
    size_t length;
    const struct buffer_sink sink = buffer_sink(text, sizeof text, &length);

    if (!size)
        return 0;
    if (!bad_memory_parse((const char *)data + 1, size - 1, &list, &error))
        ASSERT(error.reason > BAD_MEMORY_OK && error.reason < BAD_MEMORY_REASONS && error.offset <= size - 1);
    check_order(&list);
    bad_memory_print(&sink.sink, list.ranges, list.n);
    ASSERT(bad_memory_parse(text, length, &list_again, &error));
    ASSERT(list_again.n == list.n && !memcmp(again, ranges, list.n * sizeof *ranges));
    return 0;
}
