#include "report.h"

#include "console.h"
#include "frame_test.h"
#include "map_report.h"
#include "memory_picture.h"
#include "memory_report.h"
#include "panic.h"
#include "result.h"
#include "x86.h"

void report_firmware(const struct boot_info *info)
{
    const unsigned major = info->uefi_revision >> 16, minor = info->uefi_revision & 0xffff;
    const struct options *options = &info->options;

    print_text(console(), "Polyglot OS booting... (" POLYGLOT_VERSION ")\n");
    print_format(console(), "UEFI %u.%s%u supported! (%s)\n", major, minor < 10 ? "0" : "", minor,
                 info->firmware_vendor);
    if (options->n_ignored)
        print_format(console(), "Warning: %u options were not understood, the first is `%s'\n", options->n_ignored,
                     options->first_ignored);
    if (options->width_px && framebuffer_present(&info->framebuffer) &&
        (options->width_px != info->framebuffer.width_px || options->height_px != info->framebuffer.height_px))
        print_format(console(), "Warning: the mode %ux%u is not available\n", options->width_px,
                     options->height_px);
}

void report_raw_map(const struct memory *memory, const struct boot_info *info)
{
    struct map_subject subject = { .map = info->map, .claims = info->claims, .n_claims = info->n_claims,
                                   .phys_bits = info->phys_bits, .metadata = memory->metadata };
    struct frame_range reserved[LOADER_USES];

    for (unsigned use = 0; use < LOADER_USES; use++) {
        const struct phys_range range = memory_in_use(memory, info, (enum loader_use)use);

        if (range.bytes)
            reserved[subject.n_reserved++] = frame_range_around(range);
    }
    subject.reserved = reserved;
    print_text(console(), "--- raw map\n");
    map_report_raw(console(), &subject);
    print_text(console(), "--- end of raw map\n");
}

void report_allocator(struct memory *memory)
{
    const struct pmm_stats stats = pmm_stats(memory->pmm, memory->cpu);

    print_text(console(), "\n");
    memory_report_allocator(console(), &stats, memory->metadata);
    print_text(console(), "Memory management initialized!\n\n");
}

static void try_two_frames(struct memory *memory)
{
    frame_t frames[2];

    for (unsigned i = 0; i < 2; i++) {
        const enum pmm_status status = pmm_alloc_frame(memory->pmm, memory->cpu, &frames[i]);

        if (status != PMM_OK)
            panic("cannot allocate a frame: %s", pmm_status_text(status));
        print_format(console(), "Allocated frame at: %lx\n", frame_start(frames[i]).value);
    }
    for (unsigned i = 0; i < 2; i++) {
        const enum pmm_status status = pmm_dealloc_frame(memory->pmm, memory->cpu, frames[i]);

        if (status != PMM_OK)
            panic("cannot free the frame at %lx: %s", frame_start(frames[i]).value, pmm_status_text(status));
    }
    print_text(console(), "Freed both frames\n");
    print_format(console(), "Free memory: %lS\n", frames_to_bytes(pmm_free_frames(memory->pmm, memory->cpu)));
}

void report_frame_test(struct memory *memory, const struct boot_info *info)
{
    struct frame_test_result tested;
    uint64_t start;

    print_text(console(), "Testing frame allocation...\n");
    try_two_frames(memory);
    start = rdtsc();
    tested = frame_test_run(memory, info);
    result()->test_ticks = rdtsc() - start;
    result()->tested_frames = tested.lowest + tested.spread;
    print_format(console(), "Tested frames: the lowest %lu (%lS) and %lu spread over the rest\n", tested.lowest,
                 frames_to_bytes(tested.lowest), tested.spread);
    print_format(console(), "Left out: %lu frames below 1 MB, %lu beyond (%lS)\n", tested.low_memory, tested.left_out,
                 frames_to_bytes(tested.left_out));
    print_text(console(), "Frame test passed: each frame usable, unique, intact, and freed again\n\n");
}

void report_framebuffer(struct memory *memory, const struct boot_info *info)
{
    const struct framebuffer *fb = &info->framebuffer;

    if (!memory->pixels) {
        print_text(console(), "No framebuffer available - console disabled!\n");
        return;
    }
    print_format(console(), "Framebuffer response received! (%ux%u, %u bpp, %s, at %lx)\n", fb->width_px, fb->height_px,
                 fb->bits_per_pixel, framebuffer_format_name(fb), fb->memory.start.value);
    print_text(console(), "Drawing to framebuffer...\n");
    memory_picture_draw(fb, memory->pixels, &memory->map, memory->pmm, memory->cpu);
    print_text(console(), "Framebuffer drawing complete!\n");
}
