"""A stamp card as Google has it."""

from typing import Any

from googlewallet.throwaway import ISSUER_ID

CARD = f"{ISSUER_ID}.aino-card"
CLASS_ID = f"{ISSUER_ID}.coffee"
OFFER_CLASS_ID = f"{CLASS_ID}_reward"


def said(fi: str, sv: str, en: str) -> dict[str, Any]:
    """One text in three languages."""
    return {
        "defaultValue": {"language": "en", "value": en},
        "translatedValues": [
            {"language": "fi-FI", "value": fi},
            {"language": "sv", "value": sv},
        ],
    }


def image(base: str, name: str) -> dict[str, Any]:
    return {"sourceUri": {"uri": f"{base}/{name}"}}


def loyalty_class(base: str = "https://cafe.example", **changes: Any) -> dict[str, Any]:
    return {
        "id": CLASS_ID,
        "issuerName": "Kahvila Aalto",
        "programName": "Coffee card",
        "localizedProgramName": said("Kahvipassi", "Kaffekort", "Coffee card"),
        "programLogo": image(base, "logo.png"),
        "hexBackgroundColor": "#342018",
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        **changes,
    }


def loyalty_object(base: str = "https://cafe.example", **changes: Any) -> dict[str, Any]:
    return {
        "id": CARD,
        "classId": CLASS_ID,
        "state": "ACTIVE",
        "accountId": "2840 1735",
        "accountName": "Aino Virtanen",
        "loyaltyPoints": {
            "label": "Stamps",
            "localizedLabel": said("Leimat", "Stämplar", "Stamps"),
            "balance": {"int": 7},
        },
        "barcode": {"type": "QR_CODE", "value": "LEIMA-0001", "alternateText": "2840 1735"},
        "heroImage": image(base, "hero.png"),
        "textModulesData": [
            {
                "id": "rule",
                "localizedHeader": said("Ohje", "Regel", "Rule"),
                "localizedBody": said("Kymmenes tuo kahvin.", "Den tionde.", "The tenth."),
            }
        ],
        **changes,
    }


def offer_class(**changes: Any) -> dict[str, Any]:
    return {
        "id": OFFER_CLASS_ID,
        "issuerName": "Kahvila Aalto",
        "provider": "Aalto",
        "title": "A free coffee",
        "localizedTitle": said("Ilmainen kahvi", "Gratis kaffe", "A free coffee"),
        "finePrint": "One cup.",
        "redemptionChannel": "INSTORE",
        "reviewStatus": "UNDER_REVIEW",
        **changes,
    }


def offer_object(**changes: Any) -> dict[str, Any]:
    return {
        "id": f"{CARD}_reward",
        "classId": OFFER_CLASS_ID,
        "state": "ACTIVE",
        "validTimeInterval": {"end": {"date": "2027-01-31T21:59:59Z"}},
        **changes,
    }


def row(*paths: str) -> dict[str, Any]:
    """The template of a card's row with these fields."""
    kinds = {
        1: ("oneItem", ["item"]),
        2: ("twoItems", ["startItem", "endItem"]),
        3: ("threeItems", ["startItem", "middleItem", "endItem"]),
    }
    kind, places = kinds[len(paths)]
    return {kind: {place: item(path) for place, path in zip(places, paths, strict=True)}}


def item(*paths: str) -> dict[str, Any]:
    """One value, or two with a slash between them."""
    names = ("firstValue", "secondValue")
    return {
        name: {"fields": [{"fieldPath": path}]} for name, path in zip(names, paths, strict=False)
    }


def with_rows(*rows: dict[str, Any]) -> dict[str, Any]:
    """`classTemplateInfo` that asks for these rows."""
    return {"cardTemplateOverride": {"cardRowTemplateInfos": list(rows)}}
