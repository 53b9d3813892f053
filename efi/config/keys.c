/*
 * The keys of limine.conf, of Limine's releases 8 to 12 (CONFIG.md) and ours, to tell a slip of the pen from what other
 * versions or protocols use.
 */
#include "parser.h"

#define KEY_BYTES 32

static const char globals[][KEY_BYTES] = {
    "timeout", "default_entry", "quiet", "verbose", "serial", "serial_baudrate", "global_dtb", "remember_last_entry",
    "graphics", "wallpaper", "wallpaper_style", "backdrop", "randomise_memory", "randomize_memory",
    "hash_mismatch_panic", "measured_boot", "firmware_logo", "keyboard_layout", "mouse",
    "interface_resolution", "interface_rotation", "interface_branding", "interface_branding_colour",
    "interface_branding_color", "interface_help_hidden", "interface_help_colour", "interface_help_color",
    "interface_help_colour_bright", "interface_help_color_bright",
    "term_font", "term_font_size", "term_font_scale", "term_font_spacing", "term_palette", "term_palette_bright",
    "term_background", "term_foreground", "term_background_bright", "term_foreground_bright", "term_margin",
    "term_margin_gradient", "editor_enabled", "editor_highlighting", "editor_validation",
};

static const char of_entries[][KEY_BYTES] = {
    "comment", "protocol", "cmdline", "kernel_cmdline", "path", "kernel_path", "image_path", "initrd_path",
    "module_path", "module_string", "module_cmdline", "resolution", "textmode", "kaslr", "randomise_hhdm_base",
    "randomize_hhdm_base", "paging_mode", "max_paging_mode", "min_paging_mode", "dtb_path", "entry", "drive",
    "partition", "mbr_id", "gpt_uuid", "gpt_guid", "if_fw_type", "if_arch", "if_loader_arch",
};

enum config_scope config_key_scope(const char *key)
{
    if (config_same(key, "bad_memory"))
        return CONFIG_SCOPE_BOTH;
    for (size_t i = 0; i < ARRAY_LENGTH(globals); i++)
        if (config_same(key, globals[i]))
            return CONFIG_SCOPE_GLOBAL;
    for (size_t i = 0; i < ARRAY_LENGTH(of_entries); i++)
        if (config_same(key, of_entries[i]))
            return CONFIG_SCOPE_ENTRY;
    return CONFIG_SCOPE_NONE;
}
