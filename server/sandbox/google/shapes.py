"""The shape of what may be sent: by Google's own document where it is installed, else by ours."""

from typing import Any

from googlewallet import (
    ContentError,
    GenericClass,
    GenericObject,
    LoyaltyClass,
    LoyaltyObject,
    Message,
    OfferClass,
    OfferObject,
)
from googlewallet.client import Kind
from server.sandbox.errors import BodyRefused
from server.sandbox.google.schema import Schemas

_MODELS = {
    Kind.LOYALTY_CLASS: LoyaltyClass,
    Kind.LOYALTY_OBJECT: LoyaltyObject,
    Kind.OFFER_CLASS: OfferClass,
    Kind.OFFER_OBJECT: OfferObject,
    Kind.GENERIC_CLASS: GenericClass,
    Kind.GENERIC_OBJECT: GenericObject,
}


class Shapes:
    """What bodies must look like. Without the document it is googlewallet's models that say so:
    they know no field that the service does not use.
    """

    def __init__(self, schemas: Schemas | None) -> None:
        self._schemas = schemas

    def require(self, kind: Kind, body: Any) -> None:
        """Raise BodyRefused unless `body` may be a class or object."""
        if self._schemas:
            self._schemas.require(kind[0].upper() + kind[1:], body)
        else:
            _parse(_MODELS[kind], body, "")

    def require_patch(self, kind: Kind, body: Any) -> None:
        """The same of a body with nothing but changes; null removes."""
        if self._schemas:
            self._schemas.require(kind[0].upper() + kind[1:], body, is_patch=True)

    def require_request(self, name: str, body: Any) -> None:
        """The same of a request that is no resource, such as AddMessageRequest."""
        if self._schemas:
            self._schemas.require(name, body)
        elif "message" in body:
            _parse(Message, body["message"], "message")


def _parse(model: Any, body: Any, path: str) -> None:
    try:
        model.parse(body, allow_http=True)
    except ContentError as error:
        inner = ".".join(filter(None, (path, error.path)))
        raise BodyRefused(inner, error.rule) from error
