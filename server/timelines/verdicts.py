"""Why a card on a phone is, or is not, what it should be: told from what was seen.

Pure: the facts come from `timeline`, the words from `verdict_words`. Phones say little, so a
verdict is the most likely reading; each comes with what to do next.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.face import Text
from server.timelines.verdict_words import COMPLAINTS, WORDS

OK, WAIT, WARN, FAIL = "ok", "wait", "warn", "fail"

_LEVELS = {
    "up_to_date": OK,
    "removed": OK,
    "nobody": WAIT,
    "push_soon": WAIT,
    "waiting": WAIT,
    "fetching": WAIT,
    "too_many": WAIT,
    "no_trace": WAIT,
    "updates_off": WARN,
    "not_added": WARN,
    "phone_gone": WARN,
    "silent": WARN,
    "throttled": WARN,
    "never_asks": WARN,
    "push_off": FAIL,
    "worker_stopped": FAIL,
    "certificate": FAIL,
    "push_down": FAIL,
    "push_refused": FAIL,
    "token_refused": FAIL,
    "asks_unregistered": FAIL,
    "wrong_token": FAIL,
    "service_failed": FAIL,
    "complains": FAIL,
    "not_listed": FAIL,
    "not_fetched": FAIL,
}
CODES = tuple(_LEVELS)
_WEIGHT = {OK: 0, WAIT: 1, WARN: 2, FAIL: 3}

_WORKER_IS_LATE = timedelta(seconds=60)
_FETCH_IS_LATE = timedelta(seconds=60)
_PHONE_IS_LATE = timedelta(minutes=15)
_ADDING = timedelta(minutes=15)  # from the link to the registration
_HOUR = timedelta(hours=1)
_MANY_PUSHES = 15  # within the hour: phones are known to stop answering


@dataclass(frozen=True, slots=True)
class Push:
    """One answer of the push service. `verdict` is passkit's word for it, `status` 0 for none."""

    at: datetime
    verdict: str
    status: int
    reason: str


@dataclass(slots=True)
class PhoneFacts:
    """What is known of one phone and the card; moments are the latest of their kind."""

    key: str
    name: str
    is_registered: bool = False
    registered_at: datetime | None = None
    left_at: datetime | None = None
    due_at: datetime | None = None
    push: Push | None = None
    accepted: list[datetime] = field(default_factory=list)
    asked_at: datetime | None = None
    asked_since: int | None = None
    listed_at: datetime | None = None
    fetched_at: datetime | None = None
    holds: int | None = None
    refused_at: datetime | None = None
    failed_at: datetime | None = None
    complained_at: datetime | None = None
    complaint: str = "other"


@dataclass(slots=True)
class CardFacts:
    """The pass as it is now, and what no phone put its name to.

    `changed_at` is when this version was made, `modified` its second as phones know it, `tag` its
    place in the order of changes. `last_push` is the latest answer that anybody's push had.
    """

    changed_at: datetime
    modified: int
    tag: int
    version: int = 1
    downloaded_at: datetime | None = None
    downloaded: int | None = None
    refused_at: datetime | None = None
    strayed_at: datetime | None = None
    last_push: Push | None = None
    is_push_off: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is stable, `level` is ok, wait, warn or fail; `do` is empty when all is well."""

    code: str
    level: str
    says: Text
    do: Text
    since: datetime | None = None
    phone: str | None = None


def of_phone(phone: PhoneFacts, card: CardFacts, *, at: datetime) -> Verdict:
    """How it stands with one phone at `at`."""
    if not phone.is_registered:
        code, since = _of_gone(phone, card)
    elif _is_current(phone, card):
        code, since = "up_to_date", _latest(phone.fetched_at, phone.registered_at)
    elif phone.due_at is not None:
        code, since = _of_owed(phone, card, phone.due_at, at)
    else:
        code, since = _of_told(phone, card, at)
    return _verdict(code, since, phone)


def of_card(
    phones: Iterable[tuple[PhoneFacts, Verdict]],
    card: CardFacts,
    google: Verdict | None = None,
    *,
    is_in_google: bool = False,
) -> Verdict:
    """The verdict of the phone that most needs looking at; of those that left, the last one's.

    `google` is that on Google Wallet. While the card is not in it, it counts when something is to
    be mended, and when no phone holds the card or was seen after it.
    """
    pairs = list(phones)
    here = [verdict for phone, verdict in pairs if phone.is_registered]
    if google and (is_in_google or google.level == FAIL):
        here.append(google)
    if here:
        return max(here, key=lambda verdict: _WEIGHT[verdict.level])
    others = [card.refused_at, card.downloaded_at, *(_seen_at(phone) for phone, _ in pairs)]
    if google and not any(_is_after(moment, google.since) for moment in others):
        return google
    if gone := [(phone, verdict) for phone, verdict in pairs if _seen_at(phone)]:
        return max(gone, key=lambda pair: _seen_at(pair[0]) or card.changed_at)[1]
    if card.refused_at:
        return _verdict("wrong_token", card.refused_at, None)
    if card.downloaded_at:
        return _verdict("not_added", card.downloaded_at, None)
    return _verdict("nobody", None, None)


def _is_current(phone: PhoneFacts, card: CardFacts) -> bool:
    """It fetched this very version, asked with a tag that covers it, or was added with it."""
    if phone.holds == card.modified:
        return True
    if phone.asked_since is not None and phone.asked_since >= card.tag:
        return True
    registered = phone.registered_at
    if registered is None or registered < card.changed_at:
        return False
    is_first = card.version == 1
    is_fresh = card.downloaded == card.modified and _is_within(card.downloaded_at, registered)
    return (is_first or is_fresh) and not _is_after(phone.refused_at, registered)


def _is_within(downloaded_at: datetime | None, registered_at: datetime) -> bool:
    return downloaded_at is not None and registered_at - downloaded_at <= _ADDING


def _of_gone(phone: PhoneFacts, card: CardFacts) -> tuple[str, datetime | None]:
    push = phone.push
    is_dead = push is not None and push.verdict == "token_dead"
    if push is None or not is_dead or _is_after(phone.left_at, push.at):
        if _is_after(card.strayed_at, phone.left_at):
            return "updates_off", phone.left_at
        if phone.registered_at is None and phone.refused_at:
            return "wrong_token", phone.refused_at
        return "removed", phone.left_at
    if _is_after(phone.asked_at, push.at):
        return "asks_unregistered", push.at
    return ("phone_gone" if push.status == 410 else "token_refused"), push.at


def _of_owed(
    phone: PhoneFacts, card: CardFacts, due_at: datetime, at: datetime
) -> tuple[str, datetime | None]:
    if card.is_push_off:
        return "push_off", None
    own = phone.push if phone.push and phone.push.at >= card.changed_at else None
    if found := _of_trouble(own) or _of_everybodys(card.last_push, card):
        return found
    if at - due_at > _WORKER_IS_LATE:
        return "worker_stopped", due_at
    return "push_soon", due_at


def _of_trouble(push: Push | None) -> tuple[str, datetime | None] | None:
    """What the answer to this phone's own push says about why it is still owed."""
    if push is None or push.verdict == "accepted":
        return None
    if push.verdict == "halt":
        return "certificate", push.at
    if push.verdict == "wait":
        return "too_many", push.at
    if push.verdict == "retry" and push.status < 500 and push.status != 0:
        return "token_refused", push.at
    return "push_down", push.at


