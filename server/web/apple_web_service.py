"""What phones ask of the service, at the root of the host.

Apple: Wallet Passes, Adding a Web Service to Update Passes, and the pages of its calls. The list
carries no secret but the device's own identifier, so it is never refused; all that names a pass
wants that pass's token. Nothing here is a page: phones and their kin read status and body only.
"""

import string
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, g, request

from passkit import RequestError
from passkit.updates import (
    parse_authorization,
    parse_registration,
    parse_tag,
)
from server import registrations
from server.errors import BadRequest, NotFound
from server.wallets import apple_calls
from server.wallets.apple_calls import Answer
from server.wallets.device_log import note
from server.web import FAILED, identity, pass_files, problems, services
from server.web.shortcut import Shortcut

apple_web_service = Blueprint("apple_web_service", __name__, url_prefix="/v1")

_REGISTRATION = "/devices/<device>/registrations/<pass_type>/<serial_number>"
_REGISTRATION_LIMIT = 8 * 1024
_DEVICE_LENGTH = 256  # phones use 32; what is longer would not fit an index of every database


def init_app(app: Flask) -> None:
    """Serve the calls, also below `//v1/`: some readers join addresses without looking.

    What puts odd addresses right does so for every page.
    """
    app.register_blueprint(apple_web_service)
    app.register_error_handler(RequestError, _refuse)
    app.wsgi_app = _PlainAddress(Shortcut(app))  # type: ignore[method-assign]


@apple_web_service.post(_REGISTRATION)
def register(device: str, pass_type: str, serial_number: str) -> Response:
    """The phone has added the pass, or has a new push token for it."""
    request.max_content_length = _REGISTRATION_LIMIT
    if len(device) > _DEVICE_LENGTH:
        raise BadRequest("device_malformed", "No device has an identifier as long as this.")
    is_new = registrations.register(
        services().database,
        (pass_type, serial_number),
        library_identifier=device,
        token=_token(),
        push_token=parse_registration(request.get_data()),
        at=services().now(),
        most_devices=services().settings.devices_per_pass,
    )
    if is_new is None:
        raise apple_calls.not_opened()
    return _empty(201 if is_new else 200)


@apple_web_service.delete(_REGISTRATION)
def unregister(device: str, pass_type: str, serial_number: str) -> Response:
    """The phone has removed the pass, or no longer wants updates."""
    is_opened = registrations.unregister(
        services().database,
        (pass_type, serial_number),
        library_identifier=device,
        token=_token(),
    )
    if not is_opened:
        raise apple_calls.not_opened()
    return _empty(200)


@apple_web_service.get("/devices/<device>/registrations/<pass_type>")
def list_changed(device: str, pass_type: str) -> Response:
    """Which of the phone's passes changed since it last asked, and the tag to ask with next."""
    since = parse_tag(request.args.get("passesUpdatedSince"))
    return _response(apple_calls.list_changed(services(), device, pass_type, since))


@apple_web_service.get("/passes/<pass_type>/<serial_number>")
def fetch(pass_type: str, serial_number: str) -> Response:
    """The pass as it is now; 304, and nothing built, when the phone has exactly this version."""
    answer = apple_calls.fetch(
        services(),
        (pass_type, serial_number),
        authorization=request.headers.get("Authorization"),
        if_modified_since=request.headers.get("If-Modified-Since"),
        identity=identity(),
        files=pass_files(),
    )
    return _response(answer)


@apple_web_service.post("/log")
def log() -> Response:
    """What went wrong on a phone."""
    note(request.get_data(), registrations.pass_types(services().database))
    return _empty(200)


@apple_web_service.before_request
def _refuse_early() -> None:
    """What the shortcut could not answer, and what names nothing: no identifier has control
    characters in it, and not every database takes them."""
    if error := request.environ.get(FAILED):
        raise error
    if not request.path.isprintable():
        raise NotFound("address_unknown", "There is nothing at this address.")


class _PlainAddress:
    """Takes `//v1/…` as `/v1/…`, and bytes of a query that are no ASCII as if they were quoted.

    The router would redirect the one, and the framework fails on the other.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("//") and (one := "/" + path.lstrip("/")).startswith("/v1/"):
            environ["PATH_INFO"] = one
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote(query, safe=string.punctuation, encoding="latin-1")
        return self._app(environ, start_response)


def _token() -> str:
    return parse_authorization(request.headers.get("Authorization"))


def _response(answer: Answer) -> Response:
    g.told = answer.told
    response = _empty(answer.status)
    response.data = answer.body
    response.headers.extend(answer.headers)
    return response


def _refuse(error: RequestError) -> Response:
    status = 401 if error.code.startswith("authorization_") else 400
    return problems.problem(status, error.code, str(error))


def _empty(status: int) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    return _uncached(response)


def _uncached(response: Response) -> Response:
    """Phones keep passes themselves, and a cache in between must not."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
