"""Events: the one way in which anything changes on a card.

Each is one transaction: the event, its ledger entries, the pass's new version and what the phones
are owed are committed together or not at all. An event's id is made by whoever saw it; the same
id brings the same answer.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID, uuid4

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from server import answers, cards, holds, journal, ledger, members, metrics
from server.db import Work, taken
from server.errors import Conflict, LeimaError, NotFound, Refused, ServiceError
from server.face import Text
from server.looks import Look, Pen
from server.models import Brand, Card, Event, Programme
from server.programmes.base import Happening, Notice
from server.seals import derive
from server.services import Services

NAMES = (
    "enrolled",
    "stamped",
    "purchased",
    "visited",
    "redeemed",
    "paid",
    "adjusted",
    "referred",
    "code_redeemed",
    "answered",
    "shared",
)
COUNTED = (*NAMES, "reversed")
RECORDABLE = tuple(name for name in NAMES if name != "enrolled")
_log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_FUTURE_TOLERANCE = timedelta(minutes=5)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_AT_ONCE = 1_000_000
_CLOCK = "clock"  # time itself made the event: nobody waits to see it
# What two transactions may both be the first to write, and how often one gives way.
_RACES = (
    "pk_event",
    "uq_card_programme_id_member_id",
    "uq_member_brand_id_email",
    "uq_member_brand_id_member_number",
    "uq_member_brand_id_phone",
)
_TRIES = 3
_DUE = Look(
    columns(col(Card.id), col(Card.brand_id))
    .where(col(Card.wake_at) < bindparam("now"))
    .order_by(col(Card.wake_at))
    .limit(bindparam("most"))
)
_REST = timedelta(minutes=10)  # until a card that could not be brought up to date is tried again
_UNDONE = Notice("undone", "green", Text("Peruttu", "Ångrad", "Undone"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an event comes from: a till with its person and place, a backend, the join page."""

    brand_id: UUID
    source: str
    staff_id: UUID | None = None
    till_id: UUID | None = None
    location_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was seen. `card` is a card id, a barcode or a member number; `details` is kept."""

    id: str
    card: str
    name: str
    programme: str | None = None
    at: datetime | None = None
    quantity: int = 1
    is_deliberate: bool = False
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer as JSON text: for a repetition exactly the text of the first time."""

    text: str
    is_replayed: bool = False

    def json(self) -> dict[str, Any]:
        """The answer as values."""
        values: dict[str, Any] = json.loads(self.text)
        return values


def count(name: str, result: Answer | ServiceError | None) -> None:
    """Count how an event ended; None when by a fault of ours."""
    outcome = "failed"
    if isinstance(result, Answer):
        outcome = "replayed" if result.is_replayed else "recorded"
    elif result:
        outcome = result.code
    metrics.EVENTS.labels(name if name in COUNTED else "other", outcome).inc()


def _counted(name: str | None = None) -> Callable[[Callable[_P, Answer]], Callable[_P, Answer]]:
    """Count how each call ended, once it has: under `name`, or else the report's."""

    def decorate(action: Callable[_P, Answer]) -> Callable[_P, Answer]:
        @wraps(action)
        def counted(*args: _P.args, **kwargs: _P.kwargs) -> Answer:
            called = name or next((arg.name for arg in args if isinstance(arg, Report)), "other")
            result: Answer | ServiceError | None = None
            try:
                result = action(*args, **kwargs)
                return result
            except ServiceError as error:
                result = error
                raise
            finally:
                count(called, result)

        return counted

    return decorate


@_counted()
def record(services: Services, origin: Origin, report: Report) -> Answer:
    """Let the card's programme decide what `report` is worth, and write it.

    Raises:
        NotFound: no such card in this brand.
        Refused: a rule is broken, or the id was used for something else.
        Conflict: there is not enough to redeem.
    """

    def attempt() -> Answer:
        with services.database.writing() as pen:
            return record_in(services, pen, origin, report)

    return _patiently(report.id, attempt)


