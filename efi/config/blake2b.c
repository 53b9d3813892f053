#include "blake2b.h"

#define ROUNDS 12

/* RFC 7693, 2.6 Initialization Vector. */
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* RFC 7693, 2.7 Message Schedule SIGMA; rounds 10 and 11 are rounds 0 and 1 again. */
static const uint8_t schedule[ROUNDS][16] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
    { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
    { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
    { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
    { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
    { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
    { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
    { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
    { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
};

static inline uint64_t rotate_right(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

/* RFC 7693, 3.1 Mixing Function G. */
static inline __attribute__((always_inline)) void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x,
                                                      uint64_t y)
{
    *a += *b + x;
    *d = rotate_right(*d ^ *a, 32);
    *c += *d;
    *b = rotate_right(*b ^ *c, 24);
    *a += *b + y;
    *d = rotate_right(*d ^ *a, 16);
    *c += *d;
    *b = rotate_right(*b ^ *c, 63);
}

/* One round on columns, then on diagonals. m is the block, s the order in which it goes in. */
static inline __attribute__((always_inline)) void mix_round(uint64_t v[16], const uint64_t m[16], const uint8_t s[16])
{
    mix(&v[0], &v[4], &v[8], &v[12], m[s[0]], m[s[1]]);
    mix(&v[1], &v[5], &v[9], &v[13], m[s[2]], m[s[3]]);
    mix(&v[2], &v[6], &v[10], &v[14], m[s[4]], m[s[5]]);
    mix(&v[3], &v[7], &v[11], &v[15], m[s[6]], m[s[7]]);
    mix(&v[0], &v[5], &v[10], &v[15], m[s[8]], m[s[9]]);
    mix(&v[1], &v[6], &v[11], &v[12], m[s[10]], m[s[11]]);
    mix(&v[2], &v[7], &v[8], &v[13], m[s[12]], m[s[13]]);
    mix(&v[3], &v[4], &v[9], &v[14], m[s[14]], m[s[15]]);
}

/* RFC 7693, 3.2 Compression Function F. The processor is little-endian, as the message is. */
static void compress(struct blake2b *hash, const uint8_t *block, uint64_t last_mask)
{
    uint64_t v[16], m[16];

    __builtin_memcpy(m, block, sizeof m);
    for (unsigned i = 0; i < 8; i++) {
        v[i] = hash->state[i];
        v[i + 8] = initial[i];
    }
    v[12] ^= hash->bytes; /* its upper half, v[13], would take 2^64 bytes */
    v[14] ^= last_mask;
    /* Unrolled, the schedule would become constant addresses: 14 instructions a byte instead of 19, for 4 KiB of code. */
    for (unsigned i = 0; i < ROUNDS; i++)
        mix_round(v, m, schedule[i]);
    for (unsigned i = 0; i < 8; i++)
        hash->state[i] ^= v[i] ^ v[i + 8];
}

void blake2b_init(struct blake2b *hash)
{
    /* Parameter block: a digest of 64 bytes, no key, fan-out and depth 1 (RFC 7693, 2.5). */
    const uint64_t parameters = BLAKE2B_BYTES | 1 << 16 | 1 << 24;

    __builtin_memcpy(hash->state, initial, sizeof initial);
    hash->state[0] ^= parameters;
    hash->bytes = 0;
    hash->buffered = 0;
}

void blake2b_update(struct blake2b *hash, const void *data, size_t n)
{
    const uint8_t *next = data;

    while (n) {
        const size_t room = BLAKE2B_BLOCK_BYTES - hash->buffered;

        if (n <= room) {
            __builtin_memcpy(hash->buffer + hash->buffered, next, n);
            hash->buffered += n;
            return;
        }
        hash->bytes += BLAKE2B_BLOCK_BYTES;
        if (hash->buffered) {
            __builtin_memcpy(hash->buffer + hash->buffered, next, room);
            compress(hash, hash->buffer, 0);
            hash->buffered = 0;
        } else {
            compress(hash, next, 0);
        }
        next += room;
        n -= room;
    }
}

void blake2b_final(struct blake2b *hash, uint8_t ret_digest[BLAKE2B_BYTES])
{
    hash->bytes += hash->buffered;
    __builtin_memset(hash->buffer + hash->buffered, 0, BLAKE2B_BLOCK_BYTES - hash->buffered);
    compress(hash, hash->buffer, UINT64_MAX);
    __builtin_memcpy(ret_digest, hash->state, BLAKE2B_BYTES);
}
