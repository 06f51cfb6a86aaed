"""Phones' calls are noted for the timelines of cards, once they are answered."""

from flask import Flask, Response, g, request

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
    return Call(
        name,
        at=services().now(),
        status=response.status_code,
        caller=f"{request.remote_addr} {request.headers.get('User-Agent', '')[:80]}",
        pass_type=given.get("pass_type"),
        serial_number=given.get("serial_number"),
        device=given.get("device"),
        told=g.get("told") or {},
        is_head=request.method == "HEAD",
        body=request.get_data() if response.status_code == 200 and name == "log" else b"",
    )