@_counted("reversed")
def reverse(services: Services, origin: Origin, *, event_id: str, reversal_id: str) -> Answer:
    """Take an event back by mirrored entries, under the id `reversal_id`.

    Raises:
        NotFound: no such event in this brand.
        Conflict: it was reversed already, posted nothing, or its reward has been used.
        Refused: the id was used for something else.
    """
    fingerprint = _fingerprint("reverse", {"event": event_id})

    def write(session: Session) -> Answer:
        if answer := _stored(session, origin.brand_id, reversal_id, fingerprint):
            return answer
        original = find(session, origin.brand_id, event_id)
        holds.lock(session, original.card_id)
        _refuse_irreversible(session, original)
        report = Report(id=reversal_id, card=str(original.card_id), name="reversed")
        event = _event(origin, report, original.card_id, fingerprint, services.now())
        event.reverses_event_id = original.id
        journal.write(session, event)
        undone = ledger.reverse(session, event, original=original)
        hold = holds.take(session, origin.brand_id, original.card_id)
        settled, _ = _decide(hold, event, report, until=undone.until)
        return _finish(services, session, hold, event, [*undone.entries, *settled], _UNDONE)

    return _patiently(reversal_id, _in_transaction(services, write))


@_counted("enrolled")
def enrol(
    services: Services,
    origin: Origin,
    programme_slug: str,
    applicant: members.Applicant,
    *,
    event_id: str,
) -> Answer:
    """A card in the programme for `applicant`.

    Raises:
        NotFound: no such programme in this brand.
        Conflict: `already_enrolled`, with the card's id, when the brand vouches for the contact.
        Refused: the name or a contact is not valid, or the id was used for something else.
    """
    given = _fingerprint("enrol", {"programme": programme_slug, **asdict(applicant)})
    # A bare digest of a phone number gives way to trying them all: it would outlive an erasure.
    fingerprint = derive(services.settings.secret_key, f"enrol:{given}")
    now = services.now()

    def write(session: Session) -> Answer:
        if answer := _stored(session, origin.brand_id, event_id, fingerprint):
            return answer
        programme = find_programme(session, origin.brand_id, programme_slug)
        brand = session.get_one(Brand, origin.brand_id)
        member = members.enrol(session, brand, applicant, at=now)
        _refuse_second_card(session, programme, member.id)
        card = cards.issue(session, programme, member, at=now)
        members.record_consents(session, member, applicant.consents, source=origin.source, at=now)
        report = Report(id=event_id, card=str(card.id), name="enrolled")
        event = _event(origin, report, card.id, fingerprint, now)
        journal.write(session, event)
        hold = holds.take(session, origin.brand_id, card.id)
        _decide(hold, event, report)
        hold.book.write()
        face = hold.face(hold.book.standing(now))
        holds.bring_up_to_date(session, hold, face, at=now, join=services.push_join)
        shown = cards.show_in(session, card, at=now)
        event.answer = json.dumps(cards.links(shown, services.settings))
        journal.write(session, event)
        return Answer(event.answer)

    return _patiently(event_id, _in_transaction(services, write))


def expire_due(services: Services, *, limit: int = 100) -> int:
    """Write off what has run out on cards whose time has come, and bring them up to date; how many
    cards that were."""
    now = services.now()
    due = services.database.look(_DUE, now=now, most=limit)
    at_once = services.database.cards_at_once
    for start in range(0, len(due), at_once):
        _expire(services, due[start : start + at_once], now)
    return len(due)


def find(session: Session, brand_id: UUID, event_id: str) -> Event:
    """The brand's event.

    Raises:
        NotFound: `event_unknown`; another brand's event is as unknown as none.
    """
    event = session.get(Event, (brand_id, event_id))
    if event is None:
        raise NotFound(
            "event_unknown",
            "This brand has no event with this id.",
            text=Text("Tapahtumaa ei löydy.", "Händelsen finns inte.", "There is no such event."),
        )
    return event


def record_in(services: Services, pen: Pen, origin: Origin, report: Report) -> Answer:
    """As `record`, in a transaction that is open; refused, it has written nothing.

    Raises:
        NotFound, Refused, Conflict: as `record`.
    """
    if report.name not in RECORDABLE:
        raise Refused("name_unknown", f"No event {report.name!r} can be recorded.")
    fingerprint = _fingerprint("record", _plain(origin, report))
    if answer := _stored(pen, origin.brand_id, report.id, fingerprint):
        return answer
    card_id = cards.find_id(pen, origin.brand_id, report.card, programme=report.programme)
    hold = holds.take(pen, origin.brand_id, card_id)
    now = services.now()  # after waiting for the card: events of a card are in its order
    event = _event(origin, report, card_id, fingerprint, now)
    entries, notice = _decide(hold, event, report)
    return _finish(services, pen, hold, event, entries, notice)


