"""`leima run --sandbox` under an init system of ours: whatever ends is started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.running import free_port
from soak.errors import SoakFailed
from soak.processes import Process, descendants, frozen, outliving

_START_SECONDS = 180  # a busy machine; an idle one needs three
_END_SECONDS = 60  # children notice within a second, and have five to finish
_PORTS = (
    "LEIMA_PORT",
    "LEIMA_SANDBOX_PORT",
    "LEIMA_SANDBOX_APNS_PORT",
    "LEIMA_SANDBOX_GOOGLE_PORT",
)


class Service:
    """The running service with its data in `folder`, on ports that stay the same."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Nothing is started yet. `settings` go before our own; what it says goes to a file."""
        self.folder = folder
        self.log = folder / "said.log"
        self.data = folder / "data"
        self.starts = 0
        own = {name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")}
        own.pop("PYTHONDONTWRITEBYTECODE", None)  # it is started a hundred times
        self._environment = {
            **own,
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "LEIMA_DATA_DIR": str(self.data),
            **{name: str(free_port()) for name in _PORTS},
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Where it answers, once it is up."""
        return f"http://127.0.0.1:{self._environment['LEIMA_PORT']}"

    @property
    def database_url(self) -> str:
        """Its SQLite file, to look into from outside."""
        return f"sqlite:///{self.data / 'leima.db'}"

    def access(self) -> dict[str, Any]:
        """What its sandbox.json says."""
        found: dict[str, Any] = json.loads((self.data / "sandbox.json").read_text("utf-8"))
        return found

    def launch(self) -> None:
        """Start it; `await_up` waits for it."""
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "run", "--sandbox"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def await_up(self) -> None:
        """Wait until everything is up.

        Raises:
            SoakFailed: it does not start; nothing of it is left running.
        """
        assert self._process is not None
        phones_url = f"http://127.0.0.1:{self._environment['LEIMA_SANDBOX_PORT']}"
        until = time.monotonic() + _START_SECONDS
        while not (self.answers() and _answers(f"{phones_url}/phones.json")):
            if self._process.poll() is not None:
                raise SoakFailed(f"it does not start: exit {self._process.returncode}")
            if time.monotonic() > until:
                self.kill()
                raise SoakFailed(f"it does not start within {_START_SECONDS} s")
            time.sleep(0.05)

    def start(self) -> None:
        """Start it and wait until everything is up. Raises SoakFailed."""
        self.launch()
        self.await_up()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `leima` command on the same data."""
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )

    def processes(self) -> dict[str, Process]:
        """Who runs, by part: supervisor, server, worker (a process of the server's), sandbox."""
        assert self._process is not None
        named = {}
        for each in descendants(self._process.pid):
            if each.pid == self._process.pid:
                named["supervisor"] = each
            elif "server.sandbox" in each.command:
                named["sandbox"] = each
            elif each.parent == self._process.pid:
                named["server"] = each
            else:
                named["worker"] = each
        return named

    def has_ended(self) -> bool:
        """Whether the supervisor has, and an init system would start it again."""
        return self._process is None or self._process.poll() is not None

    def answers(self) -> bool:
        """Whether the web server answers."""
        return _answers(f"{self.base_url}/healthz")

    def strike(self, victim: str) -> dict[str, Process]:
        """SIGKILL to a part by its name in `processes`, or to `everything`; who ran until then.

        Raises:
            SoakFailed: it is not there.
        """
        assert self._process is not None
        if victim == "everything":
            self.kill()
            return {}
        if victim == "supervisor":
            os.kill(self._process.pid, signal.SIGSTOP)  # it starts nobody while we look
        before = self.processes()
        if victim not in before:
            raise SoakFailed(f"there is no {victim} to kill: {sorted(before)} run")
        before[victim].kill()
        return before

    def survive(self, victim: str) -> None:
        """Kill a part of it; when everything is up again, return.

        Raises:
            SoakFailed: what should end does not, or what should start.
        """
        before = self.strike(victim)
        if victim == "worker":
            self._await_another_worker(before)
        if victim != "worker" or self.has_ended():
            self.await_end(before)
            self.start()

    def _await_another_worker(self, before: Mapping[str, Process]) -> None:
        """The server starts another worker for the one that was killed, or ends."""
        until = time.monotonic() + _START_SECONDS
        while not self.has_ended():
            now = self.processes()
            if "worker" in now and now["worker"] != before["worker"] and self.answers():
                return
            if time.monotonic() > until:
                raise SoakFailed(f"no other worker serves after {_START_SECONDS} s")
            time.sleep(0.05)

    def await_end(self, before: Mapping[str, Process]) -> None:
        """All of `before` end by themselves.

        Raises:
            SoakFailed: names what outlived the supervisor.
        """
        alive = outliving(before.values(), seconds=_END_SECONDS)
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        if alive:
            names = [f"{name} ({each.pid})" for name, each in before.items() if each in alive]
            for each in alive:
                each.kill()
            raise SoakFailed(f"still running after {_END_SECONDS} s: {', '.join(names)}")

    def stop(self) -> None:
        """Ask it to end, as an operator does.

        Raises:
            SoakFailed: it does not end, or ends with an error.
        """
        before = self.processes()
        assert self._process is not None
        self._process.terminate()
        self.await_end(before)
        if self._process.returncode:
            raise SoakFailed(f"it was asked to end and ended with {self._process.returncode}")

    def kill(self) -> None:
        """SIGKILL to every process of it."""
        if self._process and self._process.poll() is None:
            everything = frozen(self._process.pid)
            for each in everything:
                each.kill()
            self._process.wait()
            outliving(everything, seconds=5)


def _answers(url: str) -> bool:
    with socket.socket() as probe:  # costs less than a request, and is asked often
        if probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0:
            return False
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=2).ok
        except requests.RequestException:
            return False
