"""Make sure the Debian packages that some tests drive are there, or say loudly how to get them.

Usage: python scripts/system_packages.py PACKAGE...

Installs when it may (Debian, and root or password-less sudo). Where it may not, the tests that
need the package are skipped, and this script says so; with REQUIRE_ALL=1 it fails instead.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# By what each package is recognised: a command, or a file.
PROOFS = {
    "chromium": "chromium",
    "openssl": "openssl",
    "g++": "g++",
    "pkg-config": "pkg-config",
    "libkpimpkpass-dev": "/usr/include/KPim/KPkPass/pass.h",
}


def _is_there(package: str) -> bool:
    proof = PROOFS[package]
    return Path(proof).exists() if proof.startswith("/") else shutil.which(proof) is not None


def _apt(packages: list[str]) -> bool:
    if shutil.which("apt-get") is None:
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and shutil.which("sudo") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", *packages]):
        done = subprocess.run(
            [*prefix, "apt-get", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.stderr.write(done.stderr[-2000:])
            return False
    return True


def main(packages: list[str]) -> int:
    missing = [name for name in packages if not _is_there(name)]
    if not missing:
        return 0
    print(f"Installing {', '.join(missing)} ...", flush=True)
    if _apt(missing):
        return 0
    names = " ".join(missing)
    print(
        f"*** {names} is missing: tests that need it are SKIPPED. Get it: apt-get install {names}"
    )
    return 1 if os.environ.get("REQUIRE_ALL") == "1" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