def is_known(session: Session, brand_id: UUID, event_id: str) -> bool:
    """Whether something has been recorded under this id."""
    return session.get(Event, (brand_id, event_id)) is not None


def find_programme(session: Session, brand_id: UUID, slug: str) -> Programme:
    """The brand's programme.

    Raises:
        NotFound: `programme_unknown`.
    """
    statement = select(Programme).where(Programme.brand_id == brand_id, Programme.slug == slug)
    programme = session.exec(statement).first()
    if programme is None:
        raise NotFound("programme_unknown", f"This brand has no programme {slug!r}.")
    return programme


def _decide(
    hold: holds.Hold, event: journal.Recorded, report: Report, *, until: datetime | None = None
) -> tuple[list[ledger.Entry], Notice | None]:
    happening = Happening(
        name=event.name,
        at=event.at,
        recorded_at=event.recorded_at,
        zone=hold.zone,
        quantity=event.quantity,
        is_at_till=event.source == "till",
        is_deliberate=report.is_deliberate,
        until=until,
        amount_cents=event.data.get("amount_cents"),
        currency=event.data.get("currency"),
        brand_currency=hold.row.currency,
        tags=frozenset(event.data.get("tags", ())),
    )
    parts = [part for part in hold.parts if event.name in part.kind.answers]
    looks_back = any(part.kind.looks_back(happening, part.rules) for part in parts)
    around = event.at if looks_back else None
    standing = hold.book.standing(event.recorded_at, around=around)
    entries: list[ledger.Entry] = []
    notices: list[Notice] = []
    for part in parts:
        decision = part.kind.decide(standing, happening, part.rules)
        entries += hold.book.post(event, decision.postings)
        notices += [decision.notice] if decision.notice else []
    return entries, notices[0] if notices else None


def _finish(
    services: Services,
    work: Work,
    hold: holds.Hold,
    event: journal.Recorded,
    entries: Iterable[ledger.Entry],
    notice: Notice | None,
) -> Answer:
    """Answer, and write all that is not written yet."""
    standing = hold.book.standing(event.recorded_at)
    face = hold.face(standing)
    event.answer = answers.text(event, hold, (standing, face), entries, notice)
    first_line = ledger.next_line(work, event) if event.is_written else 1
    journal.write(work, event)
    hold.book.write(first_line=first_line)
    at, is_bulk = event.recorded_at, event.source == _CLOCK
    holds.bring_up_to_date(work, hold, face, at=at, join=services.push_join, is_bulk=is_bulk)
    return Answer(event.answer)


def _expire(services: Services, due: Sequence[Any], now: datetime) -> None:
    """One transaction for them all; what cannot be done is put off, so that one programme's fault
    does not hold up the others."""
    try:
        with services.database.writing() as pen:
            expired = sum(_expire_in(services, pen, card, now) for card in due)
    except LeimaError as error:
        if len(due) == 1:
            _log.error("events.not_expired card=%s: %s", due[0].id, error)
            with services.database.writing() as pen:
                holds.put_off(pen, due[0].id, until=now + _REST)
            return
        for card in due:
            _expire(services, [card], now)
        return
    metrics.EVENTS.labels("expired", "recorded").inc(expired)


def _expire_in(services: Services, pen: Pen, card: Any, now: datetime) -> bool:
    """Whether something had run out; otherwise the card was only to be looked at anew."""
    hold = holds.take(pen, card.brand_id, card.id)
    if hold.row.wake_at is None or hold.row.wake_at >= now:
        return False
    if not hold.book.has_run_out(now):
        face = hold.face(hold.book.standing(now))
        holds.bring_up_to_date(pen, hold, face, at=now, join=services.push_join, is_bulk=True)
        return False
    report = Report(id=f"expired:{uuid4()}", card=str(card.id), name="expired")
    origin = Origin(brand_id=card.brand_id, source=_CLOCK)
    event = _event(origin, report, card.id, _fingerprint("expire", {}), now)
    _finish(services, pen, hold, event, hold.book.write_off(event, at=now), None)
    return True


