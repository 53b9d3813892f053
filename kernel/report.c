#include "report.h"

#include "console.h"
#include "frame_test.h"
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

static void print_claim(const char *key, struct phys_range range, uint64_t unit)
{
    if (range.bytes)
        print_format(console(), "# %s %lx %lu\n", key, range.start.value, range.bytes / unit);
}

static const char *claim_key(enum region_type type)
{
    switch (type) {
    case REGION_FRAMEBUFFER:
        return "framebuffer";
    case REGION_EXECUTABLE_AND_MODULES:
        return "image";
    case REGION_BAD_MEMORY:
        return "bad";
    default:
        return "hole";
    }
}

void report_raw_map(const struct memory *memory, const struct boot_info *info)
{
    const char *map = info->map.descriptors;
    const uint64_t n = firmware_map_count(&info->map);

    print_text(console(), "--- raw map\n");
    print_format(console(), "# desc_size=%lu entries=%lu\n# phys_bits %u\n", info->map.stride, n, info->phys_bits);
    for (size_t i = 0; i < info->n_claims; i++)
        print_claim(claim_key(info->claims[i].type), info->claims[i].bytes,
                    info->claims[i].type == REGION_EXECUTABLE_AND_MODULES ? PAGE_SIZE : 1);
    print_claim("metadata", memory->metadata, 1);
    for (unsigned use = 0; use < LOADER_USES; use++)
        print_claim("reserved", memory_in_use(memory, info, (enum loader_use)use), PAGE_SIZE);
    for (uint64_t i = 0; i < n; i++) {
        struct firmware_descriptor d;

        __builtin_memcpy(&d, map + i * info->map.stride, sizeof d);
        print_format(console(), "%u %lx %lx %lx\n", d.type, d.start, d.pages, d.attributes);
    }
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
