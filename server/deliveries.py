"""What phones are owed: written with the change, claimed and settled by a worker.

A row stands for one device, because a push only makes a device ask for everything that changed. The
first change of a card is due at once; what follows on the same card within the join time shares
one trailing push. Another card of the device waits for no join: its change is news. What nobody
waits for (`is_bulk`) is a lane of its own, which comes after the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlmodel import col
from sqlmodel import select as select_models

from server.bulk import table_of
from server.db import Database, Work, owe, pen_of
from server.looks import Look, Pen, Stroke
from server.models import Delivery, Device, Pass, Registration

LEASE = timedelta(seconds=60)

_DELIVERY, _REGISTRATION, _DEVICE = table_of(Delivery), table_of(Registration), table_of(Device)
_PASS = table_of(Pass)
_HOLDERS = Look(
    select(_DEVICE.c.id)
    .join_from(_DEVICE, _REGISTRATION, _REGISTRATION.c.device_id == _DEVICE.c.id)
    .where(_REGISTRATION.c.pass_id == bindparam("pass_id"))
    .order_by(_DEVICE.c.id)  # rows are locked in one order everywhere
    .with_for_update(read=True, key_share=True, of=_DEVICE)  # none of them goes away meanwhile
)
_OWED = Look(
    select(
        _DELIVERY.c.id,
        _DELIVERY.c.device_id,
        _DELIVERY.c.due_at,
        _DELIVERY.c.sent_at,
        _DELIVERY.c.attempts,
        _DELIVERY.c.is_bulk,
    )
    .where(
        _DELIVERY.c.device_id.in_(
            select(_REGISTRATION.c.device_id).where(_REGISTRATION.c.pass_id == bindparam("pass_id"))
        )
    )
    .order_by(_DELIVERY.c.device_id)
    .with_for_update(of=_DELIVERY)
)
_IS_ROW = _DELIVERY.c.id == bindparam("row_id")
_RAISE = Stroke(update(_DELIVERY).where(_IS_ROW), ["owed_tag", "due_at", "is_bulk"])
_NEW = Stroke(
    insert(_DELIVERY),
    ["id", "created_at", "device_id", "owed_tag", "due_at", "is_bulk", "attempts"],
)
_CLAIM = Stroke(update(_DELIVERY).where(_IS_ROW), ["claimed_at"])
_RETURNED = Look(
    select(
        _DELIVERY.c.id,
        _DELIVERY.c.claimed_at,
        _DELIVERY.c.owed_tag,
        _DELIVERY.c.due_at,
        _DELIVERY.c.sent_at,
        _DELIVERY.c.attempts,
        _DELIVERY.c.error,
        _DEVICE.c.push_token,
    )
    .join_from(_DELIVERY, _DEVICE, _DEVICE.c.id == _DELIVERY.c.device_id)
    .where(_DELIVERY.c.device_id == bindparam("device_id"))
)
_LOCK = Look(
    select(_DELIVERY.c.id).where(_DELIVERY.c.device_id == bindparam("device_id")).with_for_update()
)
_RETURN = Stroke(
    update(_DELIVERY).where(_IS_ROW), ["claimed_at", "due_at", "sent_at", "attempts", "error"]
)
_REST = Look(
    select(func.min(_PASS.c.announced_at).label("announced_at"))
    .join_from(_PASS, _REGISTRATION, _REGISTRATION.c.pass_id == _PASS.c.id)
    .where(_REGISTRATION.c.device_id == bindparam("device_id"))
    .where(_PASS.c.change_tag > bindparam("owed_tag"))
)


class Changed(Protocol):
    """A pass that has changed, in the database or about to."""

    id: UUID
    change_tag: int
    announced_at: datetime | None


@dataclass(frozen=True, slots=True)
class DuePush:
    """A claimed delivery: which token to push to, and up to which change it settles.

    `attempts` is how often it was put off since the last success; `was_reached` whether this very
    token has worked. Only who claimed it at `claimed_at` may settle it.
    """

    device_id: UUID
    pass_type_identifier: str
    push_token: str
    owed_tag: int
    due_at: datetime
    was_reached: bool
    attempts: int
    claimed_at: datetime
    is_bulk: bool
    library_identifier: str = field(default="", repr=False)


def announce(pass_: Changed, *, at: datetime, join: timedelta) -> datetime:
    """When phones are to hear of a change at `at`: at once, or with the next of the same card."""
    last = pass_.announced_at
    if last is None or last + join <= at:
        pass_.announced_at = at
    elif last <= at:
        pass_.announced_at = last + join
    assert pass_.announced_at is not None
    return pass_.announced_at


def owe_devices(
    work: Work, pass_: Changed, *, at: datetime, join: timedelta, is_bulk: bool = False
) -> None:
    """Every device registered for the pass is owed a push up to its change tag.

    The pass is announced, and must have been written: its row is locked before the devices'.
    """
    due_at, pen = pass_.announced_at or at, pen_of(work)
    device_ids = [row.id for row in pen.rows(_HOLDERS, pass_id=pass_.id)]
    if not device_ids:
        return
    owe(pen)
    rows = {row.device_id: row for row in pen.rows(_OWED, pass_id=pass_.id)}
    changed: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for device_id in device_ids:
        row = rows.get(device_id)
        wanted_at = due_at
        if is_bulk and row and row.sent_at:  # cards that change together are told together
            wanted_at = max(due_at, row.sent_at + join)
        owed = {"owed_tag": pass_.change_tag, "is_bulk": is_bulk, "due_at": wanted_at}
        if row is None:
            key_of_row = {"id": uuid4(), "created_at": at, "device_id": device_id}
            new.append({**key_of_row, **owed, "attempts": 0})
            continue
        if row.due_at is not None:
            owed["is_bulk"] = is_bulk and row.is_bulk
            # The service asked to wait with what was put off.
            owed["due_at"] = row.due_at if row.attempts else min(row.due_at, wanted_at)
        changed.append({"row_id": row.id, **owed})
    pen.write_all(_RAISE, changed)
    pen.write_all(_NEW, new)


def claim(
    database: Database,
    *,
    at: datetime,
    limit: int,
    pass_type_identifier: str | None = None,
    is_bulk: bool | None = None,
) -> list[DuePush]:
    """Take what is due and not in another worker's hands, oldest change first, bulk last.

    With `pass_type_identifier` only what devices of that pass type are owed, with `is_bulk` only
    one of the lanes.
    """
    given: dict[str, Any] = {"at": at, "stale": at - LEASE, "most": limit}
    if pass_type_identifier is not None:
        given["pass_type"] = pass_type_identifier
    if is_bulk is not None:
        given["lane"] = is_bulk
    with database.writing() as pen:
        rows = pen.rows(_due(tuple(given)), **given)
        pen.write_all(_CLAIM, [{"row_id": row.id, "claimed_at": at} for row in rows])
    return [
        DuePush(
            device_id=row.device_id,
            pass_type_identifier=row.pass_type_identifier,
            push_token=row.push_token,
            owed_tag=row.owed_tag,
            due_at=row.due_at or at,
            attempts=row.attempts,
            was_reached=bool(row.sent_at and row.sent_at >= row.push_token_at),
            claimed_at=at,
            is_bulk=row.is_bulk,
            library_identifier=row.library_identifier,
        )
        for row in rows
    ]


def settle(database: Database, pushes: Iterable[DuePush], *, at: datetime) -> None:
    """The push service took these. What changed meanwhile stays owed."""
    with database.writing() as pen:
        for push in sorted(pushes, key=lambda push: push.device_id):
            if row := _returned(pen, push):
                rest = None if row.owed_tag == push.owed_tag else _rest_due(pen, push, at=at)
                if rest:
                    owe(pen)
                _return(pen, row, due_at=rest, sent_at=at, attempts=0, error=None)


def put_off(database: Database, push: DuePush, *, until: datetime, error: str) -> None:
    """It did not get through: try again at `until`."""
    with database.writing() as pen:
        if row := _returned(pen, push):
            owe(pen)
            _return(pen, row, due_at=until, error=error, attempts=row.attempts + 1)


def give_up(database: Database, push: DuePush, *, error: str) -> None:
    """Trying again cannot help: nothing is owed up to this change any more, the reason stays."""
    with database.writing() as pen:
        if row := _returned(pen, push):
            owe(pen)
            due_at = None if row.owed_tag == push.owed_tag else row.due_at
            _return(pen, row, due_at=due_at, error=error, attempts=0)


def release(database: Database, pushes: Iterable[DuePush]) -> None:
    """Give claimed rows back untried, so that the next worker need not wait for the lease."""
    with database.writing() as pen:
        for push in sorted(pushes, key=lambda push: push.device_id):
            if row := _claimed(pen, push):
                _return(pen, row)


def release_all(database: Database) -> int:
    """Give back what whoever was here before had in hand, also a process that was killed.

    For a worker that starts on SQLite. What another really has in hand is pushed twice, which
    does no harm: a push only makes a phone ask.
    """
    with database.transaction() as session:
        statement = select_models(Delivery).where(col(Delivery.claimed_at).is_not(None))
        rows = session.exec(statement).all()
        for row in rows:
            row.claimed_at = None
            session.add(row)
        return len(rows)


def next_due(
    database: Database,
    *,
    at: datetime,
    pass_type_identifier: str | None = None,
    is_bulk: bool | None = None,
) -> datetime | None:
    """When the next delivery that nobody has in hand at `at` is due, in one lane or in both."""
    given: dict[str, Any] = {"stale": at - LEASE}
    if pass_type_identifier is not None:
        given["pass_type"] = pass_type_identifier
    if is_bulk is not None:
        given["lane"] = is_bulk
    rows = database.look(_next(tuple(given)), **given)
    due_at: datetime | None = rows[0].due_at if rows else None
    return due_at


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many devices are owed a push, and since when the oldest is due."""

    count: int
    oldest_due_at: datetime | None

    def oldest_seconds(self, at: datetime) -> float:
        """For how long the oldest has been due; 0 when nothing is due yet."""
        if self.oldest_due_at is None:
            return 0.0
        return max(0.0, (at - self.oldest_due_at).total_seconds())


