#include "loading.h"

#define RESPONSE_REVISION 1
#define MODES_MAX 1024
#define EDID_BYTES_MAX KIB(32)

/* UEFI 2.10, 12.9.2.4 EFI_EDID_ACTIVE_PROTOCOL, 12.9.2.5 EFI_EDID_DISCOVERED_PROTOCOL: the same two fields. */
struct edid_protocol {
    UINT32 SizeOfEdid;
    UINT8 *Edid;
};
static EFI_GUID edid_active = { 0xbd8c1056, 0x9f36, 0x44ec, { 0x92, 0xa8, 0xa6, 0x33, 0x7f, 0x81, 0x79, 0x86 } };
static EFI_GUID edid_discovered = { 0x1c0c34f6, 0xd380, 0x41fa, { 0xa0, 0x49, 0x8a, 0xd0, 0x6c, 0x1a, 0x66, 0xaa } };

/* NULL: this handle has none. */
static const struct edid_protocol *find_edid(const struct loading *l, EFI_HANDLE handle)
{
    EFI_GUID *const guids[] = { &edid_active, &edid_discovered };

    for (size_t i = 0; i < ARRAY_LENGTH(guids); i++) {
        struct edid_protocol *edid = NULL;

        if (!EFI_ERROR(l->fw->boot->HandleProtocol(handle, guids[i], (void **)&edid)) && edid && edid->Edid &&
            edid->SizeOfEdid && edid->SizeOfEdid <= EDID_BYTES_MAX)
            return edid;
    }
    return NULL;
}

/*
 * The firmware's console joins all outputs in one handle of its own, which shows the framebuffer of one of them: those
 * are one output, and what one handle knows of the monitor counts.
 */
static void add_output(struct loading *l, EFI_HANDLE handle)
{
    const struct edid_protocol *edid = find_edid(l, handle);
    struct framebuffer fb;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = gop_of(l->fw, handle, &fb);
    size_t i = 0;

    if (!gop || phys_range_end(fb.memory) > 1ull << l->info->phys_bits) /* nor could it be mapped */
        return;
    while (i < l->n_outputs && l->outputs[i].gop != gop &&
           l->outputs[i].framebuffer.memory.start.value != fb.memory.start.value)
        i++;
    if (i == l->n_outputs)
        l->outputs[l->n_outputs++] = (struct output){ gop, fb, edid };
    else if (edid)
        l->outputs[i].edid = edid;
}

