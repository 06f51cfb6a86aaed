"""What every call of the REST API has in common: the key, the JSON, the errors, the document."""

from typing import Any

from flask import Response, current_app, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict, SecuritySchemesDict
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest as NotJSON
from werkzeug.exceptions import UnsupportedMediaType

from server import staff
from server.errors import BadRequest, Refused, SignedOut
from server.events import Answer
from server.web import limits, services

SECURITY: SecuritySchemesDict = {
    "key": {"type": "http", "scheme": "bearer", "description": "The brand's API key."}
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_BODY_OPTIONAL = "api.reverse_event"

KEY_HEADER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Made by the caller before the first try, the same for every try.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}


def problems(*statuses: int) -> ResponseDict:
    """The documented errors of an operation, besides those of every operation."""
    return {status: {"description": _MEANING[status], "content": _PROBLEM} for status in statuses}


_MEANING = {
    400: "The request cannot be read, or the idempotency key is missing.",
    401: "The API key is missing or not valid.",
    404: "The brand has no such thing.",
    409: "It does not fit what is there now.",
    413: "The body is larger than 512 KiB.",
    415: "The body is not JSON by its Content-Type.",
    422: "A field or a rule refuses it.",
}

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_security=[{"key": []}],
    abp_responses=problems(401, 422),
    operation_id_callback=lambda *, name, **_: name,
)


def invalid(error: ValidationError) -> Response:
    """Every wrong field, by name.

    Raises:
        Refused: `invalid`, always.
    """
    raise refusal(error)


def refusal(error: ValidationError) -> Refused:
    """The `invalid` refusal with every wrong field by name."""
    errors = [
        {"field": ".".join(str(step) for step in found["loc"]), "detail": found["msg"]}
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    named = ", ".join(found["field"] or "the body" for found in errors)
    return Refused("invalid", f"Not valid: {named}.", fields={"errors": errors})


def idempotency_key() -> str:
    """The Idempotency-Key header.

    Raises:
        BadRequest: `idempotency_key_missing`.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise BadRequest(
            "idempotency_key_missing",
            "Send an Idempotency-Key: an id of your own for this call, the same for every try.",
        )
    return key


def send(answer: Answer, *, status: int = 200) -> Response:
    """The answer's text as it is; a repetition says so."""
    response = Response(answer.text, status=status, mimetype="application/json")
    if answer.is_replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@api.before_request
def _admit() -> None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise SignedOut("key_missing", "Send your API key: Authorization: Bearer <key>.")
    with limits.counting_wrong_keys():
        g.brand_id = staff.brand_of_key(services(), given.token)
    if request.method == "POST":
        _read_json()


@api.after_request
def _challenge(response: Response) -> Response:
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _read_json() -> None:
    """Read the body once; the views' models find it read."""
    if request.endpoint == _BODY_OPTIONAL and not request.get_data():
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
    try:
        value = request.get_json()
    except NotJSON as error:
        raise BadRequest(
            "json_invalid", "The body is not JSON: send one JSON object in UTF-8."
        ) from error
    if not isinstance(value, dict):
        raise Refused("invalid", "The body is not a JSON object.", fields={"errors": []})


def document() -> dict[str, Any]:
    """The OpenAPI document, its descriptions as plain sentences."""
    made: dict[str, Any] = current_app.api_doc  # type: ignore[attr-defined]
    for path in made["paths"].values():
        for operation in path.values():
            if "description" in operation:
                operation["description"] = operation["description"].replace("<br/>", " ").strip()
    return made
