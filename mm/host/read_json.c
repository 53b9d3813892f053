/*
 * map_report() with REPORT_JSON. What is read of it is what the firmware gave, and what else was known:
 *
 *     { "map": { "phys_bits": 36, "descriptor_bytes": 48 },
 *       "descriptors": [ { "type": 7, "start": "0x1000", "pages": 159, "attributes": "0xF" } ],
 *       "claims": [ { "name": "FRAMEBUFFER", "start": "0x80000000", "bytes": 4096000 } ],
 *       "metadata": [ { "start": "0x100000", "bytes": 8192 } ],
 *       "reserved": [ { "start": "0x200000", "pages": 16 } ],
 *       "own": [ { "start": "0x300000", "bytes": 4096, "text": "this program" } ] }
 *
 * All but "descriptors" may be missing. Descriptors without attributes: nothing is known of them. All else is derived,
 * and skipped. The parser is json-c's: broken maps have numbers of 64 bits, which it keeps exactly, where jansson
 * refuses what does not fit into 63, and cJSON makes doubles of all.
 */
#include <json-c/json.h>
#include <limits.h>
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

/* NULL: there is none of this name, or `object` is no object. */
static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;

    return json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, name, &value) ? value
                                                                                                            : NULL;
}

static size_t array_length(json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

/* A member that is an integer, or a string that is a number. */
static const char *get_number(json_object *object, const char *name, uint64_t *ret)
{
    json_object *value = member(object, name);

    if (!value)
        return "a member is missing: type, start, pages or bytes";
    if (json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0) {
        *ret = json_object_get_uint64(value);
        return NULL;
    }
    if (!json_object_is_type(value, json_type_string))
        return "a member is neither a whole number nor a string with one";
    const char *text = json_object_get_string(value);
    return parse_number((struct extent){ text, text + json_object_get_string_len(value) }, UINT64_MAX, ret);
}

/* One that may be missing: then *ret stays. */
static const char *get_optional(json_object *object, const char *name, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t number = *ret;
    const char *reason = member(object, name) ? get_number(object, name, &number) : NULL;

    if (!reason && (number < min || number > max))
        reason = "phys_bits or descriptor_bytes cannot be";
    if (!reason)
        *ret = number;
    return reason;
}

static const char *add_descriptor(struct json_map *map, json_object *descriptor)
{
    uint64_t type, start, pages, attributes = FIRMWARE_ATTRIBUTE_WB;
    const bool has_attributes = member(descriptor, "attributes");
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

static const char *add_claim(struct json_map *map, json_object *claim)
{
    const char *name = json_object_get_string(member(claim, "name"));
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

static const char *set_metadata(struct json_map *map, json_object *metadata)
{
    const char *reason = get_number(metadata, "start", &map->made.metadata.start.value);

    return reason ? reason : get_number(metadata, "bytes", &map->made.metadata.bytes);
}

static const char *add_reserved(struct json_map *map, json_object *reserved)
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

static const char *add_own(struct json_map *map, json_object *own)
{
    json_object *use = member(own, "text");
    uint64_t start, bytes;
    const char *reason = get_number(own, "start", &start);

    if (!reason)
        reason = get_number(own, "bytes", &bytes);
    if (reason)
        return reason;
    if (!json_object_is_type(use, json_type_string))
        return "an own range does not say what it was for";
    return map_text_add_own(&map->made, (struct phys_range){ { start }, bytes }, json_object_get_string(use),
                            (size_t)json_object_get_string_len(use));
}

static const char *for_each(struct json_map *map, json_object *array,
                            const char *(*add)(struct json_map *map, json_object *element))
{
    const char *reason = NULL;

    for (size_t i = 0; !reason && i < array_length(array); i++)
        reason = add(map, json_object_array_get_idx(array, i));
    return reason;
}

static const char *read_root(struct json_map *map, json_object *root)
{
    json_object *descriptors = member(root, "descriptors");
    json_object *claims = member(root, "claims");
    json_object *reserved = member(root, "reserved");
    json_object *own = member(root, "own");
    uint64_t phys_bits = PHYS_BITS_MAX;
    const char *reason = json_object_is_type(descriptors, json_type_array) ? NULL : "no array \"descriptors\"";

    map->made.claims = calloc(array_length(claims) + 1, sizeof(*map->made.claims));
    map->made.reserved = calloc(array_length(reserved) + 1, sizeof(*map->made.reserved));
    map->made.own = calloc(MAP_TEXT_OWN_MAX, sizeof(*map->made.own));
    if (!map->made.claims || !map->made.reserved || !map->made.own)
        return "out of memory";
    if (!reason)
        reason = for_each(map, descriptors, add_descriptor);
    if (!reason)
        reason = for_each(map, claims, add_claim);
    if (!reason)
        reason = for_each(map, member(root, "metadata"), set_metadata);
    if (!reason)
        reason = for_each(map, reserved, add_reserved);
    if (!reason)
        reason = for_each(map, own, add_own);
    if (!reason)
        reason = get_optional(member(root, "map"), "phys_bits", PAGE_SHIFT, PHYS_BITS_LIMIT, &phys_bits);
    if (!reason)
        reason = get_optional(member(root, "map"), "descriptor_bytes", FIRMWARE_STRIDE_MIN, STRIDE_MAX,
                              &map->stride);
    map->made.phys_bits = (unsigned)phys_bits;
    return reason ? reason : map_rows_lay_out(&map->rows, map->stride, &map->made.map);
}

/* json-c makes the largest number of one that is too large: that would be another map. */
static const char *check_numbers(struct extent text, size_t *ret_end)
{
    const char *reason = NULL;
    uint64_t number;

    for (const char *start = text.at; !reason && !is_empty(text);) {
        struct extent digits = { text.at, text.at };

        while (digits.end < text.end && digit_value(*digits.end) < 10)
            digits.end++;
        *ret_end = (size_t)(text.at - start);
        reason = is_empty(digits) ? NULL : parse_number(digits, UINT64_MAX, &number);
        text.at = digits.end + (digits.end < text.end);
    }
    return reason;
}

/* Returns NULL if it is not JSON: then ret_end says how much was understood. To be given back by json_object_put(). */
static json_object *parse(struct extent text, size_t *ret_end)
{
    struct json_tokener *tokener = json_tokener_new();
    json_object *root = NULL;

    *ret_end = 0;
    if (tokener && extent_bytes(text) <= INT_MAX) {
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
        root = json_tokener_parse_ex(tokener, text.at, (int)extent_bytes(text));
        *ret_end = json_tokener_get_parse_end(tokener);
    }
    if (tokener)
        json_tokener_free(tokener);
    return root;
}

static size_t line_at(struct extent text, size_t offset)
{
    size_t line = 1;

    for (size_t i = 0; i < offset; i++)
        line += text.at[i] == '\n';
    return line;
}

bool map_read_json(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    struct json_map map = { .stride = MAP_ROWS_STRIDE };
    size_t understood;
    const char *reason = check_numbers(text, &understood);
    json_object *root = reason ? NULL : parse(text, &understood);

    if (!root) {
        *ret_error = (struct map_text_error){ line_at(text, understood), reason ? reason : "not JSON" };
        return false;
    }
    reason = read_root(&map, root);
    json_object_put(root);
    map_rows_free(&map.rows);
    if (reason) {
        map_text_free(&map.made);
        *ret_error = (struct map_text_error){ 0, reason };
        return false;
    }
    *ret = map.made;
    return true;
}