EFI_STATUS video_choose(struct loading *l)
{
    const struct options wish = { .width_px = l->entry->resolution.width, .height_px = l->entry->resolution.height };
    EFI_HANDLE *handles = NULL;
    UINTN n = 0;

    /* For a panic there is always one, if the machine has any. */
    l->graphics = request_of(l, LIMINE_FRAMEBUFFER) ? gop_choose(l->fw, &wish) : gop_keep(l->fw);
    l->limits.aperture = l->graphics.aperture;
    if (!request_of(l, LIMINE_FRAMEBUFFER))
        return EFI_SUCCESS;
    gop_list(l->fw, &handles, &n);
    l->outputs = loading_take(l, (n + 1) * sizeof *l->outputs);
    l->handover->framebuffers = loading_take(l, (n + 1) * sizeof *l->handover->framebuffers);
    if (l->outputs && l->handover->framebuffers) {
        if (l->graphics.gop) { /* first, and in the mode that it will have */
            l->outputs[0] = (struct output){ l->graphics.gop, l->graphics.framebuffer, NULL };
            l->outputs[0].framebuffer.memory =
                (struct phys_range){ l->graphics.aperture.start,
                                     (uint64_t)l->graphics.framebuffer.pitch_bytes * l->graphics.framebuffer.height_px };
            l->n_outputs = 1;
        }
        for (UINTN i = 0; i < n; i++)
            add_output(l, handles[i]);
    }
    if (handles)
        l->fw->boot->FreePool(handles);
    for (size_t i = 0; i < l->n_outputs; i++)
        l->handover->framebuffers[l->handover->n_framebuffers++] = l->outputs[i].framebuffer.memory;
    return l->outputs && l->handover->framebuffers ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

static struct limine_video_mode describe_mode(const struct framebuffer *fb)
{
    return (struct limine_video_mode){
        .pitch = fb->pitch_bytes,
        .width = fb->width_px,
        .height = fb->height_px,
        .bits_per_pixel = (uint16_t)fb->bits_per_pixel,
        .memory_model = LIMINE_MEMORY_MODEL_RGB,
        .red_size = fb->red.bits,
        .red_shift = fb->red.shift,
        .green_size = fb->green.bits,
        .green_shift = fb->green.shift,
        .blue_size = fb->blue.bits,
        .blue_shift = fb->blue.shift,
    };
}

/* The list of modes that have a linear framebuffer. */
static bool tell_modes(struct loading *l, const struct output *output, struct limine_framebuffer *told)
{
    const UINT32 n = output->gop->Mode->MaxMode < MODES_MAX ? output->gop->Mode->MaxMode : MODES_MAX;
    struct limine_video_mode *modes = loading_take(l, n * sizeof *modes);
    uint64_t *pointers = loading_take(l, n * sizeof *pointers);

    if (!modes || !pointers)
        return false;
    for (UINT32 i = 0; i < n; i++) {
        struct framebuffer fb;

        if (!gop_mode(l->fw, output->gop, i, &fb))
            continue;
        modes[told->n_modes] = describe_mode(&fb);
        pointers[told->n_modes] = in_direct_map(l, &modes[told->n_modes]);
        told->n_modes++;
    }
    told->modes = in_direct_map(l, pointers);
    return true;
}

static bool tell_edid(struct loading *l, const struct output *output, struct limine_framebuffer *told)
{
    const struct edid_protocol *edid = output->edid;
    void *copy;

    if (!edid)
        return true;
    copy = loading_take(l, edid->SizeOfEdid);
    if (!copy)
        return false;
    __builtin_memcpy(copy, edid->Edid, edid->SizeOfEdid);
    told->edid_bytes = edid->SizeOfEdid;
    told->edid = in_direct_map(l, copy);
    return true;
}

static bool tell_output(struct loading *l, const struct output *output, uint64_t *ret)
{
    const struct framebuffer *fb = &output->framebuffer;
    const struct limine_video_mode mode = describe_mode(fb);
    struct limine_framebuffer *told = loading_take(l, sizeof *told);

    if (!told)
        return false;
    *told = (struct limine_framebuffer){
        .address = l->handover->hhdm_offset + fb->memory.start.value,
        .width = mode.width,
        .height = mode.height,
        .pitch = mode.pitch,
        .bits_per_pixel = mode.bits_per_pixel,
        .memory_model = mode.memory_model,
        .red_size = mode.red_size,
        .red_shift = mode.red_shift,
        .green_size = mode.green_size,
        .green_shift = mode.green_shift,
        .blue_size = mode.blue_size,
        .blue_shift = mode.blue_shift,
    };
    *ret = in_direct_map(l, told);
    return tell_modes(l, output, told) && tell_edid(l, output, told);
}

/* Parameters of a terminal that the loader could have drawn with: it draws with none, so all are zero. */
static bool tell_flanterm(struct loading *l)
{
    struct limine_flanterm_fb_init_params_response *response;
    struct limine_flanterm_fb_init_params *entries;
    uint64_t *pointers;

    if (!request_of(l, LIMINE_FLANTERM_FB_INIT_PARAMS))
        return true;
    response = loading_take(l, sizeof *response);
    entries = loading_take(l, l->n_outputs * sizeof *entries);
    pointers = loading_take(l, l->n_outputs * sizeof *pointers);
    if (!response || !entries || !pointers)
        return false;
    for (size_t i = 0; i < l->n_outputs; i++)
        pointers[i] = in_direct_map(l, &entries[i]);
    *response = (struct limine_flanterm_fb_init_params_response){ 0, l->n_outputs, in_direct_map(l, pointers) };
    answer(l, LIMINE_FLANTERM_FB_INIT_PARAMS, response);
    return true;
}

/* What the firmware made of the wish: the framebuffer may be another one, or none. */
static void update_first(struct loading *l)
{
    struct boot_info *info = l->info;

    gop_activate(&l->graphics, info);
    if (!l->n_outputs)
        return;
    l->outputs[0].framebuffer = info->framebuffer;
    if (framebuffer_present(&info->framebuffer))
        return;
    l->n_outputs--;
    for (size_t i = 0; i < l->n_outputs; i++)
        l->outputs[i] = l->outputs[i + 1];
}

EFI_STATUS video_answer(struct loading *l)
{
    struct limine_framebuffer_response *response;
    uint64_t *pointers;
    bool enough = true;

    if (l->graphics.gop)
        update_first(l);
    l->handover->n_framebuffers = 0;
    for (size_t i = 0; i < l->n_outputs; i++)
        l->handover->framebuffers[l->handover->n_framebuffers++] = l->outputs[i].framebuffer.memory;
    if (!l->n_outputs)
        return EFI_SUCCESS;
    response = loading_take(l, sizeof *response);
    pointers = loading_take(l, l->n_outputs * sizeof *pointers);
    if (!response || !pointers)
        return EFI_OUT_OF_RESOURCES;
    for (size_t i = 0; i < l->n_outputs && enough; i++)
        enough = tell_output(l, &l->outputs[i], &pointers[i]);
    *response = (struct limine_framebuffer_response){ RESPONSE_REVISION, l->n_outputs, in_direct_map(l, pointers) };
    answer(l, LIMINE_FRAMEBUFFER, response);
    return enough && tell_flanterm(l) ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}
