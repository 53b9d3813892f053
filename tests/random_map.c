#include <stdlib.h>
#include <string.h>

#include "random_map.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13; /* Marsaglia, "Xorshift RNGs" */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

uint64_t random_below(uint64_t *state, uint64_t n)
{
    return (next_random(state) >> 16) % n;
}

static uint32_t random_type(uint64_t *state)
{
    static const uint32_t unknown[] = { 16, 17, 0x70000001, 0x80000001, UINT32_MAX };

    if (random_below(state, 8) == 0)
        return unknown[random_below(state, ARRAY_LENGTH(unknown))];
    return random_below(state, 2) ? FIRMWARE_CONVENTIONAL : (uint32_t)random_below(state, FIRMWARE_UNACCEPTED + 1);
}

static uint64_t random_attributes(uint64_t *state)
{
    uint64_t attributes = random_below(state, 16) ? 0xF : 0x7;

    if (random_below(state, 6) == 0)
        attributes |= 1ull << random_below(state, 64);
    return attributes;
}

static struct firmware_descriptor random_descriptor(uint64_t *state, uint64_t n_frames)
{
    struct firmware_descriptor d = {
        .type = random_type(state),
        .start = random_below(state, n_frames) * PAGE_SIZE,
        .pages = random_below(state, random_below(state, 4) ? 8 : n_frames / 2),
        .attributes = random_attributes(state),
    };

    if (random_below(state, 16) == 0)
        d.start += random_below(state, PAGE_SIZE);
    if (random_below(state, 32) == 0)
        d.start = next_random(state);
    if (random_below(state, 32) == 0)
        d.pages = next_random(state) >> random_below(state, 32);
    return d;
}

/* Half of the maps tile their memory in order, as sound ones do, but for what the types and attributes say. */
static void fill(struct random_map *map, uint64_t stride, uint64_t n, uint64_t *state, uint64_t n_frames)
{
    const bool is_sound = random_below(state, 2);
    uint64_t reached = 0;

    for (uint64_t i = 0; i < n; i++) {
        struct firmware_descriptor d = random_descriptor(state, n_frames);

        if (is_sound) {
            d.start = reached + random_below(state, 3) / 2 * PAGE_SIZE;
            d.pages = 1 + random_below(state, 2 * n_frames / (n + 1) + 1);
            reached = d.start + d.pages * PAGE_SIZE;
        }
        memcpy(map->descriptors + i * stride, &d, sizeof d);
    }
}

static struct region_claim random_claim(uint64_t *state, uint64_t n_frames)
{
    static const enum region_type types[] = { REGION_EXECUTABLE_AND_MODULES, REGION_FRAMEBUFFER, REGION_RESERVED };
    const uint64_t bytes = random_below(state, 32) ? random_below(state, 64 * 512) : next_random(state);

    return (struct region_claim){ { { random_below(state, n_frames * PAGE_SIZE) }, bytes },
                                  types[random_below(state, ARRAY_LENGTH(types))] };
}

void random_map_make(struct random_map *map, uint64_t *state)
{
    static const uint64_t strides[] = { 40, 48, 56 };
    const unsigned phys_bits = 18 + (unsigned)random_below(state, 16);
    const uint64_t n_frames = 1ull << (phys_bits - PAGE_SHIFT);
    const uint64_t stride = strides[random_below(state, ARRAY_LENGTH(strides))];
    const uint64_t n = random_below(state, RANDOM_MAP_DESCRIPTORS_MAX + 1);
    const uint64_t bytes = n * stride + random_below(state, 2) * random_below(state, stride);

    map->descriptors = malloc(bytes + (bytes == 0));
    memset(map->descriptors, 0xA5, bytes);
    fill(map, stride, n, state, n_frames);
    map->subject = (struct map_subject){
        .map = { map->descriptors, bytes, stride },
        .claims = map->claims,
        .n_claims = random_below(state, RANDOM_MAP_CLAIMS_MAX + 1),
        .phys_bits = phys_bits,
    };
    for (size_t i = 0; i < map->subject.n_claims; i++)
        map->claims[i] = random_claim(state, n_frames);
}

void random_map_free(struct random_map *map)
{
    free(map->descriptors);
}
