"""Whatever the types of passkit would refuse, where no rule of its own has told of it.

Apple: Wallet Passes, Pass and the pages of its parts.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from passkit.actions import FeaturedAction
from passkit.barcodes import Barcode
from passkit.content import Pass
from passkit.errors import ContentError
from passkit.event_guide import PosterEventTicket
from passkit.fields import Field
from passkit.linting.fields import STYLES
from passkit.linting.findings import Finding, Findings, found
from passkit.nfc import NFC
from passkit.parsing import known_keys, parse_part
from passkit.relevance import Beacon, Location, RelevantDate

_LONGEST_DETAIL = 300
_STEP, _DEEPEST = re.compile(r"[.\[]"), 6
_MOST_ENTRIES = 100  # each is compared with every other
_LISTS: dict[str, tuple[type, str]] = {
    "barcodes": (Barcode, "barcode-shape"),
    "featuredActions": (FeaturedAction, "featured-action"),
    "locations": (Location, "location-shape"),
    "beacons": (Beacon, "beacon-shape"),
    "relevantDates": (RelevantDate, "relevant-date-shape"),
}
_OBJECTS: dict[str, tuple[type, str]] = {
    "barcode": (Barcode, "barcode-shape"),
    "nfc": (NFC, "nfc-shape"),
}
_ALONE = (
    "logoText", "logoSymbolName", "groupingIdentifier", "associatedStoreIdentifiers", "maxDistance",
)  # fmt: skip
_GUIDE = (
    "eventLogoText", "contactVenueEmail", "contactVenuePhoneNumber", "auxiliaryStoreIdentifiers",
    "upcomingPassInformation",
)  # fmt: skip
_PLAIN: dict[str, Any] = {  # a pass that nothing is to be said against, to which one key is added
    "passTypeIdentifier": "pass.com.example.card",
    "teamIdentifier": "A1B2C3D4E5",
    "serialNumber": "0" * 20,
    "organizationName": "x",
    "description": "x",
    "eventTicket": {},
}
_FITTING: dict[str, Any] = {  # values that a setting of a field can stand beside
    **dict.fromkeys(
        ("dateStyle", "timeStyle", "ignoresTimeZone", "isRelative"), "2026-01-01T00:00Z"
    ),
    **dict.fromkeys(("numberStyle", "currencyCode"), 1),
}


def models(written: Mapping[str, Any], told: Iterator[Finding]) -> Findings:
    """What was told, and after it what the types refuse beyond that."""
    places = set[str]()
    for each in told:
        ends = (mark.start() for mark in islice(_STEP.finditer(each.path), _DEEPEST))
        places.update((each.path, *(each.path[:end] for end in ends)))
        yield each
    yield from (each for each in _refused(written) if each.path not in places)


def _field(written: Mapping[str, Any], path: str) -> Findings:
    """What the type of a field refuses: its value and each of its settings by itself."""
    given = {key: written[key] for key in known_keys(Field) if key in written}
    given = {key: value for key, value in given.items() if value is not None and key != "semantics"}
    if not isinstance(given.get("key"), str) or not given["key"] or "value" not in given:
        return
    if _fault(Field, given, path) is None:
        return
    for key, value in given.items():
        plain = {"key": "key", "value": _FITTING.get(key, "x")}
        if error := _fault(Field, plain | {key: value}, path):
            yield _told("field-setting-type", error)


def _refused(written: Mapping[str, Any]) -> Findings:
    for key, (kind, rule) in _LISTS.items():
        values = written.get(key)
        for index, each in enumerate(values if isinstance(values, list) else []):
            yield from _part(kind, each, f"{key}[{index}]", rule)
    for key, (kind, rule) in _OBJECTS.items():
        yield from _part(kind, written.get(key), key, rule)
    yield from _fields(written)
    for keys, kind, plain in ((_ALONE, Pass, _PLAIN), (_GUIDE, PosterEventTicket, {})):
        for key in keys:
            value = written.get(key)
            value = value[:_MOST_ENTRIES] if isinstance(value, list) else value
            if value is not None and (error := _fault(kind, plain | {key: value}, "")):
                yield _told("key-value", error)


def _fields(written: Mapping[str, Any]) -> Findings:
    for style in STYLES:
        groups = written.get(style)
        for group, fields in groups.items() if isinstance(groups, dict) else ():
            for index, each in enumerate(fields if isinstance(fields, list) else []):
                if isinstance(each, dict):
                    yield from _field(each, f"{style}.{group}[{index}]")


def _part(kind: type, values: Any, path: str, rule: str) -> Findings:
    if not isinstance(values, dict):
        return  # rules of their own tell of that
    known = {}
    for key, value in values.items():
        name = "date" if kind is RelevantDate and key == "relevantDate" else key
        if name not in known_keys(kind):
            yield found("key-unknown", f"{path}.{key}", f"{key} is no key of Apple's.")
        elif value is None:
            yield found(rule, f"{path}.{key}", "null is no value: leave the key out.")
        else:
            known[name] = value
    if error := _fault(kind, known, path):
        is_message = rule == "barcode-shape" and error.path.endswith(".message")
        yield _told("barcode-content" if is_message else rule, error)


def _fault(kind: type, values: Mapping[str, Any], path: str) -> ContentError | None:
    try:
        parse_part(kind, values, path)
    except ContentError as error:
        return error
    return None


def _told(rule: str, error: ContentError) -> Finding:
    return found(rule, error.path, error.reason[:_LONGEST_DETAIL])
