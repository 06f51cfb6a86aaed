"""Google passes as data for the phones' page: what Google Wallet draws of a class and an object.

A pure function of their JSON and a language. Nobody but Google knows its drawing for certain: this
is what the field descriptions of walletobjects v1 and the brand guidelines say of each.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.sandbox.android.words import MEMBER_ID, MEMBER_NAME, UNTIL
from server.sandbox.google.fields import Fields, Shown
from server.sandbox.google.text import Json, Tongue

KINDS = ("loyalty", "offer", "generic")
EXPIRED_STATES = ("COMPLETED", "EXPIRED", "INACTIVE")
SHOWN_OFFERS = 5
SHOWN_MODULES = 10  # of each of object and class
SHOWN_EXTRAS = 15

_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NO_COLOUR = "#5f6368"  # where Google would take the pictures' dominant one
_INK, _CHALK = "#000000", "#ffffff"
_READABLE = 4.5
_SAFE_LINKS = ("https:", "http:", "tel:", "mailto:", "geo:", "sms:")
_END = "object.validTimeInterval.end"
_MEMBER = {"object.accountName": MEMBER_NAME, "object.accountId": MEMBER_ID}
_LAST = 2**31 - 1  # the sortIndex of a module without one

# Where each kind has its name and its logo; a name is looked for on the object first.
_TITLES = {"loyalty": "programName", "offer": "title", "generic": "header"}
_LOGOS = {
    "loyalty": ("wideProgramLogo", "programLogo"),
    "offer": ("wideTitleImage", "titleImage"),
    "generic": ("wideLogo", "logo"),
}

Picture = Callable[[str], str | None]  # the page's own address for a picture of a pass


@dataclass(frozen=True)
class Linked:
    """An object with its class. `kind` is one of KINDS."""

    kind: str
    object_: Json
    class_: Json

    @property
    def object_id(self) -> str:
        """`<issuer>.<suffix>`."""
        return str(self.object_.get("id", ""))


def draw_card(
    saved: Linked, language: str, *, picture: Picture, offers: Iterable[Linked] = ()
) -> dict[str, Any]:
    """Everything the page shows of a saved object: the card, what is below it, its offers."""
    card = _Card(saved, Tongue(language), picture)
    return {
        **card.face(),
        "barcode": card.barcode(),
        "messages": card.messages(),
        "extras": card.extras(),
        "details": card.details(),
        "images": card.images(),
        "links": card.links(),
        "button": card.button(),
        "offers": [
            draw_card(offer, language, picture=picture) for offer in list(offers)[:SHOWN_OFFERS]
        ],
    }


def draw_face(saved: Linked, language: str, *, picture: Picture) -> dict[str, Any]:
    """The card alone, without its code: what a save page shows."""
    return _Card(saved, Tongue(language), picture).face()


def barcode_of(object_: Json) -> tuple[str, str, str] | None:
    """Type, value and the text below; without a barcode the account id is the code."""
    barcode = object_.get("barcode")
    account = str(object_.get("accountId", ""))
    if not isinstance(barcode, Mapping):
        return ("QR_CODE", account, account) if account else None
    value = str(barcode.get("value") or account)
    text = str(barcode.get("alternateText") or account or value)
    return (str(barcode.get("type", "")), value, text) if value else None


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What looks different on a card, in words: `Leimoja 7 → 8`."""
    old, new = _values(before), _values(after)
    said = [
        f"{label or key} {old[key][1]} → {value}" if key in old else f"{label or key} {value}"
        for key, (label, value) in new.items()
        if key not in old or old[key][1] != value
    ]
    said += [f"no {label or key} any more" for key, (label, _) in old.items() if key not in new]
    parts = {
        "hero": "the picture",
        "logo": "the logo",
        "title": "the name",
        "issuer_name": "the issuer's name",
        "background_color": "the colour",
        "barcode": "the code",
        "messages": "the messages",
        "extras": "what is offered below",
        "images": "the pictures below",
        "links": "the links",
        "button": "the button",
        "offers": "the offers",
        "is_expired": "whether it is valid",
    }
    return said + [word for part, word in parts.items() if before.get(part) != after.get(part)]


