#include "processors.h"

#include "x86.h"

/*
 * A processor serves for a while, comes back and is sent again: so the firmware's limit, behind which it ends what does
 * not return, can be short however long the test is. It looks every 100 ms (edk2): that is what each return costs.
 */
#define SERVES_S 20
#define LIMIT_S 60
#define MISSING_S 75 /* the firmware should have ended it by then */
#define CALIBRATION_MS 20
#define CALIBRATIONS 3
#define PROCESSORS_MAX 65536 /* a firmware that knows of more knows of none */
#define TICKS_PER_S_MIN 1000000 /* no processor is slower; times are divided by it */
#define PAUSE_US 1000

struct processor *processor_at(const struct processors *p, unsigned i)
{
    return identity_pointer(phys_addr(p->pages.start.value + i * PROCESSOR_BYTES));
}

static VOID EFIAPI serve(VOID *argument) { team_serve(&((struct processor *)argument)->worker); }

static UINTN count(struct processors *p)
{
    EFI_GUID guid = MP_SERVICES_PROTOCOL_GUID;
    UINTN n = 1, enabled;

    if (EFI_ERROR(p->fw->boot->LocateProtocol(&guid, NULL, (VOID **)&p->mp)) || !p->mp ||
        EFI_ERROR(p->mp->get_number_of_processors(p->mp, &n, &enabled)))
        p->mp = NULL;
    return p->mp && n && n <= PROCESSORS_MAX ? n : 1;
}

/* Those that work, in the firmware's order, behind the leader. */
static void choose(struct processors *p, UINTN n, unsigned most)
{
    const uint32_t wanted = MP_PROCESSOR_IS_ENABLED | MP_PROCESSOR_IS_HEALTHY;

    for (UINTN number = 0; p->mp && number < n; number++) {
        struct mp_processor_information about;
        struct processor *next = processor_at(p, p->n);

        if (EFI_ERROR(p->mp->get_processor_info(p->mp, number, &about)))
            continue;
        if (about.status & MP_PROCESSOR_IS_BSP)
            processor_at(p, 0)->worker.number = (uint32_t)number;
        else if (p->n < most && (about.status & wanted) == wanted &&
                 !EFI_ERROR(p->fw->boot->CreateEvent(0, 0, NULL, NULL, &next->event))) {
            next->number = number;
            next->worker.number = (uint32_t)number;
            p->n++;
        }
    }
}

/* The least of some: the firmware and whoever else the machine has may take time in the midst of one. */
static uint64_t measure_ticks_per_s(const struct firmware *fw)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < CALIBRATIONS; i++) {
        const uint64_t before = rdtsc();
        uint64_t ticks;

        fw->boot->Stall(CALIBRATION_MS * 1000);
        ticks = (rdtsc() - before) * 1000 / CALIBRATION_MS;
        least = ticks < least ? ticks : least;
    }
    return least > TICKS_PER_S_MIN ? least : TICKS_PER_S_MIN; /* a Stall() that does not wait */
}

EFI_STATUS processors_open(const struct firmware *fw, struct team *team, unsigned most, struct processors *ret)
{
    struct processors p = { .fw = fw, .n = 1, .ticks_per_s = measure_ticks_per_s(fw) };
    const UINTN known = count(&p), n = known < most ? known : most;
    EFI_STATUS status;

    p.pages.bytes = n * PROCESSOR_BYTES;
    status = fw->boot->AllocatePages(AllocateAnyPages, EfiLoaderData, p.pages.bytes >> PAGE_SHIFT,
                                     &p.pages.start.value);
    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot allocate %lS for %lu processors: %s", p.pages.bytes, (uint64_t)n,
                              status_name(status));
    __builtin_memset(processor_at(&p, 0), 0, p.pages.bytes);
    choose(&p, known, (unsigned)n);
    for (unsigned i = 0; i < p.n; i++)
        processor_at(&p, i)->worker.team = team;
    *ret = p;
    return EFI_SUCCESS;
}

static void send(struct processors *p, struct processor *processor)
{
    EFI_STATUS status;

    processor->away_since = rdtsc();
    atomic_store_explicit(&processor->worker.come_back, false, memory_order_relaxed);
    atomic_store_explicit(&processor->worker.is_back, false, memory_order_relaxed);
    processor->state = PROCESSOR_AWAY;
    status = p->mp->startup_this_ap(p->mp, serve, processor->number, processor->event, LIMIT_S * 1000000, processor,
                                    &processor->finished);
    if (!EFI_ERROR(status))
        return;
    /* With two, one would always wait for the other. */
    p->takes_turns = status == EFI_UNSUPPORTED && processor == processor_at(p, 1) && p->n > 2;
    processor->state = p->takes_turns ? PROCESSOR_HERE : PROCESSOR_REFUSED;
    p->refusal = status;
}

