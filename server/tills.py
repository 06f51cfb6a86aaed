"""What a till does: scan, stamp, redeem, undo. Each is an event; this room adds the hurry.

A plain scan does the usual at once. It asks first only when the card has something to use, so
that nobody stamps a card that came to be redeemed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server import cards, events, throttle
from server.errors import Forbidden, NotFound, TooMany
from server.face import Text
from server.models import Card, Programme, Staff
from server.services import Services
from server.staff import OpenTill

_UNDO_TIME = timedelta(minutes=5)
_LATE = timedelta(minutes=1)
_UNKNOWN_LIMIT, _UNKNOWN_SECONDS = 10, 60
_UNDOABLE = ("stamped", "redeemed", "visited", "purchased")

_CHOOSE = Text("Valitse kortti.", "Välj kort.", "Choose the card.")
_READY = Text("Palkinto odottaa", "En belöning väntar", "A reward is waiting")
_ANYWAY = Text("Leimaa silti", "Stämpla ändå", "Stamp anyway")


@dataclass(frozen=True, slots=True)
class Desk:
    """An open till with the person at it, and the language it speaks."""

    till: OpenTill
    person: Staff
    language: str

    @property
    def origin(self) -> events.Origin:
        """Where this desk's events come from."""
        return events.Origin(
            brand_id=self.till.brand.id,
            source="till",
            staff_id=self.person.id,
            till_id=self.till.till_id,
            location_id=self.till.location.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A code in front of the scanner. `action` is scan (the usual), stamp or redeem.

    `at` is when it was scanned by the till's own clock, for one that was sent later.
    """

    id: str
    code: str
    quantity: int = 1
    action: str = "scan"
    is_deliberate: bool = False
    card: str | None = None
    at: datetime | None = None


def scan(services: Services, desk: Desk, request: Scan) -> dict[str, Any]:
    """Do what the scan asks for, or ask back. The answer is what the till page shows.

    Raises:
        NotFound: `card_unknown`; the tenth stranger's code within a minute is `TooMany`.
        Refused, Conflict: the programme's rules refuse.
    """
    found = _find(services, desk, request)
    if len(found) > 1:
        return _ask_which(services, desk, found)
    with services.database.reading() as session:
        is_repeated = events.is_known(session, desk.till.brand.id, request.id)
        shown = cards.show_in(session, found[0], at=services.now())
        at_scan = cards.parts_of(session, found[0].programme_id)[0].kind.at_scan
    now = services.now()
    at = min(request.at or now, now)  # a till whose clock is fast has not seen the future
    is_late = now - at > _LATE  # the customer has gone: nobody could answer a question
    if request.action == "scan" and shown.face.actions and not (is_repeated or is_late):
        return _ask_what(desk, shown, at_scan[1])
    report = events.Report(
        id=request.id,
        card=str(found[0].id),
        name="redeemed" if request.action == "redeem" else at_scan[0],
        quantity=request.quantity,
        is_deliberate=request.is_deliberate,
        at=request.at and at,
    )
    answer = events.record(services, desk.origin, report).json()
    return _told(services, desk, answer)


def undo(services: Services, desk: Desk, *, event_id: str, reversal_id: str) -> dict[str, Any]:
    """Take back what was just done at this place.

    Raises:
        NotFound: no such event of this brand.
        Forbidden: `undo_too_late`; done elsewhere, or more than five minutes ago.
        Conflict: undone already, or its reward has been used.
    """
    with services.database.reading() as session:
        event = events.find(session, desk.till.brand.id, event_id)
        is_repeated = events.is_known(session, desk.till.brand.id, reversal_id)
    is_fresh = services.now() - event.recorded_at <= _UNDO_TIME
    is_ours = event.location_id == desk.till.location.id
    if not (is_fresh and is_ours) and not is_repeated:
        raise Forbidden(
            "undo_too_late",
            "A till undoes its own place's events, for five minutes; later the office can.",
            text=Text(
                "Peruminen onnistuu vain 5 minuutin ajan.",
                "Det går bara att ångra inom 5 minuter.",
                "Undo works for 5 minutes only.",
            ),
        )
    answer = events.reverse(
        services, desk.origin, event_id=event_id, reversal_id=reversal_id
    ).json()
    return _told(services, desk, answer)


def _find(services: Services, desk: Desk, request: Scan) -> Sequence[Card]:
    key = f"unknown:{desk.till.till_id}"
    _refuse_guessing(
        throttle.seconds_to_wait(services.database, key, limit=_UNKNOWN_LIMIT, at=services.now())
    )
    with services.database.reading() as session:
        code = request.card or request.code
        found = cards.candidates(session, desk.till.brand.id, code)
    if not found:
        _refuse_guessing(_count(services, key))
        raise NotFound("card_unknown", "No card of this brand.", text=cards.UNKNOWN)
    return found


def _count(services: Services, key: str) -> int:
    """A code that was found costs no row: only then is a scan as quick as it can be."""
    return throttle.count(
        services.database,
        key,
        limit=_UNKNOWN_LIMIT,
        window_seconds=_UNKNOWN_SECONDS,
        at=services.now(),
    )


def _refuse_guessing(wait: int) -> None:
    if wait:
        raise TooMany(
            "too_many_unknown",
            f"Too many unknown codes at this till: wait {wait} seconds.",
            text=Text(
                f"Liian monta tuntematonta koodia: odota {wait} s.",
                f"För många okända koder: vänta {wait} s.",
                f"Too many unknown codes: wait {wait} s.",
            ),
            fields={"retry_after": wait},
        )


def _told(services: Services, desk: Desk, answer: dict[str, Any]) -> dict[str, Any]:
    with services.database.reading() as session:
        shown = cards.show_in(session, _card(session, answer["card"]), at=services.now())
    notice = answer["notice"] or {"code": answer["name"], "level": "green", "text": {}}
    is_too_soon = notice["code"] == "too_soon"
    return {
        "event": answer["id"],
        "level": notice["level"],
        "code": notice["code"],
        "text": notice["text"].get(desk.language, ""),
        "card": _summary(shown, desk.language),
        "actions": [_action("stamp_anyway", _ANYWAY, desk)] if is_too_soon else [],
        "choices": [],
        "is_undoable": bool(answer["posted"]) and answer["name"] in _UNDOABLE,
    }


def _ask_what(desk: Desk, shown: cards.Shown, usual: Text) -> dict[str, Any]:
    use = shown.face.actions[0]
    return {
        "event": None,
        "level": "amber",
        "code": "reward_ready",
        "text": _READY.get(desk.language),
        "card": _summary(shown, desk.language),
        "actions": [_action("redeem", use.label, desk), _action("stamp", usual, desk)],
        "choices": [],
        "is_undoable": False,
    }


def _ask_which(services: Services, desk: Desk, found: Sequence[Card]) -> dict[str, Any]:
    with services.database.reading() as session:
        names = {c.id: session.get_one(Programme, c.programme_id).name for c in found}
    return {
        "event": None,
        "level": "amber",
        "code": "card_ambiguous",
        "text": _CHOOSE.get(desk.language),
        "card": None,
        "actions": [],
        "choices": [{"card": str(key), "label": name} for key, name in names.items()],
        "is_undoable": False,
    }


def _action(action: str, label: Text, desk: Desk) -> dict[str, str]:
    return {"action": action, "label": label.get(desk.language)}


def _summary(shown: cards.Shown, language: str) -> dict[str, Any]:
    face = shown.face.in_language(language)
    headline = shown.face.headline
    return {
        "id": str(shown.card.id),
        "name": shown.member.name.split()[0],
        "member_number": shown.member.member_number,
        "programme": shown.programme.name,
        "headline": headline.value.get(language) if headline else "",
        "progress": face["progress"],
        "rewards": shown.balances.get("reward", 0),
        "lines": face["lines"],
    }


def _card(session: Session, card_id: str) -> Card:
    return session.get_one(Card, UUID(card_id))
