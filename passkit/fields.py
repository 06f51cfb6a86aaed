"""The fields of a pass: one label and one value each.

Apple: Wallet Passes, PassFieldContent.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import force_setattr

from passkit.errors import ContentError
from passkit.markup import check_links
from passkit.semantics import Semantics, check_currency
from passkit.values import (
    Number,
    is_moment,
    listed,
    moment,
    number,
    text,
    text_or_empty,
    whole,
)


class DateStyle(StrEnum):
    """How much of a date or a time is shown."""

    NONE = "PKDateStyleNone"
    SHORT = "PKDateStyleShort"
    MEDIUM = "PKDateStyleMedium"
    LONG = "PKDateStyleLong"
    FULL = "PKDateStyleFull"


class NumberStyle(StrEnum):
    """How a number is written."""

    DECIMAL = "PKNumberStyleDecimal"
    PERCENT = "PKNumberStylePercent"
    SCIENTIFIC = "PKNumberStyleScientific"
    SPELL_OUT = "PKNumberStyleSpellOut"


class TextAlignment(StrEnum):
    """Where the text of a field stands."""

    LEFT = "PKTextAlignmentLeft"
    CENTER = "PKTextAlignmentCenter"
    RIGHT = "PKTextAlignmentRight"
    NATURAL = "PKTextAlignmentNatural"


class DataDetector(StrEnum):
    """What Wallet turns into something to tap on the back of the pass."""

    PHONE_NUMBER = "PKDataDetectorTypePhoneNumber"
    LINK = "PKDataDetectorTypeLink"
    ADDRESS = "PKDataDetectorTypeAddress"
    CALENDAR_EVENT = "PKDataDetectorTypeCalendarEvent"


_DATE_ONLY = ("date_style", "time_style", "ignores_time_zone", "is_relative")
_NUMBER_ONLY = ("number_style", "currency_code")
_KINDS = {
    "text_alignment": TextAlignment,
    "date_style": DateStyle,
    "time_style": DateStyle,
    "number_style": NumberStyle,
    "ignores_time_zone": bool,
    "is_relative": bool,
    "semantics": Semantics,
}


class Field(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One label and value of a pass.

    `key` is unique within a style; the same field has the same key in each style of a pass.
    `value` is a text, a number, or a datetime with a time zone, and is kept as pass.json has it.
    `attributed_value` may hold links (`passkit.link`) and is shown in the value's place, though
    not on watches. `change_message` is what a phone shows when the value changed; its `%@` becomes
    the new value. `text_alignment` works neither on primary fields nor on the back.
    `data_detector_types` works on the back only, and an empty sequence turns detection off. `row`
    is 0 or 1, for auxiliary fields of an event ticket.

    Raises ContentError with a path such as `points.changeMessage`.
    """

    key: str
    value: str | Number | datetime
    label: str | None = None
    attributed_value: str | None = None
    change_message: str | None = None
    text_alignment: TextAlignment | None = None
    date_style: DateStyle | None = None
    time_style: DateStyle | None = None
    ignores_time_zone: bool | None = None
    is_relative: bool | None = None
    number_style: NumberStyle | None = None
    currency_code: str | None = None
    data_detector_types: Sequence[DataDetector] | None = None
    row: int | None = None
    semantics: Semantics | None = None

    def __post_init__(self) -> None:
        text(self.key, "key")
        if isinstance(self.value, str):
            text_or_empty(self.value, self.key, "value")
        else:
            force_setattr(self, "value", _written(self.value, f"{self.key}.value"))
        if self.label is not None:
            text_or_empty(self.label, self.key, "label")
        if self.change_message is not None:
            self._check_change_message(self.change_message)
        if self.attributed_value is not None:
            path = self._path("attributed_value")
            check_links(text(self.attributed_value, path), path)
        if _is_styled(self):
            self._check_styles()

    def _check_change_message(self, message: str) -> None:
        if "%@" not in text(message, self.key, "changeMessage"):
            raise ContentError(
                self._path("change_message"),
                "has no %@, so no phone would show it: put %@ where the new value goes.",
            )

    def _check_styles(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise ContentError(self._path(name), f"wants a {kind.__name__}, not {value!r}.")
        if dated := self._given(_DATE_ONLY):
            if not is_moment(self.value):
                raise ContentError(
                    self._path(dated), "works on a date only: give the value as a datetime."
                )
            _written(self.value, self._path("value"))
        if (counted := self._given(_NUMBER_ONLY)) and isinstance(self.value, str):
            raise ContentError(
                self._path(counted), "works on a number only: give the value as a number."
            )
        if self.currency_code is not None:
            check_currency(self.currency_code, self._path("currency_code"))
        if self.row is not None:
            whole(self.row, self._path("row"), (0, 1))
        self._check_detectors()

    def _check_detectors(self) -> None:
        if self.data_detector_types is None:
            return
        for each in listed(self.data_detector_types, self._path("data_detector_types")):
            if not isinstance(each, DataDetector):
                raise ContentError(
                    self._path("data_detector_types"), f"wants a DataDetector, not {each!r}."
                )
        force_setattr(self, "data_detector_types", tuple(self.data_detector_types))

    def _given(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if getattr(self, name) is not None), None)

    def _path(self, name: str) -> str:
        return f"{self.key}.{_KEYS[name]}"


def _written(value: str | Number | datetime, path: str) -> str | int | float:
    return moment(value, path) if isinstance(value, datetime | str) else number(value, path)


def _is_styled(field: Field) -> bool:
    return not (
        field.text_alignment is None
        and field.date_style is None
        and field.time_style is None
        and field.ignores_time_zone is None
        and field.is_relative is None
        and field.number_style is None
        and field.currency_code is None
        and field.data_detector_types is None
        and field.row is None
        and field.semantics is None
    )


_KEYS = {each.name: each.encode_name for each in msgspec.structs.fields(Field)}
