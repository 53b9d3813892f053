/*
 * What gcc and clang call on their own, with the C library's contracts (ISO C, 7.24 String handling). Code that wants
 * them says __builtin_memset() and so on.
 */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>
#include <stdint.h>

void *memset(void *to, int value, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
