#include "tpm.h"

#include <stddef.h>

#include "tables.h"
#include "x86.h"

/* Of locality 0: 6.3.2 Register Space Addresses. Bytes, but for the status, which is a word. */
#define TPM_BASE 0xFED40000ull
#define ACCESS 0x00
#define STATUS 0x18
#define FIFO 0x24
#define ACCESS_REQUEST 0x02
#define ACCESS_ACTIVE 0x20
#define STATUS_DATA 0x10
#define STATUS_GO 0x20
#define STATUS_READY 0x40
#define READS_MAX 100000000u

/* TPM 2.0 Library, Part 3, 22.4 TPM2_PCR_Read: big-endian; a selection of one bank with 24 registers. */
#define COMMAND_BYTES 20
#define COMMAND_SELECTION_AT 17
#define ANSWER_CODE_AT 6
#define ANSWER_SELECTION_AT 21 /* behind the update counter, the count of banks, the bank, and its 3 */
#define ANSWER_DIGESTS_AT 24
#define ANSWER_BYTES_MAX 512
#define DIGESTS_AT_ONCE 8
#define DIGEST_BYTES (2 + SHA256_BYTES)

static uint32_t status(volatile uint8_t *tpm)
{
    return *(volatile uint32_t *)(void *)(tpm + STATUS);
}

static bool wait_for(volatile uint8_t *tpm, uint32_t bit)
{
    for (unsigned reads = 0; reads < READS_MAX; reads++) {
        if (status(tpm) & bit)
            return true;
        pause();
    }
    return false;
}

static bool open_locality(volatile uint8_t *tpm)
{
    tpm[ACCESS] = ACCESS_REQUEST;
    for (unsigned reads = 0; reads < READS_MAX; reads++)
        if (tpm[ACCESS] & ACCESS_ACTIVE)
            return true;
    return false;
}

/* Bytes of the answer; 0: there was none. */
static size_t exchange(volatile uint8_t *tpm, const uint8_t command[COMMAND_BYTES], uint8_t answer[ANSWER_BYTES_MAX])
{
    size_t n = 0;

    *(volatile uint32_t *)(void *)(tpm + STATUS) = STATUS_READY;
    if (!wait_for(tpm, STATUS_READY))
        return 0;
    for (size_t i = 0; i < COMMAND_BYTES; i++)
        tpm[FIFO] = command[i];
    *(volatile uint32_t *)(void *)(tpm + STATUS) = STATUS_GO;
    if (!wait_for(tpm, STATUS_DATA))
        return 0;
    while (n < ANSWER_BYTES_MAX && status(tpm) & STATUS_DATA)
        answer[n++] = tpm[FIFO];
    *(volatile uint32_t *)(void *)(tpm + STATUS) = STATUS_READY;
    return n;
}

/* Eight registers, `first` the lowest. */
static bool read_eight(volatile uint8_t *tpm, unsigned first, struct tpm_registers_of_bank *ret)
{
    uint8_t command[COMMAND_BYTES] = { 0x80, 0x01, 0, 0, 0, COMMAND_BYTES, 0, 0, 0x01, 0x7E,
                                       0, 0, 0, 1, 0x00, 0x0B, 3 };
    uint8_t answer[ANSWER_BYTES_MAX];
    size_t n;

    command[COMMAND_SELECTION_AT + first / DIGESTS_AT_ONCE] = 0xFF;
    n = exchange(tpm, command, answer);
    if (n < ANSWER_DIGESTS_AT + 4 + DIGESTS_AT_ONCE * DIGEST_BYTES || answer[ANSWER_CODE_AT] ||
        answer[ANSWER_CODE_AT + 3] || answer[ANSWER_SELECTION_AT + first / DIGESTS_AT_ONCE] != 0xFF)
        return false;
    for (unsigned i = 0; i < DIGESTS_AT_ONCE; i++)
        __builtin_memcpy(ret->values[ret->n++], answer + ANSWER_DIGESTS_AT + 4 + i * DIGEST_BYTES + 2, SHA256_BYTES);
    return true;
}

bool tpm_read_registers(struct tpm_registers_of_bank *ret)
{
    volatile uint8_t *tpm = (volatile uint8_t *)window_map_device(TPM_BASE);

    ret->n = 0;
    if (!open_locality(tpm))
        return false;
    while (ret->n < TPM_REGISTERS)
        if (!read_eight(tpm, ret->n, ret))
            return false;
    return true;
}
