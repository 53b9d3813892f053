#include <stdlib.h>

#include "built_map.h"
#include "memmap_report.h"
#include "memory_report.h"

int boot_report(const struct sink *sink, const char *name, const struct map_subject *subject)
{
    struct built_map built;
    int result = EXIT_BAD_MAP;

    if (built_map_regions(&built, name, subject)) {
        memory_report_map(sink, &built.map);
        print_text(sink, "\n");
        if (built_map_allocator(&built)) {
            const struct pmm_stats stats = pmm_stats(built.run.pmm, &built.run.cpu);
            memory_report_allocator(sink, &stats, built.run.metadata);
            result = EXIT_SUCCESS;
        }
    }
    built_map_free(&built);
    return result;
}
