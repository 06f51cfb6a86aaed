"""What is written in a pass: typed, and refused where it is written when Wallet would not take it.

Apple: Wallet Passes, Pass (the keys of pass.json).
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import force_setattr

from passkit.barcodes import Barcode
from passkit.errors import ContentError
from passkit.fields import StoreCard
from passkit.relevance import Location, RelevantDate
from passkit.values import Moment, Number, json_value, moment, number, text

_MAX_LOCATIONS = 10
_PASS_TYPE = re.compile(r"pass(\.[A-Za-z0-9-]+)+").fullmatch
_TEAM = re.compile(r"[A-Za-z0-9]+").fullmatch
_SERIAL = re.compile(r"[A-Za-z0-9_-]{20,64}").fullmatch
_TOKEN = re.compile(r"[!-~]{16,}").fullmatch
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.ASCII).fullmatch
_HEX = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True)
class Color:
    """A colour by its parts, each 0 to 255."""

    red: int
    green: int
    blue: int

    def __post_init__(self) -> None:
        for part in (self.red, self.green, self.blue):
            if type(part) is not int or not 0 <= part <= 255:
                raise ContentError("color", f"{part!r} is not a whole number from 0 to 255.")

    @classmethod
    def parse(cls, written: str) -> "Color":
        """The colour of `rgb(1, 2, 3)` or `#0a0b0c`; ContentError for anything else."""
        if match := _RGB(written):
            return cls(*(int(part) for part in match.groups()))
        if match := _HEX(written):
            return cls(*(int(part, 16) for part in match.groups()))
        raise ContentError("color", f"{written!r} is no colour: write rgb(1, 2, 3) or #0a0b0c.")

    def __str__(self) -> str:
        return f"rgb({self.red}, {self.green}, {self.blue})"


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """A store card as one member holds it.

    `serial_number` is 20 to 64 characters of `A-Z a-z 0-9 _ -` and, with the pass type
    identifier, the identity of the pass for ever. `web_service_url` and `authentication_token`
    come together: without them the pass never changes. http is for a phone in developer mode
    only and wants `allow_http`. `max_distance` is in metres. `user_info` is not shown, but is
    readable in the file: keep personal data out of it.

    Raises ContentError whose `path` is the key of pass.json.
    """

    pass_type_identifier: str
    team_identifier: str
    serial_number: str
    organization_name: str
    description: str
    store_card: StoreCard
    logo_text: str | None = None
    background_color: Color | None = None
    foreground_color: Color | None = None
    label_color: Color | None = None
    barcodes: Sequence[Barcode] = ()
    locations: Sequence[Location] = ()
    max_distance: Number | None = None
    relevant_dates: Sequence[RelevantDate] = ()
    expiration_date: Moment | None = None
    voided: bool = False
    web_service_url: str | None = None
    authentication_token: str | None = None
    sharing_prohibited: bool = False
    user_info: Mapping[str, Any] | None = None
    allow_http: bool = False

    def __post_init__(self) -> None:
        self._check_identity()
        self._check_web_service()
        if self.logo_text is not None:
            text(self.logo_text, "logoText")
        if self.expiration_date is not None:
            written = moment(self.expiration_date, "expirationDate")
            force_setattr(self, "expiration_date", written)
        self._check_relevance()
        for name in ("barcodes", "locations", "relevant_dates"):
            force_setattr(self, name, tuple(getattr(self, name)))
        if self.user_info is not None:
            force_setattr(self, "user_info", json_value(self.user_info, "userInfo"))

    def __repr__(self) -> str:  # short, and without the token
        return f"Pass({self.pass_type_identifier!r}, {self.serial_number!r})"

    def to_json(self) -> bytes:
        """pass.json: UTF-8 without a byte order mark; equal passes give equal bytes."""
        written: dict[str, Any] = {
            "formatVersion": 1,
            "passTypeIdentifier": self.pass_type_identifier,
            "teamIdentifier": self.team_identifier,
            "serialNumber": self.serial_number,
            "organizationName": self.organization_name,
            "description": self.description,
        }
        optional = {
            "logoText": self.logo_text,
            "backgroundColor": self.background_color and str(self.background_color),
            "foregroundColor": self.foreground_color and str(self.foreground_color),
            "labelColor": self.label_color and str(self.label_color),
            "barcodes": [each.to_dict() for each in self.barcodes],
            "locations": [each.to_dict() for each in self.locations],
            "maxDistance": self.max_distance,
            "relevantDates": [each.to_dict() for each in self.relevant_dates],
            "expirationDate": self.expiration_date,
            "voided": self.voided,
            "webServiceURL": self.web_service_url,
            "authenticationToken": self.authentication_token,
            "sharingProhibited": self.sharing_prohibited,
            "userInfo": self.user_info,
        }
        written.update((key, value) for key, value in optional.items() if value)
        written["storeCard"] = self.store_card
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

    def _check_web_service(self) -> None:
        if (self.web_service_url is None) != (self.authentication_token is None):
            missing = "webServiceURL" if self.web_service_url is None else "authenticationToken"
            raise ContentError(
                missing,
                "is missing: a pass has both webServiceURL and authenticationToken, or none.",
            )
        if self.web_service_url is None or self.authentication_token is None:
            return
        url = _web_service_url(self.web_service_url, self.allow_http)
        force_setattr(self, "web_service_url", url)
        if not _TOKEN(self.authentication_token):
            raise ContentError(
                "authenticationToken",
                "wants at least 16 printable ASCII characters: use new_authentication_token().",
            )

    def _check_relevance(self) -> None:
        if len(self.locations) > _MAX_LOCATIONS:
            raise ContentError(
                "locations", f"has {len(self.locations)} places: Wallet takes {_MAX_LOCATIONS}."
            )
        if self.relevant_dates and not self.locations:
            raise ContentError(
                "relevantDates", "does nothing on a store card without locations: add a location."
            )
        if self.max_distance is not None:
            distance = number(self.max_distance, "maxDistance")
            if distance <= 0:
                raise ContentError("maxDistance", "wants metres above zero.")
            force_setattr(self, "max_distance", distance)


def new_authentication_token() -> str:
    """A secret of 192 bits for one pass: 32 URL-safe characters, never `=`."""
    return secrets.token_urlsafe(24)


def new_serial_number() -> str:
    """A serial number nobody can guess: 128 random bits, 32 hexadecimal digits."""
    return secrets.token_hex(16)


@lru_cache(maxsize=64)
def _web_service_url(url: str, allow_http: bool) -> str:
    path = "webServiceURL"
    text(url, path)
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
