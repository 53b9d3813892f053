#include "paging_pool.h"

static bool take(void *context, phys_addr_t *ret_table)
{
    struct frame_range *pool = context;

    if (!pool->count)
        return false;
    *ret_table = frame_start(pool->first);
    pool->first.value++;
    pool->count--;
    return true;
}

static uint64_t *reach(void *context, phys_addr_t table)
{
    (void)context;
    return identity_pointer(table);
}

struct paging_source paging_pool_source(struct frame_range *pool)
{
    return (struct paging_source){ pool, take, reach };
}
