"""Bodies of requests for tests: the smallest, and all sorts (Hypothesis), from Google's schema."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

import googlewallet as wallet
from googlewallet.content import Content
from tests.googlewallet.discovery import definition_of

MODELS: tuple[type[Content], ...] = (
    wallet.LoyaltyClass,
    wallet.LoyaltyObject,
    wallet.OfferClass,
    wallet.OfferObject,
    wallet.GenericClass,
    wallet.GenericObject,
)
# What Google's schema has and the models have not.
LEFT_OUT = {
    ("TemplateItem", "predefinedItem"): "flights alone",
    ("FirstRowOption", "transitOption"): "transit alone",
    ("RotatingBarcode", "initialRotatingBarcodeValues"): "transit alone",
    ("LoyaltyObject", "disableExpirationNotification"): "offers alone",
}
VALUES_LEFT_OUT = {
    "APPROVED": "set by Google alone",
    "REJECTED": "set by Google alone",
    "EXPIRATION_NOTIFICATION": "not supported",
}

TEXT = {"defaultValue": {"language": "fi", "value": "Leimat"}}
IMAGE = {"sourceUri": {"uri": "https://kahvila.example/a.png"}}
_REVIEWED = {"issuerName": "Kahvila", "reviewStatus": "UNDER_REVIEW"}
SMALLEST: dict[str, dict[str, Any]] = {
    "LoyaltyClass": {
        "id": "33.stamps",
        "programName": "Kahvipassi",
        "programLogo": IMAGE,
        **_REVIEWED,
    },
    "LoyaltyObject": {"id": "33.card", "classId": "33.stamps", "state": "ACTIVE"},
    "OfferClass": {
        "id": "33.reward",
        "title": "Kahvi",
        "provider": "Kahvila",
        "redemptionChannel": "INSTORE",
        **_REVIEWED,
    },
    "OfferObject": {"id": "33.offer", "classId": "33.reward", "state": "ACTIVE"},
    "GenericClass": {"id": "33.any"},
    "GenericObject": {"id": "33.pass", "classId": "33.any", "cardTitle": TEXT, "header": TEXT},
}


@cache
def models() -> dict[str, type[Content]]:
    """Every model, by the name of its schema; those that are only shared are none."""
    found: dict[str, type[Content]] = {}
    waiting = list(Content.__subclasses__())
    for model in waiting:
        waiting += model.__subclasses__()
        if not model.__subclasses__():
            found[model.model_config.get("title") or model.__name__] = model
    return found


@cache
def bodies(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies of a schema's kind with which nothing is wrong."""
    if kind in _SPECIAL:
        return _SPECIAL[kind]
    schema = definition_of(kind)
    fields = {
        name: _value(kind, name, each)
        for name, each in schema["properties"].items()
        if (kind, name) not in LEFT_OUT
    }
    needed = {
        *schema["required"],
        *(each.alias for each in models()[kind].model_fields.values() if each.is_required()),
        *_ONE_OF_SEVERAL.get(kind, ()),
    }
    optional = {name: each for name, each in fields.items() if name not in needed}
    made = st.fixed_dictionaries({name: fields[name] for name in needed}, optional=optional)
    return made.map(_without_half_a_smart_tap)


