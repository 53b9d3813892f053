#include "../text.h"
#include "blake2b.h"
#include "loading.h"
#include "paging.h"

#define PAGE_2M MIB(2)

static EFI_STATUS check_hash(struct loading *l, const struct file *file, const char *path, struct phys_range content)
{
    uint8_t digest[BLAKE2B_BYTES];
    struct blake2b hash;

    if (file->hash == BOOT_HASH_NONE)
        return EFI_SUCCESS;
    blake2b_init(&hash);
    blake2b_update(&hash, identity_pointer(content.start), file->bytes);
    blake2b_final(&hash, digest);
    log_step(l->fw, "hash of %s computed", file->path);
    if (!__builtin_memcmp(digest, file->digest, sizeof digest))
        return EFI_SUCCESS;
    return report_failure(l->fw, EFI_SECURITY_VIOLATION, "%s: its BLAKE2b hash is not the one in the path", path);
}

/* What the kernel is told of a file, but for its string. */
static struct limine_file *describe(struct loading *l, const struct file *file, struct phys_range content)
{
    const struct file_identity *id = &file->identity;
    struct limine_file *told = loading_take(l, sizeof *told);
    const char *path = loading_text(l, file->path);

    if (!told || !path)
        return NULL;
    *told = (struct limine_file){
        .address = content.start.value, /* the direct map is added when it is known */
        .bytes = file->bytes,
        .path = virt_of(path).value,
        .media_type = id->media_type,
        .partition_index = id->partition_index,
        .mbr_disk_id = id->mbr_disk_id,
        .gpt_disk_uuid = id->gpt_disk_uuid,
        .gpt_partition_uuid = id->gpt_partition_uuid,
        .partition_uuid = id->partition_uuid,
    };
    return told;
}

EFI_STATUS file_load(struct loading *l, struct file *file, const char *path, struct phys_range *ret,
                     struct limine_file **ret_told)
{
    EFI_STATUS status = loading_allocate_file(l, file->bytes, path, ret);

