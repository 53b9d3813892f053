/*
 * A machine for the inventory's tests: a memory map, tables written byte by byte, and a report as text. Everything
 * inline; what a report may read lies in blocks of its very size, so that no overrun goes unseen.
 */
#ifndef INVENTORY_FIXTURE_H
#define INVENTORY_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "map_report.h"
#include "panic.h"

#define FIXTURE_DESCRIPTORS_MAX 32
#define FIXTURE_TEXT_BYTES (4u << 20)

/* ---- the map ---- */

struct fixture_map {
    struct firmware_descriptor descriptors[FIXTURE_DESCRIPTORS_MAX];
    size_t n;
};

static inline void fixture_add(struct fixture_map *map, uint32_t type, uint64_t start, uint64_t end)
{
    const bool is_runtime = type == FIRMWARE_RUNTIME_CODE || type == FIRMWARE_RUNTIME_DATA;

    ASSERT(map->n < FIXTURE_DESCRIPTORS_MAX);
    map->descriptors[map->n++] = (struct firmware_descriptor){
        .type = type, .start = start, .pages = (end - start) >> PAGE_SHIFT,
        .attributes = FIRMWARE_ATTRIBUTE_WB | (is_runtime ? FIRMWARE_ATTRIBUTE_RUNTIME : 0) };
}

static inline struct map_subject fixture_subject(const struct fixture_map *map)
{
    return (struct map_subject){ .map = { map->descriptors, map->n * sizeof *map->descriptors,
                                          sizeof *map->descriptors }, .phys_bits = 40 };
}

/* 2 GiB below 4 GiB, as much above; runtime code and data below the lower half's end. */
static inline struct fixture_map fixture_pc(void)
{
    struct fixture_map map = { .n = 0 };

    fixture_add(&map, FIRMWARE_CONVENTIONAL, 0, 0xA0000);
    fixture_add(&map, FIRMWARE_CONVENTIONAL, MIB(1), 0x7F000000);
    fixture_add(&map, FIRMWARE_RUNTIME_CODE, 0x7F000000, 0x7F100000);
    fixture_add(&map, FIRMWARE_RUNTIME_DATA, 0x7F100000, 0x7F200000);
    fixture_add(&map, FIRMWARE_ACPI_NVS, 0x7F200000, GIB(2));
    fixture_add(&map, FIRMWARE_MMIO, 0xFEC00000, 0xFEC01000);
    fixture_add(&map, FIRMWARE_CONVENTIONAL, GIB(4), GIB(6));
    return map;
}

/* Two ranges below and above 4 GiB; all else may be added. */
static inline struct fixture_map fixture_machine(uint64_t below_end, uint64_t above_end)
{
    struct fixture_map map = { .n = 0 };

    fixture_add(&map, FIRMWARE_CONVENTIONAL, 0, 0xA0000);
    fixture_add(&map, FIRMWARE_CONVENTIONAL, MIB(1), below_end);
    fixture_add(&map, FIRMWARE_MMIO, 0xFEE00000, 0xFEE01000);
    fixture_add(&map, FIRMWARE_CONVENTIONAL, GIB(4), above_end);
    return map;
}

/* ---- bytes ---- */

struct fixture_bytes {
    uint8_t bytes[8192];
    size_t n;
};

static inline void put(struct fixture_bytes *b, uint64_t value, size_t bytes)
{
    ASSERT(b->n + bytes <= sizeof b->bytes);
    for (size_t i = 0; i < bytes; i++)
        b->bytes[b->n++] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
}

static inline void poke(struct fixture_bytes *b, size_t at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        b->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

/* The first n of them, in a block of so many. */
static inline uint8_t *exact_copy(const struct fixture_bytes *b, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    memcpy(copy, b->bytes, n);
    return copy;
}

/* ---- the report ---- */

struct fixture_output {
    struct sink sink;
    char *text;
    size_t n;
};

static inline void fixture_write(const struct sink *sink, const char *text, size_t bytes)
{
    struct fixture_output *output = CONTAINER_OF((void *)(uintptr_t)sink, struct fixture_output, sink);

    ASSERT(output->n + bytes < FIXTURE_TEXT_BYTES);
    memcpy(output->text + output->n, text, bytes);
    output->n += bytes;
    output->text[output->n] = 0;
}

static inline struct fixture_output fixture_output(void)
{
    struct fixture_output output = { { fixture_write }, malloc(FIXTURE_TEXT_BYTES), 0 };

    output.text[0] = 0;
    return output;
}

static inline void fixture_output_free(struct fixture_output *output) { free(output->text); }

/* Brackets and braces are balanced outside strings, and strings end: as much of JSON as a report could get wrong. */
static inline bool looks_like_json(const char *text)
{
    char open[64];
    size_t depth = 0;
    bool in_string = false;

    for (; *text; text++) {
        if (in_string) {
            if (*text == '\\' && text[1])
                text++;
            else if (*text == '"')
                in_string = false;
            else if (*text < ' ')
                return false;
        } else if (*text == '"') {
            in_string = true;
        } else if (*text == '{' || *text == '[') {
            open[depth++] = *text == '{' ? '}' : ']';
        } else if ((*text == '}' || *text == ']') && (!depth-- || open[depth] != *text)) {
            return false;
        }
    }
    return !depth && !in_string;
}

#endif
