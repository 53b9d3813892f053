#include "configuration.h"

#include "files/volume.h"
#include "format.h"
#include "text.h"

#define FILE_NAME "limine.conf"
#define STRING_NAME "SMBIOS string"

/* After the image's own directory. The last one is where Limine 8 also looked; its others are all here. */
static const char directories[][16] = { "/boot/limine", "/boot", "/limine", "", "/EFI/BOOT" };

static EFI_STATUS no_memory(const struct firmware *fw, const char *path, size_t bytes)
{
    return report_failure(fw, EFI_OUT_OF_RESOURCES, "%s: cannot allocate %lS for it: %s", path, (uint64_t)bytes,
                          status_name(EFI_OUT_OF_RESOURCES));
}

static EFI_STATUS report_parse_failure(const struct firmware *fw, const char *path, const struct config_error *error)
{
    const char *open = error->value[0] ? ": `" : "", *close = error->value[0] ? "'" : "";
    const char *reason = config_reason_text(error->reason);

    if (!error->line)
        return report_failure(fw, EFI_LOAD_ERROR, "%s: %s%s%s%s", path, reason, open, error->value, close);
    return report_failure(fw, EFI_LOAD_ERROR, "%s:%u: %s%s%s%s", path, (unsigned)error->line, reason, open,
                          error->value, close);
}

static void log_warnings(const struct firmware *fw, const struct configuration *c)
{
    for (size_t i = 0; i < c->config.n_warnings && i < CONFIG_WARNINGS_MAX; i++) {
        const struct config_error *w = &c->config.warnings[i];

        log_step(fw, "%s:%u: %s: `%s'", c->path, (unsigned)w->line, config_reason_text(w->reason), w->value);
    }
    if (config_option(c->config.globals, c->config.n_globals, "remember_last_entry", 0))
        log_step(fw, "%s: remember_last_entry: nothing is ever written", c->path);
}

static EFI_STATUS parse(struct firmware *fw, const char *text, size_t bytes, struct configuration *ret)
{
    const size_t workspace_bytes = config_workspace_bytes(text, bytes);
    struct config_error error;

    if (workspace_bytes &&
        EFI_ERROR(fw->boot->AllocatePool(EfiLoaderData, workspace_bytes, (void **)&ret->workspace))) {
        ret->workspace = NULL;
        return no_memory(fw, ret->path, workspace_bytes);
    }
    if (!config_parse(text, bytes, ret->workspace, workspace_bytes, &ret->config, &error)) {
        configuration_free(fw, ret);
        return report_parse_failure(fw, ret->path, &error);
    }
    if (config_yes(ret->config.globals, ret->config.n_globals, "verbose", false))
        log_enable(fw);
    log_step(fw, "read %s: %lu bytes, %lu entries", ret->path, (uint64_t)bytes, (uint64_t)ret->config.n_entries);
    log_warnings(fw, ret);
    return EFI_SUCCESS;
}

/* Reads the file, which is open, and parses it. */
static EFI_STATUS read_file(struct firmware *fw, struct file *file, struct configuration *ret)
{
    /* One byte more than is allowed, so that the parser sees that it is too long. */
    const size_t bytes = file->bytes < CONFIG_BYTES_MAX + 1 ? (size_t)file->bytes : CONFIG_BYTES_MAX + 1;
    char *text = NULL;
    EFI_STATUS status;

    if (EFI_ERROR(fw->boot->AllocatePool(EfiLoaderData, bytes + 1, (void **)&text)))
        return no_memory(fw, file->path, bytes);
    status = file_read(file, bytes, text);
    if (EFI_ERROR(status))
        status = file_report(file, status, file->path);
    else
        status = parse(fw, text, bytes, ret);
    fw->boot->FreePool(text);
    return status;
}

/* EFI_NOT_FOUND: it is not there, and nothing has been printed. */
static EFI_STATUS try_directory(struct files *files, EFI_HANDLE volume, const char *directory,
                                struct configuration *ret)
{
    size_t length;
    struct buffer_sink path = buffer_sink(ret->path, sizeof ret->path, &length);
    struct file file;
    EFI_STATUS status;

    print_format(&path.sink, "%s/" FILE_NAME, directory[0] == '/' && !directory[1] ? "" : directory);
    status = file_open_on(files, volume, ret->path, &file);
    if (status == EFI_NOT_FOUND || status == EFI_UNSUPPORTED) /* a directory of that name is none of ours */
        return EFI_NOT_FOUND;
    if (EFI_ERROR(status))
        return file_report(&file, status, ret->path);
    files->home = volume;
    status = read_file(files->fw, &file, ret);
    file_close(&file);
    return status;
}

static EFI_STATUS try_volume(struct files *files, EFI_HANDLE volume, const char *first, struct configuration *ret)
{
    EFI_STATUS status = first ? try_directory(files, volume, first, ret) : EFI_NOT_FOUND;

    for (size_t i = 0; i < ARRAY_LENGTH(directories) && status == EFI_NOT_FOUND; i++)
        status = try_directory(files, volume, directories[i], ret);
    return status;
}

/* The disk's other volumes, by partition. */
static EFI_STATUS try_disk(struct files *files, struct configuration *ret)
{
    EFI_STATUS status = EFI_NOT_FOUND;
    struct volume image, volume;
    struct volume_list list;

    if (!volume_open(files->fw, files->image_volume, &image))
        return EFI_NOT_FOUND;
    volume_list_read(files->fw, &list);
    for (uint32_t from = 0; status == EFI_NOT_FOUND && volume_on_disk(files->fw, &list, &image, from, &volume);
         from = volume.location.partition + 1)
        if (volume.handle != files->image_volume)
            status = try_volume(files, volume.handle, NULL, ret);
    volume_list_free(files->fw, &list);
    return status;
}

EFI_STATUS configuration_read(struct files *files, const struct start_request *request, struct configuration *ret)
{
    EFI_STATUS status;

    *ret = (struct configuration){ .path = STRING_NAME };
    if (request->configuration)
        return parse(files->fw, request->configuration, text_bytes(request->configuration), ret);
    status = try_volume(files, files->image_volume, files->directory, ret);
    if (status == EFI_NOT_FOUND)
        status = try_disk(files, ret);
    if (status != EFI_NOT_FOUND)
        return status;
    *ret = (struct configuration){ 0 };
    return EFI_SUCCESS;
}

void configuration_free(const struct firmware *fw, struct configuration *configuration)
{
    if (configuration->workspace)
        fw->boot->FreePool(configuration->workspace);
    configuration->workspace = NULL;
    configuration->config = (struct config){ 0 };
}
