"""Calls to Google and what it calls back as notes for the timelines of cards.

Neither names of people nor anything that opens a card is noted; of a body only which parts of it
were sent, in words of ours.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from server import metrics
from server.services import Services
from server.tracing import Note

TAKEN = "taken"

# Why a change asked no phone to speak: it was none that may; nobody has the card in a wallet;
# nothing grew; the updates of this day that may speak are used up; Google wants no more of them for
# a day; it is night and nobody waits; the operator wants none.
Silence = Literal["not_asked", "not_saved", "no_increase", "budget", "hushed", "quiet_hours", "off"]

_EVENTS = {"save": "saved", "del": "deleted"}
_OTHER = "other"
_PARTS = {
    "loyaltyPoints": "points",
    "secondaryLoyaltyPoints": "second_points",
    "state": "state",
    "heroImage": "picture",
    "textModulesData": "texts",
    "linksModuleData": "links",
    "valueAddedModuleData": "extras",
    "barcode": "code",
    "rotatingBarcode": "code",
    "accountName": "holder",
    "accountId": "holder",
    "linkedOfferIds": "reward",
    "merchantLocations": "places",
    "appLinkData": "app",
    "messages": "messages",
    "validTimeInterval": "validity",
}


class Told(NamedTuple):
    """A call to Google about one card, with its answer.

    `call` is insert, patch or get, alone or after `class_`, `offer_` or `offer_class_`, or message,
    message_get, message_prune. `status` is
    the answer's, 0 when none came. `verdict` is TAKEN, or what `googlewallet.Verdict` made of the
    error, with Google's own `reason`. `due_at` is when the change was due.
    `is_notified`: it asked the phone to speak; otherwise `silence` says why not. `changed` are the
    fields that were sent, as Google calls them: none of a whole body.
    """

    at: datetime
    serial_number: str
    call: str
    status: int
    due_at: datetime
    verdict: str = TAKEN
    reason: str = ""
    is_notified: bool = False
    silence: Silence | None = None
    changed: Iterable[str] = ()


def note_told(services: Services, told: Told) -> None:
    """What Google was told of the card with this serial number, and what it answered."""
    metrics.GOOGLE_CALLS.labels(told.call, told.verdict).inc()
    data = {
        "call": told.call,
        "verdict": str(told.verdict),
        "reason": told.reason,
        "notified": told.is_notified,
        "silence": told.silence,
        "seconds": round(max(0.0, (told.at - told.due_at).total_seconds()), 3),
        "changed": parts(told.changed),
    }
    services.tracer.note(
        Note(told.at, "told", told.serial_number, status=told.status, data=data, is_known=True)
    )


def parts(fields: Iterable[str]) -> list[str]:
    """Our words for fields of an object, each once."""
    return sorted({_PARTS.get(name, _OTHER) for name in fields})


def note_callback(
    services: Services, serial_number: str, event: Literal["save", "del"], *, at: datetime
) -> None:
    """A holder put the card into Google Wallet or took it out, as a verified callback says."""
    services.tracer.note(Note(at, _EVENTS[event], serial_number, status=200, is_known=True))
