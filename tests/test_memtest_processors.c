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
    IS_ENDED,     /* never runs; the firmware says at once that it is over */
    IS_MISSING,   /* never runs, and the firmware says nothing */
};

static struct {
    enum conduct conduct[PROCESSORS];
    pthread_t threads[PROCESSORS];
    bool has_thread[PROCESSORS];
    mp_procedure procedure[PROCESSORS];
    void *argument[PROCESSORS];
    unsigned starts, open_events;
} now;

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
    *n = *enabled = PROCESSORS;
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

static void *run_thread(void *context)
{
    const UINTN number = (UINTN)context;

    now.procedure[number](now.argument[number]);
    return NULL;
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
    if (now.conduct[number] != WORKS)
        return EFI_SUCCESS;
    now.procedure[number] = procedure;
    now.argument[number] = argument;
    now.has_thread[number] = true;
    assert_int_equal(pthread_create(&now.threads[number], NULL, run_thread, (void *)number), 0);
    return EFI_SUCCESS;
}

static struct mp_services services = { .get_number_of_processors = get_number, .get_processor_info = get_info,
                                       .startup_this_ap = start_ap };
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
        while (team_work(&processor_at(p, 0)->worker))
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

static void no_more_are_used_than_wanted(void **state)
{
    struct processors p;

    (void)state;
    set_conduct(0, WORKS);
    p = open_processors(2);
    assert_int_equal(p.n, 2);
    test_memory(&p);
    processors_close(&p);
    assert_int_equal(fake.live_pages + now.open_events, 0);
}

static void one_that_is_refused_or_ended_is_named_and_the_others_do_its_work(void **state)
{
    static const enum conduct conducts[] = { IS_REFUSED, IS_ENDED };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LENGTH(conducts); i++) {
        struct processors p;

        set_conduct(1, conducts[i]);
        p = open_processors(100);
        test_memory(&p);
        assert_int_equal(processors_serving(&p), PROCESSORS - 1);
        assert_int_equal(processors_lost_at_work(&p), 0);
        assert_non_null(strstr(fake.console, "warning: processor 1 "));
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
    assert_int_equal(fake.live_pages, PROCESSORS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_protocol_there_is_one_processor),
        cmocka_unit_test(all_that_are_enabled_share_the_blocks_and_come_back),
        cmocka_unit_test(no_more_are_used_than_wanted),
        cmocka_unit_test(one_that_is_refused_or_ended_is_named_and_the_others_do_its_work),
        cmocka_unit_test(one_that_never_comes_back_keeps_what_it_may_write_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
