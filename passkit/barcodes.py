"""The codes a till can scan from the pass.

Apple: Wallet Passes, Pass.Barcodes.
"""

from dataclasses import dataclass
from enum import StrEnum
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Barcode:
    """A code and the text below it.

    Plain ASCII messages are read alike by every scanner. Raises ContentError when the message
    cannot be written in its encoding.
    """

    message: str
    format: BarcodeFormat = BarcodeFormat.QR
    message_encoding: str = "iso-8859-1"
    alt_text: str | None = None

    def __post_init__(self) -> None:
        text(self.message, "barcodes.message")
        if not isinstance(self.format, BarcodeFormat):
            raise ContentError("barcodes.format", f"wants a BarcodeFormat, not {self.format!r}.")
        try:
            self.message.encode(self.message_encoding)
        except LookupError as error:
            raise ContentError(
                "barcodes.messageEncoding",
                f"{self.message_encoding!r} is no character set: iso-8859-1 is the usual one.",
            ) from error
        except UnicodeEncodeError as error:
            raise ContentError(
                "barcodes.message",
                f"{self.message[error.start]!r} cannot be written in {self.message_encoding}:"
                " keep to ASCII.",
            ) from error
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
