# Polyglot OS loader. `make run` and `make test` do all their own set-up; `make help` lists the rest.
#
# Two object trees come from one source: build/target (freestanding, for BOOTX64.EFI) and build/host (the pure units
# and their tests, under ASan and UBSan).

BUILD := build
Q := $(if $(V),,@)
say = @echo "  $(1)"
CC = gcc
CLANG := clang
LD := ld
OBJCOPY := objcopy
PYTHON := /usr/bin/python3
VERSION := 0.1.0

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all
export BUILD PYTHON
export PATH := $(PATH):/usr/sbin:/sbin # mkfs.fat, for those who are not root

# ---- what must be installed; each set is checked once per build directory -------------------------------------------

packages_build := gcc libc6-dev libstb-dev binutils gnu-efi python3 python3-pefile fonts-spleen mtools dosfstools \
    libjson-c-dev
packages_run := qemu-system-x86 ovmf
packages_window := qemu-system-gui
packages_test := libcmocka-dev python3-pytest python3-pytest-xdist python3-pil clang libclang-rt-14-dev valgrind gdisk \
    spin libfdt-dev device-tree-compiler swtpm sbsigntool openssl mandoc

define packages_rule
$(BUILD)/.packages-$(1): Makefile
	@missing=$$$$(for p in $(packages_$(1)); do \
	    dpkg-query -W -f='$$$${Status}' $$$$p 2>/dev/null | grep -q 'ok installed' || printf '%s ' $$$$p; done); \
	if [ -n "$$$$missing" ]; then \
	    echo "Installing through apt: $$$$missing"; \
	    root=; [ "$$$$(id -u)" = 0 ] || { root=sudo; echo "(sudo may ask for your password)"; }; \
	    $$$$root apt-get update -qq && \
	    $$$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$$$missing \
	        >$(BUILD)-apt.log 2>&1 || { cat $(BUILD)-apt.log; rm -f $(BUILD)-apt.log; \
	        echo "Cannot install: $$$$missing" >&2; exit 1; }; \
	    rm -f $(BUILD)-apt.log; \
	fi; mkdir -p $(BUILD); touch $$@
endef
$(foreach set,build run window test,$(eval $(call packages_rule,$(set))))
# One after the other: apt has a lock.
$(BUILD)/.packages-run: $(BUILD)/.packages-build
$(BUILD)/.packages-window: $(BUILD)/.packages-run
$(BUILD)/.packages-test: $(BUILD)/.packages-run

# ---- BOOTX64.EFI -----------------------------------------------------------------------------------------------------

