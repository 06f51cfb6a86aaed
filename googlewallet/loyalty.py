"""Loyalty cards: the class of a programme, and the object of each member.

Google: Wallet API reference, loyaltyclass and loyaltyobject.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from googlewallet.content import Content, Shown, told, wrong
from googlewallet.resources import (
    NotifyPreference,
    ReviewedClass,
    State,
    WalletObject,
)
from googlewallet.values import (
    Choice,
    Id,
    Image,
    LocalizedString,
    Money,
    Several,
    Uri,
    exactly_one,
)


def _int32(value: int) -> int:
    if not -(2**31) <= value < 2**31:
        raise wrong(f"{told(value)} is beyond 32 bits: write it as string, from the first card on.")
    return value


_Count = Annotated[int, AfterValidator(_int32)]


class Balance(Content, title="LoyaltyPointsBalance"):
    """How much there is, in one of four ways; keep to the same one for all of a card's life.

    A balance counts in `integer` (32 bits, `int` in JSON), `double` or `money`, or says it in a
    `string`.
    """

    integer: Annotated[_Count | None, Shown(7)] = Field(default=None, alias="int")
    string: Annotated[str | None, Shown(7)] = None
    double: float | None = None
    money: Money | None = None

    @model_validator(mode="after")
    def _is_one_balance(self) -> Self:
        exactly_one(self, "integer", "string", "double", "money")
        return self


class LoyaltyPoints(Content):
    """A balance on the front of the card, and what it counts."""

    balance: Balance
    label: Annotated[str | None, Shown(9)] = None
    localized_label: Annotated[LocalizedString | None, Shown(9)] = None


class DiscoverableState(StrEnum):
    """Who finds the programme in Google's own app."""

    TRUSTED_TESTERS = "TRUSTED_TESTERS"
    LIVE = "LIVE"
    DISABLED = "DISABLED"


class SharedData(StrEnum):
    """What Google fills in for the customer on the page where one joins."""

    FIRST_NAME = "FIRST_NAME"
    LAST_NAME = "LAST_NAME"
    STREET_ADDRESS = "STREET_ADDRESS"
    ADDRESS_LINE_1 = "ADDRESS_LINE_1"
    ADDRESS_LINE_2 = "ADDRESS_LINE_2"
    ADDRESS_LINE_3 = "ADDRESS_LINE_3"
    CITY = "CITY"
    STATE = "STATE"
    ZIPCODE = "ZIPCODE"
    COUNTRY = "COUNTRY"
    EMAIL = "EMAIL"
    PHONE = "PHONE"


class MerchantSigninInfo(Content, title="DiscoverableProgramMerchantSigninInfo"):
    """Where a member signs in to add the card."""

    signin_website: Uri


class MerchantSignupInfo(Content, title="DiscoverableProgramMerchantSignupInfo"):
    """Where one joins."""

    signup_website: Uri
    signup_shared_datas: Several[Choice[SharedData]] = ()


class DiscoverableProgram(Content):
    """How the programme is found in Google's own app."""

    state: Choice[DiscoverableState]
    merchant_signin_info: MerchantSigninInfo | None = None
    merchant_signup_info: MerchantSignupInfo | None = None


class LoyaltyObject(WalletObject):
    """The card of one member. Without a barcode's value, `account_id` is in the code."""

    state: Choice[State]
    account_id: Annotated[str | None, Shown(20)] = None
    account_name: Annotated[str | None, Shown(20)] = None
    loyalty_points: LoyaltyPoints | None = None
    secondary_loyalty_points: LoyaltyPoints | None = None
    linked_offer_ids: Annotated[Several[Id], Shown(5)] = ()
    notify_preference: Choice[NotifyPreference] | None = None

    @model_validator(mode="after")
    def _links_offers_of_its_issuer(self) -> Self:
        for index, each in enumerate(self.linked_offer_ids):
            self._check_issuer(f"linkedOfferIds[{index}]", each)
        return self


class LoyaltyClass(ReviewedClass):
    """A programme, as all its cards show it.

    `program_logo` is seen through a circle: square, 660 pixels or more, with a margin of 15 %.
    `wide_program_logo` takes its place in the corner of the card; `hero_image` is three times as
    wide as high, 1032 by 336 pixels.
    """

    object_type = LoyaltyObject

    program_name: Annotated[str, Shown(20)]
    program_logo: Image
    localized_program_name: Annotated[LocalizedString | None, Shown(20)] = None
    wide_program_logo: Image | None = None
    account_id_label: Annotated[str | None, Shown(15)] = None
    account_name_label: Annotated[str | None, Shown(15)] = None
    localized_account_id_label: Annotated[LocalizedString | None, Shown(15)] = None
    localized_account_name_label: Annotated[LocalizedString | None, Shown(15)] = None
    rewards_tier: Annotated[str | None, Shown(7)] = None
    rewards_tier_label: Annotated[str | None, Shown(9)] = None
    localized_rewards_tier: Annotated[LocalizedString | None, Shown(7)] = None
    localized_rewards_tier_label: Annotated[LocalizedString | None, Shown(9)] = None
    secondary_rewards_tier: str | None = None
    secondary_rewards_tier_label: str | None = None
    localized_secondary_rewards_tier: LocalizedString | None = None
    localized_secondary_rewards_tier_label: LocalizedString | None = None
    discoverable_program: DiscoverableProgram | None = None
