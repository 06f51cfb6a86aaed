"""Whether a change may make the phone speak. Google Wallet, Update notifications: three times in 24
hours for each pass, when a balance has changed; a phone that speaks for nothing is soon muted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.google_rows import Held
from server.wallets.google.trace import Silence

DAY = timedelta(hours=24)

_POINTS = ("loyaltyPoints", "secondaryLoyaltyPoints")
_NIGHT_BEGINS, _NIGHT_ENDS = 21, 8


def silence(
    held: Held,
    wanted: Mapping[str, Any],
    changed: Mapping[str, Any],
    *,
    at: datetime,
    per_day: int,
    night_in: ZoneInfo | None,
) -> Silence | None:
    """Why the phone is not to speak of what has `changed`; None when it may.

    `night_in` is where it may be night; None when somebody waits for the change.
    """
    if not any(points in changed for points in _POINTS):
        return "not_asked"  # Google speaks of nothing else
    if per_day == 0:
        return "off"
    if not held.has_users:
        return "not_saved"
    if not _is_more(held.sent or {}, wanted, is_awaited=night_in is None):
        return "no_increase"
    if held.hushed_until is not None and at < held.hushed_until:
        return "hushed"
    if len(recent(held.notified_at, at)) >= per_day:
        return "budget"
    return "quiet_hours" if night_in is not None and _is_night(at, night_in) else None


def recent(notified_at: tuple[int, ...], at: datetime) -> tuple[int, ...]:
    """Those of the last 24 hours."""
    since = (at - DAY).timestamp()
    return tuple(second for second in notified_at if second > since)


def _is_more(sent: Mapping[str, Any], wanted: Mapping[str, Any], *, is_awaited: bool) -> bool:
    """Whether something has grown, or a reward waits that did not before.

    Which of two words is more nobody can tell from them; but what somebody has just done never
    lowers a tier, as time alone may.
    """
    if wanted.get("linkedOfferIds") and not sent.get("linkedOfferIds"):
        return True
    for points in _POINTS:
        was, becomes = _balance(sent, points), _balance(wanted, points)
        if not isinstance(was, str) and not isinstance(becomes, str):
            if becomes > was:
                return True
        elif is_awaited and becomes not in (was, "", 0):
            return True
    return False


def _balance(body: Mapping[str, Any], points: str) -> int | float | str:
    """Both forms of a number are compared alike; nothing counts as 0."""
    balance = (body.get(points) or {}).get("balance") or {}
    if "money" in balance:
        return int(balance["money"].get("micros", 0))
    for form in ("int", "double"):
        if form in balance:
            number: int | float = balance[form]
            return number
    return str(balance.get("string", "")) if "string" in balance else 0


def _is_night(at: datetime, zone: ZoneInfo) -> bool:
    hour = at.astimezone(zone).hour
    return hour >= _NIGHT_BEGINS or hour < _NIGHT_ENDS
