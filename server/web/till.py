"""The till page and what it says to the service."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, session
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response

from server import sessions, staff, tills
from server.errors import Forbidden, ServiceError, SignedOut, TooMany
from server.face import Text
from server.models import Staff
from server.web import known_browsers, languages, problems, services
from server.web.bodies import read_json

till = Blueprint("till", __name__, url_prefix="/till")

# A person who walked away is asked for the PIN again.
_PIN_TIME = timedelta(minutes=30)
_Id = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PinBody(_Body):
    """A typed PIN."""

    pin: str = Field(max_length=16)


class ScanBody(_Body):
    """A scan, under the id that the page gave it."""

    id: str = _Id
    code: str = Field(min_length=1, max_length=512)
    quantity: int = Field(default=1, ge=1, le=1000)
    action: Literal["scan", "stamp", "redeem"] = "scan"
    is_deliberate: bool = False
    card: str | None = Field(default=None, min_length=1, max_length=64)
    at: AwareDatetime | None = None


class UndoBody(_Body):
    """Which event to take back, under an id of its own."""

    id: str = _Id
    event: str = Field(min_length=1, max_length=128)


@till.get("/login")
def login_form() -> str:
    """Signing in, once for the device."""
    return render_template("till_login.html")


@till.post("/login")
def login() -> Response | tuple[str, int]:
    """Open the till page for a location."""
    login = request.form.get("login", "")
    till_id = staff.open_till(
        services(),
        login=login,
        password=request.form.get("password", ""),
        address=request.remote_addr or "",
        browser=known_browsers.name_at(login),
    )
    started = sessions.start(services(), till_id, replaces=_session_id())
    session.clear()
    session.permanent = True
    session["id"] = str(started)
    response = redirect("/till", 303)
    known_browsers.remember(response, login)
    return response


@till.post("/sign-out")
def sign_out() -> Response:
    """Close the till on this device: the cookie, and every copy of it, opens nothing any more."""
    if session_id := _session_id():
        sessions.end(services(), session_id)
    session.clear()
    return redirect("/till/login", 303)


@till.get("")
def page() -> str | Response:
    """The till page; to the login when nobody is signed in."""
    if _session_id() is None:
        return redirect("/till/login", 303)
    signed_in = _signed_in()
    person = _person(signed_in)
    return render_template(
        "till.html",
        brand=signed_in.till.brand,
        location=signed_in.till.location,
        staff=person.name if person else None,
    )


@till.post("/pin")
def pin() -> dict[str, Any]:
    """Name the person at the till."""
    signed_in = _signed_in()
    person = staff.name_person(services(), signed_in.till, pin=read_json(PinBody).pin)
    session["unlock"] = str(sessions.unlock(services(), signed_in.id, person.id))
    _stay()
    return {"staff": {"name": person.name}}


@till.post("/lock")
def lock() -> dict[str, Any]:
    """Nobody is at the till."""
    session.pop("unlock", None)
    if session_id := _session_id():
        sessions.lock(services(), session_id)
    return {}


@till.post("/scan")
def scan() -> dict[str, Any]:
    """A card in front of the scanner."""
    desk, body = _desk(), read_json(ScanBody)
    return tills.scan(services(), desk, tills.Scan(**body.model_dump()))


@till.post("/undo")
def undo() -> dict[str, Any]:
    """Take back what was just done."""
    desk, body = _desk(), read_json(UndoBody)
    return tills.undo(services(), desk, event_id=body.event, reversal_id=body.id)


@till.errorhandler(ServiceError)
def refused(error: ServiceError) -> Response | tuple[str, int, dict[str, str]]:
    """The page's script gets a problem in the language of the till, a person the page for it."""
    text = error.text.get(g.language) if error.text else error.detail
    if not problems.wants_page():
        return problems.problem(error.status, error.code, text, error.fields)
    if isinstance(error, SignedOut | TooMany):
        page = render_template("till_login.html", error=text)
        return page, error.status, problems.headers(error)
    return problems.service_error(error)


def _session_id() -> UUID | None:
    """The session that the browser's cookie names, if it has one of ours."""
    named = session.get("id")
    return UUID(named) if named else None


def _signed_in() -> sessions.SignedIn:
    session_id = _session_id()
    if session_id is None:
        raise SignedOut("signed_out", staff.SIGN_IN.en, text=staff.SIGN_IN)
    found = sessions.find(services(), session_id)
    languages.prefer(found.till.brand.language)
    return found


def _person(signed_in: sessions.SignedIn) -> Staff | None:
    """Who unlocked it: known here and to the cookie, so that a lock ends every copy of it."""
    seen = session.get("seen", 0.0)
    is_recent = services().now().timestamp() - seen < _PIN_TIME.total_seconds()
    is_this_unlocking = session.get("unlock") == str(signed_in.unlock_id)
    return signed_in.person if is_this_unlocking and is_recent else None


def _desk() -> tills.Desk:
    signed_in = _signed_in()
    person = _person(signed_in)
    if person is None:
        raise Forbidden(
            "pin_required",
            "Give your PIN first.",
            text=Text("Anna PIN.", "Ange PIN-kod.", "Give your PIN first."),
        )
    _stay()
    return tills.Desk(signed_in.till, person, g.language)


def _stay() -> None:
    session["seen"] = services().now().timestamp()
