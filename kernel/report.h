/* The boot report: what the kernel prints, one fact a line. Its literal words are a contract: scripts read them. */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include "boot_info.h"
#include "memory.h"

void report_firmware(const struct boot_info *info);                           /* who we are, what started us */
void report_raw_map(const struct memory *memory, const struct boot_info *info); /* as memmap-report reads it */
void report_allocator(struct memory *memory);
void report_frame_test(struct memory *memory, const struct boot_info *info);  /* runs it as well */
void report_processors(struct memory *memory, const struct boot_info *info);  /* starts, tests and stops them as well */
void report_framebuffer(struct memory *memory, const struct boot_info *info); /* draws as well */

#endif
