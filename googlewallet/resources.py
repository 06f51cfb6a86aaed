"""What classes of every type have in common, and objects of every type.

Google: Wallet API reference. A class is what all cards of a programme share, an object is one card.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from googlewallet.barcodes import Barcode, RotatingBarcode
from googlewallet.content import Content, Shown, told, wrong
from googlewallet.modules import (
    AppLinkData,
    CallbackOptions,
    GroupingInfo,
    ImageModuleData,
    LinksModuleData,
    MerchantLocation,
    Message,
    PassConstraints,
    SaveRestrictions,
    SecurityAnimation,
    TextModuleData,
    ValueAddedModuleData,
)
from googlewallet.template import ClassTemplateInfo
from googlewallet.values import (
    Ascii,
    Choice,
    Color,
    Country,
    Id,
    Image,
    IssuerId,
    LocalizedString,
    Several,
    TimeInterval,
    Uri,
)

_MOST_PLACES = 10
_MOST_MESSAGES = 10
_MOST_VALUE_ADDED = 15
_MOST_LINKED = 50


class ReviewStatus(StrEnum):
    """What a request may say of a class. Google makes APPROVED of UNDER_REVIEW by itself, and wants
    UNDER_REVIEW again with every change; of DRAFT no object can be made.
    """

    DRAFT = "DRAFT"
    UNDER_REVIEW = "UNDER_REVIEW"


class State(StrEnum):
    """Where a card stands in the wallet: all but ACTIVE are among the expired passes."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    INACTIVE = "INACTIVE"


class NotifyPreference(StrEnum):
    """That this one change is announced. Google forgets it: it is sent with each such change."""

    NOTIFY_ON_UPDATE = "NOTIFY_ON_UPDATE"


class Holders(StrEnum):
    """Who may save the same object (multipleDevicesAndHoldersAllowedStatus)."""

    MULTIPLE_HOLDERS = "MULTIPLE_HOLDERS"
    ONE_USER_ALL_DEVICES = "ONE_USER_ALL_DEVICES"
    ONE_USER_ONE_DEVICE = "ONE_USER_ONE_DEVICE"


class ViewUnlock(StrEnum):
    """Whether the phone has to be unlocked to see the card (viewUnlockRequirement)."""

    UNLOCK_NOT_REQUIRED = "UNLOCK_NOT_REQUIRED"
    UNLOCK_REQUIRED_TO_VIEW = "UNLOCK_REQUIRED_TO_VIEW"


class Resource(Content):
    """What classes and objects alike may hold."""

    id: Id
    app_link_data: AppLinkData | None = None
    text_modules_data: Annotated[Several[TextModuleData], Shown(10)] = ()
    image_modules_data: Annotated[Several[ImageModuleData], Shown(1)] = ()
    links_module_data: LinksModuleData | None = None
    value_added_module_data: Several[ValueAddedModuleData] = Field(
        default=(), max_length=_MOST_VALUE_ADDED
    )
    messages: Several[Message] = Field(default=(), max_length=_MOST_MESSAGES)
    merchant_locations: Several[MerchantLocation] = Field(default=(), max_length=_MOST_PLACES)

    @property
    def issuer_id(self) -> str:
        """The issuer, as the id begins."""
        return self.id.partition(".")[0]


class WalletObject(Resource):
    """What an object of any type may hold."""

    class_id: Id
    barcode: Barcode | None = None
    rotating_barcode: RotatingBarcode | None = None
    hero_image: Image | None = None
    valid_time_interval: TimeInterval | None = None
    linked_object_ids: Several[Id] = Field(default=(), max_length=_MOST_LINKED)
    grouping_info: GroupingInfo | None = None
    pass_constraints: PassConstraints | None = None
    save_restrictions: SaveRestrictions | None = None
    smart_tap_redemption_value: Ascii | None = None

    @model_validator(mode="after")
    def _keeps_to_one_issuer(self) -> Self:
        self._check_issuer("classId", self.class_id)
        for index, each in enumerate(self.linked_object_ids):
            self._check_issuer(f"linkedObjectIds[{index}]", each)
            if each == self.id:
                raise wrong("is the object itself.", f"linkedObjectIds[{index}]")
        return self

    def _check_issuer(self, key: str, other: str) -> None:
        if other.partition(".")[0] != self.issuer_id:
            raise wrong(f"{told(other)} is of another issuer than {told(self.id)}.", key)


class WalletClass(Resource):
    """What a class of any type may hold; `object_type` is what is made of it."""

    object_type: ClassVar[type[WalletObject]]

    class_template_info: ClassTemplateInfo | None = None
    callback_options: CallbackOptions | None = None
    multiple_devices_and_holders_allowed_status: Choice[Holders] | None = None
    view_unlock_requirement: Choice[ViewUnlock] | None = None
    security_animation: SecurityAnimation | None = None
    enable_smart_tap: bool | None = None
    redemption_issuers: Several[IssuerId] = ()

    @model_validator(mode="after")
    def _has_smart_tap_with_issuers(self) -> Self:
        if bool(self.enable_smart_tap) != bool(self.redemption_issuers):
            key = "redemptionIssuers" if self.enable_smart_tap else "enableSmartTap"
            raise wrong("is missing: Smart Tap wants enableSmartTap and redemptionIssuers.", key)
        return self

    @model_validator(mode="after")
    def _has_a_template_of_fields_there_are(self) -> Self:
        if self.class_template_info:
            self.class_template_info.check_references(type(self), self.object_type)
        return self


class ReviewedClass(WalletClass):
    """What classes of loyalty cards and of offers may hold, which Google reviews."""

    issuer_name: Annotated[str, Shown(20)]
    review_status: Choice[ReviewStatus]
    localized_issuer_name: Annotated[LocalizedString | None, Shown(20)] = None
    country_code: Country | None = None
    hex_background_color: Color | None = None
    hero_image: Image | None = None
    homepage_uri: Uri | None = None
    notify_preference: Choice[NotifyPreference] | None = None
