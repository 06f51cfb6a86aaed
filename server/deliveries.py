"""What phones are owed: written with the change, claimed and settled by a worker.

A row stands for one device. The first change is due at once; changes that follow within the join
time share one trailing push, because the phone asks for everything that changed anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, true
from sqlmodel import Session, col, select

from server.db import Database, owe
from server.models import Delivery, Device, Registration

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class DuePush:
    """A claimed delivery: which token to push to, and up to which change it settles.

    `attempts` is how often it was put off since the last success.
    """

    device_id: UUID
    pass_type_identifier: str
    push_token: str
    owed_tag: int
    due_at: datetime
    was_reached: bool
    attempts: int
    library_identifier: str = field(default="", repr=False)


def owe_devices(
    session: Session, pass_id: UUID, *, change_tag: int, at: datetime, join: timedelta
) -> None:
    """Every device registered for the pass is owed a push up to `change_tag`."""
    statement = (
        select(Device.id)
        .join(Registration, col(Registration.device_id) == col(Device.id))
        .where(Registration.pass_id == pass_id)
        .order_by(col(Device.id))  # rows are locked in one order everywhere
        .with_for_update(read=True, key_share=True, of=Device)  # none of them goes away meanwhile
    )
    for device_id in session.exec(statement).all():
        row = _delivery(session, device_id)
        if row is None:
            row = Delivery(created_at=at, device_id=device_id, owed_tag=change_tag, due_at=at)
        else:
            row.owed_tag = change_tag
            row.due_at = row.due_at or max(at, (row.sent_at or at - join) + join)
        session.add(row)
        owe(session)


def claim(
    database: Database, *, at: datetime, limit: int, pass_type_identifier: str | None = None
) -> list[DuePush]:
    """Take what is due and not in another worker's hands, oldest change first.

    With `pass_type_identifier` only what devices of that pass type are owed.
    """
    with database.transaction() as session:
        statement = (
            select(Delivery, Device)
            .join(Device, col(Device.id) == col(Delivery.device_id))
            .where(col(Delivery.due_at) <= at, _is_free(at), _is_of(pass_type_identifier))
            .order_by(col(Delivery.due_at), col(Delivery.owed_tag))
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
                was_reached=delivery.sent_at is not None,
                library_identifier=device.library_identifier,
            )
            for delivery, device in rows
        ]


def settle(database: Database, pushes: Iterable[DuePush], *, at: datetime, join: timedelta) -> None:
    """The push service took these. What changed meanwhile stays owed, one join time later."""
    with database.transaction() as session:
        for push in sorted(pushes, key=lambda push: push.device_id):
            if row := _returned(session, push):
                row.sent_at, row.attempts, row.error = at, 0, None
                row.due_at = None if row.owed_tag == push.owed_tag else at + join


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
        for device_id in sorted(push.device_id for push in pushes):
            if row := _delivery(session, device_id):
                row.claimed_at = None
                session.add(row)


def next_due(
    database: Database, *, at: datetime, pass_type_identifier: str | None = None
) -> datetime | None:
    """When the next delivery that nobody has in hand at `at` is due."""
    statement = (
        select(Delivery.due_at)
        .join(Device, col(Device.id) == col(Delivery.device_id))
        .where(col(Delivery.due_at).is_not(None), _is_free(at), _is_of(pass_type_identifier))
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


def _returned(session: Session, push: DuePush) -> Delivery | None:
    """The row of `push`, out of the worker's hands; None when the answer says nothing about it.

    So it is when the phone has given another token meanwhile: it stays due, for that token.
    """
    row = _delivery(session, push.device_id)
    if row is None:
        return None
    row.claimed_at = None
    session.add(row)
    owe(session)
    device = session.get_one(Device, push.device_id)
    return row if device.push_token == push.push_token else None


def _delivery(session: Session, device_id: UUID) -> Delivery | None:
    statement = select(Delivery).where(Delivery.device_id == device_id).with_for_update()
    return session.exec(statement).first()
