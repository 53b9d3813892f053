#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "elf64.h"
#include "model_elf.h"

#define TOP MODEL_ELF_TOP
#define RW (PF_R | PF_W)
#define RX (PF_R | PF_X)

static struct elf64_image image;
static struct elf64_error error;

/* From memory of just its size. */
static bool read_part(const struct model_elf *elf, size_t bytes)
{
    uint8_t *copy = model_elf_copy(elf, bytes);
    const bool ok = elf64_read(copy, bytes, &image, &error);

    free(copy);
    return ok;
}

static bool read_whole(const struct model_elf *elf) { return read_part(elf, elf->size); }

static void read_and_close(struct model_elf *elf, enum elf64_status status, uint64_t value)
{
    assert_true(read_whole(elf) == (status == ELF64_OK));
    assert_string_equal(elf64_status_text(error.status), elf64_status_text(status));
    assert_int_equal(error.value, value);
    model_elf_close(elf);
}

static void assert_segment(unsigned index, uint64_t offset, uint64_t bytes, uint32_t rights)
{
    assert_true(index < image.n_segments);
    assert_int_equal(image.segments[index].offset, offset);
    assert_int_equal(image.segments[index].bytes, bytes);
    assert_int_equal(image.segments[index].rights, rights);
}

static void a_fixed_kernel_is_read(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP + 0x100000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.virt_start, TOP + 0x100000);
    assert_int_equal(image.bytes, MODEL_ELF_KERNEL_BYTES);
    assert_int_equal(image.align, 4096);
    assert_int_equal(image.entry, TOP + 0x100010);
    assert_int_equal(image.file_backed_bytes, MODEL_ELF_BSS);
    assert_int_equal(image.slide_min, 0);
    assert_int_equal(image.slide_max, 0);
    assert_false(image.is_relocatable);
    assert_false(image.has_writable_code);
    assert_int_equal(image.n_segments, 3);
    assert_segment(0, 0, 0x1000, ELF64_READ | ELF64_EXECUTE);
    assert_segment(1, 0x1000, 0x1000, ELF64_READ);
    assert_segment(2, 0x2000, 0x3000, ELF64_READ | ELF64_WRITE);
}

static void a_relocatable_kernel_may_slide_through_the_top_2_gib(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    read_and_close(&elf, ELF64_OK, 0);
    assert_true(image.is_relocatable);
    assert_int_equal(image.slide_min, TOP);
    assert_int_equal(image.slide_max, ELF64_TOP_END - MODEL_ELF_KERNEL_BYTES);

    model_elf_open_kernel(&elf, ET_DYN, TOP + 0x400000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.slide_min, 0);
    assert_int_equal(image.slide_max, ELF64_TOP_END - MODEL_ELF_KERNEL_BYTES - (TOP + 0x400000));

    /* In the upper half, but below the top 2 GiB. */
    model_elf_open_kernel(&elf, ET_DYN, 0xFFFF800000000000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.slide_min, 0x7FFF80000000);
}

static void slides_are_multiples_of_the_alignment(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_phdr(&elf, 1)->p_align = 0x200000;
    model_elf_phdr(&elf, 2)->p_align = 0x8000;
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.align, 0x200000);
    assert_int_equal(image.slide_min, TOP);
    assert_int_equal(image.slide_max, 0xFFFFFFFFFFE00000);
}

static void random_slides_are_legal_and_reach_both_ends(void **state)
{
    bool is_first = false, is_last = false;
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_phdr(&elf, 0)->p_align = ELF64_ALIGN_MAX;
    read_and_close(&elf, ELF64_OK, 0);
    for (uint64_t random = UINT64_MAX - 100; random != 100; random++) {
        const uint64_t slide = elf64_random_slide(&image, random);

        assert_true(slide >= image.slide_min && slide <= image.slide_max && slide % image.align == 0);
        is_first = is_first || slide == image.slide_min;
        is_last = is_last || slide == image.slide_max;
    }
    assert_true(is_first && is_last);
    assert_int_equal(image.slide_max - image.slide_min, ELF64_ALIGN_MAX);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_add_rela(&elf, MODEL_ELF_DATA, R_X86_64_RELATIVE, 0, 5);
    for (size_t bytes = 0; bytes < elf.size; bytes++) {
        assert_false(read_part(&elf, bytes));
        assert_true(error.status != ELF64_OK);
    }
    assert_true(read_whole(&elf));
    model_elf_close(&elf);
}

