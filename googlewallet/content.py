"""What all content of Google Wallet has in common: how it is made, refused and written.

A model has the name, and its attributes in snake_case the names, of Google's reference (Wallet API,
REST resources). What that marks as deprecated, what only Google sets, and what serves transit alone
has no attribute: it is refused as unknown.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from googlewallet.errors import ContentError

_SET_BY_GOOGLE = {"hasUsers", "hasLinkedDevice", "classReference", "review"}
_INSTEAD = {
    "allowMultipleUsersPerObject": "use multipleDevicesAndHoldersAllowedStatus",
    "infoModuleData": "use textModulesData",
    "locations": "use merchantLocations",
    "updateRequestUrl": "use url",
}
_OF_NO_USE = {"kind", "version", "wordMark", "thirdRowOption", "iosAppLinkInfo"}


# Where a secret may stand, in the wrong form: no error tells what is there.
_SECRET = frozenset({"key", "parameters", "totpDetails", "totp_details"})


def wrong(rule: str, key: str = "") -> PydanticCustomError:
    """What a check raises: the rule, and the key it is about, where that is not the value's own."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule, "key": key})


def told(value: object) -> str:
    """A value as an error tells it: its beginning, when it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not write out a number of thousands of digits
        text = f"a {type(value).__name__} of more digits than can be told"
    return text if len(text) <= 80 else f"{text[:70]}…"


class Content(BaseModel):
    """A part of a class or an object, frozen.

    `Model(...)` takes attributes in snake_case, `Model.parse` the JSON of a request. Both raise
    ContentError with the first fault: its path as Google spells it, the rule and what to do.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        str_min_length=1,
    )

    def __init__(self, /, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise _refusals(error)[0] from None

    # With this Pydantic makes nested models itself; through the method above it would lose the
    # path to them.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def parse(cls, body: Mapping[str, Any], *, allow_http: bool = False) -> Self:
        """The model of the JSON that a request holds.

        `allow_http` takes addresses on this very machine (127.0.0.1, [::1], localhost) without
        https. Raises ContentError.
        """
        text = written(body)
        try:
            return cls._read(text, allow_http=allow_http)
        except ValidationError as error:
            raise _refusals(error)[0] from None

    @classmethod
    def faults(
        cls, body: Mapping[str, Any], *, allow_http: bool = False
    ) -> tuple[ContentError, ...]:
        """All that `parse` has against the JSON of a request; () if nothing.

        How fields go together is judged once each of them is in order.
        """
        try:
            cls._read(written(body), allow_http=allow_http)
        except ContentError as error:
            return (error,)
        except ValidationError as error:
            return tuple(_refusals(error))
        return ()

    def to_json(self) -> dict[str, Any]:
        """The JSON that a request holds, without what is not set."""
        return self.model_dump(mode="json", exclude_none=True)

    def warnings(self) -> tuple[str, ...]:
        """What Google takes but does not show whole, each as `path: what to do`; () if nothing."""
        return tuple(each for path, part in parts(self) for each in _warnings(part, path))

    @classmethod
    def _read(cls, text: str, *, allow_http: bool) -> Self:
        context = {"allow_http": allow_http}
        return cls.model_validate_json(text, context=context, by_alias=True, by_name=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """Marks a field of which smaller screens show so many characters, or entries."""

    most: int

    def warnings(self, value: Any, path: str) -> Iterator[str]:
        """What is beyond it, in a text, a list, or the texts of a LocalizedString."""
        if isinstance(value, tuple):
            if len(value) > self.most:
                yield f"{path}: has {len(value)} entries, and {self.most} are shown."
        elif isinstance(value, Content):
            for name, text in _texts(value):
                yield from self.warnings(text, f"{path}.{name}")
        elif (length := len(str(value))) > self.most:
            yield f"{path}: has {length} characters, and {self.most} are shown: shorten it."


def parts(value: Any, path: str = "") -> Iterator[tuple[str, Content]]:
    """The value and all that is within it, each with the path to it."""
    if isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from parts(each, f"{path}[{index}]")
    elif isinstance(value, Content):
        yield path, value
        for name, key in _aliases(type(value)).items():
            yield from parts(getattr(value, name), _join(path, key))


def _warnings(content: Content, path: str) -> Iterator[str]:
    for name, field in type(content).model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, Shown) and (held := getattr(content, name)):
                yield from mark.warnings(held, _join(path, field.alias or name))


def _texts(localized: Content) -> Iterator[tuple[str, str]]:
    """The texts of a LocalizedString, each with the path to it."""
    texts = localized.to_json()
    yield "defaultValue", texts["defaultValue"]["value"]
    for index, each in enumerate(texts.get("translatedValues", ())):
        yield f"translatedValues[{index}]", each["value"]


def written(body: Mapping[str, Any]) -> str:
    """The text of JSON; raises ContentError for what is none."""
    try:
        return json.dumps(body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ContentError("", f"This is no JSON: {error}.") from None


def _refusals(error: ValidationError) -> list[ContentError]:
    return [_refusal(each) for each in error.errors(include_url=False)]


def _refusal(details: ErrorDetails) -> ContentError:
    place, context = details["loc"], details.get("ctx", {})
    if details["type"] == "extra_forbidden":
        key = str(place[-1])
        return ContentError(_join(_path(place[:-1]), key), _unknown(key))
    rule = _RULES.get(details["type"], "{told}")
    given = "something else" if _SECRET.intersection(place) else told(details["input"])
    words = {"told": details["msg"], "given": given, **context}
    return ContentError(_join(_path(place), context.get("key", "")), rule.format_map(words))


def _path(place: tuple[int | str, ...]) -> str:
    path = ""
    for part in place:
        path = f"{path}[{part}]" if isinstance(part, int) else _join(path, _alias(part))
    return path


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key


_RULES = {
    "rule": "{rule}",
    "missing": "is missing, and Google requires it.",
    "string_type": "wants a text, not {given}.",
    "string_too_short": "is empty: write a text, or leave the key out.",
    "string_unicode": "holds half a character (a lone surrogate).",
    "int_type": "wants a whole number, not {given}.",
    "int_from_float": "wants a whole number, not {given}.",
    "float_type": "wants a number, not {given}.",
    "finite_number": "is not finite, and JSON has no such number.",
    "bool_type": "wants true or false, not {given}.",
    "greater_than_equal": "is {given}, and the lowest is {ge}.",
    "less_than_equal": "is {given}, and the highest is {le}.",
    "enum": "wants {expected}, not {given}.",
    "model_type": "wants a {class_name}, not {given}.",
    "tuple_type": "wants a list, not {given}.",
    "too_long": "has {actual_length} entries, and Google takes {max_length}: leave some out.",
    "json_invalid": "This is no JSON that Google reads: {error}.",
}


def _unknown(key: str) -> str:
    if key in _SET_BY_GOOGLE:
        return "is set by Google alone: leave it out."
    if key in _INSTEAD:
        return f"is deprecated: {_INSTEAD[key]}."
    if key in _OF_NO_USE:
        return "is deprecated: leave it out."
    known = {each for model in _models(Content) for each in _aliases(model).values()}
    if key in known:
        return "has no place here: leave it out."
    close = get_close_matches(to_camel(key), known, n=1)
    hint = f"did you mean {close[0]}?" if close else "leave it out."
    return f"is no key that Google knows: {hint}"


def _alias(name: str) -> str:
    """The key of an attribute; a key stays what it is."""
    for model in _models(Content):
        if alias := _aliases(model).get(name):
            return alias
    return name


def _aliases(model: type[Content]) -> dict[str, str]:
    return {name: field.alias or name for name, field in model.model_fields.items()}


def _models(root: type[Content]) -> Iterator[type[Content]]:
    for model in root.__subclasses__():
        yield model
        yield from _models(model)
