#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "boot_path.h"

#define GUID "736b5698-5ae1-4dff-be2c-ef8f44a61c52"
#define HEX_16 "00112233445566778899AAbbCCddEEff"
#define BLAKE2B HEX_16 HEX_16 HEX_16 HEX_16

static struct boot_path parse(const char *text)
{
    struct boot_path path;
    size_t position;

    assert_int_equal(boot_path_parse(text, strlen(text), &path, &position), BOOT_PATH_OK);
    return path;
}

static void expect_path(const struct boot_path *path, enum boot_resource resource, const char *text)
{
    assert_int_equal(path->resource, resource);
    assert_int_equal(path->path_bytes, strlen(text));
    assert_memory_equal(path->path, text, strlen(text));
}

static void expect_refused(const char *text, enum boot_path_status status, size_t position)
{
    struct boot_path path;
    size_t found;
    char *const copy = malloc(strlen(text) + 1); /* without a terminator: AddressSanitizer sees who reads on */

    memcpy(copy, text, strlen(text));
    assert_int_equal(boot_path_parse(copy, strlen(text), &path, &found), status);
    assert_int_equal(found, position);
    free(copy);
}

/* ---- resources ---- */

static void boot_names_the_volume_or_a_partition(void **state)
{
    struct boot_path path = parse("boot():/boot/kernel.elf");

    (void)state;
    expect_path(&path, BOOT_RESOURCE_BOOT, "/boot/kernel.elf");
    assert_false(path.has_partition);
    assert_false(path.gzip);
    assert_int_equal(path.hash, BOOT_HASH_NONE);
    path = parse("Boot(2):/k");
    expect_path(&path, BOOT_RESOURCE_BOOT, "/k");
    assert_true(path.has_partition);
    assert_int_equal(path.partition, 2);
    path = parse("boot(0):/k");
    assert_true(path.has_partition);
    assert_int_equal(path.partition, 0);
}

static void disks_have_a_drive_and_perhaps_a_partition(void **state)
{
    struct boot_path path = parse("hdd(3:1):/a");

    (void)state;
    expect_path(&path, BOOT_RESOURCE_HDD, "/a");
    assert_int_equal(path.drive, 3);
    assert_true(path.has_partition);
    assert_int_equal(path.partition, 1);
    path = parse("odd(256:):/a b(1):/c");
    expect_path(&path, BOOT_RESOURCE_ODD, "/a b(1):/c");
    assert_int_equal(path.drive, 256);
    assert_false(path.has_partition);
}

static void a_guid_is_mixed_endian_and_as_written(void **state)
{
    static const uint8_t guid[] = { 0x98, 0x56, 0x6b, 0x73, 0xe1, 0x5a, 0xff, 0x4d,
                                    0xbe, 0x2c, 0xef, 0x8f, 0x44, 0xa6, 0x1c, 0x52 };
    static const uint8_t uuid[] = { 0x73, 0x6b, 0x56, 0x98, 0x5a, 0xe1, 0x4d, 0xff,
                                    0xbe, 0x2c, 0xef, 0x8f, 0x44, 0xa6, 0x1c, 0x52 };
    const struct boot_path path = parse("guid(" GUID "):/k");
    const struct boot_path same = parse("uuid(736B5698-5AE1-4DFF-BE2C-EF8F44A61C52):/k");

    (void)state;
    expect_path(&path, BOOT_RESOURCE_GUID, "/k");
    assert_memory_equal(path.guid, guid, sizeof guid);
    assert_memory_equal(path.uuid, uuid, sizeof uuid);
    assert_int_equal(same.resource, BOOT_RESOURCE_GUID);
    assert_memory_equal(same.guid, guid, sizeof guid);
}

static void a_label_may_hold_almost_anything(void **state)
{
    const struct boot_path path = parse("fslabel(My (old) disk):/k");

    (void)state;
    expect_path(&path, BOOT_RESOURCE_FSLABEL, "/k");
    assert_int_equal(path.label_bytes, 13);
    assert_memory_equal(path.label, "My (old) disk", 13);
}

