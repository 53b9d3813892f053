/*
 * BLAKE2b-512 without a key (RFC 7693, The BLAKE2 Cryptographic Hash and Message Authentication Code): what b2sum
 * prints. Pure; general registers only.
 */
#ifndef BLAKE2B_H
#define BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2B_BYTES 64        /* of a digest */
#define BLAKE2B_BLOCK_BYTES 128

struct blake2b {
    uint64_t state[8];
    uint64_t bytes;  /* hashed so far, without those in the buffer */
    size_t buffered; /* the last block is kept until it is known to be the last */
    uint8_t buffer[BLAKE2B_BLOCK_BYTES];
};

void blake2b_init(struct blake2b *hash);

/* Takes the next n bytes; any number of calls, any alignment. */
void blake2b_update(struct blake2b *hash, const void *data, size_t n);

/* Gives the digest of all bytes taken. The hash is used up: blake2b_init() begins another. */
void blake2b_final(struct blake2b *hash, uint8_t ret_digest[BLAKE2B_BYTES]);

#endif
