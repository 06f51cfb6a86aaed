"""A café at Google's stand-in, its pictures and links, and the Android phones of its customers."""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, redirect
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.serving import WSGIRequestHandler, make_server

from googlewallet.client import Kind, WalletClient
from googlewallet.credentials import ServiceAccount
from googlewallet.save_link import SaveLinks
from googlewallet.throwaway import ISSUER_ID, load_or_create
from passkit.throwaway import Authority
from server import clock
from server.config import TEMPLATES
from server.sandbox.android import AndroidPhone
from server.sandbox.androids import Androids
from server.sandbox.google import GoogleStandIn
from server.sandbox.pages import create_app
from server.sandbox.phones import Phones
from tests.sandbox.android import bodies

CARD = f"{ISSUER_ID}.aino-card"


def png(size: tuple[int, int] = (66, 66)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (120, 60, 20)).save(file, "PNG")
    return file.getvalue()


class Site:
    """The service that made the cards: pictures, and pages that customers open."""

    def __init__(self) -> None:
        self.save_link = ""
        self.asked: list[str] = []
        self.url = ""
        self.app = Flask("site")
        self.app.add_url_rule("/<path:path>", "any", self.answer)

    def answer(self, path: str) -> Any:
        self.asked.append(path)
        answers: dict[str, Callable[[], Any]] = {
            "logo.png": lambda: Response(png(), mimetype="image/png"),
            "hero.png": lambda: Response(png((1032, 336)), mimetype="image/png"),
            "text.png": lambda: "no picture",
            "large.png": lambda: Response(png() + bytes(5_000_000)),
            "moved.png": lambda: redirect("/logo.png"),
            "card": lambda: "a page",
            "card/google": lambda: redirect(self.save_link),
            "round": lambda: redirect("/round"),
            "away": lambda: redirect("http://127.0.0.1:1/elsewhere"),
        }
        return answers.get(path, lambda: Response(status=404))()


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = make_server("127.0.0.1", 0, site.app, threaded=True, request_handler=_Quiet)
    site.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Cafe:
    """Whoever keeps the card at Google."""

    google: GoogleStandIn
    client: WalletClient
    links: SaveLinks
    site: Site

    def insert(self, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
        return self.client.insert(kind, body)

    def patch(self, *, id: str = CARD, **changes: Any) -> None:
        self.client.patch(Kind.LOYALTY_OBJECT, id, changes)

    def stamp(self, stamps: int, **changes: Any) -> None:
        """A new balance, and whatever else changes with it."""
        self.patch(loyaltyPoints={"balance": {"int": stamps}}, **changes)

    def link(self, *ids: str) -> str:
        return self.links.link(loyalty=ids or [CARD], at=clock.now())

    def save(self, account_id: str, *ids: str) -> None:
        self.google.save(self.link(*ids).rsplit("/", 1)[-1], account_id)


@pytest.fixture
def news() -> threading.Event:
    return threading.Event()


@pytest.fixture
def google(tmp_path: Path, news: threading.Event) -> Iterator[GoogleStandIn]:
    folder = tmp_path / "account"
    file = load_or_create(folder, token_uri="http://127.0.0.1:1/token")
    google = GoogleStandIn(
        folder=tmp_path / "google", account_file=file, issuer_id=ISSUER_ID, on_change=news.set
    )
    google.start()
    load_or_create(folder, token_uri=google.token_uri)
    yield google
    google.stop()


@pytest.fixture
def cafe(google: GoogleStandIn, tmp_path: Path, site: Site) -> Iterator[Cafe]:
    """A class and Aino's card of it, which nobody has saved yet."""
    account = ServiceAccount.load(tmp_path / "account" / "service-account.json")
    client = WalletClient(account, url=google.api_url)
    cafe = Cafe(google, client, SaveLinks(account, url=google.save_url), site)
    cafe.insert(Kind.LOYALTY_CLASS, bodies.loyalty_class(site.url))
    cafe.insert(Kind.LOYALTY_OBJECT, bodies.loyalty_object(site.url))
    yield cafe
    client.close()


@pytest.fixture
def start_androids(
    tmp_path: Path, google: GoogleStandIn, news: threading.Event, site: Site
) -> Iterator[Callable[[], Androids]]:
    """Phones that go on where the last ones stopped."""
    running: list[Androids] = []

    def start() -> Androids:
        for androids in running:
            androids.stop()
        folder = tmp_path / "androids"
        running.append(Androids(google, folder, service_urls=[site.url], news=news))
        running[-1].start()
        return running[-1]

    yield start
    for androids in running:
        androids.stop()


@pytest.fixture
def androids(start_androids: Callable[[], Androids]) -> Androids:
    return start_androids()


@pytest.fixture
def pixel(androids: Androids) -> AndroidPhone:
    """Aino's."""
    return androids.get("aino-pixel")


@pytest.fixture
def galaxy(androids: Androids) -> AndroidPhone:
    """Linnea's."""
    return androids.get("linnea-galaxy")


@pytest.fixture
def web(
    tmp_path: Path, authority: Authority, androids: Androids, site: Site
) -> Iterator[FlaskClient]:
    """The sandbox's pages, for a browser."""
    phones = Phones(tmp_path / "phones", root_pem=authority.root_pem, service_urls=[site.url])
    app = create_app(
        phones,
        None,
        templates=TEMPLATES / "web",
        service_urls=[site.url],
        androids=androids,
    )
    app.testing = True
    yield app.test_client()
    phones.stop()
