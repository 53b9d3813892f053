"""
Configurations that a person may have, and broken and hostile ones, each with what is to come of it. They are generated:
no file is kept. Whatever boots, boots the built-in kernel, so that a guest needs no other file than limine.conf.

tests/host/test_config_files.py checks the expectations without a guest; a booted test puts `content` on an ESP as
limine.conf and looks for the words.
"""
import dataclasses

MIB = 1 << 20
SHOWN_MAX = 63  # characters of an offending value that are kept
HEX = "0123456789abcdef"
BUILTIN = "    protocol: builtin\n"


@dataclasses.dataclass(frozen=True)
class ConfigFile:
    """
    A limine.conf.
    stage       what refuses it: "file" (limine.conf as a whole), "entry", "protocol", "path", "open" (there is no such
                file or volume), "hash"; "" if the default entry, or the built-in kernel without one, boots
    words, value, line  what the one line says then; line 0: of no single line
    title       of the default entry; None: no entry is bootable
    warnings    (line, words, value) of each
    """

    name: str
    content: bytes
    stage: str = ""
    words: str = ""
    value: str = ""
    line: int = 0
    title: str | None = "Default"
    warnings: tuple = ()


def _entry(*lines):
    return "timeout: 0\n/Default\n" + "".join(f"    {line}\n" for line in lines)


def _accepted(name, text, title="Default", warnings=()):
    content = text if isinstance(text, bytes) else text.encode()
    return ConfigFile(name, content, title=title, warnings=tuple(warnings))


def _refused(name, text, words, value="", line=0):
    content = text if isinstance(text, bytes) else text.encode()
    return ConfigFile(name, content, "file", words, value[:SHOWN_MAX], line, title=None)


def usual():
    """What people have: by the shapes of templates, hobby kernels and distributions."""
    plain = f"timeout: 0\n\n/Default\n{BUILTIN}"
    yield _accepted("plain", plain)
    yield _accepted("no-newline-at-end", plain.rstrip("\n"))
    yield _accepted("carriage-returns", plain.replace("\n", "\r\n"))
    yield _accepted("byte-order-mark", "\ufeff" + plain)
    yield _accepted("tabs-and-trailing-blanks", plain.replace("    ", "\t").replace("\n", " \t\n"))
    yield _accepted("upper-case-keys", f"TIMEOUT: 0\n/Default\n    PROTOCOL: BUILTIN\n")
    yield _accepted("global-keys-alone", "timeout: 0\nverbose: yes\n", title=None)
    yield _accepted("empty", "", title=None)
    yield _accepted("comments-alone", "# nothing\n\n   # here\n", title=None)
    yield _accepted("macros", "${KIND}=built\n${TITLE}=Default\ntimeout: 0\n/${TITLE}\n"
                              "    comment: on ${ARCH} by ${FW_TYPE}\n    protocol: ${KIND}in\n")
    yield _accepted("macros-in-macros", f"timeout: 0\n/${{A}}\n{BUILTIN}${{A}}=De${{B}}\n${{B}}=fault\n")
    yield _accepted("continued-lines", "timeout: 0\n/Default\n    protocol: \\\n    builtin\n")
    yield _accepted("second-entry", f"timeout: 0\ndefault_entry: 2\n/First\n{BUILTIN}/Default\n{BUILTIN}")
    yield _accepted("entry-by-path", f"timeout: 0\ndefault_entry: Systems/De\\/fault\n/Systems\n//Other\n{BUILTIN}"
                                     f"//De/fault\n{BUILTIN}", title="De/fault")
    yield _accepted("first-entry-is-a-directory", f"timeout: 0\n/Tools\n//Default\n{BUILTIN}/Other\n{BUILTIN}")
    yield _accepted("expanded-directories-have-rows",
                    f"timeout: 0\ndefault_entry: 4\n/+A\n//B\n{BUILTIN}//C\n{BUILTIN}/Default\n{BUILTIN}")
    yield _accepted("entries-for-other-machines",
                    f"timeout: 0\n/Arm\n{BUILTIN}    if_arch: aarch64\n/Old\n{BUILTIN}    if_fw_type: BIOS\n"
                    f"/Default\n{BUILTIN}    if_arch: aarch64 x86-64\n    if_fw_type: UEFI\n")


