"""Whether the books are true: every balance rebuilt from the entries and compared with the lots.

Entries are the truth: the database lets nobody change them. Everything else that a card rests on
(what is left of its lots, what its phones were told) must follow from them. Nothing is mended
here: a difference is the trace of a fault, and for a person to look at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, case, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from server.db import Database
from server.models import (
    Card,
    Delivery,
    Device,
    GoogleObject,
    LedgerEntry,
    Lot,
    Pass,
    PassType,
    Registration,
)

# A registration and a change at the same moment: the phone asks for changes after registering.
_SAME_MOMENT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `code` is stable; `card` is whose it is, where it is one's."""

    code: str
    card: UUID | None
    says: str


def check(database: Database) -> list[Finding]:
    """Everything that does not hold in this snapshot of the database; empty when all is well.

    Codes: `balance_differs`, `earning_differs`, `overdrawn`, `entry_misfiled`,
    `reversal_differs`, `tag_above_counter`, `change_forgotten`, `delivery_lost`, `google_lost`.
    """
    with database.reading() as session:
        return [finding for look in _CHECKS for finding in look(session)]


def _lots(session: Session) -> Iterator[Finding]:
    """What is left of a lot is the sum of its entries; what it began with, its earning."""
    delta = col(LedgerEntry.delta)
    is_earning = and_(delta > 0, col(LedgerEntry.reverses_id).is_(None))
    sums = (
        select(
            col(LedgerEntry.lot_id).label("lot_id"),
            func.sum(delta).label("left"),
            func.sum(case((is_earning, delta), else_=0)).label("earned"),
        )
        .group_by(col(LedgerEntry.lot_id))
        .subquery()
    )
    left, earned = func.coalesce(sums.c.left, 0), func.coalesce(sums.c.earned, 0)
    statement = (
        select(Lot, left, earned)
        .outerjoin(sums, sums.c.lot_id == Lot.id)
        .where(or_(left != Lot.remaining, earned != Lot.earned))
    )
    for lot, by_entries, earned_by_entries in session.exec(statement).all():
        what = f"lot {lot.id} ({lot.unit})"
        if by_entries != lot.remaining:
            says = f"{what} holds {lot.remaining}, its entries sum to {by_entries}"
            yield Finding("balance_differs", lot.card_id, says)
        if earned_by_entries != lot.earned:
            says = f"{what} says it began with {lot.earned}, its entries earned {earned_by_entries}"
            yield Finding("earning_differs", lot.card_id, says)


def _overdrawn(session: Session) -> Iterator[Finding]:
    """At no time was less than nothing left of a lot, nor more than it began with."""
    running = func.sum(col(LedgerEntry.delta)).over(
        partition_by=col(LedgerEntry.lot_id), order_by=col(LedgerEntry.id)
    )
    history = select(
        col(LedgerEntry.id).label("id"),
        col(LedgerEntry.lot_id).label("lot_id"),
        running.label("left"),
    ).subquery()
    statement = (
        select(Lot, history.c.id, history.c.left)
        .join(history, history.c.lot_id == Lot.id)
        .where(or_(history.c.left < 0, history.c.left > Lot.earned))
    )
    for lot, entry_id, left in session.exec(statement).all():
        says = (
            f"after entry {entry_id}, {left} of {lot.earned} {lot.unit} were left in lot {lot.id}"
        )
        yield Finding("overdrawn", lot.card_id, says)


def _misfiled(session: Session) -> Iterator[Finding]:
    """An entry is of its lot's card and unit, and of its card's brand."""
    statement = (
        select(LedgerEntry, Lot)
        .join(Lot, col(Lot.id) == col(LedgerEntry.lot_id))
        .join(Card, col(Card.id) == col(LedgerEntry.card_id))
        .where(
            or_(
                col(Lot.card_id) != col(LedgerEntry.card_id),
                col(Lot.unit) != col(LedgerEntry.unit),
                col(Card.brand_id) != col(LedgerEntry.brand_id),
            )
        )
    )
    for entry, lot in session.exec(statement).all():
        says = f"entry {entry.id} ({entry.unit}) and its lot {lot.id} ({lot.unit}) do not belong"
        yield Finding("entry_misfiled", entry.card_id, f"{says} to one card, unit and brand")


