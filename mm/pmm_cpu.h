/*
 * What a CPU has for itself, inside struct pmm_cpu; private to mm/pmm*.c.
 *
 * A CPU *owns* up to two areas: only it may allocate there. Of each it may hold one word *privately*: the word's bits
 * in the bitmap say "allocated", and which of them are free stands here. It takes frames from its get word, and frees
 * into its get word and its put word, with plain loads and stores.
 *
 *   bitmap       ...1111111111111111...   the get word: everything is allocated, as far as others can tell
 *   get_free     ...0000011111000111...   free, and only this CPU hands them out
 *   last_freed        ^                   free as well
 *
 * A frame is free exactly if its bit in the bitmap is 0, or the private part of the word's holder says so. Others who
 * free a frame of the word clear the bit in the bitmap, by an atomic operation.
 *
 * Frames that are free are counted where they are: free_frames in struct pmm, plus for each CPU `moved` and what it holds
 * privately.
 *
 * Stopping a CPU (pmm_stop()). Each call is between cpu_enter() and cpu_leave(). Who wants the CPU out of the way sets
 * `revoked`, makes sure that no earlier store of the CPU is still on its way (struct pmm_barrier), and waits until it
 * is not `busy`. That moves the price of a memory barrier from every call of the one to the rare call of the other.
 *
 *     the CPU:    busy = 1;               the other:    revoked = 1;
 *                 (no barrier)                          barrier on every CPU
 *                 revoked? -> not now                   busy? -> wait
 *
 * A CPU that was stopped remains so until it calls again, and then clears `revoked` under the lock: one that sleeps
 * need not be stopped twice.
 */
#ifndef PMM_CPU_H
#define PMM_CPU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bitmap.h"
#include "compiler.h"
#include "pmm.h"

#define NO_WORD UINT64_MAX
#define NO_AREA UINT64_MAX

#define NO_FRAME UINT64_MAX

struct cpu {
    /* Written in every call, by this CPU only (by another one while this is stopped). */
    _Alignas(128) _Atomic uint64_t busy;
    _Atomic uint64_t get_free;
    _Atomic uint64_t last_freed; /* one more frame of the get word that is free, or NO_FRAME; is got first */
    uint64_t get_first;          /* the frame of bit 0 */
    uint64_t last_put_word;      /* that it freed into last, and does not hold */
    _Atomic uint64_t moved;      /* frames that it made free in the bitmap, less those taken; modulo 2^64 */

    /* Written when it moves on to other words; read by those who free into an area that it owns. */
    _Alignas(64) _Atomic uint64_t get_word;
    _Atomic uint64_t get_word_exclusive; /* the same if it may free into it privately, else NO_WORD */
    _Atomic uint64_t put_word;
    uint64_t get_area, put_area; /* owned */
    uint64_t shared_area;        /* where others free, too: no private puts there */
    _Atomic uint64_t revoked;    /* 1: it must not enter; whoever stops it, then it itself, under the lock */
    _Atomic uint64_t quiet;      /* 1: it is revoked and known to have no store on its way */

    /* This CPU's alone. */
    _Alignas(64) uint64_t window_first; /* frames that are usable, and none protected: those looked up last */
    uint64_t window_count;
    uint64_t window_shift;         /* from their numbers to positions, modulo 2^64 */
    uint64_t get_span_word;        /* words of the span that it got from last */
    uint64_t get_span_words;
    uint64_t get_span_shift;       /* from positions to frames */
    uint64_t sparse_next;          /* where to look next for areas with a frame or two */
    unsigned get_least;            /* free frames of a word of the get area that is taken */

    /* Constant, but for `late`. */
    _Alignas(64) uint64_t *words;
    uint8_t *owners;
    struct cpu *cpus;
    uint64_t n_cpus;
    bool solo; /* n_cpus == 1: no atomic operations */
    uint8_t owner;
    struct pmm_barrier barrier;
    _Atomic uint64_t late; /* a position plus 1, see pmm_note_late(); any CPU writes it */