    if (EFI_ERROR(status))
        return status;
    status = file_read(file, file->bytes, identity_pointer(ret->start));
    if (EFI_ERROR(status))
        return file_report(file, status, path);
    __builtin_memset((char *)identity_pointer(ret->start) + file->bytes, 0, ret->bytes - file->bytes);
    status = check_hash(l, file, path, *ret);
    if (EFI_ERROR(status))
        return status;
    *ret_told = describe(l, file, *ret);
    log_step(l->fw, "%s: %lS at %lx", file->path, file->bytes, ret->start.value);
    return *ret_told ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

static EFI_STATUS read_file(struct loading *l)
{
    const char *path = l->entry->path;
    struct file file;
    EFI_STATUS status = file_open(l->files, path, NULL, &file);

    if (EFI_ERROR(status))
        return file_report(&file, status, path);
    status = file_load(l, &file, path, &l->raw, &l->raw_file);
    if (!EFI_ERROR(status)) {
        char *copy = loading_text(l, file.path);

        if (copy)
            copy[boot_path_directory_bytes(copy, text_bytes(copy))] = 0;
        l->directory = copy;
        l->home = file.volume;
        if (!copy)
            status = EFI_OUT_OF_RESOURCES;
    }
    file_close(&file);
    return status;
}

static EFI_STATUS report_elf(const struct loading *l, const struct elf64_error *error)
{
    return report_failure(l->fw, EFI_LOAD_ERROR, "%s: %s (%lx)", l->entry->path, elf64_status_text(error->status),
                          error->value);
}

/* Large pages fit where physical and virtual addresses agree modulo 2 MiB. */
static EFI_STATUS place(struct loading *l)
{
    struct handover *h = l->handover;
    const struct elf64_image *elf = &l->elf;
    const uint64_t slide = l->entry->kaslr ? elf64_random_slide(elf, loading_random(l)) : elf->slide_min;
    const uint64_t virt = elf->virt_start + slide;
    const bool large = elf->bytes >= PAGE_2M && elf->align < PAGE_2M;
    const uint64_t lead = large ? virt & (PAGE_2M - 1) : 0;
    struct phys_range block;
    struct elf64_error error;
    EFI_STATUS status = loading_allocate(l, lead + elf->bytes, large ? PAGE_2M : elf->align, "the kernel", &block);

    if (EFI_ERROR(status))
        return status;
    h->kernel = (struct phys_range){ phys_addr(block.start.value + lead), elf->bytes };
    h->kernel_virt = virt_addr(virt);
    h->entry = virt_addr(elf->entry + slide);
    if (!elf64_place(elf, slide, identity_pointer(h->kernel.start), &error))
        return report_elf(l, &error);
    l->image = (struct limine_image){ identity_pointer(h->kernel.start), elf->file_backed_bytes, virt };
    log_step(l->fw, "kernel: %lS at %lx, runs at %lx", elf->bytes, h->kernel.start.value, virt);
    return EFI_SUCCESS;
}

static unsigned page_rights(uint32_t rights)
{
    return (rights & ELF64_WRITE ? PAGE_WRITE : 0) | (rights & ELF64_EXECUTE ? PAGE_EXECUTE : 0);
}

static EFI_STATUS take_segments(struct loading *l)
{
    const struct elf64_image *elf = &l->elf;
    struct handover_segment *segments = loading_take(l, elf->n_segments * sizeof *segments);

    if (!segments)
        return EFI_OUT_OF_RESOURCES;
    for (unsigned i = 0; i < elf->n_segments; i++)
        segments[i] = (struct handover_segment){ elf->segments[i].offset, elf->segments[i].bytes,
                                                 page_rights(elf->segments[i].rights) };
    l->handover->segments = segments;
    l->handover->n_segments = elf->n_segments;
    if (elf->has_writable_code)
        report_warning(l->fw, "%s: a segment is both writable and executable", l->entry->path);
    return EFI_SUCCESS;
}

static EFI_STATUS report_scan(const struct loading *l, const struct limine_scan_error *error)
{
    switch (error->status) {
    case LIMINE_SCAN_REVISION:
        return report_failure(l->fw, EFI_UNSUPPORTED, "%s: wants base revision %lu of the Limine protocol, %u is the highest",
                              l->entry->path, error->value, LIMINE_BASE_REVISION_MAX);
    case LIMINE_SCAN_DUPLICATE:
        return report_failure(l->fw, EFI_LOAD_ERROR, "%s: %s: %s", l->entry->path,
                              limine_scan_status_text(error->status),
                              limine_request_name((enum limine_request_kind)error->value));
    default:
        return report_failure(l->fw, EFI_LOAD_ERROR, "%s: %s (%lx)", l->entry->path,
                              limine_scan_status_text(error->status), error->value);
    }
}

static EFI_STATUS scan(struct loading *l)
{
    struct elf64_range list = { 0, 0 };
    struct limine_scan_error error;

    if (!elf64_section(&l->elf, ".limine_reqs", &list))
        list = (struct elf64_range){ 0, 0 };
    if (!limine_scan(&l->image, list.offset, list.bytes, &l->requests, &error))
        return report_scan(l, &error);
    l->handover->base_revision = l->requests.base_revision;
    log_step(l->fw, "base revision %lu", l->requests.base_revision);
    return EFI_SUCCESS;
}

/* The Entry Point request's, else the file's. */
static EFI_STATUS choose_entry(struct loading *l)
{
    const struct limine_entry_point_request *request = request_of(l, LIMINE_ENTRY_POINT);
    const uint64_t slide = l->handover->kernel_virt.value - l->elf.virt_start;

    if (request)
        l->handover->entry = virt_addr(request->entry);
    if (elf64_is_executable(&l->elf, l->handover->entry.value - slide))
        return EFI_SUCCESS;
    return report_failure(l->fw, EFI_LOAD_ERROR, "%s: %s (%lx)", l->entry->path, elf64_status_text(ELF64_ENTRY),
                          l->handover->entry.value);
}

EFI_STATUS executable_load(struct loading *l)
{
    struct elf64_error error;
    EFI_STATUS status = read_file(l);

    if (EFI_ERROR(status))
        return status;
    if (!elf64_read(identity_pointer(l->raw.start), l->raw_file->bytes, &l->elf, &error))
        return report_elf(l, &error);
    status = place(l);
    if (!EFI_ERROR(status))
        status = take_segments(l);
    if (!EFI_ERROR(status))
        status = scan(l);
    if (!EFI_ERROR(status))
        status = choose_entry(l);
    return status;
}

/* Command line, the file itself, where the image lies. */
EFI_STATUS executable_answer(struct loading *l)
{
    const struct handover *h = l->handover;
    const char *cmdline = loading_text(l, l->entry->cmdline);
    struct limine_executable_file_response *file = loading_take(l, sizeof *file);
    struct limine_executable_cmdline_response *line = loading_take(l, sizeof *line);
    struct limine_executable_address_response *address = loading_take(l, sizeof *address);

    if (!cmdline || !file || !line || !address)
        return EFI_OUT_OF_RESOURCES;
    l->raw_file->address += h->hhdm_offset;
    l->raw_file->path += h->hhdm_offset;
    l->raw_file->string = in_direct_map(l, cmdline);
    file->file = in_direct_map(l, l->raw_file);
    line->cmdline = l->raw_file->string;
    address->physical = h->kernel.start.value;
    address->virtual_base = h->kernel_virt.value;
    answer_if_asked(l, LIMINE_EXECUTABLE_FILE, file);
    answer_if_asked(l, LIMINE_EXECUTABLE_CMDLINE, line);
    answer_if_asked(l, LIMINE_EXECUTABLE_ADDRESS, address);
    return EFI_SUCCESS;
}
