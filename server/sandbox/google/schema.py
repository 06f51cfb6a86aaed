"""The shape of what Google takes, from the discovery document that Google itself publishes.

The document comes with google-api-python-client, a tool of developers: where it is missing there
is no shape to hold bodies against, and `installed` says so.
"""

import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from server.sandbox.errors import BodyRefused

Check = Callable[[Any, str, bool], None]

_DOCUMENT = "discovery_cache/documents/walletobjects.v1.json"
_DECIMAL = {"int64": re.compile(r"-?\d{1,19}"), "uint64": re.compile(r"\d{1,20}")}
_DEAD = ("Deprecated", "Note: This field is currently not supported")
_RANGES = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


class Schemas:
    """The schemas by name. Deprecated fields and spellings are taken for unknown ones."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._sources: Mapping[str, Any] = document["schemas"]
        self._checks: dict[str, Check] = {}

    def require(self, name: str, body: Any, *, is_patch: bool = False) -> None:
        """Raise BodyRefused unless `body` is a `name`, such as LoyaltyObject.

        With `is_patch` nothing is required and null is allowed everywhere: it removes.
        """
        self._check_of(name)(body, "", is_patch)

    def _check_of(self, name: str) -> Check:
        if name not in self._checks:
            # Before it is made: a schema may hold itself.
            self._checks[name] = lambda *given: self._checks[name](*given)
            self._checks[name] = self._object(self._sources[name].get("properties", {}))
        return self._checks[name]

    def _made(self, schema: Mapping[str, Any]) -> Check:
        if "$ref" in schema:
            return self._check_of(schema["$ref"])
        if schema["type"] == "array":
            return _array(self._made(schema["items"]))
        return _plain(schema)

    def _object(self, properties: Mapping[str, Any]) -> Check:
        parts = {
            name: self._made(schema) for name, schema in properties.items() if not _is_dead(schema)
        }
        required = [
            name
            for name, schema in properties.items()
            if schema.get("description", "").startswith("Required")
        ]

        def check(value: Any, path: str, is_patch: bool) -> None:
            if not isinstance(value, dict):
                raise BodyRefused(path, "must be an object")
            for name, part in value.items():
                inner = f"{path}.{name}" if path else name
                if name not in parts:
                    raise BodyRefused(inner, "there is no such field, or it is deprecated")
                if part is None and is_patch:
                    continue
                parts[name](part, inner, is_patch)
            if not is_patch and (missing := [name for name in required if name not in value]):
                raise BodyRefused(f"{path}.{missing[0]}" if path else missing[0], "is required")

        return check


def _is_dead(schema: Mapping[str, Any]) -> bool:
    """Flagged as deprecated, or only said to be."""
    said = schema.get("description", "").startswith(_DEAD)
    return bool(schema.get("deprecated")) or said


def _array(each: Check) -> Check:
    def check(value: Any, path: str, _is_patch: bool) -> None:
        if not isinstance(value, list):
            raise BodyRefused(path, "must be an array")
        for index, part in enumerate(value):
            each(part, f"{path}[{index}]", False)

    return check


def _plain(schema: Mapping[str, Any]) -> Check:
    kind, form = schema["type"], schema.get("format", "")
    is_good = _CHECKS.get(form) or _CHECKS[kind]
    allowed = _allowed(schema)
    rule = f"must be {'an' if kind == 'integer' else 'a'} {kind} {form}".rstrip()

    def check(value: Any, path: str, _is_patch: bool) -> None:
        if not is_good(value):
            raise BodyRefused(path, rule)
        if allowed is not None and value not in allowed:
            raise BodyRefused(path, f"{value!r} is none of {', '.join(sorted(allowed))}")

    return check


def _allowed(schema: Mapping[str, Any]) -> frozenset[str] | None:
    if "enum" not in schema:
        return None
    flags = schema.get("enumDeprecated") or [False] * len(schema["enum"])
    return frozenset(name for name, is_old in zip(schema["enum"], flags, strict=True) if not is_old)


def _is_whole(form: str) -> Callable[[Any], bool]:
    least, most = _RANGES[form]
    return lambda value: type(value) is int and least <= value <= most


def _is_decimal(form: str) -> Callable[[Any], bool]:
    pattern = _DECIMAL[form]
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "double": lambda value: type(value) in (int, float),
    "int32": _is_whole("int32"),
    "uint32": _is_whole("uint32"),
    "int64": _is_decimal("int64"),
    "uint64": _is_decimal("uint64"),
}


@cache
def installed() -> Schemas | None:
    """The schemas of the installed document, None when there is none."""
    found = importlib.util.find_spec("googleapiclient")
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / _DOCUMENT
    return Schemas(json.loads(file.read_bytes())) if file.is_file() else None