static void tend(const struct processors *p, struct processor *processor)
{
    const uint64_t seconds = (rdtsc() - processor->away_since) / p->ticks_per_s;

    if (seconds >= SERVES_S)
        atomic_store_explicit(&processor->worker.come_back, true, memory_order_release);
    if (!EFI_ERROR(p->fw->boot->CheckEvent(processor->event)))
        processor->state = atomic_load_explicit(&processor->worker.is_back, memory_order_acquire) ? PROCESSOR_HERE
                                                                                                  : PROCESSOR_ENDED;
    else if (seconds >= MISSING_S)
        processor->state = PROCESSOR_MISSING;
}

bool processors_tend(struct processors *p)
{
    bool is_news = false;

    for (unsigned i = 1; i < p->n; i++) {
        struct processor *processor = processor_at(p, i);

        if (processor->state == PROCESSOR_AWAY)
            tend(p, processor);
        if (processor->state == PROCESSOR_HERE && !p->takes_turns)
            send(p, processor);
        is_news |= processor->state > PROCESSOR_AWAY && !processor->is_printed;
    }
    return is_news;
}

static void print_lost(const struct processors *p, const struct processor *processor)
{
    const uint64_t at = atomic_load_explicit(&processor->worker.block_start, memory_order_acquire);
    const bool is_ended = processor->state == PROCESSOR_ENDED;

    report_warning(p->fw, "processor %lu %s (%s %lx)", (uint64_t)processor->number,
                   is_ended ? "stopped, and was ended by the firmware"
                            : "does not come back; what it may write to is not given back: restart the machine",
                   at ? "it was at" : "it was at no memory,", at);
}

void processors_print_lost(struct processors *p)
{
    unsigned n_refused = 0;

    for (unsigned i = 1; i < p->n; i++) {
        struct processor *processor = processor_at(p, i);

        if (processor->state <= PROCESSOR_AWAY || processor->is_printed)
            continue;
        processor->is_printed = true;
        if (processor->state == PROCESSOR_REFUSED)
            n_refused++;
        else
            print_lost(p, processor);
    }
    if (n_refused)
        report_warning(p->fw, "the firmware does not start %u of %u processors: %s", n_refused, p->n,
                       status_name(p->refusal));
}

bool processors_are_done(const struct processors *p)
{
    for (unsigned i = 1; i < p->n; i++) {
        const struct processor *processor = processor_at(p, i);
        const struct worker *worker = &processor->worker;

        if (processor->state == PROCESSOR_AWAY && !atomic_load_explicit(&worker->is_back, memory_order_acquire) &&
            atomic_load_explicit(&worker->round_done, memory_order_acquire) !=
                atomic_load_explicit(&worker->team->round, memory_order_relaxed))
            return false;
    }
    return true;
}

void processors_recall(struct processors *p)
{
    for (unsigned i = 1; i < p->n; i++)
        atomic_store_explicit(&processor_at(p, i)->worker.come_back, true, memory_order_release);
    for (unsigned i = 1; i < p->n; i++)
        while (processor_at(p, i)->state == PROCESSOR_AWAY) {
            p->fw->boot->Stall(PAUSE_US);
            tend(p, processor_at(p, i));
        }
}

unsigned processors_serving(const struct processors *p)
{
    unsigned n = 1;

    for (unsigned i = 1; i < p->n; i++)
        n += processor_at(p, i)->state <= PROCESSOR_AWAY;
    return n;
}

static bool is_lost(const struct processor *processor)
{
    return processor->state == PROCESSOR_ENDED || processor->state == PROCESSOR_MISSING;
}

unsigned processors_lost(const struct processors *p)
{
    unsigned n = 0;

    for (unsigned i = 1; i < p->n; i++)
        n += is_lost(processor_at(p, i));
    return n;
}

unsigned processors_lost_at_work(const struct processors *p)
{
    unsigned n = 0;

    for (unsigned i = 1; i < p->n; i++) {
        const struct processor *processor = processor_at(p, i);

        n += is_lost(processor) && atomic_load_explicit(&processor->worker.block_start, memory_order_acquire);
    }
    return n;
}

bool processors_may_write(const struct processors *p, struct phys_range range)
{
    for (unsigned i = 1; i < p->n; i++) {
        const struct processor *processor = processor_at(p, i);
        const phys_addr_t block =
            phys_addr(atomic_load_explicit(&processor->worker.block_start, memory_order_acquire));

        if (processor->state == PROCESSOR_MISSING && phys_range_contains(range, block))
            return true;
    }
    return false;
}

void processors_close(struct processors *p)
{
    bool missing = false;

    for (unsigned i = 1; i < p->n; i++) {
        const struct processor *processor = processor_at(p, i);

        if (processor->state == PROCESSOR_MISSING)
            missing = true;
        else
            p->fw->boot->CloseEvent(processor->event);
    }
    if (!missing)
        pages_free(p->fw, &p->pages);
}
