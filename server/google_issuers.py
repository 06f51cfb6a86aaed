"""How fast Google may be asked, by all workers of an issuer together, and whether at all; what its
classes were given; how far the nightly look has come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, type_coerce, update
from sqlalchemy.types import NullType

from server.buckets import Rate
from server.bulk import table_of
from server.db import Database, inserting
from server.db import owe as wake
from server.looks import Look, Pen, Stroke
from server.models import GoogleClass, GoogleIssuer, GoogleObject

# A call that is made to find out whether Google answers again has so long to tell.
PROBE = timedelta(seconds=60)

# What lies further ahead was written by a clock that was wrong, and nobody waits for it: longer
# than any pause, and whoever's clock is so far off gets no token of Google's.
_WRONG = timedelta(minutes=10)

_RESERVE = 2  # calls that are kept for those who wait
_SLOWED = 0.5  # of the rate

_ISSUER, _CLASS, _OBJECT = table_of(GoogleIssuer), table_of(GoogleClass), table_of(GoogleObject)
_LOCK = Look(
    select(
        type_coerce(_ISSUER.c.tokens, NullType()).label("tokens"),  # floats as the driver has them
        _ISSUER.c.refilled_at,
        _ISSUER.c.slowed_until,
        _ISSUER.c.paused_until,
        _ISSUER.c.pause_reason,
    )
    .where(_ISSUER.c.issuer_id == bindparam("issuer"))
    .with_for_update(key_share=True)
)
_IS_ISSUER = _ISSUER.c.issuer_id == bindparam("which")
_TAKE = Stroke(update(_ISSUER).where(_IS_ISSUER), ["tokens", "refilled_at", "paused_until"])
_PAUSE = Stroke(update(_ISSUER).where(_IS_ISSUER), ["paused_until", "pause_reason"])
_TRY = Stroke(update(_ISSUER).where(_IS_ISSUER), ["paused_until"])
_SLOW = Stroke(update(_ISSUER).where(_IS_ISSUER), ["slowed_until"])
_PROGRESS = Stroke(
    update(_ISSUER).where(_IS_ISSUER), ["reconciled_at", "reconcile_class", "reconcile_page"]
)
_LOCK_PLACE = Look(
    select(_ISSUER.c.reconciled_at, _ISSUER.c.reconcile_class, _ISSUER.c.reconcile_page)
    .where(_ISSUER.c.issuer_id == bindparam("issuer"))
    .with_for_update(key_share=True)
)
_STATE = Look(
    select(
        _ISSUER.c.paused_until,
        _ISSUER.c.pause_reason,
        _ISSUER.c.reconciled_at,
        _ISSUER.c.reconcile_class,
        _ISSUER.c.reconcile_page,
    ).where(_ISSUER.c.issuer_id == bindparam("issuer"))
)
_SENT_CLASS = Look(
    select(_CLASS.c.sent_hash, _CLASS.c.error).where(_CLASS.c.id == bindparam("class_id"))
)
_CLASSES = Look(
    select(_CLASS.c.id, _CLASS.c.programme_id, _CLASS.c.kind)
    .where(_CLASS.c.issuer_id == bindparam("issuer"))
    .order_by(_CLASS.c.id)
)
_KEEP = Stroke(
    update(_CLASS).where(_CLASS.c.id == bindparam("which")), ["sent_hash", "sent_at", "error"]
)
_LOCK_CLASS = Look(
    select(_CLASS.c.sent_hash, _CLASS.c.sent_at, _CLASS.c.error)
    .where(_CLASS.c.id == bindparam("class_id"))
    .with_for_update(key_share=True)
)
_REVIVE = Stroke(
    update(_OBJECT)
    .where(_OBJECT.c.class_id == bindparam("of_class"), _OBJECT.c.due_at.is_(None))
    .where(_OBJECT.c.error.is_not(None))
    .values(is_bulk=True),
    ["due_at"],
)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be made now; without any, how long to wait (seconds), and why.

    `is_probe`: Google refused us or did not answer, and this one call is to find out whether it
    does again. Until then nobody else is granted any: say so by `resume` or `pause`.
    """

    calls: int
    wait: float = 0.0
    pause_reason: str | None = None
    is_probe: bool = False
    spend: Callable[[Pen, int], None] = lambda _pen, _count: None


