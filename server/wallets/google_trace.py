"""Calls to Google and what it calls back as notes for the timelines of cards.

Neither names of people nor anything that opens a card is noted; of a body only which parts changed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from server.services import Services
from server.tracing import Note

TAKEN = "taken"

# Why a change asked no phone to speak. None was asked for, or: nobody has the card in a wallet;
# nothing grew; the day's updates that may speak are used up; Google wants no more for a day; night,
# and nobody waits; the operator wants none.
Silence = Literal["not_asked", "not_saved", "no_increase", "budget", "hushed", "quiet_hours", "off"]

_EVENTS = {"save": "saved", "del": "deleted"}


class Told(NamedTuple):
    """A call to Google about one card, with its answer.

    `call` is insert, patch, get, class_insert, class_patch, offer_insert, offer_patch,
    offer_class_insert or offer_class_patch. `status` is the answer's, 0 when none came. `verdict`
    is TAKEN, or what `googlewallet.errors.Verdict` made of the error, with Google's own `reason`.
    `due_at` is when the change was due. `is_notified`: it asked the phone to speak; otherwise
    `silence` says why not. `changed` are the names of the fields that were sent, as Google calls
    them: none of a whole body.
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
    data = {
        "call": told.call,
        "verdict": str(told.verdict),
        "reason": told.reason,
        "notified": told.is_notified,
        "silence": told.silence,
        "seconds": round(max(0.0, (told.at - told.due_at).total_seconds()), 3),
        "changed": sorted(told.changed),
    }
    services.tracer.note(
        Note(told.at, "told", told.serial_number, status=told.status, data=data, is_known=True)
    )


def note_callback(
    services: Services, serial_number: str, event: Literal["save", "del"], *, at: datetime
) -> None:
    """A holder put the card into Google Wallet or took it out, as a verified callback says."""
    services.tracer.note(Note(at, _EVENTS[event], serial_number, status=200, is_known=True))
