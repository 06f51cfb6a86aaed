"""The fields of a pass and the store card they lie on.

Apple: Wallet Passes, PassFieldContent and Pass.StoreCard.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import force_setattr

from passkit.errors import ContentError
from passkit.markup import check_links
from passkit.values import Number, is_moment, moment, number, text, text_or_empty


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


_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch
_DATE_ONLY = ("date_style", "time_style", "ignores_time_zone", "is_relative")
_NUMBER_ONLY = ("number_style", "currency_code")
_STYLES = {
    "text_alignment": TextAlignment,
    "date_style": DateStyle,
    "time_style": DateStyle,
    "number_style": NumberStyle,
}


class Field(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One label and value of a pass.

    `key` is unique on the card. `value` is a text, a number, or a datetime with a time zone,
    and is kept as pass.json has it. `change_message` is what a phone shows when the value
    changed; its `%@` becomes the new value. `data_detector_types` works on the back only, and an
    empty sequence turns detection off.

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
        for name, kind in _STYLES.items():
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
        if self.currency_code is not None and not _CURRENCY(self.currency_code):
            raise ContentError(self._path("currency_code"), "wants an ISO 4217 code, such as EUR.")
        self._check_detectors()

    def _check_detectors(self) -> None:
        if self.data_detector_types is None:
            return
        for each in self.data_detector_types:
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
    )


_KEYS = {each.name: each.encode_name for each in msgspec.structs.fields(Field)}


class StoreCard(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The fields of a store card, group by group, each in the order it is drawn.

    The front has room for 3 header fields, 1 primary field over the strip, and 4 secondary and
    auxiliary fields together. Raises ContentError when two fields share a key, or when a field
    has a setting that its group does not know.
    """

    header_fields: Sequence[Field] = ()
    primary_fields: Sequence[Field] = ()
    secondary_fields: Sequence[Field] = ()
    auxiliary_fields: Sequence[Field] = ()
    back_fields: Sequence[Field] = ()

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for name, key in _GROUPS.items():
            if fields := tuple(getattr(self, name)):
                _check_group(fields, key, seen)
            force_setattr(self, name, fields)


_GROUPS = {each.name: each.encode_name for each in msgspec.structs.fields(StoreCard)}


def _check_group(fields: tuple[Field, ...], group: str, seen: dict[str, str]) -> None:
    for index, field in enumerate(fields):
        if field.key in seen:
            raise ContentError(
                f"storeCard.{group}[{index}].key",
                f"{field.key!r} is already in {seen[field.key]}: keys are unique.",
            )
        seen[field.key] = group
        _check_place(field, group, index)


def _check_place(field: Field, group: str, index: int) -> None:
    if field.text_alignment is not None and group in ("primaryFields", "backFields"):
        raise ContentError(
            f"storeCard.{group}[{index}].textAlignment", "does not work here: leave it out."
        )
    if field.data_detector_types is not None and group != "backFields":
        raise ContentError(
            f"storeCard.{group}[{index}].dataDetectorTypes",
            "works on the back only: move the field to backFields.",
        )
