"""The keys at the top of pass.json.

Apple: Wallet Passes, Pass.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from passkit.linting.codes import codes
from passkit.linting.fields import styles
from passkit.linting.findings import Findings, found
from passkit.linting.models import models
from passkit.linting.relevance import relevance
from passkit.linting.semantics import semantics
from passkit.linting.values import (
    color,
    contrast,
    date,
    is_address,
    is_kind,
    parsed_color,
    parsed_date,
    shown,
    types,
)

CLASSIC_STYLES = ("storeCard", "coupon", "eventTicket", "generic", "boardingPass")
POSTER = "posterGeneric"

_REQUIRED = (
    "formatVersion",
    "passTypeIdentifier",
    "teamIdentifier",
    "serialNumber",
    "organizationName",
    "description",
)
_COLORS = (
    "backgroundColor",
    "foregroundColor",
    "labelColor",
    "stripColor",
    "footerBackgroundColor",
)
_KINDS = {
    "passTypeIdentifier": "text",
    "teamIdentifier": "text",
    "serialNumber": "text",
    "organizationName": "text",
    "description": "text",
    "logoText": "text",
    "eventLogoText": "text",
    "logoSymbolName": "text",
    "webServiceURL": "text",
    "authenticationToken": "text",
    "appLaunchURL": "text",
    "groupingIdentifier": "text",
    "voided": "truth",
    "sharingProhibited": "truth",
    "suppressStripShine": "truth",
    "suppressHeaderDarkening": "truth",
    "useAutomaticColors": "truth",
    "associatedStoreIdentifiers": "numbers",
    "auxiliaryStoreIdentifiers": "numbers",
    "preferredStyleSchemes": "texts",
    "userInfo": "object",
    **dict.fromkeys(("contactVenueEmail", "contactVenuePhoneNumber"), "text"),
    **dict.fromkeys(("transitProviderEmail", "transitProviderPhoneNumber"), "text"),
    "semantics": "object",
    "nfc": "object",
    "locations": "array",
    "beacons": "array",
    "relevantDates": "array",
    "featuredActions": "array",
    "upcomingPassInformation": "array",
}
_EVENT_ONLY = [
    "eventLogoText",
    "footerBackgroundColor",
    "suppressHeaderDarkening",
    "useAutomaticColors",
    "auxiliaryStoreIdentifiers",
    "accessibilityURL",
    "addOnURL",
    "bagPolicyURL",
    "merchandiseURL",
    "orderFoodURL",
    "parkingInformationURL",
    "purchaseParkingURL",
    "sellURL",
    "transferURL",
    "transitInformationURL",
    "contactVenueEmail",
    "contactVenuePhoneNumber",
    "contactVenueWebsite",
    "directionsInformationURL",
    "upcomingPassInformation",
]
_BOARDING_ONLY = [
    "changeSeatURL",
    "entertainmentURL",
    "purchaseAdditionalBaggageURL",
    "purchaseLoungeAccessURL",
    "purchaseWifiURL",
    "upgradeURL",
    "managementURL",
    "registerServiceAnimalURL",
    "reportLostBagURL",
    "requestWheelchairURL",
    "transitProviderEmail",
    "transitProviderPhoneNumber",
    "transitProviderWebsiteURL",
]
_GROUPED = ("groupingIdentifier", "preferredStyleSchemes")
_CHECKED_ELSEWHERE = (
    "barcode", "barcodes", "maxDistance", "relevantDate", "expirationDate", "formatVersion",
)  # fmt: skip
_KNOWN = {
    *_KINDS, *_COLORS, *_EVENT_ONLY, *_BOARDING_ONLY, *_CHECKED_ELSEWHERE, *CLASSIC_STYLES, POSTER,
}  # fmt: skip
_SCHEMES = ("posterEventTicket", "eventTicket", "semanticBoardingPass", "boardingPass")
_ODD_CHARACTER = re.compile("[\0\ud800-\udfff]").search
_SERIAL_CHARACTERS = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]*", re.ASCII).fullmatch
_TOKEN_CHARACTERS = re.compile(r"[!-~]*").fullmatch
_PASS_TYPE = re.compile(r"pass(\.[A-Za-z0-9_-]+)+").fullmatch
_MIN_SERIAL = 16
_MIN_TOKEN = 16
_MIN_CONTRAST = 3.0


def content(written: Mapping[str, Any], *, at: datetime) -> Findings:
    """All that is wrong with pass.json, from its identity to its fields."""
    yield from models(written, _told(written, at))


def _told(written: Mapping[str, Any], at: datetime) -> Findings:
    yield from _characters(written)
    yield from _identity(written)
    yield from types(written, _KINDS, "")
    yield from _styles_present(written)
    yield from _web_service(written)
    yield from _looks(written)
    yield from _expiry(written, at)
    yield from relevance(written)
    yield from codes(written)
    yield from _strangers(written)
    yield from styles(written)
    drawn = tuple(style for style in CLASSIC_STYLES if style in written)
    yield from semantics(written.get("semantics"), "semantics", drawn)
    yield from _schemes(written.get("preferredStyleSchemes"))


def _characters(value: Any, path: str = "") -> Findings:
    """Texts and keys that some readers of JSON stop at."""
    if isinstance(value, str):
        if not value.isprintable() and (odd := _ODD_CHARACTER(value)):
            detail = f"There is a U+{ord(odd[0]):04X} at character {odd.start() + 1}."
            yield found("text-zero" if odd[0] == "\0" else "text-characters", path, detail)
    elif isinstance(value, dict):
        for key, each in value.items():
            place = f"{path}.{key}" if path else key
            if odd := _ODD_CHARACTER(key):
                rule = "text-zero" if odd[0] == "\0" else "text-characters"
                yield found(rule, place, "The key holds such a character.")
            yield from _characters(each, place)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _characters(each, f"{path}[{index}]")


def _schemes(schemes: Any) -> Findings:
    for index, each in enumerate(schemes if isinstance(schemes, list) else []):
        if isinstance(each, str) and each not in _SCHEMES:
            detail = f"{shown(each)} is none of {', '.join(_SCHEMES)}."
            yield found("key-value", f"preferredStyleSchemes[{index}]", detail)


def _identity(written: Mapping[str, Any]) -> Findings:
    for key in _REQUIRED:
        value = written.get(key)
        if value is None:
            yield found("key-missing", key, f"pass.json has no {key}.")
        elif isinstance(value, str) and not value.strip():
            yield found("text-empty", key, f"{key} is empty.")
    version = written.get("formatVersion", 1)
    if version is not None and (isinstance(version, bool) or version != 1):
        yield found("format-version", "formatVersion", f"formatVersion is {shown(version)}.")
    pass_type, serial = written.get("passTypeIdentifier"), written.get("serialNumber")
    if isinstance(pass_type, str) and pass_type and not _PASS_TYPE(pass_type):
        detail = f"{shown(pass_type)} is not like pass.com.example.card."
        yield found("pass-type-form", "passTypeIdentifier", detail)
    if isinstance(serial, str) and 0 < len(serial) < _MIN_SERIAL:
        detail = f"The serial number has {len(serial)} characters."
        yield found("serial-number-guessable", "serialNumber", detail)
    if isinstance(serial, str) and not _SERIAL_CHARACTERS(serial):
        yield found("serial-number-characters", "serialNumber", f"It is {shown(serial)}.")


def _styles_present(written: Mapping[str, Any]) -> Findings:
    present = [style for style in CLASSIC_STYLES if style in written]
    if len(present) > 1:
        yield found("style-several", present[1], f"The pass is {' and '.join(present)} at once.")
    elif not present and POSTER in written:
        yield found("style-no-fallback", POSTER)
    elif present == ["boardingPass"] and POSTER in written:
        yield found("style-no-fallback", POSTER, "A boarding pass is no fallback of a poster.")
    elif not present:
        yield found("style-missing", "")
    boarding = written.get("boardingPass")
    if isinstance(boarding, dict):
        known = [f"PKTransitType{each}" for each in ("Air", "Boat", "Bus", "Train", "Generic")]
        if boarding.get("transitType") not in known:
            detail = f"transitType is {shown(boarding.get('transitType'))}."
            yield found("transit-type", "boardingPass.transitType", detail)


def _web_service(written: Mapping[str, Any]) -> Findings:
    address, token = written.get("webServiceURL"), written.get("authenticationToken")
    if (address is None) != (token is None):
        missing = "webServiceURL" if address is None else "authenticationToken"
        yield found("web-service-half", missing, f"{missing} is missing.")
    if isinstance(address, str):
        if not is_address(address, schemes=("https",)) or re.search("[?#@]", address):
            detail = f"{shown(address)} is not the plain https address of a service."
            yield found("web-service-address", "webServiceURL", detail)
        elif address.endswith("/"):
            yield found("web-service-trailing-slash", "webServiceURL", f"{shown(address)}")
    if isinstance(token, str) and not _TOKEN_CHARACTERS(token):
        yield found("token-characters", "authenticationToken")
    if isinstance(token, str) and len(token) < _MIN_TOKEN:
        detail = f"The token has {len(token)} characters."
        yield found("token-short", "authenticationToken", detail)


def _looks(written: Mapping[str, Any]) -> Findings:
    for key in _COLORS:
        if key in written:
            yield from color(written[key], key)
    background = parsed_color(written.get("backgroundColor"))
    for key in ("foregroundColor", "labelColor"):
        text = parsed_color(written.get(key))
        if background and text and (ratio := contrast(background, text)) < _MIN_CONTRAST:
            detail = f"{key} on backgroundColor has a contrast of {ratio:.1f} to 1."
            yield found("color-contrast", key, detail)


def _expiry(written: Mapping[str, Any], at: datetime) -> Findings:
    if "expirationDate" not in written:
        return
    yield from date(written["expirationDate"], "expirationDate")
    ends = parsed_date(written["expirationDate"])
    if ends and ends < at:
        yield found("pass-expired", "expirationDate", f"It expired on {ends:%Y-%m-%d}.")


def _strangers(written: Mapping[str, Any]) -> Findings:
    """Keys that do nothing: unknown ones, and those of another style."""
    is_event, is_boarding = "eventTicket" in written, "boardingPass" in written
    only = dict.fromkeys(_EVENT_ONLY, is_event) | dict.fromkeys(_BOARDING_ONLY, is_boarding)
    only |= dict.fromkeys(_GROUPED, is_event or is_boarding)
    for key, value in written.items():
        if key not in _KNOWN:
            yield found("key-unknown", key, f"{key} is no key of Apple's.")
        elif not only.get(key, True):
            yield found("key-of-other-style", key, f"{key} does nothing on this style.")
        if key in _KNOWN and key.endswith(("URL", "Website")) and key != "webServiceURL":
            yield from _link(key, value)
    stores = written.get("associatedStoreIdentifiers")
    if "appLaunchURL" in written and not (is_kind(stores, "numbers") and stores):
        yield found("app-launch-without-app", "appLaunchURL")


def _link(key: str, value: Any) -> Findings:
    if not is_address(value):
        yield found("link-form", key, f"{shown(value)} is no address.")
