/* What a base revision says is mapped, as lists to compare with what is. */
#ifndef TEST_KERNEL_EXPECTED_H
#define TEST_KERNEL_EXPECTED_H

#include "context.h"
#include "tables.h"

/* Both append in rising order; they change nothing but the list. */
void expected_identity(const struct context *context, struct mapping_list *list);
void expected_direct_map(const struct context *context, struct mapping_list *list);

#endif
