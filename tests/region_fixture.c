#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "region_fixture.h"

struct region_fixture region_fixture(enum region_view view)
{
    return (struct region_fixture){ .parameters = { .phys_bits = PHYS_BITS_MAX, .view = view } };
}

void fixture_describe(struct region_fixture *f, uint32_t type, uint64_t start, uint64_t pages, uint64_t attributes)
{
    assert_true(f->n_descriptors < ARRAY_LENGTH(f->descriptors));
    f->descriptors[f->n_descriptors++] =
        (struct firmware_descriptor){ .type = type, .start = start, .pages = pages, .attributes = attributes };
}

void fixture_claim(struct region_fixture *f, enum region_type type, uint64_t start, uint64_t bytes)
{
    assert_true(f->parameters.n_claims < ARRAY_LENGTH(f->claims));
    f->claims[f->parameters.n_claims++] = (struct region_claim){ { { start }, bytes }, type };
}

void fixture_normalize_map(struct region_fixture *f, const struct firmware_map *firmware)
{
    const size_t bytes = region_buffer_bytes(firmware_map_count(firmware), f->parameters.n_claims);

    free(f->buffer);
    f->buffer = malloc(bytes);
    assert_non_null(f->buffer);
    f->parameters.claims = f->claims;
    assert_int_equal(region_normalize(firmware, &f->parameters, f->buffer, bytes, &f->map), REGION_OK);
    assert_ptr_equal(f->map.regions, f->buffer);
}

void fixture_normalize(struct region_fixture *f)
{
    const uint64_t stride = sizeof(f->descriptors[0]);

    fixture_normalize_map(f, &(struct firmware_map){ f->descriptors, f->n_descriptors * stride, stride });
}

char *read_text(const char *folder, const char *name, size_t *ret_bytes)
{
    char path[256];
    char *text = malloc(MIB(1));
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.txt", folder, name);
    file = fopen(path, "r");
    assert_non_null(file);
    *ret_bytes = fread(text, 1, MIB(1) - 1, file);
    text[*ret_bytes] = 0;
    fclose(file);
    return text;
}

struct map_text read_map(const char *name)
{
    struct map_text_error error = { 0 };
    struct map_text parsed;
    size_t bytes;
    char *text = read_text("tests/maps", name, &bytes);

    if (!map_text_parse(text, bytes, &parsed, &error))
        fail_msg("%s:%zu: %s", name, error.line, error.reason);
    free(text);
    return parsed;
}

struct region_fixture fixture_of_map(const char *name, enum region_view view)
{
    struct map_text text = read_map(name);
    struct region_fixture f = region_fixture(view);

    fixture_normalize_map(&f, &text.map);
    map_text_free(&text);
    return f;
}

void fixture_free(struct region_fixture *f)
{
    free(f->buffer);
    f->buffer = NULL;
}

void check_regions(const struct region_map *map, const struct mem_region *expected, size_t n)
{
    assert_int_equal(map->n_regions, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(map->regions[i].start.value, expected[i].start.value);
        assert_int_equal(map->regions[i].end.value, expected[i].end.value);
        assert_string_equal(region_type_name(map->regions[i].type), region_type_name(expected[i].type));
        assert_int_equal(map->regions[i].firmware_type, expected[i].firmware_type);
    }
}

void check_only_anomaly(const struct region_map *map, enum region_anomaly kind, uint64_t count)
{
    for (unsigned i = 0; i < ANOMALIES; i++)
        assert_int_equal(map->anomalies[i], i == kind ? count : 0);
}

void check_no_anomalies(const struct region_map *map)
{
    check_only_anomaly(map, ANOMALIES, 0);
}