static void a_file_may_lie_at_any_address(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    for (unsigned shift = 0; shift < 8; shift++) {
        uint8_t *copy = malloc(elf.size + shift);

        memcpy(copy + shift, elf.bytes, elf.size);
        assert_true(elf64_read(copy + shift, elf.size, &image, &error));
        free(copy);
    }
    model_elf_close(&elf);
}

/* What is done to a sound kernel (ET_EXEC at TOP), and what must be said of it. */
struct spoiled {
    size_t at; /* in the file */
    unsigned bytes;
    uint64_t put;
    enum elf64_status status;
    uint64_t value;
};

#define HEADER(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define PHDR(index, field)                                                                                             \
    sizeof(Elf64_Ehdr) + (index) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field)

static const struct spoiled spoiled[] = {
    { 0, 4, 0x464C457E, ELF64_NOT_ELF, 0x464C457E },
    { 3, 1, 0, ELF64_NOT_ELF, 0x4C457F },
    { EI_CLASS, 1, ELFCLASS32, ELF64_CLASS, ELFCLASS32 },
    { EI_DATA, 1, ELFDATA2MSB, ELF64_DATA, ELFDATA2MSB },
    { EI_VERSION, 1, 0, ELF64_VERSION, 0 },
    { HEADER(e_version), 2, ELF64_VERSION, 2 },
    { HEADER(e_type), ET_REL, ELF64_TYPE, ET_REL },
    { HEADER(e_type), ET_CORE, ELF64_TYPE, ET_CORE },
    { HEADER(e_machine), EM_AARCH64, ELF64_MACHINE, EM_AARCH64 },
    { HEADER(e_phentsize), 55, ELF64_HEADER_SIZE, 55 },
    { HEADER(e_phentsize), 0, ELF64_HEADER_SIZE, 0 },
    { HEADER(e_phentsize), 0xFFFF, ELF64_HEADER_SIZE, 0xFFFF },
    { HEADER(e_phnum), 0, ELF64_NO_SEGMENTS, 0 },
    { HEADER(e_phnum), 0xFFFF, ELF64_HEADER_COUNT, 0xFFFF },
    { HEADER(e_phnum), 0xFFFE, ELF64_HEADERS_OUTSIDE, 64 },
    { HEADER(e_phoff), UINT64_MAX, ELF64_HEADERS_OUTSIDE, UINT64_MAX },
    { HEADER(e_phoff), UINT64_MAX - 223, ELF64_HEADERS_OUTSIDE, UINT64_MAX - 223 },
    { PHDR(0, p_filesz), 0x801, ELF64_FILE_OVER_MEMORY, 0x801 },
    { PHDR(0, p_filesz), UINT64_MAX, ELF64_FILE_OVER_MEMORY, UINT64_MAX },
    { PHDR(0, p_offset), UINT64_MAX, ELF64_SEGMENT_OUTSIDE, UINT64_MAX },
    { PHDR(0, p_offset), UINT64_MAX - 0x7FF, ELF64_SEGMENT_OUTSIDE, UINT64_MAX - 0x7FF },
    { PHDR(0, p_vaddr), UINT64_MAX, ELF64_SEGMENT_WRAPS, UINT64_MAX },
    { PHDR(0, p_vaddr), 0xFFFFFFFFFFFFF000, ELF64_SEGMENT_WRAPS, 0xFFFFFFFFFFFFF000 },
    { PHDR(0, p_vaddr), 0xFFFFFFFFFFFFE801, ELF64_SEGMENT_WRAPS, 0xFFFFFFFFFFFFE801 },
    { PHDR(2, p_memsz), UINT64_MAX, ELF64_SEGMENT_WRAPS, TOP + 0x2000 },
    { PHDR(2, p_memsz), 0x7FFFE000, ELF64_SEGMENT_WRAPS, TOP + 0x2000 },
    { PHDR(0, p_vaddr), 0x800000000000, ELF64_NOT_CANONICAL, 0x800000000000 },
    { PHDR(0, p_vaddr), 0x7FFFFFFFF801, ELF64_NOT_CANONICAL, 0x7FFFFFFFF801 },
    { PHDR(0, p_vaddr), 0xFFFF7FFFFFFFFFFF, ELF64_NOT_CANONICAL, 0xFFFF7FFFFFFFFFFF },
    { PHDR(0, p_vaddr), 0x100000, ELF64_LOW_ADDRESS, 0x100000 },
    { PHDR(0, p_vaddr), TOP - 1, ELF64_LOW_ADDRESS, TOP - 1 },
    { PHDR(0, p_align), 3, ELF64_ALIGN, 3 },
    { PHDR(0, p_align), 0x80000000, ELF64_ALIGN, 0x80000000 },
    { PHDR(0, p_align), UINT64_MAX, ELF64_ALIGN, UINT64_MAX },
    { PHDR(0, p_memsz), 0x1001, ELF64_OVERLAP, TOP + 0x1000 },
    { PHDR(1, p_vaddr), TOP + 0x2FFF, ELF64_OVERLAP, TOP + 0x2FFF },
    { PHDR(1, p_vaddr), TOP, ELF64_OVERLAP, TOP },
    { PHDR(1, p_vaddr), TOP + 0xFFF, ELF64_MIXED_RIGHTS, TOP },
    { PHDR(3, p_offset), UINT64_MAX, ELF64_DYNAMIC_OUTSIDE, UINT64_MAX },
    { PHDR(3, p_filesz), UINT64_MAX, ELF64_DYNAMIC_OUTSIDE, 0x2F00 },
};

