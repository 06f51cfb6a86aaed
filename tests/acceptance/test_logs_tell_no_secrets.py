"""A whole day of the service at its most talkative: its log names nobody and opens nothing."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from benchmarks.running import free_port

NAME, PHONE, EMAIL = "Aino-Ilmatar", "+358401234567", "aino.ilmatar@example.fi"
LOG_SECRET = "Qx7zTokenOfAPhoneInALogLine9081726354"


@dataclass
class Journey:
    """Everything that must not be found in the log, gathered on the way."""

    access: dict[str, Any]
    http: requests.Session
    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)

    def keep(self, **secrets: str) -> None:
        self.secrets.update(secrets)

    def until(self, is_reached: Callable[[], bool]) -> None:
        limit = time.monotonic() + 30
        while not is_reached():
            assert time.monotonic() < limit, "it did not happen"
            time.sleep(0.05)

    def read(self, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.folder / "leima.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """The log of the journey, and what it must not hold."""
    folder = tmp_path_factory.mktemp("talkative")
    with (folder / "log").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "run", "--sandbox"],
            env={
                "LEIMA_DATA_DIR": str(folder),
                "LEIMA_PORT": str(free_port()),
                "LEIMA_SANDBOX_PORT": str(free_port()),
                "LEIMA_SANDBOX_APNS_PORT": str(free_port()),
                "LEIMA_LOG_LEVEL": "debug",
                "LEIMA_LOG_FORMAT": "json",
            },
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            assert process.stdout is not None
            assert any(b"Ctrl-C" in line for line in process.stdout)
            access = json.loads((folder / "sandbox.json").read_text("utf-8"))
            secrets = travel(access, folder)
        finally:
            process.terminate()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()
    return (folder / "log").read_text("utf-8"), secrets


def travel(access: dict[str, Any], folder: Path) -> dict[str, str]:
    with requests.Session() as http:
        http.trust_env = False
        journey = Journey(access, http, folder)
        link = join(journey)
        card = serve(journey, link)
        backend(journey, card)
        phone_complains(journey)
        break_down(journey, link)
        return journey.secrets


def join(journey: Journey) -> str:
    """By the page, with phone and e-mail; then the card goes onto a virtual phone."""
    access, http = journey.access, journey.http
    joined = http.post(
        f"{access['base_url']}{access['try_it']['join_url']}",
        data={"name": NAME, "phone": PHONE, "email": EMAIL},
        allow_redirects=False,
        timeout=10,
    )
    link = joined.headers["Location"]
    journey.keep(name=NAME, phone=PHONE, bare_phone=PHONE[1:], email=EMAIL)
    journey.keep(link_token=urlsplit(link).path.split("/")[2])
    assert http.get(link, timeout=10).ok
    added = http.get(
        f"{access['phones_url']}add", params={"url": f"{link}/card.pkpass"}, timeout=10
    )
    assert added.ok
    journey.until(lambda: bool(journey.read("SELECT 1 FROM registration")))
    ((token, push, library),) = journey.read(
        "SELECT authentication_token, push_token, library_identifier FROM pass, device"
    )
    journey.keep(authentication_token=token, push_token=push, device=library)
    return link


def serve(journey: Journey, link: str) -> str:
    """At the till: sign in, name oneself, scan; the phone is pushed to and fetches."""
    base, staff = journey.access["base_url"], journey.access["staff"]
    http, pin = journey.http, staff["pins"][0]["pin"]
    journey.keep(password=staff["password"])
    form = {"login": staff["login"], "password": staff["password"]}
    assert http.post(f"{base}/till/login", data=form, timeout=10).ok
    assert (
        http.post(f"{base}/till/pin", json={"pin": "973102468135"}, timeout=10).status_code == 403
    )
    journey.keep(wrong_pin="973102468135")
    assert http.post(f"{base}/till/pin", json={"pin": pin}, timeout=10).ok
    ((barcode, card),) = journey.read("SELECT barcode, card_id FROM pass")
    journey.keep(barcode=barcode, session=http.cookies["leima"])
    scan = {"id": "scan-00000001", "code": barcode}
    assert http.post(f"{base}/till/scan", json=scan, timeout=10).ok
    journey.until(lambda: bool(journey.read("SELECT 1 FROM delivery WHERE due_at IS NULL")))
    return str(card)


def backend(journey: Journey, card: str) -> None:
    access = journey.access
    headers = {"Authorization": f"Bearer {access['api_key']}"}
    journey.keep(api_key=access["api_key"])
    body = {"id": "receipt-1", "card": card, "name": "stamped"}
    for key in (access["api_key"], "leima_wrong_4711"):
        headers = {"Authorization": f"Bearer {key}"}
        journey.http.post(
            f"{access['base_url']}/api/v1/events", json=body, headers=headers, timeout=10
        )
    journey.keep(wrong_key="leima_wrong_4711")


def phone_complains(journey: Journey) -> None:
    line = (
        "Get pass task (for device x, pass type pass.test.leima.sandbox, serial number y) "
        f"encountered error: Authentication failure; it sent ApplePass {LOG_SECRET}"
    )
    url = f"{journey.access['base_url']}/v1/log"
    assert journey.http.post(url, json={"logs": [line, LOG_SECRET]}, timeout=10).ok
    journey.keep(log_secret=LOG_SECRET)


def break_down(journey: Journey, link: str) -> None:
    """A table goes missing: the card's page, a join and the worker meet an error of ours."""
    journey.read("ALTER TABLE member RENAME TO gone")
    assert journey.http.get(f"{link}?secret=Search-Word-1", timeout=10).status_code == 500
    form = {"name": NAME, "phone": PHONE, "email": EMAIL}
    url = f"{journey.access['base_url']}{journey.access['try_it']['join_url']}"
    assert journey.http.post(url, data=form, timeout=10).status_code == 500
    journey.keep(query="Search-Word-1")


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_neither_person_nor_secret_is_in_the_log(log: tuple[str, dict[str, str]]):
    text, secrets = log
    # What an API key, a session and a PIN look like; a scan of a short PIN would meet it in ids.
    found = [name for name, value in secrets.items() if re.search(rf"\b{re.escape(value)}", text)]
    assert found == []
    assert len(secrets) >= 15


def test_no_header_is_in_the_log(log: tuple[str, dict[str, str]]):
    assert not re.search(r"Authorization:|ApplePass (?!\*)|Bearer (?!\*)|Cookie", log[0])


def test_every_line_is_a_record_with_an_event(log: tuple[str, dict[str, str]]):
    found = records(log[0])
    ours = [record for record in found if record["logger"].startswith("server")]
    assert [record["message"] for record in ours if record["event"] is None] == []
    assert {"http.request", "http.failed", "apple.device_log", "apple_push.accepted"} <= {
        record["event"] for record in ours
    }


def test_an_error_is_told_with_its_route_and_its_traceback(log: tuple[str, dict[str, str]]):
    failed = [record for record in records(log[0]) if record["event"] == "http.failed"]
    assert {record["fields"]["route"] for record in failed} == {
        "/c/<link_token>",
        "/join/<brand_slug>/<programme_slug>",
    }
    assert all("Traceback" in record["exception"] for record in failed)
