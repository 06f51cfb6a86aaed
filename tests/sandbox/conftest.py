"""A small shop with a web service of its own, and phones that know it."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, Response, request
from PIL import Image
from werkzeug.serving import WSGIRequestHandler, make_server

import passkit
from passkit import updates
from passkit.throwaway import Authority
from server import clock
from server.sandbox.phone import Phone
from server.sandbox.phones import Phones

PASS_TYPE = "pass.test.leima.shop"
TEAM = "TEAMTEST01"
SERIAL = "aino-card-0123456789abcdef"
TOKEN = "an-authentication-token-of-aino"

Until = Callable[[Callable[[], object]], None]


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (38, 38), (120, 60, 20)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(at=clock.now())


@pytest.fixture(scope="session")
def signer(authority: Authority) -> passkit.Signer:
    issued = authority.issue_pass_certificate(PASS_TYPE, TEAM, at=clock.now())
    return passkit.Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)


@dataclass
class Shop:
    """One card, its web service, and what the phones said to it. `answers` overrides answers."""

    signer: passkit.Signer
    url: str = ""
    stamps: int = 3
    offer: str = "Tervetuloa"
    changes: dict[str, object] = field(default_factory=dict)
    strings: passkit.Strings | None = None
    tag: int = 7
    modified_at: object = field(default_factory=clock.now)
    registered: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    answers: dict[str, list[int]] = field(default_factory=dict)

    @property
    def pass_url(self) -> str:
        return f"{self.url}/cards/aino.pkpass"

    def stamp(self, stamps: int = 1, **changes: object) -> None:
        """Change the card: more stamps, or anything else of the pass."""
        self.stamps += stamps
        self.changes = changes
        self.touch()

    def touch(self) -> None:
        """Claim that the card has changed."""
        self.tag += 1
        self.modified_at += timedelta(seconds=1)

    def build(self) -> bytes:
        """The card as it is now."""
        values = {
            "pass_type_identifier": PASS_TYPE,
            "team_identifier": TEAM,
            "serial_number": SERIAL,
            "organization_name": "Kahvila Aalto",
            "description": "Kahvipassi",
            "store_card": passkit.StoreCard(
                primary_fields=[
                    passkit.Field(
                        key="stamps",
                        label="LEIMAT",
                        value=str(self.stamps),
                        change_message="Leimoja nyt %@",
                    )
                ],
                secondary_fields=[passkit.Field(key="offer", label="Etu", value=self.offer)],
            ),
            "barcodes": [passkit.Barcode(message="LEIMA-0001", alt_text="0001")],
            "web_service_url": self.url,
            "authentication_token": TOKEN,
            "allow_http": True,
        }
        template = passkit.Template(passkit.Images({"icon.png": _png(), "logo.png": _png()}))
        made = passkit.Pass(**{**values, **self.changes})
        return passkit.build(made, template, self.signer, at=clock.now(), strings=self.strings)


class ShopPages:
    """The shop over HTTP."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.app = Flask("shop")
        registrations = f"/v1/devices/<device>/registrations/{PASS_TYPE}"
        self.app.before_request(self.note)
        for method, path, view in (
            ("GET", "/cards/aino.pkpass", self.download),
            ("GET", "/cards/page", self.page),
            ("POST", f"{registrations}/{SERIAL}", self.register),
            ("DELETE", f"{registrations}/{SERIAL}", self.unregister),
            ("GET", registrations, self.list_changed),
            ("GET", f"/v1/passes/{PASS_TYPE}/{SERIAL}", self.fetch),
            ("POST", "/v1/log", self.log),
        ):
            self.app.add_url_rule(path, view.__name__, view, methods=[method])

    def note(self) -> Response | None:
        kind = f"{request.method} {request.path.split('/')[2]}"
        self.shop.calls.append(kind)
        self.shop.agents.add(request.headers["User-Agent"])
        pending = self.shop.answers.get(kind)
        return Response(status=pending.pop(0)) if pending else None

    def is_owner(self) -> bool:
        return updates.parse_authorization(request.headers.get("Authorization")) == TOKEN

    def download(self) -> Response:
        answer = Response(self.shop.build(), mimetype=passkit.MIME_TYPE)
        answer.headers["Last-Modified"] = updates.http_date(self.shop.modified_at)
        return answer

    def page(self) -> str:
        return "<p>not a pass</p>"

    def register(self, device: str) -> Response:
        assert self.is_owner()
        is_new = device not in self.shop.registered
        self.shop.registered[device] = updates.parse_registration(request.data)
        return Response(status=201 if is_new else 200)

    def unregister(self, device: str) -> Response:
        assert self.is_owner()
        self.shop.registered.pop(device, None)
        return Response(status=200)

    def list_changed(self, device: str) -> Response:
        assert "Authorization" not in request.headers
        since = int(request.args.get("passesUpdatedSince", "0"))
        if device not in self.shop.registered or since >= self.shop.tag:
            return Response(status=204)
        changed = {"serialNumbers": [SERIAL], "lastUpdated": str(self.shop.tag)}
        return Response(json.dumps(changed), mimetype="application/json")

    def fetch(self) -> Response:
        assert self.is_owner()
        held_at = request.headers.get("If-Modified-Since")
        if updates.is_unmodified(held_at, self.shop.modified_at):
            return Response(status=304)
        return self.download()

    def log(self) -> str:
        self.shop.log += updates.parse_log(request.data)
        return ""


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop(signer: passkit.Signer) -> Iterator[Shop]:
    shop = Shop(signer)
    server = make_server("127.0.0.1", 0, ShopPages(shop).app, threaded=True, request_handler=_Quiet)
    shop.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def start_phones(
    tmp_path: Path, authority: Authority, shop: Shop
) -> Iterator[Callable[[], Phones]]:
    """Phones that start where the last ones stopped."""
    running: list[Phones] = []

    def start(**settings: object) -> Phones:
        for phones in running:
            phones.stop()
        values = {"root_pem": authority.root_pem, "service_urls": [shop.url], "retry_waits": [0.01]}
        running.append(Phones(tmp_path / "phones", **{**values, **settings}))
        running[-1].start()
        return running[-1]

    yield start
    for phones in running:
        phones.stop()


@pytest.fixture
def phones(start_phones: Callable[[], Phones]) -> Phones:
    return start_phones()


@pytest.fixture
def aino(phones: Phones) -> Phone:
    return phones.get("aino")


@pytest.fixture
def until() -> Until:
    """Waits for something to become true."""

    def until(check: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not check():
            assert time.monotonic() < end, "it never happened"
            time.sleep(0.01)

    return until
