"""The fields of each style: their groups, values and settings.

Apple: Wallet Passes, PassFields, PassFieldContent; Pass Design and Creation (what the front holds).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from passkit.errors import ContentError
from passkit.linting.findings import Findings, found
from passkit.linting.semantics import semantics
from passkit.linting.values import is_date, is_number, shown, types
from passkit.markup import check_links

_LONGEST_MARKUP = 20_000  # a parser of HTML may take the square of it
_BACK = "backFields"
GROUPS = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", _BACK)
_LOWER = ("secondaryFields", "auxiliaryFields")
_KINDS = {
    "label": "text",
    "attributedValue": "text",
    "changeMessage": "text",
    "currencyCode": "text",
    "ignoresTimeZone": "truth",
    "isRelative": "truth",
    "semantics": "object",
}
_DATE_STYLES = [f"PKDateStyle{name}" for name in ("None", "Short", "Medium", "Long", "Full")]
_CHOICES = {
    "dateStyle": _DATE_STYLES,
    "timeStyle": _DATE_STYLES,
    "numberStyle": [
        f"PKNumberStyle{name}" for name in ("Decimal", "Percent", "Scientific", "SpellOut")
    ],
    "textAlignment": [f"PKTextAlignment{name}" for name in ("Left", "Center", "Right", "Natural")],
}
_DETECTORS = [
    f"PKDataDetectorType{name}" for name in ("PhoneNumber", "Link", "Address", "CalendarEvent")
]
_DATE_SETTINGS = ("dateStyle", "timeStyle", "isRelative", "ignoresTimeZone")
_NUMBER_SETTINGS = ("numberStyle", "currencyCode")
_STANDS_FOR = {"posterGeneric": ("storeCard", "eventTicket")}  # and has the fields of that one
_KNOWN = {"key", "value", "dataDetectorTypes", "row", *_KINDS, *_CHOICES}


@dataclass(frozen=True, kw_only=True)
class _Front:
    """How many fields a style draws: by group, and secondary with auxiliary together."""

    groups: Mapping[str, int]
    lower: int | None = None
    rule: str = "fields-many"
    others: tuple[str, ...] = field(default=())


_CARD = {"headerFields": 3, "primaryFields": 1}
STYLES = {
    "storeCard": _Front(groups=_CARD, lower=4),
    "coupon": _Front(groups=_CARD, lower=4),
    "generic": _Front(groups=_CARD | dict.fromkeys(_LOWER, 4)),
    "eventTicket": _Front(
        groups=_CARD | dict.fromkeys(_LOWER, 4), others=("additionalInfoFields",)
    ),
    "boardingPass": _Front(
        groups={"headerFields": 3, "primaryFields": 2, "secondaryFields": 4, "auxiliaryFields": 5},
        others=("additionalInfoFields",),
    ),
    "posterGeneric": _Front(
        groups={"headerFields": 1, "primaryFields": 4, "footerFields": 1},
        rule="poster-fields-many",
        others=("footerFields", "additionalInfoFields"),
    ),
}


def styles(written: Mapping[str, Any]) -> Findings:
    """All that is wrong with the fields, style by style."""
    for style, front in STYLES.items():
        if style not in written:
            continue
        if isinstance(written[style], dict):
            yield from _style(written[style], style, front)
        else:
            detail = f"{style} wants an object, not {shown(written[style])}."
            yield found("field-group-shape", style, detail)


def _style(groups: Mapping[str, Any], style: str, front: _Front) -> Findings:
    seen: dict[str, str] = {}
    for group, fields in groups.items():
        path = f"{style}.{group}"
        if group == "transitType":
            continue
        if group not in (*GROUPS, *front.others):
            yield found("field-group-unknown", path, f"{style} has no {group}.")
        elif not isinstance(fields, list):
            yield found("field-group-shape", path, f"{group} wants an array.")
        else:
            for index, each in enumerate(fields):
                yield from _field(each, f"{path}[{index}]", (style, group), seen)
    yield from _room(groups, style, front)


def _room(groups: Mapping[str, Any], style: str, front: _Front) -> Findings:
    counts = {group: len(each) for group, each in groups.items() if isinstance(each, list)}
    for group, limit in front.groups.items():
        if counts.get(group, 0) > limit:
            detail = (
                f"There are {counts[group]} fields; {limit} {'is' if limit == 1 else 'are'} drawn."
            )
            yield found(front.rule, f"{style}.{group}", detail)
    together = sum(counts.get(group, 0) for group in _LOWER)
    if front.lower is not None and together > front.lower:
        detail = f"There are {together} secondary and auxiliary fields; {front.lower} have room."
        yield found(front.rule, f"{style}.auxiliaryFields", detail)


def _field(written: Any, path: str, place: tuple[str, str], seen: dict[str, str]) -> Findings:
    if not isinstance(written, dict):
        yield found("field-group-shape", path, f"A field is an object, not {shown(written)}.")
        return
    yield from _key(written.get("key"), path, seen)
    yield from _value(written, path)
    yield from types(written, _KINDS, f"{path}.", "field-setting-type")
    yield from _choices(written, path)
    yield from _styled(written, path)
    yield from _placed(written, path, place)
    yield from _texts(written, path)
    yield from semantics(
        written.get("semantics"), f"{path}.semantics", _STANDS_FOR.get(place[0], place[:1])
    )
    for setting in written:
        if setting in _KNOWN:
            continue
        detail = f"{setting} is no setting of Apple's."
        yield found("field-setting-unknown", f"{path}.{setting}", detail)


def _key(key: Any, path: str, seen: dict[str, str]) -> Findings:
    if not isinstance(key, str) or not key:
        yield found("field-key-missing", f"{path}.key", f"key wants a text, not {shown(key)}.")
    elif key in seen:
        detail = f"{shown(key)} is already the key of {seen[key]}."
        yield found("field-key-twice", f"{path}.key", detail)
    else:
        seen[key] = path


def _value(written: Mapping[str, Any], path: str) -> Findings:
    value = written.get("value")
    if value is None:
        yield found(
            "field-value-missing", f"{path}.value", f"{shown(written.get('key'))} has none."
        )
    elif value == "":
        yield found("field-value-empty", f"{path}.value")
    elif not isinstance(value, str) and not is_number(value):
        detail = f"value wants a text, a number or a date, not {shown(value)}."
        yield found("field-setting-type", f"{path}.value", detail)


def _choices(written: Mapping[str, Any], path: str) -> Findings:
    for setting, known in _CHOICES.items():
        if setting in written and written[setting] not in known:
            detail = f"{shown(written[setting])} is none of {', '.join(known)}."
            yield found("field-setting-type", f"{path}.{setting}", detail)
    detectors = written.get("dataDetectorTypes", [])
    is_known = isinstance(detectors, list) and all(each in _DETECTORS for each in detectors)
    if not is_known:
        detail = f"{shown(detectors)} is no array of {', '.join(_DETECTORS)}."
        yield found("field-setting-type", f"{path}.dataDetectorTypes", detail)
    if written.get("row", 0) not in (0, 1):
        yield found("field-setting-type", f"{path}.row", "row is 0 or 1.")


def _styled(written: Mapping[str, Any], path: str) -> Findings:
    """Styles of dates and numbers, and what they are set on."""
    value = written.get("value")
    dated = [key for key in _DATE_SETTINGS if written.get(key) not in (None, False)]
    if dated and value is not None and not is_date(value):
        detail = f"{dated[0]} is set, and {shown(value)} is no date with a zone."
        yield found("field-not-a-date", f"{path}.value", detail)
    counted = [key for key in _NUMBER_SETTINGS if key in written]
    if counted and value is not None and not is_number(value):
        detail = f"{counted[0]} is set, and {shown(value)} is no number."
        yield found("field-not-a-number", f"{path}.value", detail)
    if len(counted) == len(_NUMBER_SETTINGS):
        yield found("field-two-number-styles", f"{path}.numberStyle")


def _placed(written: Mapping[str, Any], path: str, place: tuple[str, str]) -> Findings:
    _, group = place
    misplaced = {
        "textAlignment": group in ("primaryFields", _BACK),
        "dataDetectorTypes": group not in (_BACK, "additionalInfoFields"),
        "row": place != ("eventTicket", "auxiliaryFields"),
    }
    for setting, is_misplaced in misplaced.items():
        if setting in written and is_misplaced:
            detail = f"{setting} does nothing in {group}."
            yield found("field-setting-place", f"{path}.{setting}", detail)


def _texts(written: Mapping[str, Any], path: str) -> Findings:
    message, markup = written.get("changeMessage"), written.get("attributedValue")
    if isinstance(message, str) and "%@" not in message:
        yield found("field-change-message", f"{path}.changeMessage", f"{shown(message)} has no %@.")
    if isinstance(markup, str) and len(markup) > _LONGEST_MARKUP:
        detail = f"It has {len(markup)} characters: keep long texts in value."
        yield found("field-markup", f"{path}.attributedValue", detail)
    elif isinstance(markup, str):
        try:
            check_links(markup, "")
        except ContentError as error:
            yield found("field-markup", f"{path}.attributedValue", error.reason)
