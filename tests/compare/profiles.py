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

    end        the line after which nothing of interest follows; None: the kernel has come to its end when it has been
               silent for QUIET_S
    drop       lines that are left out: of the memory map, or of something that is different in every boot
    masks      (pattern, replacement)
    exact      lines in which numbers are no addresses
    unordered  lines that processors write at the same time
    """

    end: str = None
    drop: tuple = ()
    masks: tuple = ()
    exact: tuple = ()
    unordered: tuple = ()


QUIET_S = 20

LIMINE_TEST = Profile(
    end=r"^  mode: \d",
    drop=(r"^0x[0-9a-f]+->0x",),
    masks=((r"^(Bootloader (?:name|version):).*", r"\1 NAME"),
           (r"^\d+( memory map entries)", r"N\1"),
           (r"^(EFI memory map size:).*", r"\1 N"),
           (r"^(Boot time:).*", r"\1 N")),
    exact=(r"^File->(?!Address)",),
)

NORTHPORT = Profile()

ASTRAL = Profile(
    end=r": Oops\.$",
    drop=(r"^pmm: ", r"^vmm: address ", r"ticks per us", r"ticks at early init"),
    unordered=(r"^cpu[1-9]: ",),
)

PROFILES = {"limine-test": LIMINE_TEST, "northport": NORTHPORT, "astral": ASTRAL}


def profile_of(folder):
    return PROFILES.get(folder.name, Profile())
