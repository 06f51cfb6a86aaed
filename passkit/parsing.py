"""pass.json as others write it, read into the types of passkit.

Apple: Wallet Passes, Pass.
"""

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from passkit.actions import FeaturedAction
from passkit.barcodes import Barcode
from passkit.colors import Color, color_at
from passkit.content import Pass
from passkit.errors import ContentError
from passkit.event_guide import PosterEventTicket
from passkit.fields import Field
from passkit.nfc import NFC
from passkit.relevance import Beacon, Location, RelevantDate
from passkit.styles import Style
from passkit.values import key_of, listed

# The word with which the errors of a type begin, where it is not the key of the value itself.
_NOUNS: dict[type, str] = {
    Barcode: "barcodes",
    Beacon: "beacons",
    FeaturedAction: "featuredActions",
    Location: "locations",
    NFC: "nfc",
    RelevantDate: "relevantDates",
    Pass: "",
    PosterEventTicket: "",
}
_GUIDE = key_of("poster_event_ticket")
_GUIDE_KEYS = frozenset(each.encode_name for each in msgspec.structs.fields(PosterEventTicket))
_POSTER_SCHEMES = ["posterEventTicket", "eventTicket"]


def parse_pass(content: bytes | Mapping[str, Any], *, allow_http: bool = False) -> Pass:
    """The pass that a pass.json describes, given as its bytes or as JSON values.

    What Apple has renamed is understood by its old name, too: `barcode`, `relevantDate`. A key
    that no page of Apple's names is refused, because it is a mistyped one more often than not:
    what is your own belongs in `userInfo`.

    Raises ContentError for anything Wallet would refuse or drop, with the full path to it, such
    as `storeCard.secondaryFields[2].value`.
    """
    values = dict(_json(content) if isinstance(content, bytes) else content)
    if type(version := values.pop("formatVersion", None)) is not int or version != 1:
        raise ContentError("formatVersion", "wants the number 1.")
    if "boardingPass" in values:
        raise ContentError("boardingPass", "is a style that passkit does not offer.")
    if _GUIDE in values:
        raise ContentError(_GUIDE, "is no key of pass.json: its keys stand at the top.")
    _modernize(values)
    _gather_guide(values)
    parsed: Pass = _object(Pass, values, "", {"allow_http": allow_http})
    return parsed


def parse_part(kind: type, values: Any, path: str) -> Any:
    """One object of a pass.json, such as a Field or a Barcode, read as `parse_pass` does.

    Raises ContentError with the full path of the value, under the `path` that the object has.
    """
    return _object(kind, values, path, {})


def known_keys(kind: type) -> Collection[str]:
    """The keys in pass.json of a type of passkit."""
    return _keys_of(kind).keys()


def _json(data: bytes) -> dict[str, Any]:
    try:
        values = json.loads(data.decode(), object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise ContentError("", f"pass.json is not JSON in UTF-8: {error}.") from error
    if not isinstance(values, dict):
        raise ContentError("", "pass.json is not a JSON object.")
    return values


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ContentError(key, "is given twice in one object: keep one of them.")
        values[key] = value
    return values


def _modernize(values: dict[str, Any]) -> None:
    """Write what stands under old names under the new ones."""
    if (code := values.pop("barcode", None)) is not None and not values.get("barcodes"):
        values["barcodes"] = [code]
    moment = values.pop("relevantDate", None)
    dates = values.get("relevantDates")
    if isinstance(dates, list):
        values["relevantDates"] = [_renamed(each) for each in dates]
    elif moment is not None and dates is None:
        values["relevantDates"] = [{"date": moment}]


def _renamed(date: Any) -> Any:
    if not isinstance(date, dict) or "relevantDate" not in date:
        return date
    return {"date" if key == "relevantDate" else key: value for key, value in date.items()}


def _gather_guide(values: dict[str, Any]) -> None:
    """Put the keys that poster event tickets alone have into an object of their own."""
    guide = {key: values.pop(key) for key in _GUIDE_KEYS & values.keys()}
    schemes = values.pop("preferredStyleSchemes", None)
    if schemes not in (None, _POSTER_SCHEMES):
        raise ContentError("preferredStyleSchemes", f"wants {_POSTER_SCHEMES}, or leave it out.")
    if guide and schemes is None:
        raise ContentError(
            min(guide), f"is for poster event tickets only: set preferredStyleSchemes to"
            f" {_POSTER_SCHEMES}, or leave it out."
        )  # fmt: skip
    if schemes is not None:
        values[_GUIDE] = guide


class _Key(NamedTuple):
    """An attribute of a type, as pass.json knows it."""

    name: str
    hint: Any
    is_required: bool


@cache
def _keys_of(kind: type) -> dict[str, _Key]:
    hints = get_type_hints(kind)
    if issubclass(kind, msgspec.Struct):
        return {
            each.encode_name: _Key(each.name, hints[each.name], each.required)
            for each in msgspec.structs.fields(kind)
            if each.name != "allow_http"
        }
    plain: Any = kind  # a dataclass, then
    return {
        key_of(each.name): _Key(each.name, hints[each.name], each.default is dataclasses.MISSING)
        for each in dataclasses.fields(plain)
    }


def _object(kind: type, values: Any, path: str, more: Mapping[str, Any]) -> Any:
    if not isinstance(values, Mapping):
        raise ContentError(path, f"wants an object, not {values!r}.")
    known = _keys_of(kind)
    given: dict[str, Any] = dict(more)
    for key, value in values.items():
        place = f"{path}.{key}" if path else str(key)
        if key not in known:
            raise ContentError(place, _unknown(str(key), known))
        if value is not None:
            given[known[key].name] = _value(known[key].hint, value, place)
    for key, each in known.items():
        if each.is_required and each.name not in given:
            raise ContentError(f"{path}.{key}" if path else key, "is missing: Wallet needs it.")
    try:
        return kind(**given)
    except ContentError as error:
        raise ContentError(
            _full_path(error.path, _noun(kind, given), path), error.reason
        ) from error


def _value(hint: Any, value: Any, path: str) -> Any:
    kinds = [each for each in get_args(hint) if each is not type(None)]
    kind = hint if isinstance(hint, type) or get_origin(hint) is Sequence else kinds[0]
    if get_origin(kind) is Sequence:
        (item,) = get_args(kind)
        values = enumerate(listed(value, path))
        return [_value(item, each, f"{path}[{index}]") for index, each in values]
    if not isinstance(kind, type):
        return value
    if kind is Color:
        return color_at(path, value)
    if issubclass(kind, StrEnum):
        return _choice(kind, value, path)
    is_ours = issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind)
    if not is_ours:
        return value
    return _object(kind, value, "" if kind is PosterEventTicket else path, {})


def _choice(kind: type[StrEnum], value: Any, path: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError as error:
        raise ContentError(path, f"{value!r} is none of {', '.join(kind)}.") from error


def _unknown(key: str, known: Mapping[str, _Key]) -> str:
    close = get_close_matches(key, known, n=1)
    advice = f"do you mean {close[0]}?" if close else "leave it out, or put it into userInfo."
    return f"is no key that Wallet knows here: {advice}"


def _noun(kind: type, given: Mapping[str, Any]) -> str:
    if kind is Field:
        return str(given["key"])
    if issubclass(kind, Style):
        return kind.key
    return _NOUNS.get(kind, "semantics")


def _full_path(path: str, noun: str, place: str) -> str:
    """Where the value is that an object refused, which itself is at `place`."""
    if noun and (path == noun or path.startswith((f"{noun}.", f"{noun}["))):
        return place + path[len(noun) :]
    return f"{place}.{path}" if place and path else place or path
