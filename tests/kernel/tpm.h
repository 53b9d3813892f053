/*
 * A TPM 2.0 by its first-in first-out interface (TCG PC Client Platform TPM Profile Specification 1.05, 6.5 FIFO
 * Interface Usage), as much as takes to read what was measured. Every wait is bounded.
 */
#ifndef TEST_KERNEL_TPM_H
#define TEST_KERNEL_TPM_H

#include <stdbool.h>
#include <stdint.h>

#define TPM_REGISTERS 16 /* PCR 0 to 15: those that firmware and a loader extend */
#define SHA256_BYTES 32

struct tpm_registers_of_bank {
    uint8_t values[TPM_REGISTERS][SHA256_BYTES];
    unsigned n; /* that have been read */
};

/* All of them, of the SHA-256 bank, through the window. False: it does not answer as it should. */
bool tpm_read_registers(struct tpm_registers_of_bank *ret);

#endif
