/*
 * What the allocator's block of metadata looks like inside; private to mm/pmm*.c.
 *
 *   frames      |  span 0   |      hole       |         span 1          |
 *   words       [..][..][..][ padding, all 1 ][..][..][..][..][..][..][..]   64 frames each, 1 = allocated
 *   areas       [                            ][                          ]   8 words, a cache line, 2 MiB
 *   owners       DENSE                         3                             a byte per area: who may allocate in it
 *   partial      1                             0                             a bit per area: nobody's, some are free
 *   dense        1                             0                             a bit per area: of these, where it pays
 *   free_areas   0                             0                             a bit per area: all of it is free
 *
 * A *position* is the number of a bit in the words: span by span, in address order. Within a span positions run as
 * frames do, and frame and position agree in their lowest 6 bits, so that a word covers 64 aligned frames. Bits of
 * frames outside the span are 1 for ever, and no two spans share a word. The words of a large span are placed such that
 * an area covers 2 MiB aligned to 2 MiB, too; small spans are packed, and their areas mean nothing but "eight words".
 *
 * Words of low memory (below 1 MiB) are the first ones, some 130 at most. A search for any free frame must not meet
 * them: areas that consist of them are in neither summary, one that has others as well counts by those others alone.
 *
 * An area that is wholly free is not looked into: its words may be anything. So building the allocator costs little, for
 * what is free from the start needs no words written; and neither does giving back 2 MiB.
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
#define AREA_SHIFT 3
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

/* What an owner byte says. CPU i has OWNER_FIRST + i % OWNERS: beyond 249 CPUs, some share a value. */
enum {
    OWNER_DENSE = 0,  /* nobody, and it is listed in `dense` and `partial` */
    OWNER_SPARSE = 1, /* nobody, and it is listed in `partial` */
    OWNER_NONE = 2,   /* nobody */
    OWNER_FIRST = 3,
    OWNERS = 249,
    OWNER_BUSY = 252,     /* somebody changes what it is */
    OWNER_FREE = 253,     /* wholly free, and the words are 0 */
    OWNER_FREED = 254,    /* wholly free, given back at once as 2 MiB: the words are all ones, as they were */
    OWNER_UNWRITTEN = 255 /* wholly free, and the words are anything */
};

/*
 * When it pays to take frames from an area: a word of it has that many free ones. Areas with fewer are left alone until
 * nothing else is left; what is freed gathers there, and is not looked for one by one. A few per cent of the memory in
 * use lie fallow therefore. To see whether a word has become dense costs something, and is done for one frame in
 * sixteen.
 */
#define DENSE_FRAMES 8
#define DENSE_LOOK 16
/* And which words of it are taken, once somebody owns it. */
#define WORTHWHILE_FRAMES 3

/* At least n of the word's frames are free; `free` has their bits. */
static inline bool has_frames(uint64_t free, unsigned n)
{
    while (--n && free)
        free &= free - 1;
    return free;
}

struct pmm {
    /* Constant after pmm_init(); offsets are from the start of this structure. */
    uint64_t magic;
    uint32_t version;
    uint32_t header_bytes;
    uint64_t metadata_bytes;
    uint64_t spans_offset, n_spans;
    uint64_t pending_offset, pending_capacity;
    uint64_t words_offset, n_words; /* a multiple of AREA_WORDS; the last word is padding */
    uint64_t owners_offset, n_areas;
    uint64_t first_high_word;       /* words below it are low memory */
    uint64_t first_high_area;       /* areas below it contain some */
    uint64_t total_frames;
    struct frame_range metadata_frames;

    _Alignas(64) _Atomic uint64_t n_late; /* see pmm_note_late(); nearly always 0 */
    uint64_t seal;                        /* pmm_seal() writes it, pmm_adopt() breaks it */

    /* Written only by the holder of the lock. free_frames, less what the CPUs counted since, is read without it. */
    _Alignas(64) struct spinlock lock;
    _Atomic uint64_t free_frames;
    uint64_t usable_frames;
    uint64_t n_pending, pending_frames;

    /* Their words are written by anyone, by summary_*_shared(), or by who has stopped the others. */
    struct summary partial, dense, free_areas;
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

static inline uint8_t *pmm_owners(const struct pmm *pmm)
{
    return (uint8_t *)((char *)pmm + pmm->owners_offset);
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

/* ---- pmm_span.c: from frames and words to spans. */

/* Adjacent frames, one or more, and their words, given how many words those below them take. */
struct span pmm_place_span(struct frame_range frames, uint64_t n_words);

/* The span that holds the frame; false: the frame is untracked. */
bool pmm_span_of_frame(const struct pmm *pmm, uint64_t frame, struct span *ret_span);

/* The span of a word that is not padding. */
struct span pmm_span_of_word(const struct pmm *pmm, uint64_t word);

/* The span that holds the frame or else the next one above it; false: there is none. */
bool pmm_span_from(const struct pmm *pmm, uint64_t frame, struct span *ret_span);

struct span pmm_span_at(const struct pmm *pmm, uint64_t index);

/* The first word that is not of low memory. */
uint64_t pmm_find_first_high_word(const struct pmm *pmm);

static inline bool owner_is_free(uint8_t owner) { return owner >= OWNER_FREE; }
static inline bool owner_is_nobody(uint8_t owner) { return owner <= OWNER_NONE; }

/* Whether nothing has to be told to the lists when this frame of the area becomes free. */
static inline bool is_listed(uint8_t owner, uint64_t position)
{
    return owner == OWNER_DENSE || (owner == OWNER_SPARSE && position % DENSE_LOOK);
}

/* Whether areas of this span are 2 MiB aligned to 2 MiB. */
static inline bool span_is_aligned(const struct span *span)
{
    return (span->first_word - (span->first >> WORD_SHIFT)) % AREA_WORDS == 0;
}

/*
 * ---- pmm_mark.c: changes bits and, with them, owner bytes and summaries, with all others stopped and drained. Counting is
 * left to who knows what the bits were.
 */

/* n frames of one span, all of them allocated, become free; n >= 1. */
void pmm_mark_free(struct pmm *pmm, uint64_t position, uint64_t n);

/* n frames of one span, each of them in any state, become allocated; n >= 1. */
void pmm_mark_allocated(struct pmm *pmm, uint64_t position, uint64_t n);

/* Owner bytes of areas [first, first + n). */
void pmm_fill_owners(struct pmm *pmm, uint64_t first, uint64_t n, uint8_t owner);

/* What is free in this area becomes known to the summaries and the owner byte. */
void pmm_note_area(struct pmm *pmm, uint64_t area);

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

/* The part of the range around the frame, which is not pending itself, in which nothing is pending. */
struct frame_range pmm_pending_free_around(const struct pmm *pmm, struct frame_range range, uint64_t frame);

/* ---- pmm_search.c, with all others stopped and drained */

/* A word, or what it stands for. */
static inline uint64_t pmm_word(const struct pmm *pmm, uint64_t word)
{
    return owner_is_free(pmm_owners(pmm)[word >> AREA_SHIFT]) ? 0 : pmm_words(pmm)[word];
}

/* The lowest free position from `from` on; pmm_end_position() if there is none. */
uint64_t pmm_next_free(const struct pmm *pmm, uint64_t from);

/* The lowest position in [from, end) that is not free, else end. `end` lies in or at the end of from's span. */
uint64_t pmm_next_allocated(const struct pmm *pmm, uint64_t from, uint64_t end);

#endif
