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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_kernel_is_read),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_may_lie_at_any_address),
        cmocka_unit_test(each_broken_field_has_its_own_reason_and_value),
        cmocka_unit_test(no_two_reasons_have_the_same_text),
        cmocka_unit_test(segments_without_memory_are_passed_over_whatever_they_hold),
        cmocka_unit_test(the_largest_table_of_headers_is_read_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
