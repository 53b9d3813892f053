/* A kernel that is being loaded: what the files of this folder share. */
#ifndef LOADING_H
#define LOADING_H

#include "acpi.h"
#include "elf64.h"
#include "handover.h"
#include "limine.h"
#include "limine_requests.h"

struct block; /* pages that are given back if the boot fails */

struct edid_protocol;

/* A framebuffer that the kernel gets. */
struct output {
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
    struct framebuffer framebuffer;
    const struct edid_protocol *edid; /* NULL: nothing is known of the monitor */
};

/* Claims on memory that are neither modules nor the boot's own: the kernel, the allocator's metadata. */
#define CLAIMS_BESIDE_MODULES 2

/* Firmware's tables that are not where a kernel would find them mapped. */
#define TABLE_CLAIMS_MAX 256

struct loading {
    struct firmware *fw;
    struct boot_info *info;
    struct files *files;
    const struct limine_entry *entry;

    struct page_limits limits;
    struct block *blocks;
    struct {
        char *next;
        size_t left;
    } arena;

    struct gop_choice graphics;
    struct elf64_image elf;       /* refers to `raw` */
    struct phys_range raw;        /* the file as it is */
    struct limine_file *raw_file; /* what the kernel is told of it */
    char *directory;              /* of the file, on its volume */
    EFI_HANDLE home;              /* that volume */
    struct limine_image image;
    struct limine_requests requests;
    uint64_t *modules; /* struct limine_file, by physical address until they are told */
    size_t n_modules;
    struct output *outputs;
    size_t n_outputs;
    struct limine_paging_mode_response *paging_mode; /* NULL: nobody asked */
    struct region_map map; /* of memory, from the survey on: as it was then */
    struct acpi_table madt; /* n_bytes == 0: none */
    struct handover *handover;
};

/* ---- memory.c: everything is LoaderData, and given back together */

/* Whole pages. A failure is printed, with the kernel's path and `what`. */
MUST_CHECK EFI_STATUS loading_allocate(struct loading *l, uint64_t bytes, uint64_t align, const char *what,
                                       struct phys_range *ret);
/* The same for a file that is to be read, a page at least. A failure is printed, with its path. */
MUST_CHECK EFI_STATUS loading_allocate_file(struct loading *l, uint64_t bytes, const char *path,
                                            struct phys_range *ret);
/* The same, ending at or below `end`; a failure is not printed. */
MUST_CHECK EFI_STATUS loading_allocate_below(struct loading *l, uint64_t end, struct phys_range *ret);
/* Memory for responses and the like: zeroed, 16-aligned. NULL: there is none, which has been printed. */
MUST_CHECK void *loading_take(struct loading *l, size_t bytes);
MUST_CHECK char *loading_text(struct loading *l, const char *text);
void loading_free(struct loading *l);

/* Where the kernel sees something of the arena's, or of ours. */
static inline uint64_t in_direct_map(const struct loading *l, const void *pointer)
{
    return l->handover->hhdm_offset + virt_of(pointer).value;
}

/* ---- requests */

/* The kernel's request; NULL: it made none. */
static inline void *request_of(const struct loading *l, enum limine_request_kind kind)
{
    return limine_request_of(&l->image, &l->requests, kind);
}

/* Points the request at its response, which is in the arena. */
void answer(const struct loading *l, enum limine_request_kind kind, const void *response);

static inline void answer_if_asked(const struct loading *l, enum limine_request_kind kind, const void *response)
{
    if (request_of(l, kind))
        answer(l, kind, response);
}

/* Says whose this memory is; there is room for it. */
void loading_claim(struct loading *l, struct phys_range bytes, enum region_type type);

/* ---- the steps, in their order. Each prints what fails. */

/* executable.c: reads, checks, places and relocates the kernel; finds its requests. */
MUST_CHECK EFI_STATUS executable_load(struct loading *l);
MUST_CHECK EFI_STATUS executable_answer(struct loading *l);

/* modules.c: reads the kernel's own modules, then the configuration's. */
MUST_CHECK EFI_STATUS modules_load(struct loading *l);
/* The response, from the survey on. */
MUST_CHECK EFI_STATUS modules_answer(struct loading *l);
/* A file read whole into pages of its own, its hash checked. */
MUST_CHECK EFI_STATUS file_load(struct loading *l, struct file *file, const char *path, struct phys_range *ret,
                                struct limine_file **ret_told);

/* paging.c: how many levels, and the pages that a change of them, or another processor, takes. */
MUST_CHECK EFI_STATUS paging_choose(struct loading *l);
/* Where the direct map begins, from the survey on. */
void paging_choose_hhdm(struct loading *l);

/* video.c: which framebuffers there will be; then sets the mode and tells the kernel. */
MUST_CHECK EFI_STATUS video_choose(struct loading *l);
MUST_CHECK EFI_STATUS video_answer(struct loading *l);

/* hardware.c: processors, interrupt controllers and IOMMUs, by ACPI. From the survey on. */
MUST_CHECK EFI_STATUS hardware_find(struct loading *l);

/* The sound ACPI table of that name. From the survey on. */
MUST_CHECK bool loading_acpi_table(const struct loading *l, const char signature[4], struct acpi_table *ret);

/* tables.c: ACPI, SMBIOS, EFI: what must be mapped, from the survey on, and what the kernel is told. */
MUST_CHECK EFI_STATUS tables_find_mapped(struct loading *l);
MUST_CHECK EFI_STATUS tables_answer(struct loading *l);

/* device_tree.c: the configuration's, or the firmware's, without what it says of memory. From the survey on. */
MUST_CHECK EFI_STATUS device_tree_answer(struct loading *l);

/* facts.c: what needs no more than a look: names, date, entropy. */
MUST_CHECK EFI_STATUS facts_answer(struct loading *l);

/* tpm.c: the event log. The last of all, since anything may still be measured. */
MUST_CHECK EFI_STATUS tpm_answer(struct loading *l);

/* A random number: the processor's, the firmware's, or a mix of what changes. */
uint64_t loading_random(struct loading *l);

#endif
