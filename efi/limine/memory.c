#include "loading.h"
#include "panic.h"

#define ARENA_CHUNK_BYTES KIB(64)
#define ARENA_ALIGN 16

struct block {
    struct block *next;
    struct phys_range pages;
};

static EFI_STATUS remember(struct loading *l, struct phys_range *pages)
{
    struct block *block;
    const EFI_STATUS status = l->fw->boot->AllocatePool(EfiLoaderData, sizeof *block, (void **)&block);

    if (EFI_ERROR(status)) {
        pages_free(l->fw, pages);
        return status;
    }
    *block = (struct block){ l->blocks, *pages };
    l->blocks = block;
    return EFI_SUCCESS;
}

static EFI_STATUS allocate(struct loading *l, uint64_t bytes, uint64_t align, struct phys_range *ret)
{
    const EFI_STATUS status = pages_allocate(&l->limits, bytes, align, ret);

    return EFI_ERROR(status) ? status : remember(l, ret);
}

EFI_STATUS loading_allocate(struct loading *l, uint64_t bytes, uint64_t align, const char *what, struct phys_range *ret)
{
    const EFI_STATUS status = allocate(l, bytes, align, ret);

    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "%s: cannot allocate %lS for %s: %s", l->entry->path, bytes, what,
                              status_name(status));
    return EFI_SUCCESS;
}

EFI_STATUS loading_allocate_file(struct loading *l, uint64_t bytes, const char *path, struct phys_range *ret)
{
    const EFI_STATUS status = allocate(l, bytes ? bytes : 1, PAGE_SIZE, ret);

    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "%s: cannot allocate %lS for it: %s", path, bytes, status_name(status));
    return EFI_SUCCESS;
}

EFI_STATUS loading_allocate_below(struct loading *l, uint64_t end, struct phys_range *ret)
{
    const EFI_STATUS status = pages_allocate_below(&l->limits, PAGE_SIZE, end, ret);

    return EFI_ERROR(status) ? status : remember(l, ret);
}

/* Something at least, so that nothing is no failure; and where rounding would wrap, more than there can be. */
static size_t whole_bytes(size_t bytes)
{
    return bytes > SIZE_MAX / 2 ? SIZE_MAX / 2 + 1 : align_up(bytes ? bytes : 1, ARENA_ALIGN);
}

void *loading_take(struct loading *l, size_t bytes)
{
    const size_t whole = whole_bytes(bytes);
    void *taken;

    if (whole > l->arena.left) {
        const uint64_t chunk = whole < ARENA_CHUNK_BYTES ? ARENA_CHUNK_BYTES : align_up(whole, PAGE_SIZE);
        struct phys_range pages;

        if (EFI_ERROR(loading_allocate(l, chunk, PAGE_SIZE, "what the kernel is told", &pages)))
            return NULL;
        l->arena.next = identity_pointer(pages.start);
        l->arena.left = pages.bytes;
    }
    taken = l->arena.next;
    l->arena.next += whole;
    l->arena.left -= whole;
    __builtin_memset(taken, 0, whole);
    return taken;
}

char *loading_text(struct loading *l, const char *text)
{
    size_t bytes = 0;
    char *copy;

    while (text[bytes])
        bytes++;
    copy = loading_take(l, bytes + 1);
    if (copy)
        __builtin_memcpy(copy, text, bytes);
    return copy;
}

void loading_free(struct loading *l)
{
    while (l->blocks) {
        struct block *block = l->blocks;

        l->blocks = block->next;
        pages_free(l->fw, &block->pages);
        l->fw->boot->FreePool(block);
    }
    l->arena.left = 0;
}

void answer(const struct loading *l, enum limine_request_kind kind, const void *response)
{
    struct limine_request *request = request_of(l, kind);

    request->response = in_direct_map(l, response);
}

void loading_claim(struct loading *l, struct phys_range bytes, enum region_type type)
{
    struct handover *h = l->handover;

    ASSERT(h->n_claims < h->claims_capacity);
    h->claims[h->n_claims++] = (struct region_claim){ bytes, type };
}
