/*
 * How fast the memory test's sweeps are beside plain loops that do the same loads and stores: the very object file that
 * BOOTX64.EFI has, in the same guest, over the same memory. Prints a line per sweep: its name, TSC ticks of both.
 */
#include <efi.h>

#include "../../efi/memtest/access.h"
#include "../../efi/memtest/step.h"
#include "format.h"
#include "x86.h"

#define MEMORY_BYTES MIB(1)
#define BLOCK_BYTES MIB(1)
#define ROUNDS 100
#define NOTHING UINT64_MAX

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

/* What step.o expects of BOOTX64.EFI (gcc, -mstack-protector-guard=global). */
uintptr_t __stack_chk_guard = 0x5AFE;
NORETURN void __stack_chk_fail(void);
NORETURN void __stack_chk_fail(void)
{
    for (;;)
        hlt();
}

/* ---- plain loops ---- */

static uint64_t plain_fill(uint64_t start, uint64_t end, uint64_t old, uint64_t new)
{
    (void)old;
    for (uint64_t at = start; at < end; at += TEST_WORD_BYTES)
        memory_write(at, 0, new);
    return 0;
}

static uint64_t plain_check(uint64_t start, uint64_t end, uint64_t old, uint64_t new)
{
    uint64_t differing = 0;

    (void)new;
    for (uint64_t at = start; at < end; at += TEST_WORD_BYTES)
        differing |= memory_read(at) ^ old;
    return differing;
}

static uint64_t plain_replace(uint64_t start, uint64_t end, uint64_t old, uint64_t new)
{
    uint64_t differing = 0;

    for (uint64_t at = start; at < end; at += TEST_WORD_BYTES) {
        differing |= memory_read(at) ^ old;
        memory_write(at, 0, new);
    }
    return differing;
}

static uint64_t plain_move(uint64_t start, uint64_t end, uint64_t old, uint64_t new)
{
    const uint64_t half = (end - start) / 2;

    (void)old;
    (void)new;
    for (uint64_t at = start; at < end - half; at += TEST_WORD_BYTES)
        memory_write(at + half, 0, memory_read(at));
    return 0;
}

static const struct {
    char name[20];
    uint8_t kind, pattern;
    uint64_t (*plain)(uint64_t start, uint64_t end, uint64_t old, uint64_t new);
} sweeps[] = {
    { "fill same", STEP_FILL, PATTERN_SAME, plain_fill },
    { "check same", STEP_CHECK, PATTERN_SAME, plain_check },
    { "replace same", STEP_REPLACE, PATTERN_SAME, plain_replace },
    { "fill random", STEP_FILL, PATTERN_RANDOM, plain_fill },
    { "check random", STEP_CHECK, PATTERN_RANDOM, plain_check },
    { "replace random", STEP_REPLACE, PATTERN_RANDOM, plain_replace },
    { "fill address", STEP_FILL, PATTERN_ADDRESS, plain_fill },
    { "check address", STEP_CHECK, PATTERN_ADDRESS, plain_check },
    { "replace address", STEP_REPLACE, PATTERN_ADDRESS, plain_replace },
    { "move", STEP_MOVE, PATTERN_RANDOM, plain_move },
    { "surround", STEP_SURROUND, PATTERN_SAME, plain_fill },
};

/* ---- ours beside them ---- */

static void ignore(const struct error_sink *sink, uint64_t address, uint64_t expected, uint64_t read)
{
    (void)sink;
    (void)address;
    (void)expected;
    (void)read;
}

/* Ticks of one sweep over all the memory; what it expects is there. */
static uint64_t time_ours(const struct step *step, uint64_t start)
{
    const struct error_sink errors = { ignore };
    struct step fill = *step;
    uint64_t before;

    fill.kind = STEP_FILL;
    fill.next = step->expected;
    for (uint64_t at = start; at < start + MEMORY_BYTES; at += BLOCK_BYTES)
        step_run(&fill, (struct phys_range){ phys_addr(at), BLOCK_BYTES }, &errors);
    before = rdtsc();
    for (uint64_t at = start; at < start + MEMORY_BYTES; at += BLOCK_BYTES)
        step_run(step, (struct phys_range){ phys_addr(at), BLOCK_BYTES }, &errors);
    return rdtsc() - before;
}

static uint64_t time_plain(unsigned sweep, uint64_t start)
{
    volatile uint64_t result;
    const uint64_t before = rdtsc();

    for (uint64_t at = start; at < start + MEMORY_BYTES; at += BLOCK_BYTES) {
        result = sweeps[sweep].plain(at, at + BLOCK_BYTES, 0, NOTHING);
        memory_settle();
    }
    (void)result;
    return rdtsc() - before;
}

static void print(EFI_SYSTEM_TABLE *system, const char *text)
{
    CHAR16 wide[FORMAT_LINE_BYTES];
    UINTN n = 0;

    for (; text[n] && n + 1 < FORMAT_LINE_BYTES; n++)
        wide[n] = (CHAR16)text[n];
    wide[n] = 0;
    system->ConOut->OutputString(system->ConOut, wide);
}

/* Ticks. */
struct times {
    uint64_t ours, plain;
};

/* The least of many rounds, of all sweeps in turns: what else the host does for half a second is not in every round. */
static void measure(uint64_t start, struct times *ret)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(sweeps); i++)
        ret[i] = (struct times){ UINT64_MAX, UINT64_MAX };
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < ARRAY_LENGTH(sweeps); i++) {
            const struct step step = { sweeps[i].kind, sweeps[i].pattern, 0, 0, false, 4, ~4ull };
            const struct times now = { time_ours(&step, start), time_plain(i, start) };

            ret[i].ours = now.ours < ret[i].ours ? now.ours : ret[i].ours;
            ret[i].plain = now.plain < ret[i].plain ? now.plain : ret[i].plain;
        }
}

static void print_times(EFI_SYSTEM_TABLE *system, unsigned sweep, const struct times *times)
{
    char line[FORMAT_LINE_BYTES];
    size_t n;
    const struct buffer_sink to = buffer_sink(line, sizeof line, &n);

    print_format(&to.sink, "sweep %s: %lu ticks, plain %lu, memory %lu bytes\r\n", sweeps[sweep].name, times->ours,
                 times->plain, MEMORY_BYTES);
    print(system, line);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct times times[ARRAY_LENGTH(sweeps)];
    EFI_PHYSICAL_ADDRESS start = 0;
    const EFI_STATUS status = system->BootServices->AllocatePages(AllocateAnyPages, EfiLoaderData,
                                                                  MEMORY_BYTES >> PAGE_SHIFT, &start);

    (void)image;
    if (EFI_ERROR(status))
        return status;
    measure(start, times);
    for (unsigned sweep = 0; sweep < ARRAY_LENGTH(sweeps); sweep++)
        print_times(system, sweep, &times[sweep]);
    return system->BootServices->FreePages(start, MEMORY_BYTES >> PAGE_SHIFT);
}
