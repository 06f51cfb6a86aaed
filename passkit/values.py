"""The single values of pass.json: texts, numbers and moments, as Wallet reads them."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from passkit.errors import ContentError

Number = int | float | Decimal
Moment = datetime | str

_MAX_DEPTH = 100
_EXACT_INTEGER = 2**53  # Wallet reads numbers as doubles
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{3})?)?(Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch


def key_of(name: str) -> str:
    """The key in pass.json of an attribute: `web_service_url` is `webServiceURL`."""
    first, *others = name.split("_")
    return first + "".join("URL" if each == "url" else each.title() for each in others)


def text(value: str, *path: str) -> str:
    """A text that is not empty and can be written as UTF-8.

    Raises ContentError, with the parts of the path joined by dots, when it cannot.
    """
    if not isinstance(value, str):
        raise ContentError(".".join(path), f"wants a text, not {type(value).__name__}.")
    if not value:
        raise ContentError(".".join(path), "is empty: write a text or leave the key out.")
    return value if value.isascii() else _whole_characters(value, path)


def text_or_empty(value: str, *path: str) -> str:
    """A text that may be empty, under the same rules as `text`."""
    if isinstance(value, str) and value.isascii():
        return value
    return text(value, *path)


def number(value: Number, path: str) -> int | float:
    """A number that keeps its exact decimal digits in JSON.

    Raises ContentError for NaN, infinities, and digits a double would lose.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ContentError(path, f"wants a number, not {type(value).__name__}.")
    if not (isinstance(value, int) or _is_finite(value)):
        raise ContentError(path, "is not finite, and JSON has no such number.")
    if isinstance(value, float):
        return value + 0.0  # which has no sign where zero has one
    if value > _EXACT_INTEGER or value < -_EXACT_INTEGER:
        raise ContentError(path, "is too large: Wallet keeps whole numbers up to 2^53.")
    if value == (whole := int(value)):
        return whole
    written = float(value)
    if Decimal(repr(written)) != value:
        raise ContentError(path, f"{value} has more digits than Wallet keeps: round it first.")
    return written


def moment(value: Moment, path: str) -> str:
    """A moment in the grammar Wallet reads: `2026-11-22T10:00:00+02:00` or with `Z`.

    A datetime needs a time zone and is written with its own offset, to the second, or to the
    millisecond when it has a fraction. Raises ContentError for anything else.
    """
    if isinstance(value, datetime):
        return _written(value, path)
    if not isinstance(value, str) or not _MOMENT(value):
        raise ContentError(
            path,
            f"{value!r} is not a moment Wallet reads: write it like 2026-11-22T10:00:00+02:00,"
            " or give a datetime with a time zone.",
        )
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise ContentError(path, f"{value!r} is no real date and time: {error}.") from error
    return value


def flag(value: bool, path: str) -> bool:
    """True or false, and nothing that only looks like it; ContentError otherwise."""
    if not isinstance(value, bool):
        raise ContentError(path, f"wants True or False, not {value!r}.")
    return value


def whole(value: int, path: str, limits: tuple[int, int]) -> int:
    """A whole number from the first to the second of `limits`; ContentError otherwise."""
    low, high = limits
    if type(value) is not int or not low <= value <= high:
        raise ContentError(path, f"wants a whole number from {low} to {high}, not {value!r}.")
    return value


def listed(values: Any, path: str) -> Sequence[Any]:
    """A list, or another sequence that is no text; ContentError otherwise."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise ContentError(path, f"wants a list, not {type(values).__name__}.")
    return values


def address(value: str, path: str, schemes: Collection[str] = ("https",)) -> str:
    """An address that a phone opens, with one of the `schemes`; ContentError otherwise."""
    text(value, path)
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    is_whole = parts.netloc if parts.scheme in ("http", "https") else parts.path
    if parts.scheme not in schemes or not is_whole or re.search(r"[\s\\]", value):
        told = " or ".join(f"{scheme}:" for scheme in schemes)
        raise ContentError(path, f"{value!r} is no address a phone opens: begin it with {told}")
    return value


def is_moment(value: object) -> bool:
    """Whether a field's value is a date and time to Wallet."""
    return isinstance(value, datetime) or (isinstance(value, str) and bool(_MOMENT(value)))


def json_value(value: Any, path: str, depth: int = 0) -> Any:
    """A copy of any JSON value with every text and number in it checked.

    Raises ContentError also for what is nested more than a hundred deep.
    """
    if depth > _MAX_DEPTH:
        raise ContentError(path, f"is nested more than {_MAX_DEPTH} deep: flatten it.")
    if isinstance(value, str):
        return text_or_empty(value, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {
            text(key, path): json_value(each, f"{path}.{key}", depth + 1)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [json_value(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(value)]
    return number(value, path)


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _whole_characters(value: str, path: tuple[str, ...]) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ContentError(
            ".".join(path), f"holds half a character (a lone surrogate) at position {error.start}."
        ) from error
    return value


def _written(value: datetime, path: str) -> str:
    offset = value.utcoffset()
    if offset is None:
        raise ContentError(path, "has no time zone: give an aware datetime, such as one in UTC.")
    if offset.total_seconds() % 60:
        try:
            value = value.astimezone(UTC)
        except OverflowError as error:
            raise ContentError(
                path, f"{value} is not within the years 1 to 9999 of UTC."
            ) from error
    unit = "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=unit)
