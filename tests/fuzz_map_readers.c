/* map_read() on arbitrary bytes, in each format and the detected one: reads or refuses; what it read can be used. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../mm/host/map_readers.h"
#include "panic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Lines that are right, for the mutator to begin with. */
static const char *const seeds[] = {
    "Available  0000000000001000-000000000009FFFF 000000000000009F 000000000000000F\r\n",
    "MemoryMap,\"BootServiceCode\",\"0\",\"FFF\",\"1\",\"F\"\r\n",
    "[    0.000000] efi: mem00: type=3, attr=0xf, range=[0x0000000000000000-0x0000000000001000) (0MB)\n",
    "efi: mem01: [Runtime Data       |RUN|  |  |  |   |WB|WT|WC|UC] range=[0x1000-0x2fff] (0MB)\n",
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n",
    "BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] ACPI NVS\n",
    " BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)\n",
    "00001000-0009fbff : System RAM\n",
    "{\"descriptors\":[{\"type\":7,\"start\":\"0x1000\",\"pages\":159,\"attributes\":\"0xf\"}]}",
    " BIOS-e820: 0000000000001000 @ 0000000000000000 (usable)\n",
    "20000000-200003ff : 0000:00:1d.7\n20000400-200007ff : 0000:00:1f.2\n",
    "# phys_bits 36\n7 0x1000 0x9f 0xf\n",
    "==== map --raw ====\n\n# own 0x1000 4096 x\n7 0x1000 0x9f 0xf\n\n==== frames ====\n",
    "--- raw map\n7 0x1000 0x9f 0xf\n--- end of raw map\n",
    "ShellCommand,\"memmap\"\n",
    "Type       Start            End              # Pages          Attributes\n",
    "\x1b[33m",
};

/* As the shell writes it, if there is room. Returns how long it is. */
static size_t make_utf16(uint8_t *data, size_t size, size_t max_size)
{
    if (max_size < 2 || size > (max_size - 2) / 2)
        return size;
    for (size_t i = size; i-- > 0;) {
        data[2 + 2 * i] = data[i];
        data[2 + 2 * i + 1] = 0;
    }
    data[0] = 0xff;
    data[1] = 0xfe;
    return 2 + 2 * size;
}

/* Now and then appends a line that is right, or makes UTF-16 of all: random bytes seldom become either. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    const char *line = seeds[seed / 4 % ARRAY_LENGTH(seeds)];
    const size_t length = strlen(line);

    if (seed % 4 == 0 && size <= max_size && length <= max_size - size) {
        memcpy(data + size, line, length);
        size += length;
    }
    if (seed % 64 == 1)
        size = make_utf16(data, size, max_size);
    return LLVMFuzzerMutate(data, size, max_size);
}

static void use(const struct map_text *t)
{
    const struct region_parameters parameters = { t->claims, t->n_claims, t->phys_bits, REGION_VIEW_OWNED };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&t->map), t->n_claims);
    void *buffer = malloc(bytes);
    struct region_map map;

    ASSERT(t->phys_bits >= PAGE_SHIFT && t->notes < 1u << MAP_NOTES);
    ASSERT(t->map.stride >= FIRMWARE_STRIDE_MIN && t->map.bytes % t->map.stride == 0);
    ASSERT(region_normalize(&t->map, &parameters, buffer, bytes, &map) == REGION_OK);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (unsigned format = 0; format <= MAP_FORMATS; format++) {
        struct map_text_error error = { 0 };
        struct map_text t;

        if (map_read((enum map_format)format, (const char *)data, size, &t, &error)) {
            use(&t);
            map_text_free(&t);
        } else {
            ASSERT(error.reason && strlen(error.reason) > 0);
            ASSERT(error.line <= size + 1);
        }
    }
    return 0;
}
