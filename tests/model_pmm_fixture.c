#include "model_pmm_fixture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../mm/pmm_layout.h"
#include "pmm_handover.h"

void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

struct mem_region model_region(uint64_t first, uint64_t count, enum region_type type)
{
    return (struct mem_region){ frame_start(frame(first)), frame_start(frame(first + count)), type, 0 };
}

void do_nothing(void *context)
{
    (void)context;
}

void pmm_fixture_use_cpus(struct pmm_fixture *fixture, uint64_t n, struct pmm_barrier barrier)
{
    void *cpus;

    if (fixture->cpus)
        pmm_drain(fixture->pmm, fixture->cpus);
    free(fixture->cpus);
    CHECK(posix_memalign(&cpus, _Alignof(struct pmm_cpu), n * sizeof(struct pmm_cpu)) == 0);
    fixture->cpus = cpus;
    pmm_cpus_init(fixture->pmm, fixture->cpus, n, barrier);
}

void pmm_fixture_hand_over(struct pmm_fixture *fixture, uint64_t n, struct pmm_barrier barrier)
{
    void *block, *cpus;

    pmm_drain(fixture->pmm, fixture->cpus);
    pmm_seal(fixture->pmm);
    CHECK(posix_memalign(&block, 64, fixture->block_bytes) == 0);
    memcpy(block, fixture->block, fixture->block_bytes);
    memset(fixture->block, 0x5A, fixture->block_bytes);
    pmm_fixture_free(fixture);
    CHECK(posix_memalign(&cpus, _Alignof(struct pmm_cpu), n * sizeof(struct pmm_cpu)) == 0);
    fixture->block = block;
    fixture->cpus = cpus;
    CHECK(pmm_adopt(block, fixture->block_bytes, fixture->metadata_start, cpus, n, barrier, &fixture->pmm) == PMM_OK);
    CHECK((void *)fixture->pmm == block);
}

void pmm_fixture_init(struct pmm_fixture *fixture, phys_addr_t metadata_start, const struct mem_region *regions,
                      size_t n_regions)
{
    *fixture = (struct pmm_fixture){
        .block_bytes = pmm_metadata_bytes(regions, n_regions),
        .metadata_start = metadata_start,
    };
    CHECK(posix_memalign(&fixture->block, 64, fixture->block_bytes) == 0);
    memset(fixture->block, 0xA5, fixture->block_bytes);
    CHECK(pmm_init(fixture->block, fixture->block_bytes, metadata_start, regions, n_regions, &fixture->pmm) == PMM_OK);
    pmm_fixture_use_cpus(fixture, 1, NO_BARRIER);
}

void pmm_fixture_free(struct pmm_fixture *fixture)
{
    free(fixture->block);
    free(fixture->cpus);
}

struct pmm_fixture pmm_fixture_of_one_region(uint64_t first, uint64_t count, enum region_type type)
{
    const struct mem_region region = model_region(first, count, type);
    struct pmm_fixture f;

    pmm_fixture_init(&f, ELSEWHERE, &region, 1);
    return f;
}

struct pmm_fixture pmm_fixture_of_six_regions(phys_addr_t metadata_start)
{
    const struct mem_region regions[] = {
        model_region(0, 160, REGION_USABLE),     model_region(160, 96, REGION_RESERVED),
        model_region(256, 768, REGION_USABLE),   model_region(1024, 76, REGION_BOOTLOADER_RECLAIMABLE),
        model_region(1100, 400, REGION_USABLE),  model_region(1600, 100, REGION_USABLE),
    };
    struct pmm_fixture f;

    pmm_fixture_init(&f, metadata_start, regions, ARRAY_LENGTH(regions));
    return f;
}

uint64_t fixture_alloc(struct pmm_fixture *f)
{
    frame_t got;

    CHECK(pmm_alloc_frame(f->pmm, f->cpus, &got) == PMM_OK);
    return got.value;
}

uint64_t fixture_alloc_run(struct pmm_fixture *f, uint64_t n, uint64_t align, phys_addr_t below)
{
    frame_t got;

    CHECK(pmm_alloc_run(f->pmm, f->cpus, n, align, below, &got) == PMM_OK);
    return got.value;
}

void fixture_dealloc(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    CHECK(pmm_dealloc_run(f->pmm, f->cpus, frame(first), n) == PMM_OK);
}

enum pmm_status fixture_try_run(struct pmm_fixture *f, uint64_t n, uint64_t align, phys_addr_t below)
{
    const frame_t untouched = frame(77);
    frame_t got = untouched;
    const enum pmm_status status = pmm_alloc_run(f->pmm, f->cpus, n, align, below, &got);

    CHECK(status == PMM_OK || got.value == untouched.value);
    return status;
}

enum pmm_status fixture_try_dealloc(struct pmm_fixture *f, uint64_t first)
{
    return pmm_dealloc_frame(f->pmm, f->cpus, frame(first));
}

