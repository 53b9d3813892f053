/* memory_attributes_report() on arbitrary bytes as the table: every format, as many findings in each, ASCII alone. */
#include "fuzz_inventory.h"
#include "memory_attributes.h"

struct table {
    const uint8_t *bytes;
    size_t n_bytes;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum report_status report(const struct report_style *style, const void *tables,
                                 const struct map_subject *subject, void *buffer, size_t bytes, uint64_t *ret_findings)
{
    const struct table *table = tables;

    return memory_attributes_report(style, table->bytes, table->n_bytes, subject, buffer, bytes, ret_findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject subject = fixture_subject(&map);

    fuzz_reports(&subject, memory_attributes_buffer_bytes(&subject), report, &(struct table){ data, size });
    return 0;
}
