/* The checks by topic, in the order in which main.c calls them. Each prints a line per promise (check.h). */
#ifndef TEST_KERNEL_CHECKS_H
#define TEST_KERNEL_CHECKS_H

#include "context.h"
#include "limine_protocol.h"
#include "state.h"

void check_requests(struct context *context);
/* Of any processor; `info`: its entry, for one that the kernel started, else NULL. */
void check_processor_state(struct context *context, const struct cpu_state *state, const struct limine_mp_info *info);
/* Touches all of the stack that the running processor was given; must run on it. */
void check_stack(struct context *context, const struct cpu_state *state);
void check_image(struct context *context);
void check_relocations(void);
void check_memory_map(struct context *context);
void check_efi_memory_map(struct context *context);
/* All that is mapped, against all that should be. */
void check_paging(struct context *context);
/* What a look at the tables cannot show: accesses. */
void check_accesses(struct context *context);
void check_machine(struct context *context);
void check_facts(struct context *context);
void check_tables_of_firmware(struct context *context);
void check_framebuffers(struct context *context);
void check_copies(struct context *context);
void check_files(struct context *context);
void check_interrupt_controllers(struct context *context);
void check_iommu(struct context *context);
void check_processors(struct context *context);
/* Last: what the others have noted does not overlap. */
void check_regions(struct context *context);

#endif