enum pmm_status fixture_try_dealloc_run(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    return pmm_dealloc_run(f->pmm, f->cpus, frame(first), n);
}

enum pmm_status fixture_reserve(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    return pmm_reserve(f->pmm, f->cpus, (struct frame_range){ { first }, n });
}

enum pmm_status fixture_add(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    return pmm_add(f->pmm, f->cpus, (struct frame_range){ { first }, n });
}

struct pmm_stats fixture_stats(struct pmm_fixture *f)
{
    return pmm_stats(f->pmm, f->cpus);
}

static void check_summary(const struct summary *summary)
{
    uint64_t n = summary->n_bits;

    for (uint64_t level = 0; level + 1 < summary->n_levels; level++) {
        n = bitmap_words(n);
        for (uint64_t i = 0; i < n; i++) {
            const bool has_any = summary_level(summary, level)[i];

            CHECK(has_any == !!(summary_level(summary, level + 1)[i / WORD_BITS] & word_bit(i)));
        }
    }
}

/* Spans ascend, none adjacent to another, each with words of its own; large ones lie on borders of areas. */
static void check_spans(const struct pmm *pmm)
{
    uint64_t next_frame = 0, next_word = 0;

    for (uint64_t i = 0; i < pmm->n_spans; i++) {
        const struct span span = pmm_span_at(pmm, i);
        const uint64_t misplaced = (span.first_word - span.first / WORD_BITS) % AREA_WORDS;

        CHECK(span.count && (i == 0 || span.first > next_frame));
        CHECK(span.first_word >= next_word && span.first_word + span.n_words < pmm->n_words);
        CHECK(span.count < LARGE_SPAN_FRAMES || misplaced == 0);
        next_frame = span_end(&span);
        next_word = span.first_word + span.n_words;
    }
}

/* The pieces ascend, and together are the frames that are tracked and not usable. */
static void check_pending(const struct pmm *pmm)
{
    uint64_t next_frame = 0, frames = 0;

    CHECK(pmm->n_pending <= pmm->pending_capacity);
    for (uint64_t i = 0; i < pmm->n_pending; i++) {
        const struct pending_piece piece = pmm_pending(pmm)[i];

        CHECK(piece_first(piece) >= next_frame);
        next_frame = piece_end(piece);
        frames += piece_count(piece);
    }
    CHECK(frames == pmm->pending_frames);
    CHECK(frames == pmm->total_frames - pmm->usable_frames);
}

/* What the owner byte and the summaries must say of an area, given its words. */
static void check_area(const struct pmm *pmm, uint64_t area)
{
    const uint8_t owner = pmm_owners(pmm)[area];
    uint64_t any_allocated = 0;
    bool has_free = false, is_dense = false;

    for (uint64_t word = area * AREA_WORDS; word < (area + 1) * AREA_WORDS; word++) {
        const int n_free = word < pmm->first_high_word ? 0 : __builtin_popcountll(~pmm_word(pmm, word));

        any_allocated |= pmm_word(pmm, word);
        has_free = has_free || n_free > 0;
        is_dense = is_dense || n_free >= DENSE_FRAMES; /* whether or not anybody noticed */
    }
    const bool is_free = !any_allocated && area >= pmm->first_high_area;

    if (is_free)
        CHECK(owner_is_free(owner));
    else
        CHECK(owner == OWNER_DENSE ? is_dense : owner == (has_free ? OWNER_SPARSE : OWNER_NONE));
    CHECK(summary_has(&pmm->free_areas, area) == is_free);
    CHECK(summary_has(&pmm->partial, area) == (has_free && !is_free));
    CHECK(summary_has(&pmm->dense, area) == (owner == OWNER_DENSE));
}

void pmm_check_invariants(struct pmm *pmm, struct pmm_cpu *cpu)
{
    uint64_t n_allocated_bits = 0, offset;

    pmm_drain(pmm, cpu);
    check_spans(pmm);
    check_pending(pmm);
    CHECK(!atomic_load(&pmm->lock.held));
    CHECK(!atomic_load(&pmm->n_late));
    CHECK(pmm_word(pmm, pmm->n_words - 1) == WORD_FULL);
    for (uint64_t word = 0; word < pmm->n_words; word++)
        n_allocated_bits += (uint64_t)__builtin_popcountll(pmm_word(pmm, word));
    CHECK(pmm_end_position(pmm) - n_allocated_bits == atomic_load(&pmm->free_frames));
    for (uint64_t area = 0; area < pmm->n_areas; area++)
        check_area(pmm, area);
    check_summary(&pmm->partial);
    check_summary(&pmm->dense);
    check_summary(&pmm->free_areas);
    CHECK(pmm_verify(pmm, cpu, &offset) == PMM_OK);
}
