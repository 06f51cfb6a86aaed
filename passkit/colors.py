"""Colours of a pass.

Apple: Wallet Passes, Pass (backgroundColor and its kin are CSS triples).
"""

import re
from dataclasses import dataclass

from passkit.errors import ContentError

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
        if not isinstance(written, str):
            raise ContentError("color", f"wants a text, not {type(written).__name__}.")
        if match := _RGB(written):
            return cls(*(int(part) for part in match.groups()))
        if match := _HEX(written):
            return cls(*(int(part, 16) for part in match.groups()))
        raise ContentError("color", f"{written!r} is no colour: write rgb(1, 2, 3) or #0a0b0c.")

    def __str__(self) -> str:
        return f"rgb({self.red}, {self.green}, {self.blue})"

    def contrast(self, other: "Color") -> float:
        """How far two colours are apart in brightness, from 1 to 21 (WCAG 2.2, contrast ratio)."""
        light, dark = sorted((_luminance(self), _luminance(other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)


def color_at(path: str, value: Color | str) -> Color:
    """The colour of a key of pass.json, also in writing; ContentError with its path otherwise."""
    if not isinstance(value, Color | str):
        raise ContentError(path, f"wants a Color, not {value!r}.")
    try:
        return Color.parse(str(value))
    except ContentError as error:
        raise ContentError(path, error.reason) from error


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in (color.red, color.green, color.blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
