"""The sandbox over HTTP: the phones' page, what its buttons do, and the push stand-in's switches.

For this machine only. A page from elsewhere can make a browser send requests here, so everything
that changes something is either JSON, which such a page cannot send, or comes from the service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, redirect, render_template, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from server.sandbox import apns_controls
from server.sandbox.android.drawing import draw_android
from server.sandbox.android.phones import Androids
from server.sandbox.apns import ApnsStandIn
from server.sandbox.drawing import IMAGES, barcode_svg, draw_phone, image
from server.sandbox.errors import PassRefused, SaveRefused
from server.sandbox.faults import Faults
from server.sandbox.google import pages as google_pages
from server.sandbox.google.pictures import GooglePictures
from server.sandbox.held_pass import HeldPass
from server.sandbox.phone import Phone
from server.sandbox.phones import InHand, Phones, origin
from server.sandbox.picture_answers import answer_picture

_HOSTS = ("127.0.0.1", "localhost")
_POLICY = (
    "default-src 'self'; script-src 'self'; img-src 'self' data: blob:; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_SHOWN_PUSHES = 1000


class _Add(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str


class _Power(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    is_on: bool


class Hands(Protocol):
    """What the page does to a phone of any system."""

    def add(self, url: str) -> None:
        """Open a link and keep its pass."""

    def switch(self, *, is_on: bool) -> None:
        """Turn it on or off."""

    def remove(self, pass_id: str) -> bool:
        """Delete a pass; False when there is none such."""

    def clear_notifications(self) -> None:
        """Wipe the lock screen."""


@dataclass
class _Drawn:
    """The last drawing of all phones, kept for as long as it is true."""

    version: str = ""
    body: bytes = b""


def create_app(
    phones: Phones,
    apns: ApnsStandIn | None,
    *,
    templates: Path,
    service_urls: Sequence[str],
    androids: Androids | None = None,
) -> Flask:
    """The application. `templates` is the project's folder of web pages with its `static`."""
    app = Flask(
        __name__,
        template_folder=str(templates),
        static_folder=str(templates / "static"),
        static_url_path="/static",
    )
    app.jinja_env.globals["_"] = str  # the sandbox speaks English
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    friends = frozenset(map(origin, service_urls))
    app.before_request(lambda: _require_this_machine(friends))
    app.after_request(_harden)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(PassRefused, _refusal)
    app.register_error_handler(ValidationError, _bad_json)
    app.register_error_handler(SaveRefused, _refusal)
    pictures = GooglePictures(service_urls)
    _add_page(app, service_urls[0])
    _add_state(app, phones, androids, pictures)
    _add_wallets(app, phones)
    _add_buttons(app, lambda phone_id: _hands(phones, androids, phone_id))
    if androids:
        google_pages.init_app(app, androids, pictures)
    if apns:
        _add_apns(app, apns)
        apns_controls.init_app(app, apns)
    return app


def _add_page(app: Flask, home_url: str) -> None:
    @app.get("/")
    def page() -> str:
        return render_template("phones.html", lang="en", home_url=home_url)


def _add_state(
    app: Flask, phones: Phones, androids: Androids | None, pictures: GooglePictures
) -> None:
    drawn = _Drawn()

    @app.get("/phones.json")
    def all_phones() -> Response:
        # Read first: a change while drawing makes it stale at once.
        version = f"{phones.version} {androids.version if androids else ''}"
        if drawn.version != version:
            iphones = [draw_phone(phone) for phone in phones]
            others = [draw_android(each, picture=pictures.path) for each in androids or ()]
            pairs = zip_longest(iphones, others)  # of each system one, side by side
            drawn.body = app.json.dumps(
                {"phones": [phone for pair in pairs for phone in pair if phone]}
            ).encode()
            drawn.version = version
        answer = Response(drawn.body, mimetype="application/json")
        answer.set_etag(version)
        answer.cache_control.no_cache = True
        return answer.make_conditional(request)  # type: ignore[return-value]

    @app.get("/add")
    def add() -> BaseResponse:
        phone = phones.add_anywhere(request.args.get("url", ""))
        return redirect(f"/#{phone.id}")


def _add_wallets(app: Flask, phones: Phones) -> None:
    @app.get("/phones/<phone_id>/passes/<path:serial_number>/barcode.svg")
    def barcode(phone_id: str, serial_number: str) -> Response:
        svg = barcode_svg(_held(_phone(phones, phone_id), serial_number))
        return _picture(svg, "image/svg+xml")

    @app.get("/phones/<phone_id>/passes/<path:serial_number>/<name>.png")
    def picture(phone_id: str, serial_number: str, name: str) -> Response:
        phone = _phone(phones, phone_id)
        data = image(phone, _held(phone, serial_number), name) if name in IMAGES else None
        return _picture(data, "image/png")


