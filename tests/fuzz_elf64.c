/*
 * elf64_read(), elf64_section() and elf64_place() on spoiled kernels: whatever is accepted is a sound image, and
 * placing it writes into its block alone. The input is a list of changes to a sound file; one that begins like an ELF
 * file is taken as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf64.h"
#include "model_elf.h"
#include "panic.h"

#define PLACED_BYTES_MAX (4u << 20)
#define CHANGE_BYTES 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the structures of the model's kernel are in its file, so that changes need not be guessed there. */
static const struct {
    uint32_t at, bytes;
} areas[] = {
    { 0, sizeof(Elf64_Ehdr) },
    { sizeof(Elf64_Ehdr), 6 * sizeof(Elf64_Phdr) },
    { 0x1800, 0x1000 },             /* tables */
    { 0x2F00, 0x200 },              /* dynamic segment */
    { 0x3100, 0x100 },              /* names and headers of sections */
    { 0, 0x3200 },                  /* all of it */
};

static const uint64_t values[] = {
    0, 1, 8, 24, 0x1000, 0x1001, 0x2000, 0x5000, 0x80000000, 0x7FFFFFFFFFFF, 0xFFFF800000000000, MODEL_ELF_TOP,
    MODEL_ELF_TOP + 0x2000, UINT64_MAX - 7, UINT64_MAX, 0xFFFFFFFFFFFFF000,
};

static void fill_tables(struct model_elf *elf, uint64_t base)
{
    model_elf_add_symbol(elf, STB_GLOBAL, STT_FUNC, 1, base + 0x20);
    model_elf_add_symbol(elf, STB_WEAK, STT_NOTYPE, SHN_UNDEF, 0);
    model_elf_add_rela(elf, base + MODEL_ELF_DATA, R_X86_64_RELATIVE, 0, 0x10);
    model_elf_add_rela(elf, base + MODEL_ELF_DATA + 8, R_X86_64_64, 1, 0x10);
    model_elf_add_rela(elf, base + MODEL_ELF_DATA + 16, R_X86_64_GLOB_DAT, 2, 0);
    model_elf_add_jmprel(elf, base + MODEL_ELF_DATA + 24, R_X86_64_JUMP_SLOT, 1, 0);
    model_elf_add_relr(elf, base + MODEL_ELF_DATA + 64);
    model_elf_add_relr(elf, 0xFF01);
    model_elf_add_section(elf, ".limine_reqs", base + MODEL_ELF_DATA, 0x40);
}

/* kind and width, area, offset in it, then a value of the list above or of its own. */
static void change(uint8_t *file, size_t bytes, const uint8_t *c)
{
    const unsigned area = c[1] % (sizeof areas / sizeof *areas), width = 1u << (c[0] & 3);
    const uint32_t offset = (uint32_t)(c[2] | c[3] << 8) * (c[0] & 4 ? 1 : width) % areas[area].bytes;
    uint64_t value;

    memcpy(&value, c + 4, sizeof value);
    if (c[0] & 8)
        value = values[value % (sizeof values / sizeof *values)] + (c[0] & 16 ? value >> 56 : 0);
    if (areas[area].at + offset + width <= bytes)
        memcpy(file + areas[area].at + offset, &value, width);
}

static void check_image(const struct elf64_image *image)
{
    uint64_t end = 0;

    ASSERT(image->bytes && image->bytes % PAGE_SIZE == 0 && image->virt_start % PAGE_SIZE == 0);
    ASSERT(image->file_backed_bytes <= image->bytes && image->bytes <= GIB(2));
    ASSERT(image->align >= PAGE_SIZE && image->align <= ELF64_ALIGN_MAX && !(image->align & (image->align - 1)));
    ASSERT(image->slide_min <= image->slide_max && image->slide_min % image->align == 0);
    ASSERT(image->virt_start + image->slide_min >= ELF64_TOP_START);
    ASSERT(image->virt_start + image->slide_max + image->bytes > ELF64_TOP_START);
    ASSERT(image->virt_start + image->slide_max + image->bytes <= ELF64_TOP_END);
    ASSERT(image->n_segments && image->n_segments <= image->n_loads && image->n_loads <= ELF64_SEGMENTS_MAX);
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct elf64_segment *s = &image->segments[i];

        ASSERT(s->offset >= end && s->bytes && s->offset % PAGE_SIZE == 0 && s->bytes % PAGE_SIZE == 0);
        ASSERT(i == 0 || s->offset > end || s->rights != image->segments[i - 1].rights);
        end = s->offset + s->bytes;
    }
    ASSERT(end == image->bytes && image->segments[0].offset == 0);
}

static void try_file(const uint8_t *file, size_t bytes, uint64_t random)
{
    struct elf64_image image;
    struct elf64_error error;
    struct elf64_range range;
    uint8_t *block;

    if (!elf64_read(file, bytes, &image, &error)) {
        ASSERT(error.status != ELF64_OK);
        return;
    }
    check_image(&image);
    (void)elf64_is_executable(&image, image.entry);
    if (elf64_section(&image, ".limine_reqs", &range))
        ASSERT(range.offset <= image.bytes && range.bytes <= image.bytes - range.offset);
    if (image.bytes > PLACED_BYTES_MAX)
        return;
    block = malloc(image.bytes);
    ASSERT(elf64_place(&image, elf64_random_slide(&image, random), block, &error) == (error.status == ELF64_OK));
    free(block);
}

/* Made once for each way: fixed, relocatable and linked high, relocatable and linked low. */
static const struct model_elf *kernel_of(unsigned way)
{
    static struct model_elf kernels[3];
    const uint64_t base = way == 2 ? 0 : MODEL_ELF_TOP;

    if (!kernels[way].bytes) {
        model_elf_open_kernel(&kernels[way], way ? ET_DYN : ET_EXEC, base);
        fill_tables(&kernels[way], base);
    }
    return &kernels[way];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct model_elf *kernel;
    uint8_t *whole, *file;
    size_t bytes;

    if (size > SELFMAG && !memcmp(data, ELFMAG, SELFMAG)) {
        try_file(data, size, size);
        return 0;
    }
    if (!size)
        return 0;
    kernel = kernel_of(data[0] % 3);
    whole = model_elf_copy(kernel, kernel->size);
    for (size_t at = 1; at + CHANGE_BYTES <= size; at += CHANGE_BYTES)
        change(whole, kernel->size, data + at);
    bytes = data[0] < 32 ? kernel->size * data[0] / 32 : kernel->size;
    file = malloc(bytes ? bytes : 1);
    memcpy(file, whole, bytes);
    free(whole);
    try_file(file, bytes, size * 0x9E3779B97F4A7C15ull);
    free(file);
    return 0;
}
