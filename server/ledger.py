"""The only writer of entries and lots.

Every entry changes one lot. An earning opens a lot; a spending takes from the lots that run out
first, one entry for each lot it touches; a mistake is mirrored by new entries. A balance is the
sum of the live lots and can be rebuilt from the entries at any time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

from sqlalchemy import and_, bindparam, case, func, insert, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from server import bulk
from server.bulk import table_of
from server.db import Work, pen_of
from server.errors import Conflict
from server.face import Text
from server.looks import Glance, Look, Pen, Stroke
from server.models import Event, LedgerEntry, Lot
from server.programmes.base import Holding, Past, Posting, Standing

_EVENT, _LOT, _ENTRY = table_of(Event), table_of(Lot), table_of(LedgerEntry)
_IS_LIVE = (
    _LOT.c.card_id == bindparam("card_id"),
    _LOT.c.remaining > 0,
    _LOT.c.expires_at.is_(None) | (_LOT.c.expires_at >= bindparam("at")),
)
_SOONEST = (
    case((_LOT.c.expires_at.is_(None), 1), else_=0),
    _LOT.c.expires_at,
    _LOT.c.earned_at,
    _LOT.c.id,
)
_HOLDINGS = Look(
    columns(_LOT.c.unit, _LOT.c.remaining, _LOT.c.expires_at).where(*_IS_LIVE).order_by(*_SOONEST)
)
_AROUND = timedelta(hours=26)  # the longest local day, on either side

_TAKEN_BACK = columns(_EVENT.c.reverses_event_id).where(
    _EVENT.c.card_id == bindparam("card_id"), _EVENT.c.reverses_event_id.is_not(None)
)
_LEFT = Look(
    columns(_LOT.c.id, _LOT.c.unit, _LOT.c.remaining, _LOT.c.earned_at, _LOT.c.expires_at)
    .where(_LOT.c.card_id == bindparam("card_id"), _LOT.c.remaining > 0)
    .order_by(*_SOONEST)
)
_EARNED = Look(
    columns(_EVENT.c.id, _EVENT.c.name, _EVENT.c.at, _EVENT.c.source, _ENTRY.c.unit)
    .join_from(
        _EVENT,
        _ENTRY,
        and_(_ENTRY.c.brand_id == _EVENT.c.brand_id, _ENTRY.c.event_id == _EVENT.c.id),
    )
    .where(_EVENT.c.card_id == bindparam("card_id"), _ENTRY.c.type == "earn")
    .where(_EVENT.c.at.between(bindparam("since"), bindparam("until")))
    .where(_EVENT.c.id.not_in(_TAKEN_BACK))
)
_LINES = Look(
    columns(func.count().label("written")).where(
        _ENTRY.c.brand_id == bindparam("brand_id"), _ENTRY.c.event_id == bindparam("event_id")
    )
)
_NEW_LOT = Stroke(insert(_LOT), [column.key for column in _LOT.c])
_SPENT = Stroke(update(_LOT).where(_LOT.c.id == bindparam("lot_id")), ["remaining"])


class Source(Protocol):
    """The event that entries are of, in the database or about to be."""

    @property
    def brand_id(self) -> UUID:
        """Whose it is."""

    @property
    def id(self) -> str:
        """As its maker calls it."""

    @property
    def card_id(self) -> UUID:
        """The one card that it changes."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def recorded_at(self) -> datetime:
        """When we heard of it."""


@dataclass(slots=True)
class Entry:
    """An entry as it is written; its number comes with the writing."""

    brand_id: UUID
    event_id: str
    card_id: UUID
    lot_id: UUID
    type: str
    unit: str
    delta: int
    reverses_id: int | None
    created_at: datetime
    line_no: int = 0


_WRITTEN = [field.name for field in fields(Entry)]
_NEW_ENTRY = Stroke(insert(_ENTRY).inline(), _WRITTEN)


