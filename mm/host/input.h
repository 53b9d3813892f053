/* The file with the memory map. */
#ifndef INPUT_H
#define INPUT_H

#include "map_readers.h"

/* name: "-" is standard input. Failures are printed on standard error. ret: the caller's, until map_text_free(). */
MUST_CHECK bool input_read(const char *name, enum map_format format, struct map_text *ret);

#endif
