#include "pmm_hold.h"
#include "pmm_cpu.h"
#include "pmm_layout.h"

/*
 * Giving back one frame. The caller's own words are changed privately; any other by clearing the frame's bit, by an
 * atomic operation that tells what it was before: of two who free a frame at once, one finds it free already.
 *
 * What is left is a word that another CPU holds privately, where a frame may be free although its bit is 1. Before the
 * bit is cleared, and once more after it (the word may have got a holder in between), the holder's part is looked at.
 * If the frame's state cannot be told from that, because the holder frees privately, too, the others are stopped.
 */

static enum pmm_status leave_with(struct cpu *cpu, enum pmm_status status)
{
    cpu_leave(cpu);
    return status;
}

static inline enum pmm_status count_and_leave(struct cpu *cpu)
{
    cpu_count(&cpu->moved, 1);
    cpu_leave(cpu);
    return PMM_OK;
}

/* The frame's word now has free frames that nobody has listed, or is wholly free. */
static __attribute__((noinline)) enum pmm_status settle_and_leave(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    const uint8_t owner = area_owner(cpu, position / AREA_FRAMES);
    const uint64_t bits = word_load(&cpu->words[position >> WORD_SHIFT]);

    if (owner == OWNER_NONE || !bits || (owner == OWNER_SPARSE && has_frames(~bits, DENSE_FRAMES)))
        pmm_settle(pmm, cpu, position >> WORD_SHIFT);
    return count_and_leave(cpu);
}

/* The caller has entered, and frees into its get word privately: what is not among its free frames is allocated. */
static inline enum pmm_status free_into_get_word(struct cpu *cpu, frame_t f, uint64_t position)
{
    const uint64_t free = own_load(&cpu->get_free);
    const uint64_t last = own_load(&cpu->last_freed);

    if (UNLIKELY(word_has(free, position) || last == f.value))
        return leave_with(cpu, PMM_DOUBLE_FREE);
    if (last == NO_FRAME)
        own_store(&cpu->last_freed, f.value);
    else
        own_store(&cpu->get_free, free | word_bit(position));
    return leave_with(cpu, PMM_OK);
}

/* The same for its put word. */
static inline enum pmm_status free_into_put_word(struct cpu *cpu, uint64_t position)
{
    _Atomic uint8_t *free = shared_byte(&cpu->put_free[position % WORD_BITS]);

    if (UNLIKELY(atomic_load_explicit(free, memory_order_relaxed)))
        return leave_with(cpu, PMM_DOUBLE_FREE);
    atomic_store_explicit(free, 1, memory_order_relaxed);
    return leave_with(cpu, PMM_OK);
}

/* With only one CPU, which does not hold the word. */
static inline enum pmm_status free_alone(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    uint64_t *word = &cpu->words[position >> WORD_SHIFT];
    const uint64_t before = *word, after = before ^ word_bit(position);
    const uint8_t owner = cpu->owners[position / AREA_FRAMES];

    if (UNLIKELY(!word_has(before, position) || owner_is_free(owner)))
        return leave_with(cpu, PMM_DOUBLE_FREE);
    *word = after;
    if (UNLIKELY(!is_listed(owner, position) || !after))
        return settle_and_leave(pmm, cpu, position);
    return count_and_leave(cpu);
}

/* ---- with others about */

static bool holds(const struct cpu *holder, uint64_t word, uint64_t bit)
{
    if (atomic_load_explicit(&holder->put_word, memory_order_acquire) == word)
        return true;
    return atomic_load_explicit(&holder->get_word, memory_order_acquire) == word &&
           (atomic_load_explicit(&holder->get_word_exclusive, memory_order_acquire) == word ||
            atomic_load_explicit(&holder->get_free, memory_order_acquire) & bit);
}

/* Whether the frame's bit alone may not tell its state. `owner` is its area's. */
static bool is_contested(const struct cpu *cpu, uint8_t owner, uint64_t position)
{
    if (owner >= OWNER_BUSY)
        return true;
    for (uint64_t i = owner - OWNER_FIRST; i < cpu->n_cpus; i += OWNERS)
        if (holds(&cpu->cpus[i], position >> WORD_SHIFT, word_bit(position)))
            return true;
    return false;
}

/* ---- with others stopped */

