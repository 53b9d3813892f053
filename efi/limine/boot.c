#include "cpu.h"
#include "limine_main.h"
#include "limine_memory_map.h"
#include "limine_tables.h"
#include "loading.h"
#include "polyglot_allocator.h"
#include "x86.h"

#define STACK_BYTES_MIN KIB(64)
#define STACK_ALIGN 16
#define STACK_BYTES_MAX GIB(1)

/* The first version that the metadata have, and a request's size with all that we look at. */
#define ALLOCATOR_REQUEST_BYTES sizeof(struct polyglot_allocator_request)

static EFI_STATUS choose_stack(struct loading *l)
{
    const struct limine_stack_size_request *request = request_of(l, LIMINE_STACK_SIZE);
    const uint64_t asked = request ? request->bytes : 0;

    if (asked > STACK_BYTES_MAX)
        return report_failure(l->fw, EFI_UNSUPPORTED, "%s: wants stacks of %lu bytes", l->entry->path, asked);
    l->handover->stack_bytes = align_up(asked > STACK_BYTES_MIN ? asked : STACK_BYTES_MIN, PAGE_SIZE);
    return EFI_SUCCESS;
}

/* Responses that depend on the final map: their places are taken now. */
static EFI_STATUS take_map(struct loading *l, const struct map_buffer *buffer)
{
    struct handover *h = l->handover;
    struct handover_responses *r = &h->responses;
    const size_t n_spans = buffer->capacity / buffer->stride + h->claims_capacity;

    r->map_capacity = limine_memory_map_capacity(2 * n_spans, h->claims_capacity);
    r->map_entries = loading_take(l, r->map_capacity * sizeof *r->map_entries);
    r->map_pointers = loading_take(l, r->map_capacity * sizeof *r->map_pointers);
    return r->map_entries && r->map_pointers ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

/* Called with the map as it is when everything large has been allocated. */
static EFI_STATUS count_tables(void *context, const struct map_buffer *buffer, struct region_map *map,
                               uint64_t *ret_frames)
{
    struct loading *l = context;
    const struct handover *h = l->handover;
    const struct cpu_features cpu = cpu_features();
    EFI_STATUS status = take_map(l, buffer);

    l->map = *map;
    if (!EFI_ERROR(status))
        status = tables_find_mapped(l);
    if (EFI_ERROR(status))
        return status;
    paging_choose_hhdm(l);

    const size_t n = limine_memory_map(map, h->claims, h->n_claims, h->base_revision, h->responses.map_entries);
    const struct limine_map whole = { h, h->responses.map_entries, n, cpu.pages_1g, cpu.no_execute };

    *ret_frames = limine_tables_max(&whole);
    if (h->responses.allocator)
        limine_allocator_regions(map);
    return EFI_SUCCESS;
}

/* The version that it can adopt must be ours. */
static EFI_STATUS prepare_allocator(struct loading *l)
{
    const struct polyglot_allocator_request *request = request_of(l, LIMINE_POLYGLOT_ALLOCATOR);
    struct polyglot_allocator_response *response;

    if (!request || request->request_bytes < ALLOCATOR_REQUEST_BYTES ||
        request->metadata_version != POLYGLOT_METADATA_VERSION)
        return EFI_SUCCESS;
    response = loading_take(l, sizeof *response);
    if (!response)
        return EFI_OUT_OF_RESOURCES;
    l->handover->responses.allocator = response;
    return EFI_SUCCESS;
}

static EFI_STATUS allocate_memory(struct loading *l, struct map_buffer *ret_map)
{
    struct handover *h = l->handover;
    const struct memory_demand demand = {
        .kernel = l->entry->path,
        .stack_bytes = h->stack_bytes,
        .view = REGION_VIEW_BOOT,
        .claims = h->claims,
        .n_claims = h->n_claims,
        .claims_capacity = h->claims_capacity,
        .allocator = h->responses.allocator,
        .tables = count_tables,
        .context = l,
    };
    EFI_STATUS status = loader_memory_allocate(l->fw, &l->graphics, &demand, l->info, ret_map);
    const struct phys_range *metadata = &l->info->loader[LOADER_METADATA];
    struct polyglot_allocator_response *response = h->responses.allocator;

    if (EFI_ERROR(status) || !response)
        return status;
    loading_claim(l, *metadata, REGION_EXECUTABLE_AND_MODULES);
    *response = (struct polyglot_allocator_response){
        .response_bytes = sizeof *response,
        .metadata = h->hhdm_offset + metadata->start.value,
        .metadata_bytes = metadata->bytes,
        .metadata_physical = metadata->start.value,
        .metadata_version = POLYGLOT_METADATA_VERSION,
    };
    answer(l, LIMINE_POLYGLOT_ALLOCATOR, response);
    return EFI_SUCCESS;
}

/* Framebuffers are claimed before the survey, where they are expected, and again where they are. */
static void claim_framebuffers(struct loading *l)
{
    struct handover *h = l->handover;
    size_t kept = 0;

    for (size_t i = 0; i < h->n_claims; i++)
        if (h->claims[i].type != REGION_FRAMEBUFFER)
            h->claims[kept++] = h->claims[i];
    h->n_claims = kept;
    for (size_t i = 0; i < h->n_framebuffers; i++)
        loading_claim(l, h->framebuffers[i], REGION_FRAMEBUFFER);
}

static EFI_STATUS answer_maps(struct loading *l, const struct map_buffer *buffer)
{
    struct handover_responses *r = &l->handover->responses;

    r->memory_map = loading_take(l, sizeof *r->memory_map);
    r->efi_memory_map = loading_take(l, sizeof *r->efi_memory_map);
    if (!r->memory_map || !r->efi_memory_map)
        return EFI_OUT_OF_RESOURCES;
    r->memory_map->entries = in_direct_map(l, r->map_pointers);
    r->efi_memory_map->descriptor_version = buffer->version;
    answer_if_asked(l, LIMINE_MEMORY_MAP, r->memory_map);
    answer_if_asked(l, LIMINE_EFI_MEMORY_MAP, r->efi_memory_map);
    return EFI_SUCCESS;
}

static EFI_STATUS take_gdt(struct loading *l)
{
    /* The protocol's: null; 16-bit code and data; 32-bit code and data of 4 GiB; 64-bit code and data. */
    static const uint64_t gdt[] = { 0, 0x00009B000000FFFF, 0x000093000000FFFF, 0x00CF9B000000FFFF, 0x00CF93000000FFFF,
                                    0x00209B0000000000, 0x0000930000000000 };
    void *copy = loading_take(l, sizeof gdt);

    if (!copy)
        return EFI_OUT_OF_RESOURCES;
    __builtin_memcpy(copy, gdt, sizeof gdt);
    l->handover->gdt = identity_of(copy);
    return EFI_SUCCESS;
}

/* Everything that can fail while there is a way back. */
static EFI_STATUS prepare(struct loading *l, struct map_buffer *map)
{
    EFI_STATUS (*const answers[])(struct loading *) = { executable_answer, modules_answer, hardware_find,
                                                        tables_answer, device_tree_answer, facts_answer, take_gdt };
    EFI_STATUS (*const steps[])(struct loading *) = { executable_load, choose_stack, paging_choose, video_choose,
                                                      modules_load, prepare_allocator };
    EFI_STATUS status = EFI_SUCCESS;

    l->limits.aperture = gop_keep(l->fw).aperture; /* for the kernel, too, which is loaded before a mode is chosen */
    for (size_t i = 0; i < ARRAY_LENGTH(steps) && !EFI_ERROR(status); i++)
        status = steps[i](l);
    if (EFI_ERROR(status))
        return status;
    claim_framebuffers(l);
    status = allocate_memory(l, map);
    for (size_t i = 0; i < ARRAY_LENGTH(answers) && !EFI_ERROR(status); i++)
        status = answers[i](l);
    if (!EFI_ERROR(status))
        status = answer_maps(l, map);
    return status;
}

/* What shows on the screen or must come last. A failure here still returns, with the screen as it has become. */
static EFI_STATUS conclude(struct loading *l)
{
    EFI_STATUS status = video_answer(l);

    if (EFI_ERROR(status))
        return status;
    claim_framebuffers(l);
    if (request_of(l, LIMINE_POLYGLOT_ALLOCATOR) && !l->handover->responses.allocator)
        log_step(l->fw, "the kernel asks for another version of the frame allocator");
    limine_write_tag(&l->image, &l->requests);
    return tpm_answer(l);
}

EFI_STATUS limine_boot(struct firmware *fw, struct boot_info *info, struct files *files,
                       const struct limine_entry *entry)
{
    static struct handover handover; /* in the image: it must outlive the firmware's stack */
    struct loading loading = { fw, info, files, entry, .limits = { fw, info, { { 0 }, 0 } }, .handover = &handover };
    const size_t n_claims = info->n_claims;
    const unsigned phys_bits = info->phys_bits;
    struct map_buffer map;
    EFI_STATUS status;

    handover = (struct handover){ .entry_ticks = fw->log.start };
    status = prepare(&loading, &map);
    if (!EFI_ERROR(status))
        status = conclude(&loading);
    if (!EFI_ERROR(status)) {
        log_step(fw, "leaving boot services");
        status = leave(fw, info, &map);
    }
    if (!EFI_ERROR(status)) {
        info->handover = &handover;
        limine_start(info);
    }
    loader_memory_free(fw, info);
    loading_free(&loading);
    info->n_claims = n_claims;
    info->phys_bits = phys_bits;
    info->framebuffer = (struct framebuffer){ 0 };
    return status;
}
