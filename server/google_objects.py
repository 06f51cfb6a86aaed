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
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func
from sqlmodel import col, select

from server import google_rows
from server.buckets import Rate
from server.db import Database, Work, inserting, pen_of
from server.db import owe as wake
from server.deliveries import Backlog
from server.google_issuers import Grant, grant
from server.google_rows import APART, LEASE, DueCard, Held
from server.models import GoogleCallback, GoogleClass, GoogleIssuer, GoogleObject


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
    rows = database.look(google_rows.PROGRAMME, card_id=card_id)
    return rows[0].programme_id if rows else None


def zone_of(database: Database, card_id: UUID) -> ZoneInfo | None:
    """Where the card's brand is; None when there is no such card."""
    rows = database.look(google_rows.ZONE, card_id=card_id)
    return ZoneInfo(rows[0].timezone) if rows else None


def want(database: Database, wanted: Wanted, *, at: datetime) -> Holding:
    """The card's holder asks for it in Google Wallet: from now on Google is told what changes.

    Asking again changes nothing, unless it was given up: then it is tried anew. Whoever asks is
    expected to bring it there (`GoogleSync.bring_up_to_date`); the workers come after.
    """
    with database.transaction() as session:
        pen = pen_of(session)
        # A change that is on its way either is committed by now, or will see the new row.
        pen.rows(google_rows.LOCK_CARD, card_id=wanted.card_id)
        rows = pen.rows(google_rows.ONE, card_id=wanted.card_id)
        if rows and rows[0].object_id == wanted.object_id:
            if rows[0].error is not None and rows[0].due_at is None:
                pen.write(google_rows.RAISE, row_id=wanted.card_id, soonest=at, lane=False)
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
    rows = database.look(google_rows.SEEN, card_id=card_id)
    return _holding(rows[0]) if rows else None


def owe(
    work: Work, card_id: UUID, *, sent_at: datetime | None, at: datetime, is_bulk: bool = False
) -> None:
    """Google is to be told of a change of a card that it has, last told at `sent_at`."""
    pen = pen_of(work)
    soonest = google_rows.paced(at, sent_at, at=at)
    pen.write(google_rows.RAISE, row_id=card_id, soonest=soonest, lane=is_bulk)
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
        rows = pen.rows(google_rows.due_look(), **given, lane=is_bulk, most=granted.calls)
        claimed = tuple(google_rows.take(pen, row, at) for row in rows)
        granted.spend(pen, len(claimed))
    return Claimed(claimed, granted)


def claim_one(database: Database, card_id: UUID, *, at: datetime) -> DueCard | None:
    """Take this card's row, whether or not it is due; None while somebody else has it in hand."""
    with database.writing() as pen:
        rows = pen.rows(google_rows.ONE, card_id=card_id)
        if not rows or not google_rows.is_free(rows[0], at):
            return None
        return google_rows.take(pen, rows[0], at)


def renew(database: Database, due: DueCard, *, at: datetime) -> DueCard | None:
    """Keep the row for another lease; None when it is somebody else's by now."""
    with database.writing() as pen:
        if google_rows.still_ours(pen, due) is None:
            return None
        pen.write(google_rows.RENEW, row_id=due.card_id, claimed_at=at)
    return replace(due, claimed_at=at)


def settle(
    database: Database, due: DueCard, held: Held, *, at: datetime, is_told: bool = True
) -> None:
    """Google has it. What changed meanwhile stays owed. `is_told`: there was a call for it."""
    with database.writing() as pen:
        if row := google_rows.still_ours(pen, due):
            sent_at = at if is_told else row.sent_at
            rest = row.owed_version != due.owed_version
            due_at = google_rows.paced(at, sent_at, at=at) if rest else None
            if rest:
                wake(pen)
            google_rows.give_back(
                pen,
                row,
                _asked_anew(row, due, held),
                sent_version=due.owed_version,
                due_at=due_at,
                sent_at=sent_at,
                attempts=0,
                error=None,
            )


def put_off(database: Database, due: DueCard, held: Held, *, until: datetime, error: str) -> None:
    """It did not get through: try again at `until`."""
    with database.writing() as pen:
        if row := google_rows.still_ours(pen, due):
            wake(pen)
            google_rows.give_back(
                pen,
                row,
                _asked_anew(row, due, held),
                due_at=until,
                error=error,
                attempts=row.attempts + 1,
            )


