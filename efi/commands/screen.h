/* The screen that the firmware's console is on, drawn on by the firmware: so adapters without a framebuffer will do. */
#ifndef SCREEN_H
#define SCREEN_H

#include "../firmware.h"

struct screen {
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop; /* NULL: there is none */
    uint32_t width_px, height_px;
};

/* One that the console is on, if there is one; else the first. */
struct screen screen_find(const struct firmware *fw);

/*
 * Empties the console, which begins anew at the top, and shows rows of the screen's width at its bottom.
 * pixels  0x00RRGGBB; height_px rows of them, at most as many as the screen has.
 */
MUST_CHECK EFI_STATUS screen_show_at_bottom(const struct firmware *fw, const struct screen *screen, void *pixels,
                                            uint32_t height_px);

#endif
