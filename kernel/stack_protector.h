/* The canary that gcc and clang put between a function's arrays and its return address. */
#ifndef STACK_PROTECTOR_H
#define STACK_PROTECTOR_H

/*
 * Gives the canary a value that was not known in advance. Functions that are active during the call keep the old
 * one: call it from one that never returns, or that has no arrays.
 */
void stack_protector_init(void);

#endif