def _event(
    origin: Origin, report: Report, card_id: UUID, fingerprint: str, now: datetime
) -> journal.Recorded:
    at = report.at or now
    if at > now + _FUTURE_TOLERANCE:
        raise Refused("at_in_future", f"{at.isoformat()} has not come yet: check the clock.")
    if at < _EARLIEST:
        raise Refused(
            "at_too_early", f"{at.isoformat()} is before {_EARLIEST:%Y}: check the clock."
        )
    if not 1 <= report.quantity <= _MOST_AT_ONCE:
        raise Refused("quantity_invalid", f"A quantity is 1 to {_MOST_AT_ONCE}.")
    if not 1 <= len(report.id) <= 128 or not report.id.isprintable() or " " in report.id:
        raise Refused("id_invalid", "An event id has 1 to 128 characters without spaces.")
    return journal.Recorded(
        brand_id=origin.brand_id,
        id=report.id,
        card_id=card_id,
        name=report.name,
        quantity=report.quantity,
        data=report.details,
        fingerprint=fingerprint,
        source=origin.source,
        staff_id=origin.staff_id,
        till_id=origin.till_id,
        location_id=origin.location_id,
        at=at,
        recorded_at=now,
    )


def _in_transaction(services: Services, write: Callable[[Session], Answer]) -> Callable[[], Answer]:
    def attempt() -> Answer:
        with services.database.transaction() as session:
            return write(session)

    return attempt


def _patiently(event_id: str, attempt: Callable[[], Answer]) -> Answer:
    """What `attempt` brings.

    On PostgreSQL somebody else may be writing the same event, member or card at this very moment.
    Then theirs is there by now, and everything is looked at anew.
    """
    for _ in range(_TRIES):
        try:
            return attempt()
        except IntegrityError as error:
            if taken(error) not in _RACES:
                raise
    raise Conflict(
        "in_flight",
        f"The id {event_id} is being worked on: send the same again to get the answer.",
    )


def _stored(work: Work, brand_id: UUID, event_id: str, fingerprint: str) -> Answer | None:
    """What was answered under this id (brand, event id)."""
    event = journal.answered(work, brand_id, event_id)
    if event is None:
        return None
    if event.fingerprint != fingerprint:
        raise Refused(
            "idempotency_mismatch",
            f"The id {event_id} was used for something else: give a new event a new id.",
        )
    return Answer(event.answer, is_replayed=True)


def _refuse_irreversible(session: Session, original: Event) -> None:
    statement = select(Event.id).where(
        Event.brand_id == original.brand_id,
        Event.card_id == original.card_id,
        Event.reverses_event_id == original.id,
    )
    if session.exec(statement).first():
        raise Conflict(
            "already_reversed",
            f"Event {original.id} has been reversed already.",
            text=Text("Jo peruttu.", "Redan ångrad.", "Already undone."),
        )
    if original.name in ("reversed", "enrolled", "expired"):
        raise Conflict("not_reversible", f"A {original.name} event cannot be reversed.")


def _refuse_second_card(session: Session, programme: Programme, member_id: UUID) -> None:
    statement = select(Card.id).where(
        Card.programme_id == programme.id, Card.member_id == member_id
    )
    if existing := session.exec(statement).first():
        raise Conflict(
            "already_enrolled",
            f"This member has card {existing} in this programme already.",
            fields={"card": str(existing)},
        )


_REPORTED = tuple(each.name for each in fields(Report))


def _plain(origin: Origin, report: Report) -> dict[str, Any]:
    return {
        **{name: getattr(report, name) for name in _REPORTED},
        # A till says when by a clock that may be set right before it sends again.
        "at": report.at and origin.source != "till" and report.at.astimezone(UTC).isoformat(),
        "location": origin.location_id and str(origin.location_id),
    }


def _fingerprint(operation: str, body: dict[str, Any]) -> str:
    """What is empty does not count: a field added later must not change what was sent before."""
    given = {name: value for name, value in body.items() if value}
    canonical = json.dumps([operation, given], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
