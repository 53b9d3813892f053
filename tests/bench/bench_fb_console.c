/* How fast the framebuffer console scrolls: into RAM, one write per line, every line different from all others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler.h"
#include "fb_console.h"

#define LINE_CHARACTERS 65
#define LINES_BETWEEN_LOOKS 500
#define SECONDS 1.0
#define PRINTABLE_FIRST '!'
#define PRINTABLE_COUNT 94

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Pseudo-random printable characters: next to no cell stays as it is when the screen scrolls. */
static void make_noise(char *line, uint64_t number)
{
    uint64_t state = number;

    for (unsigned i = 0; i < LINE_CHARACTERS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        line[i] = (char)(PRINTABLE_FIRST + (state >> 33) % PRINTABLE_COUNT);
    }
}

/* What a boot log looks like: parts of the line change, parts stay. */
static void make_text(char *line, uint64_t number)
{
    char text[LINE_CHARACTERS * 2];

    snprintf(text, sizeof(text), "%08lu: frame at 0x%08lx, the quick brown fox jumps over the lazy dog, %lu",
             (unsigned long)number, (unsigned long)(number * 2654435761u & UINT32_MAX), (unsigned long)number);
    memcpy(line, text, LINE_CHARACTERS);
}

static double lines_per_second(uint32_t width, uint32_t height, void (*make_line)(char *line, uint64_t number))
{
    const struct framebuffer fb = {
        .memory = { phys_addr(0), (uint64_t)width * height * 4 },
        .width_px = width, .height_px = height, .pitch_bytes = width * 4, .bits_per_pixel = 32,
        .red = { 16, 8 }, .green = { 8, 8 }, .blue = { 0, 8 },
    };
    const struct fb_area area = { 0, 0, width, height };
    void *pixels = malloc(fb.memory.bytes);
    void *cells = malloc(fb_console_cell_bytes(&fb, area));
    static struct fb_console console;
    char line[LINE_CHARACTERS + 1];
    uint64_t lines = 0;

    if (!pixels || !cells)
        exit(EXIT_FAILURE);
    line[LINE_CHARACTERS] = '\n';
    fb_console_init(&console, &fb, pixels, area, cells);

    const double start = seconds();
    double elapsed;

    do {
        for (unsigned i = 0; i < LINES_BETWEEN_LOOKS; i++) {
            make_line(line, lines + i);
            console.sink.write(&console.sink, line, sizeof(line));
        }
        lines += LINES_BETWEEN_LOOKS;
        elapsed = seconds() - start;
    } while (elapsed < SECONDS);
    free(cells);
    free(pixels);
    return (double)lines / elapsed;
}

int main(void)
{
    static const uint32_t screens[][2] = { { 1280, 800 }, { 1920, 1200 }, { 3840, 2160 } };

    for (size_t i = 0; i < ARRAY_LENGTH(screens); i++) {
        const uint32_t width = screens[i][0], height = screens[i][1];

        printf("fb_console %ux%u, text: %.0f lines/s\n", width, height, lines_per_second(width, height, make_text));
        printf("fb_console %ux%u, noise: %.0f lines/s\n", width, height, lines_per_second(width, height, make_noise));
    }
    return 0;
}
