"""Google tells an issuer that somebody saved or removed an object: signed, and not for sure.

Callbacks leave one after the other, in a thread of their own. As Google asks for it, robots.txt at
the receiver must let Googlebot in.
"""

import heapq
import itertools
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

import requests

from googlewallet.throwaway import Flaw, IssuerKeys
from server.clock import Clock
from server.sandbox.google.faults import CallbackFaults

_KEPT = 20_000
_TIMEOUT_SECONDS = 5
_AGENT = "Googlebot"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCallback:
    """A try to deliver a callback. `status` is None when no answer came: `error` says why."""

    at: datetime
    event: str
    object_id: str
    url: str
    body: bytes
    flaw: Flaw | None
    attempt: int
    status: int | None
    error: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether it is not sent again."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True, kw_only=True)
class _Waiting:
    url: str
    message: dict[str, Any]
    body: bytes
    flaw: Flaw | None
    attempt: int = 1


class Callbacks:
    """Sends callbacks; `sent` is the log of what became of them."""

    def __init__(self, keys: IssuerKeys, *, issuer_id: str, now: Clock) -> None:
        self.faults = CallbackFaults()
        self.sent: deque[SentCallback] = deque(maxlen=_KEPT)
        self._keys = keys
        self._issuer_id = issuer_id
        self._now = now
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, _Waiting]] = []
        self._in_hand = 0
        self._wake = threading.Condition()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="google callbacks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; what waits is lost."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def send(self, url: str, message: dict[str, Any]) -> None:
        """Seal `message` (classId, objectId, eventType, count) and have it sent."""
        faults = self.faults
        if faults.is_off:
            return
        flaw = faults.take_flaw()
        whole = {**message, "nonce": secrets.token_hex(16)}
        body = self._keys.seal(whole, issuer_id=self._issuer_id, at=self._now(), flaw=flaw)
        for _ in range(faults.copies):
            self._put(faults.delay_seconds, _Waiting(url=url, message=whole, body=body, flaw=flaw))

    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        with self._wake:
            return not self._queue and not self._in_hand

    def _put(self, seconds: float, waiting: _Waiting) -> None:
        with self._wake:
            entry = (time.monotonic() + seconds, next(self._numbers), waiting)
            heapq.heappush(self._queue, entry)
            self._wake.notify_all()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while waiting := self._next():
                try:
                    self._deliver(session, waiting)
                finally:
                    with self._wake:
                        self._in_hand -= 1

    def _next(self) -> _Waiting | None:
        with self._wake:
            while not self._is_stopping:
                seconds = self._queue[0][0] - time.monotonic() if self._queue else None
                if seconds is not None and seconds <= 0:
                    self._in_hand += 1
                    return heapq.heappop(self._queue)[2]
                self._wake.wait(seconds)
        return None

    def _deliver(self, session: requests.Session, waiting: _Waiting) -> None:
        status, error = None, ""
        try:
            if _is_allowed(session, waiting.url):
                status = session.post(
                    waiting.url,
                    data=waiting.body,
                    headers={"Content-Type": "application/json", "User-Agent": _AGENT},
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                ).status_code
            else:
                error = "robots.txt keeps Googlebot out"
        except requests.RequestException as failure:
            error = str(failure)
        sent = SentCallback(
            at=self._now(),
            event=waiting.message["eventType"],
            object_id=waiting.message["objectId"],
            url=waiting.url,
            body=waiting.body,
            flaw=waiting.flaw,
            attempt=waiting.attempt,
            status=status,
            error=error,
        )
        self.sent.append(sent)
        waits = self.faults.retry_seconds
        if not sent.is_taken and waiting.attempt <= len(waits):
            seconds = waits[waiting.attempt - 1]
            waiting.attempt += 1
            self._put(seconds, waiting)


def _is_allowed(session: requests.Session, url: str) -> bool:
    answer = session.get(urljoin(url, "/robots.txt"), timeout=_TIMEOUT_SECONDS)
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines() if answer.ok else [])
    return rules.can_fetch(_AGENT, url)
