"""What Google says of bodies in words only, and the schema does not hold.

Applied to a whole class or object, wherever in it the field stands.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from server.sandbox.errors import BodyRefused

Rule = Callable[[Any], str]  # what is wrong with the value, or nothing

_ID = re.compile(r"\d+\.[A-Za-z0-9._-]+")
_MODULE_ID = re.compile(r"[A-Za-z0-9_-]+")
_COLOUR = re.compile(r"#([0-9a-fA-F]{3}){1,2}")
_HEX = re.compile(r"([0-9a-fA-F]{2})+")
_OFFSET = re.compile(r"T.*(Z|[+-]\d{2}:?\d{2})$")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLATFORM = ("classReference", "hasLinkedDevice", "hasUsers", "review")
_SUBTYPES = ("double", "int", "money", "string")
_ROWS = ("oneItem", "threeItems", "twoItems")


def require_rules(body: dict[str, Any], *, is_class: bool, issuer_id: str) -> None:
    """Raise BodyRefused at the first rule that a class or object breaks."""
    for name in _PLATFORM:
        if name in body:
            raise BodyRefused(name, "is set by the platform, not by a request")
    for name in ("id",) if is_class else ("id", "classId"):
        _require_id(body.get(name), name, issuer_id)
    if is_class and body.get("reviewStatus", "DRAFT") not in ("DRAFT", "UNDER_REVIEW"):
        raise BodyRefused("reviewStatus", "a request may say DRAFT or UNDER_REVIEW only")
    for path, name, value in _walk(body, ""):
        rule = _RULES.get(name)
        if rule and (wrong := rule(value)):
            raise BodyRefused(path, wrong)


def require_message(message: dict[str, Any]) -> None:
    """Raise BodyRefused at the first rule that a message to be added breaks."""
    if message.get("messageType", "TEXT") not in ("TEXT", "TEXT_AND_NOTIFY"):
        raise BodyRefused("message.messageType", "must be TEXT or TEXT_AND_NOTIFY")
    for part in ("header", "body"):
        if not message.get(part) and not message.get(f"localized{part.title()}"):
            raise BodyRefused(f"message.{part}", "is required")
    for path, name, value in _walk(message, "message"):
        rule = _RULES.get(name)
        if rule and (wrong := rule(value)):
            raise BodyRefused(path, wrong)


def _require_id(value: Any, name: str, issuer_id: str) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BodyRefused(name, "must be <issuer id>.<letters, digits, dots, _ or ->")
    if value.split(".", 1)[0] != issuer_id:
        raise BodyRefused(name, "belongs to another issuer")


def _walk(value: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            inner = f"{path}.{name}" if path else name
            yield inner, name, part
            if isinstance(part, dict | list):
                yield from _walk(part, inner)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if isinstance(part, dict | list):
                yield from _walk(part, f"{path}[{index}]")


def _one_of(*names: str) -> Rule:
    def rule(value: Any) -> str:
        given = [name for name in names if name in value]
        return "" if len(given) == 1 else f"must have exactly one of {', '.join(names)}"

    return rule


def _at_most(count: int, each: Rule | None = None) -> Rule:
    def rule(value: Any) -> str:
        if len(value) > count:
            return f"has {len(value)} entries, {count} are allowed"
        return next((wrong for part in value if each and (wrong := each(part))), "")

    return rule


def _image(value: Any) -> str:
    if wrong := _one_of("sourceUri", "privateImageId")(value):
        return wrong
    uri = value.get("sourceUri", {}).get("uri", "")
    return "" if "privateImageId" in value or is_safe_url(uri) else f"{uri!r} is no https address"


def is_safe_url(url: str) -> bool:
    """https, or http on this machine, where nobody else listens."""
    parts = _split(url)
    is_near = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_near)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # such as https://[
        return urlsplit("")


def _callback(value: Any) -> str:
    return "" if is_safe_url(value.get("url", "")) else "url must be an https address"


def _location(value: Any) -> str:
    is_good = -90 <= value.get("latitude", 999) <= 90 and -180 <= value.get("longitude", 999) <= 180
    return "" if is_good else "needs a latitude from -90 to 90 and a longitude from -180 to 180"


def _points(value: Any) -> str:
    if "balance" not in value:
        return "balance is required"
    return _one_of(*_SUBTYPES)(value["balance"])


def _interval(value: Any) -> str:
    dates = [value[name].get("date", "") for name in ("start", "end") if name in value]
    has_offset = {_OFFSET.search(date) is not None for date in dates}
    return "start and end must both have an offset, or neither" if len(has_offset) > 1 else ""


def _date(value: Any) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return f"{value!r} is no date and time of ISO 8601"
    return ""


def _barcode(value: Any) -> str:
    kind = value.get("type", "")
    if kind == "TEXT_ONLY" and "alternateText" in value:
        return "TEXT_ONLY takes no alternateText"
    if "renderEncoding" in value and kind != "QR_CODE":
        return "renderEncoding is for QR_CODE only"
    return ""


def _rotating(value: Any) -> str:
    if value.get("type") not in ("QR_CODE", "PDF_417"):
        return "type must be QR_CODE or PDF_417"
    keys = value.get("totpDetails", {}).get("parameters", [])
    is_good = all(_HEX.fullmatch(each.get("key", "")) for each in keys)
    return "" if is_good else "a key must be written in base 16"


def _value_added(value: Any) -> str:
    is_good = value.get("uri") and (value.get("header") or value.get("localizedHeader"))
    return "" if is_good else "each needs a header and a uri"


def _module_id(value: Any) -> str:
    is_good = "id" not in value or _MODULE_ID.fullmatch(value["id"])
    return "" if is_good else "an id is letters, digits, _ and -, without a dot"


def _uri(value: Any) -> str:
    if not isinstance(value, str):  # a value-added module calls an image's address so, too
        return ""
    return "" if _split(value).scheme else f"{value!r} has no scheme, such as https or tel"


def _localized(value: Any) -> str:
    """A text in languages, which are of no use without one for everybody else."""
    default = value.get("defaultValue", {})
    is_good = default.get("language") and default.get("value") is not None
    return "" if is_good else "defaultValue needs a language and a value"


def _ascii(value: Any) -> str:
    return "" if value.isascii() else "must be ASCII"


def _colour(value: Any) -> str:
    return "" if _COLOUR.fullmatch(value) else "must be #rrggbb or #rgb"


_RULES: dict[str, Rule] = {
    "barcode": _barcode,
    "callbackOptions": _callback,
    "cardRowTemplateInfos": _at_most(3, _one_of(*_ROWS)),
    "date": _date,
    "displayInterval": _interval,
    "heroImage": _image,
    "hexBackgroundColor": _colour,
    "linkedObjectIds": _at_most(50),
    "loyaltyPoints": _points,
    "mainImage": _image,
    "merchantLocations": _at_most(10, _location),
    "messages": _at_most(10),
    "programLogo": _image,
    "rotatingBarcode": _rotating,
    "secondaryLoyaltyPoints": _points,
    "smartTapRedemptionValue": _ascii,
    "textModulesData": _at_most(10_000, _module_id),
    "titleImage": _image,
    "uri": _uri,
    "validTimeInterval": _interval,
    "valueAddedModuleData": _at_most(15, _value_added),
    "wideProgramLogo": _image,
    "image": _image,
    "logo": _image,
    "wideLogo": _image,
    "wideTitleImage": _image,
    **dict.fromkeys(
        ("cardTitle", "header", "subheader"),
        lambda value: _localized(value) if isinstance(value, dict) else "",
    ),
    **dict.fromkeys(
        (
            "contentDescription",
            "localizedAccountIdLabel",
            "localizedAccountNameLabel",
            "localizedBody",
            "localizedDescription",
            "localizedDetails",
            "localizedFinePrint",
            "localizedHeader",
            "localizedIssuerName",
            "localizedLabel",
            "localizedProgramName",
            "localizedProvider",
            "localizedRewardsTier",
            "localizedRewardsTierLabel",
            "localizedSecondaryRewardsTier",
            "localizedSecondaryRewardsTierLabel",
            "localizedShortTitle",
            "localizedTitle",
        ),
        _localized,
    ),
}