@dataclass(frozen=True, slots=True)
class Place:
    """How far a look at everything has come: in which class, at which page; nowhere in between."""

    class_id: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with an issuer, and when everything was last compared with what Google has."""

    paused_until: datetime | None
    pause_reason: str | None
    reconciled_at: datetime | None
    place: Place


@dataclass(frozen=True, slots=True)
class SentClass:
    """A class with a digest of what Google was given; empty when that is not certain."""

    sent_hash: str
    error: str | None


@dataclass(frozen=True, slots=True)
class KnownClass:
    """A class of ours. `kind` is `loyalty` or `offer`."""

    id: str
    programme_id: UUID
    kind: str


def grant(pen: Pen, issuer_id: str, *, at: datetime, most: int, rate: Rate, is_bulk: bool) -> Grant:
    """Up to `most` calls out of the issuer's bucket, which stays locked; none is spent yet.

    The bulk lane leaves some for those who wait.
    """
    rows = pen.rows(_LOCK, issuer=issuer_id)
    if not rows:
        return Grant(0, wait=1.0)
    row = rows[0]
    if _is_ahead(row.paused_until, at):
        return Grant(0, (row.paused_until - at).total_seconds(), row.pause_reason or "")
    speed = rate.per_second * (_SLOWED if _is_ahead(row.slowed_until, at) else 1.0)
    # Filled by a clock that was wrong, it is as good as full.
    refilled_at = row.refilled_at if row.refilled_at <= at + _WRONG else at - _WRONG
    passed = max(0.0, (at - refilled_at).total_seconds())
    tokens = min(float(rate.burst), row.tokens + passed * speed)
    kept = min(_RESERVE, rate.burst - 1) if is_bulk else 0
    is_probe = row.pause_reason is not None
    calls = max(0, min(1 if is_probe else most, int(tokens + 1e-9) - kept))
    if not calls:
        return Grant(0, max(0.001, (1 + kept - tokens) / speed))

    def spend(pen: Pen, count: int) -> None:
        if count:
            values = {
                "tokens": tokens - count,
                "refilled_at": max(at, refilled_at),
                "paused_until": at + PROBE if is_probe else None,
            }
            pen.write(_TAKE, which=issuer_id, **values)

    return Grant(calls, is_probe=is_probe, spend=spend)


def _is_ahead(until: datetime | None, at: datetime) -> bool:
    return until is not None and at < until <= at + _WRONG


def take(database: Database, issuer_id: str, *, at: datetime, rate: Rate, is_bulk: bool) -> Grant:
    """Ask for one call, and spend it if there is one."""
    with database.writing() as pen:
        granted = grant(pen, issuer_id, at=at, most=1, rate=rate, is_bulk=is_bulk)
        granted.spend(pen, granted.calls)
    return granted


def slow(database: Database, issuer_id: str, *, until: datetime) -> None:
    """Google is busy: half the rate until then."""
    with database.writing() as pen:
        pen.write(_SLOW, which=issuer_id, slowed_until=until)


def pause(
    database: Database,
    issuer_id: str,
    *,
    at: datetime,
    until: datetime,
    reason: str,
    is_probe: bool = False,
) -> bool:
    """Ask nothing until then, and only one thing after that. True when this is news: of several
    that come back at the same time only one is."""
    with database.writing() as pen:
        rows = pen.rows(_LOCK, issuer=issuer_id)
        is_paused = bool(rows) and _is_ahead(rows[0].paused_until, at)
        if is_paused and not is_probe:
            return False
        pen.write(_PAUSE, which=issuer_id, paused_until=until, pause_reason=reason)
        return True


def pass_on(database: Database, issuer_id: str, *, at: datetime) -> None:
    """Whoever was to find out whether Google answers again had nothing to ask: the next is to."""
    with database.writing() as pen:
        pen.write(_TRY, which=issuer_id, paused_until=at)


def resume(database: Database, issuer_id: str) -> None:
    """Google answers again: all go on."""
    with database.writing() as pen:
        pen.write(_PAUSE, which=issuer_id, paused_until=None, pause_reason=None)
        wake(pen)


def standing(database: Database, issuer_id: str) -> Standing | None:
    """How it stands with the issuer; None before the first card."""
    rows = database.look(_STATE, issuer=issuer_id)
    if not rows:
        return None
    row = rows[0]
    place = Place(row.reconcile_class, row.reconcile_page)
    return Standing(row.paused_until, row.pause_reason, row.reconciled_at, place)


def move_on(
    database: Database, issuer_id: str, *, before: Place, after: Place, ended_at: datetime | None
) -> bool:
    """The look goes on at `after`, also after a restart; at its end `ended_at` is kept. False when
    somebody else has moved it on from `before` already."""
    with database.writing() as pen:
        for row in pen.rows(_LOCK_PLACE, issuer=issuer_id):
            if (row.reconcile_class, row.reconcile_page) != (before.class_id, before.page):
                return False
            pen.write(
                _PROGRESS,
                which=issuer_id,
                reconciled_at=ended_at or row.reconciled_at,
                reconcile_class=after.class_id,
                reconcile_page=after.page,
            )
        return True


def classes(database: Database, issuer_id: str) -> tuple[KnownClass, ...]:
    """Every class of the issuer's, always in one order."""
    return tuple(KnownClass(*row) for row in database.look(_CLASSES, issuer=issuer_id))


