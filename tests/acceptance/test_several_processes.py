"""PostgreSQL with two web processes and a worker: the same service, in several places."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from sqlmodel import select

from benchmarks.running import free_port
from server import deliveries
from server.db import Database
from server.models import Delivery

PATIENCE_SECONDS = 120


def wait_for(is_reached: Callable[[], Any]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not is_reached():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


def answers(http: requests.Session, url: str) -> bool:
    try:
        return http.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@dataclass
class Place:
    """What the processes share, and those that run."""

    environment: dict[str, str]
    http: requests.Session
    database: Database
    phones_url: str
    ports: tuple[int, int]
    key: str = ""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process

    def serve(self, *arguments: str, port: int) -> subprocess.Popen[bytes]:
        """A process that serves at `port`, once it does."""
        self.environment["LEIMA_PORT"] = str(port)
        process = self.command(*arguments)
        wait_for(lambda: answers(self.http, f"http://127.0.0.1:{port}/healthz"))
        return process

    def post(self, port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid4())}
        answer = self.http.post(
            f"http://127.0.0.1:{port}/api/v1{path}", json=body, headers=headers, timeout=30
        )
        assert answer.ok, answer.text
        return answer.json()

    def stamp(self, port: int, card: str) -> None:
        self.post(port, "/events", {"id": str(uuid4()), "card": card, "name": "stamped"})

    def card_on_phone(self, port: int) -> dict[str, Any]:
        member = {"programme": "kahvipassi", "member": {"name": "Aino"}}
        made = self.post(port, "/cards", member)
        self._tell_sandbox("phones/aino/add", {"url": made["pass_url"]})
        return made

    def shows(self, made: dict[str, Any]) -> str:
        """What the phone shows of this card."""
        phones = self.http.get(f"{self.phones_url}phones.json", timeout=10).json()["phones"]
        passes = [each for phone in phones for each in phone["passes"]]
        held = next(each for each in passes if each["serial_number"] == made["serial_number"])
        return held["secondary"][0]["value"]

    def hold_pushes_back(self, seconds: float) -> None:
        """The push service takes this long for each answer."""
        self._tell_sandbox("apns/faults", {"delay_seconds": seconds})

    def delivery(self) -> Delivery:
        with self.database.reading() as session:
            return session.exec(select(Delivery)).one()

    def let_the_lease_run_out(self) -> None:
        with self.database.transaction() as session:
            row = session.exec(select(Delivery)).one()
            assert row.claimed_at is not None
            row.claimed_at -= deliveries.LEASE + timedelta(seconds=1)
            session.add(row)

    def _tell_sandbox(self, path: str, body: dict[str, Any]) -> None:
        self.http.post(f"{self.phones_url}{path}", json=body, timeout=30).raise_for_status()


@pytest.fixture
def place(tmp_path: Path, cluster, http) -> Iterator[Place]:
    """A migrated PostgreSQL with the demo brand, the phones and their push service."""
    first, second = free_port(), free_port()
    sandbox = [sys.executable, "-m", "server.sandbox", "--state", str(tmp_path / "sandbox")]
    sandbox += ["--authority", str(tmp_path / "throwaway"), "--port", "0", "--apns-port", "0"]
    sandbox += ["--service", f"http://127.0.0.1:{first}", "--service", f"http://127.0.0.1:{second}"]
    started = subprocess.Popen(sandbox, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout is not None
    ready = json.loads(started.stdout.readline())
    url = cluster.url(cluster.create())
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")},
        "LEIMA_DATA_DIR": str(tmp_path),
        "LEIMA_DATABASE_URL": url,
        "LEIMA_SECRET_KEY": "a secret of the tests " * 2,
        "LEIMA_PUBLIC_URL": f"http://127.0.0.1:{first}",
        "LEIMA_APNS_URL": ready["apns"],
        "LEIMA_APNS_CA_FILE": ready["root_certificate"],
        "LEIMA_PUSH_JOIN_SECONDS": "0",
    }
    place = Place(environment, http, Database(url), ready["phones"], (first, second))
    said = place.command("demo").communicate(timeout=PATIENCE_SECONDS)[0].decode()
    place.key = said.split("Key:")[1].strip()
    yield place
    for process in [*place.running, started]:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)
    place.database.dispose()


def test_a_stamp_through_either_web_process_reaches_the_phone(place: Place):
    first, second = place.ports
    place.serve("web", port=first)
    place.serve("web", "--workers", "2", port=second)
    place.command("worker")
    card = place.card_on_phone(first)
    for port, shown in ((first, "1 / 10"), (second, "2 / 10")):
        place.stamp(port, card["id"])
        wait_for(lambda shown=shown: place.shows(card) == shown)


def test_a_killed_worker_loses_nothing(place: Place):
    port, _ = place.ports
    place.serve("web", port=port)
    killed = place.command("worker")
    card = place.card_on_phone(port)
    place.hold_pushes_back(30)
    place.stamp(port, card["id"])
    wait_for(lambda: place.delivery().claimed_at)
    killed.send_signal(signal.SIGKILL)
    killed.wait(PATIENCE_SECONDS)
    place.stamp(port, card["id"])
    place.hold_pushes_back(0)
    place.let_the_lease_run_out()
    place.command("worker")
    wait_for(lambda: place.shows(card) == "2 / 10")
    wait_for(lambda: place.delivery().due_at is None)


@pytest.mark.parametrize("command", ["worker", "run"])
def test_a_worker_that_is_asked_to_stop_gives_back_what_it_has_in_hand(place: Place, command: str):
    port, other = place.ports
    place.serve("web", port=port)
    place.environment["LEIMA_PORT"] = str(other)
    process = place.command(command)
    card = place.card_on_phone(port)
    place.hold_pushes_back(30)
    place.stamp(port, card["id"])
    wait_for(lambda: place.delivery().claimed_at)
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0
    row = place.delivery()
    assert (row.claimed_at, row.due_at is None) == (None, False)
