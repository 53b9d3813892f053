/*
 * An EFI application that stands for firmware richer than OVMF: what the files on its volume ask for is there before it
 * starts \loader.efi in its place, with its own LoadOptions.
 *
 *     \prepare\tree.dtb    the EFI configuration table names this device tree
 *     \prepare\edid.bin    every graphics adapter knows a monitor: its EDID, with the adapter's number as serial number
 *     \prepare\intel       Intel's DMA remapping unit passes everything through, and remaps interrupts
 *     \prepare\amd         AMD's unit passes everything through
 *     \prepare\lend        processors are started only while the caller waits
 *
 * It says on the console what it has done.
 */
#ifndef PREPARER_H
#define PREPARER_H

#include <efi.h>
#include <efilib.h>
#include <stdbool.h>
#include <stdint.h>

struct preparer {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE *system;
    EFI_BOOT_SERVICES *boot;
    EFI_LOADED_IMAGE *loaded;
    EFI_FILE_HANDLE root;
};

/* The file's contents, in the firmware's pool; NULL: there is no such file. */
uint8_t *read_file(struct preparer *p, const CHAR16 *path, UINTN *ret_bytes);

/* Pages below 4 GiB, of zeros; NULL: there are none. */
void *take_pages(struct preparer *p, UINTN n);

void install_device_tree(struct preparer *p, void *tree);
void install_edid(struct preparer *p, const uint8_t *edid, UINTN bytes);
void start_intel_iommu(struct preparer *p);
void start_amd_iommu(struct preparer *p);
void lend_processors(struct preparer *p);

#endif
