"""With Secure Boot on, the signed loader runs, starts no file, and still has its own kernel."""
import subprocess

import pytest

import images
from boot import LOADER
from kernel_result import STAGE_FINISHED, wait_for_result
from machine import OVMF_SECURE, Machine, Shape

KEY, CERTIFICATE = "/usr/share/ovmf/PkKek-1-snakeoil.key", "/usr/share/ovmf/PkKek-1-snakeoil.pem"
PASSWORD = "snakeoil"
TIMEOUT_S = 180

CONFIGURATION = """timeout: 0
/A kernel
    protocol: limine
    path: boot():/boot/kernel.elf
/Ours
    protocol: builtin
"""


def sign(directory):
    """A copy of the loader, signed by who the firmware trusts."""
    key, signed = directory / "key", directory / "signed.efi"
    subprocess.run(["openssl", "rsa", "-in", KEY, "-passin", f"pass:{PASSWORD}", "-out", str(key)], check=True,
                   capture_output=True)
    subprocess.run(["sbsign", "--key", str(key), "--cert", CERTIFICATE, "--output", str(signed), str(LOADER)],
                   check=True, capture_output=True)
    return signed


@pytest.mark.xdist_group("secure-boot")
def test_signed_loader_refuses_a_kernel_and_boots_its_own(tmp_path):
    image = images.make_image(tmp_path / "esp.img", {
        "EFI/BOOT/BOOTX64.EFI": sign(tmp_path), "limine.conf": CONFIGURATION, "boot/kernel.elf": b"never read"})
    with Machine(Shape(), image=image, strings=["polyglot:test=16"], firmware=OVMF_SECURE) as machine:
        machine.wait_for_line("Press any key for the menu (30 s).", TIMEOUT_S)
        lines = [line for line in machine.serial_text().split("\n") if line.startswith("BOOTX64.EFI: ")]
        assert lines == ["BOOTX64.EFI: boot():/boot/kernel.elf: Secure Boot is on, and kernels cannot be verified yet"]
        machine.press("spc")
        machine.wait_until(lambda: "Ours" in machine.serial_text(), TIMEOUT_S, "the menu")
        machine.press("down", "ret")
        assert wait_for_result(machine, TIMEOUT_S).stage == STAGE_FINISHED


@pytest.mark.xdist_group("secure-boot")
def test_loader_that_is_not_signed_does_not_run(tmp_path):
    """Else the test above would show nothing."""
    image = images.make_image(tmp_path / "esp.img", {"EFI/BOOT/BOOTX64.EFI": LOADER, "limine.conf": CONFIGURATION})
    with Machine(Shape(), image=image, firmware=OVMF_SECURE) as machine:
        machine.wait_until(lambda: "Access Denied" in machine.serial_text(), TIMEOUT_S, "refusal by the firmware")
        assert "BOOTX64.EFI: " not in machine.serial_text()