def give_up(database: Database, due: DueCard, held: Held, *, at: datetime, error: str) -> None:
    """Trying the same again cannot help; the reason stays until the card changes."""
    with database.writing() as pen:
        if row := google_rows.still_ours(pen, due):
            wake(pen)
            due_at = None if row.owed_version == due.owed_version else at + APART
            held = _asked_anew(row, due, held)
            google_rows.give_back(pen, row, held, due_at=due_at, error=error, attempts=0)


def release(database: Database, due: DueCard, held: Held | None = None) -> None:
    """Give a claimed row back, so that the next worker need not wait for the lease."""
    with database.writing() as pen:
        if row := google_rows.still_ours(pen, due):
            google_rows.give_back(pen, row, _asked_anew(row, due, held or due.held))


def release_all(database: Database) -> int:
    """Give back what whoever was here before had in hand, also a process that was killed.

    For a worker that starts on SQLite. What was on its way then may have arrived or not.
    """
    with database.writing() as pen:
        rows = pen.rows(google_rows.HELD)
        for row in rows:
            google_rows.give_back(pen, row, google_rows.held_of(row).doubted())
        return len(rows)


def next_due(database: Database, issuer_id: str, *, at: datetime, is_bulk: bool) -> datetime | None:
    """When the next row that nobody has in hand at `at` is due in the lane."""
    rows = database.look(google_rows.next_look(), stale=at - LEASE, issuer=issuer_id, lane=is_bulk)
    if not rows:
        return None
    return google_rows.paced(rows[0].due_at, rows[0].sent_at, at=at)


def note_callback(database: Database, callback: Heard, *, at: datetime) -> bool:
    """Take a genuine callback: Google is asked who has the object. What it tells counts, not the
    callback: it may come late and in any order.

    False when the callback has been taken before, or is about no card of ours: no effect.
    """
    with database.transaction() as session:
        pen = pen_of(session)
        rows = pen.rows(google_rows.OF_ID, object_id=callback.object_id)
        if not rows:
            return False
        values = {"nonce": callback.nonce, "expires_at": callback.expires_at}
        insert = inserting(session)(GoogleCallback).values(values).on_conflict_do_nothing()
        is_new = insert.returning(col(GoogleCallback.nonce))
        if session.connection().execute(is_new).first() is None:
            return False
        soonest = google_rows.paced(at, rows[0].sent_at, at=at)
        row_id = rows[0].card_id
        pen.write(google_rows.ASK, row_id=row_id, soonest=soonest, lane=False, has_users=None)
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
    statement = select(GoogleObject).where(
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
            rows = pen.rows(google_rows.ONE, card_id=each.card_id)
            if not rows or rows[0].due_at or rows[0].claimed_at:
                continue
            row = rows[0]
            if row.sent_version != each.sent_version:
                continue
            held = google_rows.held_of(row) if each.is_right else google_rows.held_of(row).doubted()
            if each.has_users is not None:
                held = replace(held, has_users=each.has_users)
            google_rows.give_back(pen, row, held)
            if not each.is_right:
                count += 1
                pen.write(google_rows.RAISE, row_id=row.card_id, soonest=at, lane=True)
                wake(pen)
    return count


def prune(database: Database, *, at: datetime) -> None:
    """Forget callbacks that cannot come again."""
    with database.transaction() as session:
        gone = delete(GoogleCallback).where(col(GoogleCallback.expires_at) < at)
        session.connection().execute(gone)


def backlog(database: Database, issuer_id: str | None = None) -> Backlog:
    """How many cards Google is still to be told of, and since when the oldest is due; with
    `issuer_id` of that issuer's alone: nobody serves the rows of a former one."""
    statement = select(func.count(), func.min(GoogleObject.due_at)).where(
        col(GoogleObject.due_at).is_not(None)
    )
    if issuer_id is not None:
        statement = statement.where(GoogleObject.issuer_id == issuer_id)
    with database.reading() as session:
        count, oldest = session.exec(statement).one()
    return Backlog(count, oldest)


def _asked_anew(row: Any, due: DueCard, held: Held) -> Held:
    """`held`, but who has the card is not known when a callback may have come since the claim."""
    is_asked = row.has_users is None and row.owed_version != due.owed_version
    return replace(held, has_users=None) if is_asked else held


def _holding(row: Any) -> Holding:
    error = row.error if row.due_at is None else None
    return Holding(row.object_id, row.sent is not None, row.has_users, error)
