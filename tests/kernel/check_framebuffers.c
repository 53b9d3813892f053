#include "check.h"
#include "checks.h"
#include "exceptions.h"
#include "requests.h"

#define EDID_BYTES 128
#define EDID_SERIAL_AT 12
#define EDID_HEADER 0x00FFFFFFFFFFFF00ull
#define ROTATIONS 4
#define QUARTERS 4

/*
 * The quarters of the first framebuffer, left to right and top to bottom, for who looks from outside. The second one
 * begins with the second colour, and so on.
 */
static const uint32_t quarters[] = { 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF };

static uint32_t mask(uint8_t size, uint8_t shift)
{
    return ((1u << size) - 1) << shift;
}

static bool is_rgb(const uint8_t sizes[3], const uint8_t shifts[3], uint16_t bits)
{
    const uint32_t r = mask(sizes[0], shifts[0]), g = mask(sizes[1], shifts[1]), b = mask(sizes[2], shifts[2]);

    return sizes[0] == 8 && sizes[1] == 8 && sizes[2] == 8 && bits == 32 && !(r & g) && !(g & b) && !(r & b);
}

static uint32_t pixel(const struct limine_framebuffer *f, uint32_t rgb)
{
    return (rgb >> 16 & 0xFF) << f->red_shift | (rgb >> 8 & 0xFF) << f->green_shift | (rgb & 0xFF) << f->blue_shift;
}

static void draw_quarters(const struct limine_framebuffer *f, uint64_t number)
{
    for (uint64_t y = 0; y < f->height; y++) {
        volatile uint32_t *row = (volatile uint32_t *)(f->address + y * f->pitch);

        for (uint64_t x = 0; x < f->width; x++)
            row[x] = pixel(f, quarters[(number + (y >= f->height / 2 ? 2u : 0u) + (x >= f->width / 2)) % QUARTERS]);
    }
}

/* Of its own, whole pages or not. */
static bool has_map_entry(const struct context *c, const struct limine_framebuffer *f)
{
    const uint64_t start = f->address - c->hhdm, end = start + f->pitch * f->height;

    for (size_t i = 0; i < c->n_entries; i++) {
        const uint64_t entry_start = c->entries[i].base, entry_end = entry_start + c->entries[i].length;

        if (c->entries[i].type == LIMINE_MEMORY_FRAMEBUFFER && entry_start <= start && start - entry_start < PAGE &&
            entry_end >= end && entry_end - end < PAGE)
            return true;
    }
    return false;
}

static bool is_mode_sound(const struct context *c, const struct limine_video_mode *m)
{
    return is_handed_over(c, (uint64_t)m, sizeof(*m)) && m->width && m->height &&
           m->pitch >= m->width * m->bits_per_pixel / 8 && m->memory_model == LIMINE_MEMORY_MODEL_RGB &&
           is_rgb((const uint8_t[]){ m->red_size, m->green_size, m->blue_size },
                  (const uint8_t[]){ m->red_shift, m->green_shift, m->blue_shift }, m->bits_per_pixel);
}

static void check_modes(const struct context *c, const struct limine_framebuffer *f)
{
    const uint64_t *modes = (const uint64_t *)f->modes;
    bool are_sound = f->n_modes && is_handed_over(c, f->modes, f->n_modes * sizeof(*modes)), has_current = false;

    for (uint64_t i = 0; are_sound && i < f->n_modes; i++) {
        const struct limine_video_mode *m = (const struct limine_video_mode *)modes[i];

        are_sound = is_mode_sound(c, m);
        has_current |= m->width == f->width && m->height == f->height && m->pitch == f->pitch;
    }
    check_that("framebuffer.modes", are_sound, f->modes);
    check_that("framebuffer.modes_have_current", has_current, f->n_modes);
    info("framebuffer_modes", f->n_modes);
}

