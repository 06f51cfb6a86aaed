"""Rotating barcodes: a code that changes by itself, so that a picture of it is soon worthless.

The phone makes the code without a network, by RFC 6238 (TOTP, SHA-1) as `rotatingBarcode` of an
object says; here it is made the same way and compared.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class RotatingCode:
    """The rotating code of one object: `prefix`, a dot, and digits that change.

    `key` (16 bytes or more) is a secret that the phone gets with the object. `prefix` says whose
    code it is.
    """

    key: bytes = field(repr=False)
    prefix: str
    digits: int = 8
    period_seconds: int = 30
    type: Literal["QR_CODE", "PDF_417"] = "QR_CODE"

    @staticmethod
    def new_key() -> bytes:
        """A random key of 20 bytes, as RFC 4226 recommends."""
        raise NotImplementedError

    def content(self, *, alternate_text: str | None = None) -> dict[str, Any]:
        """`rotatingBarcode` of the object."""
        raise NotImplementedError

    def value(self, at: datetime) -> str:
        """What the phone shows at this moment (aware)."""
        raise NotImplementedError

    def verify(self, value: str, *, at: datetime, burn: Callable[[str], bool]) -> None:
        """Takes a code of this moment, the one before or the one after, once.

        `burn` gets a name of the code, remembers it, and tells whether it is new; keep it for
        three periods. Raises CodeRefused.
        """
        raise NotImplementedError
