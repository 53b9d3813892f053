#include "start.h"

#include "cpu.h"
#include "image.h"
#include "panic.h"
#include "x86.h"

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

static void fill_page(struct start *start)
{
    struct start_registers registers = start_registers_here();

    registers.cr3 = (uint32_t)frame_start(start->tables[0]).value;
    registers.root = read_cr3();
    start_page_fill(start->at, start->page, &registers);
}

/* Not in the first 64 KiB, if it can be helped: some firmware writes there for ever (Linux, X86_RESERVE_LOW). */
static bool take_page(struct memory *memory, frame_t *ret_page)
{
    return pmm_alloc_run(memory->pmm, memory->cpu, 1, KIB(64) >> PAGE_SHIFT, PMM_LOW_MEMORY, ret_page) == PMM_OK ||
           pmm_alloc_run(memory->pmm, memory->cpu, 1, 1, PMM_LOW_MEMORY, ret_page) == PMM_OK;
}

bool start_open(struct start *start, struct memory *memory)
{
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

void start_close(struct start *start)
{
    while (start->n_tables)
        give_back(start->memory, start->tables[--start->n_tables]);
    give_back(start->memory, start->page);
}