class Reversal(NamedTuple):
    """The mirrored entries, and until when what was unmade would have been good."""

    entries: list[Entry]
    until: datetime | None


@dataclass(slots=True)
class _Left:
    """A lot of which something is left, while an event is worked out."""

    id: UUID
    unit: str
    remaining: int
    earned_at: datetime
    expires_at: datetime | None

    def is_live(self, at: datetime) -> bool:
        return self.expires_at is None or self.expires_at >= at


class Book:
    """A card's lots in memory. What is posted changes them at once, and the database when it is
    written. Made anew for every event, with the card locked."""

    def __init__(self, work: Work, card_id: UUID) -> None:
        self._pen, self._card_id = pen_of(work), card_id
        self._lots = [_Left(*row) for row in self._pen.rows(_LEFT, card_id=card_id)]
        self._new: list[dict[str, Any]] = []
        self._spent: dict[UUID, _Left] = {}
        self._entries: list[Entry] = []

    def standing(self, at: datetime, *, around: datetime | None = None) -> Standing:
        """The live lots at `at`, and what was earned about a day before and after `around`."""
        holdings = tuple(
            Holding(lot.unit, lot.remaining, lot.expires_at)
            for lot in self._lots
            if lot.remaining and lot.is_live(at)
        )
        return Standing(holdings, _past(self._pen, self._card_id, around) if around else ())

    def next_expiry(self) -> datetime | None:
        """When the card changes by itself next: the first moment a lot runs out."""
        moments = [lot.expires_at for lot in self._lots if lot.remaining and lot.expires_at]
        return min(moments, default=None)

    def has_run_out(self, at: datetime) -> bool:
        """Whether something is left of a lot that has run out by `at`: it is to be written off."""
        return any(lot.remaining and not lot.is_live(at) for lot in self._lots)

    def post(self, event: Source, postings: Iterable[Posting]) -> list[Entry]:
        """Take `postings` in as entries of `event`, in order; they are written by `write`.

        Raises:
            Conflict: there is less than a spending asks for.
        """
        first = len(self._entries)
        for posting in postings:
            if posting.delta > 0:
                self._earn(event, posting)
            else:
                self._spend(event, posting)
        return self._entries[first:]

    def write_off(self, event: Source, *, at: datetime) -> list[Entry]:
        """Take in as entries of `event` that everything has run out which is no longer good."""
        first = len(self._entries)
        for lot in self._lots:
            if lot.remaining and not lot.is_live(at):
                self._entries.append(_entry(event, lot, "expire", -lot.remaining))
                lot.remaining = 0
                self._spent[lot.id] = lot
        return self._entries[first:]

    def write(self, *, first_line: int = 1) -> None:
        """Write what was posted: the event must be there."""
        left = {lot.id: lot.remaining for lot in self._lots}
        self._pen.write_all(_NEW_LOT, [{**row, "remaining": left[row["id"]]} for row in self._new])
        self._pen.write_all(
            _SPENT,
            [{"lot_id": lot.id, "remaining": lot.remaining} for lot in self._spent.values()],
        )
        _write(self._pen, self._entries, first_line)
        self._new, self._spent, self._entries = [], {}, []

    def _earn(self, event: Source, posting: Posting) -> None:
        lot = _Left(uuid4(), posting.unit, posting.delta, event.at, posting.expires_at)
        self._new.append(
            {
                "id": lot.id,
                "created_at": event.recorded_at,
                "card_id": event.card_id,
                "unit": lot.unit,
                "earned": posting.delta,
                "earned_at": lot.earned_at,
                "expires_at": lot.expires_at,
            }
        )
        self._lots.append(lot)
        self._lots.sort(key=_first_out)
        self._entries.append(_entry(event, lot, posting.type, posting.delta))

    def _spend(self, event: Source, posting: Posting) -> None:
        wanted = -posting.delta
        new = {row["id"] for row in self._new}
        for lot in self._lots:
            is_usable = lot.unit == posting.unit and lot.is_live(event.recorded_at)
            taken = min(wanted, lot.remaining) if is_usable else 0
            if taken == 0:
                continue
            lot.remaining -= taken
            wanted -= taken
            if lot.id not in new:
                self._spent[lot.id] = lot
            self._entries.append(_entry(event, lot, posting.type, -taken))
        if wanted:
            raise Conflict(
                "insufficient",
                f"The card has {-posting.delta - wanted} {posting.unit}, "
                f"{-posting.delta} are needed.",
                text=Text("Saldo ei riitä.", "Saldot räcker inte.", "There is not enough left."),
            )


