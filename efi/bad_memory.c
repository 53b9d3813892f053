#include "bad_memory.h"

#include "start.h"
#include "text.h"

#define KEY "bad_memory"

/* What is needed until the ranges have become claims. */
struct scratch {
    struct phys_range ranges[BAD_MEMORY_RANGES_MAX];
    struct region_claim claims[BOOT_CLAIMS_MAX + BAD_MEMORY_RANGES_MAX];
};

/* Ranges of a kind that is worth a line. */
struct remark {
    struct phys_range first;
    uint64_t n;
    enum region_type type;
};

struct taking {
    const struct firmware *fw;
    struct boot_info *info;
    struct phys_range scratch;
    struct bad_memory_list list;
    struct region_map map;
    size_t begin, n_taken, back; /* among the claims: see judge() */
    struct remark ours, kept, outside;
};

/* ---- the ranges ---- */

/* The next option of that name, the configuration's first, then the entry's; NULL: there is none left. */
static const struct config_option *next_key(const struct starter *s, const struct config_entry *entry, size_t *cursor)
{
    const size_t n_globals = s->config ? s->config->n_globals : 0;
    const size_t n = n_globals + (entry ? entry->n_options : 0);

    while (*cursor < n) {
        const size_t i = (*cursor)++;
        const struct config_option *option = i < n_globals ? &s->config->globals[i] : &entry->options[i - n_globals];

        if (text_same(option->key, KEY))
            return option;
    }
    return NULL;
}

static EFI_STATUS read_ranges(const struct starter *s, const struct config_entry *entry, struct bad_memory_list *list)
{
    const struct options *options = &s->info->options;
    const struct config_option *option;
    struct bad_memory_error error;

    list->n = options->n_bad_memory; /* a list already, and a shorter one than ours may be */
    __builtin_memcpy(list->ranges, options->bad_memory, sizeof options->bad_memory);
    for (size_t cursor = 0; (option = next_key(s, entry, &cursor));)
        if (!bad_memory_parse(option->value, text_bytes(option->value), list, &error))
            return report_failure(s->fw, EFI_LOAD_ERROR, "%s:%u: " KEY ": %s: `%s'", s->source, (unsigned)option->line,
                                  bad_memory_reason_text(error.reason), option->value + error.offset);
    return EFI_SUCCESS;
}

/* ---- memory of our own ---- */

static EFI_STATUS allocate(const struct taking *t, uint64_t bytes, struct phys_range *ret)
{
    const struct page_limits limits = { t->fw, t->info, { { 0 }, 0 } };
    const EFI_STATUS status = pages_allocate(&limits, bytes, PAGE_SIZE, ret);

    if (EFI_ERROR(status))
        return report_failure(t->fw, status, "cannot allocate %lS for " KEY ": %s", bytes, status_name(status));
    return EFI_SUCCESS;
}

/* From here on pages_allocate() avoids the ranges; it does so for the scratch memory itself as well. */
static EFI_STATUS avoid_ranges(struct taking *t, struct phys_range *suspect)
{
    struct boot_info *info = t->info;
    struct scratch *old = identity_pointer(suspect->start), *new;
    EFI_STATUS status;

    __builtin_memcpy(old->claims, info->first_claims, sizeof info->first_claims);
    for (size_t i = 0; i < t->list.n; i++)
        old->claims[info->n_claims++] = (struct region_claim){ t->list.ranges[i], REGION_BAD_MEMORY };
    info->claims = old->claims;
    status = allocate(t, sizeof *new, &t->scratch);
    if (EFI_ERROR(status))
        return status;
    new = identity_pointer(t->scratch.start);
    __builtin_memcpy(new, old, sizeof *new);
    info->claims = new->claims;
    t->list.ranges = new->ranges;
    return EFI_SUCCESS;
}

static EFI_STATUS read_all(const struct starter *s, const struct config_entry *entry, struct taking *t)
{
    struct phys_range suspect;
    EFI_STATUS status = allocate(t, sizeof(struct scratch), &suspect);

    if (EFI_ERROR(status))
        return status;
    t->list = (struct bad_memory_list){ identity_pointer(suspect.start), 0, BAD_MEMORY_RANGES_MAX };
    status = read_ranges(s, entry, &t->list);
    if (!EFI_ERROR(status))
        status = avoid_ranges(t, &suspect);
    pages_free(t->fw, &suspect);
    return status;
}

/* What the map says, and room for a claim on each piece of a range that lies in a region of its own. */
static EFI_STATUS survey(struct taking *t)
{
    struct boot_info *info = t->info;
    struct phys_range *claims = &info->loader[LOADER_CLAIMS];
    const struct memory_demand demand = { .view = REGION_VIEW_BOOT, .claims = info->first_claims,
                                          .n_claims = t->begin, .claims_capacity = t->begin };
    struct map_buffer buffer;
    EFI_STATUS status = loader_memory_survey(t->fw, &demand, info, &buffer, &t->map);

    if (EFI_ERROR(status))
        return status;
    t->back = BOOT_CLAIMS_MAX + t->list.n + t->map.n_regions;
    status = allocate(t, t->back * sizeof *info->claims, claims);
    if (EFI_ERROR(status))
        return status;
    info->claims = identity_pointer(claims->start);
    info->claims_capacity = t->back;
    info->n_claims = t->begin;
    __builtin_memcpy(info->claims, info->first_claims, sizeof info->first_claims);
    return EFI_SUCCESS;
}

