/* Table frames out of one run of frames, reached one to one. Pure, as far as memory at its own address is. */
#ifndef PAGING_POOL_H
#define PAGING_POOL_H

#include "addr.h"
#include "paging.h"

/* A source that takes from the front of the pool, which stays where it is while tables are taken. */
struct paging_source paging_pool_source(struct frame_range *pool);

#endif
