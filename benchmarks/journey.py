"""A stamp's journey through the running service: till, ledger, push, phone.

Everything is on this machine and over the real protocols: the service under its web server, the
stand-in for Apple's push service, and a virtual phone that verifies every signature. The cards are
all on one phone, so the joining of pushes is switched off: each stamp is the first of its burst.
"""

import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from benchmarks.figures import Figure
from benchmarks.running import running_sandbox

TITLE = "A stamp's journey: the whole service on this machine"

_CARDS = 40
_PATIENCE_SECONDS = 10.0


def measure() -> list[Figure]:
    """Till answer, push on the wire and phone, from the moment the till sends the scan."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder), LEIMA_PUSH_JOIN_SECONDS="0") as sandbox,
        requests.Session() as http,
    ):
        http.trust_env = False
        numbers = [_card_on_phone(http, sandbox) for _ in range(_CARDS)]
        _open_till(http, sandbox)
        trips = [_stamp(http, sandbox, number) for number in numbers]
    answered, pushed, shown = (sorted(times) for times in zip(*trips, strict=True))
    return [
        _figure("till is answered", answered),
        _figure("push is on the wire", pushed),
        _figure(
            "phone shows it",
            shown,
            note=f"{_CARDS} stamps on {_CARDS} cards, one after the other; looked at every 5 ms",
        ),
    ]


def _figure(what: str, times: list[float], note: str = "") -> Figure:
    p95 = times[int(len(times) * 0.95)]
    text = f"p50 {statistics.median(times) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
    return Figure(what=what, figure=text, note=note)


def _card_on_phone(http: requests.Session, sandbox: dict[str, Any]) -> str:
    made = http.post(
        f"{sandbox['base_url']}/api/v1/cards",
        json={"programme": sandbox["programmes"][0]["slug"], "member": {"name": "Aino"}},
        headers={
            "Authorization": f"Bearer {sandbox['api_key']}",
            "Idempotency-Key": str(uuid4()),
        },
        timeout=10,
    ).json()
    added = http.post(
        f"{sandbox['phones_url']}phones/aino/add", json={"url": made["pass_url"]}, timeout=10
    )
    added.raise_for_status()
    return str(made["serial_number"])


def _open_till(http: requests.Session, sandbox: dict[str, Any]) -> None:
    staff = sandbox["staff"]
    login = {"login": staff["login"], "password": staff["password"]}
    http.post(f"{sandbox['base_url']}/till/login", data=login, timeout=10).raise_for_status()
    pin = {"pin": staff["pins"][0]["pin"]}
    http.post(f"{sandbox['base_url']}/till/pin", json=pin, timeout=10).raise_for_status()


def _stamp(
    http: requests.Session, sandbox: dict[str, Any], serial: str
) -> tuple[float, float, float]:
    code = _held(http, sandbox, serial)["barcode"]["message"]
    start, at = time.monotonic(), time.time()
    scan = {"id": str(uuid4()), "code": code}
    http.post(f"{sandbox['base_url']}/till/scan", json=scan, timeout=10).raise_for_status()
    answered = time.monotonic() - start
    while _held(http, sandbox, serial)["secondary"][0]["value"] != "1 / 10":
        if time.monotonic() - start > _PATIENCE_SECONDS:
            raise RuntimeError("a stamp never reached the phone")
        time.sleep(0.005)
    shown = time.monotonic() - start
    pushes = http.get(f"{sandbox['phones_url']}apns.json", timeout=10).json()["pushes"]
    pushed = datetime.fromisoformat(pushes[-1]["at"]).timestamp() - at
    return answered, pushed, shown


def _held(http: requests.Session, sandbox: dict[str, Any], serial: str) -> dict[str, Any]:
    phones = http.get(f"{sandbox['phones_url']}phones.json", timeout=10).json()["phones"]
    held: dict[str, Any] = next(
        each for each in phones[0]["passes"] if each["serial_number"] == serial
    )
    return held
