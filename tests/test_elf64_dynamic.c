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
        cmocka_unit_test(each_broken_dynamic_entry_has_its_own_reason_and_value),
        cmocka_unit_test(a_relocatable_kernel_needs_a_dynamic_segment),
        cmocka_unit_test(a_dynamic_segment_may_end_without_its_last_entry),
        cmocka_unit_test(a_section_is_found_by_its_whole_name),
        cmocka_unit_test(a_section_outside_the_image_does_not_count),
        cmocka_unit_test(broken_section_tables_are_no_section_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
