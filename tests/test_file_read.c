#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../efi/files/files.h"
#include "fake_firmware.h"

/* A file as drivers have them: it may hold less than it says, read less than asked, fail, or count wrong. */
struct fake_file {
    EFI_FILE file;
    uint64_t holds;      /* bytes that can be read */
    uint64_t at;
    UINTN piece_max;     /* 0: as much as is asked for */
    unsigned fails_at;   /* the n-th read (1-based); 0: never */
    bool counts_wrong;
    unsigned reads;
    UINTN largest;
    unsigned closed;
};

static EFI_STATUS EFIAPI fake_read(struct _EFI_FILE_HANDLE *handle, UINTN *bytes, void *to)
{
    struct fake_file *fake = (struct fake_file *)(void *)handle;
    const uint64_t left = fake->holds - fake->at;

    fake->reads++;
    fake->largest = *bytes > fake->largest ? *bytes : fake->largest;
    if (fake->reads == fake->fails_at)
        return EFI_DEVICE_ERROR;
    if (fake->counts_wrong) {
        ++*bytes;
        return EFI_SUCCESS;
    }
    if (fake->piece_max && *bytes > fake->piece_max)
        *bytes = fake->piece_max;
    if (*bytes > left)
        *bytes = left;
    for (UINTN i = 0; i < *bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)((fake->at + i) % 251);
    fake->at += *bytes;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_close(struct _EFI_FILE_HANDLE *handle)
{
    ((struct fake_file *)(void *)handle)->closed++;
    return EFI_SUCCESS;
}

struct setting {
    struct fake_firmware firmware;
    struct firmware fw;
    struct files files;
    struct file file;
    struct fake_file fake;
    uint8_t *memory; /* exactly as long as the file says, so that writing beyond it is seen */
};

static struct setting *new_setting(uint64_t says, uint64_t holds)
{
    struct setting *s = calloc(1, sizeof *s);

    s->fw = fake_firmware_open(&s->firmware);
    s->files = (struct files){ .fw = &s->fw, .quiet = true };
    s->fake = (struct fake_file){ .file = { .Read = fake_read, .Close = fake_close }, .holds = holds };
    s->file = (struct file){ .files = &s->files, .handle = &s->fake.file, .bytes = says };
    s->memory = malloc(says ? says : 1);
    return s;
}

static void free_setting(struct setting *s)
{
    free(s->memory);
    free(s);
}

static void a_file_is_read_whole_and_in_pieces_of_bounded_size(void **state)
{
    const uint64_t bytes = 2 * FILE_PIECE_BYTES + 5;
    struct setting *s = new_setting(bytes, bytes);

    (void)state;
    assert_int_equal(file_read(&s->file, bytes, s->memory), EFI_SUCCESS);
    for (uint64_t i = 0; i < bytes; i++)
        assert_int_equal(s->memory[i], i % 251);
    assert_int_equal(s->fake.reads, 3);
    assert_int_equal(s->fake.largest, FILE_PIECE_BYTES);
    assert_int_equal(s->file.position, bytes);
    assert_string_equal(s->firmware.console, "");
    file_close(&s->file);
    file_close(&s->file);
    assert_int_equal(s->fake.closed, 1);
    free_setting(s);
}

static void a_driver_that_reads_less_than_asked_is_asked_again(void **state)
{
    struct setting *s = new_setting(1000, 1000);

    (void)state;
    s->fake.piece_max = 7;
    assert_int_equal(file_read(&s->file, 400, s->memory), EFI_SUCCESS);
    assert_int_equal(file_read(&s->file, 600, s->memory + 400), EFI_SUCCESS);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(s->memory[i], i % 251);
    free_setting(s);
}

static void a_file_that_got_shorter_is_named_with_its_lengths(void **state)
{
    struct setting *s = new_setting(1000, 900);

    (void)state;
    assert_int_equal(file_read(&s->file, 1000, s->memory), EFI_END_OF_FILE);
    assert_string_equal(s->file.reason, "ends after 900 of its 1000 bytes");
    free_setting(s);
}

static void a_medium_that_fails_is_named_with_the_place_and_the_status(void **state)
{
    struct setting *s = new_setting(3 * FILE_PIECE_BYTES, 3 * FILE_PIECE_BYTES);

    (void)state;
    s->fake.fails_at = 2;
    assert_int_equal(file_read(&s->file, 3 * FILE_PIECE_BYTES, s->memory), EFI_DEVICE_ERROR);
    assert_string_equal(s->file.reason, "cannot be read after 1048576 of its 3145728 bytes: Device Error");
    free_setting(s);
}

static void a_driver_that_counts_more_than_was_asked_for_is_not_believed(void **state)
{
    struct setting *s = new_setting(1000, 1000);

    (void)state;
    s->fake.counts_wrong = true;
    assert_int_equal(file_read(&s->file, 1000, s->memory), EFI_DEVICE_ERROR);
    assert_int_equal(s->fake.reads, 1);
    free_setting(s);
}

static void nothing_is_read_of_an_empty_file(void **state)
{
    struct setting *s = new_setting(0, 0);

    (void)state;
    assert_int_equal(file_read(&s->file, 0, s->memory), EFI_SUCCESS);
    assert_int_equal(s->fake.reads, 0);
    free_setting(s);
}

/* ---- progress ---- */

static unsigned ticks, live_events;

static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify, void *context,
                                      EFI_EVENT *ret)
{
    (void)type;
    (void)level;
    (void)notify;
    (void)context;
    *ret = &live_events;
    live_events++;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_timer(EFI_EVENT event, EFI_TIMER_DELAY how, UINT64 after)
{
    (void)event;
    return how == TimerPeriodic && after == 10000000 ? EFI_SUCCESS : EFI_INVALID_PARAMETER;
}

static EFI_STATUS EFIAPI check_event(EFI_EVENT event)
{
    (void)event;
    return ++ticks % 4 ? EFI_NOT_READY : EFI_SUCCESS;
}

static EFI_STATUS EFIAPI close_event(EFI_EVENT event)
{
    (void)event;
    live_events--;
    return EFI_SUCCESS;
}

static void a_long_read_shows_its_progress_once_a_second(void **state)
{
    struct setting *s = new_setting(MIB(8), MIB(8));

    (void)state;
    s->files.quiet = false;
    s->fw.boot->CreateEvent = create_event;
    s->fw.boot->SetTimer = set_timer;
    s->fw.boot->CheckEvent = check_event;
    s->fw.boot->CloseEvent = close_event;
    strcpy(s->file.path, "/x");
    ticks = live_events = 0;
    assert_int_equal(file_read(&s->file, MIB(8), s->memory), EFI_SUCCESS);
    assert_string_equal(s->firmware.console, "\r4 of 8 MiB /x\r8 of 8 MiB \r\n");
    assert_int_equal(live_events, 0);
    free_setting(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole_and_in_pieces_of_bounded_size),
        cmocka_unit_test(a_driver_that_reads_less_than_asked_is_asked_again),
        cmocka_unit_test(a_file_that_got_shorter_is_named_with_its_lengths),
        cmocka_unit_test(a_medium_that_fails_is_named_with_the_place_and_the_status),
        cmocka_unit_test(a_driver_that_counts_more_than_was_asked_for_is_not_believed),
        cmocka_unit_test(nothing_is_read_of_an_empty_file),
        cmocka_unit_test(a_long_read_shows_its_progress_once_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
