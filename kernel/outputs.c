#include "outputs.h"

#include "fb_console.h"
#include "memory_picture.h"
#include "mmu.h"
#include "serial.h"

static bool have_serial;
static struct fb_console screen;
static uint64_t memory_offset; /* where the outputs' memory is reached, from its physical addresses */
static const struct boot_info *late; /* what outputs_start_late() waits with; NULL: nothing */

/* Tables need not map what only the firmware's driver draws on. */
static bool is_mapped(struct phys_range range)
{
    return mmu_maps_now(virt_addr(memory_offset + range.start.value)) &&
           mmu_maps_now(virt_addr(memory_offset + phys_range_end(range) - 1));
}

static void *reach(phys_addr_t address) { return virt_pointer(virt_addr(memory_offset + address.value)); }

void outputs_start(const struct boot_info *info)
{
    const struct framebuffer *fb = &info->framebuffer;
    void *pixels = reach(fb->memory.start);

    have_serial = serial_init();
    if (info->options.console_none)
        return;
    if (have_serial)
        console_add(serial_sink());
    if (!framebuffer_present(fb) || !is_mapped(fb->memory))
        return;
    /* The whole screen: margins belong to neither text nor picture. */
    fb_fill(fb, pixels, (struct fb_area){ 0, 0, fb->width_px, fb->height_px }, FB_CONSOLE_BACKGROUND);
    fb_console_init(&screen, fb, pixels, memory_picture_console_area(fb),
                    reach(info->loader[LOADER_CONSOLE_CELLS].start));
    console_add(&screen.sink);
}

/* Starts the outputs, which come after this sink in the console's list and so get the text, too. */
static void write_late(const struct sink *sink, const char *text, size_t bytes)
{
    const struct boot_info *info = late;

    (void)sink;
    (void)text;
    (void)bytes;
    late = NULL;
    if (info)
        outputs_start(info);
}

void outputs_reach_memory_at(uint64_t offset) { memory_offset = offset; }

void outputs_start_late(const struct boot_info *info)
{
    static const struct sink sink = { write_late };

    late = info;
    console_add(&sink);
}

bool outputs_have_serial(void)
{
    return have_serial;
}

void outputs_move_framebuffer(void *pixels)
{
    fb_console_move(&screen, pixels);
}
