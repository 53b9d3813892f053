#include "map_reader.h"

static bool any_line(struct extent text, bool (*is_line)(struct extent line))
{
    while (!is_empty(text))
        if (is_line(next_line(&text)))
            return true;
    return false;
}

bool map_read_dmesg(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    const bool has_e820 = any_line(text, is_e820_line);

    if (any_line(text, is_efi_line))
        return map_read_efi(text, has_e820 ? 1u << NOTE_FIRMWARE_PREFERRED : 0, ret, ret_error);
    if (has_e820)
        return map_read_e820(text, ret, ret_error);
    *ret_error = (struct map_text_error){ 0, "neither an efi: mem nor a BIOS-e820 line" };
    return false;
}