def _add_buttons(app: Flask, hands: Callable[[str], Hands]) -> None:
    @app.post("/phones/<phone_id>/add")
    def add_to(phone_id: str) -> Response:
        hands(phone_id).add(_Add.model_validate(_json()).url)
        return jsonify({})

    @app.post("/phones/<phone_id>/power")
    def power(phone_id: str) -> Response:
        is_on = _Power.model_validate(_json()).is_on
        hands(phone_id).switch(is_on=is_on)
        return jsonify({})

    @app.post("/phones/<phone_id>/passes/<path:pass_id>/remove")
    def remove(phone_id: str, pass_id: str) -> Response:
        _json()
        if not hands(phone_id).remove(pass_id):
            abort(404, "This pass is not on the phone.")
        return jsonify({})

    @app.post("/phones/<phone_id>/notifications/clear")
    def clear(phone_id: str) -> Response:
        _json()
        hands(phone_id).clear_notifications()
        return jsonify({})


def _add_apns(app: Flask, apns: ApnsStandIn) -> None:
    @app.get("/apns.json")
    def state() -> Response:
        return jsonify(
            {
                "url": apns.url,
                "connections": apns.connection_count,
                "answers": dict(apns.answers),
                "faults": apns.faults.model_dump(),
                "pushes": [
                    {
                        "at": push.at.isoformat(),
                        "token": push.token,
                        "topic": push.topic,
                        "apns_id": push.apns_id,
                    }
                    for push in list(apns.pushes)[-_SHOWN_PUSHES:]
                ],
            }
        )

    @app.post("/apns/faults")
    def faults() -> Response:
        apns.faults = Faults.model_validate(_json())
        return jsonify(apns.faults.model_dump())


def _require_this_machine(friends: frozenset[str]) -> None:
    """Refuse what another web site makes a browser send.

    The names of this machine are compared, so that a foreign name pointing here is no way in.
    """
    host = urlsplit(f"//{request.host}").hostname
    if host not in _HOSTS:
        abort(403, "The sandbox answers on 127.0.0.1 and localhost only.")
    own = origin(request.host_url)
    claims = [request.headers.get(name) for name in ("Origin", "Referer")]
    known = [claim for claim in claims if claim and claim != "null"]
    is_changing = request.method == "POST" or request.path == "/add"
    if is_changing and any(origin(claim) not in {own, *friends} for claim in known):
        abort(403, "Only the service and these pages may do this.")
    if is_changing and not known and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403, "Only the service and these pages may do this.")


def _json() -> Any:
    """The request's JSON; anything else is refused with 415 or 400."""
    if request.mimetype != "application/json":
        abort(415, "Send JSON with Content-Type: application/json.")
    return request.get_json()


def _hands(phones: Phones, androids: Androids | None, phone_id: str) -> Hands:
    """What can be done to the phone, whichever system it has."""
    android = androids.get(phone_id) if androids else None
    return android or InHand(phones, _phone(phones, phone_id))


def _phone(phones: Phones, phone_id: str) -> Phone:
    phone = phones.get(phone_id)
    if phone is None:
        abort(404, "There is no such phone.")
    return phone


def _held(phone: Phone, serial_number: str) -> HeldPass:
    passes = phone.look().passes.values()
    held = next((each for each in passes if each.serial_number == serial_number), None)
    if held is None:
        abort(404, "This pass is not on the phone.")
    return held


def _picture(data: bytes | None, mimetype: str) -> Response:
    if data is None:
        abort(404, "The pass has no such picture.")
    return answer_picture(data, mimetype, is_immutable=bool(request.query_string))


def _harden(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _http_problem(error: HTTPException) -> tuple[Response, int] | BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    return _problem(error.code, error.description or "")


def _refusal(error: PassRefused | SaveRefused) -> tuple[Response, int]:
    return _problem(422, str(error))


def _bad_json(error: ValidationError) -> tuple[Response, int]:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return _problem(400, f"{place}: {first['msg']}" if place else first["msg"])


def _problem(status: int, detail: str) -> tuple[Response, int]:
    """The same sentence for a person with a browser and for a program."""
    title = HTTPStatus(status).phrase
    if request.accept_mimetypes.best == "text/html":
        page = render_template("error.html", lang="en", status=status, title=title, detail=detail)
        return Response(page), status
    return jsonify({"title": title, "status": status, "detail": detail}), status
