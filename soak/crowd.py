"""Thousands of phones in one process: little memories that speak the web service's own protocol.

Apple: Wallet Passes, Adding a Web Service to Update Passes. A phone registers, waits for its push,
asks what changed, fetches and verifies it. What it could not do it tries again until it can.
"""

import heapq
import itertools
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

import passkit
from server import clock
from soak.shelf import Standing, as_standing
from soak.tills import Till, enrol

_THREADS = 8
_TIMEOUT_SECONDS = 20
_LONGEST_WAIT_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class LightPhone:
    """One phone with one card. `has_...` is what it has still to do."""

    number: int
    card: str
    pass_type: str
    serial_number: str
    key: str
    manifest: bytes
    shows: Standing
    last_modified: str = ""
    device: str = ""
    push_token: str = ""
    tag: str = ""
    has_to_register: bool = True
    has_to_ask: bool = True
    is_waiting: bool = False
    is_busy: bool = False
    failures: int = 0


class Crowd:
    """All of the phones, and the few threads that act for them."""

    def __init__(self, till: Till, *, root_pem: bytes) -> None:
        """`root_pem` is the only authority that the phones trust."""
        self._till = till
        self._root_pem = root_pem
        self._lock = threading.Condition()
        self._by_token: dict[str, LightPhone] = {}
        self._due: list[tuple[float, int, LightPhone]] = []
        self._order = itertools.count()
        self._is_stopping = False
        self._threads: list[threading.Thread] = []
        self.phones: list[LightPhone] = []
        self.faults: list[str] = []
        self.fetched = 0

    def fill(self, numbers: range) -> None:
        """Make a card for each number, and a phone that has added it."""
        with self._till.session() as session:
            for number in numbers:
                made = enrol(session, self._till, f"Aino {number}", key=f"soak-{number}")
                answer = session.get(made["pass_url"], timeout=_TIMEOUT_SECONDS)
                answer.raise_for_status()
                phone = self._opened(number, made, answer)
                with self._lock:
                    self.phones.append(phone)

    def start(self) -> None:
        """Let the phones act."""
        self._threads = [
            threading.Thread(target=self._work, name=f"crowd {number}", daemon=True)
            for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every conversation."""
        with self._lock:
            self._is_stopping = True
            self._lock.notify_all()
        for thread in self._threads:
            thread.join()

    def deliver(self, token: str, _topic: str) -> None:
        """A push has come; called in the push service's thread."""
        with self._lock:
            if phone := self._by_token.get(token):
                phone.has_to_ask = True
                self._queue(phone, 0.0)

    def register_anew(
        self, phone: LightPhone, token: str, *, is_restored: bool, wait: float
    ) -> str:
        """The phone gets the push token and registers after `wait` seconds; its old token.

        `is_restored`: from a backup on another phone, with another device identifier.
        """
        with self._lock:
            old = phone.push_token
            self._by_token.pop(old, None)
            phone.push_token = token
            self._by_token[phone.push_token] = phone
            if is_restored or not phone.device:
                phone.device, phone.tag = secrets.token_hex(16), ""
            phone.has_to_register = phone.has_to_ask = True
            self._queue(phone, wait)
        return old

    def busy(self) -> int:
        """How many phones have something to do."""
        with self._lock:
            return sum(
                phone.has_to_register or phone.has_to_ask or phone.is_busy for phone in self.phones
            )

    def newest(self, session: requests.Session, phone: LightPhone) -> bytes:
        """The manifest of the pass as the service gives it now, whatever the phone has."""
        answer = session.get(
            self._pass_url(phone), headers=_authorization(phone), timeout=_TIMEOUT_SECONDS
        )
        answer.raise_for_status()
        return self._read(answer).files["manifest.json"]

    def _opened(
        self, number: int, made: Mapping[str, Any], answer: requests.Response
    ) -> LightPhone:
        opened = self._read(answer)
        return LightPhone(
            number=number,
            card=made["id"],
            pass_type=opened.content["passTypeIdentifier"],
            serial_number=opened.content["serialNumber"],
            key=opened.content["authenticationToken"],
            manifest=opened.files["manifest.json"],
            shows=_shown(opened.content),
        )

    def _queue(self, phone: LightPhone, wait: float) -> None:
        """Under the lock."""
        if not phone.is_waiting and not phone.is_busy:
            phone.is_waiting = True
            heapq.heappush(self._due, (time.monotonic() + wait, next(self._order), phone))
            self._lock.notify()

    def _next(self) -> LightPhone | None:
        with self._lock:
            while not self._is_stopping:
                if self._due and self._due[0][0] <= time.monotonic():
                    phone = heapq.heappop(self._due)[2]
                    phone.is_waiting, phone.is_busy = False, True
                    return phone
                wait = self._due[0][0] - time.monotonic() if self._due else None
                self._lock.wait(wait)
        return None

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while phone := self._next():
                has_worked = self._act(session, phone)
                with self._lock:
                    phone.is_busy = False
                    phone.failures = 0 if has_worked else phone.failures + 1
                    if phone.has_to_register or phone.has_to_ask:
                        wait = min(0.5 * 2**phone.failures, _LONGEST_WAIT_SECONDS)
                        self._queue(phone, 0.0 if has_worked else wait)

    def _act(self, session: requests.Session, phone: LightPhone) -> bool:
        """Register if need be, then ask and fetch; whether the service did its part."""
        try:
            if phone.has_to_register:
                self._register(session, phone)
            if phone.has_to_ask:
                self._ask(session, phone)
        except requests.RequestException:
            return False
        return True

    def _register(self, session: requests.Session, phone: LightPhone) -> None:
        token = phone.push_token
        answer = session.post(
            f"{self._list_url(phone)}/{quote(phone.serial_number, safe='')}",
            headers=_authorization(phone),
            json={"pushToken": token},
            timeout=_TIMEOUT_SECONDS,
        )
        self._expect(phone, answer, 200, 201)
        with self._lock:
            phone.has_to_register = phone.push_token != token

    def _ask(self, session: requests.Session, phone: LightPhone) -> None:
        with self._lock:
            phone.has_to_ask = False
        try:
            parameters = {"passesUpdatedSince": phone.tag} if phone.tag else None
            answer = session.get(self._list_url(phone), params=parameters, timeout=_TIMEOUT_SECONDS)
            self._expect(phone, answer, 200, 204)
            if answer.status_code == 200:
                self._fetch(session, phone)
                phone.tag = answer.json()["lastUpdated"]
        except requests.RequestException:
            with self._lock:
                phone.has_to_ask = True
            raise

    def _fetch(self, session: requests.Session, phone: LightPhone) -> None:
        headers = _authorization(phone)
        if phone.last_modified:
            headers["If-Modified-Since"] = phone.last_modified
        answer = session.get(self._pass_url(phone), headers=headers, timeout=_TIMEOUT_SECONDS)
        self._expect(phone, answer, 200, 304)
        if answer.status_code == 200:
            opened = self._read(answer)
            phone.manifest = opened.files["manifest.json"]
            phone.shows = _shown(opened.content)
            phone.last_modified = answer.headers["Last-Modified"]
            self.fetched += 1

    def _expect(self, phone: LightPhone, answer: requests.Response, *statuses: int) -> None:
        if answer.status_code in statuses:
            return
        if answer.status_code < 500 and answer.status_code != 429:
            what = f"{answer.request.method} was answered {answer.status_code}"
            self.faults.append(f"phone {phone.number}: {what}")
        raise requests.HTTPError(f"unexpected answer {answer.status_code}")

    def _read(self, answer: requests.Response) -> passkit.Opened:
        return passkit.read(answer.content, root_pem=self._root_pem, at=clock.now())

    def _list_url(self, phone: LightPhone) -> str:
        return (
            f"{self._till.base_url}/v1/devices/{phone.device}/registrations/"
            f"{quote(phone.pass_type, safe='')}"
        )

    def _pass_url(self, phone: LightPhone) -> str:
        path = "/".join(quote(each, safe="") for each in (phone.pass_type, phone.serial_number))
        return f"{self._till.base_url}/v1/passes/{path}"


def _authorization(phone: LightPhone) -> dict[str, str]:
    return {"Authorization": f"ApplePass {phone.key}"}


def _shown(content: Mapping[str, Any]) -> Standing:
    groups = (fields for name, fields in content["storeCard"].items() if name.endswith("Fields"))
    return as_standing({each["key"]: each["value"] for group in groups for each in group})
