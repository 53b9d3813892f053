/* The formats of memory maps that others write (mm/host/map_readers.h): what is accepted, what is refused and why. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../mm/host/map_readers.h"

#define WB FIRMWARE_ATTRIBUTE_WB
#define RUNTIME FIRMWARE_ATTRIBUTE_RUNTIME

/* Reads a copy that ends where the text does, so that ASan sees a read beyond it. */
static bool read_bytes(enum map_format format, const char *text, size_t bytes, struct map_text *ret,
                       struct map_text_error *ret_error)
{
    char *copy = malloc(bytes + (bytes == 0));

    memcpy(copy, text, bytes);
    const bool ok = map_read(format, copy, bytes, ret, ret_error);
    free(copy);
    return ok;
}

static void check_map(const struct map_text *t, const struct firmware_descriptor *expected, size_t n)
{
    assert_int_equal(t->map.bytes, n * t->map.stride);
    for (size_t i = 0; i < n; i++) {
        struct firmware_descriptor d;
        memcpy(&d, (const char *)t->map.descriptors + i * t->map.stride, sizeof(d));
        assert_int_equal(d.type, expected[i].type);
        assert_int_equal(d.start, expected[i].start);
        assert_int_equal(d.pages, expected[i].pages);
        assert_int_equal(d.attributes, expected[i].attributes);
    }
}

static struct map_text read_as(enum map_format format, const char *text)
{
    struct map_text_error error = { 0 };
    struct map_text t = { 0 };

    assert_int_equal(map_format_detect(text, strlen(text)), format);
    if (!read_bytes(MAP_FORMATS, text, strlen(text), &t, &error))
        fail_msg("line %zu: %s", error.line, error.reason);
    return t;
}

#define CHECK_READ(format, text, wanted_notes, ...)                                                                    \
    do {                                                                                                               \
        const struct firmware_descriptor expected_[] = { __VA_ARGS__ };                                                \
        struct map_text t_ = read_as(format, text);                                                                    \
        check_map(&t_, expected_, ARRAY_LENGTH(expected_));                                                            \
        assert_int_equal(t_.notes, wanted_notes);                                                                      \
        assert_int_equal(t_.without_attributes, format == MAP_FORMAT_IOMEM || strstr(text, "BIOS-e820: ") != NULL);    \
        map_text_free(&t_);                                                                                            \
    } while (0)
#define ROW(number, from, n, attribute_bits)                                                                           \
    {                                                                                                                  \
        .type = number, .start = from, .pages = n, .attributes = attribute_bits                                        \
    }

static void check_refused(enum map_format format, const char *text, size_t line, const char *reason)
{
    struct map_text_error error = { 0 };
    struct map_text untouched;
    struct map_text t;

    memset(&t, 0x5a, sizeof(t));
    untouched = t;
    assert_false(read_bytes(format, text, strlen(text), &t, &error));
    assert_string_equal(error.reason, reason);
    assert_int_equal(error.line, line);
    assert_memory_equal(&t, &untouched, sizeof(t));
}

static void the_shells_table_is_read_between_prompts_and_totals(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_SHELL,
               "FS0:\\> memmap\r\n"
               "Type       Start            End              # Pages          Attributes\r\n"
               "BS_Code    0000000000000000-0000000000000FFF 0000000000000001 000000000000000F\r\n"
               "Available  0000000000001000-000000000009FFFF 000000000000009F 000000000000000F\r\n"
               "RT_Data    000000007FEEF000-000000007FF6EFFF 0000000000000080 800000000000000F\r\n"
               "70000001   0000000100000000-0000000100000FFF 0000000000000001 000000000000000f\r\n"
               "Reserved   FFFFFFFFFFFFF000-FFFFFFFFFFFFFFFF 0000000000000001 0000000000000000\r\n"
               "Reserved   0000000000000000-FFFFFFFFFFFFFFFF 0000000000000000 0000000000000000\r\n"
               " \r\n"
               "  Reserved  :              2 Pages (8,192 Bytes)\r\n"
               "Total Memory: 0 MB (684,032 Bytes)\r\n",
               0, ROW(3, 0, 1, 0xf), ROW(7, 0x1000, 0x9f, 0xf), ROW(6, 0x7feef000, 0x80, RUNTIME | 0xf),
               ROW(0x70000001, 0x100000000, 1, 0xf), ROW(0, 0xfffffffffffff000, 1, 0), ROW(0, 0, 0, 0));
}

static void every_type_that_the_shell_names_is_known(void **state)
{
    (void)state;
    static const char *const names[] = { "Reserved", "LoaderCode", "LoaderData", "BS_Code",    "BS_Data",   "RT_Code",
                                         "RT_Data",  "available",  "Unusable",   "ACPI_Recl",  "ACPI_NVS",  "MMIO",
                                         "MMIO_Port", "PalCode",   "Persistent", "Unaccepted" };
    static const char *const long_names[] = {
        "Reserved",        "LoaderCode",        "LoaderData",    "BootServiceCode", "BootServiceData",
        "RuntimeCode",     "RuntimeData",       "Available",     "UnusableMemory",  "ACPIReclaimMemory",
        "ACPIMemoryNVS",   "MemoryMappedIO",    "MemoryMappedIOPortSpace", "PalCode", "Persistent", "Unaccepted",
    };
    char text[128];

    for (uint32_t type = 0; type < ARRAY_LENGTH(names); type++) {
        snprintf(text, sizeof(text), "%-10s 0000000000001000-0000000000001FFF 0000000000000001 0000000000000008",
                 names[type]);
        CHECK_READ(MAP_FORMAT_SHELL, text, 0, ROW(type, 0x1000, 1, WB));
        snprintf(text, sizeof(text), "MemoryMap,\"%s\",\"1000\",\"1FFF\",\"1\",\"8\"", long_names[type]);
        CHECK_READ(MAP_FORMAT_SFO, text, 0, ROW(type, 0x1000, 1, WB));
    }
}

