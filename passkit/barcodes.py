"""The codes a till can scan from the pass.

Apple: Wallet Passes, Pass.Barcodes. What each symbology can hold is its own standard's rule: GS1
General Specifications (EAN-13), ISO/IEC 15417 (Code 128), 16388 (Code 39), 16390 (Interleaved 2 of
5) and EN 798 (Codabar).
"""

import codecs
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from passkit.errors import ContentError
from passkit.values import text


class BarcodeFormat(StrEnum):
    """The symbologies of Wallet; those of the second group are drawn from iOS 27 on only."""

    QR = "PKBarcodeFormatQR"
    PDF417 = "PKBarcodeFormatPDF417"
    AZTEC = "PKBarcodeFormatAztec"
    CODE128 = "PKBarcodeFormatCode128"

    CODE39 = "PKBarcodeFormatCode39"
    CODABAR = "PKBarcodeFormatCodabar"
    EAN13 = "PKBarcodeFormatEAN13"
    INTERLEAVED_2_OF_5 = "PKBarcodeFormatI2of5"


_QR = BarcodeFormat.QR
NEW_FORMATS = frozenset(
    {
        BarcodeFormat.CODE39,
        BarcodeFormat.CODABAR,
        BarcodeFormat.EAN13,
        BarcodeFormat.INTERLEAVED_2_OF_5,
    }
)
# A till's line scanner reads Code 128 as well; the watch does not draw that, but a QR.
_FALLBACKS = (BarcodeFormat.CODE128, _QR)

_MAX_BYTES = {_QR: 2953, BarcodeFormat.PDF417: 1108, BarcodeFormat.AZTEC: 1914}
# So many symbols of eleven modules, and the ends, have a pixel each on a screen of 1,320 pixels.
_MAX_CODE128_SYMBOLS = 116
# Python's own ways to write text as ASCII, of which phones know nothing.
_PYTHON_ONLY = {"idna", "punycode", "raw_unicode_escape", "unicode_escape"}
_DIGITS = re.compile(r"[0-9]+").fullmatch
_CODE39 = re.compile(r"[0-9A-Z \-.$/+%]+").fullmatch
_CODABAR = re.compile(r"[A-D][0-9\-$:/.+]+[A-D]|[0-9\-$:/.+]+").fullmatch


@dataclass(frozen=True, kw_only=True, slots=True)
class Barcode:
    """A code and the text below it.

    Plain ASCII messages are read alike by every scanner. Raises ContentError when the message
    cannot be written in its encoding, or cannot be drawn in its format.
    """

    message: str
    format: BarcodeFormat = BarcodeFormat.QR
    message_encoding: str = "iso-8859-1"
    alt_text: str | None = None

    def __post_init__(self) -> None:
        text(self.message, "barcodes.message")
        if not isinstance(self.format, BarcodeFormat):
            raise ContentError(
                "barcodes.format",
                f"wants a BarcodeFormat, not {self.format!r}: BarcodeFormat.QR suits most.",
            )
        try:
            size = len(self.message.encode(self.message_encoding))
        except (LookupError, TypeError, ValueError) as error:
            raise _unwritable(self.message, self.message_encoding, error) from error
        if _is_python_only(self.message_encoding):
            raise _no_character_set(self.message_encoding)
        if (self.format is not _QR or size > _MAX_BYTES[_QR]) and (
            problem := _problem(self.format, self.message, size)
        ):
            raise ContentError("barcodes.message", problem)
        if self.alt_text is not None:
            text(self.alt_text, "barcodes.altText")

    def to_dict(self) -> dict[str, Any]:
        """The code as it stands in pass.json."""
        written = {
            "format": self.format,
            "message": self.message,
            "messageEncoding": self.message_encoding,
        }
        if self.alt_text is not None:
            written["altText"] = self.alt_text
        return written


def with_fallback(barcodes: Sequence[Barcode]) -> tuple[Barcode, ...]:
    """The codes, and after them others for systems before iOS 27 if none of these is drawn there.

    A phone draws the first code that it can. What is appended says the same as the first code:
    Code 128, which line scanners read, if it is not too long for that, and QR, for watches.
    """
    given = tuple(barcodes)
    for each in given:
        if each.format is _QR or each.format not in NEW_FORMATS:
            return given
    if not given:
        return given
    kinds = _FALLBACKS if _code128(given[0].message) is None else (_QR,)
    return (*given, *(replace(given[0], format=each) for each in kinds))


def _unwritable(message: str, encoding: str, error: Exception) -> ContentError:
    if isinstance(error, UnicodeEncodeError):
        return ContentError(
            "barcodes.message",
            f"{message[error.start]!r} cannot be written in {encoding}: keep to ASCII.",
        )
    return _no_character_set(encoding)


def _no_character_set(encoding: str) -> ContentError:
    return ContentError(
        "barcodes.messageEncoding",
        f"{encoding!r} is no character set: iso-8859-1 is the usual one.",
    )


@cache
def _is_python_only(encoding: str) -> bool:
    return codecs.lookup(encoding).name.replace("-", "_") in _PYTHON_ONLY


def _problem(kind: BarcodeFormat, message: str, size: int) -> str | None:
    """What keeps the message from being drawn, and what to do about it; None if nothing does."""
    if check := _CHECKS.get(kind):
        return check(message)
    if (most := _MAX_BYTES.get(kind)) and size > most:
        return f"has {size} bytes and {kind.name} holds {most}: shorten it."
    return None


def _code128(message: str) -> str | None:
    if not message.isascii():
        return f"{message!r} is no Code 128: it has ASCII characters only."
    digits = sum(map(str.isdigit, message))  # two of them may share a symbol
    if len(message) - digits // 2 > _MAX_CODE128_SYMBOLS:
        return (
            f"has {len(message)} characters, too long for a Code 128 on a phone: shorten it, or"
            " use QR."
        )
    return None


def _code39(message: str) -> str | None:
    if _CODE39(message):
        return None
    return f"{message!r} is no Code 39: it has capitals, digits, space and -.$/+% only."


def _codabar(message: str) -> str | None:
    if _CODABAR(message):
        return None
    return (
        f"{message!r} is no Codabar: it has digits and -$:/.+ only, between a start and a stop"
        " letter from A to D or without both."
    )


def _ean13(message: str) -> str | None:
    if not _DIGITS(message) or len(message) != 13:
        return f"{message!r} is no EAN-13: it has 13 digits, the last of them the check digit."
    odd, even = (sum(map(int, message[start:12:2])) for start in (0, 1))
    check = -(odd + 3 * even) % 10
    if int(message[12]) != check:
        return f"{message!r} has a wrong check digit: the last digit is {check}."
    return None


def _interleaved(message: str) -> str | None:
    if not _DIGITS(message):
        return f"{message!r} is no Interleaved 2 of 5: it has digits only."
    if len(message) % 2:
        return f"{message!r} has an odd number of digits: put a 0 in front."
    return None


_CHECKS: dict[BarcodeFormat, Callable[[str], str | None]] = {
    BarcodeFormat.CODE128: _code128,
    BarcodeFormat.CODE39: _code39,
    BarcodeFormat.CODABAR: _codabar,
    BarcodeFormat.EAN13: _ean13,
    BarcodeFormat.INTERLEAVED_2_OF_5: _interleaved,
}
