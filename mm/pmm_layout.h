/*
 * What the allocator's block of metadata looks like inside; private to mm/pmm*.c.
 *
 *   frames      |  span 0   |      hole       |         span 1          |
 *   words       [..][..][..][ padding, all 1 ][..][..][..][..][..][..][..]
 *   free_words   1   0   1                     1   ...                        a bit per word: it has a free frame
 *   free_areas  [           0                ][          1               ]    a bit per 8 words: every bit is free
 *
 * A *position* is the number of a bit in the words: span by span, in address order. Within a span positions run as
 * frames do, and frame and position agree in their lowest 6 bits, so that a word covers 64 aligned frames. Bits of
 * frames outside the span are 1 for ever, and no two spans share a word. The words of a large span are placed such that
 * an area (8 words) covers 2 MiB aligned to 2 MiB, too; small spans are packed, and their areas mean nothing but
 * "eight words without an allocated frame".
 *
 * Words of low memory (below 1 MiB) are the first ones, some 130 at most, and left out of free_words: the
 * search for any free frame starts at the root and must not meet them.
 */
#ifndef PMM_LAYOUT_H
#define PMM_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bitmap.h"
#include "pmm.h"
#include "spinlock.h"
#include "summary.h"

#define PMM_MAGIC 0x4D4D5059474C4F50 /* "POLGYPMM", little-endian */
#define PMM_VERSION 1

#define LOW_FRAMES (MIB(1) >> PAGE_SHIFT)
#define FRAMES_MAX ((uint64_t)1 << (PHYS_BITS_MAX - PAGE_SHIFT))

#define AREA_WORDS 8
#define AREA_FRAMES ((uint64_t)AREA_WORDS * WORD_BITS) /* 2 MiB */
#define LARGE_SPAN_FRAMES (64 * AREA_FRAMES)

/* Adjacent tracked frames, and which words are theirs. No two spans are adjacent: then they would be one. */
struct span {
    uint64_t first, count; /* frames */
    uint64_t first_word, n_words;
};

/* A span as it is stored, in 16 bytes, since there may be tens of thousands of one frame each. */
struct span_record {
    uint64_t first_and_word; /* bits 39..0: first frame; 63..40: bits 23..0 of the first word's number */
    uint64_t count_and_word; /* bits 40..0: frames; 63..41: bits 46..24 of the first word's number */
};

/* Adjacent reclaimable frames that nobody added yet. They are sorted and disjoint; one of count 0 is used up. */
struct pending_piece {
    uint64_t first_and_count; /* bits 39..0: first frame; 63..40: frames */
};

#define FRAME_BITS 40 /* of a frame's number */
#define COUNT_BITS 41 /* of a span's count */
#define WORD_LOW_BITS (64 - FRAME_BITS)
_Static_assert(FRAMES_MAX == (uint64_t)1 << FRAME_BITS, "a record holds any frame, and a count of all of them");

#define PENDING_COUNT_MAX (((uint64_t)1 << (64 - FRAME_BITS)) - 1)
#define PENDING_SPARE 64 /* pieces that pmm_add() may create by splitting others */

struct pmm {
    /* Constant after pmm_init(); offsets are from the start of this structure. */
    uint64_t magic;
    uint32_t version;
    uint32_t header_bytes;
    uint64_t metadata_bytes;
    uint64_t spans_offset, n_spans;
    uint64_t pending_offset, pending_capacity;
    uint64_t words_offset, n_words; /* a multiple of AREA_WORDS; the last word is padding */
    uint64_t first_high_word;       /* words below it are low memory */
    uint64_t total_frames;
    struct frame_range metadata_frames;

    /* Written only by the holder of the lock. free_frames is read without it. */
    _Alignas(64) struct spinlock lock;
    uint64_t lowest_word; /* no word in [first_high_word, lowest_word) has a free frame */
    _Atomic uint64_t free_frames;
    uint64_t usable_frames;
    uint64_t n_pending, pending_frames;
    struct summary free_words, free_areas;
};

static inline struct span_record *pmm_spans(const struct pmm *pmm)
{
    return (struct span_record *)((char *)pmm + pmm->spans_offset);
}

static inline struct pending_piece *pmm_pending(const struct pmm *pmm)
{
    return (struct pending_piece *)((char *)pmm + pmm->pending_offset);
}

static inline uint64_t *pmm_words(const struct pmm *pmm)
{
    return (uint64_t *)((char *)pmm + pmm->words_offset);
}

/* One past the last position. */
static inline uint64_t pmm_end_position(const struct pmm *pmm) { return pmm->n_words << WORD_SHIFT; }

/*
 * free_frames += n, modulo 2^64. Only the holder of the lock writes it: no atomic addition is needed, merely a store
 * that is not torn for those who read without the lock.
 */
static inline void pmm_count_free(struct pmm *pmm, uint64_t n)
{
    const uint64_t before = atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);

    atomic_store_explicit(&pmm->free_frames, before + n, memory_order_relaxed);
}

static inline uint64_t low_bits(uint64_t value, unsigned n) { return value & (((uint64_t)1 << n) - 1); }

static inline uint64_t record_first(struct span_record r) { return low_bits(r.first_and_word, FRAME_BITS); }
static inline uint64_t record_count(struct span_record r) { return low_bits(r.count_and_word, COUNT_BITS); }

