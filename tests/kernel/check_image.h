/* The borders of the image's segments (kernel.lds), all on pages. */
#ifndef TEST_KERNEL_CHECK_IMAGE_H
#define TEST_KERNEL_CHECK_IMAGE_H

#include <stdint.h>

extern const uint8_t image_text_start[], image_rodata_start[], image_data_start[], image_end[];

#endif
