"""The service is killed again and again while tills stamp: nothing may be lost or counted twice."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from soak.books import Books
from soak.errors import SoakFailed
from soak.progress import Progress
from soak.service import Service
from soak.shelf import Shelf
from soak.tills import Stream, Till

_CARDS = 8
_DRAIN_SECONDS = 120.0
_PUSH_SECONDS = 60.0
_STAMPS, _PATIENCE_SECONDS = 10, 10.0  # between two kills, on a slow machine too
_LONGEST_LIFE_SECONDS = 1.5
_LONGEST_START_SECONDS = 2.5
# Who is killed how often: all at once (the power goes), the supervisor, the web server with or
# without its process that also pushes, the stand-ins with the phones.
VICTIMS = {"worker": 4, "everything": 3, "supervisor": 2, "server": 1, "sandbox": 1}
_KILLED_EARLY_SHARE = 0.15
SETTINGS = {"LEIMA_PUSH_JOIN_SECONDS": "0.2", "LEIMA_PUSH_RETRY_SECONDS": "1"}


@dataclass(frozen=True, slots=True)
class Kill:
    """Whom to kill, and how long after everything was up (or, `is_early`, after its start)."""

    victim: str
    after_seconds: float
    is_early: bool


def plan(seed: int, count: int) -> list[Kill]:
    """The same for the same seed."""
    choice = random.Random(seed)
    kills = []
    for _ in range(count):
        (victim,) = choice.choices(list(VICTIMS), list(VICTIMS.values()))
        is_early = choice.random() < _KILLED_EARLY_SHARE
        if is_early:  # the others may not be there yet
            victim = choice.choice(["everything", "supervisor"])
        longest = _LONGEST_START_SECONDS if is_early else _LONGEST_LIFE_SECONDS
        kills.append(Kill(victim, choice.uniform(0.05, longest), is_early))
    return kills


@dataclass
class Trial:
    """One run, and what it found."""

    service: Service
    seed: int
    count: int
    is_quiet: bool = False
    killed: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    def run(self) -> str:
        """Kill, look, and say in one line how it went.

        Raises:
            SoakFailed: what was promised and does not hold.
        """
        self.service.start()
        till = Till.of(self.service.access())
        shelf = Shelf(self.service, till)
        shelf.fill(_CARDS)
        books = Books(self.service.database_url)
        stream = Stream(till, shelf.cards, self.seed)
        stream.start()
        progress = Progress("kill", self.count, quiet=self.is_quiet)
        try:
            for number, kill in enumerate(plan(self.seed, self.count), 1):
                if not kill.is_early:
                    stream.await_more(_STAMPS, seconds=_PATIENCE_SECONDS)
                self._kill(number, kill)
                refuse(f"after kill {number} ({kill})", _wrong(books, stream))
                progress.show(number, f"{kill.victim}, {len(stream.acknowledged)} stamps")
            stream.stop(seconds=_DRAIN_SECONDS)
            restarted = self._settle(books, stream, shelf)
        finally:
            progress.end()
            books.close()
        self.service.stop()
        return self._line(stream, restarted)

    def _kill(self, number: int, kill: Kill) -> None:
        service = self.service
        try:
            if kill.is_early:
                service.kill()
                service.launch()
            time.sleep(kill.after_seconds)
            service.survive(kill.victim)
            self.killed[kill.victim] += 1
        except SoakFailed as error:
            raise SoakFailed(f"kill {number} ({kill}): {error}") from error

    def _settle(self, books: Books, stream: Stream, shelf: Shelf) -> bool:
        """Everything at rest, and right."""
        counts = stream.counts()
        behind, is_restarted = shelf.await_content(counts, seconds=_DRAIN_SECONDS)
        refuse("phones", behind)
        stream.stamp_each()  # a restart brings everything: only pushes show that these work
        counts = stream.counts()
        refuse("pushes", shelf.await_content(counts, seconds=_PUSH_SECONDS, may_restart=False)[0])
        until = time.monotonic() + _DRAIN_SECONDS
        while books.owed() and time.monotonic() < until:
            time.sleep(0.1)
        refuse("still owed", books.owing())
        refuse("ledger", books.check(stream))
        refuse("content", shelf.differing(counts))
        audited = self.service.command("check-ledger")
        refuse("leima check-ledger", [audited.stdout] if audited.returncode else [])
        return is_restarted

    def _line(self, stream: Stream, is_restarted: bool) -> str:
        seconds = time.monotonic() - self.began
        victims = ", ".join(f"{name} {count}" for name, count in self.killed.most_common())
        return (
            f"soak kill: good. Seed {self.seed}, {self.count} kills ({victims}) in "
            f"{seconds:.0f} s; {len(stream.acknowledged)} stamps sent {stream.tries} times, "
            f"each in the ledger once; {_CARDS} cards on 2 iPhones and 2 Android phones at the "
            f"ledger's content"
            f"{' after the phones were restarted' if is_restarted else ''}; nothing owed; "
            f"a till waited {stream.slowest_seconds:.1f} s at most."
        )


def run(folder: Path, *, seed: int, count: int, is_quiet: bool = False) -> str:
    """The whole trial in `folder`; the line that says how it went. Raises SoakFailed."""
    service = Service(folder, SETTINGS)
    try:
        return Trial(service, seed, count, is_quiet).run()
    finally:
        service.kill()


def _wrong(books: Books, stream: Stream) -> Iterator[str]:
    yield from stream.faults
    yield from books.newly_lost(stream)


def refuse(where: str, wrong: Iterator[str] | list[str]) -> None:
    if found := list(wrong):
        raise SoakFailed(f"{where}:\n" + "\n".join(f"  {each}" for each in found))
