"""What the timeline of a card gives, field by field."""

from datetime import datetime
from typing import Any, Literal

from server.web.api.schemas import Given, Texts


class TimelineVerdict(Given):
    """How it stands, in a stable `code` and in words, and what to do next.

    `level` is ok, wait (it will probably come right), warn (somebody else's doing) or fail (ours
    to mend). `do` is empty when there is nothing to do.
    """

    code: str
    level: Literal["ok", "wait", "warn", "fail"]
    text: Texts
    do: Texts
    since: datetime | None
    phone: str | None


class TimelinePhone(Given):
    """A phone that holds the card, or held it. `device` is the same for the same phone and says
    nothing about it."""

    name: str
    device: str
    is_registered: bool
    registered_at: datetime | None
    asked_at: datetime | None
    fetched_at: datetime | None
    verdict: TimelineVerdict


class TimelineGoogleLine(Given):
    """A balance as Google Wallet shows it."""

    label: Texts
    value: str


class TimelineGoogle(Given):
    """The card at Google, which keeps the phones that hold it there up to date.

    `is_in_wallet`: somebody holds it. `is_behind`: Google has an older version than the newest, and
    `due_at` is when it is told; null when nothing is owed, or it was given up. `differs` names the
    parts of the card that are others than those Google has. `sent_at` is when it
    took something last, and `lines` what it shows since. `announcement` tells whether the last
    change asked the phone to speak, and if not why; `announced` counts those of the last 24 hours,
    and until `hushed_until` there can be none.
    """

    is_in_wallet: bool
    saved_at: datetime | None
    left_at: datetime | None
    is_behind: bool
    differs: list[str]
    sent_at: datetime | None
    due_at: datetime | None
    lines: list[TimelineGoogleLine]
    announcement: Texts | None
    announced: int
    hushed_until: datetime | None
    verdict: TimelineVerdict


class TimelineChange(Given):
    """A line of the card that is another than before: its label or its value."""

    key: str
    part: Literal["label", "value"]
    old: Texts | None
    new: Texts | None


class TimelineStep(Given):
    """One step. `what` is event, changed, pushed, asked (nothing for this card), listed (told that
    this card changed), fetched, unchanged (304), looked (HEAD), registered, unregistered, refused,
    failed, complained or downloaded; told (a call to Google), saved and deleted (put into Google
    Wallet, taken out of it); more may come.

    `after_seconds` is the time since the change before it. `is_inferred`: several phones hold the
    card, and which one this was is a guess. `note` holds what else is known.
    """

    at: datetime
    what: str
    phone: str | None
    is_inferred: bool
    after_seconds: float | None
    version: int | None
    status: int | None
    reason: str | None
    note: dict[str, Any]
    changes: list[TimelineChange]


class CardTimeline(Given):
    """A card's way to its phones, newest step first. `phones` are those with the card in Apple
    Wallet; `google` is null until somebody asks for the card in Google Wallet. `next` is the cursor
    of the following page."""

    card: str
    serial_number: str
    version: int
    modified_at: datetime
    verdict: TimelineVerdict
    phones: list[TimelinePhone]
    google: TimelineGoogle | None
    steps: list[TimelineStep]
    next: str | None
