#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fake_firmware.h"

/* A machine of 256 MiB. */
static const struct firmware_descriptor ram[] = {
    { .type = FIRMWARE_CONVENTIONAL, .start = 0x1000, .pages = 0x9f, .attributes = FIRMWARE_ATTRIBUTE_WB },
    { .type = FIRMWARE_CONVENTIONAL, .start = MIB(1), .pages = 0xe000, .attributes = FIRMWARE_ATTRIBUTE_WB },
    { .type = FIRMWARE_BOOT_SERVICES_DATA, .start = 0xe100000, .pages = 0x1f00, .attributes = FIRMWARE_ATTRIBUTE_WB },
};

static EFI_STATUS some_tables(void *context, const struct map_buffer *buffer, struct region_map *map,
                              uint64_t *ret_frames)
{
    (void)context;
    (void)buffer;
    *ret_frames = 2 + map->n_regions;
    return EFI_SUCCESS;
}

/* Allocates what the built-in kernel needs. */
static EFI_STATUS allocate(const struct firmware *fw, struct boot_info *info, struct map_buffer *ret_map)
{
    const struct gop_choice no_graphics = { 0 };
    const struct memory_demand demand = {
        .stack_bytes = KIB(64),
        .view = REGION_VIEW_OWNED,
        .claims = info->claims,
        .n_claims = info->n_claims,
        .claims_capacity = info->claims_capacity,
        .allocator = true,
        .tables = some_tables,
    };

    return loader_memory_allocate(fw, &no_graphics, &demand, info, ret_map);
}

static struct boot_info new_info(void)
{
    return (struct boot_info){ .image = { phys_addr(MIB(16)), MIB(1) }, .phys_bits = 47 };
}

static void everything_is_allocated_as_whole_pages(void **state)
{
    struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram };
    const struct firmware fw = fake_firmware_open(&fake);
    struct boot_info info = new_info();
    struct map_buffer map;

    (void)state;
    assert_int_equal(allocate(&fw, &info, &map), EFI_SUCCESS);
    for (unsigned use = 0; use < LOADER_USES; use++) {
        const struct phys_range *range = &info.loader[use];

        assert_int_equal((range->start.value | range->bytes) & PAGE_MASK, 0);
        assert_true(use >= LOADER_CONSOLE_CELLS ? range->bytes == 0 : range->bytes >= PAGE_SIZE);
        for (unsigned other = 0; other < use; other++)
            assert_false(phys_ranges_overlap(*range, info.loader[other]));
    }
    assert_true(info.loader[LOADER_METADATA].bytes >= 32768 / 4); /* a bit per frame of 256 MiB */
    assert_ptr_equal(map.descriptors, (void *)info.loader[LOADER_FIRMWARE_MAP].start.value);
    assert_int_equal(map.capacity, info.loader[LOADER_FIRMWARE_MAP].bytes);
    assert_true(map.capacity >= sizeof ram + 64 * map.stride);
    assert_string_equal(fake.console, "");
    loader_memory_free(&fw, &info);
    assert_int_equal(fake.live_pages, 0);
}

static void whichever_allocation_fails_everything_is_given_back(void **state)
{
    struct fake_firmware counting = { .descriptors = ram, .map_bytes = sizeof ram };
    const struct firmware all = fake_firmware_open(&counting);
    struct boot_info info = new_info();
    struct map_buffer map;

    (void)state;
    assert_int_equal(allocate(&all, &info, &map), EFI_SUCCESS);
    for (unsigned n = 1; n <= counting.allocations; n++) {
        struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram, .allocation_fails_at = n };
        const struct firmware fw = fake_firmware_open(&fake);

        info = new_info();
        assert_int_equal(allocate(&fw, &info, &map), EFI_OUT_OF_RESOURCES);
        assert_int_equal(fake.allocations, n);
        assert_int_equal(fake.live_pages, 0);
        assert_non_null(strstr(fake.console, "BOOTX64.EFI: cannot allocate "));
        assert_non_null(strstr(fake.console, ": Out of Resources\r\n"));
        assert_ptr_equal(strchr(fake.console, '\n') + 1, fake.console + strlen(fake.console)); /* one line */
    }
}

