"""Tills that stamp without a pause, and send a stamp again, under its id, until it is answered."""

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import requests

from soak.errors import SoakFailed

_TIMEOUT_SECONDS = 10
_ENROL_SECONDS, _ENROL_TRIES = 60, 60
_REPEATED_SHARE = 0.15  # of the answered are sent once more, as by a till that forgot
_IMPATIENT_SHARE = 0.3  # hang up before the answer, which may be under way
_IMPATIENT_SECONDS = (0.002, 0.1)


@dataclass(frozen=True, slots=True)
class Till:
    """What a till knows: where to send, and as whom."""

    base_url: str
    key: str
    programme: str

    @classmethod
    def of(cls, access: Mapping[str, Any]) -> "Till":
        """The demo's, out of what its sandbox.json says."""
        return cls(access["base_url"], access["api_key"], access["programmes"][0]["slug"])

    def session(self) -> requests.Session:
        """Connections of one sender."""
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self.key}"
        return session


def enrol(session: requests.Session, till: Till, name: str, *, key: str) -> dict[str, Any]:
    """A new card: what the API says of it. Raises requests.HTTPError when it refuses."""
    body = {"programme": till.programme, "member": {"name": name}}
    for _ in range(_ENROL_TRIES):
        answer = session.post(
            f"{till.base_url}/api/v1/cards",
            json=body,
            headers={"Idempotency-Key": key},
            timeout=_ENROL_SECONDS,
        )
        if answer.status_code != 429 and answer.status_code < 500:
            break
        time.sleep(1)
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


@dataclass
class Stream:
    """Stamps on `cards` by several senders, each `pause` seconds after its last answer.

    `acknowledged` holds the answers by event id, `sent` the card of every id that was ever sent.
    """

    till: Till
    cards: list[str]
    seed: int
    senders: int = 4
    pause: float = 0.1
    acknowledged: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    faults: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin to stamp."""
        self._threads = [
            threading.Thread(target=self._send, args=(number,), name=f"till {number}", daemon=True)
            for number in range(self.senders)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, *, seconds: float) -> None:
        """Stamp no more; what was sent is sent on until it is answered.

        Raises:
            SoakFailed: a stamp is not answered within `seconds`.
        """
        self._stopping.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if unanswered := sorted(set(self.sent) - set(self.acknowledged)):
            raise SoakFailed(f"{len(unanswered)} stamps never answered, first {unanswered[0]}")

    def stamp_each(self) -> None:
        """One more stamp on every card."""
        with self.till.session() as session:
            for card in self.cards:
                event_id = str(uuid4())
                self.sent[event_id] = card
                self._stamp(session, event_id, card)

    def await_more(self, count: int, *, seconds: float) -> None:
        """Until so many more stamps are acknowledged, or the time is over."""
        wanted, until = len(self.acknowledged) + count, time.monotonic() + seconds
        while len(self.acknowledged) < wanted and time.monotonic() < until:
            time.sleep(0.02)

    def counts(self) -> Counter[str]:
        """How many stamps each card was promised."""
        return Counter(self.sent[event_id] for event_id in list(self.acknowledged))

    def _send(self, number: int) -> None:
        choice = random.Random(self.seed * 1000 + number)
        with self.till.session() as session:
            while not self._stopping.is_set():
                event_id = str(UUID(int=choice.getrandbits(128), version=4))
                card = choice.choice(self.cards)
                self.sent[event_id] = card
                if choice.random() < _IMPATIENT_SHARE:
                    self._hang_up(session, event_id, card, choice.uniform(*_IMPATIENT_SECONDS))
                self._stamp(session, event_id, card)
                if choice.random() < _REPEATED_SHARE:
                    self._repeat(session, event_id, card)
                self._stopping.wait(self.pause)

    def _stamp(self, session: requests.Session, event_id: str, card: str) -> None:
        begun = time.monotonic()
        self.acknowledged[event_id] = self._until_answered(session, event_id, card)
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - begun)

    def _hang_up(self, session: requests.Session, event_id: str, card: str, seconds: float) -> None:
        with suppress(requests.RequestException):
            self._post(session, event_id, card, seconds)

    def _repeat(self, session: requests.Session, event_id: str, card: str) -> None:
        """The same id brings the same text."""
        text = self._until_answered(session, event_id, card)
        if text != self.acknowledged[event_id]:
            self.faults.append(f"stamp {event_id} was answered in two ways")

    def _until_answered(self, session: requests.Session, event_id: str, card: str) -> str:
        while True:
            try:
                answer = self._post(session, event_id, card, _TIMEOUT_SECONDS)
            except requests.RequestException:
                time.sleep(0.3)
                continue
            if answer.status_code == 200:
                return answer.text
            if answer.status_code not in (409, 429) and answer.status_code < 500:
                self.faults.append(f"stamp {event_id}: {answer.status_code} {answer.text[:200]}")
                return ""
            time.sleep(0.2)

    def _post(
        self, session: requests.Session, event_id: str, card: str, seconds: float
    ) -> requests.Response:
        self.tries += 1
        body = {"id": event_id, "card": card, "name": "stamped"}
        return session.post(f"{self.till.base_url}/api/v1/events", json=body, timeout=seconds)