static void each_broken_field_has_its_own_reason_and_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoiled / sizeof *spoiled; i++) {
        struct model_elf elf;

        model_elf_open_kernel(&elf, ET_EXEC, TOP);
        memcpy(elf.bytes + spoiled[i].at, &spoiled[i].put, spoiled[i].bytes);
        read_and_close(&elf, spoiled[i].status, spoiled[i].value);
    }
}

static void no_two_reasons_have_the_same_text(void **state)
{
    (void)state;
    for (int a = ELF64_OK; a <= ELF64_IFUNC; a++)
        for (int b = ELF64_OK; b < a; b++)
            assert_string_not_equal(elf64_status_text((enum elf64_status)a), elf64_status_text((enum elf64_status)b));
    assert_string_equal(elf64_status_text((enum elf64_status)1000), "unknown status");
}

static void segments_without_memory_are_passed_over_whatever_they_hold(void **state)
{
    struct model_elf elf;
    Elf64_Phdr *p;

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP);
    p = model_elf_add_phdr(&elf, PT_LOAD, 7);
    p->p_vaddr = 12345;
    p->p_filesz = p->p_offset = p->p_align = UINT64_MAX;
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.n_segments, 3);

    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_phdr(&elf, PT_LOAD, 7);
    read_and_close(&elf, ELF64_NO_SEGMENTS, 1);
}

static void the_order_of_segments_in_the_file_does_not_matter(void **state)
{
    static const unsigned order[] = { 2, 0, 1, 3 };
    struct elf64_image sorted;
    struct model_elf elf;
    Elf64_Phdr phdrs[4];

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP);
    assert_true(read_whole(&elf));
    sorted = image;
    memcpy(phdrs, model_elf_phdr(&elf, 0), sizeof phdrs);
    for (unsigned i = 0; i < 4; i++)
        *model_elf_phdr(&elf, i) = phdrs[order[i]];
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.file_backed_bytes, sorted.file_backed_bytes);
    assert_memory_equal(image.segments, sorted.segments, sizeof sorted.segments);
    assert_memory_equal(image.loads, sorted.loads, sizeof sorted.loads);
}

