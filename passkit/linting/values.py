"""Looking at single JSON values: their types, dates, colours and addresses."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from reprlib import Repr
from typing import Any
from urllib.parse import urlsplit

from passkit.errors import ContentError
from passkit.linting.findings import Findings, found
from passkit.values import moment

_RGB = re.compile(r"rgb\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)", re.ASCII).fullmatch
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE).fullmatch
_NAMES = {
    "text": "a text",
    "number": "a number",
    "whole": "a whole number",
    "truth": "true or false",
    "object": "an object",
    "array": "an array",
    "texts": "an array of texts",
    "numbers": "an array of numbers",
    "any": "anything",
}
_SHORT = Repr()
_SHORT.maxstring, _SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist = 60, 2, 3, 3

Color = tuple[int, int, int]


def is_kind(value: Any, kind: str) -> bool:
    """Whether a JSON value is of the kind, one of the names above."""
    return _CHECKS[kind](value)


def is_number(value: Any) -> bool:
    """A finite JSON number, which true and false are not."""
    is_numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return is_numeric and abs(value) < 1e300


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": is_number,
    "whole": lambda value: is_number(value) and value == int(value),
    "truth": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "texts": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "numbers": lambda value: isinstance(value, list) and all(map(is_number, value)),
    "any": lambda value: True,  # noqa: ARG005 - nothing is asked of it
}


def kind_of(kind: str) -> str:
    """The kind in words."""
    return _NAMES[kind]


def shown(value: Any) -> str:
    """A value as a message shows it: short."""
    return _SHORT.repr(value)


def types(
    holder: Mapping[str, Any], kinds: Mapping[str, str], path: str, rule: str = "key-type"
) -> Findings:
    """The values in `holder` that are of another kind than their key wants."""
    for key, kind in kinds.items():
        if key in holder and not is_kind(holder[key], kind):
            detail = f"{key} wants {kind_of(kind)}, not {shown(holder[key])}."
            yield found(rule, f"{path}{key}", detail)


def date(value: Any, path: str) -> Findings:
    """Whether a value is a date and time in Wallet's grammar."""
    if is_date(value):
        return
    yield found("date-form", path, f"{shown(value)} is no date and time with a zone.")


def is_date(value: Any) -> bool:
    """A date and time in Wallet's grammar, and a real one."""
    try:
        return isinstance(value, str) and bool(moment(value, ""))
    except ContentError:
        return False


def parsed_date(value: Any) -> datetime | None:
    """The moment that a value names, if it names one."""
    return datetime.fromisoformat(value) if is_date(value) else None


def color(value: Any, path: str) -> Findings:
    """Whether a colour is written as Apple's page has it."""
    if not isinstance(value, str):
        yield found("color-form", path, f"A colour is a text, not {shown(value)}.")
    elif _HEX(value.strip()):
        yield found("color-hex", path, f"{shown(value)} is hexadecimal.")
    elif parsed_color(value) is None:
        yield found("color-form", path, f"{shown(value)} is not like rgb(12, 34, 56).")


def parsed_color(value: Any) -> Color | None:
    """The three parts of `rgb(r, g, b)`."""
    match = _RGB(value) if isinstance(value, str) else None
    if match is None or any(len(part) > 3 or int(part) > 255 for part in match.groups()):
        return None
    red, green, blue = (int(part) for part in match.groups())
    return red, green, blue


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours, 1 to 21 (Web Content Accessibility Guidelines)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def is_address(value: Any, *, schemes: tuple[str, ...] = ()) -> bool:
    """Whether a value is a URL, of one of these schemes if any are given."""
    if not isinstance(value, str) or re.search(r"[\s\\]", value):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    if not parts.scheme or (schemes and parts.scheme not in schemes):
        return False
    is_web = parts.scheme in ("http", "https")
    return (bool(parts.hostname) if is_web else bool(parts.path or parts.netloc)) and port != 0


def _luminance(color: Color) -> float:
    parts = [each / 255 for each in color]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
