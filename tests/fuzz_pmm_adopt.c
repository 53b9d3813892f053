/*
 * pmm_adopt() on blocks that were damaged on purpose, and sealed again where that can be done: what it refuses it must
 * not change, nothing may be read outside, and what it accepts must verify and serve random calls.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../mm/pmm_layout.h"
#include "../mm/pmm_sections.h"
#include "model_pmm_fixture.h"
#include "pmm_handover.h"

#define REGIONS_MAX 12
#define CALLS_MAX 300
#define TOP_FRAME 70000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes numbers from the input; 0 after its end. */
struct input {
    const uint8_t *data;
    size_t left;
};

static uint64_t number(struct input *in, unsigned bytes)
{
    uint64_t value = 0;

    for (; bytes && in->left; bytes--, in->left--)
        value = value << 8 | *in->data++;
    return value;
}

static size_t make_regions(struct input *in, struct mem_region *regions)
{
    const size_t n = number(in, 1) % REGIONS_MAX;
    uint64_t next = number(in, 1);

    for (size_t i = 0; i < n; i++) {
        const uint64_t count = number(in, 1) % 4 ? number(in, 1) + 1 : number(in, 2) % (TOP_FRAME / REGIONS_MAX) + 1;

        regions[i] = model_region(next, count, number(in, 1) % 4 ? REGION_USABLE : REGION_BOOTLOADER_RECLAIMABLE);
        next += count + number(in, 1) % 4 * 30;
    }
    return n;
}

/* What a caller may do, with whatever result. */
static void call_anything(struct pmm_fixture *f, struct input *in)
{
    const frame_t first = frame(number(in, 2));
    const uint64_t n = number(in, 1) * (first.value % 7 ? 1 : 64);
    struct pmm_cpu *cpu = &f->cpus[n % 2];
    enum pmm_status status = PMM_OK;
    frame_t got;

    switch (number(in, 1) % 8) {
    case 0:
    case 1:
        status = pmm_alloc_frame(f->pmm, cpu, &got);
        break;
    case 2:
        status = pmm_dealloc_frame(f->pmm, cpu, first);
        break;
    case 3:
        status = pmm_alloc_run(f->pmm, cpu, n, 1, PMM_ANYWHERE, &got);
        break;
    case 4:
        status = pmm_alloc_run(f->pmm, cpu, FRAMES_2M, FRAMES_2M, PMM_ANYWHERE, &got);
        break;
    case 5:
        status = pmm_dealloc_run(f->pmm, cpu, first, n);
        break;
    case 6:
        status = pmm_reserve(f->pmm, cpu, (struct frame_range){ first, n });
        break;
    default:
        status = pmm_add(f->pmm, cpu, (struct frame_range){ first, n });
        break;
    }
    CHECK(status <= PMM_BAD_METADATA);
}

/* Whether the checksum can be made: all that it covers lies in the block. */
static bool can_be_sealed(const struct pmm *pmm, uint64_t bytes)
{
    const struct pmm_demand demand = { pmm->n_spans, pmm->n_words, pmm->pending_capacity };

    if (pmm->n_spans > bytes || pmm->n_words > bytes || pmm->pending_capacity > bytes || !pmm->n_words ||
        pmm->n_pending > pmm->pending_capacity || pmm->n_areas != pmm->n_words / AREA_WORDS)
        return false;
    const struct pmm_sections s = pmm_sections_of(&demand);

    return s.end <= bytes && pmm->spans_offset == s.spans && pmm->pending_offset == s.pending &&
           pmm->owners_offset == s.owners && pmm->partial.n_bits == pmm->n_areas &&
           pmm->dense.n_bits == pmm->n_areas && pmm->free_areas.n_bits == pmm->n_areas &&
           summary_is_laid_out(&pmm->partial, (const char *)pmm + s.partial, pmm->n_areas) &&
           summary_is_laid_out(&pmm->dense, (const char *)pmm + s.dense, pmm->n_areas) &&
           summary_is_laid_out(&pmm->free_areas, (const char *)pmm + s.free_areas, pmm->n_areas);
}

/* In a few words: a bit, a small step, any value, or what another word has. */
static void damage(struct pmm_fixture *f, struct input *in)
{
    uint64_t *words = f->block;
    const uint64_t n_words = f->block_bytes / sizeof(uint64_t);

    for (uint64_t n = number(in, 1) % 8; n && in->left; n--) {
        uint64_t *word = &words[number(in, 2) % n_words];

        switch (number(in, 1) % 4) {
        case 0:
            *word ^= (uint64_t)1 << number(in, 1) % 64;
            break;
        case 1:
            *word += number(in, 1) - 128;
            break;
        case 2:
            *word = number(in, 8);
            break;
        default:
            *word = words[number(in, 2) % n_words];
            break;
        }
    }
}

static bool adopts(struct pmm_fixture *f)
{
    char *before = malloc(f->block_bytes);
    struct pmm *pmm;

    CHECK(before);
    memcpy(before, f->block, f->block_bytes);
    const enum pmm_status status = pmm_adopt(f->block, f->block_bytes, f->metadata_start, f->cpus, 2, NO_BARRIER, &pmm);

    CHECK(status == PMM_OK || memcmp(before, f->block, f->block_bytes) == 0);
    free(before);
    return status == PMM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct mem_region regions[REGIONS_MAX];
    const size_t n = make_regions(&in, regions);
    struct pmm_fixture f;
    uint64_t offset;

    pmm_fixture_init(&f, frame_start(frame(number(&in, 2))), regions, n);
    pmm_fixture_use_cpus(&f, 2, NO_BARRIER);
    for (uint64_t calls = number(&in, 1) % 32; calls; calls--)
        call_anything(&f, &in);
    pmm_drain(f.pmm, f.cpus);
    pmm_seal(f.pmm);
    const uint64_t bits = number(&in, 1);

    damage(&f, &in);
    if (bits % 4 && can_be_sealed(f.pmm, f.block_bytes))
        pmm_seal(f.pmm);
    if (adopts(&f)) {
        CHECK(pmm_verify(f.pmm, f.cpus, &offset) == PMM_OK);
        for (unsigned calls = 0; in.left && calls < CALLS_MAX; calls++)
            call_anything(&f, &in);
        (void)pmm_reclaim_loader(f.pmm, &f.cpus[1]);
        CHECK(pmm_verify(f.pmm, f.cpus, &offset) == PMM_OK);
        (void)pmm_stats(f.pmm, f.cpus);
    }
    pmm_fixture_free(&f);
    return 0;
}