static void check_edid(const struct context *c, const struct limine_framebuffer *f)
{
    const uint8_t *edid = (const uint8_t *)f->edid;
    uint8_t total = 0;

    info("framebuffer_edid_bytes", f->edid_bytes);
    check_equal("framebuffer.edid_pointer", f->edid_bytes != 0, edid != NULL);
    if (!edid) {
        check_skip("framebuffer.edid", "there is none");
        return;
    }
    const bool is_there = f->edid_bytes >= EDID_BYTES && is_handed_over(c, f->edid, f->edid_bytes);

    for (unsigned i = 0; is_there && i < EDID_BYTES; i++)
        total = (uint8_t)(total + edid[i]);
    info("framebuffer_edid_serial", is_there ? edid[EDID_SERIAL_AT] : 0);
    check_that("framebuffer.edid", is_there && *(const uint64_t *)edid == EDID_HEADER && !total, f->edid);
}

static void check_framebuffer(const struct context *c, const struct limine_framebuffer *f, uint64_t number)
{
    const bool has_size = f->width && f->height && f->pitch >= f->width * f->bits_per_pixel / 8;

    check_that("framebuffer.size", has_size, f->pitch);
    if (number == 0 && test_config.width) {
        check_equal("framebuffer.width", test_config.width, f->width);
        check_equal("framebuffer.height", test_config.height, f->height);
    }
    check_equal("framebuffer.model", LIMINE_MEMORY_MODEL_RGB, f->memory_model);
    check_that("framebuffer.colours", is_rgb((const uint8_t[]){ f->red_size, f->green_size, f->blue_size },
                                             (const uint8_t[]){ f->red_shift, f->green_shift, f->blue_shift },
                                             f->bits_per_pixel), f->bits_per_pixel);
    check_that("framebuffer.direct_map", f->address >= c->hhdm, f->address);
    check_that("framebuffer.map_entry", has_map_entry(c, f), f->address);
    check_that("framebuffer.writable", probe_write(f->address) && probe_write(f->address + f->pitch * f->height - 1),
               f->address);
    check_modes(c, f);
    check_edid(c, f);
    info("framebuffer_width", f->width);
    info("framebuffer_height", f->height);
    if (has_size && probe_write(f->address))
        draw_quarters(f, number);
}

static bool is_unused(const struct limine_flanterm_fb_init_params *p)
{
    for (size_t i = 0; i < sizeof(*p); i++)
        if (((const uint8_t *)p)[i])
            return false;
    return true;
}

static void check_terminal(const struct context *c, const struct limine_flanterm_fb_init_params *p)
{
    check_that("flanterm.memory", is_handed_over(c, (uint64_t)p, sizeof(*p)), (uint64_t)p);
    check_that("flanterm.rotation", p->rotation < ROTATIONS, p->rotation);
    check_that("flanterm.font", is_unused(p) || (!p->font == !p->font_width && !p->font == !p->font_height), p->font);
    check_that("flanterm.canvas", !p->canvas || is_handed_over(c, p->canvas, p->canvas_bytes), p->canvas);
}

static void check_terminals(const struct context *c)
{
    const struct limine_flanterm_fb_init_params_response *r = requests_answer(LIMINE_FLANTERM_FB_INIT_PARAMS);
    const uint64_t *entries = r ? (const uint64_t *)r->entries : NULL;

    if (!r)
        return;
    check_equal("flanterm.count", test_config.n_framebuffers, r->count);
    for (uint64_t i = 0; i < r->count; i++)
        check_terminal(c, (const struct limine_flanterm_fb_init_params *)entries[i]);
}

void check_framebuffers(struct context *c)
{
    const struct limine_framebuffer_response *r = requests_answer(LIMINE_FRAMEBUFFER);

    if (r) {
        const uint64_t *framebuffers = (const uint64_t *)r->framebuffers;

        check_equal("framebuffer.count", test_config.n_framebuffers, r->count);
        check_that("framebuffer.list_memory", is_handed_over(c, r->framebuffers, r->count * sizeof(*framebuffers)),
                   r->framebuffers);
        for (uint64_t i = 0; i < r->count; i++) {
            check_that("framebuffer.memory", is_handed_over(c, framebuffers[i], sizeof(struct limine_framebuffer)),
                       framebuffers[i]);
            check_framebuffer(c, (const struct limine_framebuffer *)framebuffers[i], i);
        }
    }
    check_terminals(c);
}