efi_sources := $(wildcard efi/*.c efi/*.S efi/*/*.c efi/*/*.S)
sample_sources := $(wildcard kernel/sample/*.c kernel/sample/*.S)
kernel_sources := $(filter-out $(sample_sources),$(wildcard kernel/*.c kernel/*.S kernel/*/*.c kernel/*/*.S)) \
    $(BUILD)/gen/font.c
mm_sources := $(wildcard mm/*.c)
report_sources := $(wildcard mm/report/*.c) # for the loader and memmap-report, not for kernels
# What is done once, at the start or at the end: not what allocates and frees.
once_sources := $(addprefix mm/,kernel_map.c paging.c paging_estimate.c paging_pool.c pmm_init.c pmm_mark.c pmm_run.c \
    pmm_seal.c pmm_sections.c pmm_span.c pmm_stats.c pmm_status.c pmm_stop.c pmm_window.c region.c region_names.c \
    region_sweep.c)
# What a kernel does with the allocator that it is handed: not in BOOTX64.EFI.
adopting_sources := $(wildcard mm/pmm_adopt.c mm/pmm_check*.c mm/pmm_verify.c mm/pmm_limine.c)

warnings := -Wall -Wextra -Werror -Wconversion -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
common := -std=gnu2x -g -Iinclude $(warnings) -MMD -MP -fno-common
prefix_map := -ffile-prefix-map=$(CURDIR)/=
is_gcc := $(if $(findstring clang,$(CC)),,yes)

target := $(common) $(prefix_map) -O2 -m64 -march=x86-64 -ffreestanding -fpic -fvisibility=hidden -fshort-wchar \
    -mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer -fno-strict-aliasing -fno-asynchronous-unwind-tables \
    -fstack-protector-strong -mstack-protector-guard=global -Wframe-larger-than=4096 -DPOLYGLOT_VERSION='"$(VERSION)"' \
    $(if $(is_gcc),-maccumulate-outgoing-args -fno-tree-loop-distribute-patterns)
efi_flags := -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -DGNU_EFI_USE_MS_ABI

target_objects := $(patsubst %,$(BUILD)/target/%.o,$(basename $(patsubst $(BUILD)/gen/%,gen/%,\
    $(efi_sources) $(kernel_sources) $(report_sources) $(filter-out $(adopting_sources),$(mm_sources)))))

.PHONY: all
all: $(BUILD)/BOOTX64.EFI $(BUILD)/BOOTX64.man $(BUILD)/esp.img $(BUILD)/host/memmap-report library $(BUILD)/sample.elf

# Another compiler or version rebuilds everything.
$(BUILD)/.flags: FORCE
	@mkdir -p $(@D); echo "$(CC) $(CURDIR) $(VERSION)" | cmp -s - $@ || echo "$(CC) $(CURDIR) $(VERSION)" >$@
FORCE:
$(target_objects): $(BUILD)/.flags Makefile
$(target_objects): target += -ffunction-sections -fdata-sections # what nobody calls is left out

$(BUILD)/target/efi/%.o: target += $(efi_flags)
# Runs once, or waits for devices: small is worth more than fast. Before the exit nobody prints return addresses.
small := -Os -fstack-protector
$(BUILD)/target/efi/%.o $(BUILD)/target/mm/report/%.o: target += $(small) -fomit-frame-pointer
$(BUILD)/target/kernel/%.o $(once_sources:%.c=$(BUILD)/target/%.o): target += $(small)
# Not so for what goes over whole files or screens,
$(addprefix $(BUILD)/target/,efi/config/blake2b.o kernel/fb_render.o kernel/string.o): target += -O2
# nor for the memory test, hundreds of passes over all memory, whose loops need every register.
$(BUILD)/target/efi/memtest/step.o: target += -O2 -fomit-frame-pointer
$(BUILD)/target/%.o: %.c | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,CC      $<)
	$(Q)$(CC) $(target) -c $< -o $@
$(BUILD)/target/gen/%.o: $(BUILD)/gen/%.c | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,CC      $<)
	$(Q)$(CC) $(target) -c $< -o $@
$(BUILD)/target/%.o: %.S | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,AS      $<)
	$(Q)$(CC) $(filter-out -std=gnu2x,$(target)) -c $< -o $@

# The console fonts, from their Debian package.
$(BUILD)/gen/font.c: kernel/font_generate.py | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,FONT    $@)
	$(Q)$(PYTHON) $< /usr/share/consolefonts/spleen-8x16.psfu.gz /usr/share/consolefonts/spleen-16x32.psfu.gz >$@

$(BUILD)/BOOTX64.EFI.debug: $(target_objects) efi/image.lds
	$(call say,LD      $@)
	$(Q)$(LD) -shared -Bsymbolic -nostdlib -O2 -z defs -z noexecstack --gc-sections --build-id=none --no-warn-rwx-segments \
	    -T efi/image.lds -L /usr/lib /usr/lib/crt0-efi-x86_64.o $(target_objects) -lgnuefi -o $@

# The file people copy: PE32+, stripped, page-aligned sections, NX_COMPAT.
$(BUILD)/BOOTX64.EFI: $(BUILD)/BOOTX64.EFI.debug efi/finish_pe.py
	$(call say,PE      $@)
	$(Q)$(OBJCOPY) --strip-all -j .text -j .reloc -j .rodata -j .rela -j .data -j .bss --target efi-app-x86_64 --subsystem=10 \
	    --section-alignment=4096 --file-alignment=512 $< $@.tmp
	$(Q)$(PYTHON) efi/finish_pe.py $@.tmp
	$(Q)mv $@.tmp $@

# What the EFI shell prints for `BOOTX64.EFI -?`.
$(BUILD)/BOOTX64.man: efi/commands/man_generate.py $(wildcard efi/commands/*.c)
	$(call say,MAN     $@)
	$(Q)mkdir -p $(@D) && $(PYTHON) $^ >$@

# An ESP as on a USB stick: FAT32 without a partition table, with everything in esp/ beside the loader.
$(BUILD)/esp.img: $(BUILD)/BOOTX64.EFI $(BUILD)/BOOTX64.man $(shell find esp -type f 2>/dev/null)
	$(call say,IMAGE   $@)
	$(Q)rm -f $@.tmp && truncate -s 64M $@.tmp
	$(Q)mkfs.fat -F 32 -n POLYGLOT -i 504F4C59 --invariant $@.tmp >/dev/null
	$(Q)mmd -i $@.tmp ::/EFI ::/EFI/BOOT
	$(Q)mcopy -i $@.tmp $(filter %.EFI %.man,$^) ::/EFI/BOOT/
	$(Q)for f in esp/*; do [ ! -f "$$f" ] || mcopy -i $@.tmp "$$f" ::/ || exit 1; done
	$(Q)mv $@.tmp $@

# ---- for kernels: the allocator as a library, and a kernel that uses it ----------------------------------------------

# Position-independent: fits kernels linked into the top 2 GiB and relocatable ones alike, at no cost on x86-64.
freestanding := $(common) $(prefix_map) -O2 -m64 -march=x86-64 -ffreestanding -mno-red-zone -mgeneral-regs-only \
    -fno-omit-frame-pointer -fno-strict-aliasing -fno-asynchronous-unwind-tables -fno-stack-protector \
    -fcf-protection=none $(if $(is_gcc),-fno-tree-loop-distribute-patterns)
library := $(freestanding) -fpic -fvisibility=hidden
library_sources := $(wildcard mm/pmm*.c) mm/bitmap.c mm/summary.c mm/library/assert.c
library_headers := $(addprefix include/,polyglot_allocator.h pmm.h pmm_handover.h pmm_limine.h pmm_assert.h addr.h \
    compiler.h mem_region.h firmware_map.h)
sample := $(freestanding) -fno-pic -mcmodel=kernel
for_kernels = $(patsubst %,$(BUILD)/$(1)/%.o,$(basename $(2)))

$(call for_kernels,library,$(library_sources)) $(call for_kernels,sample,$(sample_sources) kernel/string.c): \
    $(BUILD)/.flags Makefile
$(BUILD)/library/%.o: %.c | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,CC      $< (library))
	$(Q)$(CC) $(library) -c $< -o $@
$(BUILD)/sample/%.o: %.c | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,CC      $< (sample))
	$(Q)$(CC) $(sample) -c $< -o $@
$(BUILD)/sample/%.o: %.S | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,AS      $< (sample))
	$(Q)$(CC) $(filter-out -std=gnu2x,$(sample)) -c $< -o $@

# One object, of which nothing but pmm_* can be seen: it cannot clash with a kernel's own names.
$(BUILD)/libpolyglot_mm.a: $(call for_kernels,library,$(library_sources))
	$(call say,AR      $@)
	$(Q)$(LD) -r $^ -o $(BUILD)/library/polyglot_mm.o
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='pmm_*' $(BUILD)/library/polyglot_mm.o
	$(Q)rm -f $@ && ar rcs $@ $(BUILD)/library/polyglot_mm.o
$(BUILD)/include/%.h: include/%.h
	@mkdir -p $(@D)
	$(Q)cp $< $@
.PHONY: library
library: $(BUILD)/libpolyglot_mm.a $(addprefix $(BUILD)/,$(library_headers))

$(BUILD)/sample.elf: $(call for_kernels,sample,$(sample_sources) kernel/string.c) $(BUILD)/libpolyglot_mm.a \
    kernel/sample/sample.lds
	$(call say,LD      $@)
	$(Q)$(LD) -static -nostdlib -z noexecstack -z max-page-size=4096 --build-id=none -T kernel/sample/sample.lds \
	    $(filter %.o %.a,$^) -o $@

# ---- what the speed of loaders is measured with ------------------------------------------------------------------------

apps := $(addprefix $(BUILD)/apps/,measure.efi floor.efi memory.efi)
app_objects := $(patsubst %,$(BUILD)/target/tests/speed/%.o,app measure floor memory)
$(app_objects): target += $(efi_flags) -fno-stack-protector
$(app_objects) $(BUILD)/target/tests/speed/kernel.o: $(BUILD)/.flags Makefile

$(BUILD)/apps/memory.efi: $(patsubst %,$(BUILD)/target/%.o,efi/memtest/step kernel/format kernel/string)
$(BUILD)/apps/%.efi: $(BUILD)/target/tests/speed/%.o $(BUILD)/target/tests/speed/app.o efi/image.lds efi/finish_pe.py
	@mkdir -p $(@D)
	$(call say,APP     $@)
	$(Q)$(LD) -shared -Bsymbolic -nostdlib -z defs -z noexecstack --build-id=none --no-warn-rwx-segments -T efi/image.lds \
	    -L /usr/lib /usr/lib/crt0-efi-x86_64.o $(filter %.o,$^) -lgnuefi -o $@.elf
	$(Q)$(OBJCOPY) --strip-all -j .text -j .reloc -j .rodata -j .rela -j .data -j .bss --target efi-app-x86_64 --subsystem=10 \
	    --section-alignment=4096 --file-alignment=512 $@.elf $@
	$(Q)$(PYTHON) efi/finish_pe.py $@
$(BUILD)/apps/kernel.elf: $(BUILD)/target/tests/speed/kernel.o tests/speed/kernel.lds
	@mkdir -p $(@D)
	$(call say,LD      $@)
	$(Q)$(LD) -static -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none -T tests/speed/kernel.lds $< -o $@

.PHONY: apps
apps: $(apps) $(BUILD)/apps/kernel.elf

# ---- the host tree ---------------------------------------------------------------------------------------------------

# Pure units that do not live in mm/.
pure_sources := $(mm_sources) $(report_sources) $(BUILD)/gen/font.c \
    $(addprefix kernel/,format.c framebuffer.c utf8.c glyph.c fb_draw.c fb_render.c fb_console.c memory_blocks.c picture_layout.c memory_picture.c memory_report.c) \
    $(addprefix kernel/smp/,acpi.c acpi_place.c madt.c apic.c) \
    $(addprefix kernel/limine/,memory_map.c tables.c io_apic.c iommu.c) \
    $(addprefix efi/memtest/,errors.c options.c sequence.c step.c team.c) \
    $(addprefix efi/,options.c smbios.c device_tree.c utf16.c files/device_path.c) \
    $(wildcard efi/config/*.c efi/elf/*.c efi/picture/*.c efi/inventory/*.c)
pure_names := $(patsubst $(BUILD)/gen/%,gen/%,$(basename $(pure_sources)))

host := $(common) -D_GNU_SOURCE -DPOLYGLOT_HOST -DPOLYGLOT_VERSION='"$(VERSION)"'
sanitize := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

comma := ,

# $(1) tree, $(2) compiler, $(3) flags, $(4) packages
define host_tree
$(BUILD)/$(1)/%.o: %.c | $(BUILD)/.packages-$(4)
	@mkdir -p $$(@D)
	$$(call say,HOSTCC  $$< ($(1)))
	$(Q)$(2) $$(host) $(3) -c $$< -o $$@
$(BUILD)/$(1)/gen/%.o: $(BUILD)/gen/%.c | $(BUILD)/.packages-$(4)
	@mkdir -p $$(@D)
	$(Q)$(2) $$(host) $(3) -c $$< -o $$@
$(BUILD)/$(1)/libpure.a: $(patsubst %,$(BUILD)/$(1)/%.o,$(pure_names))
	$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(eval $(call host_tree,host,$(CC),-O2,build))
$(eval $(call host_tree,asan,$(CC),$(sanitize),test))
$(eval $(call host_tree,tsan,$(CC),-O1 -fsanitize=thread,test))
$(eval $(call host_tree,fuzz,$(CLANG),-O1 -fsanitize=fuzzer-no-link$(comma)address$(comma)undefined -fno-sanitize-recover=all,test))

# memmap-report: its own files, and the readers of memory maps, which tests and fuzzers link, too.
memmap_report_sources := $(addprefix mm/host/,memmap_report.c arguments.c built_map.c boot_report.c picture_file.c \
    input.c output.c)
reader_sources := $(filter-out $(memmap_report_sources),$(wildcard mm/host/*.c))
$(BUILD)/host/mm/host/memmap_report.o: host += -DPOLYGLOT_VERSION='"$(VERSION)"'
$(BUILD)/host/mm/host/memmap_report.o: $(BUILD)/.flags
readers = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(reader_sources))
$(BUILD)/host/memmap-report: $(memmap_report_sources:%.c=$(BUILD)/host/%.o) $(call readers,host) \
    $(BUILD)/host/tests/host_support.o $(BUILD)/host/libpure.a
	$(call say,HOSTLD  $@)
	$(Q)$(CC) $^ -ljson-c -o $@

# A process that keeps clearing a bit of a guest's memory (tests/boot/bad_memory.py).
$(BUILD)/host/stuck-bit: $(BUILD)/host/tests/boot/stuck_bit.o
	$(Q)$(CC) $^ -o $@

test_sources := $(wildcard tests/test_*.c)
test_programs := $(test_sources:tests/%.c=$(BUILD)/asan/tests/%)
tsan_programs := $(patsubst tests/%.c,$(BUILD)/tsan/tests/%,$(wildcard tests/tsan_*.c))
full_speed_programs := $(tsan_programs:$(BUILD)/tsan/%=$(BUILD)/host/%) # races need speed, too
fuzz_programs := $(patsubst tests/%.c,$(BUILD)/fuzz/tests/%,$(wildcard tests/fuzz_*.c))
bench_programs := $(patsubst tests/bench/%.c,$(BUILD)/host/tests/bench/%,$(wildcard tests/bench/bench_*.c))
bench_pmm := $(BUILD)/host/tests/bench/bench_pmm
support = $(patsubst %,$(BUILD)/$(1)/%.o,tests/host_support tests/fake_acpi tests/random_map \
    $(addprefix mm/host/,map_text map_rows text_scan) $(basename $(wildcard tests/model_*.c)))

# These walk efi/ through a fake firmware: the only tests that need UEFI's types.
efi_tests := test_exit test_failure test_loader_memory test_pages test_loading_memory test_video test_file_read \
    test_arguments test_commands test_picture test_memtest_processors test_memtest_run
efi_test_objects := $(patsubst %,$(BUILD)/asan/%.o,tests/fake_firmware tests/fake_files tests/some_commands \
    $(addprefix efi/,exit memory pages failure console keyboard log secure_boot arguments shell_path gop tables \
    files/read files/file files/files files/volume files/drive \
    $(addprefix commands/,commands frames help inventory machine map memory output output_file picture report screen words)))
loading_objects := $(addprefix $(BUILD)/asan/efi/limine/,memory.o video.o)
memtest_objects := $(addprefix $(BUILD)/asan/efi/,$(addprefix memtest/,processors.o turns.o run.o take.o progress.o \
    results.o records.o) commands/test.o)
$(efi_test_objects) $(loading_objects) $(memtest_objects) $(efi_tests:%=$(BUILD)/asan/tests/%.o): \
    host += $(efi_flags) -fshort-wchar $(if $(is_gcc),-maccumulate-outgoing-args)
# test_video has its own graphics adapters.
$(efi_tests:%=$(BUILD)/asan/tests/%): $(filter-out %/gop.o,$(efi_test_objects))
$(patsubst %,$(BUILD)/asan/tests/%,$(filter-out test_video,$(efi_tests))): $(BUILD)/asan/efi/gop.o
$(BUILD)/asan/tests/test_loading_memory: $(filter %memory.o,$(loading_objects))
$(BUILD)/asan/tests/test_video: $(loading_objects)
$(addprefix $(BUILD)/asan/tests/test_memtest_,processors run): $(memtest_objects)
$(filter $(BUILD)/asan/tests/test_region%,$(test_programs)): $(BUILD)/asan/tests/region_fixture.o

# The clock and the processor that it waits for are the test's.
$(BUILD)/asan/tests/test_wake: $(BUILD)/asan/kernel/smp/wake.o

# What others make of a device tree is the measure of ours.
$(BUILD)/asan/tests/test_device_tree $(BUILD)/fuzz/tests/fuzz_device_tree: libraries := -lfdt

# What reads memory maps of others.
readers_tests := $(BUILD)/asan/tests/test_map_readers $(BUILD)/fuzz/tests/fuzz_map_readers
$(readers_tests): libraries := -ljson-c
$(BUILD)/asan/tests/test_map_readers: $(call readers,asan)
$(BUILD)/fuzz/tests/fuzz_map_readers: $(call readers,fuzz)

$(test_programs): %: %.o $(call support,asan) $(BUILD)/asan/libpure.a
	$(Q)$(CC) -fsanitize=address,undefined $(filter %.o,$^) $(filter %.a,$^) -lcmocka -lpthread $(libraries) -o $@
$(tsan_programs): %: %.o $(call support,tsan) $(BUILD)/tsan/libpure.a
	$(Q)$(CC) -fsanitize=thread $^ -lpthread -o $@
$(full_speed_programs): %: %.o $(call support,host) $(BUILD)/host/libpure.a
	$(Q)$(CC) $^ -lpthread -o $@
$(fuzz_programs): %: %.o $(call support,fuzz) $(BUILD)/fuzz/libpure.a
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined $(filter %.o,$^) $(filter %.a,$^) $(libraries) -o $@
$(filter-out $(bench_pmm),$(bench_programs)): %: %.o $(call support,host) $(BUILD)/host/libpure.a
	$(Q)$(CC) $^ -lpthread -o $@

# Ours as it ships, object for object; the others with what this processor has.
bench_pmm_objects := $(patsubst %,$(BUILD)/host/tests/bench/%.o,bench_pmm team contenders cases_ours cases_word \
    cases_first_fit word_allocator first_fit_allocator target_support) $(BUILD)/host/tests/host_support.o
$(BUILD)/host/tests/bench/%_allocator.o: host += -march=native
$(bench_pmm_objects): | $(BUILD)/.packages-test
$(BUILD)/target/libmm.a: $(mm_sources:%.c=$(BUILD)/target/%.o)
	$(Q)rm -f $@ && ar rcs $@ $^
$(bench_pmm): $(bench_pmm_objects) $(BUILD)/target/libmm.a
	$(Q)$(CC) $^ -lpthread -o $@

.PHONY: host-tests
host-tests: $(test_programs) $(tsan_programs) $(full_speed_programs) $(fuzz_programs) $(BUILD)/host/memmap-report $(bench_pmm) $(BUILD)/host/stuck-bit

# ---- the kernel that the boot tests load ------------------------------------------------------------------------------

# One set of objects, three files: at a fixed address; relocatable with each kind of relocation; the same packed (RELR).
# The tests write the base revision and all else that varies into copies (tests/boot/limine_kernel.py).
test_kernel_objects := $(patsubst %,$(BUILD)/testkernel/%.o,$(basename $(wildcard tests/kernel/*.c tests/kernel/*.S)) \
    kernel/serial kernel/format kernel/string)
test_kernels := $(addprefix $(BUILD)/testkernel/,exec.elf dyn.elf relr.elf)
test_kernel_link := $(LD) -nostdlib -z noexecstack -z max-page-size=4096 --build-id=none

$(test_kernel_objects): $(BUILD)/.flags Makefile
$(BUILD)/testkernel/%.o: %.c | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(call say,CC      $< (test kernel))
	$(Q)$(CC) $(target) -fno-stack-protector -I. -c $< -o $@
$(BUILD)/testkernel/tests/kernel/%.o: tests/kernel/%.S | $(BUILD)/.packages-build
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -std=gnu2x,$(target)) -c $< -o $@
# A file at a fixed address has nothing for a PT_DYNAMIC to point to.
$(BUILD)/testkernel/exec.lds: tests/kernel/kernel.lds
	@mkdir -p $(@D)
	$(Q)sed '/dynamic/d' $< >$@
$(BUILD)/testkernel/exec.elf: link := -static --defsym=IMAGE_BASE=0xffffffff80000000 -T $(BUILD)/testkernel/exec.lds
$(BUILD)/testkernel/exec.elf: $(BUILD)/testkernel/exec.lds
$(BUILD)/testkernel/dyn.elf $(BUILD)/testkernel/relr.elf: script := -T tests/kernel/kernel.lds
$(BUILD)/testkernel/dyn.elf: link := -shared -z now --hash-style=sysv --defsym=IMAGE_BASE=0
$(BUILD)/testkernel/relr.elf: link := -pie --no-dynamic-linker -z pack-relative-relocs --defsym=IMAGE_BASE=0
$(test_kernels): tests/kernel/kernel.lds $(test_kernel_objects)
	$(call say,LD      $@)
	$(Q)$(test_kernel_link) $(link) $(script) $(test_kernel_objects) -o $@
.PHONY: test-kernel
test-kernel: $(test_kernels)

# Richer firmware than OVMF: an application that adds to it, then starts the loader (tests/preparer/preparer.h).
preparer_objects := $(patsubst %.c,$(BUILD)/target/%.o,$(wildcard tests/preparer/*.c))
$(preparer_objects): target += $(efi_flags) -fno-stack-protector
$(preparer_objects): $(BUILD)/.flags Makefile
$(BUILD)/preparer.efi: $(preparer_objects) efi/image.lds efi/finish_pe.py
	$(call say,APP     $@)
	$(Q)$(LD) -shared -Bsymbolic -nostdlib -z defs -z noexecstack --build-id=none --no-warn-rwx-segments -T efi/image.lds \
	    -L /usr/lib /usr/lib/crt0-efi-x86_64.o $(preparer_objects) -lefi -lgnuefi -o $@.elf
	$(Q)$(OBJCOPY) --strip-all -j .text -j .reloc -j .rodata -j .rela -j .data -j .bss --target efi-app-x86_64 \
	    --subsystem=10 --section-alignment=4096 --file-alignment=512 $@.elf $@.tmp
	$(Q)$(PYTHON) efi/finish_pe.py $@.tmp
	$(Q)mv $@.tmp $@
test-kernel: $(BUILD)/preparer.efi

# ---- what people call ------------------------------------------------------------------------------------------------

# memmap-report and its manual, for people who want to type its name.
PREFIX ?= /usr/local
installed = $(DESTDIR)$(PREFIX)/bin/memmap-report $(DESTDIR)$(PREFIX)/share/man/man1/memmap-report.1
.PHONY: install uninstall
install: $(BUILD)/host/memmap-report
	$(Q)install -D -m 755 $< $(firstword $(installed))
	$(Q)install -D -m 644 mm/host/memmap-report.1 $(lastword $(installed))
uninstall:
	$(Q)rm -f $(installed)

.PHONY: run test test-all bench speed compare fuzz mutants layers check clean help
run: all $(BUILD)/.packages-run $(if $(WINDOW),$(BUILD)/.packages-window)
	@$(PYTHON) tests/boot/run.py $(if $(WINDOW),--window)

# T=name runs the tests whose name contains it.
test: all apps host-tests test-kernel layers $(BUILD)/.packages-run $(BUILD)/.packages-test
	@$(PYTHON) tests/run_tests.py $(if $(T),-k "$(T)")
test-all: all apps host-tests test-kernel layers $(BUILD)/.packages-run $(BUILD)/.packages-test
	@$(PYTHON) tests/run_tests.py --all $(if $(T),-k "$(T)")

bench: all $(bench_programs) $(BUILD)/.packages-run $(BUILD)/.packages-test
	@$(PYTHON) tests/bench/bench.py $(if $(FORMAT),--format $(FORMAT)) $(BENCH)

# Beside Limine, if LIMINE is the path of its BOOTX64.EFI; OURS is another build of this loader.
ours := $(if $(OURS),--ours $(OURS))
speed: all apps $(BUILD)/.packages-run
	@$(PYTHON) tests/speed/speed.py $(if $(LIMINE),--limine $(LIMINE)) $(ours)

# Kernels that are not ours under Limine and under this loader; KERNELS are folders with what lies on their ESP.
compare: all $(BUILD)/.packages-run $(BUILD)/.packages-test
	@$(if $(and $(LIMINE),$(KERNELS)),,echo 'compare: needs LIMINE=path/to/BOOTX64.EFI KERNELS="folder ..."' >&2; exit 2;) \
	    $(PYTHON) tests/compare/compare.py --limine $(LIMINE) $(ours) $(KERNELS)

fuzz: host-tests
	@for f in $(fuzz_programs); do echo "  FUZZ    $$f"; mkdir -p $(BUILD)/corpus/$${f##*/}; \
	    $$f -max_total_time=$(or $(SECONDS),600) -max_len=65536 $(BUILD)/corpus/$${f##*/} || exit 1; done

mutants: all host-tests $(BUILD)/.packages-run $(BUILD)/.packages-test
	@$(PYTHON) tests/mutants.py $(if $(T),-k "$(T)")

# Who may name what: EFI stays in efi/; mm/ includes only include/ and freestanding headers.
layers:
	@! grep -nE 'EFI_[A-Z]|<efi' -r mm kernel include --include=*.c --include=*.h --include=*.S | \
	    grep -v 'X(EFI_\|LIMINE_EFI_' | grep . || \
	    { echo "layers: EFI types outside efi/" >&2; exit 1; }
	@! grep -nE '#include "(\.\.|efi/|kernel/)' -r mm include || { echo "layers: mm/ and include/ look outward" >&2; exit 1; }
	@! grep -nE '#include "(\.\./)*efi/' -r kernel || { echo "layers: kernel/ looks into efi/" >&2; exit 1; }
	@! grep -nE '#include <' mm/*.c mm/report/* include/*.h | grep -vE '<(stdint|stddef|stdbool|stdatomic|stdarg|limits)\.h>' || \
	    { echo "layers: mm/ and include/ are freestanding" >&2; exit 1; }
check: layers

clean:
	$(Q)rm -rf $(BUILD)

help:
	@echo "make            BOOTX64.EFI, BOOTX64.EFI.debug (symbols), esp.img, host/memmap-report, all in $(BUILD)/;"
	@echo "                for kernels libpolyglot_mm.a with include/, and sample.elf (make library: the first alone)"
	@echo "make run        boot it in QEMU; WINDOW=1 shows a window"
	@echo "make test       all tests in short; T=name picks; make test-all: the full product"
	@echo "make bench      measure; FORMAT=tsv for programs; BENCH=--allocators for the frame allocator alone"
	@echo "make speed      what a boot of a kernel costs; LIMINE=path/to/BOOTX64.EFI beside it"
	@echo "make compare    kernels under Limine and under this loader: LIMINE=path KERNELS='folder ...'"
	@echo "make fuzz       fuzz for long; make mutants: prove that the tests can fail"
	@echo "make install    memmap-report and its manual into PREFIX (/usr/local), below DESTDIR; make uninstall removes them"
	@echo "make clean      remove $(BUILD)/; V=1 shows every command"

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
