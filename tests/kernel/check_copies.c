/* What the loader copies out of the firmware whole: where it is, for who looks into it from outside. */
#include "check.h"
#include "checks.h"
#include "requests.h"
#include "tables.h"
#include "tpm.h"

#define TREE_MAGIC_AT 0
#define TREE_BYTES_AT 4
#define TREE_MAGIC 0xD00DFEEDu

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void check_device_tree(const struct context *c)
{
    const struct limine_device_tree_response *r = requests_answer(LIMINE_DEVICE_TREE);
    const uint8_t *tree = r ? (const uint8_t *)r->dtb : NULL;

    if (!r)
        return;
    check_equal("device_tree.alignment", 0, r->dtb % sizeof(uint64_t));
    check_equal("device_tree.magic", TREE_MAGIC, big_endian(tree + TREE_MAGIC_AT));
    check_that("device_tree.memory", is_handed_over(c, r->dtb, big_endian(tree + TREE_BYTES_AT)), r->dtb);
    info("device_tree_at", r->dtb - c->hhdm);
    info("device_tree_bytes", big_endian(tree + TREE_BYTES_AT));
}

/* With what the TPM has made of it, if it lets us ask. */
static void check_tpm_log(const struct context *c)
{
    static struct tpm_registers_of_bank registers;
    const struct limine_tpm_event_log_response *r = requests_answer(LIMINE_TPM_EVENT_LOG);

    if (!r)
        return;
    check_equal("tpm_log.format", LIMINE_TPM_LOG_TCG_2, r->format);
    check_that("tpm_log.memory", r->bytes && is_handed_over(c, r->address, r->bytes), r->address);
    info("tpm_log_at", r->address - c->hhdm);
    info("tpm_log_bytes", r->bytes);
    check_that("tpm_log.tpm_answers", tpm_read_registers(&registers), registers.n);
    info("tpm_registers_at", tables_translate(c, (uint64_t)&registers.values));
}

void check_copies(struct context *c)
{
    check_device_tree(c);
    check_tpm_log(c);
}
