"""The way into Google Wallet: a short address of our own, sent on to a link that is signed then.

A person's click brings the card's object into being. Whoever only looks (a messenger's preview, a
search engine, a browser that fetches ahead) gets a page with one button and changes nothing.
"""

import re

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server import cards
from server.errors import NotFound
from server.face import Text
from server.wallets.google.sync import Outcome
from server.web import google, languages, services
from server.web.member import look_of, promise_of

google_wallet = Blueprint("google_wallet", __name__)

_OFF = Text(
    "Tätä korttia ei voi lisätä Google Walletiin.",
    "Det här kortet kan inte läggas till i Google Wallet.",
    "This card cannot be added to Google Wallet.",
)
# Browsers tell what they fetch a page for, and those that fetch one ahead tell that, too.
_NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
# Previews made by a whole browser; CUBOT makes telephones.
_ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|preview|facebookexternalhit|whatsapp/", re.IGNORECASE
).search

_Page = AnyResponse | tuple[str, int]


@google_wallet.get("/c/<link_token>/google")
def look(link_token: str) -> _Page:
    """A person is sent on at once, anybody else asked; a card in a wallet is only shown there."""
    shown = _card(link_token)
    if google().is_held(shown.card.id):
        return _page(shown, "held")
    return _go(shown) if _is_person() else _page(shown, "ask")


@google_wallet.post("/c/<link_token>/google")
def add(link_token: str) -> _Page:
    """The button was pressed: on to Google Wallet."""
    return _go(_card(link_token))


def _card(link_token: str) -> cards.Shown:
    shown = cards.show_by_link(services().database, link_token, at=services().now())
    languages.address(shown.member.language)
    if not google().is_open:
        raise NotFound("google_wallet_off", _OFF.en, text=_OFF)
    return shown


def _go(shown: cards.Shown) -> _Page:
    way = google().send(shown.card.id)
    if way.link:
        return redirect(way.link, 303)
    return _page(shown, "refused" if way.outcome is Outcome.REFUSED else "later", status=503)


def _page(shown: cards.Shown, state: str, *, status: int = 200) -> tuple[str, int]:
    links = cards.links(shown, services().settings)
    page = render_template(
        "google_wallet.html",
        state=state,
        brand=look_of(shown.brand, shown.design),
        programme=promise_of(shown.programme),
        card_url=links["card_url"],
        google_url=links["save_url"],
    )
    return page, status


def _is_person() -> bool:
    """Whether somebody opened the address, as far as a browser of today tells."""
    told = request.headers
    return (
        request.method == "GET"
        and all(told.get(name) == value for name, value in _NAVIGATION.items())
        and not any(name in told for name in _AHEAD)
        and not _ROBOT(request.user_agent.string)
    )
