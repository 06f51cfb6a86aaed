"""What only a poster event ticket has: colours of its own and a guide to the event.

Apple: Wallet Passes, Pass (keys marked for poster event tickets), Creating an event pass using
semantic tags.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from passkit.colors import Color, color_at
from passkit.errors import ContentError
from passkit.values import address, flag, json_value, key_of, listed, text, whole

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+").fullmatch
_STORE_IDENTIFIERS = (1, 2**53)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}").fullmatch


class PosterEventTicket(
    msgspec.Struct, frozen=True, kw_only=True, rename=key_of, omit_defaults=True
):
    """Keys of an event ticket that is drawn as a poster from iOS 18 on.

    Addresses are https. `upcoming_pass_information` is Apple's list of further dates, as JSON
    values. With `use_automatic_colors` the colours of the pass are those of its background.

    Raises ContentError whose `path` is the key of pass.json.
    """

    event_logo_text: str | None = None
    footer_background_color: Color | str | None = None
    suppress_header_darkening: bool | None = None
    use_automatic_colors: bool | None = None
    auxiliary_store_identifiers: Sequence[int] = ()

    accessibility_url: str | None = None
    add_on_url: str | None = None
    bag_policy_url: str | None = None
    contact_venue_email: str | None = None
    contact_venue_phone_number: str | None = None
    contact_venue_website: str | None = None
    directions_information_url: str | None = None
    merchandise_url: str | None = None
    order_food_url: str | None = None
    parking_information_url: str | None = None
    purchase_parking_url: str | None = None
    sell_url: str | None = None
    transfer_url: str | None = None
    transit_information_url: str | None = None

    upcoming_pass_information: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        for each in msgspec.structs.fields(self):
            value = getattr(self, each.name)
            if value is None:
                continue
            if each.name.endswith(("_url", "_website")):
                address(value, each.encode_name)
            elif each.type == bool | None:
                flag(value, each.encode_name)
            elif each.type == str | None:
                text(value, each.encode_name)
        if self.contact_venue_email is not None and not _EMAIL(self.contact_venue_email):
            raise ContentError("contactVenueEmail", "is no e-mail address.")
        if self.footer_background_color is not None:
            color = color_at("footerBackgroundColor", self.footer_background_color)
            force_setattr(self, "footer_background_color", str(color))
        stores = store_identifiers(self.auxiliary_store_identifiers, "auxiliaryStoreIdentifiers")
        force_setattr(self, "auxiliary_store_identifiers", stores)
        upcoming = _upcoming(self.upcoming_pass_information)
        force_setattr(self, "upcoming_pass_information", upcoming)

    def to_dict(self) -> dict[str, Any]:
        """The keys as they stand at the top of pass.json, with the wish to be a poster."""
        return {
            "preferredStyleSchemes": ["posterEventTicket", "eventTicket"],
            **msgspec.to_builtins(self),
        }


def store_identifiers(values: Sequence[int], path: str) -> tuple[int, ...]:
    """Identifiers of apps in the App Store; ContentError for anything else."""
    return tuple(
        whole(each, f"{path}[{index}]", _STORE_IDENTIFIERS)
        for index, each in enumerate(listed(values, path))
    )


def _upcoming(values: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    path = "upcomingPassInformation"
    checked: list[dict[str, Any]] = []
    for index, each in enumerate(listed(values, path)):
        place = f"{path}[{index}]"
        if not isinstance(each, Mapping):
            raise ContentError(place, f"wants an object, not {each!r}.")
        for key in ("identifier", "name"):
            text(each.get(key, ""), f"{place}.{key}")
        if each.get("type") != "event":
            raise ContentError(f"{place}.type", "wants event: Wallet knows no other type.")
        if each["identifier"] in [other["identifier"] for other in checked]:
            raise ContentError(f"{place}.identifier", f"{each['identifier']!r} is there already.")
        checked.append(json_value(each, place))
        _check_images(each.get("images", {}), f"{place}.images")
    return tuple(checked)


def _check_images(images: object, path: str) -> None:
    """Remote pictures come with the sum that they are checked by."""
    if not isinstance(images, Mapping):
        raise ContentError(path, f"wants an object, not {images!r}.")
    for name, image in images.items():
        entries = image.get("URLs", []) if isinstance(image, Mapping) else []
        for index, entry in enumerate(listed(entries, f"{path}.{name}.URLs")):
            place = f"{path}.{name}.URLs[{index}]"
            if not isinstance(entry, Mapping):
                raise ContentError(place, f"wants an object, not {entry!r}.")
            address(entry.get("URL", ""), f"{place}.URL")
            if not _SHA256(str(entry.get("SHA256", ""))):
                raise ContentError(f"{place}.SHA256", "wants the picture's SHA-256 in hexadecimal.")
