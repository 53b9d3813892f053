#include <stddef.h>

#include "elf64_file.h"

/* Segments are sorted by their addresses: who overlaps, or shares a page, does so with a neighbour. */
static bool check_neighbours(const struct elf64_image *image, struct elf64_error *error)
{
    for (unsigned i = 1; i < image->n_segments; i++) {
        const struct elf64_segment *low = &image->segments[i - 1], *high = &image->segments[i];
        const uint64_t low_end = low->offset + low->bytes;

        if (low_end > high->offset)
            return elf64_fail(error, ELF64_OVERLAP, high->offset);
        if (align_up(low_end, PAGE_SIZE) > high->offset && low->rights != high->rights)
            return elf64_fail(error, ELF64_MIXED_RIGHTS, align_down(high->offset, PAGE_SIZE));
    }
    return true;
}

static bool check_extent(const struct elf64_image *image, struct elf64_error *error)
{
    const uint64_t first = image->segments[0].offset, last = image->segments[image->n_segments - 1].offset;

    if (first < ELF64_TOP_START && last >= ELF64_TOP_START)
        return elf64_fail(error, ELF64_MIXED_HALVES, first);
    if (image->bytes > -ELF64_TOP_START)
        return elf64_fail(error, ELF64_TOO_BIG, image->bytes);
    return true;
}

/* Nothing wraps: an image has at most 2 GiB, and an alignment at most 1 GiB. */
static bool find_slides(struct elf64_image *image, struct elf64_error *error)
{
    uint64_t start = image->virt_start;

    if (start < ELF64_TOP_START)
        image->slide_min = align_up(ELF64_TOP_START - start, image->align);
    start += image->slide_min;
    if (start > ELF64_TOP_END - image->bytes)
        return elf64_fail(error, ELF64_TOO_HIGH, image->virt_start);
    image->slide_max = image->slide_min;
    if (image->is_relocatable)
        image->slide_max += align_down(ELF64_TOP_END - image->bytes - start, image->align);
    return true;
}

/* Rounds to pages, relative to the image. */
static struct elf64_segment in_pages(const struct elf64_image *image, struct elf64_segment segment)
{
    const uint64_t start = align_down(segment.offset, PAGE_SIZE);
    const uint64_t end = align_up(segment.offset + segment.bytes, PAGE_SIZE);

    return (struct elf64_segment){ start - image->virt_start, end - start, segment.rights };
}

static void join_segments(struct elf64_image *image)
{
    unsigned n = 0;

    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct elf64_segment segment = in_pages(image, image->segments[i]);
        struct elf64_segment *last = n ? &image->segments[n - 1] : NULL;

        if ((segment.rights & (ELF64_WRITE | ELF64_EXECUTE)) == (ELF64_WRITE | ELF64_EXECUTE))
            image->has_writable_code = true;
        if (last && last->rights == segment.rights && last->offset + last->bytes >= segment.offset)
            last->bytes = segment.offset + segment.bytes - last->offset;
        else
            image->segments[n++] = segment;
    }
    image->n_segments = n;
}

bool elf64_lay_out(struct elf64_image *image, struct elf64_error *error)
{
    const struct elf64_segment *first = &image->segments[0], *last = &image->segments[image->n_segments - 1];
    const struct elf64_load *last_load = &image->loads[image->n_segments - 1];

    if (!check_neighbours(image, error))
        return false;
    image->virt_start = align_down(first->offset, PAGE_SIZE);
    image->bytes = align_up(last->offset + last->bytes, PAGE_SIZE) - image->virt_start;
    image->file_backed_bytes = last->offset + last_load->bytes - image->virt_start;
    if (!check_extent(image, error) || !find_slides(image, error))
        return false;
    image->n_loads = image->n_segments;
    for (unsigned i = 0; i < image->n_loads; i++)
        image->loads[i].offset = (uint32_t)(image->segments[i].offset - image->virt_start);
    join_segments(image);
    return true;
}

uint64_t elf64_random_slide(const struct elf64_image *image, uint64_t random)
{
    const uint64_t places = (image->slide_max - image->slide_min) / image->align + 1;

    return image->slide_min + random % places * image->align;
}
