#include "memtest.h"
#include "progress.h"
#include "x86.h"

#define LOOKS_PER_S 4
#define WAIT_US 20000

/* A test that runs. */
struct memtest {
    struct command *command;
    const struct memtest_options *options;
    struct team team;
    struct processors processors;
    struct taken_memory memory;
    struct progress progress;
    struct memtest_results results;
    struct worker *leader; /* its log is the log of all */
    enum test_pattern pattern;
    size_t n_shown;        /* errors */
    unsigned n_lost;       /* processors, in the middle of a block */
    uint64_t start, last_look; /* TSC */
    uint64_t waited, waits; /* TSC: how long bit fade has waited, and will have in the end */
    uint64_t pattern_ticks[TEST_PATTERNS];
    uint64_t pages_done, pages_total; /* read and written, of all passes; those of the step that is on excluded */
};

static uint64_t seconds(const struct memtest *m, uint64_t ticks) { return ticks / m->processors.ticks_per_s; }

static uint64_t to_ms(const struct memtest *m, uint64_t ticks) { return ticks / (m->processors.ticks_per_s / 1000); }

/* Pages read and written by the step that is on, or was the last. */
static uint64_t step_pages(const struct memtest *m)
{
    const uint64_t blocks = m->team.n_blocks, next = atomic_load_explicit(&m->team.next, memory_order_relaxed);
    const uint64_t pages = m->memory.account.tested >> PAGE_SHIFT;

    return m->team.step.traffic * (next < blocks ? pages / blocks * next : pages);
}

/* Milliseconds until the end, by the rate so far. */
static uint64_t ms_left(const struct memtest *m, uint64_t gone, uint64_t done, uint64_t busy)
{
    const uint64_t limit = m->options->minutes * 60 * 1000;

    if (limit)
        return gone < limit ? limit - gone : 0;
    if (!done || done >= m->pages_total)
        return 0;
    return (m->pages_total - done) / (done / (busy + 1) + 1) + to_ms(m, m->waits > m->waited ? m->waits - m->waited : 0);
}

static void show_progress(struct memtest *m, uint64_t now)
{
    const uint64_t done = m->pages_done + step_pages(m);
    const uint64_t gone = to_ms(m, now - m->start), busy = to_ms(m, now - m->start - m->waited);
    const uint64_t left = ms_left(m, gone, done, busy);
    const struct progress_facts facts = {
        .pattern = test_pattern_name(m->pattern),
        .n_errors = m->leader->errors.n_errors,
        .mb_per_s = busy ? done * 1000 / busy >> (20 - PAGE_SHIFT) : 0,
        .per_mille = left ? (unsigned)(gone * 1000 / (gone + left)) : 0,
        .seconds_left = left / 1000,
    };

    progress_show(&m->progress, &facts);
}

/* A few times per second: processors, keys, the clock, the line on the console. */
static void look(struct memtest *m)
{
    const uint64_t now = rdtsc();

    if (now - m->last_look < m->processors.ticks_per_s / LOOKS_PER_S)
        return;
    m->last_look = now;
    if (processors_tend(&m->processors)) {
        progress_hide(&m->progress);
        processors_print_lost(&m->processors);
        if (processors_may_write(&m->processors, (struct phys_range){ phys_addr(1), UINT64_MAX }))
            m->results.end = MEMTEST_PROCESSOR_MISSING;
    }
    if (m->results.end != MEMTEST_GOES_ON)
        ; /* a processor is missing: nothing else matters */
    else if (progress_stop_wanted(&m->progress))
        m->results.end = MEMTEST_STOPPED;
    else if (m->options->minutes && seconds(m, now - m->start) >= m->options->minutes * 60)
        m->results.end = MEMTEST_TIME_IS_UP;
    show_progress(m, now);
}

static bool goes_on(const struct memtest *m) { return m->results.end == MEMTEST_GOES_ON; }

/* When nobody is at work. Prints errors as they come in, the first ones at least. */
static void collect_errors(struct memtest *m)
{
    struct error_log *log = &m->leader->errors;

    for (unsigned i = 1; i < m->processors.n; i++)
        if (processor_at(&m->processors, i)->state != PROCESSOR_MISSING)
            error_log_take(log, &processor_at(&m->processors, i)->worker.errors);
    if (m->command->style.format == REPORT_TEXT && m->n_shown < log->n_first)
        progress_hide(&m->progress);
    if (m->n_shown == log->n_first)
        return;
    for (; m->n_shown < log->n_first; m->n_shown++)
        memtest_print_error(&m->command->style, &m->results, &log->first[m->n_shown]);
    if (m->command->file)
        output_file_flush(m->command->file); /* bad memory may yet stop the machine */
}

static void wait(struct memtest *m)
{
    const uint64_t start = rdtsc(), before = m->waited;

    while (goes_on(m) && seconds(m, m->waited - before) < m->options->fade_s) {
        m->command->fw->boot->Stall(WAIT_US);
        m->waited = before + (rdtsc() - start);
        look(m);
    }
}