def _of_everybodys(push: Push | None, card: CardFacts) -> tuple[str, datetime | None] | None:
    """What stops all pushes was told to whichever phone came first."""
    if push is None or push.verdict not in ("halt", "retry") or push.at < card.changed_at:
        return None
    return _of_trouble(push) if push.verdict == "halt" or push.status == 0 else None


def _of_told(phone: PhoneFacts, card: CardFacts, at: datetime) -> tuple[str, datetime | None]:
    """Nothing is owed any more: what the phone made of it."""
    changed = card.changed_at
    if phone.push and phone.push.verdict == "drop" and phone.push.at >= changed:
        return "push_refused", phone.push.at
    for moment, code in (
        (phone.refused_at, "wrong_token"),
        (phone.failed_at, "service_failed"),
        (phone.complained_at, "complains"),
    ):
        if _is_after(moment, _latest(changed, phone.asked_at)):
            return code, moment
    if _is_after(phone.listed_at, changed):
        is_late = at - (phone.listed_at or at) > _FETCH_IS_LATE
        return ("not_fetched" if is_late else "fetching"), phone.listed_at
    if _is_after(phone.asked_at, changed):
        return "not_listed", phone.asked_at
    return _of_silent(phone, card, at)


def _of_silent(phone: PhoneFacts, card: CardFacts, at: datetime) -> tuple[str, datetime | None]:
    told = [moment for moment in phone.accepted if moment >= card.changed_at]
    if not told:
        is_new = phone.registered_at is not None and at - phone.registered_at <= _PHONE_IS_LATE
        return ("waiting" if is_new else "no_trace"), phone.registered_at
    unanswered = [moment for moment in phone.accepted if _is_after(moment, phone.asked_at)]
    first = min(unanswered, default=min(told))  # it may have been silent before this change
    if at - first <= _PHONE_IS_LATE:
        return "waiting", first
    if sum(moment >= max(unanswered) - _HOUR for moment in unanswered) >= _MANY_PUSHES:
        return "throttled", first
    return ("silent" if phone.asked_at else "never_asks"), first


def _verdict(code: str, since: datetime | None, phone: PhoneFacts | None) -> Verdict:
    says, do = WORDS[code]
    if code == "complains" and phone:
        cause, do = COMPLAINTS[phone.complaint]
        says = says.replaced("{cause}", cause)
    return Verdict(code, _LEVELS[code], says, do, since, phone.name if phone else None)


def _seen_at(phone: PhoneFacts) -> datetime | None:
    return _latest(phone.left_at, phone.registered_at, phone.push.at if phone.push else None)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _is_after(moment: datetime | None, other: datetime | None) -> bool:
    """Whether it happened at or after `other`; what never happened is before everything."""
    return moment is not None and (other is None or moment >= other)