def odd():
    """What Limine takes, and a person would rather know of."""
    plain = f"/Default\n{BUILTIN}"
    yield _accepted("unknown-keys", f"timout: 3\ntimeout: 0\n{plain}    kernle: x\n",
                    warnings=[(1, "unknown key", "timout"), (5, "unknown key", "kernle")])
    yield _accepted("misplaced-keys", f"cmdline: x\ntimeout: 0\n{plain}    timeout: 5\n",
                    warnings=[(1, "key has no effect here", "cmdline"), (5, "key has no effect here", "timeout")])
    yield _accepted("text-without-meaning", f"timeout: 0\nhello\n{plain}",
                    warnings=[(2, "neither entry nor option", "hello")])
    yield _accepted("nul-byte", f"timeout: 0\n{plain}".encode() + b"    cmdline: a\0b\n/Other\n",
                    warnings=[(4, "NUL byte, the rest is not read", "")])
    yield _accepted("padded-with-nul", f"timeout: 0\n{plain}".encode() + bytes(4096),
                    warnings=[(4, "NUL byte, the rest is not read", "")])
    yield _accepted("undefined-macro", f"timeout: 0\n{plain}    comment: ${{NOBODY}}\n",
                    warnings=[(4, "undefined macro", "NOBODY")])
    yield _accepted("unused-recursive-macro", f"${{A}}=${{A}}\ntimeout: 0\n{plain}")
    yield _accepted("orphans", f"timeout: 0\n//Lost\n{BUILTIN}{plain}///Lost, too\n{BUILTIN}",
                    warnings=[(2, "entry without the one above it", "//Lost"),
                              (6, "entry without the one above it", "///Lost, too")])
    yield _accepted("deep-nesting", "timeout: 0\n" + "".join("/" * n + f"{n}\n" for n in range(1, 65)) + BUILTIN +
                    "".join("/" * n + "x\n" for n in range(65, 201)), title="64",
                    warnings=[(n + 2, "entry nested too deep", "/" * SHOWN_MAX) for n in range(65, 97)])
    yield _accepted("large-default-entry", f"timeout: 0\ndefault_entry: {'9' * 400}\n{plain}")
    yield _accepted("default-entry-that-is-not-there", f"timeout: 0\ndefault_entry: Nowhere/At all\n{plain}")
    yield _accepted("timeout-that-is-no-number", f"timeout: soon\n{plain}",
                    warnings=[(1, "not a number", "soon")])
    yield _accepted("resolution-that-is-none", f"timeout: 0\n{plain}    resolution: 10x\n")
    yield _accepted("large-resolution", f"timeout: 0\n{plain}    resolution: 99999999999x18446744073709551617x64\n")
    yield _accepted("long-command-line", f"timeout: 0\n{plain}    cmdline: {'x' * 65536}\n")
    yield _accepted("long-line", f"timeout: 0\n{plain}    comment: {'x' * (MIB - 64)}")
    yield _accepted("long-title", f"timeout: 0\n/{'x' * 100_000}\n{BUILTIN}", title="x" * 100_000)
    yield _accepted("blank-lines-alone", "\n" * MIB, title=None)
    yield _accepted("slashes-alone", "/" * MIB, title=None,
                    warnings=[(1, "entry nested too deep", "/" * SHOWN_MAX)])
    yield _accepted("many-entries", f"timeout: 0\n{plain}" + "".join(f"/{n}\n{BUILTIN}" for n in range(20_000)))
    yield _accepted("many-macros", f"timeout: 0\n{plain}" + "".join(f"${{{n}}}=x\n" for n in range(60_000)))
    yield _accepted("not-utf-8", f"timeout: 0\n{plain}".encode() + b"    comment: \xff\xc0\xaf\xed\xa0\x80\n")