def holdings(glance: Glance, card_id: UUID, *, at: datetime) -> tuple[Holding, ...]:
    """What is left on the card at `at`, as `standing` has it, read without objects."""
    rows = glance.rows(_HOLDINGS, card_id=card_id, at=at)
    return tuple(Holding(*row) for row in rows)


def standing(session: Session, card_id: UUID, *, at: datetime) -> Standing:
    """The card's live lots at `at`."""
    return Book(session, card_id).standing(at)


def post(session: Session, event: Source, postings: Iterable[Posting]) -> list[Entry]:
    """Write `postings` as entries of `event`, in order, after those it has.

    Raises:
        Conflict: there is less than a spending asks for.
    """
    book = Book(session, event.card_id)
    entries = book.post(event, postings)
    book.write(first_line=next_line(session, event))
    return entries


def next_line(work: Work, event: Source) -> int:
    """The number of the next entry of `event`."""
    (row,) = pen_of(work).rows(_LINES, brand_id=event.brand_id, event_id=event.id)
    return 1 + int(row.written)


def reverse(session: Session, event: Source, *, original: Event) -> Reversal:
    """Mirror what `original` posted, as entries of `event`.

    Rewards made from a reversed stamp are unmade with it. What has been used or has run out
    cannot be.

    Raises:
        Conflict: `nothing_to_reverse`; `reward_used` or `reward_expired` when something earned
            has been redeemed or has run out.
    """
    own = _open_entries(session, original)
    if not own:
        raise Conflict(
            "nothing_to_reverse",
            f"Event {original.id} changed nothing that could be taken back.",
            text=Text("Ei peruttavaa.", "Inget att ångra.", "There is nothing to undo."),
        )
    undone = _with_consequences(session, own)
    lots = {lot.id: lot for lot in _lots(session, {entry.lot_id for entry in undone})}
    unmade = [lots[entry.lot_id].expires_at for entry in undone if entry.delta > 0]
    until = min((moment for moment in unmade if moment), default=None)
    if until and until < event.recorded_at:
        raise _run_out()
    mirrored = []
    # Newest first: what was taken from a lot is given back before its earning is withdrawn.
    for entry in sorted(undone, key=lambda e: e.id or 0, reverse=True):
        lots[entry.lot_id].remaining -= entry.delta
        mirrored.append(_entry(event, lots[entry.lot_id], "reverse", -entry.delta, mirrors=entry))
    session.add_all(lots.values())
    _write(pen_of(session), mirrored, next_line(session, event))
    return Reversal(mirrored, until)


def copy_in(session: Session, lots: Sequence[bulk.Stored], entries: Sequence[bulk.Stored]) -> None:
    """Write the books of whole cards that are copies of others: rows as stored, in order."""
    bulk.write(session, Lot, lots)
    bulk.write(session, LedgerEntry, entries)


def next_expiry(session: Session, card_id: UUID) -> datetime | None:
    """When the card changes by itself next."""
    return Book(session, card_id).next_expiry()


def _first_out(lot: _Left) -> tuple[Any, ...]:
    """Those that run out first come first; those that never do, last."""
    return (lot.expires_at is None, lot.expires_at or lot.earned_at, lot.earned_at, lot.id)


