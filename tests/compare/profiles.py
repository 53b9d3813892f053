"""
What is known of the kernels that the loaders are compared with. Each is a folder with what lies on its ESP, limine.conf
among it, and without EFI/BOOT/BOOTX64.EFI; its profile is found by the folder's name.

limine-test  test/limine.c of Limine 8.2.0, https://github.com/limine-bootloader/limine: relocatable, internal and other
             modules, all processors, 5-level paging; with the limine.conf of the same folder
northport    https://github.com/DeanoBurrito/northport at 74a32dd, built with TOOLCHAIN=clang: relocatable, with KASLR,
             a module, all processors, 5-level paging
astral       kernel-src of https://github.com/Mathewnd/Astral at 9c108b8: linked to the top 2 GiB, a module, all
             processors; its log also to port E9h, and without `nosmp` on its command line
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Profile:
    """
    Regular expressions, searched for in lines.

    end        the line after which nothing of interest follows, once it has come `end_count` times; None: the kernel
               has come to its end when it has been silent for QUIET_S
    drop       lines that are left out: of the memory map, or of something that is different in every boot
    masks      (pattern, replacement)
    exact      lines in which numbers are no addresses
    unordered  lines that processors write at the same time
    cpu        QEMU's -cpu
    attempts   boots, at most, until one comes to its end: for a kernel that hangs now and then, whoever started it
    """

    end: str = None
    end_count: int = 1
    drop: tuple = ()
    masks: tuple = ()
    exact: tuple = ()
    unordered: tuple = ()
    cpu: str = "max"
    attempts: int = 1


QUIET_S = 20

LIMINE_TEST = Profile(
    end=r"^  mode: \d",
    drop=(r"^0x[0-9a-f]+->0x",),
    masks=((r"^(Kernel slide:).*", r"\1 N"),  # Limine 8.2.0 slides unless it is told not to, this loader if it is told to
           (r"^(Bootloader (?:name|version):).*", r"\1 NAME"),
           (r"^\d+( memory map entries)", r"N\1"),
           (r"^(EFI memory map size:).*", r"\1 N"),
           (r"^(Boot time:).*", r"\1 N")),
    exact=(r"^File->(?!Address)",),
)

NORTHPORT = Profile(
    end=r"Init thread up",
    end_count=4,
    drop=(r"\]\s+\d+: base=0x", r"\]\s+(usable|reserved|acpi|bad|bootloader|kernel/modules|framebuffer)[a-z ]*: 0x",
          r"Physical memory ingested", r"Initial usable physical memory", r"VMD: ", r"Wired slab added",
          r"init is doing work"),
    masks=((r"^ ?\d+\.\d{3} +", ""),
           (r"name=.*, ver=.*", "NAME"),
           (r"(epoch=|calibrated as: |uptime offset to ).*", r"\1N"),
           (r"[\d.]+ (PiB|MiB|pages)\b", r"N \1")),
    unordered=(r"^[1-3][a-z]0 ",),
    cpu="max,tcg-cpuid=off",  # at its leaves the kernel believes itself in a hypervisor that QEMU is not
    attempts=4,  # it calibrates the timer until it likes the result, with QEMU on a busy host for ever
)

ASTRAL = Profile(
    end=r": Oops\.$",
    drop=(r"^pmm: ", r"^vmm: address ", r"ticks per us", r"ticks at early init"),
    unordered=(r"^cpu[1-9]: ",),
)

PROFILES = {"limine-test": LIMINE_TEST, "northport": NORTHPORT, "astral": ASTRAL}


def profile_of(folder):
    return PROFILES.get(folder.name, Profile())
