/* A kernel's allocator, started from what a Limine-protocol loader answered: with our extension and without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limine_protocol.h"
#include "model_pmm_fixture.h"
#include "pmm_limine.h"

#define MEMORY_BYTES MIB(8) /* of the machine's physical memory, as far as anyone touches it */
#define ENTRIES_MAX 12000
#define CPUS 3

struct machine {
    char *memory; /* physical address 0 */
    struct limine_memory_map_entry entries[ENTRIES_MAX];
    uint64_t addresses[ENTRIES_MAX];
    struct limine_memory_map_response map;
    struct pmm_limine boot;
    struct pmm_fixture f; /* pmm and cpus are used */
};

static struct machine *make_machine(void)
{
    struct machine *m = calloc(1, sizeof(*m));
    void *cpus = NULL;

    assert_non_null(m);
    assert_int_equal(posix_memalign((void **)&m->memory, PAGE_SIZE, MEMORY_BYTES), 0);
    memset(m->memory, 0xA5, MEMORY_BYTES);
    assert_int_equal(posix_memalign(&cpus, _Alignof(struct pmm_cpu), CPUS * sizeof(struct pmm_cpu)), 0);
    m->f.cpus = cpus;
    m->map.entries = virt_of(m->addresses).value;
    m->boot = (struct pmm_limine){ .memory_map = &m->map, .hhdm_offset = virt_of(m->memory).value };
    return m;
}

static void free_machine(struct machine *m)
{
    free(m->memory);
    free(m->f.cpus);
    free(m);
}

static void add(struct machine *m, uint64_t start, uint64_t bytes, enum limine_memory_type type)
{
    const uint64_t i = m->map.count++;

    m->entries[i] = (struct limine_memory_map_entry){ start, bytes, (uint64_t)type };
    m->addresses[i] = virt_of(&m->entries[i]).value;
}

