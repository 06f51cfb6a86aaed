"""The Google stand-in over HTTP, but for its API: the keys of callbacks, and its own switches.

docs/google-stand-in.md lists the calls. They take and give JSON, which a page from elsewhere
cannot make a browser send.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from googlewallet.client import Kind
from server.sandbox.errors import SaveRefused
from server.sandbox.google.faults import Faults
from server.sandbox.google.links import Account
from server.sandbox.phones import origin

if TYPE_CHECKING:
    from server.sandbox.google.stand_in import GoogleStandIn

_HOSTS = ("127.0.0.1", "localhost")
_SHOWN = 1000
_MOST_OFFSET = 3.2e9  # seconds: a hundred years


class _Clock(BaseModel):
    model_config = ConfigDict(extra="forbid")
    offset_seconds: float = Field(ge=-_MOST_OFFSET, le=_MOST_OFFSET, allow_inf_nan=False)


class _Save(BaseModel):
    """`link` is a whole save link."""

    model_config = ConfigDict(extra="forbid")
    link: str
    account: str


class _Remove(BaseModel):
    model_config = ConfigDict(extra="forbid")
    object_id: str
    account: str


class _Account(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    name: str
    email: str
    language: str = "en"
    is_tester: bool = True


def create_app(google: "GoogleStandIn") -> Flask:
    """The application that serves all but the API."""
    app = Flask("google stand-in")
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.before_request(_require_this_machine)
    app.register_error_handler(HTTPException, _problem)
    app.register_error_handler(SaveRefused, lambda error: _told(422, str(error)))
    app.register_error_handler(ValidationError, lambda error: _told(400, str(error)))
    _add_keys(app, google)
    _add_switches(app, google)
    _add_people(app, google)
    _add_logs(app, google)
    return app


def _add_keys(app: Flask, google: "GoogleStandIn") -> None:
    @app.get("/gp/m/issuer/keys")
    def keys() -> Response:
        answer = Response(google.issuer_keys.public_json(at=google.now()))
        answer.mimetype = "application/json"
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer


def _add_switches(app: Flask, google: "GoogleStandIn") -> None:
    @app.post("/control/faults")
    def faults() -> Response:
        google.faults = Faults.model_validate(_json())
        return jsonify(google.faults.model_dump())

    @app.post("/control/clock")
    def clock() -> Response:
        google.clock_offset = timedelta(seconds=_Clock.model_validate(_json()).offset_seconds)
        return jsonify({"now": google.now().isoformat()})

    @app.post("/control/tokens/revoke")
    def revoke() -> Response:
        _json()
        google.door.revoke()
        return jsonify({})


def _add_people(app: Flask, google: "GoogleStandIn") -> None:
    @app.post("/control/accounts")
    def add() -> Response:
        account = Account(**_Account.model_validate(_json()).model_dump())
        google.accounts[account.id] = account
        return jsonify(asdict(account))

    @app.post("/control/save")
    def save() -> Response:
        asked = _Save.model_validate(_json())
        return jsonify(asdict(google.save(asked.link.rsplit("/", 1)[-1], asked.account)))

    @app.post("/control/remove")
    def remove() -> Response:
        asked = _Remove.model_validate(_json())
        if not google.remove(asked.account, asked.object_id):
            abort(404, "This object is not in this wallet.")
        return jsonify({})


def _add_logs(app: Flask, google: "GoogleStandIn") -> None:
    @app.get("/control/state")
    def state() -> Response:
        return jsonify(
            {
                "api_url": google.api_url,
                "save_url": google.save_url,
                "keys_url": google.keys_url,
                "now": google.now().isoformat(),
                "answers": dict(google.answers),
                "faults": google.faults.model_dump(),
                "accounts": [asdict(each) for each in google.accounts.values()],
                "wallets": google.wallets,
            }
        )

    @app.get("/control/requests")
    def requests() -> Response:
        return _log(google.requests)

    @app.get("/control/changes")
    def changes() -> Response:
        return _log(google.changes)

    @app.get("/control/pushes")
    def pushes() -> Response:
        return _log(google.pushes)

    @app.get("/control/callbacks")
    def callbacks() -> Response:
        return _log(google.callbacks.sent)

    @app.get("/control/objects/<kind>/<id>")
    def held(kind: str, id: str) -> Response:
        found = google.object(kind, id) if kind in set(Kind) else None
        if found is None:
            abort(404, "There is none.")
        return jsonify(found)


def _log(entries: Any) -> Response:
    """The newest entries of a log, the last one last."""
    return jsonify([_plain(asdict(each)) for each in list(entries)[-_SHOWN:]])


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    at = {"at": entry["at"].isoformat()}
    texts = {name: value.decode() for name, value in entry.items() if isinstance(value, bytes)}
    return {**entry, **texts, **at}


def _require_this_machine() -> None:
    """Refuse what another web site makes a browser send; a foreign name for here is no way in."""
    if urlsplit(f"//{request.host}").hostname not in _HOSTS:
        abort(403, "The sandbox answers on 127.0.0.1 and localhost only.")
    claims = [request.headers.get(name) for name in ("Origin", "Referer")]
    known = [claim for claim in claims if claim and claim != "null"]
    own = origin(request.host_url)
    if request.method == "POST" and any(origin(claim) != own for claim in known):
        abort(403, "Only these pages may do this.")


def _json() -> Any:
    if request.mimetype != "application/json":
        abort(415, "Send JSON with Content-Type: application/json.")
    return request.get_json()


def _problem(error: HTTPException) -> tuple[Response, int]:
    return _told(error.code or 500, error.description or "")


def _told(status: int, detail: str) -> tuple[Response, int]:
    return jsonify({"status": status, "detail": detail}), status
