/* The kernel's own file and the modules. */
#include "check.h"
#include "check_image.h"
#include "checks.h"
#include "requests.h"

#define FNV_OFFSET 0xCBF29CE484222325ull
#define FNV_PRIME 0x100000001B3ull

static void check_uuid_is_zero(const char *name, const struct limine_uuid *uuid)
{
    const uint8_t *bytes = (const uint8_t *)uuid;
    uint64_t n = 0;

    for (size_t i = 0; i < sizeof(*uuid); i++)
        n += bytes[i] != 0;
    check_equal(name, 0, n);
}

/* Its bytes, as two numbers. */
static void print_uuid(const char *key, const struct limine_uuid *uuid)
{
    uint64_t words[2];

    __builtin_memcpy(words, uuid, sizeof(words));
    info(key, words[0]);
    info(key, words[1]);
}

/* On a disk without partitions everything about them is zero; elsewhere, the tests look at what is printed. */
static void check_volume(const struct limine_file *f)
{
    check_equal("file.media_type", LIMINE_MEDIA_DISK, f->media_type);
    if (test_config.partition_index == PARTITIONS_DIFFER)
        check_skip("file.partition_index", "files lie on several");
    else
        check_equal("file.partition_index", test_config.partition_index, f->partition_index);
    if (test_config.partition_index) {
        print_uuid("file_gpt_disk_uuid", &f->gpt_disk_uuid);
        print_uuid("file_gpt_partition_uuid", &f->gpt_partition_uuid);
        print_uuid("file_part_uuid", &f->partition_uuid);
        info("file_partition_index", f->partition_index);
        info("file_mbr_disk_id", f->mbr_disk_id);
        return;
    }
    check_equal("file.mbr_disk_id", 0, f->mbr_disk_id);
    check_uuid_is_zero("file.gpt_disk_uuid", &f->gpt_disk_uuid);
    check_uuid_is_zero("file.gpt_partition_uuid", &f->gpt_partition_uuid);
    check_uuid_is_zero("file.partition_uuid", &f->partition_uuid);
}

/* What is true of every file; whether its bytes can be looked at. */
static bool check_file(struct context *c, const struct limine_file *f, enum limine_memory_type type)
{
    const uint64_t phys = f->address - c->hhdm, pages = round_up(f->bytes, PAGE);
    const bool is_reachable = f->address >= c->hhdm && map_covers(c, phys, f->bytes, TYPE_BIT(type));

    check_that("file.memory", is_handed_over(c, (uint64_t)f, sizeof(*f)), (uint64_t)f);
    check_equal("file.revision", 0, f->revision);
    check_equal("file.alignment", 0, f->address % PAGE);
    check_that("file.map_type", is_reachable, f->address);
    check_that("file.path_memory", is_text_handed_over(c, f->path), f->path);
    /* Limine 8.2.0 leaves an internal module's string in the image. */
    if (c->is_limine_8)
        check_skip("file.string_memory", "Limine 8.2.0");
    else
        check_that("file.string_memory", is_text_handed_over(c, f->string), f->string);
    check_volume(f);
    if (is_reachable && pages)
        note_region(c, phys, pages, "file");
    return is_reachable;
}

static uint64_t fnv(const uint8_t *bytes, uint64_t n)
{
    uint64_t hash = FNV_OFFSET;

    for (uint64_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    return hash;
}

/* The text segment is the same in the file and in memory; the tests compare the hash of the whole file. */
static void check_executable_bytes(const struct limine_file *f)
{
    const uint8_t *bytes = (const uint8_t *)f->address;
    const uint64_t text_bytes = (uint64_t)(image_rodata_start - image_text_start);
    bool is_found = false;

    for (uint64_t at = 0; at + text_bytes <= f->bytes && !is_found; at += PAGE)
        is_found = !__builtin_memcmp(bytes + at, image_text_start, text_bytes);
    check_that("executable_file.text", is_found, f->address);
    info("executable_file_bytes", f->bytes);
    info("executable_file_fnv", fnv(bytes, f->bytes));
}

static void check_executable_file(struct context *c)
{
    const struct limine_executable_file_response *r = requests_answer(LIMINE_EXECUTABLE_FILE);
    const struct limine_executable_cmdline_response *cmdline = requests_answer(LIMINE_EXECUTABLE_CMDLINE);

    if (!r)
        return;
    const struct limine_file *f = (const struct limine_file *)r->file;

    check_set_prefix("executable.");
    if (check_file(c, f, LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE))
        check_executable_bytes(f);
    check_text("path", (const char *)test_config.path, (const char *)f->path);
    check_text("string", (const char *)test_config.cmdline, (const char *)f->string);
    if (cmdline)
        check_equal("cmdline_is_string", f->string, cmdline->cmdline);
    check_set_prefix("");
}

/* xorshift64 (Marsaglia), low bytes first: the numbers that start at the seed. The first byte that differs, or n. */
static uint64_t first_wrong_byte(const uint8_t *bytes, uint64_t n, uint64_t seed)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % sizeof(seed) == 0) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
        }
        if (bytes[i] != (uint8_t)(seed >> i % sizeof(seed) * 8))
            return i;
    }
    return n;
}

static void check_module(struct context *c, const struct limine_file *f, const struct config_module *expected)
{
    check_text("path", expected->path, (const char *)f->path);
    check_text("string", expected->string, (const char *)f->string);
    check_equal("bytes", expected->bytes, f->bytes);
    if (!check_file(c, f, LIMINE_MEMORY_EXECUTABLE_AND_MODULES))
        return;
    check_equal("contents", f->bytes, first_wrong_byte((const uint8_t *)f->address, f->bytes, expected->seed));
}

static void check_modules(struct context *c)
{
    static const char prefixes[][9] = { "module0.", "module1.", "module2.", "module3.",
                                        "module4.", "module5.", "module6.", "module7." };
    const struct limine_module_response *r = requests_answer(LIMINE_MODULE);

    if (!r)
        return;
    check_equal("module.count", test_config.n_modules, r->count);
    check_that("module.list_memory", is_handed_over(c, r->modules, r->count * sizeof(uint64_t)), r->modules);
    for (uint64_t i = 0; i < r->count && i < test_config.n_modules; i++) {
        check_set_prefix(prefixes[i]);
        check_module(c, ((const struct limine_file *const *)r->modules)[i],
                     (const struct config_module *)&test_config.modules[i]);
    }
    check_set_prefix("");
}

void check_files(struct context *c)
{
    check_executable_file(c);
    check_modules(c);
}