def backlog(database: Database) -> Backlog:
    """What is owed at the moment."""
    statement = select_models(func.count(), func.min(Delivery.due_at)).where(
        col(Delivery.due_at).is_not(None)
    )
    with database.reading() as session:
        count, oldest = session.exec(statement).one()
    return Backlog(count, oldest)


def owed(database: Database) -> int:
    """How many devices are owed a push."""
    statement = select_models(func.count()).where(col(Delivery.due_at).is_not(None))
    with database.reading() as session:
        return session.exec(statement).one()


@cache
def _due(given: tuple[str, ...]) -> Look:
    """What is due and free, by those conditions for which something is `given`."""
    return Look(
        _free(given)
        .with_only_columns(
            _DELIVERY.c.id,
            _DELIVERY.c.device_id,
            _DELIVERY.c.owed_tag,
            _DELIVERY.c.due_at,
            _DELIVERY.c.attempts,
            _DELIVERY.c.sent_at,
            _DELIVERY.c.is_bulk,
            _DEVICE.c.pass_type_identifier,
            _DEVICE.c.push_token,
            _DEVICE.c.push_token_at,
            _DEVICE.c.library_identifier,
        )
        .where(_DELIVERY.c.due_at <= bindparam("at"))
        .order_by(_DELIVERY.c.is_bulk, _DELIVERY.c.due_at, _DELIVERY.c.owed_tag)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=_DELIVERY)
    )


