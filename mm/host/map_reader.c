#include "map_reader.h"

#include <stdlib.h>

void map_reading_begin_map(struct map_reading *reading)
{
    if (!reading->rows.n_rows)
        return;
    reading->map_ended = true;
    reading->notes |= 1u << NOTE_LATER_MAPS;
}

const char *map_reading_add_bytes(struct map_reading *reading, uint32_t type, uint64_t start, uint64_t last)
{
    if (start <= reading->rows.last_byte)
        map_reading_begin_map(reading);
    return reading->map_ended ? NULL : map_rows_add_bytes(&reading->rows, type, start, last);
}

bool map_read_lines(struct map_reading *reading, struct extent text, map_line_reader *read_line, const char *none,
                    struct map_text *ret, struct map_text_error *ret_error)
{
    struct map_text made = { .phys_bits = PHYS_BITS_MAX };
    const char *reason = NULL;
    size_t line = 0;

    while (!reason && !reading->map_ended && !is_empty(text)) {
        line++;
        reason = read_line(reading, next_line(&text));
    }
    if (!reason) {
        line = 0;
        reason = reading->rows.n_rows ? map_rows_lay_out(&reading->rows, MAP_ROWS_STRIDE, &made.map) : none;
    }
    map_rows_free(&reading->rows);
    if (reason) {
        *ret_error = (struct map_text_error){ line, reason };
        return false;
    }
    made.without_attributes = reading->without_attributes;
    made.notes = reading->notes;
    *ret = made;
    return true;
}