def refused():
    """What is refused as a whole."""
    plain = f"timeout: 0\n/Default\n{BUILTIN}"
    yield _refused("utf-16", plain.encode("utf-16"), "UTF-16, not UTF-8")
    yield _refused("utf-16-without-mark", plain.encode("utf-16-le"), "UTF-16, not UTF-8")
    yield _refused("utf-16-big-endian", plain.encode("utf-16-be"), "UTF-16, not UTF-8")
    yield _refused("too-large", plain + "#" * (MIB + 1 - len(plain)), "longer than 1 MiB")
    yield _refused("open-macro", f"{plain}    cmdline: a ${{B\n", "${ without }", "${B", 4)
    yield _refused("recursive-macro", f"${{A}}=x${{A}}\n{plain}    cmdline: ${{A}}\n", "macro leads back to itself",
                   "A", 1)
    yield _refused("macros-in-a-circle", f"{plain}    cmdline: ${{A}}\n${{A}}=${{B}}\n${{B}}=${{C}}\n${{C}}=${{A}}\n",
                   "macro leads back to itself", "A", 5)
    bomb = "".join(f"${{{HEX[n]}}}={f'${{{HEX[n + 1]}}}' * 10}\n" for n in range(9))
    yield _refused("macro-bomb", f"{bomb}${{9}}=bang\n{plain}    cmdline: ${{0}}\n", "macros make the text too long",
                   "8", 14)
    yield _refused("empty-macro-bomb", f"{bomb}${{9}}=\n{plain}    cmdline: ${{0}}\n", "macros make the text too long",
                   "9", 14)


def unbootable():
    """Entries that are refused when they are booted."""
    yield ConfigFile("no-protocol", _entry("path: boot():/k").encode(), title=None)
    yield ConfigFile("no-kernel", _entry("protocol: limine").encode(), "entry", "entry names no kernel", "", 2)
    yield ConfigFile("bad-paging-mode", _entry("protocol: limine", "path: boot():/k", "paging_mode: sv48").encode(),
                     "entry", "neither 4level nor 5level", "sv48", 5)
    yield ConfigFile("impossible-paging-modes",
                     _entry("protocol: limine", "path: boot():/k", "min_paging_mode: 5level",
                            "max_paging_mode: 4level").encode(),
                     "entry", "min_paging_mode is above max_paging_mode", "5level", 5)
    for protocol in ("linux", "multiboot1", "multiboot2", "efi", "efi_chainload", "efi_boot_entry", "chainload_next",
                     "stivale2"):
        yield ConfigFile(f"protocol-{protocol}", _entry(f"protocol: {protocol}", "path: boot():/k").encode(),
                         "protocol", "", protocol)
    for name, path, words in (
            ("unknown-resource", "cdrom():/k", "unknown resource"),
            ("no-path", "boot():/", "empty path"),
            ("open-resource", "boot(1:/k", "no ):/ after the resource"),
            ("old-path", "boot:///k", "path in the format before Limine 8"),
            ("bad-partition", "boot(257):/k", "drive or partition is not 1 to 256"),
            ("bad-drive", "hdd(0:1):/k", "drive or partition is not 1 to 256"),
            ("bad-guid", "guid(736b5698):/k", "not a GUID"),
            ("short-hash", "boot():/k#0123", "hash has not 64, 128 or 256 digits"),
            ("bad-hash", "boot():/k#" + "0" * 127 + "g", "hash is not hexadecimal")):
        yield ConfigFile(name, _entry("protocol: limine", f"path: {path}").encode(), "path", words, path)
    for name, path in (("missing-file", "boot():/no/such/kernel"), ("missing-partition", "boot(200):/k"),
                       ("missing-disk", "hdd(99:1):/k"), ("missing-label", "fslabel(NOWHERE):/k"),
                       ("missing-guid", "guid(00112233-4455-6677-8899-aabbccddeeff):/k"),
                       ("directory", "boot():/EFI"), ("above-the-root", "boot():/../../no/such/kernel"),
                       ("long-path", "boot():/" + "a/" * 2000 + "k")):
        yield ConfigFile(name, _entry("protocol: limine", f"path: {path}").encode(), "open", "", path)
    yield ConfigFile("wrong-hash", _entry("protocol: limine", "path: boot():/limine.conf#" + "00" * 64).encode(),
                     "hash", "", "boot():/limine.conf")
    for name, digits in (("blake3-hash", 64), ("long-blake3-hash", 256)):
        yield ConfigFile(name, _entry("protocol: limine", "path: boot():/k#" + "0" * digits).encode(), "hash", "BLAKE3",
                         "boot():/k")


def every():
    """All of them; names are unique."""
    files = [*usual(), *odd(), *refused(), *unbootable()]
    assert len({file.name for file in files}) == len(files)
    return files
