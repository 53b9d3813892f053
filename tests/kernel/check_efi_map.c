/* The kernel's map against the firmware's own, which the EFI Memory Map request hands over. */
#include "check.h"
#include "checks.h"
#include "efi_types.h"
#include "requests.h"

#define RUNTIME_MAPPED_FROM 5
#define ACPI_MAPPED_FROM 4

#define USABLE TYPE_BIT(LIMINE_MEMORY_USABLE)
#define RESERVED TYPE_BIT(LIMINE_MEMORY_RESERVED)
#define RECLAIMABLE TYPE_BIT(LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE)
#define EXECUTABLE TYPE_BIT(LIMINE_MEMORY_EXECUTABLE_AND_MODULES)
#define BAD TYPE_BIT(LIMINE_MEMORY_BAD)
#define MAPPED TYPE_BIT(LIMINE_MEMORY_RESERVED_MAPPED)

/*
 * What the kernel's map may say of memory of a type of the firmware's. What the loader took for itself is there under
 * the type that it took it as, or, where it took all memory, as conventional.
 */
static unsigned allowed_types(const struct context *c, const struct firmware_descriptor *d)
{
    const unsigned tables = c->revision >= ACPI_MAPPED_FROM ? MAPPED : 0;
    const unsigned bad = test_config.has_bad_memory ? BAD : 0;

    switch (d->type) {
    case FIRMWARE_CONVENTIONAL:
        return USABLE | RECLAIMABLE | EXECUTABLE;
    case FIRMWARE_LOADER_CODE:
    case FIRMWARE_LOADER_DATA:
        /* Reserved by Limine 8.2.0. */
        return RECLAIMABLE | EXECUTABLE | tables | (c->is_limine_8 ? RESERVED : 0);
    case FIRMWARE_BOOT_CODE:
    case FIRMWARE_BOOT_DATA:
        /* Usable, and so perhaps in use, under Limine 8.2.0. */
        return RECLAIMABLE | tables | bad | (c->is_limine_8 ? USABLE | EXECUTABLE | RESERVED : 0);
    case FIRMWARE_RUNTIME_CODE:
    case FIRMWARE_RUNTIME_DATA:
        return c->revision >= RUNTIME_MAPPED_FROM ? MAPPED : RESERVED | tables;
    case FIRMWARE_ACPI_RECLAIM:
        return TYPE_BIT(LIMINE_MEMORY_ACPI_RECLAIMABLE);
    case FIRMWARE_ACPI_NVS:
        return TYPE_BIT(LIMINE_MEMORY_ACPI_NVS);
    case FIRMWARE_UNUSABLE:
        return BAD;
    default:
        return RESERVED | tables;
    }
}

/* The first byte of a range that no entry of the allowed types holds; end: there is none. */
static uint64_t first_other(const struct context *c, uint64_t start, uint64_t end, unsigned allowed)
{
    for (size_t i = 0; i < c->n_entries && start < end; i++) {
        const struct limine_memory_map_entry *e = &c->entries[i];
        /* The rest of a framebuffer's last page is nobody's. */
        const uint64_t granule = e->type == LIMINE_MEMORY_FRAMEBUFFER ? PAGE : 1;
        const uint64_t entry_end = round_up(e->base + e->length, granule);

        if (TYPE_BIT(e->type) & allowed && start >= round_down(e->base, granule) && start < entry_end)
            start = entry_end;
    }
    return start < end ? start : end;
}

/* Page 0 is never usable before base revision 3, and a framebuffer may lie in anything. */
static void check_descriptor_types(const struct context *c, const struct limine_efi_memory_map_response *r)
{
    for (uint64_t at = 0; at < r->bytes; at += r->descriptor_bytes) {
        const struct firmware_descriptor *d = (const struct firmware_descriptor *)(r->map + at);
        const uint64_t start = d->start ? d->start : PAGE, end = d->start + d->n_pages * PAGE;
        const unsigned allowed = allowed_types(c, d) | TYPE_BIT(LIMINE_MEMORY_FRAMEBUFFER);
        const uint64_t other = start < end ? first_other(c, start, end, allowed) : end;

        if (other != end) {
            info("efi_type", d->type);
            check_that("efi_map.types_agree", false, other);
            return;
        }
    }
    check_that("efi_map.types_agree", true, 0);
}

static bool is_free(const struct context *c, const struct firmware_descriptor *d)
{
    return d->type == FIRMWARE_CONVENTIONAL ||
           (c->is_limine_8 && (d->type == FIRMWARE_BOOT_CODE || d->type == FIRMWARE_BOOT_DATA));
}

/* The end of the descriptor, of those that are free, that holds the byte; the byte itself if there is none. */
static uint64_t end_of_free(const struct context *c, const struct limine_efi_memory_map_response *r, uint64_t byte)
{
    for (uint64_t at = 0; at < r->bytes; at += r->descriptor_bytes) {
        const struct firmware_descriptor *d = (const struct firmware_descriptor *)(r->map + at);

        if (is_free(c, d) && byte >= d->start && byte - d->start < d->n_pages * PAGE)
            return d->start + d->n_pages * PAGE;
    }
    return byte;
}

/* Nothing is usable that the firmware did not call free. */
static void check_usable_is_free(const struct context *c, const struct limine_efi_memory_map_response *r)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        uint64_t start = c->entries[i].base;
        const uint64_t end = start + c->entries[i].length;

        if (c->entries[i].type != LIMINE_MEMORY_USABLE)
            continue;
        for (uint64_t next; start < end && (next = end_of_free(c, r, start)) != start;)
            start = next;
        if (start < end) {
            check_that("efi_map.usable_is_free", false, start);
            return;
        }
    }
    check_that("efi_map.usable_is_free", true, 0);
}

/* SetVirtualAddressMap() wants the runtime services' descriptors. */
static void check_runtime_descriptors(const struct limine_efi_memory_map_response *r)
{
    uint64_t n_runtime = 0, n_marked = 0;

    for (uint64_t at = 0; at < r->bytes; at += r->descriptor_bytes) {
        const struct firmware_descriptor *d = (const struct firmware_descriptor *)(r->map + at);

        if (d->type == FIRMWARE_RUNTIME_CODE || d->type == FIRMWARE_RUNTIME_DATA) {
            n_runtime++;
            n_marked += d->attributes >> 63;
        }
    }
    check_that("efi_map.runtime_descriptors", n_runtime && n_runtime == n_marked, n_runtime);
}

void check_efi_memory_map(struct context *c)
{
    const struct limine_efi_memory_map_response *r = requests_answer(LIMINE_EFI_MEMORY_MAP);

    if (!r)
        return;
    const bool is_sound = r->descriptor_bytes >= sizeof(struct firmware_descriptor) && r->bytes &&
                          r->bytes % r->descriptor_bytes == 0;

    check_that("efi_map.sizes", is_sound, r->descriptor_bytes);
    check_equal("efi_map.version", 1, r->descriptor_version);
    if (c->is_limine_8)
        check_skip("efi_map.memory", "Limine 8.2.0");
    else
        check_that("efi_map.memory", is_handed_over(c, r->map, r->bytes), r->map);
    if (!is_sound)
        return;
    info("efi_map_descriptors", r->bytes / r->descriptor_bytes);
    check_runtime_descriptors(r);
    check_descriptor_types(c, r);
    check_usable_is_free(c, r);
}
