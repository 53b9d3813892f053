#include "check.h"
#include "checks.h"
#include "requests.h"
#include "x86.h"

#define SELECTOR_CODE 0x28
#define SELECTOR_DATA 0x30

#define RFLAGS_DF (1ull << 10)
#define RFLAGS_VM (1ull << 17)
#define RFLAGS_RESERVED 2ull /* always set */

#define CR0_STRICT 0x80010011ull /* PE, ET, WP, PG */
#define CR4_PAE (1ull << 5)
#define EFER_LMA (1ull << 10)

/* WB, WT, UC-, UC, WP, WC; the last two are free. */
#define PAT_PROMISED 0x0000010500070406ull
#define PAT_MASK 0x0000FFFFFFFFFFFFull

#define STRICT_FROM 5
#define NOT_STRICT "no promise before base revision 5"

#define GDT_ENTRIES 7
#define STACK_BYTES_MIN 0x10000ull

static void check_general_registers(const struct cpu_state *s, uint64_t rdi)
{
    check_equal("cpu.rax", 0, s->rax);
    check_equal("cpu.rbx", 0, s->rbx);
    check_equal("cpu.rcx", 0, s->rcx);
    check_equal("cpu.rdx", 0, s->rdx);
    check_equal("cpu.rsi", 0, s->rsi);
    check_equal("cpu.rdi", rdi, s->rdi);
    check_equal("cpu.rbp", 0, s->rbp);
    check_equal("cpu.r8", 0, s->r8);
    check_equal("cpu.r9", 0, s->r9);
    check_equal("cpu.r10", 0, s->r10);
    check_equal("cpu.r11", 0, s->r11);
    check_equal("cpu.r12", 0, s->r12);
    check_equal("cpu.r13", 0, s->r13);
    check_equal("cpu.r14", 0, s->r14);
    check_equal("cpu.r15", 0, s->r15);
}

static void check_segments(const struct cpu_state *s)
{
    check_equal("cpu.cs", SELECTOR_CODE, s->cs);
    check_equal("cpu.ds", SELECTOR_DATA, s->ds);
    check_equal("cpu.es", SELECTOR_DATA, s->es);
    check_equal("cpu.ss", SELECTOR_DATA, s->ss);
    check_equal("cpu.fs", SELECTOR_DATA, s->fs);
    check_equal("cpu.gs", SELECTOR_DATA, s->gs);
    check_equal("cpu.fs_base", 0, s->fs_base);
    check_equal("cpu.gs_base", 0, s->gs_base);
}

/*
 * Intel SDM vol 3A, 3.4.5 Segment Descriptors; what the promises are about. Base and limit of 64-bit
 * ones do not count.
 */
struct segment {
    const char *name;
    uint64_t limit;
    bool is_code, is_32, is_64;
};

static uint64_t segment_limit(uint64_t d)
{
    const uint64_t limit = (d & 0xFFFF) | (d >> 32 & 0xF0000);

    return d >> 55 & 1 ? limit << 12 | 0xFFF : limit;
}

static uint64_t segment_base(uint64_t d)
{
    return (d >> 16 & 0xFFFFFF) | (d >> 32 & 0xFF000000);
}

static bool is_segment(uint64_t d, const struct segment *want)
{
    const bool is_present = d >> 47 & 1, is_memory = d >> 44 & 1, is_code = d >> 43 & 1, read_or_write = d >> 41 & 1;
    const bool is_64 = d >> 53 & 1, is_32 = d >> 54 & 1, expands_down = !is_code && d >> 42 & 1;

    if (!is_present || !is_memory || is_code != want->is_code || !read_or_write || d >> 45 & 3 || expands_down)
        return false;
    if (want->is_64)
        return !want->is_code || (is_64 && !is_32);
    return !is_64 && is_32 == want->is_32 && segment_limit(d) == want->limit && segment_base(d) == 0;
}

static void check_gdt(const struct context *context, const struct cpu_state *s)
{
    static const struct segment segments[GDT_ENTRIES - 1] = {
        { "gdt.code_16", 0xFFFF, true, false, false },     { "gdt.data_16", 0xFFFF, false, false, false },
        { "gdt.code_32", 0xFFFFFFFF, true, true, false },  { "gdt.data_32", 0xFFFFFFFF, false, true, false },
        { "gdt.code_64", 0, true, false, true },           { "gdt.data_64", 0, false, false, true },
    };
    const bool is_there = is_handed_over(context, s->gdtr.base, GDT_ENTRIES * 8);

    check_that("gdt.memory", is_there, s->gdtr.base);
    check_equal("gdt.limit", GDT_ENTRIES * 8 - 1, s->gdtr.limit);
    if (!is_there)
        return;
    const uint64_t *gdt = (const uint64_t *)s->gdtr.base;

    check_equal("gdt.null", 0, gdt[0]);
    for (unsigned i = 0; i < GDT_ENTRIES - 1; i++)
        check_that(segments[i].name, is_segment(gdt[i + 1], &segments[i]), gdt[i + 1]);
}

