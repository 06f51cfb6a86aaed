"""Calls to the Google Wallet API (walletobjects v1). No retries: whoever asks decides.

Each call sends one request, and a second one when Google no longer takes the access token.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from googlewallet import answers
from googlewallet.answers import Answer
from googlewallet.content import written
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import Verdict
from googlewallet.transport import AccessTokens, Transport
from googlewallet.values import checked_id

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

    Every method blocks on the network, and raises ApiError, with the verdict on what to do. What
    can be no request, because of an id that is none or a body that is no JSON, is a ContentError
    before anything is sent.
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
        self._url = url.rstrip("/")
        self._transport = Transport(connect_seconds=connect_seconds, read_seconds=read_seconds)
        self._tokens = AccessTokens(account, self._transport)

    def insert(self, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
        """Makes the class or object; EXISTS when its id is taken. Returns it as Google has it."""
        # What an object can miss is its class; what a class can miss, nobody here can make.
        missing = Verdict.FORBIDDEN if kind.is_class else Verdict.CLASS_MISSING
        return self._send("POST", kind, body, missing=missing, taken=Verdict.EXISTS)

    def get(self, kind: Kind, id: str) -> dict[str, Any]:
        """The class or object as Google has it."""
        return self._send("GET", _path(kind, id), missing=_missing(kind))

    def update(self, kind: Kind, id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces it whole (PUT): what the body leaves out is gone."""
        return self._send("PUT", _path(kind, id), body, missing=_missing(kind))

    def patch(self, kind: Kind, id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Changes what the body names (PATCH): arrays whole, None removes."""
        return self._send("PATCH", _path(kind, id), body, missing=_missing(kind))

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
        query = {
            "classId": class_id,
            "issuerId": issuer_id,
            "maxResults": str(most),
            "token": page_token,
        }
        missing = Verdict.FORBIDDEN if class_id is None else Verdict.CLASS_MISSING
        answer = self._send("GET", kind, query=query, missing=missing)
        resources, pages = answer.get("resources", []), answer.get("pagination", {})
        more = pages.get("nextPageToken", "") if isinstance(pages, dict) else None
        is_list = isinstance(resources, list) and all(isinstance(each, dict) for each in resources)
        if not is_list or not isinstance(more, str):
            raise answers.not_google(200)
        return Page(tuple(resources), more or None)

    def add_message(self, kind: Kind, id: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Adds a message; not safe to repeat after UNREACHABLE without a look at `messages`."""
        path = _path(kind, id) + "/addMessage"
        answer = self._send("POST", path, {"message": message}, missing=_missing(kind))
        resource = answer.get("resource")
        return resource if isinstance(resource, dict) else {}

    def modify_linked_offers(
        self, id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Shows offers inside a loyalty object, or no longer."""
        named = {"addLinkedOfferObjectIds": [*add], "removeLinkedOfferObjectIds": [*remove]}
        body = {"linkedOfferObjectIds": {name: ids for name, ids in named.items() if ids}}
        path = _path(Kind.LOYALTY_OBJECT, id) + "/modifyLinkedOfferObjects"
        return self._send("POST", path, body)

    def insert_jwt(self, jwt: str) -> str:
        """Makes what a JWT holds, however long it is; returns a short save link for it."""
        answer = self._send("POST", "jwt", {"jwt": jwt}, missing=Verdict.CLASS_MISSING)
        link = answer.get("saveUri")
        if not isinstance(link, str):
            raise answers.not_google(200)
        return link

    def validate_jwt(self, jwt: str) -> None:
        """Asks whether a save link's JWT is good, without making anything; REFUSED when not."""
        self._send("POST", "jwt/validate", {"jwtResource": {"jwt": jwt}})

    def validate_json(self, payload: Mapping[str, Any]) -> None:
        """Asks the same of a payload that nobody has signed."""
        self._send("POST", "jwt/validate", {"jsonResource": {"json": written(payload)}})

    def close(self) -> None:
        """Ends the connections; the client is not used afterwards."""
        self._transport.close()

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | None] | None = None,
        missing: Verdict = Verdict.OBJECT_MISSING,
        taken: Verdict = Verdict.BUSY,
    ) -> dict[str, Any]:
        data = None if body is None else written(body).encode()
        token = self._tokens.current()
        answer = self._once(method, path, data, query, token)
        if answer.status == 401:
            token = self._tokens.instead_of(token)
            answer = self._once(method, path, data, query, token)
        if 200 <= answer.status < 300:
            return answers.read(answer)
        raise answers.error_of(answer, missing=missing, taken=taken)

    def _once(
        self,
        method: str,
        path: str,
        data: bytes | None,
        query: Mapping[str, str | None] | None,
        token: str,
    ) -> Answer:
        headers = {"authorization": f"Bearer {token}"}
        if data is not None:
            headers["content-type"] = "application/json; charset=utf-8"
        return self._transport.request(
            method, f"{self._url}/{path}", data=data, headers=headers, query=query
        )


def _path(kind: Kind, id: str) -> str:
    return f"{kind}/{checked_id('id', id)}"


def _missing(kind: Kind) -> Verdict:
    return Verdict.CLASS_MISSING if kind.is_class else Verdict.OBJECT_MISSING
