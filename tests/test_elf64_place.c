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
#define DATA MODEL_ELF_DATA
#define SLIDE (TOP + 0x1234000)

static struct elf64_image image;
static struct elf64_error error;
static uint8_t *block;    /* of just the image's size, filled with rubbish before; NULL if nothing was placed */
static uint8_t *expected; /* what the segments alone make of it, byte by byte */

static void expect_segments(struct model_elf *elf)
{
    expected = calloc(image.bytes, 1);
    for (unsigned i = 0; i < model_elf_header(elf)->e_phnum; i++) {
        const Elf64_Phdr *p = model_elf_phdr(elf, i);

        for (uint64_t at = 0; p->p_type == PT_LOAD && at < p->p_filesz; at++)
            expected[p->p_vaddr - image.virt_start + at] = elf->bytes[p->p_offset + at];
    }
}

static bool place(struct model_elf *elf, uint64_t slide)
{
    uint8_t *copy = model_elf_copy(elf, elf->size);
    bool ok;

    assert_true(elf64_read(copy, elf->size, &image, &error));
    block = malloc(image.bytes);
    memset(block, 0xA5, image.bytes);
    expect_segments(elf);
    ok = elf64_place(&image, slide, block, &error);
    free(copy);
    return ok;
}

static void expect_word(uint64_t offset, uint64_t value) { memcpy(expected + offset, &value, sizeof value); }

static void finish(struct model_elf *elf)
{
    free(block);
    free(expected);
    model_elf_close(elf);
}

static void placed_as_expected(struct model_elf *elf)
{
    for (uint64_t i = 0; i < image.bytes; i++)
        if (block[i] != expected[i])
            fail_msg("offset %#lx: %#x instead of %#x", i, block[i], expected[i]);
    finish(elf);
}

static void refused(struct model_elf *elf, uint64_t slide, enum elf64_status status, uint64_t value)
{
    assert_false(place(elf, slide));
    assert_string_equal(elf64_status_text(error.status), elf64_status_text(status));
    assert_int_equal(error.value, value);
    finish(elf);
}

static void segments_are_copied_and_all_else_is_zero(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP + 0x200000);
    assert_true(place(&elf, 0));
    assert_int_equal(error.status, ELF64_OK);
    placed_as_expected(&elf);
}

/*
 *     page  0         1         2         3
 *           | aa  bb..|.........|   cc    | dd......|   cc and dd come first in the file
 */
static void gaps_and_tails_between_unsorted_segments_are_zero(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open(&elf, ET_EXEC, TOP);
    model_elf_add_load(&elf, PF_R, TOP + 0x2345, 0x123, 0x123);
    model_elf_add_load(&elf, PF_R | PF_W, TOP + 0x3010, 1, 0xFF0);
    model_elf_add_load(&elf, PF_R | PF_X, TOP + 0x11, 0x77, 0x99);
    model_elf_add_load(&elf, PF_R | PF_X, TOP + 0xAA, 0x77, 0x1000);
    model_elf_add_load(&elf, PF_R | PF_X, TOP + 0x1100, 0, 0x10);
    assert_true(place(&elf, 0));
    placed_as_expected(&elf);
}

static void relative_relocations_are_the_addend_plus_the_slide(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_add_rela(&elf, 0x1000 + DATA, R_X86_64_RELATIVE, 0, 0x1010);
    model_elf_add_rela(&elf, 0x1000 + DATA + 0x13, R_X86_64_RELATIVE, 0, -5);
    model_elf_add_rela(&elf, 0x1000 + DATA + 0x20, R_X86_64_NONE, 77, 0x77);
    model_elf_add_rela(&elf, 0x1000 + MODEL_ELF_KERNEL_BYTES - 8, R_X86_64_RELATIVE, 0, 1); /* in .bss */
    assert_true(place(&elf, SLIDE));
    expect_word(DATA, SLIDE + 0x1010);
    expect_word(DATA + 0x13, SLIDE - 5);
    expect_word(MODEL_ELF_KERNEL_BYTES - 8, SLIDE + 1);
    placed_as_expected(&elf);
}

