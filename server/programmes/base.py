"""The plug-in point: what a kind of programme part is.

A kind is pure. It is told the card's standing and what happened, and says what to post and what
the card shows; it knows no clock, database, network or wallet.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from server.face import PartFace, Progress, Text


class Rules(BaseModel):
    """The settings of one part. Strict and frozen: an unknown or wrong value is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


R = TypeVar("R", bound=Rules)


def _readable(written: str) -> str:
    """Wallets refuse a field that shows nothing, and a mark of direction turns what follows."""
    text = written.strip()
    if not 1 <= len(text) <= 80 or not text.replace("\N{NBSP}", " ").isprintable():
        raise PydanticCustomError("text", "write 1 to 80 characters that can be seen, on one line")
    return text


class Wording(BaseModel):
    """A text that the brand writes, in every language: 1 to 80 printable characters."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    fi: Annotated[str, AfterValidator(_readable)]
    sv: Annotated[str, AfterValidator(_readable)]
    en: Annotated[str, AfterValidator(_readable)]

    def text(self) -> Text:
        """The wording as a face's text."""
        return Text(self.fi, self.sv, self.en)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is left of one lot: `remaining` of `unit`, until `expires_at`."""

    unit: str
    remaining: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """An event by which the card earned something of `unit`, and which has not been taken back."""

    name: str
    unit: str
    at: datetime
    is_at_till: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A card's live lots at a moment, and what it earned within a day before and after."""

    holdings: tuple[Holding, ...] = ()
    past: tuple[Past, ...] = ()

    def balance(self, unit: str) -> int:
        """How much there is of `unit`."""
        return sum(holding.remaining for holding in self.holdings if holding.unit == unit)

    def next_expiry(self, unit: str) -> datetime | None:
        """When the first of `unit` runs out."""
        moments = [h.expires_at for h in self.holdings if h.unit == unit and h.expires_at]
        return min(moments, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event as a kind sees it. `at` is aware; `zone` and `brand_currency` are the brand's; an
    amount without `currency` is in the brand's.

    `recorded_at` is when we heard of it, if that was not at once: what is earned is good from then,
    or a reward heard of late could have run out before it was announced. `until` is how long what
    a reversal has unmade would have been good.
    """

    name: str
    at: datetime
    zone: ZoneInfo
    recorded_at: datetime | None = None
    quantity: int = 1
    is_at_till: bool = False
    is_deliberate: bool = False
    until: datetime | None = None
    amount_cents: int | None = None
    currency: str | None = None
    brand_currency: str = "EUR"
    tags: frozenset[str] = frozenset()

    @property
    def good_from(self) -> datetime:
        """From when on what is earned is good."""
        return max(self.at, self.recorded_at or self.at)


@dataclass(frozen=True, slots=True)
class Posting:
    """A ledger entry not yet written: `delta` of `unit`, kept until `expires_at` when earned."""

    type: str
    unit: str
    delta: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell the person at the till: `level` is green, amber or red. `again_at` is when
    what was not possible is possible again, if that is known."""

    code: str
    level: str
    text: Text
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a kind makes of an event."""

    postings: tuple[Posting, ...] = ()
    notice: Notice | None = None


class Kind(ABC, Generic[R]):
    """One mechanism. `key` names it in the database, `answers` are the events it reacts to,
    `units` what it keeps in the ledger, `at_scan` the event that a plain scan at a till reports
    and the words on its button."""

    key: str
    rules: type[R]
    answers: frozenset[str]
    units: tuple[str, ...]
    at_scan: tuple[str, Text]

    @abstractmethod
    def decide(self, standing: Standing, happening: Happening, rules: R) -> Decision:
        """What `happening` is worth on a card that stands at `standing`.

        Raises:
            Refused: the event breaks a rule; nothing is written.
            Conflict: there is not enough to redeem.
        """

    @abstractmethod
    def face(self, standing: Standing, rules: R, zone: ZoneInfo, *, currency: str) -> PartFace:
        """What the card shows at `standing`; `zone` and `currency` are the brand's."""

    def looks_back(self, happening: Happening, rules: R) -> bool:  # noqa: ARG002  most kinds do
        """Whether `decide` asks for the past in the standing: finding it out takes time."""
        return True

    def empty_progress(self, rules: R) -> Progress | None:  # noqa: ARG002  most kinds have none
        """The progress that a new card starts with, when the kind counts towards something."""
        return None

    @abstractmethod
    def sentence(self, rules: R, *, currency: str) -> Text:
        """The rule as the customer reads it, on the pass, the join page and the till alike."""
