/*
 * A bit of memory that cannot hold a 1: keeps clearing it in a file that another process has mapped as well. Atomically:
 * the other bits of its byte keep what the other process writes.
 *
 *   stuck-bit FILE OFFSET MASK      decimal; until its input ends
 *
 * Says "ready" once the bit has been cleared for the first time.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "addr.h"

#define CLEARS_PER_LOOK 64 /* at the input */
#define PAUSE_NS 5000

/* The byte of the file; NULL: there is none. */
static _Atomic uint8_t *map_byte(const char *path, uint64_t offset)
{
    const int file = open(path, O_RDWR);
    struct stat found;

    if (file < 0 || fstat(file, &found) || offset >= (uint64_t)found.st_size)
        return NULL;

    char *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)(offset & ~PAGE_MASK));

    return page == MAP_FAILED ? NULL : (_Atomic uint8_t *)(page + (offset & PAGE_MASK));
}

/* The processor is the guest's, too: a pause is long enough for it, and too short for a test of memory. */
static void clear_for_a_while(_Atomic uint8_t *byte, uint8_t mask)
{
    const struct timespec pause = { 0, PAUSE_NS };

    for (unsigned i = 0; i < CLEARS_PER_LOOK; i++) {
        if (__atomic_load_n(byte, __ATOMIC_RELAXED) & mask)
            __atomic_fetch_and(byte, (uint8_t)~mask, __ATOMIC_SEQ_CST);
        nanosleep(&pause, NULL);
    }
}

int main(int n_arguments, char **arguments)
{
    struct pollfd input = { 0, POLLIN, 0 };
    _Atomic uint8_t *byte;
    uint8_t mask;

    if (n_arguments != 4)
        return EXIT_FAILURE;
    byte = map_byte(arguments[1], strtoull(arguments[2], NULL, 10));
    mask = (uint8_t)strtoul(arguments[3], NULL, 10);
    if (!byte) {
        perror(arguments[1]);
        return EXIT_FAILURE;
    }
    for (bool is_first = true; !poll(&input, 1, 0); is_first = false) {
        clear_for_a_while(byte, mask);
        if (is_first && puts("ready") != EOF)
            fflush(stdout);
    }
    return EXIT_SUCCESS;
}
