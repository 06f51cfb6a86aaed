"""What a pass means, for the system rather than for the eye: semantic tags.

Loyalty cards have `balance` and `total_price`; most others belong to event tickets. Tags of
boarding passes are not offered.

Apple: Wallet Passes, SemanticTags and SemanticTagType.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from passkit.colors import Color, color_at
from passkit.errors import ContentError
from passkit.relevance import Location
from passkit.values import Moment, Number, flag, listed, moment, number, text

_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII).fullmatch
_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch


class EventType(StrEnum):
    """What kind of event a ticket is for."""

    GENERIC = "PKEventTypeGeneric"
    LIVE_PERFORMANCE = "PKEventTypeLivePerformance"
    MOVIE = "PKEventTypeMovie"
    SPORTS = "PKEventTypeSports"
    CONFERENCE = "PKEventTypeConference"
    CONVENTION = "PKEventTypeConvention"
    WORKSHOP = "PKEventTypeWorkshop"
    SOCIAL_GATHERING = "PKEventTypeSocialGathering"


def check_currency(code: str, path: str) -> str:
    """The three capitals of ISO 4217; ContentError otherwise."""
    if not isinstance(code, str) or not _CURRENCY(code):
        raise ContentError(path, f"wants an ISO 4217 code such as EUR, not {code!r}.")
    return code


class _Tags(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Values that are checked by their declared types, and written as pass.json has them."""

    def __post_init__(self) -> None:
        for each in msgspec.structs.fields(self):
            value = getattr(self, each.name)
            if value is not None:
                path = f"semantics.{each.encode_name}"
                force_setattr(self, each.name, _CHECKS[each.type](value, path))


class CurrencyAmount(_Tags, frozen=True, kw_only=True):
    """An amount of money, exact to the digit: Wallet reads it as a text.

    `amount` may be a Decimal, a whole number, or a text such as `12.50`.
    """

    amount: Decimal | int | str
    currency_code: str

    def __post_init__(self) -> None:
        is_number = isinstance(self.amount, Decimal | int) and not isinstance(self.amount, bool)
        written = f"{Decimal(self.amount):f}" if is_number else self.amount
        if not isinstance(written, str) or not _AMOUNT(written):
            raise ContentError(
                "semantics.amount", f"{self.amount!r} is no exact amount: give a Decimal."
            )
        force_setattr(self, "amount", written)
        check_currency(self.currency_code, "semantics.currencyCode")


class EventDateInfo(_Tags, frozen=True, kw_only=True):
    """When an event is, as far as it is known; `time_zone` is a name such as Europe/Helsinki."""

    date: Moment | None = None
    ignore_time_components: bool | None = None
    time_zone: str | None = None
    unannounced: bool | None = None
    undetermined: bool | None = None


class Seat(_Tags, frozen=True, kw_only=True):
    """A seat at an event."""

    seat_aisle: str | None = None
    seat_description: str | None = None
    seat_identifier: str | None = None
    seat_level: str | None = None
    seat_number: str | None = None
    seat_row: str | None = None
    seat_section: str | None = None
    seat_section_color: Color | str | None = None
    seat_type: str | None = None


class WifiNetwork(_Tags, frozen=True, kw_only=True):
    """A network for the guests."""

    ssid: str
    password: str