/* A PC in small: 16 GiB, of which nobody touches more than the first MiBs. */
static void add_pc(struct machine *m)
{
    add(m, 0, 0x1000, LIMINE_MEMORY_RESERVED);
    add(m, 0x1000, 0x9e000, LIMINE_MEMORY_USABLE);
    add(m, 0x9f000, 0x61000, LIMINE_MEMORY_RESERVED);
    add(m, 0x100000, 0x8000, LIMINE_MEMORY_USABLE); /* too short for the metadata */
    add(m, 0x108000, 0x4000, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    add(m, 0x10c000, 0x2f4000, LIMINE_MEMORY_USABLE);
    add(m, 0x400000, 0x100000, LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE);
    add(m, 0x500000, 0x4a000, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    add(m, 0x54a000, 0x10000, LIMINE_MEMORY_ACPI_RECLAIMABLE);
    add(m, 0x55a000, GIB(16) - 0x55a000, LIMINE_MEMORY_USABLE);
}
#define PC_FREE (0x9e + 0x8 + 0x2f4 + GIB(16) / PAGE_SIZE - 0x55a)
#define PC_EXECUTABLE (0x4 + 0x4a)
#define PC_LOADER 0x100

static enum pmm_status start(struct machine *m)
{
    return pmm_limine_start(&m->boot, m->f.cpus, CPUS, NO_BARRIER, &m->f.pmm);
}

/* The frames of the metadata: those that a search finds protected. */
static uint64_t metadata_frames(struct machine *m, uint64_t *ret_first)
{
    uint64_t n = 0;

    for (uint64_t f = 1; f < MEMORY_BYTES / PAGE_SIZE; f++)
        if (fixture_try_dealloc(&m->f, f) == PMM_PROTECTED) {
            *ret_first = n++ ? *ret_first : f;
            assert_int_equal(f, *ret_first + n - 1);
        }
    return n;
}

static void without_an_answer_the_memory_map_makes_the_allocator(void **state)
{
    struct machine *m = make_machine();
    uint64_t first = 0;
    (void)state;

    add_pc(m);
    assert_int_equal(start(m), PMM_OK);
    assert_ptr_equal(m->f.pmm, m->memory + 0x10c000); /* the lowest entry that has room */
    const struct pmm_stats stats = fixture_stats(&m->f);
    const uint64_t n_metadata = metadata_frames(m, &first);

    assert_int_equal(first, 0x10c);
    assert_int_equal(stats.total_frames, PC_FREE + PC_EXECUTABLE + PC_LOADER);
    assert_int_equal(stats.usable_frames, PC_FREE + PC_EXECUTABLE);
    assert_int_equal(stats.free_frames, PC_FREE - n_metadata);
    assert_in_range(n_metadata, 16 * 8, 16 * 8 + 20);
    pmm_check_invariants(m->f.pmm, m->f.cpus);
    free_machine(m);
}

static void each_cpu_gets_frames_and_each_kind_of_memory_is_as_promised(void **state)
{
    struct machine *m = make_machine();
    frame_t got;
    (void)state;

    add_pc(m);
    assert_int_equal(start(m), PMM_OK);
    for (unsigned i = 0; i < CPUS; i++)
        assert_int_equal(pmm_alloc_frame(m->f.pmm, &m->f.cpus[i], &got), PMM_OK);
    assert_int_equal(fixture_try_dealloc(&m->f, 0x400), PMM_NOT_USABLE); /* the loader's */
    assert_int_equal(fixture_try_dealloc(&m->f, 0x54a), PMM_NOT_USABLE); /* ACPI's */
    assert_int_equal(pmm_dealloc_run(m->f.pmm, &m->f.cpus[1], frame(0x500), 0x4a), PMM_OK); /* a module */
    assert_int_equal(pmm_reclaim_loader(m->f.pmm, &m->f.cpus[2]), PC_LOADER);
    assert_int_equal(fixture_try_dealloc(&m->f, 0x400), PMM_DOUBLE_FREE);
    assert_int_equal(fixture_try_run(&m->f, 1, 1, PMM_LOW_MEMORY), PMM_OK);
    pmm_check_invariants(m->f.pmm, m->f.cpus);
    free_machine(m);
}

static void with_an_answer_the_loaders_allocator_is_adopted(void **state)
{
    struct machine *m = make_machine();
    struct polyglot_allocator_response answer;
    struct pmm_stats before, after;
    (void)state;

    /* The loader's part, as above: then the block is handed over under another address. */
    add_pc(m);
    assert_int_equal(start(m), PMM_OK);
    fixture_dealloc(&m->f, 0x500, 10);
    before = fixture_stats(&m->f);
    pmm_drain(m->f.pmm, m->f.cpus);
    pmm_seal(m->f.pmm);
    char *elsewhere = aligned_alloc(PAGE_SIZE, MEMORY_BYTES);
    memcpy(elsewhere, m->memory, MEMORY_BYTES);
    memset(m->memory, 0, MEMORY_BYTES);
    answer = (struct polyglot_allocator_response){
        .response_bytes = sizeof(answer),
        .metadata = virt_of(elsewhere + 0x10c000).value,
        .metadata_bytes = MIB(1),
        .metadata_physical = 0x10c000,
        .metadata_version = POLYGLOT_METADATA_VERSION,
    };
    m->boot.allocator = &answer;
    m->boot.memory_map = NULL; /* not needed */
    assert_int_equal(start(m), PMM_OK);
    assert_ptr_equal(m->f.pmm, elsewhere + 0x10c000);
    after = fixture_stats(&m->f);
    assert_memory_equal(&after, &before, sizeof(after));
    assert_int_equal(pmm_reclaim_loader(m->f.pmm, m->f.cpus), PC_LOADER);
    pmm_check_invariants(m->f.pmm, m->f.cpus);
    free(elsewhere);
    free_machine(m);
}

static void an_answer_that_makes_no_sense_is_refused_and_the_map_suffices(void **state)
{
    struct machine *m = make_machine();
    struct polyglot_allocator_response answer = {
        .response_bytes = sizeof(answer),
        .metadata = virt_of(m->memory + 0x200000).value,
        .metadata_bytes = MIB(1),
        .metadata_physical = 0x200000,
        .metadata_version = POLYGLOT_METADATA_VERSION,
    };
    (void)state;

    add_pc(m);
    m->boot.allocator = &answer;
    assert_int_equal(start(m), PMM_BAD_MAGIC);
    answer.metadata_version++;
    assert_int_equal(start(m), PMM_BAD_VERSION);
    answer.response_bytes = 8;
    assert_int_equal(start(m), PMM_BAD_METADATA);
    m->boot.allocator = NULL;
    assert_int_equal(start(m), PMM_OK);
    assert_int_equal(fixture_stats(&m->f).total_frames, PC_FREE + PC_EXECUTABLE + PC_LOADER);
    free_machine(m);
}

/* What two entries claim, and pages that an entry has only part of, are nobody's. */
static void what_is_in_doubt_is_left_out(void **state)
{
    struct machine *m = make_machine();
    (void)state;

    add(m, 0x100000, 0x200000, LIMINE_MEMORY_USABLE);
    add(m, 0x2ff800, 0x800, LIMINE_MEMORY_RESERVED);         /* reaches into it */
    add(m, 0x300000, 0x10800, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    add(m, 0x310800, 0xf800, LIMINE_MEMORY_USABLE);          /* begins in a page of the module's */
    add(m, 0x318000, 0x1000, LIMINE_MEMORY_ACPI_NVS);        /* in its middle */
    add(m, 0x320000, 0x10000, LIMINE_MEMORY_RESERVED);
    add(m, 0x324000, 0x4000, LIMINE_MEMORY_USABLE);          /* inside something reserved */
    add(m, 0x330000, 0x10000, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    add(m, 0x330000, 0x10000, LIMINE_MEMORY_RESERVED);       /* the same bytes */
    add(m, 0x340000, 0, LIMINE_MEMORY_USABLE);
    add(m, 0x340000, 0x10000, LIMINE_MEMORY_USABLE);
    add(m, 0x360000, UINT64_MAX, 99);                        /* wraps */
    add(m, 0xffffffffffff0000, 0x20000, LIMINE_MEMORY_USABLE);
    assert_int_equal(start(m), PMM_OK);
    assert_int_equal(fixture_stats(&m->f).total_frames, 0x1ff + 0x10 + 0x7 + 0x10);
    assert_true(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x2fe)));
    assert_false(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x2ff)));
    assert_true(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x30f)));
    assert_false(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x310)));
    assert_true(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x317)));
    assert_false(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x319)));
    assert_false(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x325)));
    assert_false(pmm_is_usable(m->f.pmm, m->f.cpus, frame(0x330)));
    assert_int_equal(fixture_try_dealloc_run(&m->f, 0x300, 0x10), PMM_OK);
    pmm_check_invariants(m->f.pmm, m->f.cpus);
    free_machine(m);
}

