/*
 * Addresses and frame numbers, wrapped so that mixing them does not compile. The wrapping costs nothing: gcc -O2
 * emits the same code as for bare integers. Conversions between the kinds live here, and nowhere else.
 *
 * Intervals are half-open everywhere: `end` is the first byte (or frame) that does not belong.
 */
#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stdint.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)
#define TIB(n) ((uint64_t)(n) << 40)

#define PAGE_SHIFT 12
#define PAGE_SIZE KIB(4)
#define PAGE_MASK (PAGE_SIZE - 1)

/* No x86-64 processor has more address bits (Intel SDM vol 3A, 4.1.4 Enumeration of Paging Features by CPUID). */
#define PHYS_BITS_MAX 52

typedef struct { uint64_t value; } phys_addr_t; /* byte address, as on the bus */
typedef struct { uint64_t value; } virt_addr_t; /* byte address, as an instruction uses it */
typedef struct { uint64_t value; } frame_t;     /* phys_addr >> PAGE_SHIFT */

/* Bytes [start, start + bytes); bytes == 0 is "none". */
struct phys_range {
    phys_addr_t start;
    uint64_t bytes;
};

/* Frames [first, first + count). */
struct frame_range {
    frame_t first;
    uint64_t count;
};

static inline phys_addr_t phys_addr(uint64_t value) { return (phys_addr_t){ value }; }
static inline virt_addr_t virt_addr(uint64_t value) { return (virt_addr_t){ value }; }
static inline frame_t frame(uint64_t number) { return (frame_t){ number }; }

static inline phys_addr_t frame_start(frame_t f) { return (phys_addr_t){ f.value << PAGE_SHIFT }; }
static inline frame_t frame_of(phys_addr_t address) { return (frame_t){ address.value >> PAGE_SHIFT }; }

static inline void *virt_pointer(virt_addr_t address) { return (void *)(uintptr_t)address.value; }
static inline virt_addr_t virt_of(const void *pointer) { return (virt_addr_t){ (uintptr_t)pointer }; }

/* Where physical memory is mapped one to one: under the firmware, and in the lower half of our own tables. */
static inline void *identity_pointer(phys_addr_t address) { return (void *)(uintptr_t)address.value; }
static inline phys_addr_t identity_of(const void *pointer) { return (phys_addr_t){ (uintptr_t)pointer }; }

static inline uint64_t align_down(uint64_t value, uint64_t power_of_two) { return value & ~(power_of_two - 1); }

/* Wraps to 0 within power_of_two of the top: callers bound their values first. */
static inline uint64_t align_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint64_t bytes_to_frames(uint64_t bytes)
{
    return (bytes >> PAGE_SHIFT) + ((bytes & PAGE_MASK) != 0);
}

/* Bytes in `count` frames. */
static inline uint64_t frames_to_bytes(uint64_t count) { return count << PAGE_SHIFT; }

/* End of the range, exclusive. The range must not wrap. */
static inline uint64_t phys_range_end(struct phys_range r) { return r.start.value + r.bytes; }

static inline bool phys_range_contains(struct phys_range r, phys_addr_t a)
{
    return a.value >= r.start.value && a.value - r.start.value < r.bytes;
}

static inline bool phys_ranges_overlap(struct phys_range a, struct phys_range b)
{
    return a.bytes && b.bytes && a.start.value < phys_range_end(b) && b.start.value < phys_range_end(a);
}

/*
 * The frames that lie wholly inside the bytes (usable memory shrinks), and those that touch them (reserved memory
 * grows). The range must not wrap. An inside range may be empty; then first is meaningless.
 */
static inline struct frame_range frame_range_inside(struct phys_range r)
{
    const uint64_t first = bytes_to_frames(r.start.value);
    const uint64_t end = phys_range_end(r) >> PAGE_SHIFT;

    return (struct frame_range){ { first }, end > first ? end - first : 0 };
}

static inline struct frame_range frame_range_around(struct phys_range r)
{
    const uint64_t first = r.start.value >> PAGE_SHIFT;

    return (struct frame_range){ { first }, r.bytes ? bytes_to_frames(phys_range_end(r)) - first : 0 };
}

#endif