static void the_shells_standard_format_is_read(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_SFO,
               "ShellCommand,\"memmap\"\n"
               "MemoryMap,\"BootServiceCode\",\"0\",\"FFF\",\"1\",\"F\"\n"
               "MemoryMap,\"RuntimeData\",\"7FEEF000\",\"7FF6EFFF\",\"80\",\"800000000000000F\"\n"
               "MemoryMapSummary,\"8298496\",\"0\",\"4096\",\"0\",\"0\",\"524288\",\"0\",\"0\",\"0\",\"0\"\n",
               0, ROW(3, 0, 1, 0xf), ROW(6, 0x7feef000, 0x80, RUNTIME | 0xf));
}

static void what_the_shell_wrote_as_utf16_is_read(void **state)
{
    (void)state;
    static const char line[] = "MemoryMap,\"Available\",\"1000\",\"1FFF\",\"1\",\"8\"\r\n";
    static const struct firmware_descriptor expected = ROW(7, 0x1000, 1, WB);
    char wide[2 + 2 * sizeof(line) + 1] = "\xff\xfe";
    struct map_text_error error;
    struct map_text t;

    for (size_t i = 0; i < sizeof(line) - 1; i++)
        wide[2 + 2 * i] = line[i];
    for (size_t skipped = 0; skipped <= 2; skipped += 2)
        for (size_t odd = 0; odd < 2; odd++) {
            assert_true(read_bytes(MAP_FORMATS, wide + skipped, 2 * sizeof(line) - skipped + odd, &t, &error));
            check_map(&t, &expected, 1);
            map_text_free(&t);
        }
}

static void bad_lines_of_the_shell_are_refused(void **state)
{
    (void)state;
    check_refused(MAP_FORMAT_SHELL, "", 0, "no line of the shell's memmap");
    check_refused(MAP_FORMAT_SHELL, "\nStrange 0000000000001000-0000000000001FFF 1 8", 2,
                  "not a type of memory that the shell names");
    check_refused(MAP_FORMAT_SHELL, "MMIO 0000000000001000-0000000000001FFF 2 8", 1,
                  "start, end and pages do not agree");
    check_refused(MAP_FORMAT_SHELL, "MMIO 0000000000001000-0000000000001FFF", 1, "a number is missing");
    check_refused(MAP_FORMAT_SHELL, "MMIO 0000000000001000-0000000000001FFF 1 x", 1, "a number is missing");
    check_refused(MAP_FORMAT_SHELL, "MMIO 0000000000001000-0000000000001FFF 1 8 9", 1, "too many fields");
    check_refused(MAP_FORMAT_SFO, "ShellCommand,\"memmap\"\n", 0, "no line of the shell's memmap -sfo");
    check_refused(MAP_FORMAT_SFO, "MemoryMap,\"MMIO\",\"0\",\"FFF\",\"1\"", 1, "too few fields");
    check_refused(MAP_FORMAT_SFO, "MemoryMap,\"MMIO\",\"0\",\"FFF\",\"1\",8", 1, "a field is not in quotes");
    check_refused(MAP_FORMAT_SFO, "MemoryMap,\"MMIO\",\"0\",\"FFF\",\"1\",\"8", 1, "a field is not in quotes");
    check_refused(MAP_FORMAT_SFO, "MemoryMap,\"MMIO\"\"0\",\"FFF\",\"1\",\"8\"", 1, "a comma is missing");
    check_refused(MAP_FORMAT_SFO, "MemoryMap,\"MMIO\",\"0\",\"FFF\",\"1\",\"8\",\"9\"", 1, "too many fields");
    check_refused(MAP_FORMAT_SFO, "MemoryMap,\"MMIO\",\"0\",\"FFF\",\"1\",\"g\"", 1, "a number is missing");
}

