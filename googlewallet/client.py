"""Calls to the Google Wallet API (walletobjects v1). No retries: whoever asks decides.

Each call sends one request, and a second one when Google no longer takes the access token.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from googlewallet.credentials import ServiceAccount

API_URL = "https://walletobjects.googleapis.com/walletobjects/v1"


class Kind(StrEnum):
    """A resource as the API's addresses name it."""

    LOYALTY_CLASS = "loyaltyClass"
    LOYALTY_OBJECT = "loyaltyObject"
    OFFER_CLASS = "offerClass"
    OFFER_OBJECT = "offerObject"
    GENERIC_CLASS = "genericClass"
    GENERIC_OBJECT = "genericObject"

    @property
    def is_class(self) -> bool:
        """Whether it is what objects are made after."""
        return self.endswith("Class")


class Page(NamedTuple):
    """A part of a list; ask with `next_page_token` for the next part, None at the end."""

    resources: tuple[dict[str, Any], ...]
    next_page_token: str | None


class WalletClient:
    """Speaks to the API for one service account. Safe to share between threads.

    Every method blocks on the network, and raises ApiError alone, with the verdict on what to do.
    """

    def __init__(
        self,
        account: ServiceAccount,
        *,
        url: str = API_URL,
        connect_seconds: float = 3.0,
        read_seconds: float = 10.0,
    ) -> None:
        """Connects to nobody yet. `url` is the API's, or a stand-in's."""
        raise NotImplementedError

    def insert(self, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
        """Makes the class or object; EXISTS when its id is taken. Returns it as Google has it."""
        raise NotImplementedError

    def get(self, kind: Kind, id: str) -> dict[str, Any]:
        """The class or object as Google has it."""
        raise NotImplementedError

    def update(self, kind: Kind, id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces it whole (PUT): what the body leaves out is gone."""
        raise NotImplementedError

    def patch(self, kind: Kind, id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Changes what the body names (PATCH): arrays whole, None removes."""
        raise NotImplementedError

    def list(
        self,
        kind: Kind,
        *,
        class_id: str | None = None,
        issuer_id: str | None = None,
        page_token: str | None = None,
        most: int = 100,
    ) -> Page:
        """One page of an issuer's classes (`issuer_id`) or of a class's objects (`class_id`)."""
        raise NotImplementedError

    def add_message(self, kind: Kind, id: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Adds a message; not safe to repeat after UNREACHABLE without a look at `messages`."""
        raise NotImplementedError

    def modify_linked_offers(
        self, id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Shows offers inside a loyalty object, or no longer."""
        raise NotImplementedError

    def insert_jwt(self, jwt: str) -> str:
        """Makes what a JWT holds, however long it is; returns a short save link for it."""
        raise NotImplementedError

    def validate_jwt(self, jwt: str) -> None:
        """Asks whether a save link's JWT is good, without making anything; REFUSED when not."""
        raise NotImplementedError

    def validate_json(self, payload: Mapping[str, Any]) -> None:
        """Asks the same of a payload that nobody has signed."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the connections; the client is not used afterwards."""
        raise NotImplementedError
