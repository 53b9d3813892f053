#include "firmware_text.h"
#include "smbios_memory.h"

/* Modules that share an address, or an array: with more, their names say nothing. Bounds the search, too. */
#define MODULES_MAX 4

struct modules {
    const struct smbios_bytes *smbios;
    struct smbios_device found[MODULES_MAX];
    size_t n; /* also of those that `found` has no room for */
};

static void add(struct modules *modules, const struct smbios_device *device)
{
    if (modules->n < MODULES_MAX)
        modules->found[modules->n] = *device;
    modules->n++;
}

/* Those of an array that are there, or the one with this handle. */
static void add_devices(struct modules *modules, uint16_t handle, bool is_array)
{
    struct smbios_structure s;
    struct smbios_device device;

    for (size_t at = 0; smbios_structure_at(modules->smbios->structures, modules->smbios->n_bytes, at, &s); at = s.next)
        if (smbios_device_read(&s, &device) && !device.is_empty && (is_array ? device.array : device.handle) == handle)
            add(modules, &device);
}

/*
 * By devices' addresses: nobody, if there are interleaved ones, which share each of their addresses, or nominal ones.
 * By those of arrays: what a hole pushed up is the nominal array's, too.
 */
static void find(struct modules *modules, uint8_t mapping_type, phys_addr_t address)
{
    const struct smbios_bytes *smbios = modules->smbios;
    const bool of_array = mapping_type == SMBIOS_TYPE_ARRAY_ADDRESS;
    struct smbios_structure s;
    struct smbios_mapping m;
    size_t n_mappings = 0;

    for (size_t at = 0; smbios_structure_at(smbios->structures, smbios->n_bytes, at, &s); at = s.next) {
        if (!smbios_mapping_read(&s, mapping_type, &m))
            continue;
        if (!of_array && (m.interleave_position || m.is_nominal)) {
            modules->n = 0;
            return;
        }
        if ((m.is_nominal || phys_range_contains(m.bytes, address)) && n_mappings++ < MODULES_MAX)
            add_devices(modules, m.handle, of_array);
    }
}

bool smbios_device_with(const struct smbios_bytes *smbios, uint16_t handle, struct smbios_device *ret)
{
    struct smbios_structure s;

    for (size_t at = 0; smbios_structure_at(smbios->structures, smbios->n_bytes, at, &s); at = s.next)
        if (smbios_device_read(&s, ret) && ret->handle == handle)
            return true;
    return false;
}

/* A slot's name may recur with each channel, which the bank then tells. */
static void print_name(const struct sink *sink, const struct smbios_device *device)
{
    char slot[DIMM_NAME_BYTES], bank[DIMM_NAME_BYTES];

    firmware_text(device->slot ? device->slot : "", slot, sizeof slot);
    firmware_text(device->bank ? device->bank : "", bank, sizeof bank);
    print_text(sink, slot[0] ? slot : "a module");
    if (bank[0])
        print_format(sink, " (%s)", bank);
}

void smbios_dimm_of(const struct smbios_bytes *smbios, phys_addr_t address, char *name, size_t capacity)
{
    struct modules modules = { .smbios = smbios };
    size_t length;
    const struct buffer_sink buffer = buffer_sink(name, capacity, &length);

    find(&modules, SMBIOS_TYPE_DEVICE_ADDRESS, address);
    if (!modules.n)
        find(&modules, SMBIOS_TYPE_ARRAY_ADDRESS, address);
    for (size_t i = 0; i < modules.n && modules.n <= MODULES_MAX; i++) {
        if (i)
            print_text(&buffer.sink, " or ");
        print_name(&buffer.sink, &modules.found[i]);
    }
}
