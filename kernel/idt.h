/* The interrupt descriptor table, one for all processors: 32 exceptions, each of which is a panic. */
#ifndef IDT_H
#define IDT_H

/* Fills the table (the same each time) and loads it on this processor. After gdt_init(). */
void idt_init(void);

#endif
