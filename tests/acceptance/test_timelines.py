"""The whole way of a card, told by processes that know nothing of each other.

Two web processes and a worker on PostgreSQL, two virtual phones with one card, and a web process
that is killed in the middle.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from benchmarks.running import free_port
from server import audit
from server.db import Database

PATIENCE_SECONDS = 120


def wait_for(is_reached: Callable[[], Any]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not is_reached():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.1)


@dataclass
class Town:
    """The processes, and a backend that asks them."""

    environment: dict[str, str]
    http: requests.Session
    phones_url: str
    ports: tuple[int, int]
    key: str = ""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str, port: int | None = None) -> subprocess.Popen[bytes]:
        environment = {**self.environment, "LEIMA_PORT": str(port or self.ports[0])}
        command = [sys.executable, "-m", "server.cli", *arguments]
        self.running.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
            )
        )
        if port:
            wait_for(lambda: self.answers(port))
        return self.running[-1]

    def answers(self, port: int) -> bool:
        try:
            return self.http.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def call(self, method: str, path: str, body: object = None, *, port: int) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid4())}
        url = f"http://127.0.0.1:{port}/api/v1{path}"
        answer = self.http.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def card(self) -> dict[str, Any]:
        body = {"programme": "kahvipassi", "member": {"name": "Aino"}}
        return self.call("POST", "/cards", body, port=self.ports[0])

    def stamp(self, card: dict[str, Any], *, port: int) -> None:
        body = {"id": str(uuid4()), "card": card["id"], "name": "stamped"}
        self.call("POST", "/events", body, port=port)

    def timeline(self, card: dict[str, Any], *, port: int | None = None) -> dict[str, Any]:
        path = f"/cards/{card['id']}/timeline?limit=100"
        return self.call("GET", path, port=port or self.ports[1])

    def codes(self, card: dict[str, Any]) -> list[str]:
        return [phone["verdict"]["code"] for phone in self.timeline(card)["phones"]]

    def tell(self, path: str, body: dict[str, Any]) -> None:
        self.http.post(f"{self.phones_url}{path}", json=body, timeout=30).raise_for_status()


@pytest.fixture
def town(tmp_path: Path, cluster: Any, http: requests.Session) -> Iterator[Town]:
    ports = (free_port(), free_port())
    sandbox = [sys.executable, "-m", "server.sandbox", "--state", str(tmp_path / "sandbox")]
    sandbox += ["--authority", str(tmp_path / "throwaway"), "--port", "0", "--apns-port", "0"]
    sandbox += [part for port in ports for part in ("--service", f"http://127.0.0.1:{port}")]
    started = subprocess.Popen(sandbox, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout is not None
    ready = json.loads(started.stdout.readline())
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LEIMA_")},
        "LEIMA_DATA_DIR": str(tmp_path),
        "LEIMA_DATABASE_URL": cluster.url(cluster.create()),
        "LEIMA_SECRET_KEY": "a secret of the tests " * 2,
        "LEIMA_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
        "LEIMA_APNS_URL": ready["apns"],
        "LEIMA_APNS_CA_FILE": ready["root_certificate"],
        "LEIMA_PUSH_JOIN_SECONDS": "0",
        "LEIMA_PUSH_RETRY_SECONDS": "1",
    }
    town = Town(environment, http, ready["phones"], ports)
    said = town.start("demo").communicate(timeout=PATIENCE_SECONDS)[0].decode()
    town.key = said.split("Key:")[1].strip()
    yield town
    for process in [*town.running, started]:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def test_a_household_card_is_told_phone_by_phone_across_processes(town: Town):
    first, second = town.ports
    town.start("web", port=first), town.start("web", "--workers", "2", port=second)
    worker = town.start("worker")
    card = town.card()
    for phone in ("aino", "eero"):
        town.tell(f"phones/{phone}/add", {"url": card["pass_url"]})
    wait_for(lambda: town.codes(card) == ["up_to_date", "up_to_date"])

    town.stamp(card, port=second)
    wait_for(lambda: town.codes(card) == ["up_to_date", "up_to_date"])
    told = [step for step in town.timeline(card)["steps"] if step["version"] == 2]
    assert {step["phone"] for step in told} == {None, "Phone A", "Phone B"}

    town.tell("phones/eero/power", {"is_on": False})
    town.stamp(card, port=first)
    wait_for(lambda: sorted(town.codes(card)) == ["up_to_date", "waiting"])

    town.tell("phones/aino/passes/" + card["serial_number"] + "/remove", {})
    wait_for(lambda: sorted(town.codes(card)) == ["removed", "waiting"])

    faults = {"answers": [{"status": 403, "reason": "BadCertificate", "count": None}]}
    town.tell("apns/faults", faults)
    town.stamp(card, port=first)
    wait_for(lambda: town.timeline(card)["verdict"]["code"] == "certificate")

    town.tell("apns/faults", {"answers": [{"status": 410, "reason": "Unregistered"}]})
    wait_for(lambda: town.timeline(card)["verdict"]["code"] == "phone_gone")
    says = town.start("card", card["member_number"]).communicate(timeout=PATIENCE_SECONDS)
    assert "Apple says that it can no longer be reached" in says[0].decode()
    worker.terminate()
    assert worker.wait(PATIENCE_SECONDS) == 0


def test_a_killed_web_process_loses_half_a_second_of_the_trace_and_nothing_else(town: Town):
    first, second = town.ports
    killed = town.start("web", port=first)
    town.start("web", port=second)
    card = town.card()
    for _ in range(5):
        town.stamp(card, port=first)
    killed.send_signal(signal.SIGKILL)
    killed.wait(PATIENCE_SECONDS)
    found = town.timeline(card, port=second)
    assert [step["version"] for step in found["steps"] if step["what"] == "changed"] == [
        6,
        5,
        4,
        3,
        2,
        1,
    ]
    database = Database(town.environment["LEIMA_DATABASE_URL"])
    assert audit.check(database) == []
    database.dispose()
