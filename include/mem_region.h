/*
 * From the firmware's descriptors, whatever state they are in, to regions one can rely on: sorted by address,
 * disjoint, merged, page-aligned, typed.
 *
 *   firmware        [ conventional             ]      [ boot data ]   unsorted, overlapping, unaligned, garbage
 *                          [ reserved ]
 *   regions         [USABLE][RESERVED  ][USABLE]      [USABLE     ]   what nobody else claims is usable
 *
 * Pure: no I/O, no globals, no allocation; O(n log n).
 */
#ifndef MEM_REGION_H
#define MEM_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"
#include "firmware_map.h"

/*
 * In ascending order of who wins a byte that several descriptors claim: usable memory is what no other type claims,
 * and so on upwards. Two descriptors of types that end up as one region type agree; they are an overlap to report, but
 * nothing is lost by it. Of two REGION_UNKNOWN descriptors the one that reaches further wins (then the greater number).
 *
 * Where descriptors are not page-aligned, a frame is USABLE if all of its bytes are, BOOTLOADER_RECLAIMABLE if all of
 * its bytes are one of these two; otherwise it belongs to the strongest other type among its bytes, or to nobody. So
 * free memory shrinks to whole frames, everything else grows.
 */
enum region_type {
    REGION_USABLE,
    REGION_BOOTLOADER_RECLAIMABLE, /* firmware's boot services, and loader memory: usable once nobody runs in it */
    REGION_ACPI_RECLAIMABLE,
    REGION_PERSISTENT,
    REGION_UNACCEPTED,
    REGION_ACPI_NVS,
    REGION_RUNTIME_SERVICES,
    REGION_MMIO,
    REGION_UNKNOWN, /* a type that no specification we know names: firmware_type says which */
    REGION_RESERVED,
    REGION_RESERVED_MAPPED, /* tables of the firmware that a kernel is to read: only as a claim */
    REGION_EXECUTABLE_AND_MODULES,
    REGION_FRAMEBUFFER,
    REGION_BAD_MEMORY,
    REGION_TYPES
};

struct mem_region {
    phys_addr_t start; /* inclusive, page-aligned */
    phys_addr_t end;   /* exclusive, page-aligned, > start */
    enum region_type type;
    uint32_t firmware_type; /* for REGION_UNKNOWN the firmware's number, else 0; differing ones do not merge */
};

/*
 * Bytes that have a use the firmware does not know of: our image, the framebuffer, the HyperTransport hole. A claim
 * competes with descriptors by its type, and makes a region also where there is no descriptor.
 */
struct region_claim {
    struct phys_range bytes; /* grown outward to pages; one that wraps or exceeds phys_bits is cut there */
    enum region_type type;   /* neither USABLE nor BOOTLOADER_RECLAIMABLE: nobody can claim that memory is free */
};

/* When the regions are looked at: who owns the memory of boot services and of the loader. */
enum region_view {
    REGION_VIEW_BOOT,  /* the firmware still runs, or a kernel must be told: BOOTLOADER_RECLAIMABLE */
    REGION_VIEW_OWNED, /* nothing needs it any more: USABLE */
};

/*
 * What is wrong with a map. Each is counted by descriptor, reported, and never fatal. A skipped or dropped descriptor
 * counts for that alone; any other may count for several. Free memory: conventional, the loader's, boot services'.
 */
enum region_anomaly {
    ANOMALY_UNSORTED,       /* starts below its predecessor */
    ANOMALY_OVERLAP,        /* shares bytes with an earlier descriptor (in address order) of any type */
    ANOMALY_ZERO_PAGES,     /* no pages: skipped */
    ANOMALY_OUT_OF_RANGE,   /* wraps, or ends above 2^52 or the processor's width: dropped */
    ANOMALY_UNALIGNED,      /* start not on a page */
    ANOMALY_UNKNOWN_TYPE,   /* type number that UEFI 2.10 does not define */
    ANOMALY_NOT_WRITE_BACK, /* free memory that cannot be cached write-back: reserved */
    ANOMALY_NOT_GENERAL,    /* free memory that is special-purpose, persistent, protected or hot-pluggable: reserved */
    ANOMALY_RUNTIME_FREE,   /* free memory with the RUNTIME attribute: kept as RUNTIME_SERVICES */
    ANOMALY_TRUNCATED,      /* the map ends inside a descriptor: that one is skipped */
    ANOMALIES
};