static void a_map_that_grows_with_each_allocation_is_caught_up_with(void **state)
{
    struct fake_firmware fake = { .map_bytes = 4000, .grow_on_allocation = 4000 };
    const struct firmware fw = fake_firmware_open(&fake);
    struct boot_info info = new_info();
    struct map_buffer map;

    (void)state;
    /* Descriptors of zero pages: readable, but no memory. */
    assert_int_equal(allocate(&fw, &info, &map), EFI_OUT_OF_RESOURCES);
    assert_non_null(strstr(fake.console, "no usable memory in the firmware's map of "));
    assert_int_equal(fake.live_pages, 0);
}

static void a_stride_that_cannot_hold_a_descriptor_is_refused(void **state)
{
    (void)state;
    for (UINTN stride = 0; stride < sizeof(struct firmware_descriptor); stride++) {
        struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram, .stride = stride,
                                      .stride_is_zero = stride == 0 };
        const struct firmware fw = fake_firmware_open(&fake);
        struct boot_info info = new_info();
        struct map_buffer map;

        assert_int_equal(allocate(&fw, &info, &map), EFI_UNSUPPORTED);
        assert_non_null(strstr(fake.console, "the firmware's memory descriptors have "));
        assert_int_equal(fake.live_pages, 0);
    }
}

static void a_map_that_cannot_be_read_is_an_error(void **state)
{
    struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram, .map_fails_at = 1,
                                  .map_status = EFI_DEVICE_ERROR };
    const struct firmware fw = fake_firmware_open(&fake);
    struct boot_info info = new_info();
    struct map_buffer map;

    (void)state;
    assert_int_equal(allocate(&fw, &info, &map), EFI_DEVICE_ERROR);
    assert_non_null(strstr(fake.console, "Device Error"));
    assert_int_equal(fake.live_pages, 0);
}

/* GetMemoryMap() is dear on a map of many descriptors. */
static void a_map_of_usual_size_is_read_once(void **state)
{
    struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram };
    const struct firmware fw = fake_firmware_open(&fake);
    struct boot_info info = new_info();
    struct map_buffer map;

    (void)state;
    assert_int_equal(allocate(&fw, &info, &map), EFI_SUCCESS);
    assert_int_equal(fake.maps, 1);
    loader_memory_free(&fw, &info);
}

static void pages_that_are_no_memory_are_not_taken(void **state)
{
    struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram };
    const struct firmware fw = fake_firmware_open(&fake);
    struct boot_info info = new_info();
    struct map_buffer map;

    (void)state;
    struct region_claim claim = { fake_first_arena(), REGION_RESERVED };

    info.claims = &claim;
    info.n_claims = info.claims_capacity = 1;
    assert_int_equal(allocate(&fw, &info, &map), EFI_SUCCESS);
    for (unsigned use = 0; use < LOADER_USES; use++)
        assert_false(phys_ranges_overlap(info.loader[use], fake_first_arena()));
    loader_memory_free(&fw, &info);
    assert_int_equal(fake.live_pages, 0);
}

static void sizes_that_no_machine_has_are_refused(void **state)
{
    static const uint64_t sizes[] = { (1ull << PHYS_BITS_MAX) + 1, UINT64_MAX - PAGE_SIZE, UINT64_MAX };
    struct fake_firmware fake = { .descriptors = ram, .map_bytes = sizeof ram };
    const struct firmware fw = fake_firmware_open(&fake);
    const struct boot_info info = new_info();
    const struct page_limits limits = { &fw, &info, { { 0 }, 0 } };
    struct phys_range range;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        assert_int_equal(pages_allocate(&limits, sizes[i], PAGE_SIZE, &range), EFI_OUT_OF_RESOURCES);
    assert_int_equal(fake.allocations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_allocated_as_whole_pages),
        cmocka_unit_test(whichever_allocation_fails_everything_is_given_back),
        cmocka_unit_test(a_map_that_grows_with_each_allocation_is_caught_up_with),
        cmocka_unit_test(a_stride_that_cannot_hold_a_descriptor_is_refused),
        cmocka_unit_test(a_map_that_cannot_be_read_is_an_error),
        cmocka_unit_test(a_map_of_usual_size_is_read_once),
        cmocka_unit_test(pages_that_are_no_memory_are_not_taken),
        cmocka_unit_test(sizes_that_no_machine_has_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
