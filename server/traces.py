"""The table behind the timelines: written in batches, pruned by age and by number.

What changed on a card is written in the change's own transaction. All else comes from the notes of
`server.tracing`, so that no phone waits for a write.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from zlib import crc32

from sqlalchemy import delete, func, insert
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import Session, col, select

from server import metrics
from server.bulk import table_of
from server.db import Database, Work, pen_of
from server.face import CardFace, Line, Text
from server.looks import Stroke
from server.models import Device, Pass, Trace
from server.seals import derive
from server.services import Services
from server.tracing import Note

WRITE_SECONDS = 0.5  # between two batches: what a kill may cost
MOST_ROWS = 2_000_000  # of all timelines together; the oldest go first

_STOP_SECONDS = 5.0
_AT_ONCE = 500  # names in one question
_PRUNED_AT_ONCE = 2_000
_LONGEST_TEXT = 80  # of a face; of a longer one a sum is kept, which tells that it changed

_CHANGED = Stroke(insert(table_of(Trace)).inline(), ["at", "what", "serial_number", "data"])

_log = logging.getLogger(__name__)


class Writer:
    """A thread that writes the notes of this process as they come."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)

    def start(self) -> None:
        """Write from now on, twice a second."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(WRITE_SECONDS):
            write(self._services)
        write(self._services)


def write(services: Services) -> int:
    """Write what was noted in this process; how many rows that were.

    Names that callers made up are left out. When the database cannot be reached, the notes wait
    for the next time, as many as there is room for.
    """
    notes = services.tracer.take()
    if not notes:
        return 0
    try:
        rows = _rows(services, notes)
        if rows:
            with services.database.transaction() as session:
                session.connection().execute(insert(Trace), rows)
    except OperationalError as error:
        services.tracer.give_back(notes)
        _log.warning("traces.not_written count=%d error=%s", len(notes), type(error).__name__)
        return 0
    except (
        SQLAlchemyError,
        ValueError,
    ) as error:  # not the connection but a note: the others may be better
        metrics.TRACE.labels("dropped").inc(len(notes))
        _log.error("traces.lost count=%d error=%s", len(notes), type(error).__name__)
        return 0
    metrics.TRACE.labels("written").inc(len(rows))
    metrics.TRACE.labels("unknown").inc(len(notes) - len(rows))
    return len(rows)


class Moved(Protocol):
    """A pass in its newest version."""

    serial_number: str
    state: str
    version: int
    change_tag: int
    modified_at: datetime


def changed(work: Work, pass_: Moved, face: CardFace, *, design: str, at: datetime) -> None:
    """Keep what this version shows, in the transaction that makes it."""
    data = {
        "version": pass_.version,
        "tag": pass_.change_tag,
        "modified": second(pass_.modified_at),
        "state": pass_.state,
        "design": design[:12],
        "lines": _snapshot(face),
    }
    row = {"at": at, "what": "changed", "serial_number": pass_.serial_number, "data": data}
    pen_of(work).write(_CHANGED, **row)


def prune(database: Database, *, at: datetime, keep: timedelta, most: int = MOST_ROWS) -> bool:
    """Remove the oldest rows: those older than `keep`, and those above `most` in number.

    Looks at a few thousand of them; True when there may be more to remove.
    """
    oldest = select(Trace.id, Trace.at).order_by(col(Trace.id)).limit(_PRUNED_AT_ONCE)
    with database.reading() as session:
        rows = session.exec(oldest).all()
        newest = session.exec(select(func.max(Trace.id))).one() or 0
    last = None
    for row_id, row_at in rows:
        if row_at >= at - keep and (row_id or 0) > newest - most:
            break
        last = row_id
    if last is None:
        return False
    with database.transaction() as session:
        session.connection().execute(delete(Trace).where(col(Trace.id) <= last))
    return last == rows[-1][0] and len(rows) == _PRUNED_AT_ONCE


def device_key(secret_key: str, pass_type_identifier: str, library_identifier: str) -> str:
    """What stands for a phone in the trace: the same for the same phone, and leads back to none."""
    name = f"trace:{pass_type_identifier}:{library_identifier[:128]}"
    return derive(secret_key, name)[:12]


def second(at: datetime) -> int:
    """A version's moment as phones know it: whole seconds."""
    return int(at.timestamp())


def _rows(services: Services, notes: Sequence[Note]) -> list[dict[str, Any]]:
    secret_key = services.settings.secret_key
    keys = [_device(secret_key, note) for note in notes]
    lone = [
        (note.device, key)
        for note, key in zip(notes, keys, strict=True)
        if note.device and not note.serial_number and not note.is_known
    ]
    with services.database.reading() as session:
        serials = {note.serial_number for note in notes if note.serial_number}
        serials = _found(session, Pass.serial_number, serials)
        known = _found(session, Device.library_identifier, {device for device, _ in lone})
        traced = _found(session, Trace.device, {key for name, key in lone if name not in known})
    for note, key in zip(notes, keys, strict=True):  # it may have come and gone since the last time
        if note.what == "registered" and note.serial_number in serials:
            traced.add(key)

    def is_real(note: Note, key: str | None) -> bool:
        if note.is_known:
            return True
        if note.serial_number:
            return note.serial_number in serials
        return note.device in known or key in traced

    return [
        {
            "at": note.at,
            "what": note.what,
            "serial_number": note.serial_number,
            "device": key,
            "caller": note.caller and _caller(secret_key, note),
            "status": note.status,
            "data": note.data or {},
        }
        for note, key in zip(notes, keys, strict=True)
        if is_real(note, key)
    ]


def _device(secret_key: str, note: Note) -> str | None:
    return note.device and device_key(secret_key, note.pass_type or "", note.device)


def _caller(secret_key: str, note: Note) -> str:
    """Sixteen bits, other ones each day."""
    return derive(secret_key, f"caller:{note.at:%Y-%m-%d}:{note.caller}")[:4]


def _found(session: Session, column: Any, names: set[Any]) -> set[Any]:
    """Which of `names` stand in the column."""
    wanted = sorted(names)
    found: set[Any] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        found.update(session.exec(select(column).where(col(column).in_(some)).distinct()).all())
    return found


def _snapshot(face: CardFace) -> dict[str, list[Any]]:
    """Label and value of each line by its key; neither code nor number of the member."""
    first: list[Line] = [line for line in (face.headline, face.corner) if line]
    return {
        line.key: [_brief(line.label), _brief(line.value)]
        for line in (*first, *face.lines, *face.details)
    }


def _brief(text: Text) -> Any:
    """One text when all languages say the same, else all three; a sum in place of a long one."""
    texts = [
        words if len(words) <= _LONGEST_TEXT else f"#{crc32(words.encode(errors='replace')):08x}"
        for words in (text.fi, text.sv, text.en)
    ]
    return texts[0] if len(set(texts)) == 1 else texts