/* False: the pattern cannot go on, because a block was left unfinished. Each begins by writing what it will read. */
static bool run_step(struct memtest *m, const struct step *step)
{
    const uint64_t start = rdtsc();
    const unsigned n_lost = m->n_lost;
    uint64_t pages;

    if (step->kind == STEP_WAIT) {
        m->team.step = *step; /* nobody is at work */
        wait(m);
        return true;
    }
    team_start_step(&m->team, step, m->pattern);
    while (goes_on(m) && processors_work(&m->processors))
        look(m);
    for (; goes_on(m) && !processors_are_done(&m->processors); pause())
        look(m);
    if (!goes_on(m))
        processors_recall(&m->processors);
    collect_errors(m);
    pages = step_pages(m);
    m->pages_done += pages;
    m->team.step.traffic = 0; /* counted */
    m->results.words[m->pattern] += pages * (PAGE_SIZE / TEST_WORD_BYTES);
    m->pattern_ticks[m->pattern] += rdtsc() - start;
    m->n_lost = processors_lost_at_work(&m->processors);
    return m->n_lost == n_lost;
}

static void run_pattern(struct memtest *m, enum test_pattern pattern)
{
    const uint64_t seed = test_seed_of_pass(m->results.seed, m->results.passes);
    struct step step;

    m->pattern = pattern;
    for (unsigned n = 0; goes_on(m) && test_step(pattern, seed, n, &step);)
        n = run_step(m, &step) ? n + 1 : 0; /* again without who left it unfinished: there are only so many */
}

static void run_pass(struct memtest *m)
{
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        if (m->options->patterns & TEST_PATTERN_BIT(p))
            run_pattern(m, (enum test_pattern)p);
    if (!goes_on(m))
        return;
    m->results.passes++;
    if (!m->options->minutes && m->results.passes >= (m->options->passes ? m->options->passes : 1))
        m->results.end = MEMTEST_COMPLETE;
}

static void run_all(struct memtest *m)
{
    const uint64_t passes = m->options->passes ? m->options->passes : 1;

    m->team.ranges = m->memory.ranges;
    m->team.n_ranges = m->memory.n;
    m->team.n_blocks = team_count_blocks(m->memory.ranges, m->memory.n);
    m->pages_total = passes * test_traffic(m->options->patterns) * (m->memory.account.tested >> PAGE_SHIFT);
    if (m->options->patterns & TEST_PATTERN_BIT(TEST_FADE))
        m->waits = passes * TEST_FADE_WAITS * m->options->fade_s * m->processors.ticks_per_s;
    m->progress = progress_start(m->command->fw, m->command->file || m->command->style.format == REPORT_TEXT);
    memtest_print_start(&m->command->style, &m->results);
    m->start = rdtsc();
    (void)processors_tend(&m->processors);
    while (goes_on(m))
        run_pass(m);
    processors_recall(&m->processors);
    progress_hide(&m->progress);
    processors_print_lost(&m->processors);
    m->results.ms = to_ms(m, rdtsc() - m->start);
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        m->results.pattern_ms[p] = to_ms(m, m->pattern_ticks[p]);
    m->results.processors_lost = processors_lost(&m->processors);
    m->results.processors = processors_serving(&m->processors) + m->results.processors_lost;
}

/* Memory that was not wholly tested once is not known to be good. */
static EFI_STATUS status_of(const struct memtest_results *r)
{
    if (r->errors->n_errors)
        return COMMAND_MEMORY_ERRORS;
    if (r->end == MEMTEST_PROCESSOR_MISSING)
        return EFI_DEVICE_ERROR;
    if (r->passes)
        return EFI_SUCCESS;
    return r->end == MEMTEST_STOPPED ? EFI_ABORTED : EFI_TIMEOUT;
}

/* With the processors at hand. */
static EFI_STATUS take_and_run(struct memtest *m)
{
    struct command_map map;
    EFI_STATUS status = command_map_read(m->command, memory_take_scratch, &map);

    if (EFI_ERROR(status))
        return status;
    status = memory_take(m->command, &map, m->options->range, m->processors.pages, &m->memory);
    if (!EFI_ERROR(status) && !m->memory.n)
        status = report_failure(m->command->fw, EFI_NOT_FOUND, "no free memory from %lx to %lx",
                                m->options->range.start.value, phys_range_end(m->options->range));
    if (!EFI_ERROR(status)) {
        run_all(m);
        memtest_print_results(&m->command->style, &m->results);
        memory_give_back(m->command->fw, &m->memory, &m->processors);
        m->command->is_reported = true;
        status = status_of(&m->results);
    }
    command_map_free(m->command, &map);
    return status;
}

EFI_STATUS memtest_run(struct command *command, const struct memtest_options *options)
{
    struct memtest m = { .command = command, .options = options };
    /* The firmware starts processors with code below 1 MiB: that is not tested while they come and go. */
    const unsigned most = phys_range_end(options->range) <= MIB(1) ? 1 : options->processors;
    EFI_STATUS status = processors_open(command->fw, &m.team, most, &m.processors);

    if (EFI_ERROR(status))
        return status;
    m.leader = &processor_at(&m.processors, 0)->worker;
    m.results = (struct memtest_results){ .options = options, .memory = &m.memory, .errors = &m.leader->errors,
                                          .smbios = tables_find_smbios(command->info),
                                          .processors = m.processors.n,
                                          .seed = options->has_seed ? options->seed : rdtsc() };
    status = take_and_run(&m);
    processors_close(&m.processors);
    return status;
}
