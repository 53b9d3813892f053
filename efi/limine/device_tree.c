#include "device_tree.h"

#include "acpi_place.h"
#include "loading.h"

/* No machine's tree is near that large: a bound on what a broken header can make us copy. */
#define TREE_BYTES_MAX MIB(16)

/* Tells the kernel of a copy in memory of ours. */
static EFI_STATUS tell(struct loading *l, const void *tree)
{
    struct limine_device_tree_response *response = loading_take(l, sizeof *response);

    if (!response)
        return EFI_OUT_OF_RESOURCES;
    response->dtb = in_direct_map(l, tree);
    answer(l, LIMINE_DEVICE_TREE, response);
    return EFI_SUCCESS;
}

/* Of a copy. False: it is broken; *ret_error says how. */
static bool take_memory_out(const struct loading *l, void *tree, uint64_t bytes_max,
                            struct device_tree_error *ret_error)
{
    const uint32_t bytes = device_tree_bytes(tree, bytes_max, ret_error);
    unsigned n;

    if (!bytes || !device_tree_remove_memory(tree, bytes, &n, ret_error))
        return false;
    log_step(l->fw, "device tree: %lS, %u nodes of memory removed", (uint64_t)bytes, n);
    return true;
}

/* A file that the configuration names is a promise: without it nothing boots. */
static EFI_STATUS answer_from_file(struct loading *l, const char *path)
{
    struct device_tree_error error = { DEVICE_TREE_CUT, 0 };
    struct phys_range content;
    struct limine_file *told;
    struct file file;
    EFI_STATUS status = file_open(l->files, path, NULL, &file);
    uint64_t bytes;

    if (EFI_ERROR(status))
        return file_report(&file, status, path);
    status = file_load(l, &file, path, &content, &told);
    bytes = file.bytes;
    file_close(&file);
    if (EFI_ERROR(status))
        return status;
    if (bytes < DEVICE_TREE_HEADER_BYTES || !take_memory_out(l, identity_pointer(content.start), bytes, &error))
        return report_failure(l->fw, EFI_LOAD_ERROR, "%s: %s (%lx)", path, device_tree_status_text(error.status),
                              error.value);
    return tell(l, identity_pointer(content.start));
}

/* Whether there is a whole tree at this address, and how large. */
static bool is_tree(const struct loading *l, phys_addr_t at, uint64_t *ret_bytes, struct device_tree_error *ret_error)
{
    const struct phys_range header = { at, DEVICE_TREE_HEADER_BYTES };

    *ret_error = (struct device_tree_error){ DEVICE_TREE_CUT, 0 };
    if (at.value > UINT64_MAX - TREE_BYTES_MAX || !acpi_may_lie_in(&l->map, header))
        return false;
    *ret_bytes = device_tree_bytes(identity_pointer(at), TREE_BYTES_MAX, ret_error);
    return *ret_bytes && acpi_may_lie_in(&l->map, (struct phys_range){ at, *ret_bytes });
}

/* The firmware's: a broken one counts as none. */
static EFI_STATUS answer_from_firmware(struct loading *l)
{
    const phys_addr_t at = tables_find_device_tree(l->fw);
    struct device_tree_error error;
    uint64_t bytes;
    void *copy;

    if (!at.value)
        return EFI_SUCCESS;
    if (is_tree(l, at, &bytes, &error)) {
        copy = loading_take(l, bytes);
        if (!copy)
            return EFI_OUT_OF_RESOURCES;
        __builtin_memcpy(copy, identity_pointer(at), bytes);
        if (take_memory_out(l, copy, bytes, &error))
            return tell(l, copy);
    }
    report_warning(l->fw, "the firmware's device tree at %lx: %s (%lx)", at.value,
                   device_tree_status_text(error.status), error.value);
    return EFI_SUCCESS;
}

EFI_STATUS device_tree_answer(struct loading *l)
{
    if (!request_of(l, LIMINE_DEVICE_TREE))
        return EFI_SUCCESS;
    return l->entry->dtb_path ? answer_from_file(l, l->entry->dtb_path) : answer_from_firmware(l);
}
