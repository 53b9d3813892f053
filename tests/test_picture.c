/* `picture` and `report` on a machine that is short of memory, of a screen, of room in its files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../efi/commands/command.h"
#include "fake_files.h"
#include "memory_picture.h"

enum { WIDTH = 800, HEIGHT = 200, ALLOCATIONS_MAX = 16 };

static const uint8_t png_signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };

static const struct firmware_descriptor descriptors[] = {
    { FIRMWARE_CONVENTIONAL, 0, 0, 0, 160, FIRMWARE_ATTRIBUTE_WB },
    { FIRMWARE_BOOT_SERVICES_DATA, 0, MIB(1), 0, 256, FIRMWARE_ATTRIBUTE_WB },
    { FIRMWARE_CONVENTIONAL, 0, MIB(2), 0, 256 * 62, FIRMWARE_ATTRIBUTE_WB },
};

/* A machine, and what its screen was given. */
struct machine {
    struct fake_firmware fake;
    struct firmware fw;
    EFI_LOADED_IMAGE loaded;
    struct fake_volume volume;
    struct boot_info info;
    EFI_GRAPHICS_OUTPUT_PROTOCOL gop;
    EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode;
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION mode_info;
    bool has_screen;
    bool has_dark_screen;    /* one more, listed before it, that the console is not on */
    EFI_GRAPHICS_OUTPUT_PROTOCOL dark_gop;
    EFI_STATUS blt_status;
    unsigned blts;
    UINTN blt_y, blt_height;
    uint32_t corner; /* pixel */
    EFI_STATUS (EFIAPI *handle_protocol)(EFI_HANDLE handle, EFI_GUID *guid, VOID **ret);
};

static struct machine *now;

static EFI_STATUS EFIAPI blt(EFI_GRAPHICS_OUTPUT_PROTOCOL *self, EFI_GRAPHICS_OUTPUT_BLT_PIXEL *pixels,
                             EFI_GRAPHICS_OUTPUT_BLT_OPERATION how, UINTN from_x, UINTN from_y, UINTN x, UINTN y,
                             UINTN width, UINTN height, UINTN delta)
{
    assert_ptr_equal(self, &now->gop);
    assert_int_equal(how, EfiBltBufferToVideo);
    assert_int_equal(from_x + from_y + x + delta, 0);
    assert_int_equal(width, WIDTH);
    assert_true(y + height <= HEIGHT);
    now->blts++;
    now->blt_y = y;
    now->blt_height = height;
    memcpy(&now->corner, pixels + width * height - 1, sizeof now->corner);
    return now->blt_status;
}

