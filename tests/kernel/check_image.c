#include "check_image.h"

#include "check.h"
#include "checks.h"
#include "requests.h"
#include "tables.h"

#define UNTOUCHED_BYTES 0x5000
#define DATA_WORDS 512
#define FIRST_WORD 0x0123456789ABCDEFull

/* Larger than a page: the tail of the last page of the file's part and whole pages after it. */
static uint8_t untouched[UNTOUCHED_BYTES] __attribute__((aligned(4096)));
static uint64_t initialized[DATA_WORDS] = { [0] = FIRST_WORD, [DATA_WORDS - 1] = ~FIRST_WORD };

static bool is_zero(const volatile uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i])
            return false;
    return true;
}

static void check_place(struct context *context)
{
    const struct limine_executable_address_response *r = requests_answer(LIMINE_EXECUTABLE_ADDRESS);
    const uint64_t start = (uint64_t)image_text_start, bytes = (uint64_t)image_end - start;

    check_that("image.lowest_address", start >= IMAGE_WINDOW, start);
    if (!test_config.is_relocatable)
        check_equal("image.link_address", IMAGE_WINDOW, start);
    else
        check_skip("image.link_address", "relocatable");
    if (!r)
        return;
    check_equal("image.virtual_base", start, r->virtual_base);
    check_equal("image.physical_base", tables_translate(context, start), r->physical);
    check_that("image.map_type", map_covers(context, r->physical, bytes,
                                            TYPE_BIT(LIMINE_MEMORY_EXECUTABLE_AND_MODULES)), r->physical);
    info("image_virtual", start);
    note_region(context, r->physical, bytes, "image");
}

static void check_entry(void)
{
    check_equal("image.entry", requests_has(LIMINE_ENTRY_POINT) ? ENTRY_REQUESTED : ENTRY_OF_ELF, boot_state.entry);
}

void check_image(struct context *context)
{
    check_place(context);
    check_entry();
    check_that("image.bss_is_zero", is_zero(untouched, sizeof(untouched)), (uint64_t)untouched);
    check_that("image.data", initialized[0] == FIRST_WORD && initialized[DATA_WORDS - 1] == ~FIRST_WORD &&
               is_zero((const uint8_t *)&initialized[1], (DATA_WORDS - 2) * sizeof(uint64_t)), (uint64_t)initialized);
    check_relocations();
}
