/* Random memory maps that are wrong in every way a map can be. For tests; include after <cmocka.h>. */
#ifndef RANDOM_MAP_H
#define RANDOM_MAP_H

#include "map_subject.h"

#define RANDOM_MAP_DESCRIPTORS_MAX 40
#define RANDOM_MAP_CLAIMS_MAX 4

struct random_map {
    struct map_subject subject; /* points into this structure */
    struct region_claim claims[RANDOM_MAP_CLAIMS_MAX];
    char *descriptors; /* malloc'ed, as long as the map, so that ASan watches its end */
};

/* Fills the structure, which must stay where it is until random_map_free(). state: of the generator, not 0. */
void random_map_make(struct random_map *map, uint64_t *state);
void random_map_free(struct random_map *map);

uint64_t random_below(uint64_t *state, uint64_t n);

#endif