static void every_form_of_linuxs_efi_lines_is_read(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_DMESG,
               "[    0.000000] EFI: mem00: type=3, attr=0xf, range=[0x0000000000000000-0x0000000000001000) (0MB)\n"
               "[    0.000000] EFI: mem01: type=6, attr=0x800000000000000f, range=[0x1000-0x3000) (0MB)\n",
               0, ROW(3, 0, 1, 0xf), ROW(6, 0x1000, 2, RUNTIME | 0xf));
    CHECK_READ(MAP_FORMAT_DMESG,
               "efi: mem00: [Boot Code          |   |  |  |  |   |WB|WT|WC|UC] range=[0x0-0x1000) (0MB)\n"
               "efi: mem01: [Runtime Data       |RUN|  |  |  |   |WB|WT|WC|UC] range=[0x1000-0x3000) (0MB)\n"
               "efi: mem02: [Reserved           |attr=0x070000000000000f] range=[0x3000-0x4000) (0MB)\n"
               "efi: mem03: [Memory Mapped I/O  |RUN|  |  |  |   |  |  |  |UC] range=[0x4000-0x5000) (0MB)\n",
               0, ROW(3, 0, 1, 0xf), ROW(6, 0x1000, 2, RUNTIME | 0xf), ROW(0, 0x3000, 1, 0x070000000000000f),
               ROW(11, 0x4000, 1, RUNTIME | 1));
    CHECK_READ(MAP_FORMAT_DMESG,
               "efi: mem00: [Conventional|   |  |  |SP|NV|XP|  |  |RO|UCE|WB|WT|WC|UC] range=[0x0-0xfff] (0MB)\n"
               "efi: mem01: [type=1879048192|RUN|HP|MR|CC|RP|WP|   |  ] range=[0x1000-0x2fff] (0MB)\n"
               "efi: mem02: [ACPI Mem NVS|   |  |  |  |  |  |  |  |  |  |   |  |  |  |  ] range=[0x0-0x0) (0MB)\n",
               0, ROW(7, 0, 1, 0x6c01f), ROW(1879048192, 0x1000, 2, RUNTIME | 0x193000), ROW(10, 0, 0, 0));
}

static void what_stands_before_a_line_of_a_log_is_skipped(void **state)
{
    (void)state;
    static const char *const prefixes[] = {
        "", "[    0.000000] ", "[    0.000000][    T0] ", "<6>[    0.000000] ", "> > ",
        "kern  :info  : [    0.000000] ",
        "Jul 14 16:09:18 blotter kernel: [    0.000000] ", "Jun 12 10:49:44 localhost kernel: ",
        "2024-10-19T07:54:07.123456+02:00 host kernel: ", "[Sat Oct 16 18:15:28 2021] ",
    };
    char text[256];

    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        snprintf(text, sizeof(text), "%sBIOS-provided physical RAM map:\r\n%sBIOS-e820: [mem 0x1000-0x1fff] usable\r\n",
                 prefixes[i], prefixes[i]);
        CHECK_READ(MAP_FORMAT_DMESG, text, 0, ROW(7, 0x1000, 1, WB));
        snprintf(text, sizeof(text),
                 "%sefi: memattr: Entry 0\n%sefi: mem00: type=7, attr=0x8, range=[0x1000-0x2000) (0MB)", prefixes[i],
                 prefixes[i]);
        CHECK_READ(MAP_FORMAT_DMESG, text, 0, ROW(7, 0x1000, 1, WB));
    }
}

static void the_colours_of_a_terminal_are_no_part_of_a_log(void **state)
{
    static const char cut[] = "7 0x1000 1 0xf\x1b[0";
    struct map_text_error error;
    struct map_text t;

    (void)state;
    CHECK_READ(MAP_FORMAT_DMESG,
               "\x1b[32m[    0.000000] \x1b[0m\x1b[33mBIOS-e820: \x1b[0m[mem 0x0-0xfff] usable\x1b[0m\n"
               "\x1b[32m[    0.000000] \x1b[0m\x1b[33mBIOS-e820: \x1b[0m[mem 0x1000-0x1fff] reser\x1b[1;31mved\x1b[K\n",
               0, ROW(7, 0, 1, WB), ROW(0, 0x1000, 1, WB));
    CHECK_READ(MAP_FORMAT_TEXT, "\x1b[\n7 0x1000 1 0xf\n", 0, ROW(7, 0x1000, 1, 0xf));
    assert_true(read_bytes(MAP_FORMATS, cut, sizeof(cut) - 1, &t, &error));
    map_text_free(&t);
    check_refused(MAP_FORMATS, "7 0x1000 1 0xf\x1b", 1, "not a number");
}

