"""Install exactly what a lock file names into the environment this runs in.

Usage: python scripts/install.py runtime|dev
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]


def main(name: str) -> None:
    lock = ROOT / "requirements" / f"{name}.txt"
    subprocess.run([*PIP, "--require-hashes", "--requirement", str(lock)], check=True)
    # The project itself is found through a path file: no build step, so nothing else to fetch.
    site = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    (site / "site-packages" / "leima.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = Path(sys.prefix, "bin", "leima")
    launch = '#!/bin/sh\nexec "$(dirname "$0")/python" -m server.cli "$@"\n'
    script.write_text(launch, encoding="utf-8")
    script.chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1])
