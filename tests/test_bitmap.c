/* Bitmaps and summaries against arrays of bool, at every border of words and levels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "summary.h"

#define BITS 320
#define WORDS (BITS / WORD_BITS)

static bool bit_of(const uint64_t *words, uint64_t i)
{
    return words[i / 64] >> (i % 64) & 1;
}

/* Calls visit() for all ranges whose ends lie at or beside a border of words, the empty ones included. */
static void for_each_range(void (*visit)(uint64_t first, uint64_t n))
{
    for (uint64_t first = 0; first <= BITS; first++)
        for (uint64_t end = first; end <= BITS; end++)
            if ((first % 64 < 3 || first % 64 > 61) && (end % 64 < 3 || end % 64 > 61))
                visit(first, end - first);
}

static void expect_set_and_clear(uint64_t first, uint64_t n)
{
    uint64_t set[WORDS] = { 0 }, cleared[WORDS];

    memset(cleared, 0xFF, sizeof(cleared));
    bitmap_set(set, first, n);
    bitmap_clear(cleared, first, n);
    for (uint64_t i = 0; i < BITS; i++) {
        const bool inside = i >= first && i - first < n;

        assert_int_equal(bit_of(set, i), inside);
        assert_int_equal(bit_of(cleared, i), !inside);
    }
    assert_int_equal(bitmap_count_set(set, 0, BITS), n);
    assert_int_equal(bitmap_count_set(cleared, 0, BITS), BITS - n);
}

static void set_and_clear_change_exactly_the_range(void **state)
{
    (void)state;
    for_each_range(expect_set_and_clear);
}

static void expect_search(uint64_t first, uint64_t n)
{
    static const uint64_t bits[] = { 0, 1, 63, 64, 65, 127, 128, 200, 255, 256, 319 };

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        const uint64_t end = first + n;
        const uint64_t found = bits[i] >= first && bits[i] < end ? bits[i] : end;
        uint64_t one[WORDS] = { 0 }, all_but_one[WORDS];

        memset(all_but_one, 0xFF, sizeof(all_but_one));
        one[bits[i] / 64] = (uint64_t)1 << (bits[i] % 64);
        all_but_one[bits[i] / 64] = ~one[bits[i] / 64];
        assert_int_equal(bitmap_next_set(one, first, end), found);
        assert_int_equal(bitmap_next_clear(all_but_one, first, end), found);
        assert_int_equal(bitmap_count_set(one, first, n), found < end);
    }
}

static void searches_find_the_first_bit_or_the_end(void **state)
{
    (void)state;
    for_each_range(expect_search);
}

static void a_search_reads_no_word_beyond_its_end(void **state)
{
    uint64_t *words = calloc(2, sizeof(uint64_t)); /* of its own, so that the address sanitizer watches its end */
    (void)state;

    assert_int_equal(bitmap_next_set(words, 0, 128), 128);
    assert_int_equal(bitmap_next_set(words, 128, 128), 128);
    bitmap_set(words, 0, 128);
    assert_int_equal(bitmap_next_clear(words, 5, 128), 128);
    assert_int_equal(bitmap_count_set(words, 0, 128), 128);
    assert_int_equal(bitmap_count_set(words, 128, 0), 0);
    free(words);
}

static void fill_writes_every_word_and_no_other(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 50; n++) {
        uint64_t *words = calloc(n + 1, sizeof(uint64_t));

        bitmap_fill(words, n, 0x123456789ABCDEF0);
        for (uint64_t i = 0; i < n; i++)
            assert_int_equal(words[i], 0x123456789ABCDEF0);
        assert_int_equal(words[n], 0);
        free(words);
    }
}

/* A summary with a model beside it. */
struct summary_fixture {
    struct summary *summary;
    bool *has;
    uint64_t n_bits;
};

static struct summary_fixture make_summary(uint64_t n_bits)
{
    struct summary_fixture f = { .n_bits = n_bits };

    f.summary = malloc(sizeof(struct summary) + summary_bytes(n_bits));
    f.has = calloc(n_bits, sizeof(bool));
    memset(f.summary + 1, 0xA5, summary_bytes(n_bits));
    summary_init(f.summary, f.summary + 1, n_bits);
    return f;
}

static void free_summary(struct summary_fixture *f)
{
    free(f->summary);
    free(f->has);
}

static uint64_t next_in_model(const struct summary_fixture *f, uint64_t from, bool wanted)
{
    while (from < f->n_bits && f->has[from] != wanted)
        from++;
    return from < f->n_bits ? from : f->n_bits;
}