def find_class(database: Database, class_id: str) -> SentClass | None:
    """What Google was given of a class; None when there is no such class yet."""
    rows = database.look(_SENT_CLASS, class_id=class_id)
    return SentClass(*rows[0]) if rows else None


def add_class(database: Database, known: KnownClass, *, issuer_id: str, at: datetime) -> None:
    """A class that Google is to have, too; nothing changes when it is there."""
    with database.transaction() as session:
        values = {
            "id": known.id,
            "issuer_id": issuer_id,
            "programme_id": known.programme_id,
            "kind": known.kind,
            "created_at": at,
            "sent_hash": "",
        }
        insert = inserting(session)(GoogleClass).values(values).on_conflict_do_nothing()
        session.connection().execute(insert)


def doubt_class(database: Database, class_id: str) -> None:
    """The class is about to be sent, or is not there: what Google has of it is not certain."""
    _keep(database, class_id, lambda row: {"sent_at": row.sent_at, "error": row.error})


def settle_class(database: Database, class_id: str, sent_hash: str, *, at: datetime) -> None:
    """Google has it. Cards that were given up because of it are tried anew."""
    values = {"sent_hash": sent_hash, "sent_at": at, "error": None}

    def write(pen: Pen, row: Any) -> None:
        if row.error is not None:
            pen.write(_REVIVE, of_class=class_id, due_at=at)
            wake(pen)

    _keep(database, class_id, lambda _row: values, and_then=write)


def refuse_class(database: Database, class_id: str, error: str) -> None:
    """Google does not take it; the reason stays until it takes another."""
    _keep(database, class_id, lambda row: {"sent_at": row.sent_at, "error": error})


def _keep(
    database: Database,
    class_id: str,
    values_of: Callable[[Any], dict[str, Any]],
    *,
    and_then: Callable[[Pen, Any], None] = lambda _pen, _row: None,
) -> None:
    with database.writing() as pen:
        for row in pen.rows(_LOCK_CLASS, class_id=class_id):
            pen.write(_KEEP, which=class_id, **{"sent_hash": "", **values_of(row)})
            and_then(pen, row)


def revive(database: Database, issuer_id: str, *, at: datetime) -> None:
    """Try everything anew that was given up."""
    for known in classes(database, issuer_id):
        with database.writing() as pen:
            pen.write(_REVIVE, of_class=known.id, due_at=at)
            wake(pen)