/*
 *     page  0         1         2         3         4
 *           | R--  R--|    R--  |         |RW- RW-  |
 */
static void segments_with_equal_rights_that_touch_are_mapped_as_one(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_load(&elf, PF_R, TOP + 0x123, 0x100, 0x200);
    model_elf_add_load(&elf, PF_R, TOP + 0x323, 0x100, 0x200);
    model_elf_add_load(&elf, PF_R, TOP + 0x1800, 0x100, 0x100);
    model_elf_add_load(&elf, RW, TOP + 0x3000, 0x100, 0x100);
    model_elf_add_load(&elf, RW, TOP + 0x3800, 0, 0x100);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.n_segments, 2);
    assert_segment(0, 0, 0x2000, ELF64_READ);
    assert_segment(1, 0x3000, 0x1000, ELF64_READ | ELF64_WRITE);
    assert_int_equal(image.n_loads, 5);
    assert_int_equal(image.file_backed_bytes, 0x3800);
}

static void neighbours_with_different_rights_stay_apart(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_load(&elf, RX, TOP, 0x1000, 0x1000);
    model_elf_add_load(&elf, PF_X, TOP + 0x1000, 0x1000, 0x1000);
    model_elf_add_load(&elf, RW, TOP + 0x2000, 0x1000, 0x1000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.n_segments, 3);
}

/* The one in the middle shares its page with both: a comparison of neighbours sees them all. */
static void a_tiny_segment_between_two_others_is_compared_with_both(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_load(&elf, RW, TOP, 0x10, 0x10);
    model_elf_add_load(&elf, RW, TOP + 0x800, 0x10, 0x10);
    model_elf_add_load(&elf, RW, TOP + 0x400, 0x10, 0x10);
    assert_true(read_whole(&elf));
    assert_int_equal(image.n_segments, 1);
    model_elf_phdr(&elf, 2)->p_flags = RX;
    read_and_close(&elf, ELF64_MIXED_RIGHTS, TOP);
}

static void writable_code_is_allowed_and_said(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_load(&elf, PF_R | PF_W | PF_X, TOP, 0x1000, 0x1000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_true(image.has_writable_code);
    assert_segment(0, 0, 0x1000, ELF64_READ | ELF64_WRITE | ELF64_EXECUTE);
}

static void high_and_low_segments_do_not_mix(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, TOP - 0x2000);
    read_and_close(&elf, ELF64_MIXED_HALVES, TOP - 0x2000);
    /* One that begins below and goes on above is low. */
    model_elf_open_kernel(&elf, ET_DYN, TOP - 0x3000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.slide_min, 0x3000);
}

static void images_have_at_most_2_gib_below_the_last_page(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_load(&elf, RW, TOP, 0x10, 0x7FFFF000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.bytes, 0x7FFFF000);

    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_phdr(&elf, 2)->p_memsz = 0x7FFFD000;
    assert_true(read_whole(&elf));
    assert_int_equal(image.slide_min, image.slide_max);
    model_elf_phdr(&elf, 2)->p_memsz = 0x7FFFD001;
    read_and_close(&elf, ELF64_TOO_HIGH, 0);

    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_phdr(&elf, 2)->p_memsz = 0x80000001;
    read_and_close(&elf, ELF64_TOO_BIG, 0x80000001);

    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_phdr(&elf, 2)->p_vaddr = 0x80000000;
    read_and_close(&elf, ELF64_TOO_BIG, 0x80003000);

    /* A gap of nearly all addresses. */
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_phdr(&elf, 2)->p_vaddr = TOP - 0x10000;
    read_and_close(&elf, ELF64_TOO_BIG, TOP - 0x10000 + 0x3000);
}

