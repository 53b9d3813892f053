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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relocatable_kernel_may_slide_through_the_top_2_gib),
        cmocka_unit_test(slides_are_multiples_of_the_alignment),
        cmocka_unit_test(random_slides_are_legal_and_reach_both_ends),
        cmocka_unit_test(the_order_of_segments_in_the_file_does_not_matter),
        cmocka_unit_test(segments_with_equal_rights_that_touch_are_mapped_as_one),
        cmocka_unit_test(neighbours_with_different_rights_stay_apart),
        cmocka_unit_test(a_tiny_segment_between_two_others_is_compared_with_both),
        cmocka_unit_test(writable_code_is_allowed_and_said),
        cmocka_unit_test(high_and_low_segments_do_not_mix),
        cmocka_unit_test(images_have_at_most_2_gib_below_the_last_page),
        cmocka_unit_test(as_many_segments_as_promised_are_taken_and_not_one_more),
        cmocka_unit_test(executable_pages_are_told_from_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
