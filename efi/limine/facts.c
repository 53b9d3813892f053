#include "cpu.h"
#include "loading.h"
#include "x86.h"

#define ENTROPY_WORDS_MAX 4096
#define RDRAND_ATTEMPTS 10

#define RNG_PROTOCOL_GUID { 0x3152bca5, 0xeade, 0x433d, { 0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44 } }

/* UEFI 2.10, 37.5 Random Number Generator Protocol. */
struct rng_protocol {
    EFI_STATUS(EFIAPI *GetInfo)(struct rng_protocol *this, UINTN *bytes, EFI_GUID *algorithms);
    EFI_STATUS(EFIAPI *GetRNG)(struct rng_protocol *this, EFI_GUID *algorithm, UINTN bytes, UINT8 *values);
};

static bool from_firmware(const struct loading *l, uint64_t *words, size_t n)
{
    EFI_GUID guid = RNG_PROTOCOL_GUID;
    struct rng_protocol *rng = NULL;

    return !EFI_ERROR(l->fw->boot->LocateProtocol(&guid, NULL, (void **)&rng)) && rng &&
           !EFI_ERROR(rng->GetRNG(rng, NULL, n * sizeof *words, (UINT8 *)words));
}

/* How many words the processor gave. */
static size_t from_processor(uint64_t *words, size_t n)
{
    size_t i = 0;

    if (!cpu_features().rdrand)
        return 0;
    for (; i < n; i++) {
        unsigned attempts = RDRAND_ATTEMPTS;

        while (attempts && !rdrand(&words[i]))
            attempts--;
        if (!attempts)
            break;
    }
    return i;
}

/* SplitMix64's finalizer: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
static uint64_t scatter(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ x >> 27) * 0x94D049BB133111EBull;
    return x ^ x >> 31;
}

uint64_t loading_random(struct loading *l)
{
    EFI_TIME now = { 0 };
    uint64_t word, x;

    if (from_processor(&word, 1) || from_firmware(l, &word, 1))
        return word;
    x = scatter(rdtsc());
    if (!EFI_ERROR(l->fw->runtime->GetTime(&now, NULL)))
        x = scatter(x ^ ((uint64_t)now.Second << 32 | now.Nanosecond));
    return scatter(x ^ rdtsc());
}

static EFI_STATUS tell_entropy(struct loading *l)
{
    const struct limine_entropy_request *request = request_of(l, LIMINE_ENTROPY);
    struct limine_entropy_response *response;
    uint64_t *words;
    size_t n;

    if (!request)
        return EFI_SUCCESS;
    n = request->n_words < ENTROPY_WORDS_MAX ? request->n_words : ENTROPY_WORDS_MAX;
    response = loading_take(l, sizeof *response);
    words = loading_take(l, n * sizeof *words);
    if (!response || !words)
        return EFI_OUT_OF_RESOURCES;
    if (n && !from_firmware(l, words, n))
        n = from_processor(words, n);
    response->n_words = n;
    response->words = n ? in_direct_map(l, words) : 0;
    answer(l, LIMINE_ENTROPY, response);
    return EFI_SUCCESS;
}

/* Days from 1970-01-01, of a date in the Gregorian calendar; months are counted from March on, so that leap days come last. */
static int64_t days_since_1970(int64_t year, unsigned month, unsigned day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const unsigned m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static EFI_STATUS tell_date(struct loading *l)
{
    struct limine_date_at_boot_response *response;
    EFI_TIME now;

    if (!request_of(l, LIMINE_DATE_AT_BOOT) || EFI_ERROR(l->fw->runtime->GetTime(&now, NULL)) || !now.Month ||
        now.Month > 12 || !now.Day)
        return EFI_SUCCESS;
    response = loading_take(l, sizeof *response);
    if (!response)
        return EFI_OUT_OF_RESOURCES;
    response->unix_seconds =
        ((days_since_1970(now.Year, now.Month, now.Day) * 24 + now.Hour) * 60 + now.Minute) * 60 + now.Second;
    if (now.TimeZone != EFI_UNSPECIFIED_TIMEZONE) /* UEFI 2.10, 8.3.1: local time is UTC less this many minutes */
        response->unix_seconds += (int64_t)now.TimeZone * 60;
    answer(l, LIMINE_DATE_AT_BOOT, response);
    return EFI_SUCCESS;
}

static EFI_STATUS tell_names(struct loading *l)
{
    struct limine_bootloader_info_response *info = loading_take(l, sizeof *info);
    struct limine_firmware_type_response *type = loading_take(l, sizeof *type);
    struct limine_hhdm_response *hhdm = loading_take(l, sizeof *hhdm);
    struct limine_response *head = loading_take(l, sizeof *head);
    const char *name = loading_text(l, "Polyglot OS loader"), *version = loading_text(l, POLYGLOT_VERSION);

    if (!info || !type || !hhdm || !head || !name || !version)
        return EFI_OUT_OF_RESOURCES;
    info->name = in_direct_map(l, name);
    info->version = in_direct_map(l, version);
    type->type = LIMINE_FIRMWARE_EFI64;
    hhdm->offset = l->handover->hhdm_offset;
    answer_if_asked(l, LIMINE_BOOTLOADER_INFO, info);
    answer_if_asked(l, LIMINE_FIRMWARE_TYPE, type);
    answer_if_asked(l, LIMINE_HHDM, hhdm);
    answer_if_asked(l, LIMINE_STACK_SIZE, head);
    answer_if_asked(l, LIMINE_ENTRY_POINT, head);
    answer_if_asked(l, LIMINE_KEEP_IOMMU, head);
    if (l->paging_mode)
        answer(l, LIMINE_PAGING_MODE, l->paging_mode);
    return EFI_SUCCESS;
}

/* What is only known at the very end. */
static EFI_STATUS prepare_measurements(struct loading *l)
{
    struct handover_responses *r = &l->handover->responses;
    struct limine_request *tsc = request_of(l, LIMINE_TSC_FREQUENCY);

    if (tsc) {
        r->tsc = loading_take(l, sizeof *r->tsc);
        if (!r->tsc)
            return EFI_OUT_OF_RESOURCES;
        r->tsc_request = &tsc->response;
        r->tsc_response = in_direct_map(l, r->tsc);
    }
    if (request_of(l, LIMINE_BOOTLOADER_PERFORMANCE)) {
        r->performance = loading_take(l, sizeof *r->performance);
        if (!r->performance)
            return EFI_OUT_OF_RESOURCES;
        answer(l, LIMINE_BOOTLOADER_PERFORMANCE, r->performance);
    }
    return EFI_SUCCESS;
}

EFI_STATUS facts_answer(struct loading *l)
{
    EFI_STATUS status = tell_names(l);

    if (!EFI_ERROR(status))
        status = tell_date(l);
    if (!EFI_ERROR(status))
        status = tell_entropy(l);
    return EFI_ERROR(status) ? status : prepare_measurements(l);
}