/* Which frames of the word CPUs hold privately. */
static uint64_t private_frames(const struct cpu *cpu, uint64_t word)
{
    uint64_t frames = 0;

    for (uint64_t i = 0; i < cpu->n_cpus; i++) {
        if (own_load(&cpu->cpus[i].get_word) == word) {
            cpu_fold_last_freed(&cpu->cpus[i]);
            frames |= own_load(&cpu->cpus[i].get_free);
        }
        if (own_load(&cpu->cpus[i].put_word) == word)
            frames |= pmm_private_put_frames(&cpu->cpus[i]);
    }
    return frames;
}

/* From now on all free into the word by atomic operations. Its holder would else be stopped for each frame. */
static void share_word(struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    for (uint64_t i = 0; i < cpu->n_cpus; i++) {
        struct cpu *holder = &cpu->cpus[i];

        if (own_load(&holder->put_word) == word)
            pmm_give_back_put_word(pmm, holder);
        else if (own_load(&holder->get_word) != word)
            continue;
        own_store(&holder->get_word_exclusive, NO_WORD);
        holder->shared_area = word >> AREA_SHIFT;
    }
}

/* The frame has become free in the bitmap, and was not before. */
static void note_free(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    pmm_count_free(pmm, 1);
    if (owner_is_nobody(area_owner(cpu, position / AREA_FRAMES)))
        pmm_settle(pmm, cpu, position >> WORD_SHIFT);
}

/*
 * The CPU has cleared the frame's bit, and found then that somebody may have held the frame as a free one: that is so if
 * somebody holds it still, and nobody has made the bit 1 again since; or if the one who gave it back has noted it.
 */
void pmm_answer(struct pmm *pmm, struct cpu *cpu)
{
    const uint64_t position = own_load(&cpu->asked) - 1;
    const uint64_t word = position >> WORD_SHIFT, bit = word_bit(position);
    const bool late = pmm_take_late(pmm, cpu, position);
    const bool was_free = private_frames(cpu, word) & bit || cpu->owners[word >> AREA_SHIFT] == OWNER_FREED;

    cpu->was_allocated = !late && (!was_free || cpu->words[word] & bit);
    if (!late && !cpu->was_allocated)
        cpu->words[word] |= bit;
    share_word(pmm, cpu, word);
    if (cpu->was_allocated)
        note_free(pmm, cpu, position);
    own_store(&cpu->asked, 0);
}

/* The caller has entered, and has cleared the frame's bit, which was 1. */
static __attribute__((noinline)) enum pmm_status ask(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    own_store(&cpu->asked, position + 1);
    cpu_leave(cpu);
    pmm_stop(pmm, cpu);
    const bool was_allocated = cpu->was_allocated;

    pmm_resume(pmm, cpu);
    return was_allocated ? PMM_OK : PMM_DOUBLE_FREE;
}

/* The caller has entered, and has changed nothing yet. */
static __attribute__((noinline)) enum pmm_status free_stopped(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    const uint64_t word = position >> WORD_SHIFT, bit = word_bit(position);

    cpu_leave(cpu);
    pmm_stop(pmm, cpu);
    const bool is_allocated = !owner_is_free(cpu->owners[word >> AREA_SHIFT]) && cpu->words[word] & bit &&
                              !(private_frames(cpu, word) & bit);

    share_word(pmm, cpu, word);
    if (is_allocated) {
        cpu->words[word] &= ~bit;
        note_free(pmm, cpu, position);
    }
    pmm_resume(pmm, cpu);
    return is_allocated ? PMM_OK : PMM_DOUBLE_FREE;
}

/* The caller has cleared the frame's bit; and has found that its area is somebody's, or has a dense word less. */
static __attribute__((noinline)) enum pmm_status look_again(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    const uint8_t owner = area_owner(cpu, position / AREA_FRAMES);

    if ((!owner_is_nobody(owner) && is_contested(cpu, owner, position)) ||
        atomic_load_explicit(&pmm->n_late, memory_order_acquire))
        return ask(pmm, cpu, position);
    return settle_and_leave(pmm, cpu, position);
}