static EFI_STATUS EFIAPI clear(SIMPLE_TEXT_OUTPUT_INTERFACE *self)
{
    (void)self;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, VOID **ret)
{
    static const EFI_GUID graphics = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    static const EFI_GUID console = { 0xd3b36f2c, 0xd551, 0x11d4, { 0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };

    if (!memcmp(guid, &console, sizeof console))
        return handle == now ? EFI_SUCCESS : EFI_UNSUPPORTED;
    if (memcmp(guid, &graphics, sizeof graphics))
        return now->handle_protocol(handle, guid, ret);
    *ret = handle == now ? &now->gop : &now->dark_gop;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI list_screens(EFI_LOCATE_SEARCH_TYPE how, EFI_GUID *guid, VOID *key, UINTN *n, EFI_HANDLE **ret)
{
    (void)how;
    (void)guid;
    (void)key;
    *n = 0;
    if (!now->has_screen || EFI_ERROR(now->fw.boot->AllocatePool(EfiLoaderData, 2 * sizeof **ret, (void **)ret)))
        return EFI_NOT_FOUND;
    if (now->has_dark_screen)
        (*ret)[(*n)++] = &now->dark_gop;
    (*ret)[(*n)++] = now;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI no_time(EFI_TIME *time, EFI_TIME_CAPABILITIES *capabilities)
{
    (void)time;
    (void)capabilities;
    return EFI_DEVICE_ERROR;
}

static EFI_STATUS EFIAPI no_variable(CHAR16 *name, EFI_GUID *vendor, UINT32 *attributes, UINTN *bytes, void *value)
{
    (void)name;
    (void)vendor;
    (void)attributes;
    (void)bytes;
    (void)value;
    return EFI_NOT_FOUND;
}

static EFI_RUNTIME_SERVICES runtime = { .GetTime = no_time, .GetVariable = no_variable };

/* With a screen of which no framebuffer is known, as virtio-gpu's is under OVMF. */
static struct machine *new_machine(void)
{
    struct machine *m = calloc(1, sizeof *m);

    now = m;
    m->fw = fake_firmware_open(&m->fake);
    m->fake.descriptors = descriptors;
    m->fake.map_bytes = sizeof descriptors;
    fake_files_install(&m->fw, &m->loaded, &m->volume);
    m->volume.capacity = FAKE_FILE_MAX;
    m->fw.runtime = &runtime;
    m->info.phys_bits = 52;
    m->mode_info = (EFI_GRAPHICS_OUTPUT_MODE_INFORMATION){ .HorizontalResolution = WIDTH,
                                                           .VerticalResolution = HEIGHT,
                                                           .PixelFormat = PixelBltOnly };
    m->mode.Info = &m->mode_info;
    m->gop.Mode = &m->mode;
    m->gop.Blt = blt;
    m->dark_gop.Mode = &m->mode;
    m->has_screen = true;
    m->handle_protocol = m->fw.boot->HandleProtocol;
    m->fw.boot->HandleProtocol = handle_protocol;
    m->fw.boot->LocateHandleBuffer = list_screens;
    m->fw.system->ConOut->ClearScreen = clear;
    return m;
}

static EFI_STATUS run(struct machine *m, const CHAR16 *line)
{
    fake_load_options(&m->loaded, line);
    m->info.n_claims = 0;
    m->fake.console[0] = 0;
    return command_start(&m->fw, &m->info, 0);
}

static void expect_all_given_back(const struct machine *m)
{
    assert_int_equal(m->fake.live_pages, 0);
    assert_int_equal(m->fake.live_pools, 0);
    assert_int_equal(m->volume.open_handles, 0);
}

static void the_picture_is_at_the_bottom_of_the_screen_and_in_the_file(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"picture \\p.png"), EFI_SUCCESS);
    assert_int_equal(m->blts, 1);
    assert_int_equal(m->blt_y + m->blt_height, HEIGHT);
    assert_int_equal(m->corner, MEMORY_PICTURE_BACKGROUND);
    assert_string_equal(m->volume.path, "\\p.png");
    assert_true(m->volume.exists);
    assert_memory_equal(m->volume.content, png_signature, sizeof png_signature);
    assert_string_equal(m->fake.console, "\\p.png: written\r\n");
    expect_all_given_back(m);
    free(m);
}

static void the_picture_is_on_the_screen_that_the_console_is_on(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->has_dark_screen = true;
    assert_int_equal(run(m, L"picture"), EFI_SUCCESS);
    assert_int_equal(m->blts, 1);
    expect_all_given_back(m);
    free(m);
}

static void the_file_comes_whichever_way_it_is_named(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"picture -o \\p.png"), EFI_SUCCESS);
    assert_memory_equal(m->volume.content, png_signature, sizeof png_signature);
    assert_string_equal(m->fake.console, "\\p.png: written\r\n");
    assert_int_equal(run(m, L"report -o \\r.txt"), EFI_UNSUPPORTED); /* for not all commands are here */
    assert_string_equal(m->volume.path, "\\r.txt");
    assert_string_equal(m->fake.console, "\\r.txt: written\r\n");
    expect_all_given_back(m);
    free(m);
}

static void a_report_is_kept_and_says_what_is_missing_in_it(void **state)
{
    static const char machine[] = "==== machine ====\r\n";
    struct machine *m = new_machine();

    (void)state;
    m->fake.map_status = EFI_DEVICE_ERROR;
    m->fake.maps_fail = true;
    assert_int_equal(run(m, L"report \\r.txt"), EFI_DEVICE_ERROR);
    assert_memory_equal(m->volume.content, machine, sizeof machine - 1);
    m->volume.content[m->volume.bytes] = 0;
    assert_non_null(strstr(m->volume.content, "==== dimms ====\r\n\r\n(no answer: "));
    assert_non_null(strstr(m->fake.console, "\\r.txt: written\r\n"));
    expect_all_given_back(m);
    free(m);
}