static void every_form_of_the_bioss_lines_is_read(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_DMESG,
               " BIOS-e820: 0000000000000000 - 0000000000001000 (usable)\n"
               " BIOS-e820: 0000000000001000 - 0000000000002000 (ACPI data)\n"
               " BIOS-e820: 0000000000002000 - 0000000000003000 type 20\n",
               0, ROW(7, 0, 1, WB), ROW(9, 0x1000, 1, WB), ROW(0, 0x2000, 1, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               " BIOS-e820: 0000000000001000 @ 0000000000000000 (usable)\n"
               " BIOS-e820: 0000000000002000 @ 0000000000001000 (ACPI NVS)\n",
               0, ROW(7, 0, 1, WB), ROW(10, 0x1000, 2, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               "\"BIOS-e820: [mem 0x0-0xfff] usable\",\n"
               "<p>BIOS-e820: [mem 0x1000-0x1fff] persistent (type 12)</p>\n"
               "<p> BIOS-e820: 2000 - 3000 (reserved)</p>\n",
               0, ROW(7, 0, 1, WB), ROW(14, 0x1000, 1, WB), ROW(0, 0x2000, 1, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               "BIOS-e820: [mem 0x0-0xfff] usable\nBIOS-e820: [mem 0x1000-0x1fff] reserved\n"
               "BIOS-e820: [mem 0x2000-0x2fff] ACPI data\nBIOS-e820: [mem 0x3000-0x3fff] ACPI NVS\n"
               "BIOS-e820: [mem 0x4000-0x4fff] unusable\nBIOS-e820: [mem 0x5000-0x5fff] persistent (type 7)\n"
               "BIOS-e820: [mem 0x6000-0x6fff] soft reserved\nBIOS-e820: [mem 0x7000-0x7fff] type 12\n"
               "BIOS-e820: [mem 0x8000-0x8fff] type 99\n",
               0, ROW(7, 0, 1, WB), ROW(0, 0x1000, 1, WB), ROW(9, 0x2000, 1, WB), ROW(10, 0x3000, 1, WB),
               ROW(8, 0x4000, 1, WB), ROW(14, 0x5000, 1, WB), ROW(0, 0x6000, 1, WB), ROW(14, 0x7000, 1, WB),
               ROW(0, 0x8000, 1, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               "BIOS-e820: [gap 0x0000000000000000-0x0000000000000fff]\n"
               "BIOS-e820: [mem 0x0000000000001000-0x0000000000001fff]  System RAM\n"
               "BIOS-e820: [mem 0x0000000000002000-0x0000000000002fff]  device reserved\n",
               0, ROW(7, 0x1000, 1, WB), ROW(0, 0x2000, 1, WB));
}

/*
 *     usable            |NVS|reserved     |usable
 *     0       0x1000      0x2000      0x3000      0x4000
 *     [usable ][NVS      ][reserved  ][usable    ]
 *
 * iomem: of a laptop, where five devices share a page.
 */
static void ranges_within_pages_are_rounded_without_overlaps(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_DMESG,
               "BIOS-e820: [mem 0x0-0x163f] usable\nBIOS-e820: [mem 0x1640-0x1fff] ACPI NVS\n"
               "BIOS-e820: [mem 0x2000-0x2bff] reserved\nBIOS-e820: [mem 0x2c00-0x3fff] usable\n",
               0, ROW(7, 0, 1, WB), ROW(10, 0x1000, 1, WB), ROW(0, 0x2000, 1, WB), ROW(7, 0x3000, 1, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               "BIOS-e820: [mem 0x1000-0x17ff] ACPI NVS\nBIOS-e820: [mem 0x1800-0x2fff] reserved\n"
               "BIOS-e820: [mem 0x3000-0x37ff] reserved\nBIOS-e820: [mem 0x3800-0x4fff] ACPI data\n",
               0, ROW(0, 0x1000, 2, WB), ROW(0, 0x3000, 1, WB), ROW(9, 0x4000, 1, WB));
    CHECK_READ(MAP_FORMAT_IOMEM,
               "1fe00000-1fffffff : RAM buffer\n20000000-200003ff : 0000:00:1d.7\n20000400-200007ff : 0000:00:1f.2\n"
               "20000800-200009ff : 0000:00:1a.7\n20000a00-20000aff : 0000:00:1f.3\n20000c00-20000dff : 0000:00:1b.0\n"
               "20001000-20001fff : 0000:00:02.0\n",
               0, ROW(0, 0x1fe00000, 0x200, WB), ROW(11, 0x20000000, 1, WB), ROW(11, 0x20001000, 1, WB));
    CHECK_READ(MAP_FORMAT_IOMEM,
               "00001000-000013ff : ACPI Tables\n00001400-000014ff : ACPI Non-volatile Storage\n"
               "00001500-000015ff : ACPI Tables\n00001800-00002fff : Reserved\n",
               0, ROW(0, 0x1000, 2, WB));
    CHECK_READ(MAP_FORMAT_DMESG, "BIOS-e820: [mem 0x0-0xfff] usable\nBIOS-e820: [mem 0x1001-0x1ffe] usable\n", 0,
               ROW(7, 0, 1, WB));
    check_refused(MAP_FORMATS, "BIOS-e820: [mem 0x1001-0x1ffe] usable\n", 0, "no BIOS-e820 line");
    CHECK_READ(MAP_FORMAT_DMESG, "BIOS-e820: [mem 0x0-0xffffffffffffffff] reserved\n", 0,
               ROW(0, 0, 0x10000000000000, WB));
}

static void of_several_maps_the_first_one_is_read(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_DMESG,
               "BIOS-e820: [mem 0x0-0xfff] usable\nBIOS-e820: [mem 0x1000-0x1fff] reserved\n"
               "BIOS-e820: [mem 0x0-0xffff] usable\nBIOS-e820: [mem 0x20000-0x2ffff] usable\n",
               1u << NOTE_LATER_MAPS, ROW(7, 0, 1, WB), ROW(0, 0x1000, 1, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               "BIOS-e820: [mem 0x1000-0x1fff] usable\nBIOS-e820: [mem 0x2000-0x2fff] reserved\n"
               "BIOS-e820: [mem 0x0-0xfff] reserved\nBIOS-e820: [mem 0x1000-0x2fff] usable\n",
               1u << NOTE_LATER_MAPS, ROW(7, 0x1000, 1, WB), ROW(0, 0x2000, 1, WB));
    CHECK_READ(MAP_FORMAT_IOMEM,
               "00001000-0009ffff : System RAM\n000a0000-000fffff : Reserved\n"
               "00001000-0009ffff : System RAM\n000a0000-000fffff : Reserved\n00100000-001fffff : System RAM\n",
               1u << NOTE_LATER_MAPS, ROW(7, 0x1000, 0x9f, WB), ROW(0, 0xa0000, 0x60, WB));
    CHECK_READ(MAP_FORMAT_DMESG,
               "efi: mem00: type=7, attr=0x8, range=[0x0-0x1000) (0MB)\nefi: EFI runtime memory map:\n"
               "efi: mem00: type=6, attr=0x8, range=[0x8000-0x9000) (0MB)\n"
               "efi: mem01: type=6, attr=0x8, range=[0x9000-0xa000) (0MB)\n",
               1u << NOTE_LATER_MAPS, ROW(7, 0, 1, WB));
}

#define SHELL_HEADING "Type       Start            End              # Pages          Attributes\r\n"

static void two_maps_of_the_shell_are_not_made_one(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_SHELL,
               SHELL_HEADING
               "Available  0000000000001000-000000000009FFFF 000000000000009F 000000000000000F\r\n"
               "BS_Code    0000000000000000-0000000000000FFF 0000000000000001 000000000000000F\r\n\r\n" SHELL_HEADING
               "Available  0000000000001000-000000000009FFFF 000000000000009F 000000000000000F\r\n",
               1u << NOTE_LATER_MAPS, ROW(7, 0x1000, 0x9f, 0xf), ROW(3, 0, 1, 0xf));
    CHECK_READ(MAP_FORMAT_SFO,
               "ShellCommand,\"memmap\"\r\nMemoryMap,\"Available\",\"1000\",\"1FFF\",\"1\",\"F\"\r\n"
               "MemoryMapSummary,\"4096\"\r\n"
               "\xef\xbb\xbfShellCommand,\"memmap\"\r\nMemoryMap,\"Available\",\"1000\",\"1FFF\",\"1\",\"F\"\r\n",
               1u << NOTE_LATER_MAPS, ROW(7, 0x1000, 1, 0xf));
}

static void missing_lines_are_told_of(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_DMESG,
               "efi: mem00: type=7, attr=0x8, range=[0x0-0x1000) (0MB)\n"
               "efi: mem02: type=7, attr=0x8, range=[0x8000-0x9000) (0MB)\n",
               1u << NOTE_LINES_MISSING, ROW(7, 0, 1, WB), ROW(7, 0x8000, 1, WB));
}

static void efis_lines_win_over_the_bioss(void **state)
{
    (void)state;
    static const struct firmware_descriptor expected = ROW(7, 0x1000, 1, WB);
    struct map_text t = read_as(MAP_FORMAT_DMESG, "BIOS-e820: [mem 0x0-0xfff] usable\n"
                                                  "efi: mem00: type=7, attr=0x8, range=[0x1000-0x2000) (0MB)\n");

    check_map(&t, &expected, 1);
    assert_int_equal(t.notes, 1u << NOTE_FIRMWARE_PREFERRED);
    assert_false(t.without_attributes);
    map_text_free(&t);
}

static void bad_lines_of_a_log_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *reason;
    } lines[] = {
        { "efi: mem00: type=3, attr=0xf, range=[0x0-0x1000", "the range is not closed" },
        { "efi: mem00: type=3, attr=0xf, range=[0x0", "the end of the range is missing" },
        { "efi: mem00: type=3, attr=0xf, range=[0x0-", "a number is missing" },
        { "efi: mem00: type=3, attr=0xf, range=[0x0-0x1001) (0MB)", "not whole pages" },
        { "efi: mem00: type=3, attr=0xf", "a comma is missing after attr=" },
        { "efi: mem00: type=3", "attr= expected after type=" },
        { "efi: mem00: type=, attr=0xf", "a number is missing" },
        { "efi: mem00: ", "neither type= nor [ follows" },
        { "efi: mem00", "a colon is missing after the number" },
        { "efi: mem99999999999: type=3", "number too large" },
        { "efi: mem00: [Boot Cod|   |WB] range=[0x0-0x1000)", "not a type of memory that the kernel names" },
        { "efi: mem00: [Boot Code|   |WX] range=[0x0-0x1000)", "not an attribute that the kernel names" },
        { "efi: mem00: [Boot Code|   |WB]", "range= expected after the attributes" },
        { "efi: mem00: [Boot Code|   |WB", "range= expected after the attributes" },
        { "efi: mem00: [Boot Code|   |WB] [0x0-0x1000)", "range=[ is missing" },
        { "BIOS-e820: [mem 0x0-0x1000", "the range is not closed" },
        { "BIOS-e820: [mem 0x0-0xfff] useable", "not a type of memory that the kernel names" },
        { "BIOS-e820: [mem 0x0-0xfff] type x", "not a type of memory that the kernel names" },
        { "BIOS-e820: [mem 0x0-0xfff]", "not a type of memory that the kernel names" },
        { "BIOS-e820: [mem 0x2000-0xfff] usable", "the range ends before it starts" },
        { "BIOS-e820: 0000000000000000 0000000000001000 (usable)", "the end of the range is missing" },
        { "BIOS-e820: 0000000000000000 - 0000000000001000 (usable", "not a type of memory that the kernel names" },
        { "BIOS-e820: 0000000000001000 - 0000000000001000 (usable)", "the range ends before it starts" },
        { "BIOS-e820: 0 - 0 (usable)", "the range ends before it starts" },
        { "BIOS-e820: 0000000000001000 @ fffffffffffff000 (usable)", "the range ends before it starts" },
        { "BIOS-e820: [mem 0x10000000000000000-0xfff] usable", "number too large" },
        { "BIOS-e820: something", "a number is missing" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        char text[160];
        snprintf(text, sizeof(text), "Linux version 6.1\n%s\n", lines[i].line);
        check_refused(MAP_FORMATS, text, 2, lines[i].reason);
    }
    check_refused(MAP_FORMAT_DMESG, "Linux version 6.1\n", 0, "neither an efi: mem nor a BIOS-e820 line");
}