@cache
def _next(given: tuple[str, ...]) -> Look:
    return Look(_free(given).order_by(_DELIVERY.c.due_at).limit(1))


def _free(given: tuple[str, ...]) -> Select[datetime | None]:
    is_free = _DELIVERY.c.claimed_at.is_(None) | (_DELIVERY.c.claimed_at < bindparam("stale"))
    statement = (
        select(_DELIVERY.c.due_at)
        .join_from(_DELIVERY, _DEVICE, _DEVICE.c.id == _DELIVERY.c.device_id)
        .where(_DELIVERY.c.due_at.is_not(None), is_free)
    )
    if "pass_type" in given:
        statement = statement.where(_DEVICE.c.pass_type_identifier == bindparam("pass_type"))
    if "lane" in given:
        statement = statement.where(_DELIVERY.c.is_bulk == bindparam("lane"))
    return statement


def _rest_due(pen: Pen, push: DuePush, *, at: datetime) -> datetime:
    """When to tell of what changed while the push was on its way."""
    (row,) = pen.rows(_REST, device_id=push.device_id, owed_tag=push.owed_tag)
    return max(at, row.announced_at or at)


def _returned(pen: Pen, push: DuePush) -> Any:
    """The row of `push`, still in the worker's hands; None when the answer says nothing about it.

    So it is when the lease has run out and somebody else has the row in hand, and when the phone
    has given another token meanwhile: then it is free at once, and stays due for that token.
    """
    row = _claimed(pen, push)
    if row and row.push_token != push.push_token:
        owe(pen)
        _return(pen, row)
        return None
    return row


def _claimed(pen: Pen, push: DuePush) -> Any:
    """The row of `push`, locked, if it is still the one that was claimed."""
    if not pen.is_sqlite:  # before reading: who gives a phone another token has the row locked
        pen.rows(_LOCK, device_id=push.device_id)
    rows = pen.rows(_RETURNED, device_id=push.device_id)
    return rows[0] if rows and rows[0].claimed_at == push.claimed_at else None


def _return(pen: Pen, row: Any, **changed: Any) -> None:
    """Out of the worker's hands, with what has `changed`."""
    kept = {name: getattr(row, name) for name in ("due_at", "sent_at", "attempts", "error")}
    pen.write(_RETURN, row_id=row.id, **{**kept, **changed}, claimed_at=None)
