"""Cards as Google has them: what it is still to be told, written with the change, claimed and
settled by a worker.

A row stands for a card, so that one call at a time is on its way for it. What is sent is the card
as it stands after the claim: a row that is due says only that something changed, and the latest
state wins. The first change is due at once; after that `APART` lies between two updates of a card.
What nobody waits for (`is_bulk`) is a lane of its own, which comes after the other.

What Google holds is not certain after a call without an answer, also when the process ended before
there was one. Then `sent` is `{}`, and Google is asked before it is told anything more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Select, and_, bindparam, case, delete, func, select, update
from sqlmodel import col
from sqlmodel import select as select_models

from server.buckets import Rate
from server.bulk import table_of
from server.db import Database, Work, inserting, pen_of
from server.db import owe as wake
from server.deliveries import Backlog
from server.google_issuers import Grant, grant
from server.looks import Look, Pen, Stroke
from server.models import Brand, Card, GoogleCallback, GoogleClass, GoogleIssuer, GoogleObject

LEASE = timedelta(seconds=90)
APART = timedelta(seconds=1)

_BRAND, _CARD, _OBJECT = table_of(Brand), table_of(Card), table_of(GoogleObject)
_LOCK_CARD = Look(
    select(_CARD.c.id, _CARD.c.programme_id)
    .where(_CARD.c.id == bindparam("card_id"))
    .with_for_update(key_share=True)
)
_PROGRAMME = Look(select(_CARD.c.programme_id).where(_CARD.c.id == bindparam("card_id")))
_ZONE = Look(
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
_RAISE = Stroke(update(_OBJECT).where(_IS_ROW).values(_RAISED))
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
_ONE = Look(
    select(*_COLUMNS)
    .where(_OBJECT.c.card_id == bindparam("card_id"))
    .with_for_update(key_share=True)
)
_SEEN = Look(select(*_COLUMNS).where(_OBJECT.c.card_id == bindparam("card_id")))
_OF_ID = Look(
    select(*_COLUMNS)
    .where(_OBJECT.c.object_id == bindparam("object_id"))
    .with_for_update(key_share=True)
)
_CLAIM = Stroke(update(_OBJECT).where(_IS_ROW), ["claimed_at", "sent", "offer_sent"])
_RENEW = Stroke(update(_OBJECT).where(_IS_ROW), ["claimed_at"])
_RETURN = Stroke(
    update(_OBJECT).where(_IS_ROW),
    [
        *("claimed_at", "due_at", "sent_version", "sent", "offer_sent", "sent_at", "attempts"),
        *("error", "has_users", "notified_at", "hushed_until"),
    ],
)
_ASK = Stroke(update(_OBJECT).where(_IS_ROW).values(_RAISED), ["has_users"])
_HELD_ROWS = Look(
    select(*_COLUMNS).where(_OBJECT.c.claimed_at.is_not(None)).with_for_update(key_share=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A card that its holder wants in Google Wallet, with the ids that Google is to know."""

    card_id: UUID
    programme_id: UUID
    issuer_id: str
    class_id: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Holding:
    """How far a card has come. `is_there`: Google has the object, so that a save link works.

    `has_users`: it is in a wallet, as Google told last; None when unknown. `error`: why nothing
    more is tried, None while something is.
    """

    object_id: str
    is_there: bool
    has_users: bool | None
    error: str | None


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


@dataclass(frozen=True, slots=True)
class Claimed:
    """Rows to serve, a call granted for each; without any, `grant` tells how long to wait."""

    cards: tuple[DueCard, ...]
    grant: Grant