class Semantics(_Tags, frozen=True, kw_only=True):
    """Tags of a pass or of one of its fields.

    `balance` belongs to store cards only; `total_price` and `wifi_access` to any style; `duration`
    is in seconds; all others are for event tickets. Raises ContentError with a path such as
    `semantics.eventStartDate`.
    """

    balance: CurrencyAmount | None = None
    total_price: CurrencyAmount | None = None
    wifi_access: Sequence[WifiNetwork] | None = None

    event_type: EventType | None = None
    event_name: str | None = None
    event_start_date: Moment | None = None
    event_start_date_info: EventDateInfo | None = None
    event_end_date: Moment | None = None
    duration: Number | None = None
    silence_requested: bool | None = None
    tailgating_allowed: bool | None = None

    admission_level: str | None = None
    admission_level_abbreviation: str | None = None
    additional_ticket_attributes: str | None = None
    attendee_name: str | None = None
    seats: Sequence[Seat] | None = None

    entrance_description: str | None = None
    venue_name: str | None = None
    venue_location: Location | None = None
    venue_region_name: str | None = None
    venue_room: str | None = None
    venue_phone_number: str | None = None
    venue_entrance: str | None = None
    venue_entrance_door: str | None = None
    venue_entrance_gate: str | None = None
    venue_entrance_portal: str | None = None
    venue_open_date: Moment | None = None
    venue_close_date: Moment | None = None
    venue_box_office_open_date: Moment | None = None
    venue_doors_open_date: Moment | None = None
    venue_fan_zone_open_date: Moment | None = None
    venue_gates_open_date: Moment | None = None
    venue_parking_lots_open_date: Moment | None = None

    sport_name: str | None = None
    league_name: str | None = None
    league_abbreviation: str | None = None
    home_team_name: str | None = None
    home_team_location: str | None = None
    home_team_abbreviation: str | None = None
    away_team_name: str | None = None
    away_team_location: str | None = None
    away_team_abbreviation: str | None = None

    genre: str | None = None
    performer_names: Sequence[str] | None = None
    album_ids: Sequence[str] | None = msgspec.field(default=None, name="albumIDs")
    artist_ids: Sequence[str] | None = msgspec.field(default=None, name="artistIDs")
    playlist_ids: Sequence[str] | None = msgspec.field(default=None, name="playlistIDs")

    def check_styles(self, styles: Iterable[str], path: str) -> None:
        """Refuse tags that none of the `styles` (`storeCard`, …) can have.

        Raises ContentError under `path`.
        """
        known = _ANY_STYLE.union(*(_TAGS_OF.get(style, set()) for style in styles))
        for each in msgspec.structs.fields(self):
            if each.name not in known and getattr(self, each.name) is not None:
                told = "store cards" if each.name == "balance" else "event tickets"
                raise ContentError(
                    f"{path}.{each.encode_name}", f"is for {told} only: leave it out."
                )


_ANY_STYLE = {"total_price", "wifi_access"}
_TAGS_OF = {
    "storeCard": {"balance"},
    "eventTicket": {each.name for each in msgspec.structs.fields(Semantics)} - {"balance"},
}


def _texts(values: Sequence[str], path: str) -> tuple[str, ...]:
    return tuple(text(each, f"{path}[{index}]") for index, each in enumerate(listed(values, path)))


def _color(value: Color | str, path: str) -> str:
    return str(color_at(path, value))


def _one_of(kind: type) -> Callable[[Any, str], Any]:
    def check(value: object, path: str) -> object:
        if not isinstance(value, kind):
            raise ContentError(path, f"wants {kind.__name__}, not {value!r}.")
        return value

    return check


def _each_of(kind: type) -> Callable[[Any, str], Any]:
    check = _one_of(kind)
    return lambda values, path: tuple(
        check(each, f"{path}[{index}]") for index, each in enumerate(listed(values, path))
    )


_CHECKS: Mapping[Any, Callable[[Any, str], Any]] = {
    str: text,
    str | None: text,
    Moment | None: moment,
    bool | None: flag,
    Number | None: number,
    Color | str | None: _color,
    Sequence[str] | None: _texts,
    CurrencyAmount | None: _one_of(CurrencyAmount),
    EventDateInfo | None: _one_of(EventDateInfo),
    EventType | None: _one_of(EventType),
    Location | None: _one_of(Location),
    Sequence[Seat] | None: _each_of(Seat),
    Sequence[WifiNetwork] | None: _each_of(WifiNetwork),
}