def _value(kind: str, name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    special = _BY_PLACE.get((kind, name), _BY_NAME.get(name))
    if special is not None:
        return special
    if "$ref" in schema:
        return st.deferred(lambda: bodies(schema["$ref"].rpartition("/")[2]))
    if "enum" in schema:
        unset = [each for each in schema["enum"] if each.endswith("_UNSPECIFIED")]
        return st.sampled_from(
            [each for each in schema["enum"] if each not in (*unset, *VALUES_LEFT_OUT)]
        )
    match schema["type"]:
        case "array":
            return st.lists(_value(kind, name, schema["items"]), min_size=1, max_size=2)
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "number":
            return st.floats(-90, 90) | st.integers(-90, 90)
        case kind_of_json:
            return {"boolean": st.booleans(), "string": _TEXTS}[kind_of_json]


def _without_half_a_smart_tap(body: dict[str, Any]) -> dict[str, Any]:
    """Smart Tap is said in two places or in none."""
    pair = ("enableSmartTap", "redemptionIssuers")
    if all(body.get(name) for name in pair):
        return body
    return {name: each for name, each in body.items() if name not in pair}


def _one_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    def alone(name: str, schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        return _value(kind, name, schema).map(lambda each: {name: each})

    return st.one_of(*(alone(*each) for each in definition_of(kind)["properties"].items()))


def _dates(offset: str) -> st.SearchStrategy[dict[str, Any]]:
    start = {"date": f"2026-11-22T10:00:00.5{offset}"}
    end = {"date": f"2027-01-01T00:00{offset}"}
    return st.sampled_from([{"start": start}, {"end": end}, {"start": start, "end": end}])


def _codes(kind: dict[str, str], pattern: str, period: int, digits: int) -> dict[str, Any]:
    parameters = [{"key": "0aF1", "valueLength": digits}]
    totp = {"algorithm": "TOTP_SHA1", "periodMillis": str(period), "parameters": parameters}
    return {**kind, "valuePattern": pattern, "totpDetails": totp}


_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
_NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
_IDS = _NAMES.map("33.it.".__add__)
_ADDRESSES = st.sampled_from(["https://kahvila.example/ä?b=1#c", "HTTPS://kahvila.example:8443"])
_QR = {"type": "QR_CODE", "renderEncoding": "UTF_8"}
_BY_PLACE = {(kind, "id"): st.just(body["id"]) for kind, body in SMALLEST.items()} | {
    ("TextModuleData", "id"): _NAMES,
    ("Uri", "uri"): _ADDRESSES | st.just("tel:+358401234567"),
    ("ValueAddedModuleData", "uri"): _ADDRESSES | st.just("app://card/1"),
}
_BY_NAME = {
    "balance": st.deferred(lambda: _one_of("LoyaltyPointsBalance")),
    "classId": _IDS,
    "countryCode": st.sampled_from(["FI", "SE"]),
    "currencyCode": st.sampled_from(["EUR", "SEK"]),
    "fieldPath": st.sampled_from(
        ["object.textModulesData['rule']", "object.barcode.value", "class.messages['a'].body"]
    ),
    "hexBackgroundColor": st.sampled_from(["#fc0", "#FFcc00"]),
    "language": st.sampled_from(["fi", "sv-FI", "zh-Hant-TW"]),
    "linkedObjectIds": st.lists(_IDS, max_size=2),
    "linkedOfferIds": st.lists(_IDS, max_size=2),
    "micros": st.integers(-(2**63), 2**63 - 1).map(str),
    "redemptionIssuers": st.lists(st.integers(1, 2**63 - 1).map(str), max_size=2),
    "restrictToEmailSha256": st.just("0f" * 32),
    "smartTapRedemptionValue": st.text(st.characters(max_codepoint=127), min_size=1, max_size=8),
    "uri": _ADDRESSES,
    "url": _ADDRESSES,
}
_ONE_OF_SEVERAL = {
    "AppLinkData": ["webAppLinkInfo"],
    "Message": ["header"],
}
_SPECIAL = {
    "AppLinkDataAppLinkInfoAppTarget": st.fixed_dictionaries(
        {"packageName": _TEXTS},
        optional={"targetUri": st.just({"uri": "app://card/1", "description": "Auki"})},
    ),
    "Barcode": st.sampled_from([_QR | {"value": "4711"}, {"type": "TEXT_ONLY", "value": "a"}]),
    "CardRowTemplateInfo": st.deferred(lambda: _one_of("CardRowTemplateInfo")),
    "Image": st.sampled_from([IMAGE, {"privateImageId": "a", "contentDescription": TEXT}]),
    "LocalizedString": st.lists(
        st.fixed_dictionaries({"language": _BY_NAME["language"], "value": _TEXTS}),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each["language"],
    ).map(lambda each: {"defaultValue": each[0], "translatedValues": each[1:]}),
    "RotatingBarcode": st.builds(
        _codes,
        st.sampled_from([{"type": "PDF_417"}, _QR]),
        st.sampled_from(["{totp_value_0}", "a.{totp_value_0}.{totp_timestamp_millis}"]),
        st.integers(1, 2**63 - 1),
        st.integers(1, 9),
    ),
    "TimeInterval": st.sampled_from(["", "Z", "+02:00", "-01:39:49"]).flatmap(_dates),
}
