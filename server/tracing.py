"""Noting what happens to passes, at no cost to whoever is served meanwhile.

A note is kept in memory and written in batches by another thread (`server.traces`). What is in
memory when a process is killed is lost: half a second of the trace, never anything of the ledger.
"""

import threading
import time
from collections import deque
from datetime import datetime
from typing import Any, NamedTuple

from server import metrics

MOST_NOTES = 10_000  # waiting in memory; more are counted and let go
_A_MINUTE = 60  # notes on one pass or one device
_MOST_SUBJECTS = 20_000
_LONGEST_NAME = 128


class Note(NamedTuple):
    """Something that happened to a pass (`serial_number`), on a device, or both.

    `device` and `caller` are as they were sent: only short keyed digests of them are written.
    `is_known`: the names come out of our database, and not from a caller who may invent them.
    """

    at: datetime
    what: str
    serial_number: str | None = None
    pass_type: str | None = None
    device: str | None = None
    caller: str | None = None
    status: int | None = None
    data: dict[str, Any] | None = None
    is_known: bool = False


class Tracer:
    """The notes of one process that are not written yet. For any thread; bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: deque[Note] = deque()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def note(self, note: Note) -> None:
        """Keep a note, unless there are too many, altogether or of its pass or device.

        Names of ours are printable: others are nobody's, and not every database takes them.
        """
        device, serial_number = _short(note.device), _short(note.serial_number)
        is_sound = f"{serial_number}{device}{note.pass_type}".isprintable()
        with self._lock:
            is_kept = (
                is_sound
                and len(self._notes) < MOST_NOTES
                and self._is_within(serial_number or device or "")
            )
            if is_kept:
                self._notes.append(note._replace(device=device, serial_number=serial_number))
        if not is_kept:
            metrics.TRACE.labels("dropped").inc()

    def take(self) -> list[Note]:
        """All notes, oldest first; they are the caller's now."""
        with self._lock:
            notes, self._notes = self._notes, deque()
        return list(notes)

    def give_back(self, notes: list[Note]) -> None:
        """They could not be written: keep those for which there is still room, newest first."""
        with self._lock:
            room = max(0, MOST_NOTES - len(self._notes))
            kept = notes[-room:] if room else []
            self._notes.extendleft(reversed(kept))
        metrics.TRACE.labels("dropped").inc(len(notes) - len(kept))

    def __len__(self) -> int:
        return len(self._notes)

    def _is_within(self, subject: str) -> bool:
        """A phone that asks without end must not fill the table."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute or len(self._counts) > _MOST_SUBJECTS:
            self._minute, self._counts = minute, {}
        count = self._counts[subject] = self._counts.get(subject, 0) + 1
        return count <= _A_MINUTE


def _short(name: str | None) -> str | None:
    return name[:_LONGEST_NAME] if name else None