static void check_descriptor_tables(const struct context *context, const struct cpu_state *s)
{
    const bool strict = context->revision >= STRICT_FROM;

    check_gdt(context, s);
    check_equal_if(strict, NOT_STRICT, "cpu.idt_base", 0, s->idtr.base);
    check_equal_if(strict, NOT_STRICT, "cpu.idt_limit", 0, s->idtr.limit);
    check_equal_if(strict, NOT_STRICT, "cpu.ldtr", 0, s->ldtr);
}

static bool has_nx(void)
{
    return cpuid(CPUID_EXTENDED_FEATURES, 0).edx & CPUID_EXTENDED_FEATURES_EDX_NX;
}

/* A promised value under a mask: all of it where the state is strict. */
static void check_bits(const struct context *context, const char *name, uint64_t promised, uint64_t found)
{
    check_equal(name, promised, context->revision >= STRICT_FROM ? found : found & promised);
}

static void check_control_registers(const struct context *context, const struct cpu_state *s)
{
    const bool strict = context->revision >= STRICT_FROM;
    const uint64_t la57 = test_config.paging_mode == LIMINE_PAGING_5_LEVEL ? CR4_LA57 : 0;

    check_bits(context, "cpu.cr0", CR0_STRICT, s->cr0);
    check_bits(context, "cpu.cr4", CR4_PAE | la57, s->cr4);
    check_equal("cpu.la57", la57, s->cr4 & CR4_LA57);
    check_bits(context, "cpu.efer", EFER_LME | EFER_LMA | (has_nx() ? EFER_NXE : 0), s->efer);
    check_equal("cpu.pat", PAT_PROMISED, s->pat & PAT_MASK);
    check_equal_if(strict, NOT_STRICT, "cpu.rflags", RFLAGS_RESERVED, s->rflags);
    check_equal("cpu.rflags_clear", 0, s->rflags & (RFLAGS_IF | RFLAGS_DF | RFLAGS_VM));
    check_that("cpu.cr3_memory", map_covers(context, s->cr3 & CR3_ADDRESS_MASK, PAGE,
                                            TYPE_BIT(LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE)), s->cr3);
    check_equal("cpu.cr3_same", boot_state.cr3, s->cr3);
}

static uint64_t stack_bytes(void)
{
    if (!requests_has(LIMINE_STACK_SIZE) || test_config.stack_bytes < STACK_BYTES_MIN)
        return STACK_BYTES_MIN;
    return test_config.stack_bytes;
}

static void check_stack_pointer(struct context *context, const struct cpu_state *s)
{
    const uint64_t top = s->rsp + sizeof(uint64_t), bytes = stack_bytes();

    /* Limine 8.2.0 takes a size that is no multiple of 16 as it is. */
    check_equal_if(!context->is_limine_8 || bytes % 16 == 0, "Limine 8.2.0", "stack.alignment", 8, s->rsp % 16);
    check_equal("stack.word", 0, s->word_at_rsp);
    check_that("stack.memory", is_handed_over(context, top - bytes, bytes), s->rsp);
    note_region(context, top - bytes - context->hhdm, bytes, "stack");
}

/* Below what is in use now; what a fault would tell is told by its handler, if there is some stack left for it. */
void check_stack(struct context *context, const struct cpu_state *s)
{
    const uint64_t bottom = s->rsp + sizeof(uint64_t) - stack_bytes();
    const uint64_t in_use = (uint64_t)__builtin_frame_address(0) - PAGE;
    uint64_t n_touched = 0;

    (void)context;
    for (uint64_t at = bottom; at < in_use; at += sizeof(uint64_t), n_touched++)
        *(volatile uint64_t *)at = at;
    for (uint64_t at = bottom; at < in_use; at += sizeof(uint64_t))
        n_touched -= *(volatile uint64_t *)at == at;
    check_equal("stack.holds_what_is_written", 0, n_touched);
}

void check_processor_state(struct context *context, const struct cpu_state *s, const struct limine_mp_info *mp_info)
{
    check_general_registers(s, (uint64_t)mp_info);
    check_segments(s);
    check_descriptor_tables(context, s);
    check_control_registers(context, s);
    check_stack_pointer(context, s);
}
