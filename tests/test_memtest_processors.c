/* The processors of a memory test, from a firmware whose other processors are threads, or do not do as they should. */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "../efi/memtest/processors.h"
#include "fake_firmware.h"

#define PROCESSORS 5
#define BSP 2
#define RAM_BYTES (3 * TEST_BLOCK_BYTES + PAGE_SIZE)

enum conduct {
    WORKS,
    IS_DISABLED,
    IS_REFUSED,   /* cannot be started */
    IS_LENT,      /* with all others, but only while the leader waits */
    IS_LENT_AND_ENDED, /* the same; and it never comes back from a block */
    IS_ENDED,     /* never runs; the firmware says at once that it is over */
    IS_MISSING,   /* never runs, and the firmware says nothing */
};

static struct {
    enum conduct conduct[PROCESSORS];
    pthread_t threads[PROCESSORS];
    bool has_thread[PROCESSORS];
    mp_procedure procedure[PROCESSORS];
    void *argument[PROCESSORS];
    unsigned starts, turns, turns_allowed, open_events;
    const UINTN *claims; /* NULL: the truth */
    /* NULL: all take their turn at once; else one after the other, and this is called after each */
    void (*after_turn)(const struct processors *p, UINTN number);
} now;

static _Thread_local UINTN this_processor = BSP;

static _Alignas(PAGE_SIZE) uint8_t ram[RAM_BYTES];

/* ---- the firmware ---- */