static void iomem_counts_at_its_left_margin(void **state)
{
    (void)state;
    CHECK_READ(MAP_FORMAT_IOMEM,
               "```\n[sudo] password for me: \n$ sudo cat /proc/iomem\n"
               "00000000-00000fff : Reserved\n"
               "00001000-0009fbff : System RAM\n"
               "0009fc00-0009ffff : Reserved\n"
               "000a0000-000bffff : PCI Bus 0000:00\n"
               "00100000-7ffdbfff : System RAM\n"
               "  01000000-01e00fff : Kernel code\n"
               "  02000000-02a7dfff : Kernel rodata\n"
               "7ffdc000-7ffeffff : ACPI Tables\n"
               "7fff0000-7fffffff : ACPI Non-volatile Storage\n"
               "b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]\n"
               "  b0000000-bfffffff : Reserved\n"
               "100000000-17fffffff : Persistent Memory\n```\n$ \n",
               0, ROW(0, 0, 1, WB), ROW(7, 0x1000, 0x9e, WB), ROW(0, 0x9f000, 1, WB), ROW(11, 0xa0000, 0x20, WB),
               ROW(7, 0x100000, 0x7fedc, WB), ROW(9, 0x7ffdc000, 0x14, WB), ROW(10, 0x7fff0000, 0x10, WB),
               ROW(11, 0xb0000000, 0x10000, WB), ROW(14, 0x100000000, 0x80000, WB));
}

