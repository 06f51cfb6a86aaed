"""Offers: rewards and coupons, alone or shown inside a loyalty card.

Google: Wallet API reference, offerclass and offerobject.
"""

from enum import StrEnum
from typing import Annotated

from googlewallet.content import Shown
from googlewallet.resources import NotifyPreference, ReviewedClass, State, WalletObject
from googlewallet.values import Choice, Image, LocalizedString, Uri


class RedemptionChannel(StrEnum):
    """Where an offer is redeemed."""

    INSTORE = "INSTORE"
    ONLINE = "ONLINE"
    BOTH = "BOTH"
    TEMPORARY_PRICE_REDUCTION = "TEMPORARY_PRICE_REDUCTION"


class OfferObject(WalletObject):
    """An offer in one person's hands. Its end is announced two days before, unless disabled."""

    state: Choice[State]
    disable_expiration_notification: bool | None = None
    notify_preference: Choice[NotifyPreference] | None = None


class OfferClass(ReviewedClass):
    """What is offered, and by whom."""

    object_type = OfferObject

    title: Annotated[str, Shown(60)]
    provider: Annotated[str, Shown(12)]
    redemption_channel: Choice[RedemptionChannel]
    localized_title: Annotated[LocalizedString | None, Shown(60)] = None
    localized_provider: Annotated[LocalizedString | None, Shown(12)] = None
    short_title: Annotated[str | None, Shown(20)] = None
    localized_short_title: Annotated[LocalizedString | None, Shown(20)] = None
    title_image: Image | None = None
    wide_title_image: Image | None = None
    details: str | None = None
    localized_details: LocalizedString | None = None
    fine_print: str | None = None
    localized_fine_print: LocalizedString | None = None
    help_uri: Uri | None = None