static void tftp_has_an_address_or_none(void **state)
{
    struct boot_path path = parse("tftp(10.0.255.1):/k");

    (void)state;
    expect_path(&path, BOOT_RESOURCE_TFTP, "/k");
    assert_true(path.has_ip);
    assert_memory_equal(path.ip, ((uint8_t[]){ 10, 0, 255, 1 }), 4);
    path = parse("tftp():/k");
    assert_false(path.has_ip);
}

static void without_a_resource_it_is_a_path(void **state)
{
    static const char *const plain[] = { "/boot/kernel.elf", "kernel.elf", "./a(1):/b", "../x", "\\boot\\k", "k",
                                         "a/b(c)", "1(2):/3", "boot", "a:b" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(plain); i++) {
        const struct boot_path path = parse(plain[i]);

        expect_path(&path, BOOT_RESOURCE_SAME, plain[i]);
    }
}

static void a_dollar_marks_gzip(void **state)
{
    struct boot_path path = parse("$boot():/k.gz");

    (void)state;
    expect_path(&path, BOOT_RESOURCE_BOOT, "/k.gz");
    assert_true(path.gzip);
    path = parse("$/k$");
    expect_path(&path, BOOT_RESOURCE_SAME, "/k$");
    assert_true(path.gzip);
}

/* ---- hashes ---- */

