"""What is written in a pass: typed, and refused where it is written when Wallet would not take it.

Apple: Wallet Passes, Pass (the keys of pass.json); Showing a Pass on the Lock Screen.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import force_setattr

from passkit.actions import FeaturedAction
from passkit.barcodes import Barcode, with_fallback
from passkit.colors import Color
from passkit.errors import ContentError
from passkit.event_guide import PosterEventTicket, store_identifiers
from passkit.nfc import NFC
from passkit.relevance import Beacon, Location, RelevantDate
from passkit.semantics import Semantics
from passkit.styles import Coupon, EventTicket, Generic, PosterGeneric, StoreCard, Style
from passkit.values import Moment, Number, flag, json_value, key_of, listed, moment, number, text

_MAX_PLACES = 10
_PASS_TYPE = re.compile(r"pass(\.[A-Za-z0-9-]+)+").fullmatch
_TEAM = re.compile(r"[A-Za-z0-9]+").fullmatch
_SERIAL = re.compile(r"[A-Za-z0-9_-]{20,64}").fullmatch
_TOKEN = re.compile(r"[!-~]{16,}").fullmatch
_SYMBOL = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*").fullmatch
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+").fullmatch


class Pass(msgspec.Struct, frozen=True, kw_only=True, rename=key_of):
    """A pass as one person holds it.

    It has one of `store_card`, `coupon`, `generic` and `event_ticket`. `poster_generic` beside it
    is drawn in its place from iOS 27 on; give the same fields the same keys in both.

    `serial_number` is 20 to 64 characters of `A-Z a-z 0-9 _ -` and, with the pass type
    identifier, the identity of the pass for ever. `web_service_url` and `authentication_token`
    come together: without them the pass never changes. http is for a phone in developer mode
    only and wants `allow_http`.

    Of the `barcodes` a phone draws the first that it can; when all are in formats that only iOS 27
    draws, others are appended for older systems. `max_distance` is in metres.
    `associated_store_identifiers` are those of apps; `app_launch_url` is what the app is opened
    with. `grouping_identifier` keeps event tickets together. `logo_symbol_name` is an SF Symbol
    drawn as logo from iOS 27 on. `user_info` is a mapping of JSON values; it is not shown, but
    readable in the file: keep personal data out of it.

    Raises ContentError whose `path` is the key of pass.json.
    """

    pass_type_identifier: str
    team_identifier: str
    serial_number: str
    organization_name: str
    description: str

    store_card: StoreCard | None = None
    coupon: Coupon | None = None
    generic: Generic | None = None
    event_ticket: EventTicket | None = None
    poster_generic: PosterGeneric | None = None
    poster_event_ticket: PosterEventTicket | None = None

    logo_text: str | None = None
    logo_symbol_name: str | None = None
    background_color: Color | None = None
    foreground_color: Color | None = None
    label_color: Color | None = None
    strip_color: Color | None = None
    suppress_strip_shine: bool | None = None

    barcodes: Sequence[Barcode] = ()
    featured_actions: Sequence[FeaturedAction] = ()
    nfc: NFC | None = None

    locations: Sequence[Location] = ()
    beacons: Sequence[Beacon] = ()
    max_distance: Number | None = None
    relevant_dates: Sequence[RelevantDate] = ()

    expiration_date: Moment | None = None
    voided: bool = False
    web_service_url: str | None = None
    authentication_token: str | None = None

    sharing_prohibited: bool = False
    grouping_identifier: str | None = None
    associated_store_identifiers: Sequence[int] = ()
    app_launch_url: str | None = None
    semantics: Semantics | None = None
    user_info: Any = None
    allow_http: bool = False

    def __post_init__(self) -> None:
        self._check_identity()
        style = self._check_style()
        self._check_web_service()
        for name, check in _COMMON:
            if (value := getattr(self, name)) is not None:
                force_setattr(self, name, check(value, _KEYS[name]))
        if self.voided is not False:
            flag(self.voided, "voided")
        codes = _list_of(Barcode, self.barcodes, "barcodes")
        force_setattr(self, "barcodes", with_fallback(codes))
        if _rare_values(self) != _NO_RARE_VALUES:  # one look for all that most passes lack
            self._check_rare_values()
            self._check_relevance(style)
            self._check_belongings(style)

    def __repr__(self) -> str:  # short, and without the token
        return f"Pass({self.pass_type_identifier!r}, {self.serial_number!r})"

    @property
    def styles(self) -> tuple[Style, ...]:
        """The styles it has, the one for every system first."""
        every = (self.store_card, self.coupon, self.generic, self.event_ticket, self.poster_generic)
        return tuple(style for style in every if style is not None)

    def to_json(self) -> bytes:
        """pass.json: UTF-8 without a byte order mark; equal passes give equal bytes."""
        written: dict[str, Any] = {"formatVersion": 1}
        for name, key, convert in _WRITTEN:
            if value := getattr(self, name):
                written[key] = convert(value) if convert else value
        if self.suppress_strip_shine is False:
            written["suppressStripShine"] = False
        if self.user_info is not None:
            written["userInfo"] = self.user_info
        if self.poster_event_ticket is not None:
            written |= self.poster_event_ticket.to_dict()
        return msgspec.json.encode(written)

    def _check_identity(self) -> None:
        if not _PASS_TYPE(text(self.pass_type_identifier, "passTypeIdentifier")):
            raise ContentError(
                "passTypeIdentifier",
                f"{self.pass_type_identifier!r} is not like pass.com.example.card.",
            )
        if not _TEAM(text(self.team_identifier, "teamIdentifier")):
            raise ContentError("teamIdentifier", f"{self.team_identifier!r} is no team identifier.")
        if not _SERIAL(text(self.serial_number, "serialNumber")):
            raise ContentError(
                "serialNumber",
                "wants 20 to 64 letters, digits, _ or -: use new_serial_number().",
            )
        text(self.organization_name, "organizationName")
        text(self.description, "description")

    def _check_style(self) -> str:
        """The key of the style for every system, once it is known that there is exactly one."""
        found: str | None = None
        for name, kind in _STYLES:
            if (style := getattr(self, name)) is None:
                continue
            if type(style) is not kind:
                raise ContentError(kind.key, f"wants a {kind.__name__}, not {style!r}.")
            if kind is PosterGeneric:
                continue
            if found:
                raise ContentError(
                    kind.key, f"is one style too many: the pass has a {found} already."
                )
            found = kind.key
        if found:
            return found
        if self.poster_generic is not None:
            raise ContentError(
                "posterGeneric",
                "has no fallback, so phones before iOS 27 show nothing: give store_card, coupon,"
                " generic or event_ticket with the same fields as well.",
            )
        raise ContentError("storeCard", "is missing: give a pass a style.")

    def _check_web_service(self) -> None:
        if (self.web_service_url is None) != (self.authentication_token is None):
            missing = "webServiceURL" if self.web_service_url is None else "authenticationToken"
            raise ContentError(
                missing,
                "is missing: a pass has both webServiceURL and authenticationToken, or none.",
            )
        if self.web_service_url is None or self.authentication_token is None:
            return
        url = _web_service_url(text(self.web_service_url, "webServiceURL"), self.allow_http)
        force_setattr(self, "web_service_url", url)
        token = self.authentication_token
        if not isinstance(token, str) or not _TOKEN(token):
            raise ContentError(
                "authenticationToken",
                "wants at least 16 printable ASCII characters: use new_authentication_token().",
            )

    def _check_rare_values(self) -> None:
        for name, check in _RARE.items():
            if (value := getattr(self, name)) is not None:
                force_setattr(self, name, check(value, _KEYS[name]))
        for name, kind in _LISTS.items():
            force_setattr(self, name, _list_of(kind, getattr(self, name), _KEYS[name]))

    def _check_relevance(self, style: str) -> None:
        if len(self.locations) > _MAX_PLACES:
            raise ContentError(
                "locations", f"has {len(self.locations)} places: Wallet takes {_MAX_PLACES}."
            )
        if len({each.proximity_uuid for each in self.beacons}) > _MAX_PLACES:
            raise ContentError(
                "beacons", f"has more than {_MAX_PLACES} UUIDs: tell beacons apart by major, minor."
            )
        if self.relevant_dates and style != "eventTicket" and not (self.locations or self.beacons):
            raise ContentError(
                "relevantDates", f"does nothing on a {style} without locations: add a location."
            )

    def _check_belongings(self, style: str) -> None:
        """Keys that go with another key, or with one style only."""
        if style != "eventTicket":
            for key, value in (
                ("groupingIdentifier", self.grouping_identifier),
                ("preferredStyleSchemes", self.poster_event_ticket),
            ):
                if value is not None:
                    raise ContentError(key, f"is for event tickets, not for a {style}: remove it.")
        if self.app_launch_url is not None and not self.associated_store_identifiers:
            raise ContentError(
                "appLaunchURL", "opens no app: give associated_store_identifiers as well."
            )
        if self.semantics is not None:
            self.semantics.check_styles((style,), "semantics")
        identifiers = [each.identifier for each in self.featured_actions]
        for index, identifier in enumerate(identifiers):
            if identifier in identifiers[:index]:
                raise ContentError(
                    f"featuredActions[{index}].identifier", f"{identifier!r} is there already."
                )


def new_authentication_token() -> str:
    """A secret of 192 bits for one pass: 32 URL-safe characters, never `=`."""
    return secrets.token_urlsafe(24)


def new_serial_number() -> str:
    """A serial number nobody can guess: 128 random bits, 32 hexadecimal digits."""
    return secrets.token_hex(16)


@lru_cache(maxsize=64)
def _web_service_url(url: str, allow_http: bool) -> str:
    path = "webServiceURL"
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or re.search(r"[\s?#@\\]", url):
        raise ContentError(path, f"{url!r} is not the plain address of a service.")
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise ContentError(
            path, f"{url!r} is not https: phones refuse it (allow_http is for development only)."
        )
    return url.rstrip("/")


def _list_of(kind: type, values: Sequence[Any], path: str) -> tuple[Any, ...]:
    if kind is int:
        return store_identifiers(values, path)
    for index, each in enumerate(values if type(values) in (list, tuple) else listed(values, path)):
        if not isinstance(each, kind):
            raise ContentError(f"{path}[{index}]", f"wants a {kind.__name__}, not {each!r}.")
    return tuple(values)


def _of(kind: type) -> Callable[[Any, str], Any]:
    def check(value: object, path: str) -> object:
        if not isinstance(value, kind):
            raise ContentError(path, f"wants a {kind.__name__}, not {value!r}.")
        return value

    return check


def _symbol(value: str, path: str) -> str:
    if not _SYMBOL(text(value, path)):
        raise ContentError(path, f"{value!r} is no SF Symbol: names are like cup.and.saucer.fill.")
    return value


def _launch_url(value: str, path: str) -> str:
    if not _SCHEME(text(value, path)):
        raise ContentError(path, f"{value!r} is no address: begin it with https: or the app's own.")
    return value


def _distance(value: Number, path: str) -> int | float:
    written = number(value, path)
    if written <= 0:
        raise ContentError(path, "wants metres above zero.")
    return written


def _user_info(value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise ContentError(path, f"wants an object, not {type(value).__name__}.")
    return json_value(value, path)


_KEYS = {each.name: each.encode_name for each in msgspec.structs.fields(Pass)}
_STYLES: tuple[tuple[str, type[Style]], ...] = (
    ("store_card", StoreCard),
    ("coupon", Coupon),
    ("generic", Generic),
    ("event_ticket", EventTicket),
    ("poster_generic", PosterGeneric),
)
_COMMON: tuple[tuple[str, Callable[[Any, str], Any]], ...] = (
    ("logo_text", text),
    ("background_color", _of(Color)),
    ("foreground_color", _of(Color)),
    ("label_color", _of(Color)),
)
_RARE: dict[str, Callable[[Any, str], Any]] = {
    "poster_event_ticket": _of(PosterEventTicket),
    "logo_symbol_name": _symbol,
    "strip_color": _of(Color),
    "suppress_strip_shine": flag,
    "nfc": _of(NFC),
    "max_distance": _distance,
    "expiration_date": moment,
    "sharing_prohibited": flag,
    "grouping_identifier": text,
    "app_launch_url": _launch_url,
    "semantics": _of(Semantics),
    "user_info": _user_info,
}
_LISTS = {
    "featured_actions": FeaturedAction,
    "locations": Location,
    "beacons": Beacon,
    "relevant_dates": RelevantDate,
    "associated_store_identifiers": int,
}
_rare_values = attrgetter(*_RARE, *_LISTS)
_DEFAULTS = {each.name: each.default for each in msgspec.structs.fields(Pass)}
_NO_RARE_VALUES = tuple(_DEFAULTS[name] for name in (*_RARE, *_LISTS))
_APART = {"suppress_strip_shine", "user_info", "poster_event_ticket", "allow_http"}
_CONVERTED: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("background_color", "foreground_color", "label_color", "strip_color"), str),
    **dict.fromkeys(
        ("barcodes", "featured_actions"), lambda values: [each.to_dict() for each in values]
    ),
    "nfc": NFC.to_dict,
}
_WRITTEN = tuple(
    (name, key, _CONVERTED.get(name)) for name, key in _KEYS.items() if name not in _APART
)
