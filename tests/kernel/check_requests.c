#include "check.h"
#include "checks.h"
#include "requests.h"

/* What Limine 8.2.0 does not know. */
static bool is_newer_than_limine_8(enum limine_request_kind kind)
{
    switch (kind) {
    case LIMINE_EXECUTABLE_CMDLINE:
    case LIMINE_TPM_EVENT_LOG:
    case LIMINE_BOOTLOADER_PERFORMANCE:
    case LIMINE_KEEP_IOMMU:
    case LIMINE_TSC_FREQUENCY:
    case LIMINE_FLANTERM_FB_INIT_PARAMS:
    case LIMINE_ENTROPY:
        return true;
    default:
        return false;
    }
}

static bool is_expected(const struct context *context, enum limine_request_kind kind)
{
    if (context->is_limine_8 && is_newer_than_limine_8(kind))
        return false;
    switch (kind) {
    case LIMINE_RISCV_BSP_HARTID: /* not this architecture */
        return false;
    case LIMINE_DEVICE_TREE:
        return test_config.has_device_tree;
    case LIMINE_TPM_EVENT_LOG:
        return test_config.has_tpm;
    case LIMINE_FRAMEBUFFER:
    case LIMINE_FLANTERM_FB_INIT_PARAMS:
        return test_config.n_framebuffers;
    case LIMINE_MODULE:
        return test_config.n_modules;
    case LIMINE_DATE_AT_BOOT:
        return !test_config.uses_list; /* the list leaves it out */
    default:
        return true;
    }
}

static uint64_t expected_revision(const struct context *context, enum limine_request_kind kind)
{
    (void)context;
    return kind == LIMINE_FRAMEBUFFER ? 1 : kind == LIMINE_MODULE ? 2 : 0;
}

/* Names of a line each: `answered.HHDM`. */
static const char *compose(char *to, size_t capacity, const char *topic, const char *name)
{
    size_t n = 0;

    for (; *topic && n < capacity - 1; topic++)
        to[n++] = *topic;
    for (; *name && n < capacity - 1; name++)
        to[n++] = *name;
    to[n] = '\0';
    return to;
}

static void check_request(struct context *context, enum limine_request_kind kind)
{
    const volatile struct limine_request *request = requests_find(kind);
    const struct limine_response *response = requests_answer(kind);
    char name[64];

    if (!is_expected(context, kind)) {
        check_equal(compose(name, sizeof(name), "untouched.", requests_name(kind)), NOT_ANSWERED, request->response);
        return;
    }
    check_that(compose(name, sizeof(name), "answered.", requests_name(kind)), response, request->response);
    compose(name, sizeof(name), "response_memory.", requests_name(kind));
    if (!response || !is_handed_over(context, (uint64_t)response, sizeof(*response))) {
        check_that(name, false, (uint64_t)response);
        return;
    }
    check_that(name, true, 0);
    check_equal(compose(name, sizeof(name), "response_revision.", requests_name(kind)),
                expected_revision(context, kind), response->revision);
}

static void check_tag(const struct context *context)
{
    const volatile uint64_t *tag = requests_tag();
    static const uint64_t in_file[] = { LIMINE_BASE_REVISION_TAG };

    if (!tag[0]) {
        check_skip("tag.accepted", "there is no tag");
        check_skip("tag.revision", "there is no tag");
        return;
    }
    check_equal("tag.accepted", 0, tag[2]);
    check_equal("tag.revision", context->is_limine_8 ? in_file[1] : context->revision, tag[1]);
}

/* From base revision 2 on, the markers say where requests are. */
static void check_decoys(const struct context *context)
{
    const char *reason = "no promise before base revision 2";
    const bool applies = context->revision >= 2 && test_config.has_decoys;

    if (!test_config.has_decoys)
        reason = "there are no decoys";
    check_equal_if(applies, reason, "untouched.before_start_marker", NOT_ANSWERED,
                   requests_extra(REQUEST_DECOY_BEFORE)->response);
    check_equal_if(applies, reason, "untouched.after_end_marker", NOT_ANSWERED,
                   requests_extra(REQUEST_DECOY_AFTER)->response);
}

void check_requests(struct context *context)
{
    check_tag(context);
    for (enum limine_request_kind kind = 0; kind < LIMINE_REQUESTS; kind++)
        if (requests_has(kind))
            check_request(context, kind);
    check_equal("untouched.unknown_request", NOT_ANSWERED, requests_extra(REQUEST_UNKNOWN)->response);
    check_equal("untouched.unaligned_request", NOT_ANSWERED, requests_unaligned_response());
    check_decoys(context);
}