static void a_kernel_that_lies_in_frame_zero_is_no_obstacle(void **state)
{
    struct machine *m = make_machine();
    (void)state;

    add(m, 0, 0x1000, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    add(m, 0x1000, 0x2000, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    add(m, 0x100000, 0x100000, LIMINE_MEMORY_USABLE);
    assert_int_equal(start(m), PMM_OK);
    assert_int_equal(fixture_try_dealloc(&m->f, 0), PMM_PROTECTED);
    assert_int_equal(fixture_try_dealloc_run(&m->f, 1, 2), PMM_OK);
    free_machine(m);
}

static void maps_of_thousands_of_entries_need_no_other_limit(void **state)
{
    struct machine *m = make_machine();
    (void)state;

    add(m, MIB(1), MIB(2), LIMINE_MEMORY_USABLE);
    for (uint64_t i = 1; i < ENTRIES_MAX; i++)
        add(m, MIB(3) + i * 3 * PAGE_SIZE, PAGE_SIZE, i % 3 ? i % 3 == 1 ? LIMINE_MEMORY_USABLE
            : LIMINE_MEMORY_EXECUTABLE_AND_MODULES : LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE);
    assert_int_equal(start(m), PMM_OK);
    const struct pmm_stats stats = fixture_stats(&m->f);

    assert_int_equal(stats.total_frames, MIB(2) / PAGE_SIZE + ENTRIES_MAX - 1);
    assert_int_equal(stats.usable_frames, stats.total_frames - (ENTRIES_MAX - 1) / 3);
    assert_int_equal(pmm_reclaim_loader(m->f.pmm, m->f.cpus), (ENTRIES_MAX - 1) / 3);
    pmm_check_invariants(m->f.pmm, m->f.cpus);
    free_machine(m);
}

static void a_map_without_room_is_refused(void **state)
{
    struct machine *m = make_machine();
    (void)state;

    assert_int_equal(start(m), PMM_NO_MEMORY); /* no entry at all */
    add(m, 0x1000, 0x9e000, LIMINE_MEMORY_USABLE); /* below 1 MiB */
    add(m, MIB(1), MIB(1), LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE);
    add(m, MIB(2), KIB(64), LIMINE_MEMORY_USABLE);
    assert_int_equal(start(m), PMM_NO_MEMORY);
    add(m, MIB(3), KIB(128), LIMINE_MEMORY_USABLE);
    assert_int_equal(pmm_limine_start(&m->boot, m->f.cpus, 0, NO_BARRIER, &m->f.pmm), PMM_BAD_RANGE);
    assert_int_equal(pmm_limine_start(&m->boot, m->f.cpus, PMM_CPUS_MAX + 1, NO_BARRIER, &m->f.pmm), PMM_BAD_RANGE);
    m->boot.memory_map = NULL;
    assert_int_equal(start(m), PMM_BAD_RANGE);
    assert_null(m->f.pmm);
    m->boot.memory_map = &m->map;
    assert_int_equal(start(m), PMM_OK);
    free_machine(m);
}

static void an_entry_that_crosses_one_mib_is_used_above_it(void **state)
{
    struct machine *m = make_machine();
    (void)state;

    add(m, 0x80000, MIB(1), LIMINE_MEMORY_USABLE);
    assert_int_equal(start(m), PMM_OK);
    assert_ptr_equal(m->f.pmm, m->memory + MIB(1));
    free_machine(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_answer_the_memory_map_makes_the_allocator),
        cmocka_unit_test(each_cpu_gets_frames_and_each_kind_of_memory_is_as_promised),
        cmocka_unit_test(with_an_answer_the_loaders_allocator_is_adopted),
        cmocka_unit_test(an_answer_that_makes_no_sense_is_refused_and_the_map_suffices),
        cmocka_unit_test(what_is_in_doubt_is_left_out),
        cmocka_unit_test(a_kernel_that_lies_in_frame_zero_is_no_obstacle),
        cmocka_unit_test(maps_of_thousands_of_entries_need_no_other_limit),
        cmocka_unit_test(a_map_without_room_is_refused),
        cmocka_unit_test(an_entry_that_crosses_one_mib_is_used_above_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
