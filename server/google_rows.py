"""The rows of cards that Google has: how they are read, claimed and given back.

What may be done with them is in `server.google_objects`, which alone opens transactions.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Select, and_, bindparam, case, select, update

from server.bulk import table_of
from server.looks import Look, Pen, Stroke
from server.models import Brand, Card, GoogleObject

LEASE = timedelta(seconds=90)
APART = timedelta(seconds=1)

_BRAND, _CARD, _OBJECT = table_of(Brand), table_of(Card), table_of(GoogleObject)
LOCK_CARD = Look(
    select(_CARD.c.id, _CARD.c.programme_id)
    .where(_CARD.c.id == bindparam("card_id"))
    .with_for_update(key_share=True)
)
PROGRAMME = Look(select(_CARD.c.programme_id).where(_CARD.c.id == bindparam("card_id")))
ZONE = Look(
    select(_BRAND.c.timezone)
    .join_from(_CARD, _BRAND, _BRAND.c.id == _CARD.c.brand_id)
    .where(_CARD.c.id == bindparam("card_id"))
)
_IS_ROW = _OBJECT.c.card_id == bindparam("row_id")
_SOONEST = bindparam("soonest", type_=_OBJECT.c.due_at.type)
_LANE = bindparam("lane", type_=Boolean())
_RAISED = {
    "owed_version": _OBJECT.c.owed_version + 1,
    # A wait that the service asked for is not shortened.
    "due_at": case(
        (_OBJECT.c.due_at.is_(None), _SOONEST),
        (_OBJECT.c.attempts > 0, _OBJECT.c.due_at),
        (_OBJECT.c.due_at < _SOONEST, _OBJECT.c.due_at),
        else_=_SOONEST,
    ),
    "is_bulk": case((_OBJECT.c.due_at.is_(None), _LANE), else_=and_(_OBJECT.c.is_bulk, _LANE)),
}
RAISE = Stroke(update(_OBJECT).where(_IS_ROW).values(_RAISED))
_COLUMNS = (
    _OBJECT.c.card_id,
    _OBJECT.c.issuer_id,
    _OBJECT.c.class_id,
    _OBJECT.c.object_id,
    _OBJECT.c.owed_version,
    _OBJECT.c.sent_version,
    _OBJECT.c.sent,
    _OBJECT.c.offer_sent,
    _OBJECT.c.sent_at,
    _OBJECT.c.due_at,
    _OBJECT.c.claimed_at,
    _OBJECT.c.attempts,
    _OBJECT.c.error,
    _OBJECT.c.is_bulk,
    _OBJECT.c.has_users,
    _OBJECT.c.notified_at,
    _OBJECT.c.hushed_until,
)
ONE = Look(
    select(*_COLUMNS)
    .where(_OBJECT.c.card_id == bindparam("card_id"))
    .with_for_update(key_share=True)
)
SEEN = Look(select(*_COLUMNS).where(_OBJECT.c.card_id == bindparam("card_id")))
OF_ID = Look(
    select(*_COLUMNS)
    .where(_OBJECT.c.object_id == bindparam("object_id"))
    .with_for_update(key_share=True)
)
_CLAIM = Stroke(update(_OBJECT).where(_IS_ROW), ["claimed_at", "sent", "offer_sent"])
RENEW = Stroke(update(_OBJECT).where(_IS_ROW), ["claimed_at"])
_RETURN = Stroke(
    update(_OBJECT).where(_IS_ROW),
    [
        *("claimed_at", "due_at", "sent_version", "sent", "offer_sent", "sent_at", "attempts"),
        *("error", "has_users", "notified_at", "hushed_until"),
    ],
)
ASK = Stroke(update(_OBJECT).where(_IS_ROW).values(_RAISED), ["has_users"])
HELD = Look(
    select(*_COLUMNS)
    .where(_OBJECT.c.due_at.is_not(None), _OBJECT.c.claimed_at.is_not(None))
    .with_for_update(key_share=True)
)


@dataclass(frozen=True, slots=True)
class Held:
    """What Google has of a card, as far as we know: None is nothing, `{}` is something unknown.

    `notified_at`: when phones were asked to speak, in seconds since 1970, of the last 24 hours.
    """

    sent: dict[str, Any] | None = None
    offer_sent: dict[str, Any] | None = None
    has_users: bool | None = None
    notified_at: tuple[int, ...] = ()
    hushed_until: datetime | None = None

    def doubted(self) -> "Held":
        """The same after a call that may or may not have happened."""
        return replace(self, sent=_doubtful(self.sent), offer_sent=_doubtful(self.offer_sent))


@dataclass(frozen=True, slots=True)
class DueCard:
    """A claimed row: only who claimed it at `claimed_at` may return it.

    What is sent settles everything up to `owed_version`. `attempts` is how often it was put off
    since the last success.
    """

    card_id: UUID
    issuer_id: str
    class_id: str
    object_id: str
    owed_version: int
    due_at: datetime
    attempts: int
    is_bulk: bool
    claimed_at: datetime
    held: Held


def is_free(row: Any, at: datetime) -> bool:
    return row.claimed_at is None or row.claimed_at < at - LEASE


def take(pen: Pen, row: Any, at: datetime) -> DueCard:
    """Who had it before and never returned it may have told Google something."""
    held = held_of(row) if row.claimed_at is None else held_of(row).doubted()
    pen.write(_CLAIM, row_id=row.card_id, claimed_at=at, sent=held.sent, offer_sent=held.offer_sent)
    return DueCard(
        card_id=row.card_id,
        issuer_id=row.issuer_id,
        class_id=row.class_id,
        object_id=row.object_id,
        owed_version=row.owed_version,
        due_at=row.due_at or at,
        attempts=row.attempts,
        is_bulk=row.is_bulk,
        claimed_at=at,
        held=held,
    )


def still_ours(pen: Pen, due: DueCard) -> Any:
    """The row, locked, if it is still the one that was claimed."""
    rows = pen.rows(ONE, card_id=due.card_id)
    is_ours = bool(rows) and rows[0].claimed_at == due.claimed_at
    return rows[0] if is_ours and rows[0].object_id == due.object_id else None


def give_back(pen: Pen, row: Any, held: Held, **changed: Any) -> None:
    """Out of the worker's hands, with what Google has by now and what has `changed`."""
    kept = {
        name: getattr(row, name)
        for name in ("due_at", "sent_version", "sent_at", "attempts", "error")
    }
    pen.write(
        _RETURN,
        row_id=row.card_id,
        claimed_at=None,
        sent=held.sent,
        offer_sent=held.offer_sent,
        has_users=held.has_users,
        notified_at=list(held.notified_at),
        hushed_until=held.hushed_until,
        **{**kept, **changed},
    )


