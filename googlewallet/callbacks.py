"""Callbacks: Google tells that somebody saved or removed an object.

Google Wallet, Use callbacks: an ECv2SigningOnly envelope as of Google Pay, sender
GooglePayPasses. A callback is a hint that may come late, twice or never: ask `hasUsers` for the
truth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import requests
from cryptography.hazmat.primitives.asymmetric import ec

KEYS_URL = "https://pay.google.com/gp/m/issuer/keys"
PROTOCOL = "ECv2SigningOnly"
SENDER = "GooglePayPasses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What Google told, proven to be for our issuer.

    The same `nonce` may come again until `expires_at`: then it has no effect, but is answered with
    200 as well. `count` is Google's, None when it sent none.
    """

    event: Literal["save", "del"]
    class_id: str
    object_id: str
    nonce: str
    expires_at: datetime
    count: int | None


class CallbackKeys:
    """Google's root keys for callbacks, fetched when needed. Safe to share between threads.

    Kept as long as Google's Cache-Control says, a day at most. When they cannot be fetched the
    last ones stay good for as long as they say themselves.
    """

    def __init__(
        self,
        *,
        url: str = KEYS_URL,
        now: Callable[[], datetime],
        session: requests.Session | None = None,
        refetch_seconds: float = 60.0,
    ) -> None:
        """`now` gives the time (aware); two fetches are `refetch_seconds` apart at least."""
        raise NotImplementedError

    def current(self) -> tuple[ec.EllipticCurvePublicKey, ...]:
        """The keys that are good now.

        Raises CallbackRefused `keys_unavailable` when none has ever been fetched.
        """
        raise NotImplementedError

    def newer(self) -> tuple[ec.EllipticCurvePublicKey, ...]:
        """As `current`, after fetching anew unless that was done a moment ago."""
        raise NotImplementedError


class CallbackVerifier:
    """Tells Google's callbacks for one issuer from all others. Safe to share between threads."""

    def __init__(self, issuer_id: str, keys: CallbackKeys, now: Callable[[], datetime]) -> None:
        """`issuer_id` is our own: a callback for another issuer is refused, however genuine."""
        raise NotImplementedError

    def verify(self, body: bytes) -> Callback:
        """What the body of a callback says, once everything about it is proven.

        Whether class and object are known and the nonce is new is the caller's to see.

        Raises CallbackRefused with one of these codes, in this order: `malformed`, `protocol`,
        `keys_unavailable` (temporary), `intermediate_key`, `intermediate_expired`, `signature`,
        `message`, `expired`, `issuer`, `event`.
        """
        raise NotImplementedError


def signed_bytes(*parts: str) -> bytes:
    """What a signature is made over: each part after its length in bytes of UTF-8."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "little") + part for part in encoded)
