"""Save links: what a customer opens to put objects into the wallet.

Google Wallet API JWT: an RS256 JWT in the address, https://pay.google.com/gp/v/save/<jwt>. It
carries no end of its own: whoever has the link may save. So hand it out when somebody asks for it
and not before. A link never changes an object that is there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from googlewallet.credentials import ServiceAccount

SAVE_URL = "https://pay.google.com/gp/v/save/"
MOST_CHARACTERS = 1800  # of the JWT (Google Wallet, Web: safe length)


class SaveLinks:
    """Signs save links for one service account. Safe to share between threads."""

    def __init__(self, account: ServiceAccount, *, url: str = SAVE_URL) -> None:
        """`url` is what a link begins with; a slash at its end is added when missing."""
        raise NotImplementedError

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

        Raises ContentError for an id that is none or when there is none, LinkTooLong when the JWT
        is longer than MOST_CHARACTERS.
        """
        raise NotImplementedError

    def sign(self, payload: Mapping[str, Any], *, at: datetime, origins: Sequence[str] = ()) -> str:
        """The JWT for any payload (`loyaltyObjects`, `offerClasses` ...), of any length.

        For `WalletClient.insert_jwt` and `validate_jwt`; a link of it may be too long.
        """
        raise NotImplementedError
