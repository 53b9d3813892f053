/*
 * place-elf64 FILE SLIDE OUT: does to a kernel's file what the loader does. SLIDE is a number, `min`, or `max`. Writes
 * the image to OUT and facts about it, a `name value` each, to standard output; for a file that it refuses, the reason
 * and the value, and returns 1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf64.h"
#include "limine_requests.h"

static uint8_t *read_file(const char *path, size_t *ret_bytes)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes;

    if (!f || fseek(f, 0, SEEK_END))
        exit(2);
    *ret_bytes = (size_t)ftell(f);
    rewind(f);
    bytes = malloc(*ret_bytes ? *ret_bytes : 1);
    if (fread(bytes, 1, *ret_bytes, f) != *ret_bytes)
        exit(2);
    fclose(f);
    return bytes;
}

static void write_file(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
        exit(2);
}

static int refuse(const char *reason, uint64_t value)
{
    printf("%s: 0x%" PRIX64 "\n", reason, value);
    return 1;
}

static void print_facts(const struct elf64_image *image, uint64_t slide, const struct limine_requests *requests)
{
    printf("virt_start %#" PRIx64 "\nslide %#" PRIx64 "\nbytes %#" PRIx64 "\nalign %#" PRIx64 "\n", image->virt_start,
           slide, image->bytes, image->align);
    printf("base_revision %" PRIu64 "\n", requests->base_revision);
    for (unsigned i = 0; i < image->n_segments; i++)
        printf("segment %#" PRIx64 " %#" PRIx64 " %u\n", image->segments[i].offset, image->segments[i].bytes,
               image->segments[i].rights);
}

int main(int argc, char **argv)
{
    struct limine_scan_error scan_error;
    struct limine_requests requests;
    struct elf64_image image;
    struct elf64_error error;
    struct limine_image placed;
    uint8_t *file, *block;
    uint64_t slide;
    size_t bytes;

    if (argc != 4)
        return 2;
    file = read_file(argv[1], &bytes);
    if (!elf64_read(file, bytes, &image, &error))
        return refuse(elf64_status_text(error.status), error.value);
    slide = !strcmp(argv[2], "min") ? image.slide_min : image.slide_max;
    if (strcmp(argv[2], "min") && strcmp(argv[2], "max"))
        slide = strtoull(argv[2], NULL, 0);
    block = malloc(image.bytes);
    if (!elf64_place(&image, slide, block, &error))
        return refuse(elf64_status_text(error.status), error.value);
    placed = (struct limine_image){ block, image.file_backed_bytes, image.virt_start + slide };
    if (!limine_scan(&placed, 0, 0, &requests, &scan_error))
        return refuse(limine_scan_status_text(scan_error.status), scan_error.value);
    if (!elf64_is_executable(&image, image.entry))
        return refuse(elf64_status_text(ELF64_ENTRY), image.entry);
    print_facts(&image, slide, &requests);
    write_file(argv[3], block, image.bytes);
    free(block);
    free(file);
    return 0;
}
