#include "command.h"

/*
 * Guesses that let one read be enough for most machines: 600 descriptors, with what a report needs for as many. Reading
 * again is dear where there are many descriptors, but only there.
 */
#define MAP_BYTES_FIRST KIB(32)
#define SCRATCH_BYTES_FIRST KIB(64)
#define MAP_BYTES_MAX MIB(256) /* millions of descriptors: this firmware is broken */
#define READS_MAX 8

/* An allocation may split a descriptor, and a report's need grows with their number. */
static uint64_t with_slack(uint64_t bytes) { return bytes + bytes / 8 + PAGE_SIZE; }

struct reading {
    const struct command *command;
    struct page_limits limits;
    struct command_map *map;
};

static EFI_STATUS allocate(const struct reading *r, uint64_t bytes, const char *what, struct phys_range *ret)
{
    const EFI_STATUS status = pages_allocate(&r->limits, bytes, PAGE_SIZE, ret);

    if (EFI_ERROR(status))
        return report_failure(r->command->fw, status, "cannot allocate %lS for %s: %s",
                              frames_to_bytes(bytes_to_frames(bytes)), what, status_name(status));
    return EFI_SUCCESS;
}

static void add_own(struct command_map *map, struct phys_range bytes, const char *use)
{
    if (bytes.bytes)
        map->own[map->subject.n_own++] = (struct own_range){ bytes, use };
}

static void describe(const struct command *command, const struct map_buffer *buffer, struct command_map *map)
{
    const struct boot_info *info = command->info;

    map->subject = (struct map_subject){
        .map = { buffer->descriptors, buffer->used, buffer->stride },
        .claims = info->claims,
        .n_claims = info->n_claims,
        .phys_bits = info->phys_bits,
        .own = map->own,
    };
    add_own(map, info->image, "this program");
    add_own(map, map->buffer, "its copy of the map");
    add_own(map, map->scratch, "its working memory");
    if (command->file)
        add_own(map, command->file->buffer, "its buffer for the file");
}

/* What the next read is to have room for. */
struct need {
    uint64_t map_bytes, scratch_bytes;
};

/* EFI_BUFFER_TOO_SMALL: *need has grown. */
static EFI_STATUS read_once(const struct reading *r, size_t (*scratch_bytes)(const struct map_subject *),
                            struct need *need)
{
    const struct firmware *fw = r->command->fw;
    struct map_buffer buffer = { 0 };
    EFI_STATUS status = allocate(r, need->map_bytes, "the memory map", &r->map->buffer);

    if (!EFI_ERROR(status) && need->scratch_bytes)
        status = allocate(r, need->scratch_bytes, "the report", &r->map->scratch);
    if (EFI_ERROR(status))
        return status;
    buffer.descriptors = identity_pointer(r->map->buffer.start);
    buffer.capacity = r->map->buffer.bytes;
    status = map_read(fw->boot, &buffer);
    if (status == EFI_BUFFER_TOO_SMALL && buffer.used <= MAP_BYTES_MAX) {
        need->map_bytes = with_slack(buffer.used);
        return status;
    }
    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot read the firmware's memory map (%lS): %s", (uint64_t)buffer.used,
                              status_name(status));
    describe(r->command, &buffer, r->map);

    const uint64_t scratch = scratch_bytes ? scratch_bytes(&r->map->subject) : 0;

    if (scratch_bytes && !scratch)
        return report_failure(fw, EFI_BAD_BUFFER_SIZE, "the firmware's memory map is beyond all bounds");
    if (scratch <= r->map->scratch.bytes)
        return EFI_SUCCESS;
    need->scratch_bytes = with_slack(scratch);
    return EFI_BUFFER_TOO_SMALL;
}

EFI_STATUS command_map_read(const struct command *command, size_t (*scratch_bytes)(const struct map_subject *),
                            struct command_map *ret)
{
    const struct reading r = { command, { command->fw, command->info, command->info->framebuffer.memory }, ret };
    struct need need = { MAP_BYTES_FIRST, scratch_bytes ? SCRATCH_BYTES_FIRST : 0 };

    for (unsigned reads = 0; reads < READS_MAX; reads++) {
        EFI_STATUS status;

        *ret = (struct command_map){ 0 };
        status = read_once(&r, scratch_bytes, &need);
        if (!EFI_ERROR(status))
            return status;
        command_map_free(command, ret);
        if (status != EFI_BUFFER_TOO_SMALL)
            return status;
    }
    return report_failure(command->fw, EFI_ABORTED, "the firmware's memory map changes while it is read");
}

void command_map_free(const struct command *command, struct command_map *map)
{
    pages_free(command->fw, &map->scratch);
    pages_free(command->fw, &map->buffer);
}

EFI_STATUS command_report_result(const struct command *command, enum report_status status)
{
    static const EFI_STATUS results[] = {
        [REPORT_BAD_MAP] = EFI_UNSUPPORTED,
        [REPORT_NO_SPACE] = EFI_ABORTED,
        [REPORT_NO_MEMORY] = EFI_OUT_OF_RESOURCES,
        [REPORT_REFUSED] = EFI_ABORTED,
    };

    if (status == REPORT_OK)
        return EFI_SUCCESS;
    return report_failure(command->fw, results[status], "%s: %s", command->description->name,
                          report_status_text(status));
}
