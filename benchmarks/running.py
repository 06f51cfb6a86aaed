"""The whole service, started as a newcomer starts it, on free ports."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_START_SECONDS = 90


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_sandbox(folder: Path, **settings: str) -> Iterator[dict[str, Any]]:
    """`leima run --sandbox` with its data in `folder`; gives what its sandbox.json says."""
    process = start(folder, **settings)
    try:
        yield json.loads((folder / "sandbox.json").read_text("utf-8"))
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def start(folder: Path, **settings: str) -> subprocess.Popen[bytes]:
    """The supervisor's process, once everything is up."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")},
        "LEIMA_DATA_DIR": str(folder),
        "LEIMA_PORT": str(free_port()),
        "LEIMA_SANDBOX_PORT": str(free_port()),
        "LEIMA_SANDBOX_APNS_PORT": str(free_port()),
        "LEIMA_SANDBOX_GOOGLE_PORT": str(free_port()),
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "run", "--sandbox"],
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    until = time.monotonic() + _START_SECONDS
    for line in process.stdout:
        if b"Ctrl-C" in line:
            return process
        if time.monotonic() > until:
            break
    process.kill()
    raise RuntimeError("leima run --sandbox did not start: its messages stand above")
