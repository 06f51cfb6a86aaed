"""Errors become answers here, and only here: problem+json for programs, a page for people."""

from typing import cast

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from server.errors import Refused, ServiceError
from server.web import is_for_programs
from server.web.languages import gettext, later, spoken

_TITLES = {
    400: later("Bad request"),
    401: later("Not signed in"),
    403: later("Not allowed"),
    404: later("Not found"),
    405: later("Method not allowed"),
    409: later("Conflict"),
    413: later("Too large"),
    415: later("Unsupported media type"),
    422: later("Refused"),
    429: later("Too many tries"),
    500: later("Something went wrong"),
}
_ERROR = later("Error")
_ADVICE = {
    400: later("Something in this cannot be read. Go back and try again."),
    401: later("Sign in first."),
    403: later("This cannot be done from here."),
    404: later("There is nothing at this address."),
    405: later("This address is used in another way. Go back and try again."),
    413: later("This is too large to be sent."),
    429: later("Wait a moment and try again."),
    500: later("The mistake is ours."),
}
# The codes of errors that the framework finds; its own names change with its versions.
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    500: "internal_error",
}


def init_app(app: Flask) -> None:
    """Answer every error in one shape."""
    app.register_error_handler(ServiceError, service_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(DataError, data_error)


def problem(
    status: int, code: str, detail: str, fields: dict[str, object] | None = None
) -> Response:
    """An RFC 9457 problem document with our stable `code`."""
    return _response(_document(status, code, detail, fields or {}))


def document(error: ServiceError) -> dict[str, object]:
    """The problem document of `error`."""
    fields = dict(error.fields)
    if error.text:
        fields["text"] = error.text.as_dict()
    return _document(error.status, error.code, error.detail, fields)


def _document(status: int, code: str, detail: str, fields: dict[str, object]) -> dict[str, object]:
    return {
        "type": "about:blank",
        "title": _TITLES.get(status, _ERROR),
        "status": status,
        "code": code,
        "detail": detail,
        **fields,
    }


def _response(body: dict[str, object]) -> Response:
    response = jsonify(body)
    response.status_code = cast(int, body["status"])
    response.content_type = "application/problem+json"
    if "retry_after" in body:
        response.headers["Retry-After"] = str(body["retry_after"])
    return response


def wants_page() -> bool:
    """Whether a person with a browser is asking, rather than a program."""
    is_program = is_for_programs() or request.path.startswith("//v1/") or request.is_json
    return not is_program and "text/html" in request.headers.get("Accept", "")


def headers(error: ServiceError) -> dict[str, str]:
    """What the answer to `error` says in its head, on a page as in a problem document."""
    return (
        {"Retry-After": str(error.fields["retry_after"])} if "retry_after" in error.fields else {}
    )


def service_error(error: ServiceError) -> Response | tuple[str, int, dict[str, str]]:
    """An error of ours as a page or a problem document."""
    if wants_page():
        text = error.text.get(spoken()) if error.text else ""
        return _page(error.status, text), error.status, headers(error)
    return _response(document(error))


def data_error(_error: DataError) -> Response | tuple[str, int, dict[str, str]]:
    """PostgreSQL keeps no zero characters: a text that holds one names nothing that is there."""
    return service_error(
        Refused("value_invalid", "A text holds a character that cannot be kept: leave it out.")
    )


def http_error(error: HTTPException) -> Response | tuple[str, int]:
    """An error of the framework in the same two shapes."""
    if isinstance(error.response, Response):  # an answer that a view aborted with
        return error.response
    status = error.code or 500
    if wants_page():
        return _page(status), status
    code = _CODES.get(status) or error.name.lower().replace(" ", "_")
    response = problem(status, code, error.description or "")
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _page(status: int, detail: str = "") -> str:
    """What a developer reads in `detail` is not for people: they get a sentence of ours."""
    title = gettext(_TITLES.get(status, _ERROR))
    advice = detail or gettext(_ADVICE.get(status, _ADVICE[500]))
    return render_template("error.html", status=status, title=title, detail=advice)