static void iomem_without_addresses_is_refused_with_the_cause(void **state)
{
    (void)state;
    check_refused(MAP_FORMATS,
                  "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n  00000000-00000000 : X\n", 0,
                  "all addresses are 0: /proc/iomem shows them to root only");
    check_refused(MAP_FORMAT_IOMEM, "", 0, "no line of /proc/iomem");
    check_refused(MAP_FORMATS, "00001000-0009fbff : System RAM\n000a0000-000bffff\n", 2, "START-END : NAME expected");
    check_refused(MAP_FORMAT_IOMEM, "0000-0cf7 : PCI Bus 0000:00\n  0000-001f : dma1\n", 0, "no line of /proc/iomem");
    check_refused(MAP_FORMATS, "00001000-00000fff : System RAM\n", 1, "the range ends before it starts");
}

static void json_keeps_all_that_was_known(void **state)
{
    (void)state;
    static const struct firmware_descriptor expected[] = { ROW(7, 0x1000, 159, 0xf),
                                                           ROW(0x80000000, UINT64_MAX - 0xfff, UINT64_MAX, RUNTIME) };
    struct map_text t =
        read_as(MAP_FORMAT_JSON, "{\"report\":\"map\",\"map\":{\"count\":2,\"descriptor_bytes\":56,\"phys_bits\":36},\n"
                                 "\"descriptors\":[\n"
                                 "{\"index\":0,\"type\":7,\"name\":\"Available\",\"start\":\"0x1000\",\"pages\":159,"
                                 "\"attributes\":\"0xF\"},\n"
                                 "{\"type\":2147483648,\"start\":\"0xFFFFFFFFFFFFF000\",\"pages\":18446744073709551615,"
                                 "\"attributes\":\"0x8000000000000000\"}],\n"
                                 "\"claims\":[{\"name\":\"FRAMEBUFFER\",\"start\":\"0x80000000\",\"bytes\":4096000}],\n"
                                 "\"metadata\":[{\"start\":\"0x100000\",\"bytes\":8192}],\n"
                                 "\"reserved\":[{\"start\":\"0x200000\",\"pages\":16}],\n"
                                 "\"own\":[{\"start\":\"0x300000\",\"bytes\":4096,\"text\":\"a\\nbuffer\"}]}\n");

    check_map(&t, expected, 2);
    assert_int_equal(t.map.stride, 56);
    assert_int_equal(t.phys_bits, 36);
    assert_int_equal(t.n_claims, 1);
    assert_int_equal(t.claims[0].type, REGION_FRAMEBUFFER);
    assert_int_equal(t.claims[0].bytes.start.value, 0x80000000);
    assert_int_equal(t.claims[0].bytes.bytes, 4096000);
    assert_int_equal(t.metadata.start.value, 0x100000);
    assert_int_equal(t.metadata.bytes, 8192);
    assert_int_equal(t.n_reserved, 1);
    assert_int_equal(t.reserved[0].first.value, 0x200);
    assert_int_equal(t.reserved[0].count, 16);
    assert_int_equal(t.n_own, 1);
    assert_int_equal(t.own[0].bytes.start.value, 0x300000);
    assert_int_equal(t.own[0].bytes.bytes, 4096);
    assert_string_equal(t.own[0].use, "a?buffer");
    assert_false(t.without_attributes);
    map_text_free(&t);
}

