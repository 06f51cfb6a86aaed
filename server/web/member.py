"""The member's pages: joining a programme, and the card behind a personal link."""

import re
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from flask import Blueprint, Response, g, redirect, render_template, request
from sqlmodel import select
from werkzeug.wrappers import Response as AnyResponse

from server import cards, designs, events, members
from server.errors import NotFound, Refused
from server.face import Text
from server.models import Brand, Programme
from server.wallets.apple import MIME_TYPE, http_date, pass_file
from server.wallets.apple_trace import note_download
from server.web import google, identity, languages, pass_files, sandbox, services
from server.web.languages import gettext, later
from server.web.qr import svg

member = Blueprint("member", __name__)

# The words beside the boxes, kept with the consent as what was agreed to.
_CHANNELS = {
    "sms": later("Also send me offers by text message"),
    "email": later("Also send me offers by e-mail"),
}
_CONTACTS = {"sms": "phone", "email": "email"}  # without it there is nothing to agree to
_UNKNOWN = Text(
    "Tällaista kanta-asiakasohjelmaa ei ole: tarkista osoite.",
    "Det finns inget sådant program: kontrollera adressen.",
    "There is no such programme: check the address.",
)
_IPHONE = re.compile(r"iPhone|iPod").search
_ANDROID = re.compile(r"Android").search


@member.after_request
def keep_nothing(response: Response) -> Response:
    """A form is for one person and a card for its holder: no copy is kept to go back to."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


@member.get("/join/<brand_slug>/<programme_slug>")
def join_form(brand_slug: str, programme_slug: str) -> str:
    """The form: at most three fields."""
    brand, programme = find_programme(brand_slug, programme_slug)
    return _form(brand, programme, event_id=str(uuid4()))


@member.post("/join/<brand_slug>/<programme_slug>")
def join(brand_slug: str, programme_slug: str) -> AnyResponse | tuple[str, int]:
    """A new card, always: a contact typed here proves nothing about who owns it."""
    brand, programme = find_programme(brand_slug, programme_slug)
    form = request.form
    event_id = form.get("event_id") or str(uuid4())
    applicant = members.Applicant(
        name=form.get("name", ""),
        phone=form.get("phone", "").strip() or None,
        email=form.get("email", "").strip() or None,
        language=g.language,
        consents={
            channel: gettext(wording)
            for channel, wording in _CHANNELS.items()
            if form.get(f"marketing_{channel}") and form.get(_CONTACTS[channel], "").strip()
        },
    )
    errors = members.problems(applicant, country=brand.country)
    if errors:
        return _form(brand, programme, event_id=event_id, errors=errors), 422
    answer = events.enrol(
        services(),
        events.Origin(brand_id=brand.id, source="join"),
        programme.slug,
        applicant,
        event_id=f"join:{event_id}",
    )
    return redirect(str(answer.json()["card_url"]), 303)


@member.get("/c/<link_token>")
def card_page(link_token: str) -> str:
    """The card, with the way to keep it that fits the device in hand."""
    shown = cards.show_by_link(services().database, link_token, at=services().now())
    languages.address(shown.member.language)
    links, wallet = cards.links(shown, services().settings), _wallet(request.user_agent.string)
    is_in_google = (
        bool(links["save_url"]) and wallet == "android" and google().is_held(shown.card.id)
    )
    try_it = sandbox()
    query = urlencode({"url": links["pass_url"]})
    return render_template(
        "card.html",
        brand=look_of(shown.brand, shown.design),
        programme=promise_of(shown.programme),
        face=shown.face.in_language(g.language),
        name=shown.member.name,
        member_number=shown.member.member_number,
        wallet=wallet,
        pass_url=links["pass_url"],
        google_url=links["save_url"],
        is_in_google=is_in_google,
        card_qr=svg(links["card_url"], label=gettext("QR code of this page")),
        barcode_qr=svg(shown.face.barcode, label=gettext("Your code for the till")),
        sandbox_add_url=f"{try_it['phones_url']}add?{query}" if try_it else None,
    )


@member.get("/c/<link_token>/card.pkpass")
def card_file(link_token: str) -> Response:
    """The signed pass, as Wallet takes it."""
    version, serial_number = cards.find_live_pass(services().database, link_token)
    file = pass_file(services(), version, identity(), pass_files())
    if file is None:
        raise cards.link_unknown()
    note_download(services(), serial_number, file.key.version.modified_at)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": 'inline; filename="card.pkpass"',
        "Last-Modified": http_date(file.key.version.modified_at),
    }
    return Response(file.body, mimetype=MIME_TYPE, headers=headers)


def find_programme(brand_slug: str, programme_slug: str) -> tuple[Brand, Programme]:
    """A brand and its programme by their names in addresses. Raises NotFound."""
    statement = (
        select(Brand, Programme)
        .where(Programme.brand_id == Brand.id)
        .where(Brand.slug == brand_slug, Programme.slug == programme_slug)
    )
    with services().database.reading() as session:
        found = session.exec(statement).first()
    if found is None:
        raise NotFound("programme_unknown", _UNKNOWN.en, text=_UNKNOWN)
    brand, programme = found
    languages.prefer(brand.language)
    return brand, programme


def _form(
    brand: Brand, programme: Programme, *, event_id: str, errors: dict[str, Refused] | None = None
) -> str:
    texts = {
        field: error.text.get(g.language) if error.text else error.detail
        for field, error in (errors or {}).items()
    }
    return render_template(
        "join.html",
        brand=look_of(brand, designs.load(programme.design)),
        programme=promise_of(programme),
        values=request.form,
        errors=texts,
        event_id=event_id,
    )


def look_of(brand: Brand, design: designs.Design) -> dict[str, Any]:
    """The brand as its pages show it: its name and the pictures of its design."""
    base = f"/designs/{design.name}/{design.version[:12]}"
    return {
        "name": brand.name,
        "slug": brand.slug,
        "contact": brand.contact,
        "logo_url": f"{base}/logo@3x.png" if "logo@3x.png" in design.images else None,
        "strip_url": f"{base}/strip@3x.png" if "strip@3x.png" in design.images else None,
        "stamp_urls": {
            name: f"{base}/stamps/{name}.png"
            for name in ("empty", "full", "reward")
            if design.stamps and f"{name}.png" in design.stamps.pictures
        },
    }


def promise_of(programme: Programme) -> dict[str, Any]:
    """The programme's name, and what it promises in a sentence that its rules write."""
    with services().database.reading() as session:
        parts = cards.parts_of(session, programme.id)
        currency = session.get_one(Brand, programme.brand_id).currency
    said = [part.kind.sentence(part.rules, currency=currency) for part in parts]
    sentences = [sentence.get(g.language) for sentence in said]
    empty = [part.kind.empty_progress(part.rules) for part in parts]
    progress = next((p for p in empty if p), None)
    return {
        "name": programme.name,
        "sentence": " ".join(sentences),
        "stamps_required": progress.need if progress else None,
    }


def _wallet(user_agent: str) -> str:
    if _IPHONE(user_agent):
        return "iphone"
    return "android" if _ANDROID(user_agent) else "desktop"
