"""Rotating barcodes: a code that changes by itself, so that a picture of it is soon worthless.

The phone makes the code without a network, by RFC 6238 (TOTP, SHA-1) as `rotatingBarcode` of an
object says; here it is made the same way and compared.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from googlewallet.errors import CodeRefused, ContentError

_LEAST_KEY, _KEY = 16, 20  # bytes (RFC 4226, 4: R6)
_DIGITS = range(6, 9)  # RFC 6238, 1.2


def _is_key(key: object) -> bool:
    return isinstance(key, bytes) and len(key) >= _LEAST_KEY


def _is_period(seconds: object) -> bool:
    return type(seconds) is int and seconds > 0


def _is_prefix(prefix: object) -> bool:
    return isinstance(prefix, str) and prefix.isprintable() and not {"{", "}"} & set(prefix)


@dataclass(frozen=True, kw_only=True)
class RotatingCode:
    """The rotating code of one object: `prefix`, a dot, and digits that change.

    `key` (16 bytes or more) is a secret that the phone gets with the object. `prefix` says whose
    code it is. `digits` (6 to 8) change each `period_seconds`. A phone draws `type` alone, of all
    barcodes, by itself (Google Wallet, Rotating barcodes).

    Raises ContentError.
    """

    key: bytes = field(repr=False)
    prefix: str
    digits: int = 8
    period_seconds: int = 30
    type: Literal["QR_CODE", "PDF_417"] = "QR_CODE"

    def __post_init__(self) -> None:
        for path, is_good, rule in (
            ("totpDetails.parameters[0].key", _is_key(self.key), "16 bytes or more"),
            (
                "totpDetails.parameters[0].valueLength",
                type(self.digits) is int and self.digits in _DIGITS,
                "6, 7 or 8",
            ),
            ("totpDetails.periodMillis", _is_period(self.period_seconds), "whole seconds from 1"),
            ("type", self.type in ("QR_CODE", "PDF_417"), "QR_CODE or PDF_417"),
            # A brace would begin something that the phone replaces.
            ("valuePattern", _is_prefix(self.prefix), "a prefix, a text without braces"),
        ):
            if not is_good:
                raise ContentError(f"rotatingBarcode.{path}", f"give {rule}.")

    @staticmethod
    def new_key() -> bytes:
        """A random key of 20 bytes, as RFC 4226 recommends."""
        return secrets.token_bytes(_KEY)

    def content(self, *, alternate_text: str | None = None) -> dict[str, Any]:
        """`rotatingBarcode` of the object."""
        text = {} if alternate_text is None else {"alternateText": alternate_text}
        return {
            "type": self.type,
            "valuePattern": f"{self.prefix}.{{totp_value_0}}",
            "totpDetails": {
                "algorithm": "TOTP_SHA1",
                "periodMillis": str(self.period_seconds * 1000),
                "parameters": [{"key": self.key.hex().upper(), "valueLength": self.digits}],
            },
            **text,
        }

    def value(self, at: datetime) -> str:
        """What the phone shows at this moment (aware)."""
        return self._value(self._step(at))

    def verify(self, value: str, *, at: datetime, burn: Callable[[str], bool]) -> None:
        """Takes a code of this moment, the one before or the one after, once.

        `burn` gets a name of the code, remembers it, and tells whether it is new, in one step for
        all who ask; keep it for three periods. `UsedCodes` does so for one process; several need a
        row under a unique key. Raises CodeRefused.
        """
        if not value.startswith(f"{self.prefix}."):
            raise CodeRefused("foreign", "The code is another object's.")
        now, given = self._step(at), value.encode("utf-8", "replace")
        for step in (now, now - 1, now + 1):
            if hmac.compare_digest(given, self._value(step).encode()):
                if not burn(f"{self.prefix}.{step}"):
                    raise CodeRefused("used", "The code was used already: wait for the next one.")
                return
        raise CodeRefused("wrong", "The code is not one of this moment.")

    def _step(self, at: datetime) -> int:
        return int(at.timestamp()) // self.period_seconds

    def _value(self, step: int) -> str:
        code = HOTP(self.key, self.digits, SHA1()).generate(step)  # noqa: S303 - the phone knows no other
        return f"{self.prefix}.{code.decode('ascii')}"


class UsedCodes:
    """The codes that one process has taken; safe to share between threads, and bounded by time."""

    def __init__(
        self, *, keep_seconds: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`keep_seconds`: three periods of the longest code or more. `clock` gives seconds."""
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}  # the oldest first

    def burn(self, name: str) -> bool:
        """Whether the code is new; of several who ask at once, one is told so."""
        with self._lock:
            now = self._clock()
            while self._used and next(iter(self._used.values())) < now - self._keep_seconds:
                del self._used[next(iter(self._used))]
            if name in self._used:
                return False
            self._used[name] = now
            return True
