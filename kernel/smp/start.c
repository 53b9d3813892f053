#include "start.h"

#include "cpu.h"
#include "image.h"
#include "panic.h"
#include "x86.h"

/* Intel SDM vol 3A, 3.4.5 Segment Descriptors: present, accessed; 32-bit ones of 4 GiB from 0. */
#define CODE_32 0x00CF9B000000FFFFull
#define CODE_64 0x00AF9B000000FFFFull
#define DATA_32 0x00CF93000000FFFFull

static void give_back(struct memory *memory, frame_t f)
{
    const enum pmm_status status = pmm_dealloc_frame(memory->pmm, memory->cpu, f);

    if (status != PMM_OK)
        panic("cannot give back the frame at %lx: %s", frame_start(f).value, pmm_status_text(status));
}

/* A root must be reachable in 32-bit mode; the others are not worth a distinction. */
static bool take_table(void *context, phys_addr_t *ret_table)
{
    struct start *start = context;
    struct memory *m = start->memory;
    frame_t f;

    if (start->n_tables == START_TABLES_MAX || pmm_alloc_run(m->pmm, m->cpu, 1, 1, phys_addr(GIB(4)), &f) != PMM_OK)
        return false;
    start->tables[start->n_tables++] = f;
    m->late_frames++;
    *ret_table = frame_start(f);
    return true;
}

static uint64_t *reach_table(void *context, phys_addr_t table)
{
    struct start *start = context;

    return mmu_hhdm(&start->memory->mmu, table);
}

/* In start->tables: the page and the image's text. tables[0] is the root. */
static enum paging_status make_tables(struct start *start)
{
    const struct cpu_features cpu = cpu_features();
    const struct phys_range text = image_layout().text;
    const phys_addr_t page = frame_start(start->page);
    struct paging paging;
    enum paging_status status = paging_init(&paging, cpu.paging_levels, cpu.pages_1g, cpu.no_execute,
                                            (struct paging_source){ start, take_table, reach_table });

    if (status == PAGING_OK)
        status = paging_map(&paging, virt_addr(page.value), page, PAGE_SIZE, PAGE_EXECUTE, CACHE_WRITE_BACK);
    if (status == PAGING_OK)
        status = paging_map(&paging, virt_addr(text.start.value), text.start, text.bytes, PAGE_EXECUTE,
                            CACHE_WRITE_BACK);
    return status;
}

static struct far_pointer far_to(const struct start *start, const char *label, uint16_t selector)
{
    return (struct far_pointer){ (uint32_t)(frame_start(start->page).value + (uint64_t)(label - start_code)), selector,
                                 0 };
}

static void fill_page(struct start *start)
{
    const uint32_t page = (uint32_t)frame_start(start->page).value;
    struct start_page *at = start->at;

    *at = (struct start_page){
        .gdt = { 0, CODE_32, CODE_64, DATA_32 },
        .gdt_pointer = { sizeof(at->gdt) - 1, page + START_GDT, 0 },
        .protected_mode = far_to(start, start_protected, START_CODE_32),
        .long_mode = far_to(start, start_long, START_CODE_64),
        .cr0 = (uint32_t)read_cr0(),
        .cr3 = (uint32_t)frame_start(start->tables[0]).value,
        .cr4 = (uint32_t)read_cr4(),
        .efer = (uint32_t)(rdmsr(MSR_EFER) & (EFER_LME | EFER_NXE)),
        .pat = rdmsr(MSR_PAT),
        .entry = virt_of(processor_enter).value,
        .root = read_cr3(),
    };
    __builtin_memcpy(at->code, start_code, (size_t)(start_code_end - start_code));
}

/* Not in the first 64 KiB, if it can be helped: some firmware writes there for ever (Linux, X86_RESERVE_LOW). */
static bool take_page(struct memory *memory, frame_t *ret_page)
{
    return pmm_alloc_run(memory->pmm, memory->cpu, 1, KIB(64) >> PAGE_SHIFT, PMM_LOW_MEMORY, ret_page) == PMM_OK ||
           pmm_alloc_run(memory->pmm, memory->cpu, 1, 1, PMM_LOW_MEMORY, ret_page) == PMM_OK;
}

bool start_open(struct start *start, struct memory *memory)
{
    ASSERT(start_code_end - start_code <= START_DATA);
    *start = (struct start){ .memory = memory };
    if (!take_page(memory, &start->page))
        return false;
    memory->late_frames++;
    start->at = mmu_hhdm(&memory->mmu, frame_start(start->page));
    if (make_tables(start) != PAGING_OK) {
        start_close(start);
        return false;
    }
    fill_page(start);
    return true;
}

void start_aim(struct start *start, virt_addr_t stack_top, void *argument)
{
    start->at->stack = stack_top.value;
    start->at->argument = virt_of(argument).value;
}

void start_close(struct start *start)
{
    while (start->n_tables)
        give_back(start->memory, start->tables[--start->n_tables]);
    give_back(start->memory, start->page);
}
