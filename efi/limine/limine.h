/* Booting a kernel by the Limine protocol. Private to efi/. */
#ifndef LIMINE_H
#define LIMINE_H

#include "../files/files.h"
#include "../firmware.h"
#include "limine_entry.h"

/*
 * Loads and starts the kernel of an entry. Returns only on failure, which has been printed: everything is given back
 * then, and another entry can be tried. EFI_LOAD_ERROR: the kernel's file is broken; EFI_UNSUPPORTED: it wants what
 * this machine or loader has not; EFI_OUT_OF_RESOURCES; or what the firmware said.
 */
MUST_CHECK EFI_STATUS limine_boot(struct firmware *fw, struct boot_info *info, struct files *files,
                                  const struct limine_entry *entry);

#endif