static void as_many_segments_as_promised_are_taken_and_not_one_more(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    for (unsigned i = 0; i < ELF64_SEGMENTS_MAX; i++)
        model_elf_add_load(&elf, i % 2 ? RX : RW, TOP + (64 - i) * 0x2000, 0x10, 0x10);
    assert_true(read_whole(&elf));
    assert_int_equal(image.n_segments, ELF64_SEGMENTS_MAX);
    model_elf_add_load(&elf, RW, TOP, 0x10, 0x10);
    read_and_close(&elf, ELF64_TOO_MANY_SEGMENTS, ELF64_SEGMENTS_MAX);
}

/* Quadratic work on these would take minutes. */
static void the_largest_table_of_headers_is_read_at_once(void **state)
{
    const unsigned n = PN_XNUM - 1;
    const size_t bytes = sizeof(Elf64_Ehdr) + n * sizeof(Elf64_Phdr);
    uint8_t *file = calloc(bytes, 1);
    Elf64_Phdr *p = (Elf64_Phdr *)(file + sizeof(Elf64_Ehdr));
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_header(&elf)->e_phnum = (Elf64_Half)n;
    memcpy(file, elf.bytes, sizeof(Elf64_Ehdr));
    model_elf_close(&elf);
    for (unsigned i = 0; i < n; i++)
        p[i] = (Elf64_Phdr){ .p_type = i % 2 ? PT_LOAD : PT_NOTE };
    p[n - 1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = RX, .p_vaddr = TOP, .p_memsz = 1 };
    assert_true(elf64_read(file, bytes, &image, &error));
    for (unsigned i = 0; i < n; i++)
        p[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = RX, .p_vaddr = -0x2000ull - i * 0x2000ull, .p_memsz = 1 };
    assert_false(elf64_read(file, bytes, &image, &error));
    assert_int_equal(error.status, ELF64_TOO_MANY_SEGMENTS);
    free(file);
}

static void executable_pages_are_told_from_others(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP + 0x100000);
    read_and_close(&elf, ELF64_OK, 0);
    assert_true(elf64_is_executable(&image, image.entry));
    assert_true(elf64_is_executable(&image, TOP + 0x100000));
    assert_true(elf64_is_executable(&image, TOP + 0x100FFF));
    assert_false(elf64_is_executable(&image, TOP + 0x0FFFFF));
    assert_false(elf64_is_executable(&image, TOP + 0x101000));
    assert_false(elf64_is_executable(&image, TOP + 0x104FFF));
    assert_false(elf64_is_executable(&image, TOP + 0x105000));
    assert_false(elf64_is_executable(&image, 0));
    assert_false(elf64_is_executable(&image, UINT64_MAX));
}

/* What a dynamic segment may say, and what must be said of it. */
static const struct {
    int64_t tag;
    uint64_t put;
    enum elf64_status status;
    uint64_t value;
} dynamic[] = {
    { DT_NEEDED, 7, ELF64_NEEDS_LIBRARY, 7 },
    { DT_RELSZ, 16, ELF64_REL, 16 },
    { DT_RELSZ, 0, ELF64_OK, 0 },
    { DT_PLTREL, DT_REL, ELF64_REL, DT_REL },
    { DT_RELAENT, 16, ELF64_ENTRY_SIZE, 16 },
    { DT_RELAENT, 0, ELF64_ENTRY_SIZE, 0 },
    { DT_RELRENT, 4, ELF64_ENTRY_SIZE, 4 },
    { DT_SYMENT, 16, ELF64_ENTRY_SIZE, 16 },
    { DT_RELASZ, 25, ELF64_TABLE_SIZE, 25 },
    { DT_PLTRELSZ, UINT64_MAX, ELF64_TABLE_SIZE, UINT64_MAX },
    { DT_RELRSZ, 9, ELF64_TABLE_SIZE, 9 },
    { DT_RELASZ, 0, ELF64_OK, 0 },
    { DT_RELA, 0xFFF, ELF64_TABLE_OUTSIDE, 0xFFF },
    { DT_RELA, 0x6000 - 24, ELF64_OK, 0 },
    { DT_RELA, 0x6000 - 23, ELF64_TABLE_OUTSIDE, 0x6000 - 23 },
    { DT_RELA, UINT64_MAX, ELF64_TABLE_OUTSIDE, UINT64_MAX },
    { DT_RELASZ, UINT64_MAX / 24 * 24, ELF64_TABLE_OUTSIDE, 0x2000 },
    { DT_JMPREL, 0, ELF64_TABLE_OUTSIDE, 0 },
    { DT_RELR, 0x6000 - 7, ELF64_TABLE_OUTSIDE, 0x6000 - 7 },
    { DT_RELRSZ, UINT64_MAX - 7, ELF64_TABLE_OUTSIDE, 0x2800 },
    { DT_SYMTAB, 0x6001, ELF64_TABLE_OUTSIDE, 0x6001 },
    { DT_SYMTAB, 0, ELF64_TABLE_OUTSIDE, 0 },
    { DT_FLAGS_1, UINT64_MAX, ELF64_OK, 0 },
};

