#include "command.h"

#include "memory_picture.h"
#include "png_image.h"
#include "screen.h"

/* Of the screen's height: what is left is for the shell to go on. */
#define PICTURE_PERCENT 60

/* Of the file, where there is no screen. */
#define DEFAULT_WIDTH 1280
#define DEFAULT_HEIGHT 800

/* What all steps here need. The picture is drawn in memory, and goes from there to the screen and into the file. */
struct drawing {
    struct command *command;
    struct screen screen;
    struct framebuffer canvas; /* its memory: pages */
};

static EFI_STATUS allocate(const struct drawing *d, uint64_t bytes, struct phys_range *ret)
{
    const struct command *command = d->command;
    const struct page_limits limits = { command->fw, command->info, command->info->framebuffer.memory };
    const EFI_STATUS status = pages_allocate(&limits, bytes, PAGE_SIZE, ret);

    if (EFI_ERROR(status))
        return report_failure(command->fw, status, "cannot allocate %lS for a picture of %ux%u: %s", bytes,
                              d->canvas.width_px, d->canvas.height_px, status_name(status));
    return EFI_SUCCESS;
}

static size_t regions_bytes(const struct map_subject *subject)
{
    return region_buffer_bytes(firmware_map_count(&subject->map), subject->n_claims);
}

/* While boot services run: what they use shows apart from what is free now. */
static EFI_STATUS draw_map(struct drawing *d, const struct command_map *read)
{
    const struct map_subject *subject = &read->subject;
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits,
                                                  REGION_VIEW_BOOT };
    const struct framebuffer *canvas = &d->canvas;
    const struct fb_area area = { 0, 0, canvas->width_px, canvas->height_px };
    struct region_map map;
    EFI_STATUS status;

    if (region_normalize(&subject->map, &parameters, identity_pointer(read->scratch.start), read->scratch.bytes,
                         &map) != REGION_OK)
        return report_failure(d->command->fw, EFI_UNSUPPORTED, "the firmware's memory descriptors have %lu bytes",
                              subject->map.stride);
    status = allocate(d, (uint64_t)canvas->pitch_bytes * canvas->height_px, &d->canvas.memory);
    if (!EFI_ERROR(status))
        memory_picture_draw_area(canvas, identity_pointer(canvas->memory.start), area, &map, NULL, NULL);
    return status;
}

/* The map is read before the picture's memory is taken, which so is no part of it. */
static EFI_STATUS draw(struct drawing *d)
{
    struct command_map map;
    EFI_STATUS status = command_map_read(d->command, regions_bytes, &map);

    if (EFI_ERROR(status))
        return status;
    status = draw_map(d, &map);
    command_map_free(d->command, &map);
    return status;
}

static EFI_STATUS show(const struct drawing *d)
{
    const struct firmware *fw = d->command->fw;
    EFI_STATUS status;

    if (!d->screen.gop)
        return EFI_SUCCESS;
    status = screen_show_at_bottom(fw, &d->screen, identity_pointer(d->canvas.memory.start), d->canvas.height_px);
    if (EFI_ERROR(status))
        return report_failure(fw, status, "the screen cannot be drawn on: %s", status_name(status));
    return EFI_SUCCESS;
}

/* Spoils the pixels. */
static EFI_STATUS save(const struct drawing *d)
{
    const struct framebuffer *canvas = &d->canvas;
    const struct png_image image = { identity_pointer(canvas->memory.start), canvas->width_px, canvas->height_px,
                                     canvas->pitch_bytes };
    struct output_file *file = d->command->file;
    struct phys_range work = { 0 };
    const uint8_t *png;
    size_t bytes;
    EFI_STATUS status;

    if (!file)
        return EFI_SUCCESS;
    status = allocate(d, png_image_work_bytes(canvas->width_px, canvas->height_px), &work);
    if (EFI_ERROR(status))
        return status;
    if (png_image_encode(&image, identity_pointer(work.start), work.bytes, &png, &bytes) == PNG_OK)
        output_file_write(file, png, bytes);
    else
        status = report_failure(d->command->fw, EFI_OUT_OF_RESOURCES, "%s: %lS are too little for this picture",
                                file->name, work.bytes);
    pages_free(d->command->fw, &work);
    return status;
}

static void choose_size(struct drawing *d)
{
    const struct screen *screen = &d->screen;
    const uint32_t width = screen->gop ? screen->width_px : DEFAULT_WIDTH;

    d->canvas = (struct framebuffer){
        .width_px = width,
        .height_px = screen->gop ? screen->height_px * PICTURE_PERCENT / 100 : DEFAULT_HEIGHT,
        .pitch_bytes = width * sizeof(uint32_t),
        .bits_per_pixel = 32,
        .red = { 16, 8 },
        .green = { 8, 8 },
        .blue = { 0, 8 },
    };
}

static EFI_STATUS run(struct command *command)
{
    struct drawing d = { .command = command, .screen = screen_find(command->fw) };
    EFI_STATUS status;

    if (command->n_words)
        return command_bad_word(command, command->words[0], NULL);
    if (!d.screen.gop && !command->file)
        return report_failure(command->fw, EFI_UNSUPPORTED, "no screen to draw on: name a file");
    choose_size(&d);
    status = draw(&d);
    if (!EFI_ERROR(status))
        status = show(&d);
    if (!EFI_ERROR(status))
        status = save(&d);
    pages_free(command->fw, &d.canvas.memory);
    return status;
}

const struct command_description picture_command = {
    .name = "picture",
    .word_is_file = true,
    .synopsis = "[FILE.png]",
    .purpose = "draw the memory map on the screen, and into a file",
    .details = "  FILE.png   the same picture as a PNG; without a screen, 1280 x 800\n"
               "Each square is as much memory as the title says, in address order.\n",
    .example = "picture fs0:\\memory.png",
    .run = run,
};
