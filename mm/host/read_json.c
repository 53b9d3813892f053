/*
 * map_report() with REPORT_JSON. What is read of it is what the firmware gave, and what else was known:
 *
 *     { "map": { "phys_bits": 36, "descriptor_bytes": 48 },
 *       "descriptors": [ { "type": 7, "start": "0x1000", "pages": 159, "attributes": "0xF" } ],
 *       "claims": [ { "name": "FRAMEBUFFER", "start": "0x80000000", "bytes": 4096000 } ],
 *       "metadata": [ { "start": "0x100000", "bytes": 8192 } ],
 *       "reserved": [ { "start": "0x200000", "pages": 16 } ] }
 *
 * All but "descriptors" may be missing. Descriptors without attributes: nothing is known of them. All else is derived,
 * and skipped. The parser is jansson's: it keeps integers exactly (cJSON makes doubles of them), bounds the depth, and
 * says in which line an error is.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "map_reader.h"

#define STRIDE_MAX 4096
#define PHYS_BITS_LIMIT 64

struct json_map {
    struct map_rows rows;
    struct map_text made;
    uint64_t stride;
};

/* A member that is an integer, or a string that is a number. */
static const char *get_number(const json_t *object, const char *name, uint64_t *ret)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return "a member is missing: type, start, pages or bytes";
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *ret = (uint64_t)json_integer_value(value);
        return NULL;
    }
    if (!json_is_string(value))
        return "a member is neither a whole number nor a string with one";
    const char *text = json_string_value(value);
    return parse_number((struct extent){ text, text + json_string_length(value) }, UINT64_MAX, ret);
}

/* One that may be missing: then *ret stays. */
static const char *get_optional(const json_t *object, const char *name, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t number = *ret;
    const char *reason = json_object_get(object, name) ? get_number(object, name, &number) : NULL;

    if (!reason && (number < min || number > max))
        reason = "phys_bits or descriptor_bytes cannot be";
    if (!reason)
        *ret = number;
    return reason;
}

static const char *add_descriptor(struct json_map *map, const json_t *descriptor)
{
    uint64_t type, start, pages, attributes = FIRMWARE_ATTRIBUTE_WB;
    const bool has_attributes = json_object_get(descriptor, "attributes");
    const char *reason = get_number(descriptor, "type", &type);

    if (!reason)
        reason = get_number(descriptor, "start", &start);
    if (!reason)
        reason = get_number(descriptor, "pages", &pages);
    if (!reason && has_attributes)
        reason = get_number(descriptor, "attributes", &attributes);
    if (!reason && type > UINT32_MAX)
        reason = "number too large";
    if (!has_attributes)
        map->made.without_attributes = true;
    return reason ? reason : map_rows_add(&map->rows, (uint32_t)type, start, pages, attributes);
}

static const char *add_claim(struct json_map *map, const json_t *claim)
{
    const char *name = json_string_value(json_object_get(claim, "name"));
    uint64_t start, bytes;
    const char *reason = get_number(claim, "start", &start);

    if (!reason)
        reason = get_number(claim, "bytes", &bytes);
    if (reason)
        return reason;
    for (unsigned type = REGION_BOOTLOADER_RECLAIMABLE + 1; name && type < REGION_TYPES; type++)
        if (strcmp(name, region_type_name((enum region_type)type)) == 0) {
            map->made.claims[map->made.n_claims++] =
                (struct region_claim){ { { start }, bytes }, (enum region_type)type };
            return NULL;
        }
    return "a claim's name is not that of a type it can have";
}

static const char *set_metadata(struct json_map *map, const json_t *metadata)
{
    const char *reason = get_number(metadata, "start", &map->made.metadata.start.value);

    return reason ? reason : get_number(metadata, "bytes", &map->made.metadata.bytes);
}

static const char *add_reserved(struct json_map *map, const json_t *reserved)
{
    uint64_t start, pages;
    const char *reason = get_number(reserved, "start", &start);

    if (!reason)
        reason = get_number(reserved, "pages", &pages);
    if (reason)
        return reason;
    if (start & PAGE_MASK || pages > UINT64_MAX >> PAGE_SHIFT)
        return "reserved: not page-aligned, or too large";
    map->made.reserved[map->made.n_reserved++] = (struct frame_range){ frame_of(phys_addr(start)), pages };
    return NULL;
}

static const char *for_each(struct json_map *map, const json_t *array,
                            const char *(*add)(struct json_map *map, const json_t *element))
{
    const char *reason = NULL;

    for (size_t i = 0; !reason && i < json_array_size(array); i++)
        reason = add(map, json_array_get(array, i));
    return reason;
}

static const char *read_root(struct json_map *map, const json_t *root)
{
    const json_t *descriptors = json_object_get(root, "descriptors");
    const json_t *claims = json_object_get(root, "claims");
    const json_t *reserved = json_object_get(root, "reserved");
    uint64_t phys_bits = PHYS_BITS_MAX;
    const char *reason = json_is_array(descriptors) ? NULL : "no array \"descriptors\"";

    map->made.claims = calloc(json_array_size(claims) + 1, sizeof(*map->made.claims));
    map->made.reserved = calloc(json_array_size(reserved) + 1, sizeof(*map->made.reserved));
    if (!map->made.claims || !map->made.reserved)
        return "out of memory";
    if (!reason)
        reason = for_each(map, descriptors, add_descriptor);
    if (!reason)
        reason = for_each(map, claims, add_claim);
    if (!reason)
        reason = for_each(map, json_object_get(root, "metadata"), set_metadata);
    if (!reason)
        reason = for_each(map, reserved, add_reserved);
    if (!reason)
        reason = get_optional(json_object_get(root, "map"), "phys_bits", PAGE_SHIFT, PHYS_BITS_LIMIT, &phys_bits);
    if (!reason)
        reason = get_optional(json_object_get(root, "map"), "descriptor_bytes", FIRMWARE_STRIDE_MIN, STRIDE_MAX,
                              &map->stride);
    map->made.phys_bits = (unsigned)phys_bits;
    return reason ? reason : map_rows_lay_out(&map->rows, map->stride, &map->made.map);
}

bool map_read_json(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    struct json_map map = { .stride = MAP_ROWS_STRIDE };
    json_error_t error;
    json_t *root = json_loadb(text.at, extent_bytes(text), JSON_REJECT_DUPLICATES, &error);

    if (!root) {
        *ret_error = (struct map_text_error){ error.line > 0 ? (size_t)error.line : 0, "not JSON" };
        return false;
    }
    const char *reason = read_root(&map, root);
    json_decref(root);
    map_rows_free(&map.rows);
    if (reason) {
        map_text_free(&map.made);
        *ret_error = (struct map_text_error){ 0, reason };
        return false;
    }
    *ret = map.made;
    return true;
}