static void expect_equal(const struct summary_fixture *f, uint64_t step)
{
    assert_int_equal(summary_first(f->summary), next_in_model(f, 0, true));
    for (uint64_t i = 0; i < f->n_bits; i += step) {
        assert_int_equal(summary_has(f->summary, i), f->has[i]);
        assert_int_equal(summary_next(f->summary, i), next_in_model(f, i, true));
        assert_int_equal(summary_next_clear(f->summary, i, f->n_bits), next_in_model(f, i, false));
    }
    assert_int_equal(summary_next(f->summary, f->n_bits), f->n_bits);
    assert_int_equal(summary_next(f->summary, UINT64_MAX), f->n_bits);
}

static const uint64_t summary_sizes[] = { 1, 2, 63, 64, 65, 128, 4095, 4096, 4097, 5000 };

static void a_summary_takes_a_bit_per_word_up_to_one_root(void **state)
{
    (void)state;
    assert_int_equal(summary_bytes(1), 8);
    assert_int_equal(summary_bytes(64), 8);
    assert_int_equal(summary_bytes(65), (2 + 1) * 8);
    assert_int_equal(summary_bytes(4096), (64 + 1) * 8);
    assert_int_equal(summary_bytes(4097), (65 + 2 + 1) * 8);
}

/* What summary_add_shared() leaves when its member is removed before it gets to the levels above. */
static void a_summary_is_not_misled_by_bits_above_empty_words(void **state)
{
    (void)state;
    struct summary_fixture f = make_summary(5000);

    summary_level(f.summary, 2)[0] |= 2; /* above word 1 of level 1, which is the last one */
    expect_equal(&f, 1);
    summary_level(f.summary, 1)[0] |= word_bit(3);
    expect_equal(&f, 1);
    f.has[4 * WORD_BITS + 5] = true;
    summary_add_shared(f.summary, 4 * WORD_BITS + 5);
    expect_equal(&f, 1);
    free_summary(&f);
}

static void a_summary_finds_what_was_added_and_not_removed(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof(summary_sizes) / sizeof(summary_sizes[0]); s++) {
        struct summary_fixture f = make_summary(summary_sizes[s]);

        expect_equal(&f, 1);
        srand(1);
        for (unsigned round = 0; round < 200; round++) {
            const uint64_t i = (uint64_t)rand() % f.n_bits;

            f.has[i] = rand() % 100 < (round < 100 ? 70 : 20);
            f.has[i] ? summary_set(f.summary, i) : summary_clear(f.summary, i);
            if (round % 20 == 0)
                expect_equal(&f, f.n_bits / 150 + 1);
        }
        for (uint64_t i = 0; i < f.n_bits; i++) {
            summary_clear(f.summary, i);
            f.has[i] = false;
        }
        expect_equal(&f, 1);
        free_summary(&f);
    }
}

static void ranges_of_a_summary_equal_their_numbers_one_by_one(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof(summary_sizes) / sizeof(summary_sizes[0]); s++) {
        struct summary_fixture f = make_summary(summary_sizes[s]);

        srand(2);
        for (unsigned round = 0; round < 200; round++) {
            const uint64_t first = (uint64_t)rand() % f.n_bits;
            const uint64_t n = round % 50 == 49 ? f.n_bits - first : (uint64_t)rand() % (f.n_bits - first) + 1;
            const bool add = rand() % 2;

            add ? summary_set_range(f.summary, first, n) : summary_clear_range(f.summary, first, n);
            memset(f.has + first, add, n);
            expect_equal(&f, f.n_bits / 150 + 1);
        }
        summary_clear_range(f.summary, 0, f.n_bits);
        assert_int_equal(summary_first(f.summary), f.n_bits);
        summary_set_range(f.summary, 0, f.n_bits);
        assert_int_equal(summary_next_clear(f.summary, 0, f.n_bits), f.n_bits);
        free_summary(&f);
    }
}

static void a_summary_can_be_moved_with_its_levels(void **state)
{
    struct summary_fixture f = make_summary(5000);
    const size_t bytes = sizeof(struct summary) + summary_bytes(5000);
    struct summary *moved = malloc(bytes);
    (void)state;

    summary_set(f.summary, 4999);
    memcpy(moved, f.summary, bytes);
    memset(f.summary, 0, bytes);
    assert_int_equal(summary_first(moved), 4999);
    free(moved);
    free_summary(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_and_clear_change_exactly_the_range),
        cmocka_unit_test(searches_find_the_first_bit_or_the_end),
        cmocka_unit_test(a_search_reads_no_word_beyond_its_end),
        cmocka_unit_test(fill_writes_every_word_and_no_other),
        cmocka_unit_test(a_summary_takes_a_bit_per_word_up_to_one_root),
        cmocka_unit_test(a_summary_finds_what_was_added_and_not_removed),
        cmocka_unit_test(a_summary_is_not_misled_by_bits_above_empty_words),
        cmocka_unit_test(ranges_of_a_summary_equal_their_numbers_one_by_one),
        cmocka_unit_test(a_summary_can_be_moved_with_its_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
