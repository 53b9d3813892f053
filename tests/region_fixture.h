/* A memory map under construction and what became of it: for the tests of mm/region.c. Include after <cmocka.h>. */
#ifndef REGION_FIXTURE_H
#define REGION_FIXTURE_H

#include "mem_region.h"
#include "../mm/host/map_text.h"

#define WB FIRMWARE_ATTRIBUTE_WB

/* Type numbers of the two ranges that UEFI leaves to others. */
#define OEM_RANGE_TYPE 0x70000001u
#define LOADER_RANGE_TYPE 0x80000001u

struct region_fixture {
    struct firmware_descriptor descriptors[32];
    size_t n_descriptors;
    struct region_claim claims[8];
    struct region_parameters parameters; /* to be changed at will; claims are pointed to by fixture_normalize() */
    struct region_map map;
    void *buffer; /* malloc'ed, exactly as long as asked for, so that ASan watches its end */
};

/* An empty one, on a processor of PHYS_BITS_MAX. */
struct region_fixture region_fixture(enum region_view view);

void fixture_describe(struct region_fixture *f, uint32_t type, uint64_t start, uint64_t pages, uint64_t attributes);
void fixture_claim(struct region_fixture *f, enum region_type type, uint64_t start, uint64_t bytes);

/* Fills map, from the descriptors or from a map of the test's own. May be called again. */
void fixture_normalize(struct region_fixture *f);
void fixture_normalize_map(struct region_fixture *f, const struct firmware_map *firmware);

void fixture_free(struct region_fixture *f);

/* The contents of folder/name.txt, malloc'ed and NUL-terminated. Tests run in the project's root. */
char *read_text(const char *folder, const char *name, size_t *ret_bytes);

/* The map of this name in tests/maps, and a fixture that holds its regions. */
struct map_text read_map(const char *name);
struct region_fixture fixture_of_map(const char *name, enum region_view view);

void check_regions(const struct region_map *map, const struct mem_region *expected, size_t n);

/* `count` of this kind and none of another. */
void check_only_anomaly(const struct region_map *map, enum region_anomaly kind, uint64_t count);
void check_no_anomalies(const struct region_map *map);

#define CHECK_REGIONS(f, ...)                                                                                          \
    do {                                                                                                               \
        const struct mem_region regions_[] = { __VA_ARGS__ };                                                          \
        check_regions(&(f)->map, regions_, ARRAY_LENGTH(regions_));                                                    \
    } while (0)

#define REGION(start, end, type) { { start }, { end }, REGION_##type, 0 }
#define UNKNOWN_REGION(start, end, number) { { start }, { end }, REGION_UNKNOWN, number }

#endif
