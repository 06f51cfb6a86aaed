"""The code that a till scans: one that stays, or one that changes every few seconds.

Google: Wallet API reference, Barcode and RotatingBarcode; Rotating barcodes.
"""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from googlewallet.content import Content, wrong
from googlewallet.values import Choice, Int64, LocalizedString, Some

_TIMESTAMPS = ("totp_timestamp_millis", "totp_timestamp_seconds")


class BarcodeType(StrEnum):
    """The symbologies that Google draws; TEXT_ONLY is a text in place of a code."""

    AZTEC = "AZTEC"
    CODE_39 = "CODE_39"
    CODE_128 = "CODE_128"
    CODABAR = "CODABAR"
    DATA_MATRIX = "DATA_MATRIX"
    EAN_8 = "EAN_8"
    EAN_13 = "EAN_13"
    ITF_14 = "ITF_14"
    PDF_417 = "PDF_417"
    QR_CODE = "QR_CODE"
    UPC_A = "UPC_A"
    TEXT_ONLY = "TEXT_ONLY"


class RenderEncoding(StrEnum):
    """In what a QR code is written, where Google's own choice will not do."""

    UTF_8 = "UTF_8"


class Barcode(Content):
    """What a till scans, and the text below it."""

    type: Choice[BarcodeType]
    value: str | None = None
    alternate_text: str | None = None
    render_encoding: Choice[RenderEncoding] | None = None
    show_code_text: LocalizedString | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type is BarcodeType.TEXT_ONLY and self.alternate_text:
            raise wrong("does not go with TEXT_ONLY: write the text as value.", "alternateText")
        _check_encoding(self.type, self.render_encoding)
        return self


class TotpAlgorithm(StrEnum):
    """How the digits are made: RFC 6238 with SHA-1."""

    TOTP_SHA1 = "TOTP_SHA1"


class TotpParameters(Content, title="RotatingBarcodeTotpDetailsTotpParameters"):
    """The secret, in hex, and the number of digits of one of the pattern's values."""

    key: str = Field(repr=False)
    value_length: int = Field(ge=1, le=9)

    @model_validator(mode="after")
    def _has_a_key_in_hex(self) -> Self:
        if not re.fullmatch(r"([0-9A-Fa-f]{2})+", self.key):
            raise wrong("is not Base16: write the bytes of the secret as pairs of hex.", "key")
        return self


class TotpDetails(Content, title="RotatingBarcodeTotpDetails"):
    """How the digits are made, anew each period."""

    algorithm: Choice[TotpAlgorithm]
    period_millis: Annotated[Int64, Field(ge=1)]
    parameters: Some[TotpParameters]


class RotatingBarcode(Content):
    """A code that the phone makes anew each period, without a network.

    In `value_pattern`, `{totp_value_0}` stands for the digits that the first of the parameters
    makes, `{totp_timestamp_millis}` and `{totp_timestamp_seconds}` for the time.
    """

    type: Choice[BarcodeType]
    value_pattern: str
    totp_details: TotpDetails
    alternate_text: str | None = None
    render_encoding: Choice[RenderEncoding] | None = None
    show_code_text: LocalizedString | None = None

    @model_validator(mode="after")
    def _rotates(self) -> Self:
        if self.type not in (BarcodeType.QR_CODE, BarcodeType.PDF_417):
            raise wrong("rotates as QR_CODE and PDF_417 alone.", "type")
        _check_encoding(self.type, self.render_encoding)
        named = re.findall(r"\{([^{}]*)\}", self.value_pattern)
        known = {f"totp_value_{index}" for index in range(len(self.totp_details.parameters))}
        for each in named:
            if each not in known and each not in _TIMESTAMPS:
                raise wrong(f"holds {{{each}}}, for which there is nothing.", "valuePattern")
        if not known.intersection(named):
            raise wrong("does not change: write {totp_value_0} into it.", "valuePattern")
        return self


def _check_encoding(kind: BarcodeType, encoding: RenderEncoding | None) -> None:
    if encoding and kind is not BarcodeType.QR_CODE:
        raise wrong("goes with QR_CODE alone: leave it out.", "renderEncoding")
