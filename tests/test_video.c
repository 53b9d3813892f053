/* The framebuffers that a Limine kernel is told of; also when the firmware takes one away as it sets the mode. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../efi/limine/loading.h"
#include "fake_firmware.h"

#define OUTPUTS_MAX 4
#define HHDM 0xFFFF800000000000
#define FRAMEBUFFER_BYTES (800 * 600 * 4)

/* Adapters of one mode, and what becomes of the first when that mode is set. */
static struct {
    EFI_GRAPHICS_OUTPUT_PROTOCOL gops[OUTPUTS_MAX];
    EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE modes[OUTPUTS_MAX];
    unsigned n;
    bool first_is_lost;
} now;

static struct framebuffer framebuffer_of(size_t index)
{
    return (struct framebuffer){ .memory = { phys_addr(GIB(1 + index)), FRAMEBUFFER_BYTES }, .width_px = 800,
                                 .height_px = 600, .pitch_bytes = 3200, .bits_per_pixel = 32, .red = { 16, 8 },
                                 .green = { 8, 8 }, .blue = { 0, 8 } };
}

/* ---- in place of efi/gop.c; a handle is its adapter's number and 1 ---- */

void gop_list(const struct firmware *fw, EFI_HANDLE **ret_handles, UINTN *ret_n)
{
    (void)fw;
    *ret_n = now.n;
    if (EFI_ERROR(fw->boot->AllocatePool(EfiLoaderData, sizeof(EFI_HANDLE) * OUTPUTS_MAX, (void **)ret_handles)))
        fail();
    for (UINTN i = 0; i < now.n; i++)
        (*ret_handles)[i] = (EFI_HANDLE)(i + 1);
}

EFI_GRAPHICS_OUTPUT_PROTOCOL *gop_of(const struct firmware *fw, EFI_HANDLE handle, struct framebuffer *ret_now)
{
    const size_t index = (uintptr_t)handle - 1;

    (void)fw;
    *ret_now = framebuffer_of(index);
    return &now.gops[index];
}

bool gop_mode(const struct firmware *fw, EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, UINT32 mode, struct framebuffer *ret)
{
    (void)fw;
    (void)mode;
    *ret = framebuffer_of((size_t)(gop - now.gops));
    return true;
}

struct gop_choice gop_keep(const struct firmware *fw)
{
    (void)fw;
    if (!now.n)
        return (struct gop_choice){ 0 };
    return (struct gop_choice){ &now.gops[0], 0, framebuffer_of(0), framebuffer_of(0).memory };
}

struct gop_choice gop_choose(const struct firmware *fw, const struct options *options)
{
    (void)options;
    return gop_keep(fw);
}

void gop_activate(const struct gop_choice *choice, struct boot_info *info)
{
    info->framebuffer = now.first_is_lost ? (struct framebuffer){ 0 } : choice->framebuffer;
}

/* ---- a boot ---- */

static EFI_STATUS EFIAPI no_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **ret)
{
    (void)handle;
    (void)guid;
    (void)ret;
    return EFI_NOT_FOUND;
}

struct boot {
    struct fake_firmware fake;
    struct firmware fw;
    struct boot_info info;
    struct handover handover;
    struct limine_entry entry;
    struct limine_request request;
    struct loading loading;
};

static struct loading *start(struct boot *b, unsigned n_outputs, bool first_is_lost)
{
    struct loading *l = &b->loading;

    now.n = n_outputs;
    now.first_is_lost = first_is_lost;
    for (unsigned i = 0; i < OUTPUTS_MAX; i++) {
        now.modes[i].MaxMode = 1;
        now.gops[i].Mode = &now.modes[i];
    }
    *b = (struct boot){ .handover = { .hhdm_offset = HHDM }, .info = { .phys_bits = 47 } };
    b->fw = fake_firmware_open(&b->fake);
    b->fw.boot->HandleProtocol = no_protocol;
    *l = (struct loading){ .fw = &b->fw, .info = &b->info, .limits = { &b->fw, &b->info, { { 0 }, 0 } },
                           .entry = &b->entry, .handover = &b->handover,
                           .image = { (uint8_t *)&b->request, sizeof b->request, 0 } };
    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++)
        l->requests.at[kind] = LIMINE_ABSENT;
    l->requests.at[LIMINE_FRAMEBUFFER] = 0;
    return l;
}

