/* A device's 32-bit registers in memory, reached through the caller: so who drives them is pure. */
#ifndef MMIO_H
#define MMIO_H

#include <stdint.h>

#define MMIO_NOBODY 0xFFFFFFFFu /* what a read gives where no device answers */

struct mmio {
    void *context;
    uint32_t (*read)(void *context, uint32_t offset); /* bytes from the first register */
    void (*write)(void *context, uint32_t offset, uint32_t value);
};

static inline uint32_t mmio_read(const struct mmio *m, uint32_t offset) { return m->read(m->context, offset); }

static inline void mmio_write(const struct mmio *m, uint32_t offset, uint32_t value)
{
    m->write(m->context, offset, value);
}

#endif
