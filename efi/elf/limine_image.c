#include <stddef.h>

#include "limine_requests.h"

const void *limine_reach(const struct limine_image *image, uint64_t address, uint64_t bytes)
{
    const uint64_t offset = address - image->virtual_address;

    if (address < image->virtual_address || offset > image->bytes || bytes > image->bytes - offset)
        return NULL;
    return image->start + offset;
}

const char *limine_string(const struct limine_image *image, uint64_t address)
{
    const char *string = limine_reach(image, address, 1);

    if (!string)
        return NULL;

    const uint64_t left = image->bytes - (address - image->virtual_address);
    const uint64_t bytes_max = left < LIMINE_STRING_BYTES_MAX ? left : LIMINE_STRING_BYTES_MAX;

    for (uint64_t i = 0; i < bytes_max; i++)
        if (!string[i])
            return string;
    return NULL;
}

struct limine_request *limine_request_of(const struct limine_image *image, const struct limine_requests *requests,
                                         enum limine_request_kind kind)
{
    return requests->at[kind] == LIMINE_ABSENT ? NULL : (struct limine_request *)(image->start + requests->at[kind]);
}

uint64_t limine_internal_modules(const struct limine_image *image, const struct limine_requests *requests)
{
    const struct limine_request *request = limine_request_of(image, requests, LIMINE_MODULE);

    if (!request || request->revision == 0)
        return 0;

    const struct limine_module_request *module = (const struct limine_module_request *)request;

    if (module->n_internal > image->bytes / sizeof(uint64_t) ||
        !limine_reach(image, module->internal, module->n_internal * sizeof(uint64_t)))
        return 0;
    return module->n_internal;
}

bool limine_internal_module(const struct limine_image *image, const struct limine_requests *requests, uint64_t index,
                            struct limine_wanted_module *ret)
{
    const struct limine_module_request *request =
        (const struct limine_module_request *)limine_request_of(image, requests, LIMINE_MODULE);
    struct limine_internal_module module;
    uint64_t address;
    const void *at;

    if (index >= limine_internal_modules(image, requests))
        return false;
    /* Neither need be aligned: the kernel's compiler may have packed them. */
    __builtin_memcpy(&address, limine_reach(image, request->internal + index * sizeof address, sizeof address),
                     sizeof address);
    at = limine_reach(image, address, sizeof module);
    if (!at)
        return false;
    __builtin_memcpy(&module, at, sizeof module);
    *ret = (struct limine_wanted_module){ limine_string(image, module.path), limine_string(image, module.string),
                                          module.flags };
    if (!ret->string)
        ret->string = "";
    return ret->path != NULL;
}
