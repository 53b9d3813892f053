/* A whole memory test on a fake firmware: what it takes, what it says, how it ends; memory with two addresses is bad. */
#include <stdarg.h>
#include <stddef.h>
#include <limits.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "../efi/memtest/memtest.h"
#include "fake_firmware.h"

#define RAM_PAGES 1024
#define WB FIRMWARE_ATTRIBUTE_WB
#define TEXT_MAX 65536
#define NEVER UINT_MAX

/* ---- the machine ---- */

static struct {
    struct fake_firmware fake;
    struct firmware fw;
    uint8_t *ram;
    bool is_taken[RAM_PAGES], is_refused[RAM_PAGES];
    unsigned keys_until_esc;
    EFI_STATUS(EFIAPI *allocate)(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages, EFI_PHYSICAL_ADDRESS *at);
    EFI_STATUS(EFIAPI *free)(EFI_PHYSICAL_ADDRESS at, UINTN pages);
} m;

static uint64_t address_of_page(size_t page) { return (uintptr_t)m.ram + page * PAGE_SIZE; }

static bool is_in_ram(uint64_t at) { return at >= address_of_page(0) && at < address_of_page(RAM_PAGES); }

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *at)
{
    if (how != AllocateAddress)
        return m.allocate(how, type, pages, at);
    assert_int_equal(type, EfiLoaderData);
    assert_true(is_in_ram(*at) && pages <= (address_of_page(RAM_PAGES) - *at) / PAGE_SIZE);

    const size_t first = (*at - address_of_page(0)) / PAGE_SIZE;

    for (size_t i = first; i < first + pages; i++)
        if (m.is_taken[i] || m.is_refused[i])
            return EFI_NOT_FOUND;
    memset(m.is_taken + first, true, pages);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS at, UINTN pages)
{
    if (!is_in_ram(at))
        return m.free(at, pages);
    for (size_t i = (at - address_of_page(0)) / PAGE_SIZE, end = i + pages; i < end; i++) {
        assert_true(m.is_taken[i]);
        m.is_taken[i] = false;
    }
    return EFI_SUCCESS;
}

