/*
 * An allocator under test in a block of its own. Its helpers end the program when what they do does not succeed; no
 * cmocka here, since programs without it are linked with this, too.
 */
#ifndef MODEL_PMM_FIXTURE_H
#define MODEL_PMM_FIXTURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pmm.h"

#define FRAMES_2M (MIB(2) >> PAGE_SHIFT)
#define FRAMES_1G (GIB(1) >> PAGE_SHIFT)
#define LOW (MIB(1) >> PAGE_SHIFT) /* the first frame that goes to everyone */

/* Metadata that lies in nobody's memory. */
#define ELSEWHERE ((phys_addr_t){ TIB(1024) })

struct pmm_fixture {
    void *block;
    size_t block_bytes;
    phys_addr_t metadata_start;
    struct pmm *pmm;
    struct pmm_cpu *cpus;
};

#define CHECK(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE_NAME__, __LINE__))
void check_failed(const char *condition, const char *file, int line);

/* A region in frames. */
struct mem_region model_region(uint64_t first, uint64_t count, enum region_type type);

/* A block for these regions, of exactly the size asked for, filled with garbage, and an allocator in it. */
void pmm_fixture_init(struct pmm_fixture *fixture, phys_addr_t metadata_start, const struct mem_region *regions,
                      size_t n_regions);
struct pmm_fixture pmm_fixture_of_one_region(uint64_t first, uint64_t count, enum region_type type);

/*
 *   0     1         160          256                 1024       1100       1500      1600   frames
 *   |usable (low)   |  reserved  | usable            |reclaim.  | usable   |  hole   | usable 1600..1700
 */
struct pmm_fixture pmm_fixture_of_six_regions(phys_addr_t metadata_start);

/* For CPUs that one thread drives: none is ever in a call while another one is. */
#define NO_BARRIER ((struct pmm_barrier){ do_nothing, NULL })
void do_nothing(void *context);

/* Makes state for n CPUs, whether or not there is some; what the former CPUs held is given back. */
void pmm_fixture_use_cpus(struct pmm_fixture *fixture, uint64_t n, struct pmm_barrier barrier);

/* Drains, seals, moves the block to another address (the old one holds garbage) and adopts it there for n CPUs. */
void pmm_fixture_hand_over(struct pmm_fixture *fixture, uint64_t n, struct pmm_barrier barrier);

void pmm_fixture_free(struct pmm_fixture *fixture);

/* The calls of pmm.h, with plain numbers. These succeed, or the program ends: */
uint64_t fixture_alloc(struct pmm_fixture *f);
uint64_t fixture_alloc_run(struct pmm_fixture *f, uint64_t n, uint64_t align, phys_addr_t below);
void fixture_dealloc(struct pmm_fixture *f, uint64_t first, uint64_t n);

/* These return what they got: */
enum pmm_status fixture_try_run(struct pmm_fixture *f, uint64_t n, uint64_t align, phys_addr_t below);
enum pmm_status fixture_try_dealloc(struct pmm_fixture *f, uint64_t first);
enum pmm_status fixture_try_dealloc_run(struct pmm_fixture *f, uint64_t first, uint64_t n);
enum pmm_status fixture_reserve(struct pmm_fixture *f, uint64_t first, uint64_t n);
enum pmm_status fixture_add(struct pmm_fixture *f, uint64_t first, uint64_t n);
struct pmm_stats fixture_stats(struct pmm_fixture *f);

/* Drains, and ends the program unless pmm_verify() agrees, and owners, summaries, spans and padding are what the words demand. */
void pmm_check_invariants(struct pmm *pmm, struct pmm_cpu *cpu);

#endif