class Heard(Protocol):
    """A callback that was found genuine."""

    @property
    def object_id(self) -> str: ...

    @property
    def nonce(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


def programme_of(database: Database, card_id: UUID) -> UUID | None:
    """The programme that the card is of; None when there is no such card."""
    rows = database.look(_PROGRAMME, card_id=card_id)
    return rows[0].programme_id if rows else None


def zone_of(database: Database, card_id: UUID) -> ZoneInfo | None:
    """Where the card's brand is; None when there is no such card."""
    rows = database.look(_ZONE, card_id=card_id)
    return ZoneInfo(rows[0].timezone) if rows else None


def want(database: Database, wanted: Wanted, *, at: datetime) -> Holding:
    """The card's holder asks for it in Google Wallet: from now on Google is told what changes.

    Asking again changes nothing, unless it was given up: then it is tried anew. Whoever asks is
    expected to bring it there (`GoogleSync.bring_up_to_date`); the workers come after.
    """
    with database.transaction() as session:
        pen = pen_of(session)
        # A change that is on its way either is committed by now, or will see the new row.
        pen.rows(_LOCK_CARD, card_id=wanted.card_id)
        rows = pen.rows(_ONE, card_id=wanted.card_id)
        if rows and rows[0].object_id == wanted.object_id:
            if rows[0].error is not None and rows[0].due_at is None:
                pen.write(_RAISE, row_id=wanted.card_id, soonest=at, lane=False)
            return replace(_holding(rows[0]), error=None)
        connection = session.connection()
        for model, values in (
            (
                GoogleIssuer,
                {"refilled_at": at - timedelta(hours=1), "tokens": 0.0, "reconciled_at": at},
            ),
            (
                GoogleClass,
                {
                    "id": wanted.class_id,
                    "programme_id": wanted.programme_id,
                    "kind": "loyalty",
                    "created_at": at,
                    "sent_hash": "",
                },
            ),
        ):
            insert = inserting(session)(model).values(issuer_id=wanted.issuer_id, **values)
            connection.execute(insert.on_conflict_do_nothing())
        if rows:  # of another issuer, which was ours before
            session.delete(session.get_one(GoogleObject, wanted.card_id))
            session.flush()
        session.add(
            GoogleObject(
                card_id=wanted.card_id,
                issuer_id=wanted.issuer_id,
                class_id=wanted.class_id,
                object_id=wanted.object_id,
                created_at=at,
                due_at=at,
            )
        )
    return Holding(wanted.object_id, is_there=False, has_users=None, error=None)


def find(database: Database, card_id: UUID) -> Holding | None:
    """How far the card has come; None when nobody has asked for it."""
    rows = database.look(_SEEN, card_id=card_id)
    return _holding(rows[0]) if rows else None


def owe(
    work: Work, card_id: UUID, *, sent_at: datetime | None, at: datetime, is_bulk: bool = False
) -> None:
    """Google is to be told of a change of a card that it has, last told at `sent_at`."""
    pen = pen_of(work)
    soonest = max(at, sent_at + APART) if sent_at else at
    pen.write(_RAISE, row_id=card_id, soonest=soonest, lane=is_bulk)
    wake(pen)


def claim(
    database: Database, issuer_id: str, *, at: datetime, limit: int, rate: Rate, is_bulk: bool
) -> Claimed:
    """Take what is due in a lane and not in another worker's hands, as much as the rate allows.

    One call for each is counted; more calls have to be asked for (`google_issuers.take`).
    """
    with database.writing() as pen:
        granted = grant(pen, issuer_id, at=at, most=limit, rate=rate, is_bulk=is_bulk)
        if not granted.calls:
            return Claimed((), granted)
        given = {"at": at, "stale": at - LEASE, "paced": at - APART, "issuer": issuer_id}
        rows = pen.rows(_due(), **given, lane=is_bulk, most=granted.calls)
        claimed = tuple(_claim(pen, row, at) for row in rows)
        granted.spend(pen, len(claimed))
    return Claimed(claimed, granted)


def claim_one(database: Database, card_id: UUID, *, at: datetime) -> DueCard | None:
    """Take this card's row, whether or not it is due; None while somebody else has it in hand."""
    with database.writing() as pen:
        rows = pen.rows(_ONE, card_id=card_id)
        if not rows or not _is_free(rows[0], at):
            return None
        return _claim(pen, rows[0], at)


def renew(database: Database, due: DueCard, *, at: datetime) -> DueCard | None:
    """Keep the row for another lease; None when it is somebody else's by now."""
    with database.writing() as pen:
        if _returned(pen, due) is None:
            return None
        pen.write(_RENEW, row_id=due.card_id, claimed_at=at)
    return replace(due, claimed_at=at)


def settle(
    database: Database, due: DueCard, held: Held, *, at: datetime, is_told: bool = True
) -> None:
    """Google has it. What changed meanwhile stays owed. `is_told`: there was a call for it."""
    with database.writing() as pen:
        if row := _returned(pen, due):
            sent_at = at if is_told else row.sent_at
            rest = row.owed_version != due.owed_version
            due_at = max(at, sent_at + APART) if rest and sent_at else at if rest else None
            if rest:
                wake(pen)
                if row.has_users is None:  # somebody may have saved it since we asked
                    held = replace(held, has_users=None)
            _return(
                pen,
                row,
                held,
                sent_version=due.owed_version,
                due_at=due_at,
                sent_at=sent_at,
                attempts=0,
                error=None,
            )


def put_off(database: Database, due: DueCard, held: Held, *, until: datetime, error: str) -> None:
    """It did not get through: try again at `until`."""
    with database.writing() as pen:
        if row := _returned(pen, due):
            wake(pen)
            _return(pen, row, held, due_at=until, error=error, attempts=row.attempts + 1)


def give_up(database: Database, due: DueCard, held: Held, *, at: datetime, error: str) -> None:
    """Trying the same again cannot help; the reason stays until the card changes."""
    with database.writing() as pen:
        if row := _returned(pen, due):
            wake(pen)
            due_at = None if row.owed_version == due.owed_version else at + APART
            _return(pen, row, held, due_at=due_at, error=error, attempts=0)


def release(database: Database, due: DueCard, held: Held | None = None) -> None:
    """Give a claimed row back, so that the next worker need not wait for the lease."""
    with database.writing() as pen:
        if row := _returned(pen, due):
            _return(pen, row, held or due.held)


def release_all(database: Database) -> int:
    """Give back what whoever was here before had in hand, also a process that was killed.

    For a worker that starts on SQLite. What was on its way then may have arrived or not.
    """
    with database.writing() as pen:
        rows = pen.rows(_HELD_ROWS)
        for row in rows:
            _return(pen, row, _held(row).doubted())
        return len(rows)


def next_due(database: Database, issuer_id: str, *, at: datetime, is_bulk: bool) -> datetime | None:
    """When the next row that nobody has in hand at `at` is due in the lane."""
    rows = database.look(_next(), stale=at - LEASE, issuer=issuer_id, lane=is_bulk)
    if not rows:
        return None
    due_at: datetime = rows[0].due_at
    return max(due_at, rows[0].sent_at + APART) if rows[0].sent_at else due_at


def note_callback(database: Database, callback: Heard, *, at: datetime) -> bool:
    """Take a genuine callback: Google is asked who has the object. What it tells counts, not the
    callback: it may come late and in any order.

    False when the callback has been taken before, or is about no card of ours: no effect.
    """
    with database.transaction() as session:
        pen = pen_of(session)
        rows = pen.rows(_OF_ID, object_id=callback.object_id)
        if not rows:
            return False
        values = {"nonce": callback.nonce, "expires_at": callback.expires_at}
        insert = inserting(session)(GoogleCallback).values(values).on_conflict_do_nothing()
        if not session.connection().execute(insert).rowcount:
            return False
        pen.write(_ASK, row_id=rows[0].card_id, soonest=at, lane=False, has_users=None)
        wake(session)
        return True


@dataclass(frozen=True, slots=True)
class Seen:
    """An object in Google's list, as it was when the row was at `sent_version`.

    `is_right`: it is what we sent.
    """

    card_id: UUID
    sent_version: int
    is_right: bool
    has_users: bool | None = None


def known(database: Database, card_ids: Iterable[UUID]) -> list[GoogleObject]:
    """The rows of these cards, but for those that Google is owed something of."""
    statement = select_models(GoogleObject).where(
        col(GoogleObject.card_id).in_(list(card_ids)),
        col(GoogleObject.due_at).is_(None),
        col(GoogleObject.error).is_(None),
    )
    with database.reading() as session:
        return list(session.exec(statement).all())


def compare(database: Database, seen: Iterable[Seen], *, at: datetime) -> int:
    """Owe what is not right, and keep what Google says of users; how many are to be repaired.

    A row that has moved since it was read is left alone: Google has been told, or will be.
    """
    count = 0
    with database.writing() as pen:
        for each in sorted(seen, key=lambda each: each.card_id):
            rows = pen.rows(_ONE, card_id=each.card_id)
            if not rows or rows[0].due_at or rows[0].claimed_at:
                continue
            row = rows[0]
            if row.sent_version != each.sent_version:
                continue
            held = _held(row) if each.is_right else _held(row).doubted()
            if each.has_users is not None:
                held = replace(held, has_users=each.has_users)
            _return(pen, row, held)
            if not each.is_right:
                count += 1
                pen.write(_RAISE, row_id=row.card_id, soonest=at, lane=True)
                wake(pen)
    return count


def prune(database: Database, *, at: datetime) -> None:
    """Forget callbacks that cannot come again."""
    with database.transaction() as session:
        gone = delete(GoogleCallback).where(col(GoogleCallback.expires_at) < at)
        session.connection().execute(gone)


def backlog(database: Database) -> Backlog:
    """How many cards Google is still to be told of, and since when the oldest is due."""
    statement = select_models(func.count(), func.min(GoogleObject.due_at)).where(
        col(GoogleObject.due_at).is_not(None)
    )
    with database.reading() as session:
        count, oldest = session.exec(statement).one()
    return Backlog(count, oldest)


@cache
def _due() -> Look:
    is_paced = _OBJECT.c.sent_at.is_(None) | (_OBJECT.c.sent_at <= bindparam("paced"))
    return Look(
        _free()
        .with_only_columns(*_COLUMNS)
        .where(_OBJECT.c.due_at <= bindparam("at"), is_paced)
        .order_by(_OBJECT.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, key_share=True)
    )


@cache
def _next() -> Look:
    return Look(_free().order_by(_OBJECT.c.due_at).limit(1))


def _free() -> Select[Any]:
    is_free = _OBJECT.c.claimed_at.is_(None) | (_OBJECT.c.claimed_at < bindparam("stale"))
    return (
        select(_OBJECT.c.due_at, _OBJECT.c.sent_at)
        .where(_OBJECT.c.due_at.is_not(None), _OBJECT.c.is_bulk == bindparam("lane"))
        .where(_OBJECT.c.issuer_id == bindparam("issuer"), is_free)
    )


def _is_free(row: Any, at: datetime) -> bool:
    return row.claimed_at is None or row.claimed_at < at - LEASE


def _claim(pen: Pen, row: Any, at: datetime) -> DueCard:
    """Who had it before and never returned it may have told Google something."""
    held = _held(row) if row.claimed_at is None else _held(row).doubted()
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


def _returned(pen: Pen, due: DueCard) -> Any:
    """The row, locked, if it is still the one that was claimed."""
    rows = pen.rows(_ONE, card_id=due.card_id)
    is_ours = bool(rows) and rows[0].claimed_at == due.claimed_at
    return rows[0] if is_ours and rows[0].object_id == due.object_id else None


def _return(pen: Pen, row: Any, held: Held, **changed: Any) -> None:
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


def _held(row: Any) -> Held:
    return Held(row.sent, row.offer_sent, row.has_users, tuple(row.notified_at), row.hushed_until)


def _holding(row: Any) -> Holding:
    error = row.error if row.due_at is None else None
    return Holding(row.object_id, row.sent is not None, row.has_users, error)


def _doubtful(sent: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if sent is None else {}
