"""Whether the card in Google Wallet is what it should be: told from what was seen.

Pure, as `verdicts` is for phones with the card in Apple Wallet. Here Google tells the phones: what
they show is what Google took last.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from server.face import Text
from server.timelines.google_verdict_words import SILENCES, WORDS
from server.timelines.verdicts import FAIL, OK, WAIT, WARN, Verdict

_LEVELS = {
    "google_in_step": OK,
    "google_removed": OK,
    "google_differs": WARN,
    "google_not_saved": WAIT,
    "google_soon": WAIT,
    "google_queued": WAIT,
    "google_slowed": WAIT,
    "google_down": FAIL,
    "google_paused": FAIL,
    "google_class": FAIL,
    "google_refused": FAIL,
    "google_worker_stopped": FAIL,
    "google_off": FAIL,
}
CODES = tuple(_LEVELS)

_DAY = timedelta(hours=24)
_WORKER_IS_LATE = timedelta(seconds=60)
_TOO_FAST = 429


@dataclass(frozen=True, slots=True)
class Call:
    """One call to Google with its answer; `verdict` is taken, or what was made of the error."""

    at: datetime
    call: str
    verdict: str
    status: int
    reason: str
    is_notified: bool = False
    silence: str | None = None

    @property
    def is_change(self) -> bool:
        """Whether it told Google what the card shows, and Google took it."""
        return self.verdict == "taken" and self.call in ("insert", "patch")


@dataclass(slots=True)
class GoogleFacts:
    """What is known of the card at Google; moments are the latest of their kind.

    `changed_at` is when the newest version was made. `has_users` is Google's last word on whether
    it is in a wallet. `call` is the last about this card, `change` the last that Google took, and
    `last_call` the last about any card. `differs` names the parts in which the card is another than
    Google has it. `class_error`: the programme was refused. While there is a `pause_reason` Google
    is told of no card.
    """

    changed_at: datetime
    owed_version: int
    sent_version: int
    is_off: bool = False
    sent: dict[str, Any] | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    attempts: int = 0
    error: str | None = None
    class_error: str | None = None
    pause_reason: str | None = None
    has_users: bool | None = None
    saved_at: datetime | None = None
    left_at: datetime | None = None
    notified_at: list[datetime] = field(default_factory=list)
    hushed_until: datetime | None = None
    call: Call | None = None
    change: Call | None = None
    differs: list[str] = field(default_factory=list)
    last_call: Call | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the wallet shows an older version than the newest."""
        return self.sent_version < self.owed_version

    @property
    def is_in_wallet(self) -> bool:
        """Whether somebody holds it: Google's word, or else the last that a callback said."""
        if self.has_users is not None:
            return self.has_users
        return self.saved_at is not None and (self.left_at is None or self.left_at < self.saved_at)

    def announced(self, at: datetime) -> list[datetime]:
        """When the phone was asked to speak within the 24 hours before `at`."""
        return [moment for moment in self.notified_at if moment > at - _DAY]


def of_google(facts: GoogleFacts, *, at: datetime) -> Verdict:
    """How it stands with the card in Google Wallet at `at`."""
    if facts.is_off:
        code, since = "google_off", None
    elif facts.is_behind:
        code, since = _of_behind(facts, at)
    elif facts.differs:
        code, since = "google_differs", facts.sent_at
    elif facts.is_in_wallet:
        code, since = "google_in_step", facts.sent_at
    elif facts.saved_at or facts.left_at:
        code, since = "google_removed", facts.left_at
    else:
        code, since = "google_not_saved", facts.sent_at
    says, do = WORDS[code]
    causes = {
        "google_refused": facts.error,
        "google_class": facts.class_error,
        "google_paused": facts.pause_reason,
        "google_differs": ", ".join(facts.differs).replace("_", " "),
    }
    cause = causes.get(code)
    return Verdict(
        code, _LEVELS[code], says.replaced("{cause}", Text.same(cause or "?")), do, since
    )


def spoken(facts: GoogleFacts) -> Text | None:
    """Whether the last change that Google took asked the phone to speak, and if not why; None
    when nothing was taken yet, or long ago."""
    change = facts.change
    if change is None:
        return None
    return SILENCES["spoke" if change.is_notified else change.silence or "not_asked"]


def _of_behind(facts: GoogleFacts, at: datetime) -> tuple[str, datetime | None]:
    """Google has not taken the newest version: who or what stands in the way."""
    if facts.pause_reason is not None:
        return _of_trouble(facts.last_call) or "google_paused", facts.changed_at
    if facts.class_error is not None:
        return "google_class", facts.changed_at
    if facts.due_at is None:
        return "google_refused", facts.call.at if facts.call else facts.changed_at
    if facts.attempts:
        return _of_trouble(facts.call) or "google_down", facts.changed_at
    if at - facts.due_at <= _WORKER_IS_LATE:
        return "google_soon", facts.due_at
    is_at_work = facts.last_call is not None and at - facts.last_call.at <= _WORKER_IS_LATE
    return ("google_queued" if is_at_work else "google_worker_stopped"), facts.due_at


def _of_trouble(call: Call | None) -> str | None:
    """What passes by itself, by the last answer; None when it was another."""
    if call is not None and call.status == _TOO_FAST:
        return "google_slowed"
    return "google_down" if call is not None and call.verdict in ("busy", "unreachable") else None
