#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../efi/files/device_path.h"

/* PciRoot, a GPT partition, a file in two nodes. */
#define ROOT 0x02, 0x01, 12, 0, 0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0
#define GPT_NODE                                                                                                       \
    0x04, 0x01, 42, 0, 3, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, \
        0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01, 2, 2
#define MBR_NODE                                                                                                       \
    0x04, 0x01, 42, 0, 1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0, 0, 0, 0, \
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1
#define CDROM_NODE 0x04, 0x02, 24, 0, 1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0
#define FILE_A 0x04, 0x04, 10, 0, '\\', 0, 'A', 0, 0, 0
#define FILE_B 0x04, 0x04, 8, 0, 'b', 0, 0, 0
#define END 0x7f, 0xff, 4, 0

/* On the heap, so that reading beyond it is seen. */
static uint8_t *heap(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n);

    memcpy(copy, bytes, n);
    return copy;
}
#define HEAP(...) heap((const uint8_t[]){ __VA_ARGS__ }, sizeof (const uint8_t[]){ __VA_ARGS__ })

static void a_gpt_partition_tells_its_number_and_uuid(void **state)
{
    uint8_t *path = HEAP(ROOT, GPT_NODE, END);
    const struct device_location location = device_path_locate(path);
    const struct limine_uuid uuid = { 0x44332211, 0x6655, 0x8877, { 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01 } };

    (void)state;
    assert_int_equal(device_path_bytes(path), 12 + 42);
    assert_int_equal(location.disk_bytes, 12);
    assert_int_equal(location.partition, 3);
    assert_true(location.gpt && !location.optical);
    assert_memory_equal(&location.partition_uuid, &uuid, sizeof uuid);
    assert_int_equal(location.mbr_disk_id, 0);
    free(path);
}

static void a_partition_of_a_master_boot_record_tells_the_disks_number(void **state)
{
    uint8_t *path = HEAP(ROOT, MBR_NODE, END);
    const struct device_location location = device_path_locate(path);

    (void)state;
    assert_int_equal(location.partition, 1);
    assert_int_equal(location.mbr_disk_id, 0xdeadbeef);
    assert_false(location.gpt);
    assert_int_equal(location.partition_uuid.a, 0);
    free(path);
}

static void a_whole_disk_and_a_disc_have_no_partition(void **state)
{
    uint8_t *disk = HEAP(ROOT, END), *disc = HEAP(ROOT, CDROM_NODE, END);

    (void)state;
    assert_int_equal(device_path_locate(disk).disk_bytes, 12);
    assert_int_equal(device_path_locate(disk).partition, 0);
    assert_false(device_path_locate(disk).optical);
    assert_int_equal(device_path_locate(disc).disk_bytes, 12);
    assert_true(device_path_locate(disc).optical);
    assert_true(device_path_begins(disc, disk, 12));
    assert_false(device_path_begins(disk, disc, 36));
    free(disk);
    free(disc);
}

static void file_nodes_are_joined(void **state)
{
    uint8_t *path = HEAP(ROOT, FILE_A, FILE_B, END);
    uint16_t text[8];

    (void)state;
    assert_int_equal(device_path_file(path, text, 8), 4);
    assert_memory_equal(text, u"\\A\\b", 10);
    assert_int_equal(device_path_file(path, text, 5), 4);
    assert_int_equal(device_path_file(path, text, 4), 0);
    assert_int_equal(device_path_file(path, text, 1), 0);
    assert_int_equal(text[0], 0);
    free(path);
}

static void broken_paths_count_as_empty(void **state)
{
    uint8_t zero_length[] = { ROOT, 4, 4, 0, 0 }, short_length[] = { ROOT, 4, 4, 3, 0, 0, 0 };
    uint8_t *endless = calloc(1, DEVICE_PATH_MAX);
    uint16_t text[8];

    (void)state;
    assert_int_equal(device_path_bytes(NULL), 0);
    assert_int_equal(device_path_bytes(zero_length), 0);
    assert_int_equal(device_path_bytes(short_length), 0);
    for (size_t at = 0; at < DEVICE_PATH_MAX; at += 4)
        memcpy(endless + at, (const uint8_t[]){ 1, 1, 4, 0 }, 4);
    assert_int_equal(device_path_bytes(endless), 0);
    assert_int_equal(device_path_locate(endless).partition, 0);
    assert_int_equal(device_path_file(endless, text, 8), 0);
    free(endless);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gpt_partition_tells_its_number_and_uuid),
        cmocka_unit_test(a_partition_of_a_master_boot_record_tells_the_disks_number),
        cmocka_unit_test(a_whole_disk_and_a_disc_have_no_partition),
        cmocka_unit_test(file_nodes_are_joined),
        cmocka_unit_test(broken_paths_count_as_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