/* ---- what lies there ---- */

static void note(struct remark *remark, struct phys_range range, enum region_type type)
{
    if (!remark->n++)
        *remark = (struct remark){ range, 1, type };
}

/* Whether the firmware lets us have it, so that nobody else gets it. */
static bool take_pages(const struct taking *t, struct phys_range range)
{
    EFI_PHYSICAL_ADDRESS start = range.start.value;

    /* So that it is unusable in the firmware's own map, too, by which some kernels go. */
    return !EFI_ERROR(t->fw->boot->AllocatePages(AllocateAddress, EfiUnusableMemory, range.bytes >> PAGE_SHIFT, &start));
}

/*
 * A part of a range that is of one type. What we have taken must be given back one day:
 *
 *   claims  [the boot's own][taken ---->           <---- held by boot services]
 *                           begin                  back
 */
static void judge(struct taking *t, struct phys_range part, enum region_type type)
{
    const struct region_claim claim = { part, REGION_BAD_MEMORY };

    switch (type) {
    case REGION_USABLE:
    case REGION_BOOTLOADER_RECLAIMABLE:
        if (type == REGION_USABLE && take_pages(t, part))
            t->info->claims[t->begin + t->n_taken++] = claim;
        else
            t->info->claims[--t->back] = claim;
        break;
    case REGION_BAD_MEMORY:
        break;
    case REGION_EXECUTABLE_AND_MODULES:
        note(&t->ours, part, type);
        break;
    default:
        note(&t->kept, part, type);
    }
}

/* Regions and ranges are in the same order. */
static void judge_all(struct taking *t)
{
    size_t next = 0;

    for (size_t i = 0; i < t->list.n; i++) {
        const struct phys_range range = t->list.ranges[i];
        const uint64_t end = phys_range_end(range);
        bool is_memory = false;

        while (next < t->map.n_regions && t->map.regions[next].end.value <= range.start.value)
            next++;
        for (size_t k = next; k < t->map.n_regions && t->map.regions[k].start.value < end; k++) {
            const struct mem_region *r = &t->map.regions[k];
            const uint64_t from = r->start.value > range.start.value ? r->start.value : range.start.value;
            const uint64_t to = r->end.value < end ? r->end.value : end;

            if (r->type == REGION_MMIO)
                continue;
            is_memory = true;
            judge(t, (struct phys_range){ phys_addr(from), to - from }, r->type);
        }
        if (!is_memory)
            note(&t->outside, range, REGION_MMIO);
    }
}

static void close_gap(struct taking *t)
{
    struct boot_info *info = t->info;
    const size_t n_held = info->claims_capacity - t->back;

    info->n_claims = t->begin + t->n_taken + n_held;
    __builtin_memmove(info->claims + t->begin + t->n_taken, info->claims + t->back, n_held * sizeof *info->claims);
}

static void warn(const struct taking *t, const struct remark *remark, const char *what)
{
    const struct phys_range first = remark->first;

    if (remark->n)
        report_warning(t->fw, KEY " %lx-%lx: %s (%s; %lu like this)", first.start.value, phys_range_end(first), what,
                       region_type_name(remark->type), remark->n);
}

static EFI_STATUS conclude(const struct taking *t)
{
    const struct phys_range ours = t->ours.first;

    warn(t, &t->outside, "there is no memory");
    warn(t, &t->kept, "the firmware keeps it");
    if (!t->ours.n)
        return EFI_SUCCESS;
    return report_failure(t->fw, EFI_DEVICE_ERROR, KEY " %lx-%lx lies under this program's image", ours.start.value,
                          phys_range_end(ours));
}

/* ---- the whole ---- */

EFI_STATUS bad_memory_take(const struct starter *s, const struct config_entry *entry, struct bad_memory *ret)
{
    struct taking t = { .fw = s->fw, .info = s->info, .begin = s->info->n_claims };
    size_t cursor = 0;
    EFI_STATUS status;

    *ret = (struct bad_memory){ t.begin, 0 };
    if (!s->info->options.n_bad_memory && !next_key(s, entry, &cursor))
        return EFI_SUCCESS;
    status = read_all(s, entry, &t);
    if (!EFI_ERROR(status))
        status = survey(&t);
    if (!EFI_ERROR(status)) {
        judge_all(&t);
        close_gap(&t);
        ret->n_taken = t.n_taken;
        status = conclude(&t);
    }
    loader_memory_free(s->fw, s->info);
    pages_free(s->fw, &t.scratch);
    if (EFI_ERROR(status))
        bad_memory_release(s, ret);
    return status;
}

void bad_memory_release(const struct starter *s, const struct bad_memory *taken)
{
    struct boot_info *info = s->info;

    for (size_t i = 0; i < taken->n_taken; i++) {
        struct phys_range part = info->claims[taken->first + i].bytes;

        pages_free(s->fw, &part);
    }
    info->claims = info->first_claims;
    info->claims_capacity = BOOT_CLAIMS_MAX;
    info->n_claims = taken->first;
    pages_free(s->fw, &info->loader[LOADER_CLAIMS]);
}
