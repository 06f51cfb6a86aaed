"""A card's way to its phones: every step with its time, and what is to be made of it.

Phones that hold the card in Apple Wallet ask us themselves; for those that hold it in Google Wallet
Google is told.

Apple's fetch does not say which phone it comes from. Where several hold the card, it is put down
to the one that asked and was told of the change, by the likeness of its caller and by turn: such
steps are marked as inferred.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from string import ascii_uppercase
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlmodel import Session, col, select

from server import history
from server.cards import Shown
from server.models import (
    Delivery,
    Device,
    Event,
    GoogleClass,
    GoogleIssuer,
    GoogleObject,
    Pass,
    Registration,
    Trace,
)
from server.services import Services
from server.timelines import verdicts
from server.timelines.google_verdicts import Call, GoogleFacts, of_google
from server.timelines.verdicts import CardFacts, PhoneFacts, Push, Verdict
from server.traces import device_key, second

Compare = Callable[[UUID, Mapping[str, Any]], list[str]]

_CONTEXT = 200  # older rows that tell what those of a page mean
_WINDOW = 400  # rows that a verdict is made of
_MOST_PHONES = 100  # of those that came and went
_LOOKED_AT = 20_000  # for the latest of anybody


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the card that differs from the version before: its label or its value.

    `old` and `new` are words in every language, None where there was or is no such line. A text
    too long to be kept is `#` and a sum of it.
    """

    key: str
    part: str
    old: list[str] | None
    new: list[str] | None