static void without_a_screen_and_a_file_there_is_nothing_to_draw_on(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->has_screen = false;
    assert_int_equal(run(m, L"picture"), EFI_UNSUPPORTED);
    assert_non_null(strstr(m->fake.console, "no screen"));
    assert_int_equal(m->fake.allocations, 0);
    free(m);
}

static void screens_that_cannot_be_are_none(void **state)
{
    static const UINT32 sizes[][2] = { { 0, HEIGHT }, { WIDTH, 0 }, { 8193, HEIGHT }, { WIDTH, 0xFFFFFFFF } };
    struct machine *m = new_machine();

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        m->mode_info.HorizontalResolution = sizes[i][0];
        m->mode_info.VerticalResolution = sizes[i][1];
        assert_int_equal(run(m, L"picture"), EFI_UNSUPPORTED);
    }
    m->mode.Info = NULL;
    assert_int_equal(run(m, L"picture"), EFI_UNSUPPORTED);
    m->gop.Mode = NULL;
    assert_int_equal(run(m, L"picture"), EFI_UNSUPPORTED);
    assert_int_equal(m->blts, 0);
    free(m);
}

static void words_that_it_does_not_know_are_named(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    assert_int_equal(run(m, L"picture a.png b.png"), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(m->fake.console, "b.png"));
    assert_int_equal(run(m, L"picture --fast"), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(m->fake.console, "--fast"));
    assert_int_equal(run(m, L"report a.txt b.txt"), EFI_INVALID_PARAMETER);
    assert_non_null(strstr(m->fake.console, "b.txt"));
    assert_int_equal(m->blts, 0);
    assert_false(m->volume.exists);
    free(m);
}

/* Whichever allocation fails: a line that says so, no file, nothing kept. */
static void a_picture_without_memory_is_an_error_that_leaves_nothing(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (unsigned at = 1; at <= ALLOCATIONS_MAX; at++) {
        struct machine *m = new_machine();

        m->fake.allocation_fails_at = at;
        if (EFI_ERROR(run(m, L"picture \\p.png"))) {
            failures++;
            assert_false(m->volume.exists);
            assert_non_null(strstr(m->fake.console, "cannot"));
        }
        expect_all_given_back(m);
        free(m);
    }
    assert_in_range(failures, 4, ALLOCATIONS_MAX - 1);
}

static void a_screen_that_refuses_and_a_full_volume_are_named_and_leave_no_file(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->blt_status = EFI_DEVICE_ERROR;
    assert_int_equal(run(m, L"picture \\p.png"), EFI_DEVICE_ERROR);
    assert_non_null(strstr(m->fake.console, "screen"));
    assert_false(m->volume.exists);
    m->blt_status = EFI_SUCCESS;
    m->volume.capacity = 1000;
    assert_int_equal(run(m, L"picture \\p.png"), EFI_VOLUME_FULL);
    assert_non_null(strstr(m->fake.console, "\\p.png: "));
    assert_false(m->volume.exists);
    expect_all_given_back(m);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_at_the_bottom_of_the_screen_and_in_the_file),
        cmocka_unit_test(the_picture_is_on_the_screen_that_the_console_is_on),
        cmocka_unit_test(the_file_comes_whichever_way_it_is_named),
        cmocka_unit_test(a_report_is_kept_and_says_what_is_missing_in_it),
        cmocka_unit_test(without_a_screen_and_a_file_there_is_nothing_to_draw_on),
        cmocka_unit_test(screens_that_cannot_be_are_none),
        cmocka_unit_test(words_that_it_does_not_know_are_named),
        cmocka_unit_test(a_picture_without_memory_is_an_error_that_leaves_nothing),
        cmocka_unit_test(a_screen_that_refuses_and_a_full_volume_are_named_and_leave_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
