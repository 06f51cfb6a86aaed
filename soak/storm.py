"""Thousands of phones, a push service in every kind of trouble, kills, and a clock that jumps.

When it is over, every phone must show what the ledger says, and nothing may be owed.
"""

import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import ApnsStandIn
from server.sandbox.faults import Faults
from soak import weather
from soak.books import Books
from soak.crowd import Crowd, LightPhone
from soak.errors import SoakFailed
from soak.kill import VICTIMS, refuse
from soak.progress import Progress
from soak.service import Service
from soak.shelf import standing
from soak.tills import Stream, Till

_DRAIN_SECONDS = 300.0
_ENROLLING = 6  # threads
_SHARE = 0.05  # of the phones that a storm of re-registrations or of dead tokens meets
_LONGEST_SPELL_SECONDS = 6.0
_ANNOUNCED = 20  # phones named in an account
_HOURS_FORWARD, _SECONDS_BACK = 6.0, 20.0
SETTINGS = {
    "LEIMA_PUSH_JOIN_SECONDS": "0.5",
    "LEIMA_PUSH_RETRY_SECONDS": "2",
    "LEIMA_LOG_LEVEL": "info",
}


@dataclass
class Storm:
    """One run, and what happened in it."""

    folder: Path
    seed: int
    minutes: float
    count: int
    is_quiet: bool = False
    spells: Counter[str] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._choice = random.Random(self.seed)
        self._data = self.folder / "data"
        self._data.mkdir(parents=True, exist_ok=True)
        self._clock_file = self.folder / "clock"
        self._set_clock(0.0)
        clock.deviate(self._clock_file)
        authority = Authority.load_or_create(self._data / "throwaway", at=clock.now())
        self._root_pem = authority.root_pem
        self._apns = ApnsStandIn(authority, at=clock.now(), on_push=self._deliver)
        self._crowd: Crowd | None = None
        self._by_token: dict[str, LightPhone] = {}

    def run(self) -> str:
        """The whole storm; one line that says how it went. Raises SoakFailed."""
        self._apns.start()
        service = Service(
            self.folder,
            {
                **SETTINGS,
                "LEIMA_APNS_URL": self._apns.url,
                "LEIMA_APNS_CA_FILE": str(self._data / "throwaway" / "root.pem"),
                "LEIMA_SANDBOX_CLOCK_FILE": str(self._clock_file),
            },
        )
        try:
            return self._rage(service)
        finally:
            service.kill()
            if self._crowd:
                self._crowd.stop()
            self._apns.stop()
            clock.deviate(None)

    def _rage(self, service: Service) -> str:
        service.start()
        till = Till.of(service.access())
        self._crowd = crowd = Crowd(till, root_pem=self._root_pem)
        self._gather(crowd)
        books = Books(service.database_url)
        stream = Stream(till, [phone.card for phone in crowd.phones], self.seed, pause=0.2)
        stream.start()
        try:
            self._storm(service, crowd, stream)
            stream.stop(seconds=_DRAIN_SECONDS)
            drained = self._drain(crowd, books)
            refuse("tills and phones", [*stream.faults, *crowd.faults])
            refuse("still owed a push", _shortened(books.owing()))
            refuse("phones", self._behind(books, crowd, stream))
            refuse("ledger", books.check(stream))
            audited = service.command("check-ledger")
            refuse("leima check-ledger", [audited.stdout] if audited.returncode else [])
        finally:
            books.close()
        service.stop()
        return self._line(stream, crowd, drained)

    def _gather(self, crowd: Crowd) -> None:
        """Every phone has its card and is registered."""
        progress = Progress("cards", self.count, quiet=self.is_quiet)
        parts = [range(start, self.count, _ENROLLING) for start in range(_ENROLLING)]
        threads = [threading.Thread(target=crowd.fill, args=(part,), daemon=True) for part in parts]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            progress.show(len(crowd.phones))
            time.sleep(0.2)
        if len(crowd.phones) != self.count:
            raise SoakFailed(f"only {len(crowd.phones)} of {self.count} cards could be made")
        crowd.start()
        for phone in crowd.phones:
            self._renew(phone, is_restored=True, wait=0.0)
        until = time.monotonic() + _DRAIN_SECONDS + self.count / 10
        while (busy := crowd.busy()) and time.monotonic() < until:
            progress.show(self.count - busy, "registering")
            time.sleep(0.2)
        progress.end()
        refuse("registering", [f"{busy} phones could not"] if busy else [])

    def _storm(self, service: Service, crowd: Crowd, stream: Stream) -> None:
        """Every kind of trouble in a shuffled order, again and again, until the time is over."""
        began = time.monotonic()
        progress = Progress("storm", self.minutes * 60, quiet=self.is_quiet)
        deck: list[str] = []
        while (passed := time.monotonic() - began) < self.minutes * 60:
            if not deck:
                deck = [*weather.switches(), "restored phones", "clock", "kill"]
                self._choice.shuffle(deck)
            name = deck.pop()
            progress.show(passed, f"{name}, {len(stream.acknowledged)} stamps")
            self._happen(name, service, crowd)
        progress.end()
        self._calm([])

    def _happen(self, name: str, service: Service, crowd: Crowd) -> None:
        share = max(1, round(len(crowd.phones) * _SHARE))
        chosen = self._choice.sample(crowd.phones, share)
        lasting = self._choice.uniform(0.5, _LONGEST_SPELL_SECONDS)
        if name == "kill":
            (victim,) = self._choice.choices(list(VICTIMS), list(VICTIMS.values()))
            service.survive(victim)
        elif name == "restored phones":
            for phone in chosen:
                wait = self._choice.uniform(0.0, 1.0)
                self._renew(phone, is_restored=self._choice.random() < 0.7, wait=wait)
        elif name == "clock":
            self._jump()
        else:
            tokens = [phone.push_token for phone in chosen]
            faults = weather.faults(name, self._choice, tokens=tokens)
            if faults is None:
                self.unknown.add(name)
                return
            met = [fault.token for fault in faults.answers if fault.token]  # they are used up
            self._apns.faults = faults
            time.sleep(lasting)
            self._calm(met)
        self.spells[name] += 1

    def _calm(self, tokens: list[str]) -> None:
        """The service is well again. A phone whose token it called dead has lost it."""
        before, self._apns.faults = self._apns.faults, Faults()
        left = {fault.token for fault in before.answers}  # read when nobody uses them up any more
        for token in tokens:
            if token not in left and (phone := self._by_token.get(token)):
                wait = self._choice.uniform(0.0, 2.0)
                self._renew(phone, is_restored=self._choice.random() < 0.5, wait=wait)

    def _renew(self, phone: LightPhone, *, is_restored: bool, wait: float) -> None:
        assert self._crowd is not None
        new = secrets.token_hex(32)
        self._apns.tokens.add(new)
        self._by_token[new] = phone
        old = self._crowd.register_anew(phone, new, is_restored=is_restored, wait=wait)
        if self._by_token.pop(old, None):
            self._apns.tokens.retire(old, at=clock.now())

    def _jump(self) -> None:
        """Hours forward, or seconds back."""
        now = float(self._clock_file.read_text("utf-8"))
        if self._choice.random() < 0.5:
            self._set_clock(now + self._choice.uniform(0.1, _HOURS_FORWARD) * 3600)
        else:
            self._set_clock(now - self._choice.uniform(1.0, _SECONDS_BACK))

    def _set_clock(self, seconds: float) -> None:
        new = self._clock_file.with_suffix(".new")
        new.write_text(str(seconds), "utf-8")
        new.replace(self._clock_file)

    def _deliver(self, token: str, topic: str) -> None:
        if self._crowd:
            self._crowd.deliver(token, topic)

    def _drain(self, crowd: Crowd, books: Books) -> float:
        """Wait until nothing is owed and no phone has anything to do; how long that took."""
        began = time.monotonic()
        progress = Progress("drain", _DRAIN_SECONDS, quiet=self.is_quiet)
        while (left := books.owed() + crowd.busy()) and time.monotonic() < began + _DRAIN_SECONDS:
            progress.show(time.monotonic() - began, f"{left} to do")
            time.sleep(0.2)
        progress.end()
        return time.monotonic() - began

    def _behind(self, books: Books, crowd: Crowd, stream: Stream) -> list[str]:
        """Which phone lacks what."""
        counts = stream.counts()
        known = books.push_tokens()
        found = []
        with stream.till.session() as session:
            for phone in crowd.phones:
                wanted = standing(counts[phone.card])
                lacks = [
                    what
                    for what, is_so in (
                        (f"shows {phone.shows}, the ledger says {wanted}", phone.shows != wanted),
                        ("is registered no more", phone.push_token not in known),
                        (
                            "has another file than the newest",
                            crowd.newest(session, phone) != phone.manifest,
                        ),
                    )
                    if is_so
                ]
                found += [f"phone {phone.number}, card {phone.card}: {each}" for each in lacks]
        return _shortened(found)

    def _line(self, stream: Stream, crowd: Crowd, drained: float) -> str:
        spells = ", ".join(f"{name} {count}" for name, count in sorted(self.spells.items()))
        unknown = f" Not tried: {', '.join(sorted(self.unknown))}." if self.unknown else ""
        answers = self._apns.answers
        return (
            f"soak storm: good. Seed {self.seed}, {self.count} phones, {self.minutes:g} minutes "
            f"({spells}); {len(stream.acknowledged)} stamps sent {stream.tries} times, each in "
            f"the ledger once; {sum(answers.values())} pushes, {answers['200']} accepted, "
            f"{crowd.fetched} passes fetched; every phone at the ledger's content and nothing "
            f"owed {drained:.1f} s after the last stamp; a till waited "
            f"{stream.slowest_seconds:.1f} s at most.{unknown}"
        )


def run(folder: Path, *, seed: int, minutes: float, count: int, is_quiet: bool = False) -> str:
    """The whole trial in `folder`; the line that says how it went. Raises SoakFailed."""
    return Storm(folder, seed, minutes, count, is_quiet).run()


def _shortened(found: list[str]) -> list[str]:
    more = len(found) - _ANNOUNCED
    return found if more <= 0 else [*found[:_ANNOUNCED], f"and {more} more"]
