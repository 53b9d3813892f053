/* Names for what the compiler offers beyond the language. */
#ifndef COMPILER_H
#define COMPILER_H

#define MUST_CHECK [[nodiscard]]
#define NORETURN _Noreturn
#define PACKED __attribute__((packed))
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The structure of type `type` whose member `member` is at `pointer`. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer) - __builtin_offsetof(type, member)))

#endif
