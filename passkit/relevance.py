"""Where and when a pass comes up on the lock screen.

Apple: Wallet Passes, Pass.Locations, Pass.Beacons and Pass.RelevantDates.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import force_setattr

from passkit.errors import ContentError
from passkit.values import Moment, Number, moment, number, text, whole

_UNSIGNED_16 = (0, 0xFFFF)


class Location(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A place near which the pass is offered; degrees (WGS 84) and metres."""

    latitude: Number
    longitude: Number
    altitude: Number | None = None
    relevant_text: str | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "latitude", _degrees(self.latitude, 90, "locations.latitude"))
        force_setattr(self, "longitude", _degrees(self.longitude, 180, "locations.longitude"))
        if self.altitude is not None:
            force_setattr(self, "altitude", number(self.altitude, "locations.altitude"))
        if self.relevant_text is not None:
            text(self.relevant_text, "locations.relevantText")


class Beacon(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A Bluetooth beacon near which the pass is offered.

    `proximity_uuid` names the maker's or the chain's beacons, `major` and `minor` (0 to 65535) one
    place or one beacon of them. `name` is for whoever reads the file.
    """

    proximity_uuid: UUID | str = msgspec.field(name="proximityUUID")
    major: int | None = None
    minor: int | None = None
    relevant_text: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "proximity_uuid", _uuid(self.proximity_uuid))
        for key, value in (("major", self.major), ("minor", self.minor)):
            if value is not None:
                whole(value, f"beacons.{key}", _UNSIGNED_16)
        for key, written in (("relevantText", self.relevant_text), ("name", self.name)):
            if written is not None:
                text(written, f"beacons.{key}")


class RelevantDate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A moment (`date`), or a time from `start` to `end`, when the pass is offered."""

    date: Moment | None = None
    start: Moment | None = msgspec.field(default=None, name="startDate")
    end: Moment | None = msgspec.field(default=None, name="endDate")

    def __post_init__(self) -> None:
        if (self.date is None) == (self.start is None) or (self.start is None) != (
            self.end is None
        ):
            raise ContentError("relevantDates", "give either date, or start and end together.")
        for name, key in (("date", "date"), ("start", "startDate"), ("end", "endDate")):
            if (value := getattr(self, name)) is not None:
                force_setattr(self, name, moment(value, f"relevantDates.{key}"))
        if self.hours < 0 or (self.start is not None and self.hours == 0):
            raise ContentError("relevantDates.endDate", "is not after startDate.")

    @property
    def hours(self) -> float:
        """How long the time is; 0 for a moment."""
        if self.start is None or self.end is None:
            return 0.0
        start, end = (datetime.fromisoformat(str(each)) for each in (self.start, self.end))
        return (end - start).total_seconds() / 3600


def _degrees(value: Number, limit: int, path: str) -> int | float:
    written = number(value, path)
    if abs(written) > limit:
        raise ContentError(path, f"{value} is outside -{limit}..{limit} degrees.")
    return written


def _uuid(value: UUID | str) -> str:
    try:
        return str(UUID(str(value))).upper()
    except ValueError as error:
        raise ContentError(
            "beacons.proximityUUID",
            f"{value!r} is no UUID: write it like E2C56DB5-DFFB-48D2-B060-D0F5A71096E0.",
        ) from error
