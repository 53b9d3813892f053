#include "errors.h"

/* The two neighbours with the least good memory between them become one. */
static void join_closest(struct error_log *log)
{
    struct phys_range *ranges = log->ranges;
    size_t best = 0;
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i + 1 < log->n_ranges; i++) {
        const uint64_t gap = ranges[i + 1].start.value - phys_range_end(ranges[i]);

        if (gap < least) {
            least = gap;
            best = i;
        }
    }
    ranges[best].bytes = phys_range_end(ranges[best + 1]) - ranges[best].start.value;
    log->n_ranges--;
    __builtin_memmove(ranges + best + 1, ranges + best + 2, (log->n_ranges - best - 1) * sizeof *ranges);
    log->is_coarse = true;
}

static void add_range(struct error_log *log, struct phys_range range)
{
    struct bad_memory_list list = { log->ranges, log->n_ranges, ERROR_RANGES_MAX };

    while (!bad_memory_add(&list, range)) {
        join_closest(log);
        list.n = log->n_ranges;
    }
    log->n_ranges = list.n;
}

/* One bad bit is found wrong by every pattern, over and over: that leaves room for the others. */
static void add_first(struct error_log *log, const struct memory_error *error)
{
    for (size_t i = 0; i < log->n_first; i++)
        if (log->first[i].address == error->address)
            return;
    if (log->n_first < ERRORS_SHOWN_MAX)
        log->first[log->n_first++] = *error;
    else
        log->is_cut = true;
}

void error_log_add(struct error_log *log, const struct memory_error *error)
{
    add_first(log, error);
    log->n_errors++;
    log->n_by_pattern[error->pattern]++;
    for (uint64_t bits = error->expected ^ error->read; bits; bits &= bits - 1)
        log->n_by_bit[__builtin_ctzll(bits)]++;
    add_range(log, (struct phys_range){ phys_addr(error->address), TEST_WORD_BYTES });
}

void error_log_take(struct error_log *log, struct error_log *other)
{
    if (!other->n_errors)
        return;
    for (size_t i = 0; i < other->n_first; i++)
        add_first(log, &other->first[i]);
    for (unsigned bit = 0; bit < WORD_BITS; bit++)
        log->n_by_bit[bit] += other->n_by_bit[bit];
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        log->n_by_pattern[p] += other->n_by_pattern[p];
    log->n_errors += other->n_errors;
    for (size_t i = 0; i < other->n_ranges; i++)
        add_range(log, other->ranges[i]);
    log->is_cut |= other->is_cut;
    log->is_coarse |= other->is_coarse;
    *other = (struct error_log){ 0 };
}

void error_log_print_memmap(const struct sink *sink, const struct error_log *log)
{
    for (size_t i = 0; i < log->n_ranges; i++)
        print_format(sink, "%s%luK$%lx", i ? "," : "", log->ranges[i].bytes / KIB(1), log->ranges[i].start.value);
}

/* The largest power of two that the address is a multiple of and that fits. */
static uint64_t aligned_part(uint64_t address, uint64_t bytes)
{
    const uint64_t fits = 1ull << (63 - __builtin_clzll(bytes)), aligned = address & -address;

    return aligned && aligned < fits ? aligned : fits;
}

void error_log_print_badram(const struct sink *sink, const struct error_log *log)
{
    const char *separator = "";

    for (size_t i = 0; i < log->n_ranges; i++) {
        struct phys_range rest = log->ranges[i];

        while (rest.bytes) {
            const uint64_t part = aligned_part(rest.start.value, rest.bytes);

            print_format(sink, "%s%lx,%lx", separator, rest.start.value, -part);
            separator = ",";
            rest = (struct phys_range){ phys_addr(rest.start.value + part), rest.bytes - part };
        }
    }
}
