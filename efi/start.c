#include "start.h"

#include "commands/command.h"
#include "text.h"

/* What is booted when there is no limine.conf. */
static const char kernel_files[][24] = { "/kernel.elf", "/boot/kernel.elf" };

/* As if a limine.conf had an entry for it. */
static EFI_STATUS boot_file(struct starter *s, const char *path, const char *command_line)
{
    const struct config_option options[] = {
        { "protocol", "limine", 0 },
        { "path", path, 0 },
        { "cmdline", command_line ? command_line : "", 0 },
    };
    const struct config_entry entry = { .title = path, .options = options, .n_options = ARRAY_LENGTH(options) };

    return start_entry(s, &entry);
}

static EFI_STATUS boot_request_file(struct starter *s, const struct start_request *request)
{
    const char *base = request->volume ? "/" : s->files.directory;
    char path[FILE_PATH_MAX];
    enum boot_path_status status;
    size_t length;

    if (path_has_resource(request->path))
        return boot_file(s, request->path, request->command_line);
    status = boot_path_normalise(request->path, text_bytes(request->path), base, text_bytes(base), path, sizeof path,
                                 &length);
    if (status != BOOT_PATH_OK)
        return report_failure(s->fw, EFI_INVALID_PARAMETER, "%s: %s", request->path, boot_path_status_text(status));
    if (request->volume)
        s->files.home = request->volume;
    return boot_file(s, path, request->command_line);
}

EFI_STATUS start_any(struct starter *s)
{
    struct file file;

    for (size_t i = 0; i < ARRAY_LENGTH(kernel_files); i++) {
        if (EFI_ERROR(file_open_on(&s->files, s->files.image_volume, kernel_files[i], &file)))
            continue;
        file_close(&file);
        return boot_file(s, kernel_files[i], NULL);
    }
    return start_builtin(s);
}

EFI_STATUS start(struct firmware *fw, struct boot_info *info, const struct start_request *request)
{
    struct starter s = { .fw = fw, .info = info };

    if (request->kind == START_COMMAND)
        return command_start(fw, info, request->command_at);
    files_open(fw, &s.files);
    switch (request->kind) {
    case START_FILE:
        return boot_request_file(&s, request);
    case START_CONFIGURATION:
        return start_configured(&s, request);
    default:
        break;
    }
    return start_builtin(&s);
}