def _past(pen: Pen, card_id: UUID, around: datetime) -> tuple[Past, ...]:
    """By which events the card earned what, without those that were taken back."""
    rows = pen.rows(_EARNED, card_id=card_id, since=around - _AROUND, until=around + _AROUND)
    earned = {(row.id, row.unit): row for row in rows}
    return tuple(Past(row.name, row.unit, row.at, row.source == "till") for row in earned.values())


def _entry(
    event: Source, lot: Lot | _Left, kind: str, delta: int, *, mirrors: LedgerEntry | None = None
) -> Entry:
    return Entry(
        brand_id=event.brand_id,
        event_id=event.id,
        card_id=event.card_id,
        lot_id=lot.id,
        type=kind,
        unit=lot.unit,
        delta=delta,
        reverses_id=mirrors.id if mirrors else None,
        created_at=event.recorded_at,
    )


def _write(pen: Pen, entries: Sequence[Entry], first_line: int) -> None:
    for line, entry in enumerate(entries, start=first_line):
        entry.line_no = line
    rows = ({name: getattr(entry, name) for name in _WRITTEN} for entry in entries)
    pen.write_all(_NEW_ENTRY, rows)


def _entries_of(event: Source) -> SelectOfScalar[LedgerEntry]:
    return select(LedgerEntry).where(
        LedgerEntry.brand_id == event.brand_id, LedgerEntry.event_id == event.id
    )


def _open_entries(session: Session, event: Source) -> list[LedgerEntry]:
    return _still_open(session, session.exec(_entries_of(event)).all())


def _still_open(session: Session, entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    ids = [entry.id for entry in entries]
    mirrored = set(
        session.exec(
            select(LedgerEntry.reverses_id).where(col(LedgerEntry.reverses_id).in_(ids))
        ).all()
    )
    return [e for e in entries if e.id not in mirrored and e.type != "reverse"]


def _lots(session: Session, ids: set[UUID]) -> Sequence[Lot]:
    return session.exec(select(Lot).where(col(Lot.id).in_(ids))).all()


def _with_consequences(session: Session, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """`entries`, and those that used up what they earned, as far as these can be given back."""
    undone = {entry.id: entry for entry in entries}
    queue = list(entries)
    while queue:
        entry = queue.pop()
        if entry.delta < 0:
            continue
        for taker in _takers(session, entry):
            if taker.id in undone:
                continue
            if taker.type != "convert":
                raise _run_out() if taker.type == "expire" else _used()
            group = _exchange_of(session, taker)
            undone |= {member.id: member for member in group}
            queue += group
    return list(undone.values())


def _takers(session: Session, earning: LedgerEntry) -> list[LedgerEntry]:
    statement = select(LedgerEntry).where(
        LedgerEntry.lot_id == earning.lot_id, LedgerEntry.delta < 0
    )
    return _still_open(session, session.exec(statement).all())


def _exchange_of(session: Session, taker: LedgerEntry) -> list[LedgerEntry]:
    """The whole exchange that `taker` is part of: its stamps and its rewards go back together."""
    if taker.type != "convert":
        return [taker]
    statement = select(LedgerEntry).where(
        LedgerEntry.brand_id == taker.brand_id,
        LedgerEntry.event_id == taker.event_id,
        LedgerEntry.type == "convert",
    )
    return _still_open(session, session.exec(statement).all())


def _used() -> Conflict:
    return Conflict(
        "reward_used",
        "The reward made from it has been used: undo the redemption first.",
        text=Text(
            "Palkinto on jo käytetty: peru ensin sen käyttö.",
            "Belöningen är redan använd: ångra användningen först.",
            "The reward has been used: undo that first.",
        ),
    )


def _run_out() -> Conflict:
    return Conflict(
        "reward_expired",
        "What was earned has run out: it cannot be taken back any more.",
        text=Text(
            "Palkinto on jo vanhentunut.",
            "Belöningen har redan gått ut.",
            "The reward has run out already.",
        ),
    )
