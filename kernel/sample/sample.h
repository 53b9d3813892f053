/*
 * A kernel to begin with. It speaks the Limine boot protocol (base revision 2, which every loader of it knows), and
 * uses the frame allocator: handed over by the Polyglot OS loader, built from the memory map elsewhere. Start reading
 * at main.c.
 *
 *   entry.S       the first instruction, on each processor: own stack, own GDT, own page tables
 *   requests.c    what is asked of the loader, and what came back
 *   tables.c      page tables of our own
 *   processors.c  all processors at work on the allocator
 *   serial.c      text on COM1       screen.c  a picture on the framebuffer
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "limine_protocol.h"
#include "pmm_limine.h"

/*
 * What the loader answered. All pointers are into memory that pmm_reclaim_loader() frees; what is needed longer is
 * copied.
 */
struct handover {
    struct pmm_limine allocator;         /* for pmm_limine_start() */
    const struct limine_mp_response *mp; /* NULL: this processor is alone */
    struct limine_framebuffer screen;    /* a copy; address 0: there is none */
};

/* The machine as the kernel keeps it. */
struct machine {
    uint64_t hhdm_offset;
    struct pmm *pmm;
    struct pmm_cpu *cpus; /* the allocator's, one for each processor */
    uint64_t n_cpus;
    uint64_t tables; /* physical: for CR3 */
};

/* A processor, as entry.S knows it. */
struct processor {
    uint64_t tables;    /* 0x00: physical */
    uint64_t stack_top; /* 0x08 */
    struct machine *machine;
    uint64_t number; /* 0: the one that the kernel was started on */
    uint64_t apic_id;
    uint64_t n_frames, first_frame, n_wrong; /* what it got; how many of them somebody else had got as well */
    _Atomic bool done; /* it runs on nothing of the loader's, and has given everything back */
};

static inline void *in_direct_map(const struct machine *m, uint64_t physical)
{
    return virt_pointer(virt_addr(m->hhdm_offset + physical));
}

/* False: the loader lacks something that the kernel cannot do without. */
bool requests_read(struct handover *ret);

/* One frame, zeroed; stops the kernel if there is none. */
void *take_zeroed(struct machine *m, struct pmm_cpu *cpu, uint64_t *ret_physical);

/* Copies the loader's page tables, all levels, into frames of our own; returns the address of the root. */
uint64_t tables_copy(struct machine *m, struct pmm_cpu *cpu);

/*
 * Makes room for all processors, moves them off whatever is the loader's, and has each take frames and give them back.
 * False: one was not heard of, and may still be in the loader's memory.
 */
bool processors_work(struct machine *m, struct pmm_cpu *boot_cpu, const struct limine_mp_response *mp);

/* What each does, in processors.c: `processor_main` is where entry.S arrives. */
void processor_main(struct processor *p);
void sample_main(void);

/* entry.S: a processor that waits in the loader's code comes here; its extra_argument is a struct processor. */
void processor_entry(struct limine_mp_info *info);

/* A picture: how much of the memory is free. */
void screen_draw(const struct limine_framebuffer *screen, uint64_t free, uint64_t total);

/* COM1. %s text, %u decimal and %x hexadecimal; numbers are uint64_t. */
void serial_init(void);
void print(const char *format, ...);

/* Says why, and stops this processor for good. */
_Noreturn void stop(const char *why);

#endif
