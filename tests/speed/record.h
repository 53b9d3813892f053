/* Letters of the records on port E9h, for C and assembly. */
#ifndef RECORD_H
#define RECORD_H

#define RECORD_PORT 0xE9
#define RECORD_BYTES 8        /* of the value */
#define RECORD_START 'S'      /* TSC just before StartImage() of the loader */
#define RECORD_KERNEL 'K'     /* TSC at the kernel's first instruction */
#define RECORD_DESCRIPTORS 'D' /* memory descriptors before StartImage() */
#define RECORD_ERROR 'E'      /* an EFI_STATUS */

#endif