static void json_without_attributes_says_so(void **state)
{
    (void)state;
    static const struct firmware_descriptor expected = ROW(7, 0x1000, 1, WB);
    struct map_text t = read_as(MAP_FORMAT_JSON, "{\"descriptors\":[{\"type\":7,\"start\":\"0x1000\",\"pages\":1}]}");

    check_map(&t, &expected, 1);
    assert_true(t.without_attributes);
    assert_int_equal(t.map.stride, 48);
    assert_int_equal(t.phys_bits, PHYS_BITS_MAX);
    map_text_free(&t);
}

static void bad_json_is_refused(void **state)
{
    (void)state;
    check_refused(MAP_FORMATS, "{\n\"descriptors\":\n]", 3, "not JSON");
    check_refused(MAP_FORMATS, "{}", 0, "no array \"descriptors\"");
    check_refused(MAP_FORMATS, "{\"descriptors\":{}}", 0, "no array \"descriptors\"");
    check_refused(MAP_FORMATS, "{\"descriptors\":[7]}", 0, "a member is missing: type, start, pages or bytes");
    check_refused(MAP_FORMATS, "{\"descriptors\":[{\"type\":7.5}]}", 0,
                  "a member is neither a whole number nor a string with one");
    check_refused(MAP_FORMATS, "{\"descriptors\":[{\"type\":-1}]}", 0,
                  "a member is neither a whole number nor a string with one");
    check_refused(MAP_FORMATS, "{\"descriptors\":[{\"type\":4294967296,\"start\":0,\"pages\":0}]}", 0,
                  "number too large");
    check_refused(MAP_FORMATS,
                  "{\"descriptors\":[\n{\"type\":7,\"start\":\"0x1000\",\"pages\":18446744073709551616}]}", 2,
                  "number too large");
    check_refused(MAP_FORMATS, "{\"descriptors\":[{\"type\":7,\"start\":\"0x\",\"pages\":0}]}", 0,
                  "a number is missing");
    check_refused(MAP_FORMATS, "{\"descriptors\":[],\"map\":{\"phys_bits\":65}}", 0,
                  "phys_bits or descriptor_bytes cannot be");
    check_refused(MAP_FORMATS, "{\"descriptors\":[],\"map\":{\"descriptor_bytes\":39}}", 0,
                  "phys_bits or descriptor_bytes cannot be");
    check_refused(MAP_FORMATS, "{\"descriptors\":[],\"claims\":[{\"name\":\"USABLE\",\"start\":0,\"bytes\":0}]}", 0,
                  "a claim's name is not that of a type it can have");
    check_refused(MAP_FORMATS, "{\"descriptors\":[],\"reserved\":[{\"start\":1,\"pages\":0}]}", 0,
                  "reserved: not page-aligned, or too large");
    check_refused(MAP_FORMATS, "{\"descriptors\":[],\"own\":[{\"start\":0,\"bytes\":4096}]}", 0,
                  "an own range does not say what it was for");
    check_refused(MAP_FORMATS, "{\"descriptors\":[]}\n}", 2, "not JSON");
    check_refused(MAP_FORMATS, "{\"descriptors\":[]", 1, "not JSON");
    check_refused(MAP_FORMAT_JSON, "", 1, "not JSON");
    check_refused(MAP_FORMAT_JSON, "[]", 0, "no array \"descriptors\"");
    check_refused(MAP_FORMAT_JSON, "7", 1, "not JSON");
    check_refused(MAP_FORMAT_JSON, "null", 1, "not JSON");
}

static void what_is_no_other_format_is_our_own(void **state)
{
    (void)state;
    static const char *const texts[] = { "7 0x1000 1 0xf\n",
                                         "\n# BIOS-e820: [mem 0x0-0xfff] usable\n\n 0x7 0x1000 1 0xf\n",
                                         "# desc_size=48 entries=0" };
    static const char unknown[] =
        "no memory map that I know: neither memmap, dmesg, /proc/iomem, JSON nor map --raw";
    struct map_text_error error;
    struct map_text t;

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        assert_int_equal(map_format_detect(texts[i], strlen(texts[i])), MAP_FORMAT_TEXT);
        assert_true(read_bytes(MAP_FORMATS, texts[i], strlen(texts[i]), &t, &error));
        map_text_free(&t);
    }
    check_refused(MAP_FORMATS, "", 0, "no memory map in it");
    check_refused(MAP_FORMATS, "# BIOS-e820: [mem 0x0-0xfff] usable\n", 0, "no memory map in it");
    check_refused(MAP_FORMATS, "# To whom it may concern\n\nDear Sir,\n7 0x1000 1 0xf\n", 0, unknown);
    check_refused(MAP_FORMATS, "0000-0cf7 : PCI Bus 0000:00\n", 0, unknown);
    check_refused(MAP_FORMAT_TEXT, "Dear Sir,\n", 1, "not a number");
    check_refused(MAP_FORMAT_DMESG, "7 0x1000 1 0xf\n", 0, "neither an efi: mem nor a BIOS-e820 line");
}

