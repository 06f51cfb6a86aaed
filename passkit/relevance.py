"""Where and when a pass comes up on the lock screen.

Apple: Wallet Passes, Pass.Locations and Pass.RelevantDates.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from passkit.errors import ContentError
from passkit.values import Moment, Number, moment, number, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place near which the pass is offered; degrees (WGS 84) and metres."""

    latitude: Number
    longitude: Number
    altitude: Number | None = None
    relevant_text: str | None = None

    def __post_init__(self) -> None:
        _degrees(self.latitude, 90, "locations.latitude")
        _degrees(self.longitude, 180, "locations.longitude")
        if self.altitude is not None:
            number(self.altitude, "locations.altitude")
        if self.relevant_text is not None:
            text(self.relevant_text, "locations.relevantText")

    def to_dict(self) -> dict[str, Any]:
        """The place as it stands in pass.json."""
        written: dict[str, Any] = {
            "latitude": number(self.latitude, "locations.latitude"),
            "longitude": number(self.longitude, "locations.longitude"),
        }
        if self.altitude is not None:
            written["altitude"] = number(self.altitude, "locations.altitude")
        if self.relevant_text is not None:
            written["relevantText"] = self.relevant_text
        return written


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevantDate:
    """A moment (`date`), or a time from `start` to `end`, when the pass is offered."""

    date: Moment | None = None
    start: Moment | None = None
    end: Moment | None = None

    def __post_init__(self) -> None:
        if (self.date is None) == (self.start is None) or (self.start is None) != (
            self.end is None
        ):
            raise ContentError("relevantDates", "give either date, or start and end together.")
        written = self.to_dict()
        if self.start is None:
            return
        start, end = (datetime.fromisoformat(written[key]) for key in ("startDate", "endDate"))
        if end <= start:
            raise ContentError("relevantDates.endDate", "is not after startDate.")

    def to_dict(self) -> dict[str, str]:
        """The time as it stands in pass.json."""
        if self.date is not None:
            return {"date": moment(self.date, "relevantDates.date")}
        assert self.start is not None
        assert self.end is not None
        return {
            "startDate": moment(self.start, "relevantDates.startDate"),
            "endDate": moment(self.end, "relevantDates.endDate"),
        }


def _degrees(value: Number, limit: int, path: str) -> None:
    if abs(number(value, path)) > limit:
        raise ContentError(path, f"{value} is outside -{limit}..{limit} degrees.")
