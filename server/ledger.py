"""The only writer of entries and lots.

Every entry changes one lot. An earning opens a lot; a spending takes from the lots that run out
first, one entry for each lot it touches; a mistake is mirrored by new entries. A balance is the
sum of the live lots and can be rebuilt from the entries at any time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, case
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from server import bulk
from server.errors import Conflict
from server.face import Text
from server.models import Event, LedgerEntry, Lot
from server.programmes.base import Holding, Past, Posting, Standing

_AROUND = timedelta(hours=26)  # the longest local day, on either side


class Reversal(NamedTuple):
    """The mirrored entries, and until when what was unmade would have been good."""

    entries: list[LedgerEntry]
    until: datetime | None


def standing(
    session: Session, card_id: UUID, *, at: datetime, around: datetime | None = None
) -> Standing:
    """The card's live lots at `at`, and what it earned about a day before and after `around`."""
    holdings = tuple(
        Holding(lot.unit, lot.remaining, lot.expires_at)
        for lot in _live_lots(session, card_id, at=at)
    )
    return Standing(holdings, _past(session, card_id, around) if around else ())


def post(session: Session, event: Event, postings: Iterable[Posting]) -> list[LedgerEntry]:
    """Write `postings` as entries of `event`, in order.

    Raises:
        Conflict: there is less than a spending asks for.
    """
    entries: list[LedgerEntry] = []
    for posting in postings:
        if posting.delta > 0:
            entries.append(_earn(session, event, posting))
        else:
            entries.extend(_spend(session, event, posting))
    _number(session, event, entries)
    return entries


def reverse(session: Session, event: Event, *, original: Event) -> Reversal:
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
    _number(session, event, mirrored)
    return Reversal(mirrored, until)


def expire(session: Session, event: Event, *, at: datetime) -> list[LedgerEntry]:
    """Write off every lot of the event's card that has run out by `at`."""
    statement = select(Lot).where(
        Lot.card_id == event.card_id, Lot.remaining > 0, col(Lot.expires_at) < at
    )
    entries = []
    for lot in session.exec(statement).all():
        entries.append(_entry(event, lot, "expire", -lot.remaining))
        lot.remaining = 0
        session.add(lot)
    _number(session, event, entries)
    return entries


def copy_in(session: Session, lots: Sequence[bulk.Stored], entries: Sequence[bulk.Stored]) -> None:
    """Write the books of whole cards that are copies of others: rows as stored, in order."""
    bulk.write(session, Lot, lots)
    bulk.write(session, LedgerEntry, entries)


def next_expiry(session: Session, card_id: UUID) -> datetime | None:
    """When the card changes by itself next: the first moment a lot runs out."""
    statement = (
        select(Lot.expires_at)
        .where(Lot.card_id == card_id, Lot.remaining > 0, col(Lot.expires_at).is_not(None))
        .order_by(col(Lot.expires_at))
        .limit(1)
    )
    return session.exec(statement).first()


def _live_lots(session: Session, card_id: UUID, *, at: datetime) -> Sequence[Lot]:
    """Those that run out first come first; those that never do, last."""
    statement = (
        select(Lot)
        .where(Lot.card_id == card_id, Lot.remaining > 0)
        .where(col(Lot.expires_at).is_(None) | (col(Lot.expires_at) >= at))
        .order_by(
            case((col(Lot.expires_at).is_(None), 1), else_=0),
            col(Lot.expires_at),
            col(Lot.earned_at),
            col(Lot.id),
        )
    )
    return session.exec(statement).all()


def _past(session: Session, card_id: UUID, around: datetime) -> tuple[Past, ...]:
    """By which events the card earned what, without those that were taken back."""
    reversed_ids = select(Event.reverses_event_id).where(
        Event.card_id == card_id, col(Event.reverses_event_id).is_not(None)
    )
    entry_of_event = and_(
        col(LedgerEntry.brand_id) == col(Event.brand_id),
        col(LedgerEntry.event_id) == col(Event.id),
    )
    statement = (
        select(Event, LedgerEntry.unit)
        .join(LedgerEntry, entry_of_event)
        .where(Event.card_id == card_id, LedgerEntry.type == "earn")
        .where(col(Event.at).between(around - _AROUND, around + _AROUND))
        .where(col(Event.id).not_in(reversed_ids))
    )
    earned = {(event.id, unit): event for event, unit in session.exec(statement).all()}
    return tuple(
        Past(event.name, unit, event.at, event.source == "till")
        for (_, unit), event in earned.items()
    )


def _earn(session: Session, event: Event, posting: Posting) -> LedgerEntry:
    lot = Lot(
        created_at=event.recorded_at,
        card_id=event.card_id,
        unit=posting.unit,
        earned=posting.delta,
        remaining=posting.delta,
        earned_at=event.at,
        expires_at=posting.expires_at,
    )
    session.add(lot)
    return _entry(event, lot, posting.type, posting.delta)


def _spend(session: Session, event: Event, posting: Posting) -> list[LedgerEntry]:
    wanted, entries = -posting.delta, []
    session.flush()  # lots opened by this event's earlier postings may be spent at once
    for lot in _live_lots(session, event.card_id, at=event.recorded_at):
        if lot.unit != posting.unit or wanted == 0:
            continue
        taken = min(wanted, lot.remaining)
        lot.remaining -= taken
        wanted -= taken
        session.add(lot)
        entries.append(_entry(event, lot, posting.type, -taken))
    if wanted:
        raise Conflict(
            "insufficient",
            f"The card has {-posting.delta - wanted} {posting.unit}, {-posting.delta} are needed.",
            text=Text("Saldo ei riitä.", "Saldot räcker inte.", "There is not enough left."),
        )
    return entries


def _entry(
    event: Event, lot: Lot, kind: str, delta: int, *, mirrors: LedgerEntry | None = None
) -> LedgerEntry:
    return LedgerEntry(
        brand_id=event.brand_id,
        event_id=event.id,
        line_no=0,
        card_id=event.card_id,
        lot_id=lot.id,
        type=kind,
        unit=lot.unit,
        delta=delta,
        reverses_id=mirrors.id if mirrors else None,
        created_at=event.recorded_at,
    )


def _number(session: Session, event: Event, entries: Sequence[LedgerEntry]) -> None:
    session.flush()
    start = len(session.exec(_entries_of(event)).all())
    for offset, entry in enumerate(entries, start=start + 1):
        entry.line_no = offset
        session.add(entry)
        session.flush()  # the order of ids is the order of lines


def _entries_of(event: Event) -> SelectOfScalar[LedgerEntry]:
    return select(LedgerEntry).where(
        LedgerEntry.brand_id == event.brand_id, LedgerEntry.event_id == event.id
    )


def _open_entries(session: Session, event: Event) -> list[LedgerEntry]:
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
