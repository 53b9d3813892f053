/*
 * What region_normalize() must find, worked out the slow way: every descriptor is painted, sector by sector, on a
 * small address space. Shares no code and no idea with mm/region*.c.
 */
#ifndef MODEL_REGION_H
#define MODEL_REGION_H

#include "mem_region.h"

/* Starts that the model can tell apart: sub-page, so that unaligned descriptors count. */
#define MODEL_SECTOR_BYTES 512

/* The model paints addresses [0, 2^phys_bits); more than this is too much to paint. */
#define MODEL_PHYS_BITS_MAX 24

/*
 * map          descriptors start at multiples of MODEL_SECTOR_BYTES, unless they are out of range.
 * parameters   phys_bits from PAGE_SHIFT to MODEL_PHYS_BITS_MAX; claims begin and end on sectors or out of range.
 * ret->regions is malloc'ed; the caller frees it.
 */
void model_region_normalize(const struct firmware_map *map, const struct region_parameters *parameters,
                            struct region_map *ret);

#endif