@dataclass(slots=True)
class Step:
    """One line of a timeline. `phone` is its name, and `is_inferred` whether that is a guess.

    `after_seconds` is the time since the change before it; `note` holds what else is known.
    """

    at: datetime
    what: str
    key: str
    phone: str | None = None
    is_inferred: bool = False
    after_seconds: float | None = None
    version: int | None = None
    status: int | None = None
    reason: str | None = None
    note: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of steps, newest first, how it stands with the card, with each of its phones, and
    with Google, if it was asked for there."""

    steps: list[Step]
    verdict: Verdict
    phones: list[tuple[PhoneFacts, Verdict]]
    next: str | None
    google: tuple[GoogleFacts, Verdict] | None = None


def read(
    services: Services,
    shown: Shown,
    *,
    limit: int,
    cursor: str | None = None,
    is_push_off: bool = False,
    differing: Compare | None = None,
) -> Timeline:
    """The timeline of the card as `shown`: up to `limit` steps, those before `cursor`.

    `differing` names the parts in which a card and what Google was sent of it differ.

    Raises:
        Refused: `cursor_invalid`.
    """
    before = None if cursor is None else history.place_of(cursor)
    at, pass_ = services.now(), shown.pass_
    with services.database.reading() as session:
        phones = _phones(session, services.settings.secret_key, pass_)
        card = _card(session, pass_, is_push_off=is_push_off)
        google = _google(session, shown, services.settings.google_issuer_id)
        newest = _Walk(pass_, phones, card, google)
        rows = _rows(session, pass_, phones, limit=max(_WINDOW, limit + _CONTEXT))
        newest.over(rows)
        steps = newest.steps
        if before is not None:
            older = _Walk(pass_, [_blank(phone) for phone in phones], _blank_card(card))
            rows = _rows(session, pass_, phones, limit=limit + _CONTEXT, until=before[0])
            older.over(rows)
            steps = older.steps
        events = _events(session, shown, limit=limit + _CONTEXT, until=before and before[0])
    steps = sorted([*steps, *events], key=_place, reverse=True)
    if before is not None:
        steps = [step for step in steps if _place(step) < before]
    judged = [(phone, verdicts.of_phone(phone, card, at=at)) for phone in phones]
    if google and google.sent and differing:
        google.differs = differing(shown.card.id, google.sent)
    there = (google, of_google(google, at=at)) if google else None
    verdict = verdicts.of_card(
        judged, card, there[1] if there else None, is_in_google=bool(google and google.is_in_wallet)
    )
    following = history.cursor_of(_place(steps[limit - 1])) if len(steps) > limit else None
    return Timeline(steps[:limit], verdict, judged, following, there)


class _Walk:
    """Goes over rows from old to new, and gathers steps and facts."""

    def __init__(
        self,
        pass_: Pass,
        phones: list[PhoneFacts],
        card: CardFacts,
        google: GoogleFacts | None = None,
    ) -> None:
        self.steps: list[Step] = []
        self._serial_number = pass_.serial_number
        self._card = card
        self._google = google or GoogleFacts(card.changed_at, 0, 0)  # a row may be gone, notes not
        self._phones = {phone.key: phone for phone in phones}
        self._holders = {phone.key for phone in phones if phone.is_registered}
        self._named: dict[str, datetime] = {}  # named this card and not fetched since, in turn
        self._callers: dict[str, str | None] = {}
        self._versions = {second(pass_.modified_at): pass_.version}
        self._lines: dict[str, list[Any]] | None = None
        self._changed_at: datetime | None = None

    def over(self, rows: Iterable[Trace]) -> None:
        """Take in `rows`, newest first."""
        rows = list(rows)
        self._holders -= {
            row.device or "" for row in rows if row.what == "registered" and row.data["is_new"]
        }
        for row in reversed(rows):
            step = Step(row.at, row.what, _key(row), status=row.status)
            phone = self._phones.get(row.device or "")
            if phone:
                step.phone = phone.name
                self._callers[phone.key] = row.caller or self._callers.get(phone.key)
            getattr(self, f"_{row.what}")(row, step, phone)
            if row.what != "changed" and self._changed_at:
                step.after_seconds = (row.at - self._changed_at).total_seconds()
            self.steps.append(step)

    def _changed(self, row: Trace, step: Step, _phone: PhoneFacts | None) -> None:
        data = row.data
        self._changed_at = row.at
        self._versions[data["modified"]] = step.version = data["version"]
        if data["modified"] == self._card.modified:
            self._card.changed_at = row.at
        if self._lines is not None:
            step.changes = _differences(self._lines, data["lines"])
        self._lines = data["lines"]

    def _registered(self, row: Trace, step: Step, phone: PhoneFacts | None) -> None:
        step.note = {"is_new": row.data.get("is_new", False)}
        if phone:
            phone.registered_at = row.at
            self._holders.add(phone.key)

    def _unregistered(self, row: Trace, _step: Step, phone: PhoneFacts | None) -> None:
        if phone:
            phone.left_at = row.at
            self._holders.discard(phone.key)

    def _pushed(self, row: Trace, step: Step, phone: PhoneFacts | None) -> None:
        verdict = row.data["verdict"]
        step.reason = row.data["reason"] or None
        step.note = {"verdict": verdict}
        if phone:
            phone.push = _push(row)
            if verdict == "accepted":
                phone.accepted.append(row.at)

    def _asked(self, row: Trace, step: Step, phone: PhoneFacts | None) -> None:
        is_listed = self._serial_number in row.data["serials"]
        step.note = {"is_listed": is_listed}
        if not phone:
            return
        phone.asked_at, phone.asked_since = row.at, row.data["since"]
        if is_listed:
            phone.asked_since = None  # whatever the tag said, it did not cover this card
            step.what, phone.listed_at = "listed", row.at
            self._named.setdefault(phone.key, row.at)

    def _fetched(self, row: Trace, step: Step, _phone: PhoneFacts | None) -> None:
        step.version = self._versions.get(row.data["modified"] or 0)
        if phone := self._infer(row, step):
            phone.fetched_at, phone.holds = row.at, row.data["modified"]
            self._named.pop(phone.key, None)
        elif not self._holders:
            self._card.strayed_at = row.at

    _unchanged = _fetched

    def _looked(self, row: Trace, step: Step, _phone: PhoneFacts | None) -> None:
        step.version = self._versions.get(row.data["modified"] or 0)
        self._infer(row, step)

    def _refused(self, row: Trace, step: Step, phone: PhoneFacts | None) -> None:
        step.reason = row.data["call"]
        if phone := phone or self._infer(row, step):
            phone.refused_at = row.at
        else:
            self._card.refused_at = row.at

    def _failed(self, row: Trace, step: Step, phone: PhoneFacts | None) -> None:
        step.reason = row.data["call"]
        if phone := phone or self._infer(row, step):
            phone.failed_at = row.at

    def _complained(self, row: Trace, step: Step, phone: PhoneFacts | None) -> None:
        step.reason, step.note = row.data["kind"], {"text": row.data["text"]}
        if phone := phone or self._infer(row, step):
            phone.complained_at, phone.complaint = row.at, row.data["kind"]

    def _downloaded(self, row: Trace, step: Step, _phone: PhoneFacts | None) -> None:
        step.version = self._versions.get(row.data["modified"])
        self._card.downloaded_at, self._card.downloaded = row.at, row.data["modified"]

    def _told(self, row: Trace, step: Step, _phone: PhoneFacts | None) -> None:
        data = row.data
        step.reason = data["reason"] or None
        step.note = {name: value for name, value in data.items() if name != "reason"}
        call = _call(row)
        self._google.call = call
        if call.is_change:
            self._google.change = call

    def _saved(self, row: Trace, _step: Step, _phone: PhoneFacts | None) -> None:
        self._google.saved_at = row.at

    def _deleted(self, row: Trace, _step: Step, _phone: PhoneFacts | None) -> None:
        self._google.left_at = row.at

    def _infer(self, row: Trace, step: Step) -> PhoneFacts | None:
        """Which phone a call without its name comes from."""
        told = [key for key in self._named if key in self._holders]
        alike = [key for key in told or sorted(self._holders) if self._is_alike(key, row)]
        keys = alike if told or len(alike) == 1 else []
        if len(self._holders) == 1:
            keys = list(self._holders)
        if not keys:
            return None
        phone = self._phones[keys[0]]
        step.phone, step.is_inferred = phone.name, len(self._holders) > 1
        return phone

    def _is_alike(self, key: str, row: Trace) -> bool:
        known = self._callers.get(key)
        return known is None or row.caller is None or known == row.caller


def _phones(session: Session, secret_key: str, pass_: Pass) -> list[PhoneFacts]:
    """Those that hold the card and those that did, named in the order in which they came."""
    came = func.min(Trace.at)
    seen = select(Trace.device, came).where(
        Trace.serial_number == pass_.serial_number,
        col(Trace.device).is_not(None),
        col(Trace.what).in_(("registered", "unregistered", "refused")),
    )
    seen = seen.group_by(col(Trace.device)).order_by(came).limit(_MOST_PHONES)
    first = {key: at for key, at in session.exec(seen).all() if key}
    registered = (
        select(Device, Registration, Delivery)
        .join(Registration, col(Registration.device_id) == col(Device.id))
        .outerjoin(Delivery, col(Delivery.device_id) == col(Device.id))
        .where(Registration.pass_id == pass_.id)
    )
    here = {}
    for device, registration, delivery in session.exec(registered).all():
        key = device_key(secret_key, device.pass_type_identifier, device.library_identifier)
        due_at = delivery.due_at if delivery else None
        here[key] = (registration.created_at, due_at, delivery.sent_at if delivery else None)
        first[key] = min(first.get(key, registration.created_at), registration.created_at)
    phones = []
    for name, key in zip(_names(), sorted(first, key=lambda key: (first[key], key)), strict=False):
        phone = PhoneFacts(key=key, name=f"Phone {name}", is_registered=key in here)
        if phone.is_registered:
            phone.registered_at, phone.due_at, sent_at = here[key]
            phone.accepted = [sent_at] if sent_at else []
        phones.append(phone)
    return phones


def _names() -> Iterable[str]:
    yield from ascii_uppercase
    yield from ("".join(letters) for letters in product(ascii_uppercase, repeat=2))


def _card(session: Session, pass_: Pass, *, is_push_off: bool) -> CardFacts:
    row = _latest(session, "pushed")
    return CardFacts(
        changed_at=pass_.modified_at,
        modified=second(pass_.modified_at),
        tag=pass_.change_tag,
        version=pass_.version,
        last_push=_push(row) if row else None,
        is_push_off=is_push_off,
    )


def _latest(session: Session, what: str) -> Trace | None:
    """The latest of its kind, of whichever card."""
    newest = session.exec(select(func.max(Trace.id))).one() or 0
    statement = select(Trace).where(col(Trace.id) > newest - _LOOKED_AT, Trace.what == what)
    return session.exec(statement.order_by(col(Trace.id).desc()).limit(1)).first()


def _push(row: Trace) -> Push:
    return Push(row.at, row.data["verdict"], row.status or 0, row.data["reason"])


def _call(row: Trace) -> Call:
    data = row.data
    return Call(
        at=row.at,
        call=data["call"],
        verdict=data["verdict"],
        status=row.status or 0,
        reason=data["reason"],
        is_notified=data["notified"],
        silence=data["silence"],
    )


def _google(session: Session, shown: Shown, issuer_id: str | None) -> GoogleFacts | None:
    """How far Google is with the card; None when nobody asked for it there."""
    statement = (
        select(GoogleObject, GoogleClass, GoogleIssuer)
        .join(GoogleClass, col(GoogleClass.id) == col(GoogleObject.class_id))
        .join(GoogleIssuer, col(GoogleIssuer.issuer_id) == col(GoogleObject.issuer_id))
        .where(GoogleObject.card_id == shown.card.id)
    )
    found = session.exec(statement).first()
    if found is None:
        return None
    row, class_, issuer = found
    last = _latest(session, "told")
    return GoogleFacts(
        changed_at=shown.pass_.modified_at,
        owed_version=row.owed_version,
        sent_version=row.sent_version,
        is_off=row.issuer_id != issuer_id,
        sent=row.sent,
        sent_at=row.sent_at,
        due_at=row.due_at,
        attempts=row.attempts,
        error=row.error,
        class_error=class_.error,
        pause_reason=issuer.pause_reason,
        has_users=row.has_users,
        notified_at=[datetime.fromtimestamp(second, UTC) for second in row.notified_at],
        hushed_until=row.hushed_until,
        last_call=_call(last) if last else None,
    )


def _rows(
    session: Session,
    pass_: Pass,
    phones: Iterable[PhoneFacts],
    *,
    limit: int,
    until: datetime | None = None,
) -> list[Trace]:
    """What was noted of the pass, and of its phones while they held it; newest first."""
    serial_number = col(Trace.serial_number)
    its_own: list[ColumnElement[bool]] = [serial_number == pass_.serial_number]
    for phone in phones:
        is_its = and_(col(Trace.device) == phone.key, serial_number.is_(None))
        its_own.append(and_(is_its, *_while_held(session, pass_, phone)))
    statement = select(Trace).where(or_(*its_own))
    if until is not None:
        statement = statement.where(col(Trace.at) <= until)
    newest_first = statement.order_by(col(Trace.at).desc(), col(Trace.id).desc())
    return list(session.exec(newest_first.limit(limit)).all())


def _while_held(
    session: Session, pass_: Pass, phone: PhoneFacts
) -> tuple[ColumnElement[bool], ...]:
    """From its first registration to its last goodbye: what it did for other cards is not ours."""
    moments = select(Trace.what, func.min(Trace.at), func.max(Trace.at)).where(
        Trace.serial_number == pass_.serial_number,
        Trace.device == phone.key,
        col(Trace.what).in_(("registered", "unregistered")),
    )
    found = {
        what: (first, last)
        for what, first, last in session.exec(moments.group_by(col(Trace.what))).all()
    }
    limits: list[ColumnElement[bool]] = []
    if "registered" in found:
        limits.append(col(Trace.at) >= found["registered"][0])
    elif not phone.is_registered:
        limits.append(false())
    if "unregistered" in found and not phone.is_registered:
        limits.append(col(Trace.at) <= found["unregistered"][1])
    return tuple(limits)


def _events(session: Session, shown: Shown, *, limit: int, until: datetime | None) -> list[Step]:
    statement = select(Event).where(Event.card_id == shown.card.id)
    if until is not None:
        statement = statement.where(col(Event.recorded_at) <= until)
    newest_first = statement.order_by(col(Event.recorded_at).desc(), col(Event.id).desc())
    return [
        Step(
            event.recorded_at,
            "event",
            f"0:{event.id}",
            note={"id": event.id, "name": event.name, "source": event.source},
        )
        for event in session.exec(newest_first.limit(limit)).all()
    ]


def _differences(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> list[Change]:
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        before, after = old.get(key, [None, None]), new.get(key, [None, None])
        found += [
            Change(key, part, _texts(was), _texts(now))
            for part, was, now in zip(("label", "value"), before, after, strict=True)
            if was != now and (part == "value" or (key in old and key in new))
        ]
    return found


def _texts(stored: Any) -> list[str] | None:
    """What was kept of a text, in fi, sv and en."""
    return [stored] * 3 if isinstance(stored, str) else stored


def _key(row: Trace) -> str:
    """Where a step stands among those of one moment: the event first, then what it changed."""
    return f"{1 if row.what == 'changed' else 2}:{row.id:020d}"


def _place(step: Step) -> history.Place:
    return step.at, step.key


def _blank(phone: PhoneFacts) -> PhoneFacts:
    return PhoneFacts(phone.key, phone.name, is_registered=phone.is_registered)


def _blank_card(card: CardFacts) -> CardFacts:
    return CardFacts(card.changed_at, card.modified, card.tag)
