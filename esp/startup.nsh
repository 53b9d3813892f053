# Started by an EFI shell that finds this file: starts the loader of the first volume that has one.
@echo -off
for %i run (0 9)
    if exist fs%i:\EFI\BOOT\BOOTX64.EFI then
        fs%i:\EFI\BOOT\BOOTX64.EFI
        goto DONE
    endif
endfor
:DONE