@dataclass(frozen=True)
class _Card:
    saved: Linked
    tongue: Tongue
    picture: Picture

    @property
    def fields(self) -> Fields:
        return Fields(self.saved.class_, self.saved.object_, self.tongue)

    @property
    def both(self) -> tuple[Json, Json]:
        """What the object says comes before what its class says."""
        return self.saved.object_, self.saved.class_

    def face(self) -> dict[str, Any]:
        object_, class_ = self.both
        wide, logo = _LOGOS[self.saved.kind]
        colour = _colour(self._first("hexBackgroundColor"))
        title = self._text(_TITLES[self.saved.kind])
        issuer = self._text("cardTitle" if self.saved.kind == "generic" else "issuerName")
        rows = self.fields.card_rows() or self._rows_of_kind()
        state = str(object_.get("state", "ACTIVE"))
        return {
            "object_id": self.saved.object_id,
            "class_id": str(class_.get("id", "")),
            "kind": self.saved.kind,
            "state": state,
            "is_expired": state in EXPIRED_STATES,
            "issuer_name": issuer,
            "title": title,
            "subtitle": self._text("subheader") or self._text("shortTitle"),
            "background_color": colour,
            "foreground_color": _readable_on(colour),
            "logo": self._image(self._first(wide)) or self._image(self._first(logo)),
            "is_logo_wide": bool(self._image(self._first(wide))),
            "hero": self._image(self._first("heroImage")),
            "rows": [[shown.as_dict() for shown in row] for row in rows],
            "list_title": _value(self.fields.list_row("firstRowOption")) or title,
            "list_subtitle": _value(self.fields.list_row("secondRowOption")) or issuer,
        }

    def barcode(self) -> dict[str, Any] | None:
        found = barcode_of(self.saved.object_)
        if found is None:
            return None
        places = ("firstTopDetail", "secondTopDetail", "firstBottomDetail")
        first, second, bottom = (self.fields.beside_barcode(place) for place in places)
        return {
            "type": found[0],
            "value": found[1],
            "text": found[2],
            "above": [each.as_dict() for each in (first, second) if each],
            "below": [bottom.as_dict()] if bottom else [],
        }

    def messages(self) -> list[dict[str, str]]:
        """The newest first, as Google lists them."""
        found = [
            Shown(
                str(each.get("id", "")),
                self.tongue.text(each, "header"),
                self.tongue.text(each, "body"),
            ).as_dict()
            for holder in self.both
            for each in reversed(_dicts(holder.get("messages")))
        ]
        return [each for each in found if each["label"] or each["value"]]

    def extras(self) -> list[dict[str, Any]]:
        """Value-added modules: those of the object first, each group by its sort index."""
        found = [
            each
            for holder in self.both
            for each in sorted(_dicts(holder.get("valueAddedModuleData")), key=_sort_index)
        ]
        return [
            {
                "header": self.tongue.text(each, "header"),
                "body": self.tongue.text(each, "body"),
                "image": self._image(each.get("image")),
                "uri": _safe(each.get("uri")),
            }
            for each in found[:SHOWN_EXTRAS]
        ]

    def details(self) -> list[dict[str, str]]:
        """Text modules and who the card is of, or what the class's template names instead."""
        chosen = self.fields.details()
        if chosen is not None:
            return [each.as_dict() for each in chosen]
        shown = [
            replace(found, label=found.label or label.get(self.tongue.language))
            for path, label in _MEMBER.items()
            if (found := self.fields.field(path))
        ]
        for holder in self.both:
            for number, each in enumerate(_dicts(holder.get("textModulesData"))[:SHOWN_MODULES]):
                key = str(each.get("id") or f"text-{number}")
                shown.append(
                    Shown(key, self.tongue.text(each, "header"), self.tongue.text(each, "body"))
                )
        shown += [
            Shown(name, "", self.tongue.text(self.saved.class_, name))
            for name in ("details", "finePrint")
        ]
        return [each.as_dict() for each in shown if each.label or each.value]

    def images(self) -> list[dict[str, str]]:
        """One picture of the object and one of the class."""
        firsts = [_dicts(holder.get("imageModulesData"))[:1] for holder in self.both]
        drawn = [self._image(each.get("mainImage")) for first in firsts for each in first]
        return [each for each in drawn if each]

    def links(self) -> list[dict[str, str]]:
        uris = [
            uri
            for holder in self.both
            for uri in _dicts(_mapping(holder.get("linksModuleData")).get("uris"))
        ]
        uris += [
            each for name in ("homepageUri", "helpUri") if (each := _mapping(self._first(name)))
        ]
        return [
            {"text": self.tongue.text(each, "description") or uri, "uri": uri}
            for each in uris
            if (uri := _safe(each.get("uri")))
        ]

    def button(self) -> dict[str, str] | None:
        """The link to an app or a page on the card's front."""
        data = _mapping(self._first("appLinkData"))
        for name in ("androidAppLinkInfo", "webAppLinkInfo"):
            target = _mapping(_mapping(data.get(name)).get("appTarget"))
            uri = _mapping(target.get("targetUri"))
            package = str(target.get("packageName", ""))
            text = self.tongue.text(data, "displayText") or self.tongue.text(uri, "description")
            if link := _safe(uri.get("uri")):
                return {"text": text or link, "uri": link}
            if package:
                return {"text": text or package, "uri": ""}
        return None

    def _rows_of_kind(self) -> list[list[Shown]]:
        """What an offer or a generic pass shows without a template."""
        end = self.fields.field(_END)
        modules = _dicts(self.saved.object_.get("textModulesData")) if self._is_generic else []
        shown = [
            Shown(
                str(each.get("id", "")),
                self.tongue.text(each, "header"),
                self.tongue.text(each, "body"),
            )
            for each in modules[:2]
        ]
        if end and self.saved.kind == "offer":
            shown.append(replace(end, label=UNTIL.get(self.tongue.language)))
        return [shown] if shown else []

    @property
    def _is_generic(self) -> bool:
        return self.saved.kind == "generic"

    def _text(self, name: str) -> str:
        object_, class_ = self.both
        return self.tongue.text(object_, name) or self.tongue.text(class_, name)

    def _first(self, name: str) -> object:
        object_, class_ = self.both
        return object_.get(name) or class_.get(name)

    def _image(self, image: object) -> dict[str, str] | None:
        found = _mapping(image)
        uri = _mapping(found.get("sourceUri")).get("uri")
        source = self.picture(uri) if isinstance(uri, str) else None
        if source is None:
            return None
        return {"source": source, "text": self.tongue.text(found, "contentDescription")}


def _values(card: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    rows = [shown for row in card.get("rows", []) for shown in row]
    return {each["key"]: (each["label"], each["value"]) for each in (*rows, *card["details"])}


def _value(shown: Shown | None) -> str:
    return shown.value if shown else ""


def _sort_index(module: Json) -> int:
    index = module.get("sortIndex")
    return index if isinstance(index, int) else _LAST


def _safe(uri: object) -> str:
    """A link that does no more than links do; empty for anything else."""
    return uri if isinstance(uri, str) and uri.lower().startswith(_SAFE_LINKS) else ""


def _colour(value: object) -> str:
    """`#rrggbb`, safe to put into a style sheet."""
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        return _NO_COLOUR
    digits = value[1:]
    return f"#{digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits)}".lower()


def _readable_on(colour: str) -> str:
    """White where it can be read on `colour`, else black (WCAG 2, contrast of 4.5)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return _CHALK if 1.05 / (light + 0.05) >= _READABLE else _INK


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _dicts(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
