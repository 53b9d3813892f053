#include "sample.h"

#define BASE_REVISION 2

/* Two words for each name in limine_protocol.h. */
#define ID_WORDS(name, word2, word3) ID_##name##_2 = word2, ID_##name##_3 = word3,
enum { LIMINE_REQUEST_IDS(ID_WORDS) };
#define REQUEST(name) { .id = { LIMINE_COMMON, ID_##name##_2, ID_##name##_3 } }

/* The loader finds these in the image, and fills them in behind the compiler's back. */
#define ASKED static volatile __attribute__((section(".limine_requests"), aligned(8), used))

ASKED uint64_t base_revision[] = { LIMINE_BASE_REVISION_TAG, BASE_REVISION };
ASKED struct limine_request hhdm = REQUEST(HHDM);
ASKED struct limine_request memory_map = REQUEST(MEMORY_MAP);
ASKED struct limine_request framebuffers = REQUEST(FRAMEBUFFER);
ASKED struct limine_mp_request mp = { .head = REQUEST(MP) };
ASKED struct polyglot_allocator_request allocator = POLYGLOT_ALLOCATOR_REQUEST;

/* Addresses in requests and responses are virtual, and 0 where there is nothing. */
static const void *at(uint64_t address)
{
    return virt_pointer(virt_addr(address));
}

bool requests_read(struct handover *ret)
{
    const struct limine_hhdm_response *direct_map = at(hhdm.response);
    const struct limine_framebuffer_response *screens = at(framebuffers.response);

    *ret = (struct handover){ .mp = at(mp.head.response) };
    if (base_revision[2] || !direct_map || !memory_map.response)
        return false;
    ret->allocator = (struct pmm_limine){ at(memory_map.response), direct_map->offset, at(allocator.response) };
    if (screens && screens->count) {
        const uint64_t *first = at(screens->framebuffers);

        ret->screen = *(const struct limine_framebuffer *)at(*first);
    }
    return true;
}