static void a_hash_is_told_by_its_length(void **state)
{
    static const uint8_t digest[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                      0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
    struct boot_path path = parse("boot():/k#" BLAKE2B);

    (void)state;
    expect_path(&path, BOOT_RESOURCE_BOOT, "/k");
    assert_int_equal(path.hash, BOOT_HASH_BLAKE2B_512);
    for (unsigned i = 0; i < 4; i++)
        assert_memory_equal(path.digest + 16 * i, digest, 16);
    path = parse("boot():/k#" HEX_16 HEX_16);
    assert_int_equal(path.hash, BOOT_HASH_BLAKE3_256);
    path = parse("boot():/k#" BLAKE2B BLAKE2B);
    assert_int_equal(path.hash, BOOT_HASH_BLAKE3_1024);
    path = parse("/a#b#" BLAKE2B);
    expect_path(&path, BOOT_RESOURCE_SAME, "/a#b");
    assert_string_equal(boot_hash_name(BOOT_HASH_BLAKE3_256), "BLAKE3-256");
}

static void a_bad_hash_is_refused(void **state)
{
    (void)state;
    expect_refused("/k#", BOOT_PATH_BAD_HASH_LENGTH, 3);
    expect_refused("/k#12", BOOT_PATH_BAD_HASH_LENGTH, 3);
    expect_refused("/k#" BLAKE2B "0", BOOT_PATH_BAD_HASH_LENGTH, 3);
    expect_refused("/k#x" HEX_16 "0112233445566778899aabbccddeeff", BOOT_PATH_BAD_HASH_DIGIT, 3);
}

/* ---- refusals ---- */

static void a_broken_resource_is_refused_at_its_place(void **state)
{
    static const struct { const char *text; enum boot_path_status status; size_t position; } cases[] = {
        { "", BOOT_PATH_EMPTY, 0 },
        { "$", BOOT_PATH_EMPTY, 1 },
        { "boot():/", BOOT_PATH_EMPTY, 7 },
        { "boot():/#" BLAKE2B, BOOT_PATH_EMPTY, 7 },
        { "#" BLAKE2B, BOOT_PATH_EMPTY, 0 },
        { "cdrom():/k", BOOT_PATH_UNKNOWN_RESOURCE, 0 },
        { "boots():/k", BOOT_PATH_UNKNOWN_RESOURCE, 0 },
        { "boot:///k", BOOT_PATH_OLD, 0 },
        { "boot(", BOOT_PATH_OPEN, 5 },
        { "boot()", BOOT_PATH_OPEN, 5 },
        { "boot():", BOOT_PATH_OPEN, 5 },
        { "boot():k", BOOT_PATH_OPEN, 5 },
        { "boot(x):/k", BOOT_PATH_BAD_NUMBER, 5 },
        { "boot(1x):/k", BOOT_PATH_BAD_NUMBER, 6 },
        { "boot(257):/k", BOOT_PATH_BAD_NUMBER, 5 },
        { "boot(99999999999999999999):/k", BOOT_PATH_BAD_NUMBER, 5 },
        { "boot(-1):/k", BOOT_PATH_BAD_NUMBER, 5 },
        { "hdd():/k", BOOT_PATH_BAD_NUMBER, 4 },
        { "hdd(0:1):/k", BOOT_PATH_BAD_NUMBER, 5 },
        { "hdd(1):/k", BOOT_PATH_BAD_NUMBER, 5 },
        { "hdd(:1):/k", BOOT_PATH_BAD_NUMBER, 4 },
        { "hdd(1:257):/k", BOOT_PATH_BAD_NUMBER, 6 },
        { "hdd(1:1:1):/k", BOOT_PATH_BAD_NUMBER, 7 },
        { "guid():/k", BOOT_PATH_BAD_GUID, 5 },
        { "guid(736b5698-5ae1-4dff-be2c-ef8f44a61c5):/k", BOOT_PATH_BAD_GUID, 40 },
        { "guid(736b5698-5ae1-4dff-be2c-ef8f44a61c520):/k", BOOT_PATH_BAD_GUID, 41 },
        { "guid(736b5698-5ae1-4dff-be2c-ef8f44a61c5g):/k", BOOT_PATH_BAD_GUID, 40 },
        { "guid(736b56980-ae1-4dff-be2c-ef8f44a61c52):/k", BOOT_PATH_BAD_GUID, 13 },
        { "uuid(1234-ABCD):/k", BOOT_PATH_BAD_GUID, 9 },
        { "fslabel():/k", BOOT_PATH_BAD_LABEL, 8 },
        { "tftp(10.0.0):/k", BOOT_PATH_BAD_ADDRESS, 11 },
        { "tftp(10.0.0.256):/k", BOOT_PATH_BAD_ADDRESS, 12 },
        { "tftp(10.0.0.1.):/k", BOOT_PATH_BAD_ADDRESS, 13 },
        { "/a\tb", BOOT_PATH_BAD_CHARACTER, 2 },
        { "boot():/a\x7f", BOOT_PATH_BAD_CHARACTER, 9 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        expect_refused(cases[i].text, cases[i].status, cases[i].position);
}

static void every_status_has_words(void **state)
{
    (void)state;
    for (unsigned status = 0; status <= BOOT_PATH_STATUSES; status++)
        assert_true(strlen(boot_path_status_text((enum boot_path_status)status)) > 4);
    assert_string_equal(boot_resource_name(BOOT_RESOURCE_FSLABEL), "fslabel");
    assert_string_equal(boot_resource_name(BOOT_RESOURCES), "");
}

/* ---- normal form ---- */

static void expect_normal(const char *path, const char *base, const char *expected)
{
    char normal[64];
    size_t bytes;

    assert_int_equal(boot_path_normalise(path, strlen(path), base, strlen(base), normal, sizeof normal, &bytes),
                     BOOT_PATH_OK);
    assert_string_equal(normal, expected);
    assert_int_equal(bytes, strlen(expected));
}

static void dots_and_doubled_slashes_are_resolved(void **state)
{
    (void)state;
    expect_normal("/boot/kernel", "", "/boot/kernel");
    expect_normal("//boot///./kernel/", "", "/boot/kernel");
    expect_normal("/a/b/../../c/./..", "", "/");
    expect_normal("/a/../b", "", "/b");
    expect_normal("/..a/...", "", "/..a/...");
    expect_normal("\\boot\\x/y", "", "/boot/x/y");
    expect_normal("/", "", "/");
}

static void nothing_leads_above_the_root(void **state)
{
    (void)state;
    expect_normal("/../../etc", "", "/etc");
    expect_normal("../../../x", "/boot", "/x");
    expect_normal("..", "/", "/");
}

static void a_relative_path_starts_at_the_base(void **state)
{
    (void)state;
    expect_normal("test.elf", "/boot", "/boot/test.elf");
    expect_normal("./limine.conf", "/boot", "/boot/limine.conf");
    expect_normal("/boot/test.elf", "/elsewhere", "/boot/test.elf");
    expect_normal("../m", "/boot/sub/", "/boot/m");
    expect_normal("m", "/", "/m");
    expect_normal("m", "", "/m");
}

static void normal_form_is_bounded(void **state)
{
    char room[8];
    size_t bytes;

    (void)state;
    memset(room, 'x', sizeof room);
    assert_int_equal(boot_path_normalise("/234567", 7, "", 0, room, 8, &bytes), BOOT_PATH_OK);
    assert_int_equal(bytes, 7);
    for (size_t capacity = 0; capacity < 8; capacity++)
        assert_int_equal(boot_path_normalise("/234567", 7, "", 0, room, capacity, &bytes), BOOT_PATH_TOO_LONG);
    assert_int_equal(boot_path_normalise("/", 1, "", 0, room, 1, &bytes), BOOT_PATH_TOO_LONG);
    assert_int_equal(boot_path_normalise("", 0, "/b", 2, room, 8, &bytes), BOOT_PATH_EMPTY);
    assert_int_equal(boot_path_normalise("a\n", 2, "/b", 2, room, 8, &bytes), BOOT_PATH_BAD_CHARACTER);
}

static void a_directory_is_what_precedes_the_name(void **state)
{
    (void)state;
    assert_int_equal(boot_path_directory_bytes("/boot/kernel", 12), 5);
    assert_int_equal(boot_path_directory_bytes("/kernel", 7), 1);
    assert_int_equal(boot_path_directory_bytes("/", 1), 1);
    assert_int_equal(boot_path_directory_bytes("", 0), 0);
}

/* ---- for the firmware ---- */

static void the_firmware_gets_utf_16_with_backslashes(void **state)
{
    static const char path[] = "/b\xc3\xb6t/\xe2\x82\xac\xf0\x9f\x98\x80";
    static const uint16_t expected[] = { '\\', 'b', 0xf6, 't', '\\', 0x20ac, 0xd83d, 0xde00, 0 };
    uint16_t wide[sizeof path];
    size_t units;

    (void)state;
    assert_int_equal(boot_path_to_efi(path, sizeof path - 1, wide, ARRAY_LENGTH(wide), &units), BOOT_PATH_OK);
    assert_int_equal(units, 8);
    assert_memory_equal(wide, expected, sizeof expected);
    assert_int_equal(boot_path_to_efi(path, sizeof path - 1, wide, 9, &units), BOOT_PATH_OK);
    for (size_t capacity = 0; capacity < 9; capacity++)
        assert_int_equal(boot_path_to_efi(path, sizeof path - 1, wide, capacity, &units), BOOT_PATH_TOO_LONG);
}

static void what_is_not_utf_8_is_refused(void **state)
{
    static const char *const bad[] = { "/\x80", "/\xc3", "/\xc3/", "/\xed\xa0\x80", "/\xc0\xaf", "/\xf4\x90\x80\x80" };
    uint16_t wide[32];
    size_t units;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_int_equal(boot_path_to_efi(bad[i], strlen(bad[i]), wide, ARRAY_LENGTH(wide), &units),
                         BOOT_PATH_BAD_CHARACTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_names_the_volume_or_a_partition),
        cmocka_unit_test(disks_have_a_drive_and_perhaps_a_partition),
        cmocka_unit_test(a_guid_is_mixed_endian_and_as_written),
        cmocka_unit_test(a_label_may_hold_almost_anything),
        cmocka_unit_test(tftp_has_an_address_or_none),
        cmocka_unit_test(without_a_resource_it_is_a_path),
        cmocka_unit_test(a_dollar_marks_gzip),
        cmocka_unit_test(a_hash_is_told_by_its_length),
        cmocka_unit_test(a_bad_hash_is_refused),
        cmocka_unit_test(a_broken_resource_is_refused_at_its_place),
        cmocka_unit_test(every_status_has_words),
        cmocka_unit_test(dots_and_doubled_slashes_are_resolved),
        cmocka_unit_test(nothing_leads_above_the_root),
        cmocka_unit_test(a_relative_path_starts_at_the_base),
        cmocka_unit_test(normal_form_is_bounded),
        cmocka_unit_test(a_directory_is_what_precedes_the_name),
        cmocka_unit_test(the_firmware_gets_utf_16_with_backslashes),
        cmocka_unit_test(what_is_not_utf_8_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