static void each_broken_dynamic_entry_has_its_own_reason_and_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dynamic / sizeof *dynamic; i++) {
        struct model_elf elf;

        model_elf_open_kernel(&elf, ET_DYN, 0x1000);
        model_elf_add_rela(&elf, 0x3000, R_X86_64_NONE, 0, 0);
        model_elf_add_jmprel(&elf, 0x3000, R_X86_64_NONE, 0, 0);
        model_elf_add_relr(&elf, 0x3000);
        model_elf_set_dynamic(&elf, dynamic[i].tag, dynamic[i].put);
        read_and_close(&elf, dynamic[i].status, dynamic[i].value);
    }
}

static void a_relocatable_kernel_needs_a_dynamic_segment(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_phdr(&elf, 3)->p_filesz = 0;
    assert_false(read_whole(&elf));
    assert_int_equal(error.status, ELF64_NO_DYNAMIC);
    model_elf_phdr(&elf, 3)->p_type = PT_NOTE;
    read_and_close(&elf, ELF64_NO_DYNAMIC, ET_DYN);

    model_elf_open_kernel(&elf, ET_EXEC, TOP);
    model_elf_phdr(&elf, 3)->p_type = PT_NOTE;
    read_and_close(&elf, ELF64_OK, 0);
}

static void a_dynamic_segment_may_end_without_its_last_entry(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_phdr(&elf, 3)->p_filesz = 8 * sizeof(Elf64_Dyn) + 15; /* up to DT_SYMENT */
    read_and_close(&elf, ELF64_OK, 0);
    assert_int_equal(image.dynamic.symbols, 0x1C00);
}

static bool find_section(const struct model_elf *elf, const char *name, struct elf64_range *ret)
{
    uint8_t *copy = model_elf_copy(elf, elf->size);
    bool found;

    assert_true(elf64_read(copy, elf->size, &image, &error));
    found = elf64_section(&image, name, ret);
    free(copy);
    return found;
}

static void a_section_is_found_by_its_whole_name(void **state)
{
    struct elf64_range range;
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP);
    assert_false(find_section(&elf, ".limine_reqs", &range));
    model_elf_add_section(&elf, ".limine_reqs", TOP + 0x2010, 0x40);
    assert_true(find_section(&elf, ".limine_reqs", &range));
    assert_int_equal(range.offset, 0x2010);
    assert_int_equal(range.bytes, 0x40);
    assert_false(find_section(&elf, ".limine_req", &range));
    assert_false(find_section(&elf, ".limine_reqs2", &range));
    assert_false(find_section(&elf, "limine_reqs", &range));
    model_elf_close(&elf);
}

