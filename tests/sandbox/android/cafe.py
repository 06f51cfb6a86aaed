"""A café that keeps its customers' cards at Google, and the site that its pictures are on."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, redirect
from PIL import Image
from werkzeug.serving import WSGIRequestHandler, make_server

from googlewallet.client import Kind, WalletClient
from googlewallet.credentials import ServiceAccount
from googlewallet.save_link import SaveLinks
from server import clock
from tests.sandbox.android import bodies
from tests.sandbox.android.bodies import CARD


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


@contextmanager
def running_site() -> Iterator[Site]:
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
    """Whoever keeps the card at Google: a class, and Aino's card of it."""

    client: WalletClient
    links: SaveLinks
    site: Site

    @classmethod
    def found(cls, account: ServiceAccount, google_url: str, site: Site) -> "Cafe":
        client = WalletClient(account, url=f"{google_url}/walletobjects/v1")
        cafe = cls(client, SaveLinks(account, url=f"{google_url}/gp/v/save"), site)
        cafe.insert(Kind.LOYALTY_CLASS, bodies.loyalty_class(site.url))
        cafe.insert(Kind.LOYALTY_OBJECT, bodies.loyalty_object(site.url))
        return cafe

    def insert(self, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
        return self.client.insert(kind, body)

    def patch(self, *, id: str = CARD, **changes: Any) -> None:
        self.client.patch(Kind.LOYALTY_OBJECT, id, changes)

    def stamp(self, stamps: int, **changes: Any) -> None:
        """A new balance, and whatever else changes with it."""
        self.patch(loyaltyPoints={"balance": {"int": stamps}}, **changes)

    def link(self, *ids: str) -> str:
        return self.links.link(loyalty=ids or [CARD], at=clock.now())

    def jwt(self, *ids: str) -> str:
        return self.link(*ids).rsplit("/", 1)[-1]
