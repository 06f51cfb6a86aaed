"""A card in Google Wallet's words: the only place that knows where on an object what stands.

Google: Wallet API reference (LoyaltyClass, LoyaltyObject, OfferClass, OfferObject); Wallet brand
guidelines. Bodies are pure functions of what is shown: the same card makes the same body.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from googlewallet import (
    AppLinkData,
    AppLinkInfo,
    AppTarget,
    Barcode,
    BarcodeType,
    CallbackOptions,
    CardRowTemplateInfo,
    CardTemplateOverride,
    ClassTemplateInfo,
    Holders,
    LinksModuleData,
    LoyaltyClass,
    LoyaltyObject,
    MerchantLocation,
    OfferClass,
    OfferObject,
    RedemptionChannel,
    ReviewStatus,
    State,
    TemplateItem,
    TimeInterval,
    ValueAddedModuleData,
)
from passkit.colors import Color
from server import wording
from server.cards import ShownPass
from server.catalogue import ShownProgramme
from server.designs import GoogleLook
from server.face import CardFace, Line, Reward, Text
from server.wallets.google.words import Pictures, Words, module_id
from server.wallets.layout import FRONT

_A_ROW = 2  # of lines on the front; the balances stand on a row of their own above them
_NO_CODE = "\N{EM DASH}"  # in the place of a code that no till shall take

CALLBACK_PATH = "/google/callback"  # where Google tells what became of a card

_MEMBER_NUMBER = Text("Jäsennumero", "Medlemsnummer", "Member number")
_CONTACT = Text("Yhteystiedot", "Kontakt", "Contact")
_CARD_PAGE = Text("Kortin sivu", "Kortets sida", "The card's page")
_JOIN_PAGE = Text("Liity mukaan", "Gå med", "Join")
_TO_USE = Text("Käytettävissä", "Att använda", "To use")

# What of a contact can be tapped: how it looks, how its link begins, what the link is called.
_REACHED = (
    (
        re.compile(r"https?://[^\s,;]+[^\s,;.]", re.ASCII),
        "",
        Text("Verkkosivut", "Webbplats", "Website"),
    ),
    (
        re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII),
        "mailto:",
        Text("Sähköposti", "E-post", "Email"),
    ),
    (
        re.compile(r"(?<![\w+])(?:\+|0)[0-9](?:[ -]?[0-9]){5,14}(?!\w)", re.ASCII),
        "tel:",
        Text("Puhelin", "Telefon", "Telephone"),
    ),
)


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
    words, pictures = Words(shown.language), Pictures(shown.design, publisher.public_url)
    look = shown.design.google
    return LoyaltyClass(
        id=class_id(publisher.issuer_id, shown.id),
        review_status=ReviewStatus.UNDER_REVIEW,
        issuer_name=shown.face.brand,
        program_name=shown.face.programme,
        program_logo=pictures.logo(words.localized(Text.same(shown.face.brand))),
        hero_image=pictures.hero(None, words.localized(Text.same(shown.face.brand))),
        hex_background_color=_hex(shown.design.background_color),
        country_code=shown.country,
        account_id_label=words.one(_MEMBER_NUMBER),
        localized_account_id_label=words.localized(_MEMBER_NUMBER),
        multiple_devices_and_holders_allowed_status=Holders.ONE_USER_ALL_DEVICES,
        callback_options=CallbackOptions.of(
            f"{publisher.public_url}{CALLBACK_PATH}", allow_http=True
        ),
        homepage_uri=words.link(
            f"{publisher.public_url}/join/{shown.brand_slug}/{shown.slug}", _JOIN_PAGE
        ),
        class_template_info=_template(shown.face),
        text_modules_data=(words.module(Line("contact", _CONTACT, Text.same(shown.contact))),),
        links_module_data=_contact_links(shown.contact, words),
        merchant_locations=tuple(
            MerchantLocation(latitude=place.latitude, longitude=place.longitude)
            for place in shown.places
        ),
        app_link_data=_button(look, words),
        value_added_module_data=tuple(_tiles(look, words)),
    ).to_json()


def offer_class(shown: ShownProgramme, publisher: Publisher) -> dict[str, Any] | None:
    """The body of the class of a programme's reward; None when there is nothing to earn.

    Raises:
        ContentError: Google would refuse it; the path and the rule.
    """
    reward = shown.face.reward
    if reward is None:
        return None
    words, pictures = Words(shown.language), Pictures(shown.design, publisher.public_url)
    return OfferClass(
        id=offer_class_id(publisher.issuer_id, shown.id),
        review_status=ReviewStatus.UNDER_REVIEW,
        issuer_name=shown.face.brand,
        provider=shown.face.brand,
        redemption_channel=RedemptionChannel.INSTORE,
        title=words.one(reward.title),
        localized_title=words.translated(reward.title),
        title_image=pictures.logo(words.localized(Text.same(shown.face.brand))),
        hero_image=pictures.hero(None, words.localized(reward.title)),
        fine_print=words.one(reward.conditions),
        localized_fine_print=words.translated(reward.conditions),
        hex_background_color=_hex(shown.design.background_color),
        country_code=shown.country,
        multiple_devices_and_holders_allowed_status=Holders.ONE_USER_ALL_DEVICES,
    ).to_json()


def loyalty_object(shown: ShownPass, publisher: Publisher) -> dict[str, Any]:
    """The body of a card's object, the whole of it: absolute, and the same for the same card.

    It names the offer object while a reward waits: that one has to be there first. A voided card
    is INACTIVE, and its code is none any more. `notifyPreference` is not in it: whether a phone
    may speak is decided when it is sent.

    Raises:
        ContentError: Google would refuse it, such as a balance of 2^31 or more.
    """
    words, pictures = Words(shown.language), Pictures(shown.design, publisher.public_url)
    points, secondary = _balances(shown.face)
    lines = (*shown.face.lines, *shown.face.details)
    card_page = f"{publisher.public_url}/c/{shown.link_token}"
    return LoyaltyObject(
        id=object_id(publisher.issuer_id, shown.card_id),
        class_id=class_id(publisher.issuer_id, shown.programme_id),
        state=_state(shown, State.ACTIVE),
        account_id=shown.face.member_number,
        barcode=_barcode(shown, _is_voided(shown)),
        loyalty_points=words.points(points),
        secondary_loyalty_points=words.points(secondary),
        text_modules_data=tuple(map(words.module, lines)),
        links_module_data=LinksModuleData(uris=(words.link(card_page, _CARD_PAGE),)),
        hero_image=pictures.hero(shown.face.progress, words.standing(shown.face)),
        linked_offer_ids=(
            (offer_object_id(publisher.issuer_id, shown.card_id),) if _is_waiting(shown) else ()
        ),
    ).to_json()


def offer_object(
    shown: ShownPass, publisher: Publisher, *, is_known: bool = False
) -> dict[str, Any] | None:
    """The body of the object of a card's reward, the whole of it.

    None while no reward waits, unless Google has the object (`is_known`): then it is COMPLETED.

    Raises:
        ContentError: Google would refuse it; the path and the rule.
    """
    reward, is_waiting = shown.face.reward, _is_waiting(shown)
    if reward is None or not (is_waiting or is_known):
        return None
    words = Words(shown.language)
    return OfferObject(
        id=offer_object_id(publisher.issuer_id, shown.card_id),
        class_id=offer_class_id(publisher.issuer_id, shown.programme_id),
        state=_state(shown, State.ACTIVE if is_waiting else State.COMPLETED),
        barcode=_barcode(shown, not is_waiting),
        valid_time_interval=TimeInterval.of(end=reward.until) if reward.until else None,
        text_modules_data=tuple(map(words.module, _counted(reward))),
    ).to_json()


def _is_voided(shown: ShownPass) -> bool:
    return shown.version.state == "voided"


def _is_waiting(shown: ShownPass) -> bool:
    """Whether a reward may be used with the card."""
    reward = shown.face.reward
    return reward is not None and reward.count > 0 and not _is_voided(shown)


def _state(shown: ShownPass, otherwise: State) -> State:
    return State.INACTIVE if _is_voided(shown) else otherwise


def _barcode(shown: ShownPass, is_spent: bool) -> Barcode:
    """The code of the card. Without any, Google would write the member number into one."""
    if is_spent:
        return Barcode(type=BarcodeType.TEXT_ONLY, value=_NO_CODE)
    face = shown.face
    return Barcode(type=BarcodeType.QR_CODE, value=face.barcode, alternate_text=face.member_number)


def _balances(face: CardFace) -> tuple[Line | None, Line | None]:
    """What is counted stands first; a level, which is a word, in the second place."""
    first, second = face.headline, face.corner
    if first and second and first.amount is None and second.amount is not None:
        return second, first
    return first, second


def _counted(reward: Reward) -> Iterator[Line]:
    if reward.count > 1:
        yield Line("count", _TO_USE, wording.number(reward.count))


def _template(face: CardFace) -> ClassTemplateInfo | None:
    """The balances side by side, and below them the lines as they stand on Apple's front."""
    first, second = _balances(face)
    fields = [
        f"object.{name}.balance"
        for name, line in (("loyaltyPoints", first), ("secondaryLoyaltyPoints", second))
        if line
    ]
    texts = [f"object.textModulesData['{module_id(line)}']" for line in face.lines[:FRONT]]
    rows = [row for row in (fields, texts[:_A_ROW], texts[_A_ROW:]) if row]
    if not rows:
        return None
    return ClassTemplateInfo(
        card_template_override=CardTemplateOverride(
            card_row_template_infos=tuple(
                CardRowTemplateInfo.of(*map(TemplateItem.of, row)) for row in rows
            )
        )
    )


def _contact_links(contact: str, words: Words) -> LinksModuleData | None:
    """What of the brand's contact can be tapped."""
    uris = tuple(
        words.link(scheme + found.replace(" ", "-"), name)
        for pattern, scheme, name in _REACHED
        for found in pattern.findall(contact)
    )
    return LinksModuleData(uris=uris) if uris else None


def _button(look: GoogleLook, words: Words) -> AppLinkData | None:
    if look.button is None:
        return None
    text, uri = look.button
    target = AppTarget(target_uri=words.link(uri, text))
    return AppLinkData(
        web_app_link_info=AppLinkInfo(app_target=target), display_text=words.localized(text)
    )


def _tiles(look: GoogleLook, words: Words) -> Iterable[ValueAddedModuleData]:
    for place, tile in enumerate(look.tiles):
        yield ValueAddedModuleData(
            header=words.localized(tile.header),
            body=words.localized(tile.body),
            uri=tile.uri,
            sort_index=place,
        )


def _hex(written: str) -> str:
    color = Color.parse(written)
    return f"#{color.red:02x}{color.green:02x}{color.blue:02x}"