static void a_section_outside_the_image_does_not_count(void **state)
{
    static const uint64_t bad[][2] = { { 0, 8 }, { TOP - 1, 8 }, { TOP + 0x4FF9, 8 }, { TOP, UINT64_MAX } };
    struct elf64_range range;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct model_elf elf;

        model_elf_open_kernel(&elf, ET_EXEC, TOP);
        model_elf_add_section(&elf, ".limine_reqs", bad[i][0], bad[i][1]);
        assert_false(find_section(&elf, ".limine_reqs", &range));
        model_elf_close(&elf);
    }
}

static void broken_section_tables_are_no_section_tables(void **state)
{
    static const uint64_t extremes[] = { 0, 1, 63, 0xFFFF, 0x7FFFFFFFFFFFFFFF, UINT64_MAX, UINT64_MAX - 63 };
    struct elf64_range range;

    (void)state;
    for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++)
        for (unsigned field = 0; field < 7; field++) {
            struct model_elf elf;
            Elf64_Ehdr *h;
            Elf64_Shdr *sections;

            model_elf_open_kernel(&elf, ET_EXEC, TOP);
            model_elf_add_section(&elf, ".limine_reqs", TOP + 0x2010, 0x40);
            h = model_elf_header(&elf);
            sections = (Elf64_Shdr *)(elf.bytes + h->e_shoff);
            switch (field) {
            case 0: h->e_shoff = extremes[i]; break;
            case 1: h->e_shentsize = (Elf64_Half)extremes[i]; break;
            case 2: h->e_shnum = (Elf64_Half)(extremes[i] == 63 ? 2 : extremes[i]); break;
            case 3: h->e_shstrndx = (Elf64_Half)extremes[i]; break;
            case 4: sections[1].sh_name = (Elf64_Word)(extremes[i] == 1 ? 2 : extremes[i]); break;
            case 5: sections[2].sh_offset = extremes[i]; break;
            case 6: sections[2].sh_size = extremes[i] == 63 ? 13 : extremes[i]; break;
            }
            /* A table that goes on beyond its end is one up to there. */
            assert_true(find_section(&elf, ".limine_reqs", &range) == (field == 2 && extremes[i] >= 0xFFFF));
            model_elf_close(&elf);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_kernel_is_read),
        cmocka_unit_test(a_relocatable_kernel_may_slide_through_the_top_2_gib),
        cmocka_unit_test(slides_are_multiples_of_the_alignment),
        cmocka_unit_test(random_slides_are_legal_and_reach_both_ends),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_may_lie_at_any_address),
        cmocka_unit_test(each_broken_field_has_its_own_reason_and_value),
        cmocka_unit_test(no_two_reasons_have_the_same_text),
        cmocka_unit_test(segments_without_memory_are_passed_over_whatever_they_hold),
        cmocka_unit_test(the_order_of_segments_in_the_file_does_not_matter),
        cmocka_unit_test(segments_with_equal_rights_that_touch_are_mapped_as_one),
        cmocka_unit_test(neighbours_with_different_rights_stay_apart),
        cmocka_unit_test(a_tiny_segment_between_two_others_is_compared_with_both),
        cmocka_unit_test(writable_code_is_allowed_and_said),
        cmocka_unit_test(high_and_low_segments_do_not_mix),
        cmocka_unit_test(images_have_at_most_2_gib_below_the_last_page),
        cmocka_unit_test(as_many_segments_as_promised_are_taken_and_not_one_more),
        cmocka_unit_test(the_largest_table_of_headers_is_read_at_once),
        cmocka_unit_test(executable_pages_are_told_from_others),
        cmocka_unit_test(each_broken_dynamic_entry_has_its_own_reason_and_value),
        cmocka_unit_test(a_relocatable_kernel_needs_a_dynamic_segment),
        cmocka_unit_test(a_dynamic_segment_may_end_without_its_last_entry),
        cmocka_unit_test(a_section_is_found_by_its_whole_name),
        cmocka_unit_test(a_section_outside_the_image_does_not_count),
        cmocka_unit_test(broken_section_tables_are_no_section_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
