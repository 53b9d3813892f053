/* What reports in plain text are made of: sizes in the reader's unit, names of what descriptors say. Pure. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>

#include "firmware_map.h"
#include "report.h"

struct size_text {
    char text[40];
};

/* In style->unit; one of the larger units exact or cut to three decimals: 4 KB, 0.062 GB, 16 pages. */
struct size_text report_size(const struct report_style *style, uint64_t bytes);

/* The two columns REPORT_AMOUNT_HEADING of the reports' tables. */
#define REPORT_AMOUNT_HEADING "    Pages     Size"
void report_amount(const struct report_style *style, uint64_t pages);

/* The nth of strings that follow one another, each with its NUL: it must be there. Without a pointer for each. */
const char *nth_string(const char *strings, unsigned n);

/* As the EFI shell's standard format has them: "Available", "BootServiceData". NULL: UEFI 2.10 defines no such type. */
const char *firmware_type_name(uint32_t type);

/*
 * The names of a descriptor's attributes: "UC WC WT WB". As UEFI 2.10, 7.2.3 abbreviates them but for MR (more
 * reliable), CRYPTO, HOT (hot-pluggable) and RT (runtime); unnamed ones in hexadecimal at the end.
 */
void print_attribute_names(const struct sink *sink, uint64_t attributes);

/* pages * 4096, or UINT64_MAX if that does not fit. */
uint64_t pages_to_bytes(uint64_t pages);

/* The first byte behind the descriptor; false: that does not fit into 64 bits. */
bool firmware_descriptor_end(const struct firmware_descriptor *d, uint64_t *ret_end);

#endif
