"""The till page and what it says to the service."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, session
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response

from server import staff, tills
from server.errors import Forbidden, ServiceError, SignedOut, TooMany
from server.face import Text
from server.models import Staff
from server.web import languages, problems, services
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
    card: str | None = Field(default=None, max_length=64)
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
    till_id = staff.open_till(
        services(),
        login=request.form.get("login", ""),
        password=request.form.get("password", ""),
        address=request.remote_addr or "",
    )
    session.clear()
    session.permanent = True
    session["till"] = str(till_id)
    return redirect("/till", 303)


@till.get("")
def page() -> str | Response:
    """The till page; to the login when nobody is signed in."""
    if "till" not in session:
        return redirect("/till/login", 303)
    open_till = _till()
    person = _person(open_till)
    return render_template(
        "till.html",
        brand=open_till.brand,
        location=open_till.location,
        staff=person.name if person else None,
    )


@till.post("/pin")
def pin() -> dict[str, Any]:
    """Name the person at the till."""
    person = staff.name_person(services(), _till(), pin=read_json(PinBody).pin)
    session["staff"] = str(person.id)
    _stay()
    return {"staff": {"name": person.name}}


@till.post("/lock")
def lock() -> dict[str, Any]:
    """Nobody is at the till."""
    session.pop("staff", None)
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
def refused(error: ServiceError) -> Response | tuple[str, int]:
    """The page's script gets a problem in the language of the till, a person the page for it."""
    text = error.text.get(g.language) if error.text else error.detail
    if not problems.wants_page():
        return problems.problem(error.status, error.code, text, error.fields)
    if isinstance(error, SignedOut | TooMany):
        return render_template("till_login.html", error=text), error.status
    return problems.service_error(error)


def _till() -> staff.OpenTill:
    if "till" not in session:
        raise SignedOut("signed_out", staff.SIGN_IN.en, text=staff.SIGN_IN)
    found = staff.find_till(services(), UUID(session["till"]))
    languages.prefer(found.brand.language)
    return found


def _person(open_till: staff.OpenTill) -> Staff | None:
    seen = session.get("seen", 0.0)
    is_recent = services().now().timestamp() - seen < _PIN_TIME.total_seconds()
    if "staff" not in session or not is_recent:
        return None
    return staff.find_person(services(), open_till, UUID(session["staff"]))


def _desk() -> tills.Desk:
    open_till = _till()
    person = _person(open_till)
    if person is None:
        raise Forbidden(
            "pin_required",
            "Give your PIN first.",
            text=Text("Anna PIN.", "Ange PIN-kod.", "Give your PIN first."),
        )
    _stay()
    return tills.Desk(open_till, person, g.language)


def _stay() -> None:
    session["seen"] = services().now().timestamp()