def _reversals(session: Session) -> Iterator[Finding]:
    """A reversal mirrors one entry of the same lot, exactly."""
    mirrored = aliased(LedgerEntry)
    delta, lot_id = col(LedgerEntry.delta), col(LedgerEntry.lot_id)
    statement = (
        select(LedgerEntry)
        .outerjoin(mirrored, col(mirrored.id) == col(LedgerEntry.reverses_id))
        .where(
            or_(
                (col(LedgerEntry.type) == "reverse") != col(LedgerEntry.reverses_id).is_not(None),
                col(mirrored.delta) != -delta,
                col(mirrored.lot_id) != lot_id,
            )
        )
    )
    for entry in session.exec(statement).all():
        says = f"entry {entry.id} ({entry.delta} {entry.unit}) does not mirror the one it reverses"
        yield Finding("reversal_differs", entry.card_id, says)


def _tags(session: Session) -> Iterator[Finding]:
    """No pass is ahead of its pass type's counter: phones would step over later changes."""
    statement = (
        select(Pass, PassType)
        .join(PassType, col(PassType.identifier) == col(Pass.pass_type_identifier))
        .where(col(Pass.change_tag) > col(PassType.change_seq))
    )
    for pass_, pass_type in session.exec(statement).all():
        says = f"pass {pass_.id} has change {pass_.change_tag}, the counter is at "
        yield Finding("tag_above_counter", pass_.card_id, f"{says}{pass_type.change_seq}")


def _phones(session: Session) -> Iterator[Finding]:
    """Every phone was told of its passes' newest change, or is still owed it.

    A phone that registered after the change has fetched it. The versions of a pass lie at least
    a second apart by `modified_at`, so many quick changes put it ahead of the clock.
    """
    statement = (
        select(Pass, Registration, Delivery)
        .join(Registration, col(Registration.pass_id) == col(Pass.id))
        .join(Device, col(Device.id) == col(Registration.device_id))
        .outerjoin(Delivery, col(Delivery.device_id) == col(Device.id))
        .where(
            or_(
                col(Delivery.id).is_(None),
                col(Delivery.owed_tag) < col(Pass.change_tag),
                and_(
                    col(Delivery.due_at).is_(None),
                    col(Delivery.sent_at).is_(None),
                    col(Delivery.error).is_(None),
                ),
            )
        )
    )
    for pass_, registration, delivery in session.exec(statement).all():
        what = f"change {pass_.change_tag} of pass {pass_.id}, device {registration.device_id}"
        if delivery and delivery.owed_tag >= pass_.change_tag:
            yield Finding("delivery_lost", pass_.card_id, f"{what}: neither sent nor owed")
            continue
        ahead = timedelta(seconds=pass_.version)
        if pass_.modified_at - ahead > registration.created_at + _SAME_MOMENT:
            yield Finding("change_forgotten", pass_.card_id, f"{what}: was never owed")


def _google(session: Session) -> Iterator[Finding]:
    """Google was told of every change, is still owed it, or was given up with a reason."""
    statement = select(GoogleObject).where(
        col(GoogleObject.due_at).is_(None),
        col(GoogleObject.error).is_(None),
        col(GoogleObject.sent_version) < col(GoogleObject.owed_version),
    )
    for row in session.exec(statement).all():
        says = (
            f"change {row.owed_version} of object {row.object_id}: Google was neither told nor is"
        )
        yield Finding("google_lost", row.card_id, f"{says} it owed")


_CHECKS = (_lots, _overdrawn, _misfiled, _reversals, _tags, _phones, _google)
