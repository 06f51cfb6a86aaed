"""Phones' calls are noted for the timelines of cards, once they are answered."""

from flask import Flask, Response, request

from server.wallets.apple_trace import Call, note_call
from server.web import services

_GROUP = "apple_web_service"
_NAMES = {"list_changed": "list"}


def init_app(app: Flask) -> None:
    """Look at the answers to phones."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    if request.blueprint == _GROUP and request.endpoint:
        name = request.endpoint.partition(".")[2]
        note_call(services(), _call(_NAMES.get(name, name), response))
    return response


def _call(name: str, response: Response) -> Call:
    given = request.view_args or {}
    since = request.args.get("passesUpdatedSince", "") if name == "list" else ""
    modified = response.headers.get("Last-Modified")
    body = b""
    if response.status_code == 200 and name in ("list", "log"):
        body = response.get_data() if name == "list" else request.get_data()
    return Call(
        name=name,
        at=services().now(),
        status=response.status_code,
        caller=f"{request.remote_addr} {request.headers.get('User-Agent', '')[:80]}",
        pass_type=given.get("pass_type"),
        serial_number=given.get("serial_number"),
        device=given.get("device"),
        since=int(since) if since.isascii() and since.isdigit() and len(since) < 19 else None,
        modified=modified or request.headers.get("If-Modified-Since"),
        is_head=request.method == "HEAD",
        body=body,
    )