static inline enum pmm_status clear_bit(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    _Atomic uint64_t *word = shared_word(&cpu->words[position >> WORD_SHIFT]);
    const uint64_t bit = word_bit(position);

    if (UNLIKELY(!(atomic_fetch_and(word, ~bit) & bit)))
        return leave_with(cpu, PMM_DOUBLE_FREE);
    if (UNLIKELY(!is_listed(area_owner(cpu, position / AREA_FRAMES), position) ||
                 atomic_load_explicit(&pmm->n_late, memory_order_acquire) ||
                 !atomic_load_explicit(word, memory_order_relaxed)))
        return look_again(pmm, cpu, position);
    return count_and_leave(cpu);
}

/* The frame's area is somebody's. */
static __attribute__((noinline)) enum pmm_status free_into_owned(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    if (is_contested(cpu, area_owner(cpu, position / AREA_FRAMES), position))
        return free_stopped(pmm, cpu, position);
    return clear_bit(pmm, cpu, position);
}

static inline enum pmm_status free_shared(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    if (UNLIKELY(!owner_is_nobody(area_owner(cpu, position / AREA_FRAMES))))
        return free_into_owned(pmm, cpu, position);
    return clear_bit(pmm, cpu, position);
}

/*
 * The caller frees into this word for the second time running, and will go on: it may do so privately if it owns the
 * word.
 */
static __attribute__((noinline)) enum pmm_status free_again(struct pmm *pmm, struct cpu *cpu, frame_t f,
                                                            uint64_t position)
{
    const uint64_t word = position >> WORD_SHIFT;

    if (pmm_claim_word(pmm, cpu, word))
        return word == own_load(&cpu->get_word) ? free_into_get_word(cpu, f, position)
                                                : free_into_put_word(cpu, position);
    return cpu->solo ? free_alone(pmm, cpu, position) : free_shared(pmm, cpu, position);
}

/* The caller has entered; the frame is usable memory, and not protected. */
static inline enum pmm_status free_frame(struct pmm *pmm, struct cpu *cpu, frame_t f)
{
    const uint64_t position = f.value + cpu->window_shift;
    const uint64_t word = position >> WORD_SHIFT;

    if (word == own_load(&cpu->get_word_exclusive))
        return free_into_get_word(cpu, f, position);
    if (word == own_load(&cpu->put_word))
        return free_into_put_word(cpu, position);
    if (UNLIKELY(word == cpu->last_put_word))
        return free_again(pmm, cpu, f, position);
    cpu->last_put_word = word;
    return cpu->solo ? free_alone(pmm, cpu, position) : free_shared(pmm, cpu, position);
}

/* Not in the window: it is next time. */
static __attribute__((noinline)) enum pmm_status free_slowly(struct pmm *pmm, struct cpu *cpu, frame_t f)
{
    pmm_enter(pmm, cpu);
    const enum pmm_status status = pmm_find_window(pmm, cpu, f.value);

    cpu_leave(cpu);
    return status == PMM_OK ? pmm_dealloc_frame(pmm, (struct pmm_cpu *)cpu, f) : status;
}

enum pmm_status pmm_dealloc_frame(struct pmm *pmm, struct pmm_cpu *caller, frame_t f)
{
    struct cpu *cpu = pmm_cpu(caller);

    if (UNLIKELY(!cpu_enter(cpu) || f.value - cpu->window_first >= cpu->window_count))
        return free_slowly(pmm, cpu, f);
    return free_frame(pmm, cpu, f);
}

enum pmm_status pmm_dealloc_frames(struct pmm *pmm, struct pmm_cpu *caller, const frame_t *frames, uint64_t n,
                                   uint64_t *ret_done)
{
    enum pmm_status status = PMM_OK;
    uint64_t done = 0;

    while (done < n && (status = pmm_dealloc_frame(pmm, caller, frames[done])) == PMM_OK)
        done++;
    *ret_done = done;
    return status;
}

bool pmm_is_usable(struct pmm *pmm, struct pmm_cpu *caller, frame_t f)
{
    struct cpu *cpu = pmm_cpu(caller);
    struct span span;

    if (f.value - cpu->window_first < cpu->window_count)
        return true;
    pmm_enter(pmm, cpu); /* so that nothing is added meanwhile */
    const bool usable = pmm_span_of_frame(pmm, f.value, &span) && !pmm_pending_overlaps(pmm, f.value, 1);
    cpu_leave(cpu);
    return usable;
}
