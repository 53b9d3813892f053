#include "contenders.h"

#include <stddef.h>

const struct contender *const contenders[] = {
    &contender_boot, &contender_shared, &contender_word, &contender_first_fit, NULL,
};