static inline uint64_t record_word(struct span_record r)
{
    return r.count_and_word >> COUNT_BITS << WORD_LOW_BITS | r.first_and_word >> FRAME_BITS;
}

static inline uint64_t piece_first(struct pending_piece p) { return low_bits(p.first_and_count, FRAME_BITS); }
static inline uint64_t piece_count(struct pending_piece p) { return p.first_and_count >> FRAME_BITS; }
static inline uint64_t piece_end(struct pending_piece p) { return piece_first(p) + piece_count(p); }

static inline uint64_t span_end(const struct span *span) { return span->first + span->count; }

static inline uint64_t span_position(const struct span *span, uint64_t frame)
{
    return (span->first_word << WORD_SHIFT) + frame - align_down(span->first, WORD_BITS);
}

static inline uint64_t span_frame(const struct span *span, uint64_t position)
{
    return align_down(span->first, WORD_BITS) + position - (span->first_word << WORD_SHIFT);
}

/* ---- pmm_span.c: from frames and words to spans. The CPU remembers the last one. */

/* Fields of struct pmm_cpu: the span that this CPU used last. An empty one matches nothing. */
enum { CPU_FIRST, CPU_COUNT, CPU_FIRST_WORD, CPU_N_WORDS };

static inline struct span pmm_last_span(const struct pmm_cpu *cpu)
{
    const uint64_t *saved = cpu->private_words;

    return (struct span){ saved[CPU_FIRST], saved[CPU_COUNT], saved[CPU_FIRST_WORD], saved[CPU_N_WORDS] };
}

/* Make the span of the frame, or of the word, the CPU's last one. False: the frame is untracked; a word may not be. */
bool pmm_recall_span_of_frame(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t frame);
void pmm_recall_span_of_word(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t word);

/* Whether the frame is tracked, and in which span. */
static inline bool pmm_find_span(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t frame, struct span *ret_span)
{
    if (frame - cpu->private_words[CPU_FIRST] >= cpu->private_words[CPU_COUNT] &&
        !pmm_recall_span_of_frame(pmm, cpu, frame))
        return false;
    *ret_span = pmm_last_span(cpu);
    return true;
}

/* The span of a word that is not padding. */
static inline struct span pmm_span_of_word(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t word)
{
    if (word - cpu->private_words[CPU_FIRST_WORD] >= cpu->private_words[CPU_N_WORDS])
        pmm_recall_span_of_word(pmm, cpu, word);
    return pmm_last_span(cpu);
}

/* The span that holds the frame or else the next one above it; false: there is none. */
bool pmm_span_from(const struct pmm *pmm, uint64_t frame, struct span *ret_span);

struct span pmm_span_at(const struct pmm *pmm, uint64_t index);

/* ---- pmm_mark.c: changes bits and, with them, the summaries. Counting is left to who knows what the bits were. */

/* n frames of one span, all of them allocated, become free; n >= 1. */
void pmm_mark_free(struct pmm *pmm, uint64_t position, uint64_t n);

/* n frames of one span, each of them in any state, become allocated; n >= 1. */
void pmm_mark_allocated(struct pmm *pmm, uint64_t position, uint64_t n);

/* The same for the frames of one word whose bits are in mask, which is not 0. */
void pmm_mark_word_free(struct pmm *pmm, uint64_t word, uint64_t mask);
void pmm_mark_word_allocated(struct pmm *pmm, uint64_t word, uint64_t mask);

/* What pmm_mark_free() does about the summaries, for bits that are 0 already. */
void pmm_note_free(struct pmm *pmm, uint64_t position, uint64_t n);

/*
 * Allocates, and counts so, what is never to be given back and lies in the range: frame 0 and the metadata, where
 * they are tracked.
 */
void pmm_protect(struct pmm *pmm, struct frame_range range);

/* Whether there is any such frame in [first, first + n); n >= 1. */
static inline bool pmm_is_protected(const struct pmm *pmm, uint64_t first, uint64_t n)
{
    const uint64_t metadata = pmm->metadata_frames.first.value;

    return !first || first - metadata < pmm->metadata_frames.count || metadata - first < n;
}

/* ---- pmm_pending.c: frames that are tracked and wait for pmm_add(). */

/* Appends, at initialisation, frames above all that are pending so far. */
void pmm_pending_append(struct pmm *pmm, struct frame_range range);

/* Pieces that pmm_pending_append() takes for so many frames. */
uint64_t pmm_pending_pieces(uint64_t frames);

/* Whether any frame of [first, first + n) is pending. Once nothing is, that costs nothing. */
bool pmm_pending_search(const struct pmm *pmm, uint64_t first, uint64_t n);

static inline bool pmm_pending_overlaps(const struct pmm *pmm, uint64_t first, uint64_t n)
{
    return pmm->pending_frames && pmm_pending_search(pmm, first, n);
}

/* ---- pmm_search.c */

/* The lowest free position from `from` on; pmm_end_position() if there is none. */
uint64_t pmm_next_free(const struct pmm *pmm, uint64_t from);

/* The lowest position in [from, end) that is not free, else end. `end` lies in or at the end of from's span. */
uint64_t pmm_next_allocated(const struct pmm *pmm, uint64_t from, uint64_t end);

#endif