/* A set of anomalies, as bits. A descriptor with one of these is as good as not there. */
#define ANOMALY_BIT(anomaly) (1u << (anomaly))
#define ANOMALIES_THAT_DROP (ANOMALY_BIT(ANOMALY_ZERO_PAGES) | ANOMALY_BIT(ANOMALY_OUT_OF_RANGE))
/* Those that a sound map may have: it need not be sorted, and free memory need not be for everybody. */
#define ANOMALIES_ALLOWED (ANOMALY_BIT(ANOMALY_UNSORTED) | ANOMALY_BIT(ANOMALY_NOT_GENERAL))

struct region_parameters {
    const struct region_claim *claims;
    size_t n_claims;
    unsigned phys_bits; /* of the processor; above PHYS_BITS_MAX means that, below PAGE_SHIFT no memory at all */
    enum region_view view;
};

struct region_map {
    struct mem_region *regions; /* in the caller's buffer */
    size_t n_regions;
    uint64_t n_descriptors;
    uint64_t total_bytes;  /* that some descriptor covers, and none of a type that the EFI shell's "Total Memory" leaves
                              out: reserved, unusable, MMIO, MMIO ports. Claims change nothing here. */
    uint64_t usable_bytes; /* sum of the REGION_USABLE regions */
    uint64_t anomalies[ANOMALIES];
};

enum region_status {
    REGION_OK,
    REGION_BAD_STRIDE, /* stride below FIRMWARE_STRIDE_MIN (0 included) while there are bytes */
    REGION_NO_SPACE,   /* buffer_bytes below region_buffer_bytes() */
};

/* Bytes of buffer that region_normalize() needs for a map of n_descriptors and n_claims; 0 only if that overflows. */
size_t region_buffer_bytes(uint64_t n_descriptors, size_t n_claims);

/* Descriptors in the map; 0 for a stride below FIRMWARE_STRIDE_MIN. */
uint64_t firmware_map_count(const struct firmware_map *map);

/* The one at index < firmware_map_count(map). */
struct firmware_descriptor firmware_map_descriptor(const struct firmware_map *map, uint64_t index);

/*
 * What region_normalize() counts of this descriptor, as a set; but for what takes more than the descriptor itself to
 * see: ANOMALY_UNSORTED and ANOMALY_OVERLAP, which include/anomalies.h finds, and ANOMALY_TRUNCATED.
 */
uint32_t region_descriptor_anomalies(const struct firmware_descriptor *d, unsigned phys_bits);

/*
 * map         read only; descriptors need no alignment.
 * buffer      8-aligned, buffer_bytes long, apart from the map; holds the regions afterwards (from its start on) and
 *             scratch before, its contents are arbitrary after an error.
 * ret         filled only on REGION_OK. An empty map gives no regions but those of claims.
 */
MUST_CHECK enum region_status region_normalize(const struct firmware_map *map,
                                               const struct region_parameters *parameters, void *buffer,
                                               size_t buffer_bytes, struct region_map *ret);

/* The region that holds the address, or NULL. O(log n). */
const struct mem_region *region_find(const struct region_map *map, phys_addr_t address);

/* "USABLE", "ACPI_NVS", ...; "UNKNOWN" for REGION_UNKNOWN, where the caller adds the number. */
const char *region_type_name(enum region_type type);

/* What was found and what was done about it, to follow a count of descriptors: "out of order (sorted)". */
const char *region_anomaly_text(enum region_anomaly anomaly);

static inline struct phys_range region_range(const struct mem_region *r)
{
    return (struct phys_range){ r->start, r->end.value - r->start.value };
}

#endif
