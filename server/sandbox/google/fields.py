"""What stands in the rows of a Google pass: the fields that its class's template points at.

Google: walletobjects v1, ClassTemplateInfo (TemplateItem, FieldSelector, FieldReference).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.sandbox.google.text import Json, Tongue

_STEP = re.compile(r"(\w+)(?:\[['\"]([\w.-]+)['\"]\])?")
_PLACES = ("item", "startItem", "middleItem", "endItem")
_BALANCES = ("loyaltyPoints", "secondaryLoyaltyPoints")
_JOINT = " / "  # between the two values of one item


@dataclass(frozen=True)
class Shown:
    """A value with its label; `key` is the path of the field it comes from."""

    key: str
    label: str
    value: str

    def as_dict(self) -> dict[str, str]:
        """For the page."""
        return {"key": self.key, "label": self.label, "value": self.value}


@dataclass(frozen=True)
class Fields:
    """The fields of an object and its class, by the paths that templates use."""

    class_: Json
    object_: Json
    tongue: Tongue

    def card_rows(self) -> list[list[Shown]]:
        """The rows that the class asks for; balances and tiers where it asks for none.

        The choice of Google's default rows is not written down: these are the ones people report.
        """
        infos = _at(self.class_, "classTemplateInfo", "cardTemplateOverride").get(
            "cardRowTemplateInfos"
        )
        if not isinstance(infos, list) or not infos:
            return self._default_rows()
        rows = [self._row(info) for info in infos if isinstance(info, Mapping)]
        return [row for row in rows if row]

    def details(self) -> list[Shown] | None:
        """What the class wants below the card; None when it leaves that to Google."""
        infos = _at(self.class_, "classTemplateInfo", "detailsTemplateOverride").get(
            "detailsItemInfos"
        )
        if not isinstance(infos, list) or not infos:
            return None
        items = [self.item(info.get("item")) for info in infos if isinstance(info, Mapping)]
        return [item for item in items if item]

    def beside_barcode(self, place: str) -> Shown | None:
        """The field at `firstTopDetail`, `secondTopDetail` or `firstBottomDetail`."""
        details = _at(self.class_, "classTemplateInfo", "cardBarcodeSectionDetails", place)
        return self.chosen(details.get("fieldSelector"))

    def list_row(self, place: str) -> Shown | None:
        """What stands at `firstRowOption` or `secondRowOption` in the list of passes."""
        option = _at(self.class_, "classTemplateInfo", "listTemplateOverride", place)
        return self.chosen(option.get("fieldOption", option))

    def item(self, item: object) -> Shown | None:
        """A TemplateItem: one value, or two with a slash between them."""
        if not isinstance(item, Mapping):
            return None
        found = [self.chosen(item.get(name)) for name in ("firstValue", "secondValue")]
        shown = [each for each in found if each]
        if not shown:
            return None
        labels = dict.fromkeys(each.label for each in shown if each.label)
        return Shown(shown[0].key, _JOINT.join(labels), _JOINT.join(each.value for each in shown))

    def chosen(self, selector: object) -> Shown | None:
        """The first field of a FieldSelector that is not empty."""
        references = selector.get("fields") if isinstance(selector, Mapping) else None
        for each in references if isinstance(references, list) else []:
            if isinstance(each, Mapping) and (
                shown := self.field(str(each.get("fieldPath", "")), str(each.get("dateFormat", "")))
            ):
                return shown
        return None

    def field(self, path: str, date_format: str = "") -> Shown | None:
        """The field at a path such as `object.loyaltyPoints.balance`; None when it is empty."""
        root, _, rest = path.partition(".")
        holder: Any = {"object": self.object_, "class": self.class_}.get(root)
        trail: list[Any] = []
        steps = _STEP.findall(rest)
        for name, entry_id in steps:
            if not isinstance(holder, Mapping):
                return None
            trail.append(holder)
            holder = _entry(holder.get(name), entry_id) if entry_id else holder.get(name)
        if not trail:
            return None
        name = steps[-1][0]
        label, value = self._read(trail[-1], name, holder, date_format)
        return Shown(path, label, value) if value else None

    def _read(self, holder: Json, name: str, found: object, date_format: str) -> tuple[str, str]:
        """Label and value of what a path has led to."""
        say = self.tongue
        if name == "balance":
            return say.text(holder, "label"), say.balance(found)
        if name in _BALANCES and isinstance(found, Mapping):
            return say.text(found, "label"), say.balance(found.get("balance"))
        if name == "textModulesData" and isinstance(found, Mapping):
            return say.text(found, "header"), say.text(found, "body")
        if name == "uris" and isinstance(found, Mapping):
            return "", say.text(found, "description")
        figure = say.number(found) or say.date(found, date_format) or say.money(found)
        return self._label(holder, name), figure or say.text(holder, name)

    def _label(self, holder: Json, name: str) -> str:
        """`accountId` is called what the class says in `accountIdLabel`."""
        return self.tongue.text(holder, f"{name}Label") or self.tongue.text(
            self.class_, f"{name}Label"
        )

    def _row(self, info: Json) -> list[Shown]:
        for kind in ("oneItem", "twoItems", "threeItems"):
            if isinstance(places := info.get(kind), Mapping):
                items = [self.item(places.get(place)) for place in _PLACES]
                return [item for item in items if item]
        return []

    def _default_rows(self) -> list[list[Shown]]:
        paths = (
            ("object.loyaltyPoints.balance", "object.secondaryLoyaltyPoints.balance"),
            ("class.rewardsTier", "class.secondaryRewardsTier"),
        )
        rows = [[shown for path in row if (shown := self.field(path))] for row in paths]
        return [row for row in rows if row]


def _at(holder: Json, *names: str) -> Json:
    for name in names:
        inner = holder.get(name)
        if not isinstance(inner, Mapping):
            return {}
        holder = inner
    return holder


def _entry(entries: object, entry_id: str) -> object:
    """The entry of a list of modules, or of its `uris`, with this id."""
    found = entries if isinstance(entries, list) else []
    return next(
        (each for each in found if isinstance(each, Mapping) and each.get("id") == entry_id), None
    )
