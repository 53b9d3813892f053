/*
 * dimms_report(), smbios_dimm_of() and smbios_machine_lines() on arbitrary bytes as SMBIOS structures: every format, as
 * many findings in each, ASCII alone. The first eight bytes are the address whose module is asked for.
 */
#include "dimms_report.h"
#include "fuzz_inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum report_status report(const struct report_style *style, const void *tables,
                                 const struct map_subject *subject, void *buffer, size_t bytes, uint64_t *ret_findings)
{
    const struct dimms_subject dimms = { subject, *(const struct smbios_bytes *)tables, { NULL, 0 }, true };

    return dimms_report(style, &dimms, buffer, bytes, ret_findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject subject = fixture_subject(&map);
    size_t n = 0;
    const struct counting_sink sink = { { count }, &n };
    struct smbios_bytes smbios;
    uint64_t address;
    char name[DIMM_NAME_BYTES];

    if (size < sizeof address)
        return 0;
    memcpy(&address, data, sizeof address);
    smbios = (struct smbios_bytes){ data + sizeof address, size - sizeof address };
    smbios_dimm_of(&smbios, phys_addr(address), name, sizeof name);
    ASSERT(memchr(name, 0, sizeof name));
    smbios_machine_lines(&smbios, &sink.sink);
    fuzz_reports(&subject, dimms_buffer_bytes(&subject), report, &smbios);
    return 0;
}
