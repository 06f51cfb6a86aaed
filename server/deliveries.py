"""What phones are owed: written with the change, claimed and settled by a worker.

A row stands for one device, because a push only makes a device ask for everything that changed. The
first change of a card is due at once; what follows on the same card within the join time shares
one trailing push. Another card of the device waits for no join: its change is news. What nobody
waits for (`is_bulk`) is a lane of its own, which comes after the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, bindparam, func, insert, true, update
from sqlalchemy import select as select_rows
from sqlmodel import Session, col, select

from server.bulk import table_of
from server.db import Database, connection_of, owe
from server.models import Delivery, Device, Pass, Registration

LEASE = timedelta(seconds=60)

_DELIVERY, _REGISTRATION, _DEVICE = table_of(Delivery), table_of(Registration), table_of(Device)
_HOLDERS = (
    select_rows(_DEVICE.c.id)
    .join_from(_DEVICE, _REGISTRATION, _REGISTRATION.c.device_id == _DEVICE.c.id)
    .where(_REGISTRATION.c.pass_id == bindparam("pass_id"))
    .order_by(_DEVICE.c.id)  # rows are locked in one order everywhere
    .with_for_update(read=True, key_share=True, of=_DEVICE)  # none of them goes away meanwhile
)
_OWED = (
    select_rows(
        _DELIVERY.c.id,
        _DELIVERY.c.device_id,
        _DELIVERY.c.due_at,
        _DELIVERY.c.sent_at,
        _DELIVERY.c.attempts,
        _DELIVERY.c.is_bulk,
    )
    .where(_DELIVERY.c.device_id.in_(bindparam("device_ids", expanding=True)))
    .order_by(_DELIVERY.c.device_id)
    .with_for_update(of=_DELIVERY)
)
_RAISE = (
    update(_DELIVERY)
    .where(_DELIVERY.c.id == bindparam("row_id"))
    .values(
        owed_tag=bindparam("owed_tag"), due_at=bindparam("due_at"), is_bulk=bindparam("is_bulk")
    )
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
    session: Session, pass_: Changed, *, at: datetime, join: timedelta, is_bulk: bool = False
) -> None:
    """Every device registered for the pass is owed a push up to its change tag.

    The pass is announced, and must have been written: its row is locked before the devices'.
    """
    due_at = pass_.announced_at or at
    connection = connection_of(session)
    device_ids = connection.execute(_HOLDERS, {"pass_id": pass_.id}).scalars().all()
    if not device_ids:
        return
    owe(session)
    rows = {row.device_id: row for row in connection.execute(_OWED, {"device_ids": device_ids})}
    changed, new = [], []
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
    if changed:
        connection.execute(_RAISE, changed)
    if new:
        connection.execute(insert(_DELIVERY), new)


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
    with database.transaction() as session:
        statement = (
            select(Delivery, Device)
            .join(Device, col(Device.id) == col(Delivery.device_id))
            .where(col(Delivery.due_at) <= at, _is_free(at), _is_in(is_bulk))
            .where(_is_of(pass_type_identifier))
            .order_by(col(Delivery.is_bulk), col(Delivery.due_at), col(Delivery.owed_tag))
            .limit(limit)
            .with_for_update(skip_locked=True, of=Delivery)
        )
        rows = session.exec(statement).all()
        for delivery, _ in rows:
            delivery.claimed_at = at
            session.add(delivery)
        return [
            DuePush(
                device_id=device.id,
                pass_type_identifier=device.pass_type_identifier,
                push_token=device.push_token,
                owed_tag=delivery.owed_tag,
                due_at=delivery.due_at or at,
                attempts=delivery.attempts,
                was_reached=bool(delivery.sent_at and delivery.sent_at >= device.push_token_at),
                claimed_at=at,
                is_bulk=delivery.is_bulk,
                library_identifier=device.library_identifier,
            )
            for delivery, device in rows
        ]


def settle(database: Database, pushes: Iterable[DuePush], *, at: datetime) -> None:
    """The push service took these. What changed meanwhile stays owed."""
    with database.transaction() as session:
        for push in sorted(pushes, key=lambda push: push.device_id):
            if row := _returned(session, push):
                row.sent_at, row.attempts, row.error = at, 0, None
                is_all = row.owed_tag == push.owed_tag
                row.due_at = None if is_all else _rest_due(session, push, at=at)


def put_off(database: Database, push: DuePush, *, until: datetime, error: str) -> None:
    """It did not get through: try again at `until`."""
    with database.transaction() as session:
        if row := _returned(session, push):
            row.due_at, row.error = until, error
            row.attempts += 1


def give_up(database: Database, push: DuePush, *, error: str) -> None:
    """Trying again cannot help: nothing is owed up to this change any more, the reason stays."""
    with database.transaction() as session:
        if row := _returned(session, push):
            row.error, row.attempts = error, 0
            row.due_at = None if row.owed_tag == push.owed_tag else row.due_at


def release(database: Database, pushes: Iterable[DuePush]) -> None:
    """Give claimed rows back untried, so that the next worker need not wait for the lease."""
    with database.transaction() as session:
        for push in sorted(pushes, key=lambda push: push.device_id):
            row = _delivery(session, push.device_id)
            if row and row.claimed_at == push.claimed_at:
                row.claimed_at = None
                session.add(row)


def release_all(database: Database) -> int:
    """Give back what whoever was here before had in hand, also a process that was killed.

    For a worker that starts on SQLite. What another really has in hand is pushed twice, which
    does no harm: a push only makes a phone ask.
    """
    with database.transaction() as session:
        statement = select(Delivery).where(col(Delivery.claimed_at).is_not(None))
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
    statement = (
        select(Delivery.due_at)
        .join(Device, col(Device.id) == col(Delivery.device_id))
        .where(col(Delivery.due_at).is_not(None), _is_free(at), _is_of(pass_type_identifier))
        .where(_is_in(is_bulk))
        .order_by(col(Delivery.due_at))
        .limit(1)
    )
    with database.reading() as session:
        return session.exec(statement).first()


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
    statement = select(func.count(), func.min(Delivery.due_at)).where(
        col(Delivery.due_at).is_not(None)
    )
    with database.reading() as session:
        count, oldest = session.exec(statement).one()
    return Backlog(count, oldest)


def owed(database: Database) -> int:
    """How many devices are owed a push."""
    statement = select(func.count()).where(col(Delivery.due_at).is_not(None))
    with database.reading() as session:
        return session.exec(statement).one()


def _is_free(at: datetime) -> ColumnElement[bool]:
    return col(Delivery.claimed_at).is_(None) | (col(Delivery.claimed_at) < at - LEASE)


def _is_of(pass_type_identifier: str | None) -> ColumnElement[bool]:
    if pass_type_identifier is None:
        return true()
    return col(Device.pass_type_identifier) == pass_type_identifier


def _is_in(is_bulk: bool | None) -> ColumnElement[bool]:
    return true() if is_bulk is None else col(Delivery.is_bulk) == is_bulk


def _rest_due(session: Session, push: DuePush, *, at: datetime) -> datetime:
    """When to tell of what changed while the push was on its way."""
    statement = (
        select(func.min(Pass.announced_at))
        .join(Registration, col(Registration.pass_id) == col(Pass.id))
        .where(Registration.device_id == push.device_id, col(Pass.change_tag) > push.owed_tag)
    )
    return max(at, session.exec(statement).one() or at)


def _returned(session: Session, push: DuePush) -> Delivery | None:
    """The row of `push`, out of the worker's hands; None when the answer says nothing about it.

    So it is when the lease has run out and somebody else has the row in hand, and when the phone
    has given another token meanwhile: it stays due, for that token.
    """
    row = _delivery(session, push.device_id)
    if row is None or row.claimed_at != push.claimed_at:
        return None
    row.claimed_at = None
    session.add(row)
    owe(session)
    device = session.get_one(Device, push.device_id)
    return row if device.push_token == push.push_token else None


def _delivery(session: Session, device_id: UUID) -> Delivery | None:
    statement = select(Delivery).where(Delivery.device_id == device_id).with_for_update()
    return session.exec(statement).first()
