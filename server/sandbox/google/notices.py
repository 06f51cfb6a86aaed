"""What Google would tell the phones of a change, and why it stays silent otherwise.

A phone speaks when a field of Google's list changed, the request asked for it, somebody has the
card, and the card has not spoken too often (Google Wallet, Trigger push notifications).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from googlewallet.client import Kind
from server.sandbox.errors import CallRefused

_WINDOW = timedelta(hours=24)
_KEPT = 20_000
_MISSING = object()
_ALLOWED = {
    Kind.LOYALTY_CLASS: ("programName", "rewardsTier", "secondaryRewardsTier"),
    Kind.LOYALTY_OBJECT: ("loyaltyPoints.balance", "secondaryLoyaltyPoints.balance"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a class or an object, and what the phones make of it.

    `fields` are the places that changed, dotted, two levels deep, with what they were and are in
    `before` and `after` (None: nothing). `account_ids` are those who have the card. `why_silent`
    is empty when their phones speak.
    """

    number: int
    at: datetime
    call: str
    kind: Kind
    id: str
    fields: tuple[str, ...]
    before: dict[str, Any]
    after: dict[str, Any]
    account_ids: tuple[str, ...]
    object_ids: tuple[str, ...]
    header: str
    text: str
    why_silent: str

    @property
    def is_shown(self) -> bool:
        """Whether phones show a notification."""
        return not self.why_silent


class Notices:
    """The log of changes, the newest last, and the budget of notifications of each card.

    Not locked: whoever changes a body holds the store's lock.
    """

    def __init__(self, spoken: Iterable[tuple[str, datetime]] = ()) -> None:
        """`spoken` is what was spent before, the oldest first."""
        self.per_day = 3
        self.changes: deque[Change] = deque(maxlen=_KEPT)
        self.pushes: deque[Change] = deque(maxlen=_KEPT)
        self._number = 0
        self._spoken: dict[str, deque[datetime]] = {}
        for id, at in spoken:
            self._spoken.setdefault(id, deque()).append(at)

    def spend(self, kind: Kind, id: str, *, at: datetime) -> None:
        """Count one more; raise CallRefused, Google's quotaExceeded, when `id` has had too many."""
        if self._is_spent(id, at):
            noun = "class" if kind.is_class else "object"
            raise CallRefused(
                403,
                "quotaExceeded",
                f"The {noun} {id} has had its {self.per_day} notifications of 24 hours.",
            )
        self._spoken.setdefault(id, deque()).append(at)

    def is_speaking(
        self, kind: Kind, before: dict[str, Any], after: dict[str, Any], holders: Iterable[str]
    ) -> str:
        """Why an update that asks for a notification gets none; empty when it gets one."""
        if not any(_at(before, path) != _at(after, path) for path in _ALLOWED.get(kind, ())):
            return "no field of those that notify has changed"
        return "" if any(True for _ in holders) else "nobody has it"

    def note(self, **parts: Any) -> Change:
        """Add a change to the log."""
        self._number += 1
        change = Change(number=self._number, **parts)
        self.changes.append(change)
        if change.is_shown:
            self.pushes.append(change)
        return change

    def _is_spent(self, id: str, at: datetime) -> bool:
        spoken = self._spoken.get(id, deque())
        while spoken and spoken[0] <= at - _WINDOW:
            spoken.popleft()
        return len(spoken) >= self.per_day


def differences(
    before: dict[str, Any], after: dict[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]:
    """The places that differ, dotted, two levels deep, with what was there and what is."""
    places = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            names = sorted(old.keys() | new.keys())
            places += [f"{name}.{each}" for each in names if old.get(each) != new.get(each)]
        else:
            places.append(name)
    was = {path: _given(before, path) for path in places}
    return tuple(places), was, {path: _given(after, path) for path in places}


def _given(body: dict[str, Any], path: str) -> Any:
    value = _at(body, path)
    return None if value is _MISSING else value


def _at(body: dict[str, Any], path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value