static void symbols_are_slid_unless_they_are_absolute_or_undefined_and_weak(void **state)
{
    static const struct {
        uint8_t bind;
        uint16_t section;
        uint64_t value, slid;
    } symbols[] = {
        { STB_GLOBAL, 1, 0x1234, SLIDE + 0x1234 },
        { STB_LOCAL, 1, 0x2345, SLIDE + 0x2345 },
        { STB_WEAK, 1, 0x3456, SLIDE + 0x3456 },
        { STB_GLOBAL, SHN_ABS, 0x4567, 0x4567 },
        { STB_WEAK, SHN_UNDEF, 0, 0 },
    };
    struct model_elf elf;
    uint64_t at = DATA;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    for (unsigned i = 0; i < 5; i++, at += 24) {
        model_elf_add_symbol(&elf, symbols[i].bind, STT_OBJECT, symbols[i].section, symbols[i].value);
        model_elf_add_rela(&elf, at, R_X86_64_64, i + 1, 0x10);
        model_elf_add_rela(&elf, at + 8, R_X86_64_GLOB_DAT, i + 1, 0x10); /* these two take no addend */
        model_elf_add_jmprel(&elf, at + 16, R_X86_64_JUMP_SLOT, i + 1, 0x10);
    }
    assert_true(place(&elf, SLIDE));
    at = DATA;
    for (unsigned i = 0; i < 5; i++, at += 24) {
        expect_word(at, symbols[i].slid + 0x10);
        expect_word(at + 8, symbols[i].slid);
        expect_word(at + 16, symbols[i].slid);
    }
    placed_as_expected(&elf);
}

/* An address, a map of all 63 words after it, a map of the last of the next 63 alone, an address. */
static void relr_words_are_raised_by_the_slide(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_add_relr(&elf, 0x1000 + DATA);
    model_elf_add_relr(&elf, UINT64_MAX);
    model_elf_add_relr(&elf, 1ull << 63 | 1);
    model_elf_add_relr(&elf, 1); /* none of the next 63 */
    model_elf_add_relr(&elf, 3); /* the first of the 63 after those */
    model_elf_add_relr(&elf, 0x1000 + DATA + 0x600);
    assert_true(place(&elf, SLIDE));
    for (uint64_t at = DATA; at <= DATA + 0x7FF; at += 8) {
        const uint64_t word = (at - DATA) / 8;
        uint64_t value;

        memcpy(&value, expected + at, sizeof value);
        if (word <= 63 || word == 63 + 63 || word == 1 + 3 * 63 || word == 0x600 / 8)
            expect_word(at, value + SLIDE);
    }
    placed_as_expected(&elf);
}

static void a_fixed_image_is_relocated_too_if_it_asks_for_it(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_EXEC, TOP);
    model_elf_add_rela(&elf, TOP + DATA, R_X86_64_RELATIVE, 0, 0x55);
    assert_true(place(&elf, 0));
    expect_word(DATA, 0x55);
    placed_as_expected(&elf);
}

static void only_legal_slides_are_taken(void **state)
{
    static const uint64_t bad[] = { 0, TOP - 0x1000, TOP + 1, TOP + 0x800, ELF64_TOP_END - MODEL_ELF_KERNEL_BYTES + 1,
                                    ELF64_TOP_END - MODEL_ELF_KERNEL_BYTES + 0x1000, UINT64_MAX };
    struct model_elf elf;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        model_elf_open_kernel(&elf, ET_DYN, 0);
        refused(&elf, bad[i], ELF64_SLIDE, bad[i]);
    }
    model_elf_open_kernel(&elf, ET_EXEC, TOP);
    refused(&elf, 0x1000, ELF64_SLIDE, 0x1000);
    model_elf_open_kernel(&elf, ET_DYN, 0);
    assert_true(place(&elf, ELF64_TOP_END - MODEL_ELF_KERNEL_BYTES));
    placed_as_expected(&elf);
}

static void unknown_relocations_are_refused(void **state)
{
    for (uint32_t type = 0; type < 64; type++) {
        struct model_elf elf;

        (void)state;
        if (type == R_X86_64_NONE || type == R_X86_64_64 || type == R_X86_64_GLOB_DAT ||
            type == R_X86_64_JUMP_SLOT || type == R_X86_64_RELATIVE)
            continue;
        model_elf_open_kernel(&elf, ET_DYN, 0);
        model_elf_add_rela(&elf, DATA, type, 0, 0);
        refused(&elf, SLIDE, ELF64_RELOCATION, type);
    }
}

static void targets_must_lie_wholly_inside_the_image(void **state)
{
    static const uint64_t bad[] = { 0, 0xFF9, 0xFFF, 0x5FF9, 0x6000, TOP, UINT64_MAX, UINT64_MAX - 7 };
    struct model_elf elf;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        model_elf_open_kernel(&elf, ET_DYN, 0x1000);
        model_elf_add_rela(&elf, bad[i], R_X86_64_RELATIVE, 0, 0);
        refused(&elf, SLIDE, ELF64_TARGET_OUTSIDE, bad[i]);
        model_elf_open_kernel(&elf, ET_DYN, 0x1000);
        model_elf_add_jmprel(&elf, bad[i], R_X86_64_RELATIVE, 0, 0);
        refused(&elf, SLIDE, ELF64_TARGET_OUTSIDE, bad[i]);
        model_elf_open_kernel(&elf, ET_DYN, 0x1000);
        model_elf_add_relr(&elf, bad[i] & ~1ull);
        if ((bad[i] & ~1ull) == 0x5FF8) { /* even addresses alone can be said */
            assert_true(place(&elf, SLIDE));
            finish(&elf);
        } else {
            refused(&elf, SLIDE, ELF64_TARGET_OUTSIDE, bad[i] & ~1ull);
        }
    }
}