    /*
     * A byte for each frame of the put word, 1 if it is privately free: in a word of bits, each free would have to wait
     * until what the one before has stored can be loaded.
     */
    _Alignas(64) uint8_t put_free[WORD_BITS];

    /* For runs of 2 MiB. */
    _Alignas(64) uint64_t huge_first; /* areas that are 2 MiB aligned to 2 MiB: those looked up last */
    uint64_t huge_count;
    uint64_t huge_shift;              /* from their positions to frames */
    uint64_t huge_next;               /* which to try first */

    /*
     * A frame whose bit this CPU has cleared, by its position plus 1, while it waits to be told whether the frame was
     * allocated until then: by whoever has stopped the others first.
     */
    _Atomic uint64_t asked;
    bool was_allocated;
};
_Static_assert(sizeof(struct cpu) == sizeof(struct pmm_cpu), "the caller provides the memory");
_Static_assert(_Alignof(struct cpu) <= _Alignof(struct pmm_cpu), "aligned");

static inline struct cpu *pmm_cpu(struct pmm_cpu *cpu) { return (struct cpu *)cpu; }

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* What only this CPU writes, and others may read. */
static inline uint64_t own_load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static inline void own_store(_Atomic uint64_t *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

/* False: this CPU was stopped, see pmm_enter(); it must not touch anything. */
static inline bool cpu_enter(struct cpu *cpu)
{
    atomic_store_explicit(&cpu->busy, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    return LIKELY(!atomic_load_explicit(&cpu->revoked, memory_order_acquire));
}

static inline void cpu_leave(struct cpu *cpu)
{
    atomic_store_explicit(&cpu->busy, 0, memory_order_release);
}

static inline void cpu_count(_Atomic uint64_t *counter, uint64_t n)
{
    own_store(counter, own_load(counter) + n);
}

/* put_free by eight frames at a time. */
static inline uint64_t *cpu_put_free_words(const struct cpu *cpu) { return (uint64_t *)(uintptr_t)cpu->put_free; }

/* The frame freed last is among the others now. Only for a word that the CPU may free into privately is there one. */
static inline void cpu_fold_last_freed(struct cpu *cpu)
{
    const uint64_t last = own_load(&cpu->last_freed);

    if (last != NO_FRAME) {
        own_store(&cpu->get_free, own_load(&cpu->get_free) | word_bit(last));
        own_store(&cpu->last_freed, NO_FRAME);
    }
}

/*
 * Looks up the frame's neighbourhood: neighbours are freed next, and cost nothing then. PMM_OK; or why nobody may free
 * it: PMM_NOT_USABLE, PMM_PROTECTED. The CPU has entered.
 */
enum pmm_status pmm_find_window(const struct pmm *pmm, struct cpu *cpu, uint64_t frame);

/* The same for a word that frames are got from. */
void pmm_find_get_span(const struct pmm *pmm, struct cpu *cpu, uint64_t word);

/* Enters, after a wait if this CPU was stopped. Also if it has entered in vain. */
void pmm_enter(struct pmm *pmm, struct cpu *cpu);

/* With all others stopped: tells a CPU, this one or another, what it has asked. */
void pmm_answer(struct pmm *pmm, struct cpu *cpu);

/*
 * Stops all other CPUs, and waits for the calls that they are in. This CPU has not entered, and cannot until
 * pmm_resume(). Calls of others wait that long. What they hold they keep.
 */
void pmm_stop(struct pmm *pmm, struct cpu *cpu);
void pmm_resume(struct pmm *pmm, struct cpu *cpu);

/*
 * Stops, and takes back what each CPU holds: the bitmap is true now, no area has an owner, and everything may be
 * changed by plain loads and stores. Ends with pmm_resume().
 */
void pmm_stop_and_drain(struct pmm *pmm, struct cpu *cpu);

#endif
