#include "cpu.h"
#include "loading.h"
#include "paging.h"
#include "x86.h"

#define LEVELS_FEW 4
#define LEVELS_MANY 5

/* Intel SDM vol 2A, CPUID, leaf 7: 5-level paging. */
#define CPUID_STRUCTURED_FEATURES 7
#define CPUID_STRUCTURED_FEATURES_ECX_LA57 (1u << 16)

#define REAL_MODE_END MIB(1)
#define PROTECTED_MODE_END GIB(4)
#define HHDM_STEP GIB(1)

/* With 4 levels the direct map gets half of the upper half: the rest is for chance, and for the image at its end. */
#define PHYS_BITS_FEW_LEVELS 46

static bool has_five_levels(void)
{
    return cpuid(CPUID_MAX_LEAF, 0).eax >= CPUID_STRUCTURED_FEATURES &&
           cpuid(CPUID_STRUCTURED_FEATURES, 0).ecx & CPUID_STRUCTURED_FEATURES_ECX_LA57;
}

/* What the kernel allows and prefers, in levels. Without a request: 4. */
struct wish {
    uint64_t preferred, min, max;
};

static uint64_t levels_of(uint64_t mode) { return mode > LIMINE_PAGING_5_LEVEL ? LEVELS_MANY : LEVELS_FEW + mode; }

static struct wish read_wish(const struct loading *l)
{
    const struct limine_paging_mode_request *request = request_of(l, LIMINE_PAGING_MODE);
    struct wish wish = { LEVELS_FEW, LEVELS_FEW, LEVELS_FEW };

    if (!request)
        return wish;
    wish.preferred = wish.max = levels_of(request->mode);
    if (request->head.revision >= 1) {
        wish.max = levels_of(request->max_mode);
        wish.min = request->min_mode > LIMINE_PAGING_5_LEVEL ? LEVELS_MANY + 1 : LEVELS_FEW + request->min_mode;
    }
    if (l->entry->paging_min > wish.min)
        wish.min = l->entry->paging_min;
    if (l->entry->paging_max < wish.max)
        wish.max = l->entry->paging_max;
    if (wish.preferred > wish.max)
        wish.preferred = wish.max;
    if (wish.preferred < wish.min)
        wish.preferred = wish.min;
    return wish;
}

/* Without these there is one processor, and no change of levels. */
static bool take_start_pages(struct loading *l)
{
    struct handover *h = l->handover;
    struct phys_range page, root;

    if (EFI_ERROR(loading_allocate_below(l, REAL_MODE_END, &page)) ||
        EFI_ERROR(loading_allocate_below(l, PROTECTED_MODE_END, &root)))
        return false;
    h->start_page = frame_of(page.start);
    h->start_root = frame_of(root.start);
    return true;
}

/* The number of levels that the processor gets to, as near to the wish as can be; 0: none. */
static unsigned choose(struct loading *l, const struct wish *wish)
{
    const unsigned now = cpu_features().paging_levels;
    const bool wants_change = wish->preferred != now || request_of(l, LIMINE_MP);
    const bool can_start = wants_change && take_start_pages(l);
    uint64_t levels = wish->preferred;

    if (wish->min > wish->max)
        return 0;
    if (wants_change && !can_start)
        report_warning(l->fw, "%s: no memory below 1 MB or 4 GB: one processor, and %u-level paging", l->entry->path,
                       now);
    if (levels == LEVELS_MANY && !has_five_levels())
        levels = LEVELS_FEW;
    if (levels != now && !can_start)
        levels = now;
    return levels < wish->min || levels > wish->max ? 0 : (unsigned)levels;
}

static EFI_STATUS refuse(const struct loading *l, const struct wish *wish)
{
    const char *path = l->entry->path;

    if (wish->min == wish->max)
        return report_failure(l->fw, EFI_UNSUPPORTED, "%s: wants %lu-level paging, which cannot be had here", path,
                              wish->min);
    return report_failure(l->fw, EFI_UNSUPPORTED,
                          "%s: wants at least %lu-level and at most %lu-level paging, which cannot be had here", path,
                          wish->min, wish->max);
}

EFI_STATUS paging_choose(struct loading *l)
{
    const struct wish wish = read_wish(l);
    struct limine_paging_mode_response *response;

    l->handover->paging_levels = choose(l, &wish);
    if (!l->handover->paging_levels)
        return refuse(l, &wish);
    log_step(l->fw, "%u-level paging", l->handover->paging_levels);
    if (l->handover->paging_levels == LEVELS_FEW && l->info->phys_bits > PHYS_BITS_FEW_LEVELS)
        l->info->phys_bits = PHYS_BITS_FEW_LEVELS;
    if (!request_of(l, LIMINE_PAGING_MODE))
        return EFI_SUCCESS;
    response = loading_take(l, sizeof *response);
    if (!response)
        return EFI_OUT_OF_RESOURCES;
    response->mode = l->handover->paging_levels - LEVELS_FEW;
    l->paging_mode = response;
    return EFI_SUCCESS;
}

void paging_choose_hhdm(struct loading *l)
{
    struct handover *h = l->handover;
    const uint64_t base = paging_upper_half(h->paging_levels).value;
    const uint64_t top = l->map.n_regions ? l->map.regions[l->map.n_regions - 1].end.value : 0;
    const uint64_t end = top > GIB(4) ? top : GIB(4); /* base revisions up to 2 map as much at least */
    const uint64_t steps = (ELF64_TOP_START - base - align_up(end, HHDM_STEP)) / HHDM_STEP;

    h->hhdm_offset = base;
    if (l->entry->randomise_hhdm && end < ELF64_TOP_START - base)
        h->hhdm_offset += loading_random(l) % (steps + 1) * HHDM_STEP;
}