static void relr_maps_must_stay_inside_the_image(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_add_relr(&elf, 3); /* after no address */
    refused(&elf, SLIDE, ELF64_TARGET_OUTSIDE, 0);
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_add_relr(&elf, 0x1000 + MODEL_ELF_KERNEL_BYTES - 8);
    model_elf_add_relr(&elf, 3);
    refused(&elf, SLIDE, ELF64_TARGET_OUTSIDE, 0x1000 + MODEL_ELF_KERNEL_BYTES);
    /* Up and around the end of all addresses. */
    model_elf_open_kernel(&elf, ET_DYN, 0x1000);
    model_elf_add_relr(&elf, 0x1000 + DATA);
    for (unsigned i = 0; i < 100; i++)
        model_elf_add_relr(&elf, 1);
    model_elf_add_relr(&elf, UINT64_MAX);
    refused(&elf, SLIDE, ELF64_TARGET_OUTSIDE, 0x1000 + DATA + 8 + 100 * 63 * 8);
}

static void symbols_must_lie_inside_the_image(void **state)
{
    /* The table begins at 0x1C00: one more than the last that fits, and indexes whose offsets are large. */
    static const uint32_t bad[] = { (MODEL_ELF_KERNEL_BYTES - 0x1C00) / 24, 0x7FFFFFFF, 0xFFFFFFFF };
    struct model_elf elf;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        model_elf_open_kernel(&elf, ET_DYN, 0);
        model_elf_add_rela(&elf, DATA, R_X86_64_64, bad[i], 0);
        refused(&elf, SLIDE, ELF64_SYMBOL_OUTSIDE, bad[i]);
    }
    /* No table at all. */
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_add_rela(&elf, DATA, R_X86_64_GLOB_DAT, 1, 0);
    memset(elf.bytes + model_elf_phdr(&elf, 3)->p_offset + 6 * sizeof(Elf64_Dyn), 0, 2 * sizeof(Elf64_Dyn));
    model_elf_set_dynamic(&elf, DT_RELASZ, 24);
    refused(&elf, SLIDE, ELF64_SYMBOL_OUTSIDE, 1);
}

static void symbols_without_a_value_are_refused(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_add_symbol(&elf, STB_GLOBAL, STT_FUNC, SHN_UNDEF, 0);
    model_elf_add_jmprel(&elf, DATA, R_X86_64_JUMP_SLOT, 1, 0);
    refused(&elf, SLIDE, ELF64_UNDEFINED, 1);
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_add_rela(&elf, DATA, R_X86_64_64, 0, 0);
    refused(&elf, SLIDE, ELF64_UNDEFINED, 0);
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_add_symbol(&elf, STB_GLOBAL, STT_GNU_IFUNC, 1, 0x10);
    model_elf_add_rela(&elf, DATA, R_X86_64_GLOB_DAT, 1, 0);
    refused(&elf, SLIDE, ELF64_IFUNC, 1);
}

/* Each entry rewrites the next one's type: the second is NONE when its turn comes. */
static void a_table_that_relocates_itself_comes_to_an_end(void **state)
{
    struct model_elf elf;

    (void)state;
    model_elf_open_kernel(&elf, ET_DYN, 0);
    model_elf_add_rela(&elf, 0x1000 + 24 + 8, R_X86_64_RELATIVE, 0, (int64_t)-SLIDE);
    model_elf_add_rela(&elf, DATA, 0x99, 0, 0);
    assert_true(place(&elf, SLIDE));
    expect_word(0x1000 + 24 + 8, 0);
    placed_as_expected(&elf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_copied_and_all_else_is_zero),
        cmocka_unit_test(gaps_and_tails_between_unsorted_segments_are_zero),
        cmocka_unit_test(relative_relocations_are_the_addend_plus_the_slide),
        cmocka_unit_test(symbols_are_slid_unless_they_are_absolute_or_undefined_and_weak),
        cmocka_unit_test(relr_words_are_raised_by_the_slide),
        cmocka_unit_test(a_fixed_image_is_relocated_too_if_it_asks_for_it),
        cmocka_unit_test(only_legal_slides_are_taken),
        cmocka_unit_test(unknown_relocations_are_refused),
        cmocka_unit_test(targets_must_lie_wholly_inside_the_image),
        cmocka_unit_test(relr_maps_must_stay_inside_the_image),
        cmocka_unit_test(symbols_must_lie_inside_the_image),
        cmocka_unit_test(symbols_without_a_value_are_refused),
        cmocka_unit_test(a_table_that_relocates_itself_comes_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
