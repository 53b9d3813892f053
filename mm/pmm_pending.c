#include "pmm_cpu.h"
#include "pmm_handover.h"
#include "pmm_layout.h"

uint64_t pmm_pending_pieces(uint64_t frames)
{
    return frames / PENDING_COUNT_MAX + (frames % PENDING_COUNT_MAX != 0);
}

static struct pending_piece piece(uint64_t first, uint64_t end)
{
    return (struct pending_piece){ first | (end - first) << FRAME_BITS };
}

void pmm_pending_append(struct pmm *pmm, struct frame_range range)
{
    uint64_t first = range.first.value;
    uint64_t left = range.count;

    while (left) {
        const uint64_t count = left < PENDING_COUNT_MAX ? left : PENDING_COUNT_MAX;

        pmm_pending(pmm)[pmm->n_pending++] = piece(first, first + count);
        first += count;
        left -= count;
    }
    pmm->pending_frames += range.count;
}

/* How many pieces begin at or below the frame. The last of them is the only one that can hold it. */
static uint64_t pieces_up_to(const struct pmm *pmm, uint64_t frame)
{
    uint64_t low = 0, high = pmm->n_pending;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;

        if (piece_first(pmm_pending(pmm)[middle]) <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool pmm_pending_search(const struct pmm *pmm, uint64_t first, uint64_t n)
{
    const struct pending_piece *pieces = pmm_pending(pmm);
    uint64_t i = pieces_up_to(pmm, first);

    if (i && piece_end(pieces[i - 1]) > first)
        return true;
    while (i < pmm->n_pending && piece_first(pieces[i]) - first < n)
        if (piece_count(pieces[i++]))
            return true;
    return false;
}

struct frame_range pmm_pending_free_around(const struct pmm *pmm, struct frame_range range, uint64_t frame)
{
    const struct pending_piece *pieces = pmm_pending(pmm);
    uint64_t first = range.first.value, end = first + range.count;
    uint64_t i = pieces_up_to(pmm, frame);

    for (uint64_t below = i; below-- > 0;)
        if (piece_count(pieces[below])) {
            first = piece_end(pieces[below]) > first ? piece_end(pieces[below]) : first;
            break;
        }
    while (i < pmm->n_pending && !piece_count(pieces[i]))
        i++;
    if (i < pmm->n_pending && piece_first(pieces[i]) < end)
        end = piece_first(pieces[i]);
    return (struct frame_range){ { first }, end - first };
}

/* Whether every frame of [first, end) is pending. */
static bool pending_covers(const struct pmm *pmm, uint64_t first, uint64_t end)
{
    const struct pending_piece *pieces = pmm_pending(pmm);
    const uint64_t candidates = pieces_up_to(pmm, first);

    for (uint64_t i = candidates ? candidates - 1 : 0; i < pmm->n_pending && piece_first(pieces[i]) <= first; i++)
        if (piece_end(pieces[i]) > first)
            first = piece_end(pieces[i]);
    return first >= end;
}

/* Drops the pieces that are used up. */
static void compact(struct pmm *pmm)
{
    struct pending_piece *pieces = pmm_pending(pmm);
    uint64_t kept = 0;

    for (uint64_t i = 0; i < pmm->n_pending; i++)
        if (piece_count(pieces[i]))
            pieces[kept++] = pieces[i];
    pmm->n_pending = kept;
}

/*
 * Cuts [first, end), all of it pending, out of the pieces. Only a hole in the middle of one piece takes another one;
 * false: there is no room for that.
 */
static bool remove_pending(struct pmm *pmm, uint64_t first, uint64_t end)
{
    struct pending_piece *pieces = pmm_pending(pmm);
    uint64_t i = pieces_up_to(pmm, first) - 1;

    if (piece_first(pieces[i]) < first && piece_end(pieces[i]) > end) {
        if (pmm->n_pending == pmm->pending_capacity) {
            compact(pmm);
            i = pieces_up_to(pmm, first) - 1;
        }
        if (pmm->n_pending == pmm->pending_capacity)
            return false;
        for (uint64_t j = pmm->n_pending++; j > i + 1; j--)
            pieces[j] = pieces[j - 1];
        pieces[i + 1] = piece(end, piece_end(pieces[i]));
        pieces[i] = piece(piece_first(pieces[i]), first);
    }
    for (; i < pmm->n_pending && piece_first(pieces[i]) < end; i++) {
        const struct pending_piece old = pieces[i];

        if (piece_first(old) < first)
            pieces[i] = piece(piece_first(old), piece_end(old) < first ? piece_end(old) : first);
        else if (piece_end(old) > end)
            pieces[i] = piece(end, piece_end(old));
        else
            pieces[i] = piece(piece_first(old), piece_first(old));
    }
    pmm->pending_frames -= end - first;
    return true;
}

static enum pmm_status add_alone(struct pmm *pmm, struct frame_range range)
{
    const uint64_t first = range.first.value;
    struct span span;

    /* No two spans are adjacent: what is tracked throughout lies in one. */
    if (!pmm_span_of_frame(pmm, first, &span) || range.count > span_end(&span) - first)
        return PMM_NOT_USABLE;
    if (!pending_covers(pmm, first, first + range.count))
        return PMM_NOT_FREE;
    if (!remove_pending(pmm, first, first + range.count))
        return PMM_NO_MEMORY;
    pmm_mark_free(pmm, span_position(&span, first), range.count);
    pmm_count_free(pmm, range.count);
    pmm->usable_frames += range.count;
    pmm_protect(pmm, range);
    return PMM_OK;
}

enum pmm_status pmm_add(struct pmm *pmm, struct pmm_cpu *caller, struct frame_range range)
{
    struct cpu *cpu = pmm_cpu(caller);

    if (!range.count || range.first.value + range.count < range.first.value)
        return PMM_BAD_RANGE;
    pmm_stop_and_drain(pmm, cpu);
    const enum pmm_status status = add_alone(pmm, range);
    pmm_resume(pmm, cpu);
    return status;
}

/* Pieces are whole, and lie in one span each: nothing can be refused. */
static void reclaim_alone(struct pmm *pmm)
{
    struct span span;

    for (uint64_t i = 0; i < pmm->n_pending; i++) {
        const struct pending_piece whole = pmm_pending(pmm)[i];
        const struct frame_range range = { { piece_first(whole) }, piece_count(whole) };

        if (!range.count || !pmm_span_of_frame(pmm, range.first.value, &span))
            continue;
        pmm_mark_free(pmm, span_position(&span, range.first.value), range.count);
        pmm_count_free(pmm, range.count);
        pmm_protect(pmm, range);
    }
    pmm->usable_frames = pmm->total_frames;
    pmm->n_pending = 0;
    pmm->pending_frames = 0;
}

uint64_t pmm_reclaim_loader(struct pmm *pmm, struct pmm_cpu *caller)
{
    struct cpu *cpu = pmm_cpu(caller);

    pmm_stop_and_drain(pmm, cpu);
    const uint64_t before = atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);

    reclaim_alone(pmm);
    const uint64_t after = atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);

    pmm_resume(pmm, cpu);
    return after - before;
}
