/* What objects that were built for BOOTX64.EFI expect of the program they are linked into: the stack's canary. */
#include <stdint.h>

extern const uintptr_t __stack_chk_guard;
const uintptr_t __stack_chk_guard = 0x595E9FBD94FDA766;