def paced(due_at: datetime, sent_at: datetime | None, *, at: datetime) -> datetime:
    """When what is due at `due_at` may be told, after an update at `sent_at`. One in the future is
    by a clock that was wrong: nobody waits for it."""
    return due_at if sent_at is None or sent_at > at else max(due_at, sent_at + APART)


def held_of(row: Any) -> Held:
    return Held(row.sent, row.offer_sent, row.has_users, tuple(row.notified_at), row.hushed_until)


@cache
def due_look() -> Look:
    is_paced = (
        _OBJECT.c.sent_at.is_(None)
        | (_OBJECT.c.sent_at <= bindparam("paced"))
        | (_OBJECT.c.sent_at > bindparam("at"))
    )
    return Look(
        _free()
        .with_only_columns(*_COLUMNS)
        .where(_OBJECT.c.due_at <= bindparam("at"), is_paced)
        .order_by(_OBJECT.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, key_share=True)
    )


@cache
def next_look() -> Look:
    return Look(_free().order_by(_OBJECT.c.due_at).limit(1))


def _free() -> Select[Any]:
    is_free = _OBJECT.c.claimed_at.is_(None) | (_OBJECT.c.claimed_at < bindparam("stale"))
    return (
        select(_OBJECT.c.due_at, _OBJECT.c.sent_at)
        .where(_OBJECT.c.due_at.is_not(None), _OBJECT.c.is_bulk == bindparam("lane"))
        .where(_OBJECT.c.issuer_id == bindparam("issuer"), is_free)
    )


def _doubtful(sent: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if sent is None else {}