static void end(struct boot *b)
{
    loading_free(&b->loading);
    assert_int_equal(b->fake.live_pages, 0);
    assert_int_equal(b->fake.live_pools, 0);
}

static const void *at(uint64_t direct_map_address)
{
    return identity_pointer(phys_addr(direct_map_address - HHDM));
}

static void check_told(const struct boot *b, size_t first, size_t n)
{
    const struct limine_framebuffer_response *response = at(b->request.response);
    const uint64_t *pointers = at(response->framebuffers);

    assert_int_equal(response->count, n);
    assert_int_equal(b->handover.n_framebuffers, n);
    for (size_t i = 0; i < n; i++) {
        const struct limine_framebuffer *told = at(pointers[i]);

        assert_int_equal(told->address, HHDM + GIB(1 + first + i));
        assert_int_equal(told->width, 800);
        assert_int_equal(told->pitch, 3200);
        assert_int_equal(told->n_modes, 1);
        assert_int_equal(b->handover.framebuffers[i].start.value, GIB(1 + first + i));
        assert_int_equal(b->handover.framebuffers[i].bytes, FRAMEBUFFER_BYTES);
    }
}

static void every_adapter_is_told_of(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= OUTPUTS_MAX; n++) {
        struct boot b;
        struct loading *l = start(&b, n, false);

        assert_int_equal(video_choose(l), EFI_SUCCESS);
        assert_int_equal(b.handover.n_framebuffers, n);
        assert_int_equal(video_answer(l), EFI_SUCCESS);
        check_told(&b, 0, n);
        end(&b);
    }
}

static void an_adapter_that_loses_its_framebuffer_takes_no_other_with_it(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= OUTPUTS_MAX; n++) {
        struct boot b;
        struct loading *l = start(&b, n, true);

        assert_int_equal(video_choose(l), EFI_SUCCESS);
        assert_int_equal(video_answer(l), EFI_SUCCESS);
        assert_int_equal(b.handover.n_framebuffers, n - 1);
        if (n > 1)
            check_told(&b, 1, n - 1);
        else
            assert_int_equal(b.request.response, 0);
        end(&b);
    }
}

static void a_framebuffer_beyond_the_direct_map_is_no_output(void **state)
{
    struct boot b;
    struct loading *l = start(&b, 3, false);

    (void)state;
    assert_non_null(loading_take(l, 1)); /* memory of the host, that lies higher */
    b.info.phys_bits = 31;               /* the second one begins there */
    assert_int_equal(video_choose(l), EFI_SUCCESS);
    assert_int_equal(video_answer(l), EFI_SUCCESS);
    check_told(&b, 0, 1);
    end(&b);
}

static void without_adapters_or_a_request_there_is_no_response(void **state)
{
    struct boot b;
    struct loading *l = start(&b, 0, false);

    (void)state;
    assert_int_equal(video_choose(l), EFI_SUCCESS);
    assert_int_equal(video_answer(l), EFI_SUCCESS);
    assert_int_equal(b.request.response, 0);
    end(&b);
    l = start(&b, 2, false);
    l->requests.at[LIMINE_FRAMEBUFFER] = LIMINE_ABSENT;
    assert_int_equal(video_choose(l), EFI_SUCCESS);
    assert_int_equal(video_answer(l), EFI_SUCCESS);
    assert_int_equal(b.handover.n_framebuffers, 0);
    assert_int_equal(b.fake.allocations, 0);
    end(&b);
}

static void whichever_allocation_fails_everything_is_given_back(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 3; n++) {
        struct boot b;
        struct loading *l = start(&b, 3, false);

        b.fake.allocation_fails_at = n;
        l->arena.left = 0;
        EFI_STATUS status = video_choose(l);

        l->arena.left = 0; /* as if that were all */
        if (!EFI_ERROR(status))
            status = video_answer(l);
        assert_int_equal(status, EFI_OUT_OF_RESOURCES);
        end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_adapter_is_told_of),
        cmocka_unit_test(an_adapter_that_loses_its_framebuffer_takes_no_other_with_it),
        cmocka_unit_test(a_framebuffer_beyond_the_direct_map_is_no_output),
        cmocka_unit_test(without_adapters_or_a_request_there_is_no_response),
        cmocka_unit_test(whichever_allocation_fails_everything_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
