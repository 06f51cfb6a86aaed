"""What classes and objects of every type hold beside their own fields: texts, links, messages ...

Google: Wallet API reference, the types that LoyaltyClass, OfferObject and the others share.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from googlewallet.content import Content, Shown, told, wrong
from googlewallet.values import (
    Address,
    Choice,
    Https,
    Image,
    Int32,
    LocalizedString,
    ModuleId,
    Several,
    Sha256,
    Some,
    TimeInterval,
    Uri,
)

_LINKS = ("http", "https", "tel", "mailto", "geo")


class TextModuleData(Content):
    """A heading and a text on the back. Templates refer to it by its id."""

    id: ModuleId | None = None
    header: Annotated[str | None, Shown(35)] = None
    body: Annotated[str | None, Shown(500)] = None
    localized_header: Annotated[LocalizedString | None, Shown(35)] = None
    localized_body: Annotated[LocalizedString | None, Shown(500)] = None


class LinksModuleData(Content):
    """Links on the back: web pages, telephone numbers, e-mail addresses, places on a map."""

    uris: Some[Uri]

    @model_validator(mode="after")
    def _has_links_of_the_known_kinds(self) -> Self:
        for index, each in enumerate(self.uris):
            if each.uri.partition(":")[0].lower() not in _LINKS:
                rule = f"is no link of the back: {', '.join(f'{scheme}:' for scheme in _LINKS)}."
                raise wrong(f"{told(each.uri)} {rule}", f"uris[{index}].uri")
        return self


class ImageModuleData(Content):
    """A picture on the back, as wide as the card."""

    main_image: Image
    id: str | None = None


class MessageType(StrEnum):
    """Whether a message is only read on the back, or also announced (three in 24 hours)."""

    TEXT = "TEXT"
    TEXT_AND_NOTIFY = "TEXT_AND_NOTIFY"


class Message(Content):
    """A message on the back. Its id is ours: Google does not keep two from having the same."""

    id: str | None = None
    header: str | None = None
    body: str | None = None
    localized_header: LocalizedString | None = None
    localized_body: LocalizedString | None = None
    message_type: Choice[MessageType] | None = None
    display_interval: TimeInterval | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.header or self.body or self.localized_header or self.localized_body):
            raise wrong("says nothing: write a header or a body.")
        return self


class MerchantLocation(Content):
    """A place near which the phone shows the card, in degrees. Google decides how near."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class ModuleViewConstraints(Content):
    """When a module is shown."""

    display_interval: TimeInterval | None = None


class ValueAddedModuleData(Content):
    """A small card of its own below the pass, which leads somewhere: a survey, a draw."""

    header: Annotated[LocalizedString, Shown(60)]
    uri: Address
    body: Annotated[LocalizedString | None, Shown(50)] = None
    image: Image | None = None
    sort_index: Int32 | None = None
    view_constraints: ModuleViewConstraints | None = None


class AppTarget(Content, title="AppLinkDataAppLinkInfoAppTarget"):
    """Where a button leads: an app by its package, or an address with a description."""

    package_name: str | None = None
    target_uri: Uri | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.package_name and not self.target_uri:
            raise wrong("leads nowhere: write packageName or targetUri.")
        uri = self.target_uri
        if uri and not (uri.description or uri.localized_description):
            raise wrong("is missing, and Google requires it here.", "targetUri.description")
        return self


class AppLinkInfo(Content, title="AppLinkDataAppLinkInfo"):
    """Where a button leads."""

    app_target: AppTarget


class AppLinkData(Content):
    """The one button on the front of the card."""

    android_app_link_info: AppLinkInfo | None = None
    web_app_link_info: AppLinkInfo | None = None
    display_text: LocalizedString | None = None

    @model_validator(mode="after")
    def _is_a_button(self) -> Self:
        if not self.android_app_link_info and not self.web_app_link_info:
            raise wrong("leads nowhere: write androidAppLinkInfo or webAppLinkInfo.")
        text = self.display_text
        for each in (text.default_value, *text.translated_values) if text else ():
            if len(each.value) > 30:
                raise wrong(f"{told(each.value)} is longer than 30 characters.", "displayText")
        return self


class CallbackOptions(Content):
    """Where Google tells of objects saved and deleted. Its robots.txt has to let Googlebot in."""

    url: Https

    @classmethod
    def of(cls, url: str, *, allow_http: bool = False) -> Self:
        """Told at an https address; `allow_http` is as for `parse`. Raises ContentError."""
        return cls.parse({"url": url}, allow_http=allow_http)


class NfcConstraint(StrEnum):
    """What a phone does not offer to a reader while the pass is open."""

    BLOCK_PAYMENT = "BLOCK_PAYMENT"
    BLOCK_CLOSED_LOOP_TRANSIT = "BLOCK_CLOSED_LOOP_TRANSIT"


class ScreenshotEligibility(StrEnum):
    """Whether a picture may be taken of the screen."""

    ELIGIBLE = "ELIGIBLE"
    INELIGIBLE = "INELIGIBLE"


class PassConstraints(Content):
    """What the phone keeps from happening while the pass is open."""

    screenshot_eligibility: Choice[ScreenshotEligibility] | None = None
    nfc_constraint: Several[Choice[NfcConstraint]] = ()


class SaveRestrictions(Content):
    """Who may save the object: the account whose e-mail address has this SHA-256.

    It is looked at when the object is saved and not later. Google asks to be talked to first.
    """

    restrict_to_email_sha256: Sha256 | None = Field(default=None, alias="restrictToEmailSha256")


class GroupingInfo(Content):
    """Passes with the same id are shown together; the lower index first."""

    grouping_id: str | None = None
    sort_index: Int32 | None = None


class AnimationType(StrEnum):
    """What moves on the details of the pass."""

    FOIL_SHIMMER = "FOIL_SHIMMER"


class SecurityAnimation(Content):
    """Something that moves, which a picture of the screen does not."""

    animation_type: Choice[AnimationType]
