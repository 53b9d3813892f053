#include "loading.h"

#define INTERNAL_MODULES_MAX 1024 /* a kernel could list millions that are not there, and keep us busy for hours */

/* A module that has been read. */
struct module {
    struct module *next;
    struct phys_range content;
    struct limine_file *told; /* its string, too, by its physical address */
};

/* In the order in which the kernel gets them. */
struct modules {
    struct module *first, **end;
    size_t n;
};

static EFI_STATUS add(struct loading *l, struct modules *modules, struct file *file, const char *path,
                      const char *string)
{
    struct module *module = loading_take(l, sizeof *module);
    const char *copy = loading_text(l, string);
    EFI_STATUS status;

    if (!module || !copy)
        return EFI_OUT_OF_RESOURCES;
    status = file_load(l, file, path, &module->content, &module->told);
    if (EFI_ERROR(status))
        return status;
    module->told->string = virt_of(copy).value;
    *modules->end = module;
    modules->end = &module->next;
    modules->n++;
    return EFI_SUCCESS;
}

/* Paths are relative to the kernel's directory, on its volume. */
static EFI_STATUS load_internal(struct loading *l, struct modules *modules, uint64_t index)
{
    struct limine_wanted_module wanted;
    struct file file;
    EFI_STATUS status;

    if (!limine_internal_module(&l->image, &l->requests, index, &wanted))
        return EFI_SUCCESS; /* sticks out of the image: absent */
    if (wanted.flags & LIMINE_MODULE_GZIP)
        return report_failure(l->fw, EFI_UNSUPPORTED, "%s: internal module %s: gzip is not supported", l->entry->path,
                              wanted.path);
    status = file_open(l->files, wanted.path, l->directory, &file);
    if (status == EFI_NOT_FOUND && !(wanted.flags & LIMINE_MODULE_REQUIRED))
        return EFI_SUCCESS;
    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "%s: internal module %s: %s", l->entry->path, wanted.path, file.reason);
    status = add(l, modules, &file, wanted.path, wanted.string);
    file_close(&file);
    return status;
}

static EFI_STATUS load_configured(struct loading *l, struct modules *modules, const char *path, const char *string)
{
    struct file file;
    EFI_STATUS status = file_open(l->files, path, NULL, &file);

    if (EFI_ERROR(status))
        return file_report(&file, status, path);
    status = add(l, modules, &file, path, string);
    file_close(&file);
    return status;
}

static EFI_STATUS load_all(struct loading *l, struct modules *modules)
{
    const uint64_t n_internal = limine_internal_modules(&l->image, &l->requests);
    const EFI_HANDLE home = l->files->home;
    EFI_STATUS status = EFI_SUCCESS;
    const char *path, *string;
    size_t cursor = 0;

    if (n_internal > INTERNAL_MODULES_MAX)
        return report_failure(l->fw, EFI_UNSUPPORTED, "%s: wants %lu internal modules, the most are %u", l->entry->path,
                              n_internal, INTERNAL_MODULES_MAX);
    l->files->home = l->home;
    for (uint64_t i = 0; i < n_internal && !EFI_ERROR(status); i++)
        status = load_internal(l, modules, i);
    l->files->home = home;
    while (!EFI_ERROR(status) && limine_entry_next_module(l->entry, &cursor, &path, &string))
        status = load_configured(l, modules, path, string);
    return status;
}

/* Our own image is none of these: to the kernel it is memory of the loader's like any other. */
static void claim_what_is_no_memory(struct loading *l)
{
    for (size_t i = 0; i < l->info->n_claims; i++)
        if (l->info->claims[i].type != REGION_EXECUTABLE_AND_MODULES)
            loading_claim(l, l->info->claims[i].bytes, l->info->claims[i].type);
}

/* Claims and the list that the response will hold; nobody reads modules that the kernel does not ask for. */
EFI_STATUS modules_load(struct loading *l)
{
    struct modules modules = { NULL, &modules.first, 0 };
    struct handover *h = l->handover;
    EFI_STATUS status = request_of(l, LIMINE_MODULE) ? load_all(l, &modules) : EFI_SUCCESS;
    size_t i = 0;

    if (EFI_ERROR(status))
        return status;
    h->claims_capacity = l->info->n_claims + modules.n + h->n_framebuffers + CLAIMS_BESIDE_MODULES + TABLE_CLAIMS_MAX;
    h->claims = loading_take(l, h->claims_capacity * sizeof *h->claims);
    l->modules = loading_take(l, (modules.n + 1) * sizeof *l->modules);
    if (!h->claims || !l->modules)
        return EFI_OUT_OF_RESOURCES;
    claim_what_is_no_memory(l);
    loading_claim(l, h->kernel, REGION_EXECUTABLE_AND_MODULES);
    for (struct module *m = modules.first; m; m = m->next) {
        loading_claim(l, m->content, REGION_EXECUTABLE_AND_MODULES);
        l->modules[i++] = virt_of(m->told).value;
    }
    l->n_modules = modules.n;
    return EFI_SUCCESS;
}

EFI_STATUS modules_answer(struct loading *l)
{
    const uint64_t offset = l->handover->hhdm_offset;
    struct limine_module_response *response;

    if (!l->n_modules)
        return EFI_SUCCESS;
    response = loading_take(l, sizeof *response);
    if (!response)
        return EFI_OUT_OF_RESOURCES;
    for (size_t i = 0; i < l->n_modules; i++) {
        struct limine_file *told = virt_pointer(virt_addr(l->modules[i]));

        told->address += offset;
        told->path += offset;
        told->string += offset;
        l->modules[i] += offset;
    }
    *response = (struct limine_module_response){ 2, l->n_modules, in_direct_map(l, l->modules) };
    answer(l, LIMINE_MODULE, response);
    return EFI_SUCCESS;
}
