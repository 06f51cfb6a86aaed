"""Google's own description of the Wallet API as strict JSON Schema: the independent truth of tests.

The document comes with google-api-python-client, which is pinned (pyproject.toml). Made strict: no
property that is not listed, no spelling that Google marks as deprecated, nothing that only Google
sets, and required what the description calls "Required.".
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

_INT64 = r"^-?(0|[1-9]\d{0,18})$"
_UINT64 = r"^(0|[1-9]\d{0,19})$"
_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


@cache
def document() -> dict[str, Any]:
    """The discovery document as Google writes it."""
    folder = resources.files("googleapiclient.discovery_cache") / "documents"
    return json.loads((folder / "walletobjects.v1.json").read_text("utf-8"))


def errors_of(
    kind: str, body: dict[str, Any], *, is_patch: bool = False, is_answer: bool = False
) -> list[str]:
    """What Google's description has against a body, each as `path: complaint`; [] if nothing.

    `kind` is a schema's name: LoyaltyClass, OfferObject, AddMessageRequest, ... A PATCH may leave
    out what is required and may hold nulls; an answer of Google's may hold what Google sets.
    """
    validator = _validator(kind, is_patch, is_answer)
    told = validator.iter_errors(_without_nulls(body) if is_patch else body)
    return sorted(f"{error.json_path}: {error.message}" for error in told)


def definition_of(kind: str) -> dict[str, Any]:
    """The strict schema of a request: its `properties` and what is `required`."""
    return _definitions(False, False)[kind]


@cache
def _validator(kind: str, is_patch: bool, is_answer: bool) -> Draft202012Validator:
    definitions = _definitions(is_patch, is_answer)
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": definitions})


@cache
def _definitions(is_patch: bool, is_answer: bool) -> dict[str, Any]:
    return {
        name: _object(schema, is_partial=is_patch or is_answer, is_answer=is_answer)
        for name, schema in document()["schemas"].items()
    }


def _object(schema: dict[str, Any], *, is_partial: bool, is_answer: bool) -> dict[str, Any]:
    properties = {
        name: each
        for name, each in schema.get("properties", {}).items()
        if is_answer or not (_is_deprecated(each) or _is_set_by_google(each))
    }
    required = [name for name, each in properties.items() if _told(each).startswith("Required")]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _value(each, is_answer) for name, each in properties.items()},
        "required": [] if is_partial else required,
    }


def _value(schema: dict[str, Any], is_answer: bool) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind, format_ = schema["type"], schema.get("format")
    if kind == "array":
        return {"type": "array", "items": _value(schema["items"], is_answer)}
    if kind == "object":
        return _object(schema, is_partial=True, is_answer=is_answer)
    if "enum" in schema:
        dead = schema.get("enumDeprecated", [False] * len(schema["enum"]))
        pairs = zip(schema["enum"], dead, strict=True)
        return {"enum": [value for value, is_dead in pairs if is_answer or not is_dead]}
    if format_ in ("int64", "uint64"):
        return {"type": "string", "pattern": _INT64 if format_ == "int64" else _UINT64}
    if format_ in _BOUNDS:
        low, high = _BOUNDS[format_]
        return {"type": "integer", "minimum": low, "maximum": high}
    return {} if kind == "any" else {"type": kind}


def _is_deprecated(schema: dict[str, Any]) -> bool:
    """Flagged, or only said so: infoModuleData of objects, locations of offers."""
    dead = ("Deprecated", "Note: This field is currently not supported")
    return schema.get("deprecated", False) or _told(schema).startswith(dead)


def _is_set_by_google(schema: dict[str, Any]) -> bool:
    told = _told(schema)
    return "set by the platform" in told or "retrieved during a GET" in told


def _told(schema: dict[str, Any]) -> str:
    return schema.get("description", "")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value
