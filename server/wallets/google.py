"""A card in Google Wallet's words: the only place that knows where on an object what stands.

Google: LoyaltyClass, LoyaltyObject, OfferClass and OfferObject of the Google Wallet API v1.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from server.cards import ShownPass, ShownProgramme


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who tells Google: our issuer id, and where the service is reached (no slash at the end)."""

    issuer_id: str
    public_url: str


def class_id(issuer_id: str, programme_id: UUID) -> str:
    """The id of the class of a programme's cards; the same for ever."""
    return f"{issuer_id}.{programme_id.hex}"


def offer_class_id(issuer_id: str, programme_id: UUID) -> str:
    """The id of the class of a programme's rewards."""
    return f"{class_id(issuer_id, programme_id)}_reward"


def object_id(issuer_id: str, card_id: UUID) -> str:
    """The id of a card's object; the same for ever, whatever becomes of its passes."""
    return f"{issuer_id}.{card_id.hex}"


def offer_object_id(issuer_id: str, card_id: UUID) -> str:
    """The id of the object of a card's reward."""
    return f"{object_id(issuer_id, card_id)}_reward"


def loyalty_class(shown: ShownProgramme, publisher: Publisher) -> dict[str, Any]:
    """The body of the class of a programme's cards, ready to insert; send it whole, or what of it
    differs together with `reviewStatus`.

    Raises:
        ContentError: Google would refuse it; the path and the rule.
    """
    raise NotImplementedError


def offer_class(shown: ShownProgramme, publisher: Publisher) -> dict[str, Any] | None:
    """The body of the class of a programme's reward; None when there is nothing to earn.

    Raises:
        ContentError: Google would refuse it; the path and the rule.
    """
    raise NotImplementedError


def loyalty_object(shown: ShownPass, publisher: Publisher) -> dict[str, Any]:
    """The body of a card's object, the whole of it: absolute, and the same for the same card.

    It names the offer object while a reward waits: that one has to be there first. A voided card
    is INACTIVE, and its code is none any more. `notifyPreference` is not in it: whether a phone
    may speak is decided when it is sent.

    Raises:
        ContentError: Google would refuse it, such as a balance of 2^31 or more.
    """
    raise NotImplementedError


def offer_object(
    shown: ShownPass, publisher: Publisher, *, is_known: bool = False
) -> dict[str, Any] | None:
    """The body of the object of a card's reward, the whole of it.

    None while no reward waits, unless Google has the object (`is_known`): then it is COMPLETED.

    Raises:
        ContentError: Google would refuse it; the path and the rule.
    """
    raise NotImplementedError