/* What claims to be a second takes 20 ms: the code under test measures its clock, the time stamp counter, by this. */
static EFI_STATUS EFIAPI stall(UINTN us)
{
    const struct timespec time = { .tv_nsec = (long)us * 20 };

    nanosleep(&time, NULL);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL tpl, EFI_EVENT_NOTIFY notify, VOID *context,
                                      EFI_EVENT *event)
{
    (void)tpl;
    (void)notify;
    (void)context;
    assert_int_equal(type, 0);
    now.open_events++;
    *event = &now;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI close_event(EFI_EVENT event)
{
    (void)event;
    now.open_events--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI check_event(EFI_EVENT event)
{
    const UINTN number = (UINTN)event - 1;

    if (now.conduct[number] == IS_ENDED)
        return EFI_SUCCESS;
    if (!now.has_thread[number] || pthread_tryjoin_np(now.threads[number], NULL))
        return EFI_NOT_READY;
    now.has_thread[number] = false;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_number(struct mp_services *mp, UINTN *n, UINTN *enabled)
{
    (void)mp;
    *n = *enabled = now.claims ? *now.claims : PROCESSORS;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_info(struct mp_services *mp, UINTN number, struct mp_processor_information *ret)
{
    (void)mp;
    memset(ret, 0, sizeof *ret);
    ret->status = MP_PROCESSOR_IS_ENABLED | MP_PROCESSOR_IS_HEALTHY;
    if (number == BSP)
        ret->status |= MP_PROCESSOR_IS_BSP;
    if (now.conduct[number] == IS_DISABLED)
        ret->status = MP_PROCESSOR_IS_HEALTHY;
    return EFI_SUCCESS;
}

static void end_at_work(const struct processors *p, UINTN number)
{
    for (unsigned i = 1; i < p->n; i++)
        if (processor_at(p, i)->number == number)
            atomic_store(&processor_at(p, i)->worker.block_start, identity_of(ram).value);
}

static void *run_thread(void *context)
{
    const UINTN number = (UINTN)context;

    this_processor = number;
    now.procedure[number](now.argument[number]);
    return NULL;
}

static bool lends(void)
{
    for (unsigned i = 0; i < PROCESSORS; i++)
        if (now.conduct[i] == IS_LENT || now.conduct[i] == IS_LENT_AND_ENDED)
            return true;
    return false;
}

static EFI_STATUS EFIAPI start_ap(struct mp_services *mp, mp_procedure procedure, UINTN number, EFI_EVENT event,
                                  UINTN timeout_us, VOID *argument, BOOLEAN *finished)
{
    (void)mp;
    assert_non_null(event);
    assert_non_null(finished);
    assert_true(timeout_us > 0);
    now.starts++;
    if (now.conduct[number] == IS_REFUSED)
        return EFI_NOT_READY;
    if (lends())
        return EFI_UNSUPPORTED;
    if (now.conduct[number] != WORKS)
        return EFI_SUCCESS;
    now.procedure[number] = procedure;
    now.argument[number] = argument;
    now.has_thread[number] = true;
    assert_int_equal(pthread_create(&now.threads[number], NULL, run_thread, (void *)number), 0);
    return EFI_SUCCESS;
}

/* One that is ended is at the first block of memory when that happens. */
static EFI_STATUS EFIAPI start_all(struct mp_services *mp, mp_procedure procedure, BOOLEAN one_by_one, EFI_EVENT event,
                                   UINTN timeout_us, VOID *argument, UINTN **ret_failed)
{
    EFI_STATUS status = EFI_SUCCESS;

    (void)mp;
    assert_null(event);
    assert_null(ret_failed);
    assert_false(one_by_one);
    assert_true(timeout_us > 0);
    if (++now.turns == now.turns_allowed)
        return EFI_NOT_READY;
    for (UINTN i = 0; i < PROCESSORS; i++) {
        if (i == BSP)
            continue;
        if (now.conduct[i] == IS_LENT_AND_ENDED) {
            end_at_work(argument, i);
            status = EFI_TIMEOUT;
            continue;
        }
        now.procedure[i] = procedure;
        now.argument[i] = argument;
        assert_int_equal(pthread_create(&now.threads[i], NULL, run_thread, (void *)i), 0);
        if (now.after_turn) {
            pthread_join(now.threads[i], NULL);
            now.after_turn(argument, i);
        }
    }
    for (UINTN i = 0; i < PROCESSORS; i++)
        if (i != BSP && now.conduct[i] != IS_LENT_AND_ENDED && !now.after_turn)
            pthread_join(now.threads[i], NULL);
    return status;
}

static EFI_STATUS EFIAPI who_am_i(struct mp_services *mp, UINTN *ret)
{
    (void)mp;
    *ret = this_processor;
    return EFI_SUCCESS;
}

static struct mp_services services = { .get_number_of_processors = get_number, .get_processor_info = get_info,
                                       .startup_all_aps = start_all, .startup_this_ap = start_ap,
                                       .who_am_i = who_am_i };
static bool has_services;

static EFI_STATUS EFIAPI locate(EFI_GUID *guid, VOID *registration, VOID **ret)
{
    (void)guid;
    (void)registration;
    *ret = &services;
    return has_services ? EFI_SUCCESS : EFI_NOT_FOUND;
}

/* ---- */

static struct fake_firmware fake;
static struct firmware fw;
static struct team team;

static struct processors open_processors(unsigned most)
{
    struct processors p;

    fake = (struct fake_firmware){ 0 };
    fw = fake_firmware_open(&fake);
    fw.boot->Stall = stall;
    fw.boot->CreateEvent = create_event;
    fw.boot->CloseEvent = close_event;
    fw.boot->CheckEvent = check_event;
    fw.boot->LocateProtocol = locate;
    team = (struct team){ 0 };
    assert_int_equal(processors_open(&fw, &team, most, &p), EFI_SUCCESS);
    for (unsigned i = 1; i < p.n; i++)
        processor_at(&p, i)->event = (EFI_EVENT)(processor_at(&p, i)->number + 1); /* so that it says whose it is */
    return p;
}

static void set_conduct(UINTN number, enum conduct conduct)
{
    memset(&now, 0, sizeof now);
    has_services = true;
    now.conduct[number] = conduct;
}

/* One fill and one check by all. */
static void test_memory(struct processors *p)
{
    const struct phys_range range = { identity_of(ram), RAM_BYTES };
    struct step step;

    team.ranges = &range;
    team.n_ranges = 1;
    team.n_blocks = team_count_blocks(&range, 1);
    for (unsigned n = 0; test_step(TEST_RANDOM, 3, n, &step); n++) {
        team_start_step(&team, &step, TEST_RANDOM);
        processors_tend(p);
        while (processors_work(p))
            ;
        while (!processors_are_done(p))
            processors_tend(p);
    }
    processors_recall(p);
    processors_print_lost(p);
    for (unsigned i = 0; i < p->n; i++)
        assert_int_equal(processor_at(p, i)->worker.errors.n_errors, 0);
}

static void without_the_protocol_there_is_one_processor(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(0, WORKS);
    has_services = false;
    p = open_processors(100);
    assert_int_equal(p.n, 1);
    test_memory(&p);
    processors_close(&p);
    assert_int_equal(fake.live_pages, 0);
}

static void all_that_are_enabled_share_the_blocks_and_come_back(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(3, IS_DISABLED);
    p = open_processors(100);
    assert_int_equal(p.n, PROCESSORS - 1);
    assert_int_equal(processor_at(&p, 0)->worker.number, BSP);
    test_memory(&p);
    assert_int_equal(processors_serving(&p), PROCESSORS - 1);
    assert_true(now.starts >= PROCESSORS - 2);
    processors_close(&p);
    assert_int_equal(fake.live_pages + now.open_events, 0);
    assert_string_equal(fake.console, "");
}

static void no_more_are_used_than_wanted_and_the_leader_knows_its_number(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(0, WORKS);
    p = open_processors(2);
    assert_int_equal(p.n, 2);
    assert_int_equal(processor_at(&p, 0)->worker.number, BSP);
    test_memory(&p);
    processors_close(&p);
    assert_int_equal(fake.live_pages + now.open_events, 0);
}

static void one_that_is_refused_or_ended_is_named_and_the_others_do_its_work(void **state)
{
    static const enum conduct conducts[] = { IS_REFUSED, IS_ENDED };
    static const char *const texts[] = { "warning: the firmware does not start 1 of 5 processors: Not Ready",
                                         "warning: processor 1 stopped, and was ended by the firmware" };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LENGTH(conducts); i++) {
        struct processors p;

        set_conduct(1, conducts[i]);
        p = open_processors(100);
        test_memory(&p);
        assert_int_equal(processors_serving(&p), PROCESSORS - 1);
        assert_int_equal(processors_lost(&p), conducts[i] == IS_ENDED);
        assert_int_equal(processors_lost_at_work(&p), 0);
        assert_non_null(strstr(fake.console, texts[i]));
        assert_false(processors_may_write(&p, (struct phys_range){ identity_of(ram), RAM_BYTES }));
        processors_close(&p);
        assert_int_equal(fake.live_pages + now.open_events, 0);
    }
}

static void one_that_never_comes_back_keeps_what_it_may_write_to(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(4, IS_MISSING);
    p = open_processors(100);
    atomic_store(&processor_at(&p, 4)->worker.block_start, identity_of(ram).value + TEST_BLOCK_BYTES);
    test_memory(&p);
    assert_int_equal(processors_serving(&p), PROCESSORS - 1);
    assert_int_equal(processors_lost_at_work(&p), 1);
    assert_non_null(strstr(fake.console, "processor 4 does not come back"));
    assert_true(processors_may_write(&p, (struct phys_range){ identity_of(ram), RAM_BYTES }));
    assert_false(processors_may_write(&p, (struct phys_range){ identity_of(ram), TEST_BLOCK_BYTES }));
    processors_close(&p);
    assert_int_equal(fake.live_pages, PROCESSORS * PROCESSOR_BYTES / PAGE_SIZE);
}

/* After ReadyToBoot the firmware need not start anybody without waiting. */
static void those_that_are_lent_while_the_leader_waits_do_all_the_work(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(1, IS_LENT);
    p = open_processors(100);
    test_memory(&p);
    assert_true(p.takes_turns);
    assert_int_equal(processors_serving(&p), PROCESSORS);
    assert_in_range(now.turns, 6, 6 * 4); /* of six steps: four blocks each */
    assert_string_equal(fake.console, "");
    processors_close(&p);
    assert_int_equal(fake.live_pages + now.open_events, 0);
}

/* What a processor finds is in its own log, and in nobody else's. */
static void has_only_its_own_errors(const struct processors *p, UINTN number)
{
    static uint64_t before[PROCESSORS];

    for (unsigned i = 1; i < p->n; i++) {
        const struct processor *processor = processor_at(p, i);
        const uint64_t n = processor->worker.errors.n_errors;

        if (processor->number != number)
            assert_int_equal(n, before[processor->number]);
        before[processor->number] = n;
    }
}

static void who_is_lent_works_under_its_own_name(void **state)
{
    const struct phys_range range = { identity_of(ram), RAM_BYTES };
    const struct step step = { STEP_CHECK, PATTERN_SAME, 1, 0, false, 0x5555, 0x5555 };
    uint64_t n_errors = 0;
    struct processors p;

    (void)state;
    set_conduct(1, IS_LENT);
    now.after_turn = has_only_its_own_errors;
    p = open_processors(100);
    memset(ram, 0, sizeof ram);
    team = (struct team){ .ranges = &range, .n_ranges = 1, .n_blocks = team_count_blocks(&range, 1) };
    processors_tend(&p);
    team_start_step(&team, &step, TEST_INVERSIONS);
    while (processors_work(&p))
        ;
    for (unsigned i = 0; i < p.n; i++)
        n_errors += processor_at(&p, i)->worker.errors.n_errors;
    assert_int_equal(n_errors, RAM_BYTES / TEST_WORD_BYTES);
    assert_int_equal(processor_at(&p, 0)->worker.errors.n_errors, 0);
    processors_close(&p);
    assert_int_equal(fake.live_pages + now.open_events, 0);
}

static void one_that_is_ended_while_the_leader_waits_is_lost_and_the_others_go_on(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(3, IS_LENT_AND_ENDED);
    p = open_processors(100);
    test_memory(&p);
    assert_int_equal(processors_lost_at_work(&p), 1);
    assert_int_equal(processors_serving(&p), PROCESSORS - 1);
    assert_non_null(strstr(fake.console, "warning: processor 3 stopped"));
    processors_close(&p);
    assert_int_equal(fake.live_pages + now.open_events, 0);
}

/* Whenever the firmware stops to lend them; two processors are as good as one. */
static void a_leader_that_nobody_is_lent_to_goes_on_alone(void **state)
{
    (void)state;
    for (unsigned most = 2; most <= PROCESSORS; most++)
        for (unsigned allowed = 1; allowed < 4; allowed++) {
            struct processors p;

            set_conduct(1, IS_LENT);
            now.turns_allowed = allowed;
            p = open_processors(most);
            test_memory(&p);
            assert_false(p.takes_turns);
            assert_int_equal(processors_serving(&p), 1);
            assert_int_equal(processors_lost(&p), 0);
            assert_non_null(strstr(fake.console, "warning: the firmware does not start "));
            processors_close(&p);
            assert_int_equal(fake.live_pages + now.open_events, 0);
        }
}

static void a_firmware_with_an_absurd_number_of_processors_has_one(void **state)
{
    static const UINTN absurd[] = { 0, 65537, UINT64_MAX };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LENGTH(absurd); i++) {
        struct processors p;

        set_conduct(1, WORKS);
        now.claims = &absurd[i];
        p = open_processors(100);
        assert_int_equal(p.n, 1);
        test_memory(&p);
        processors_close(&p);
        assert_int_equal(fake.live_pages, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_protocol_there_is_one_processor),
        cmocka_unit_test(all_that_are_enabled_share_the_blocks_and_come_back),
        cmocka_unit_test(no_more_are_used_than_wanted_and_the_leader_knows_its_number),
        cmocka_unit_test(one_that_is_refused_or_ended_is_named_and_the_others_do_its_work),
        cmocka_unit_test(one_that_never_comes_back_keeps_what_it_may_write_to),
        cmocka_unit_test(those_that_are_lent_while_the_leader_waits_do_all_the_work),
        cmocka_unit_test(who_is_lent_works_under_its_own_name),
        cmocka_unit_test(one_that_is_ended_while_the_leader_waits_is_lost_and_the_others_go_on),
        cmocka_unit_test(a_leader_that_nobody_is_lent_to_goes_on_alone),
        cmocka_unit_test(a_firmware_with_an_absurd_number_of_processors_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