#define REPORT_BEGIN                                                                                                   \
    "==== machine ====\r\n\r\nProgram:   x\r\n\r\n==== map ====\r\n\r\n   0 Available 0x0 0x1000\r\n\r\n"
#define RAW_HEADING "==== map --raw ====\r\n\r\n"

static void of_a_report_the_raw_map_is_read(void **state)
{
    static const char text[] = REPORT_BEGIN RAW_HEADING "# desc_size=48 entries=1\r\n7 0x1000 0x2 0xF\r\n\r\n"
                               "==== frames ====\r\n\r\nFree 7\r\nMemoryMap,\"Available\",\"0\",\"FFF\",\"1\",\"F\"\r\n";
    static const char bad[] = REPORT_BEGIN RAW_HEADING "7 0x1000 0x2\r\n";
    static const char none[] = REPORT_BEGIN "==== frames ====\r\n";
    const struct firmware_descriptor expected = { .type = 7, .start = 0x1000, .pages = 2, .attributes = 0xF };
    struct map_text_error error = { 0 };
    struct map_text t = { 0 };

    (void)state;
    assert_true(read_bytes(MAP_FORMATS, text, strlen(text), &t, &error));
    check_map(&t, &expected, 1);
    map_text_free(&t);
    assert_false(read_bytes(MAP_FORMATS, bad, strlen(bad), &t, &error));
    assert_int_equal(error.line, 11);
    assert_false(read_bytes(MAP_FORMATS, none, strlen(none), &t, &error));
}

static void of_the_log_of_a_boot_the_raw_map_is_read(void **state)
{
    static const char text[] =
        "Polyglot OS booting... (0.1.0)\r\nUEFI 2.70 supported! (EDK II)\r\n\r\nMemory map:\r\n"
        "  0x1000 - 0x3000 (8 KB) USABLE\r\n\r\n--- raw map\r\n"
        "# desc_size=48 entries=1\r\n# phys_bits 40\r\n# image 0x3000 0x10\r\n# metadata 0x1000 0x1000\r\n"
        "# reserved 0x4000 1\r\n# type start pages attributes\r\n7 0x1000 0x2 0xF\r\n--- end of raw map\r\n\r\n"
        "Physical allocator: 2 frames (8 KB)\r\n--- raw map\r\n7 0x1000 0x3 0xF\r\n--- end of raw map\r\n";
    const struct firmware_descriptor expected = { .type = 7, .start = 0x1000, .pages = 2, .attributes = 0xF };
    struct map_text_error error = { 0 };
    struct map_text t = { 0 };

    (void)state;
    assert_true(read_bytes(MAP_FORMATS, text, strlen(text), &t, &error));
    check_map(&t, &expected, 1);
    assert_int_equal(t.phys_bits, 40);
    assert_int_equal(t.n_claims, 1);
    assert_int_equal(t.n_reserved, 1);
    map_text_free(&t);
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MAP_FORMATS; i++) {
        enum map_format format;
        assert_true(map_format_find(map_format_name((enum map_format)i), &format));
        assert_int_equal(format, i);
    }
    assert_null(map_format_name(MAP_FORMATS));
    for (unsigned i = 0; i < MAP_NOTES; i++)
        assert_non_null(map_note_text((enum map_note)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shells_table_is_read_between_prompts_and_totals),
        cmocka_unit_test(every_type_that_the_shell_names_is_known),
        cmocka_unit_test(the_shells_standard_format_is_read),
        cmocka_unit_test(what_the_shell_wrote_as_utf16_is_read),
        cmocka_unit_test(bad_lines_of_the_shell_are_refused),
        cmocka_unit_test(every_form_of_linuxs_efi_lines_is_read),
        cmocka_unit_test(what_stands_before_a_line_of_a_log_is_skipped),
        cmocka_unit_test(the_colours_of_a_terminal_are_no_part_of_a_log),
        cmocka_unit_test(every_form_of_the_bioss_lines_is_read),
        cmocka_unit_test(ranges_within_pages_are_rounded_without_overlaps),
        cmocka_unit_test(of_several_maps_the_first_one_is_read),
        cmocka_unit_test(two_maps_of_the_shell_are_not_made_one),
        cmocka_unit_test(missing_lines_are_told_of),
        cmocka_unit_test(efis_lines_win_over_the_bioss),
        cmocka_unit_test(bad_lines_of_a_log_are_refused),
        cmocka_unit_test(iomem_counts_at_its_left_margin),
        cmocka_unit_test(iomem_without_addresses_is_refused_with_the_cause),
        cmocka_unit_test(json_keeps_all_that_was_known),
        cmocka_unit_test(json_without_attributes_says_so),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(what_is_no_other_format_is_our_own),
        cmocka_unit_test(of_a_report_the_raw_map_is_read),
        cmocka_unit_test(of_the_log_of_a_boot_the_raw_map_is_read),
        cmocka_unit_test(formats_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