/* So quick that the test takes a time stamp counter's millionth tick for a second. */
static EFI_STATUS EFIAPI stall(UINTN us)
{
    (void)us;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI locate(EFI_GUID *guid, VOID *registration, VOID **ret)
{
    (void)guid;
    (void)registration;
    *ret = NULL;
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI read_key(SIMPLE_INPUT_INTERFACE *in, EFI_INPUT_KEY *key)
{
    (void)in;
    if (m.keys_until_esc == NEVER || m.keys_until_esc--)
        return EFI_NOT_READY;
    *key = (EFI_INPUT_KEY){ .ScanCode = SCAN_ESC };
    return EFI_SUCCESS;
}

/* Memory of the machine's; `aliases` pages at its end are the same as those at its beginning. */
static void power_on(const struct firmware_descriptor *map, size_t n, size_t aliases)
{
    static SIMPLE_INPUT_INTERFACE keyboard = { .ReadKeyStroke = read_key, .WaitForKey = &keyboard };
    const int file = memfd_create("ram", 0);
    const off_t bytes = RAM_PAGES * PAGE_SIZE;

    memset(&m, 0, sizeof m);
    m.keys_until_esc = NEVER;
    assert_int_equal(ftruncate(file, bytes), 0);
    m.ram = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_ptr_not_equal(m.ram, MAP_FAILED);
    if (aliases)
        assert_ptr_not_equal(mmap(m.ram + (RAM_PAGES - aliases) * PAGE_SIZE, aliases * PAGE_SIZE, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_FIXED, file, 0),
                             MAP_FAILED);
    close(file);
    m.fw = fake_firmware_open(&m.fake);
    m.fake.descriptors = map;
    m.fake.map_bytes = n * sizeof *map;
    m.allocate = m.fw.boot->AllocatePages;
    m.free = m.fw.boot->FreePages;
    m.fw.boot->AllocatePages = allocate_pages;
    m.fw.boot->FreePages = free_pages;
    m.fw.boot->Stall = stall;
    m.fw.boot->LocateProtocol = locate;
    m.fw.system->ConIn = &keyboard;
}

static void power_off(void)
{
    for (size_t i = 0; i < RAM_PAGES; i++)
        assert_false(m.is_taken[i]);
    assert_int_equal(m.fake.live_pages + m.fake.live_pools, 0);
    munmap(m.ram, RAM_PAGES * PAGE_SIZE);
}

/* The map says where the memory is before there is any: it is moved there. */
static void place(struct firmware_descriptor *map, size_t n)
{
    for (size_t i = 0; i < n; i++)
        map[i].start += address_of_page(0);
}

static EFI_STATUS run(const struct memtest_options *options, enum report_format format, char *text)
{
    struct boot_info info = { .phys_bits = 52 };
    size_t n;
    const struct buffer_sink sink = buffer_sink(text, TEXT_MAX, &n);
    struct command command = { .description = &test_command, .fw = &m.fw, .info = &info,
                               .style = { .format = format, .sink = &sink.sink } };
    const EFI_STATUS status = memtest_run(&command, options);

    text[n < TEXT_MAX ? n : TEXT_MAX - 1] = 0;
    return status;
}

static struct memtest_options options_of(unsigned patterns)
{
    struct memtest_options options = memtest_options_default();

    options.patterns = patterns;
    options.seed = 1;
    options.has_seed = true;
    return options;
}

/* Bytes that the account says of this line; 0: it has none. */
static uint64_t bytes_of(const char *text, const char *what)
{
    const char *line = strstr(text, what), *at;

    if (!line)
        return 0;
    for (at = line; at > text && at[-1] != '\n'; at--)
        ;
    return strtoull(at, NULL, 10);
}

static char text[TEXT_MAX];

/* ---- what is taken ---- */

static void what_the_firmware_refuses_is_left_out_in_small_pieces_and_everything_is_accounted_for(void **state)
{
    struct firmware_descriptor map[] = {
        { .type = FIRMWARE_CONVENTIONAL, .start = 0, .pages = 600, .attributes = WB },
        { .type = FIRMWARE_BOOT_SERVICES_DATA, .start = 600 * PAGE_SIZE, .pages = 100, .attributes = WB },
        { .type = FIRMWARE_CONVENTIONAL, .start = 700 * PAGE_SIZE, .pages = 100, .attributes = WB },
        { .type = FIRMWARE_CONVENTIONAL, .start = 800 * PAGE_SIZE, .pages = 24, .attributes = 0 },
        { .type = FIRMWARE_RESERVED, .start = 824 * PAGE_SIZE, .pages = 100, .attributes = WB },
        { .type = FIRMWARE_LOADER_CODE, .start = 924 * PAGE_SIZE, .pages = 100, .attributes = WB },
    };
    const struct memtest_options options = options_of(TEST_PATTERN_BIT(TEST_ADDRESS));
    uint64_t tested, refused, left;

    (void)state;
    power_on(map, ARRAY_LENGTH(map), 0);
    place(map, ARRAY_LENGTH(map));
    memset(m.ram, 0x77, RAM_PAGES * PAGE_SIZE);
    m.is_refused[10] = m.is_refused[333] = m.is_refused[701] = true;
    assert_int_equal(run(&options, REPORT_TEXT, text), EFI_SUCCESS);
    tested = bytes_of(text, "  tested\n") / PAGE_SIZE;
    refused = bytes_of(text, "  free, refused by the firmware\n") / PAGE_SIZE;
    left = bytes_of(text, "  free, left for the firmware\n") / PAGE_SIZE;
    assert_int_equal(left, (700 + 15) / 16);
    assert_in_range(refused, 3, 3 * 64);
    assert_int_equal(tested + refused + left, 700);
    assert_int_equal(bytes_of(text, "  free, not for general use\n"), 24 * PAGE_SIZE);
    assert_int_equal(bytes_of(text, "  BootServiceData\n"), 100 * PAGE_SIZE);
    assert_int_equal(bytes_of(text, "  LoaderCode\n"), 100 * PAGE_SIZE);
    assert_int_equal(bytes_of(text, "  in all\n"), 924 * PAGE_SIZE);
    for (size_t i = 0, written = 0; i <= RAM_PAGES; i++) {
        if (i == RAM_PAGES)
            assert_int_equal(written, tested);
        else
            written += m.ram[i * PAGE_SIZE] != 0x77 || m.ram[i * PAGE_SIZE + 1] != 0x77;
    }
    power_off();
}

static void memory_that_is_not_there_is_a_failure_and_takes_nothing(void **state)
{
    struct firmware_descriptor map[] = { { .type = FIRMWARE_BOOT_SERVICES_DATA, .start = 0, .pages = 9, .attributes = WB } };
    const struct memtest_options options = options_of(TEST_PATTERN_BIT(TEST_ADDRESS));

    (void)state;
    power_on(map, 1, 0);
    place(map, 1);
    assert_int_equal(run(&options, REPORT_TEXT, text), EFI_NOT_FOUND);
    assert_non_null(strstr(m.fake.console, "no free memory from 0x0 to "));
    power_off();
}

/* ---- how it ends ---- */

static struct firmware_descriptor all_free = { .type = FIRMWARE_CONVENTIONAL, .pages = RAM_PAGES, .attributes = WB };

static struct firmware_descriptor *free_memory(size_t aliases)
{
    all_free.start = 0;
    power_on(&all_free, 1, aliases);
    place(&all_free, 1);
    return &all_free;
}

static void a_test_that_is_stopped_before_a_whole_pass_is_no_success_and_claims_no_more_than_was_done(void **state)
{
    const struct memtest_options options = options_of(TEST_PATTERNS_USUAL);
    uint64_t mib_all;

    (void)state;
    free_memory(0);
    m.keys_until_esc = 0;
    assert_int_equal(run(&options, REPORT_TEXT, text), EFI_ABORTED);
    assert_non_null(strstr(text, "Test stopped: 0 passes, "));
    assert_null(strstr(text, "  tested\n"));
    mib_all = bytes_of(text, "  under test, but not through with it\n");
    assert_int_equal(mib_all, RAM_PAGES * PAGE_SIZE * 15 / 16);
    power_off();

    free_memory(0);
    m.keys_until_esc = 0;
    assert_int_equal(run(&options, REPORT_CSV, text), EFI_ABORTED);

    const char *pattern = strstr(text, "\npattern,\"address\",");

    assert_non_null(pattern);
    assert_in_range(strtoull(pattern + strlen("\npattern,\"address\",,,"), NULL, 10), 1, mib_all / 2);
    power_off();
}

static void a_test_whose_time_is_up_before_a_whole_pass_is_no_success(void **state)
{
    struct memtest_options options = options_of(TEST_PATTERNS_USUAL);

    (void)state;
    options.minutes = 1;
    free_memory(0);
    assert_int_equal(run(&options, REPORT_TEXT, text), EFI_TIMEOUT);
    assert_non_null(strstr(text, "Test time is up: 0 passes, "));
    power_off();
}

static void bit_fade_waits_twice_and_is_in_the_time_left(void **state)
{
    struct memtest_options options = options_of(TEST_PATTERN_BIT(TEST_FADE));
    const char *left;

    (void)state;
    options.fade_s = 1000;
    free_memory(0);
    assert_int_equal(run(&options, REPORT_TEXT, text), EFI_SUCCESS);
    left = strstr(m.fake.console, " MB/s  ");
    assert_non_null(left);
    assert_in_range(strtoull(left + strlen(" MB/s  "), NULL, 10), 1000 / 60, 2 * 1000 / 60 + 1);
    assert_non_null(strstr(text, "Test complete: 1 pass, "));
    power_off();
}

/* ---- errors ---- */

static void memory_with_two_addresses_is_found_by_address_and_reported_by_word_and_page(void **state)
{
    const struct memtest_options options = options_of(TEST_PATTERN_BIT(TEST_ADDRESS));

    (void)state;
    free_memory(RAM_PAGES / 2);
    assert_int_equal(run(&options, REPORT_TEXT, text), COMMAND_MEMORY_ERRORS);
    assert_non_null(strstr(text, "ERROR at "));
    assert_non_null(strstr(text, "More words were wrong than are listed.\n"));
    assert_non_null(strstr(text, "bad_memory: 0x"));
    assert_non_null(strstr(text, "K$0x"));
    assert_non_null(strstr(text, "  badram 0x"));
    power_off();
}

/* As many ranges as the loader takes, and more than have room on a command line. */
static void ranges_that_linux_has_no_room_for_are_not_printed_for_it(void **state)
{
    static struct firmware_descriptor map[RAM_PAGES / 2];
    const struct memtest_options options = options_of(TEST_PATTERN_BIT(TEST_ADDRESS));

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(map); i++)
        map[i] = (struct firmware_descriptor){ .type = FIRMWARE_CONVENTIONAL, .start = 2 * i * PAGE_SIZE, .pages = 1,
                                               .attributes = WB };
    power_on(map, ARRAY_LENGTH(map), RAM_PAGES / 2);
    place(map, ARRAY_LENGTH(map));
    assert_int_equal(run(&options, REPORT_TEXT, text), COMMAND_MEMORY_ERRORS);
    assert_non_null(strstr(text, "bad_memory: 0x"));
    assert_null(strstr(text, "good memory between them"));
    assert_non_null(strstr(text, "For Linux and GRUB there are too many ranges"));
    assert_null(strstr(text, "memmap="));
    power_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_firmware_refuses_is_left_out_in_small_pieces_and_everything_is_accounted_for),
        cmocka_unit_test(memory_that_is_not_there_is_a_failure_and_takes_nothing),
        cmocka_unit_test(a_test_that_is_stopped_before_a_whole_pass_is_no_success_and_claims_no_more_than_was_done),
        cmocka_unit_test(a_test_whose_time_is_up_before_a_whole_pass_is_no_success),
        cmocka_unit_test(bit_fade_waits_twice_and_is_in_the_time_left),
        cmocka_unit_test(memory_with_two_addresses_is_found_by_address_and_reported_by_word_and_page),
        cmocka_unit_test(ranges_that_linux_has_no_room_for_are_not_printed_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
