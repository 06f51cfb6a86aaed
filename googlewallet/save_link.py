"""Save links: what a customer opens to put objects into the wallet.

Google Wallet API JWT: an RS256 JWT in the address, https://pay.google.com/gp/v/save/<jwt>. It
carries no end of its own: whoever has the link may save. So hand it out when somebody asks for it
and not before. A link never changes an object that is there.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from googlewallet.credentials import ServiceAccount
from googlewallet.errors import ContentError, LinkTooLong
from googlewallet.values import checked_id

SAVE_URL = "https://pay.google.com/gp/v/save/"
MOST_CHARACTERS = 1800  # of the JWT (Google Wallet, Web: safe length)

_PADDING, _HASH = PKCS1v15(), SHA256()
_write = msgspec.json.Encoder().encode


class SaveLinks:
    """Signs save links for one service account. Safe to share between threads.

    The JWT is put together here, not by PyJWT: that takes the header apart again for each one.
    """

    def __init__(self, account: ServiceAccount, *, url: str = SAVE_URL) -> None:
        """`url` is what a link begins with; a slash at its end is added when missing."""
        self._url = url.rstrip("/") + "/"
        self._account = account
        self._sign = account.key.sign
        self._header = _encoded({"alg": "RS256", "typ": "JWT", "kid": account.key_id})

    def link(
        self,
        *,
        at: datetime,
        loyalty: Sequence[str] = (),
        offer: Sequence[str] = (),
        generic: Sequence[str] = (),
        origins: Sequence[str] = (),
    ) -> str:
        """A link that saves the objects of these ids, which have to be inserted already.

        `at` (aware) becomes the JWT's `iat`. `origins` are needed for Google's JavaScript button
        alone.

        Raises ContentError for an id that is none, when there is none, and as `sign` does;
        LinkTooLong when the JWT is longer than MOST_CHARACTERS.
        """
        payload = {
            name: [{"id": checked_id(name, id)} for id in ids]
            for name, ids in (
                ("loyaltyObjects", loyalty),
                ("offerObjects", offer),
                ("genericObjects", generic),
            )
            if ids
        }
        if not payload:
            raise ContentError("payload", "name the id of one object at least.")
        jwt = self.sign(payload, at=at, origins=origins)
        if len(jwt) > MOST_CHARACTERS:
            raise LinkTooLong(len(jwt), MOST_CHARACTERS)
        return self._url + jwt

    def sign(self, payload: Mapping[str, Any], *, at: datetime, origins: Sequence[str] = ()) -> str:
        """The JWT for any payload (`loyaltyObjects`, `offerClasses` ...), of any length.

        For `WalletClient.insert_jwt` and `validate_jwt`; a link of it may be too long. Raises
        ContentError for what is no JSON, and for a naive `at`.
        """
        if at.utcoffset() is None:
            raise ContentError("iat", "has no time zone: give an aware datetime.")
        claims: dict[str, Any] = {
            "iss": self._account.email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(at.timestamp()),
            "payload": payload,
        }
        if origins:
            claims["origins"] = [*origins]
        unsigned = self._header + b"." + _encoded(claims)
        signature = urlsafe_b64encode(self._sign(unsigned, _PADDING, _HASH)).rstrip(b"=")
        return (unsigned + b"." + signature).decode("ascii")


def _encoded(claims: Mapping[str, Any]) -> bytes:
    try:
        return urlsafe_b64encode(_write(claims)).rstrip(b"=")
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ContentError("", f"This is no JSON: {error}.") from None
