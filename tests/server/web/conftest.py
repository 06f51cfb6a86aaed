"""The app as a client of the test meets it: no server, no port."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from server.app import create_app
from server.services import Services
from tests.server.web.google_cast import Street


@pytest.fixture
def app(services: Services) -> Flask:
    app = create_app(services)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser whose owner reads English."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en-GB,en;q=0.9"
    return client


@pytest.fixture
def street(services: Services, tmp_path: Path) -> Iterator[Street]:
    """A service with Google Wallet, and a customer in front of it."""
    street = Street.open(services, tmp_path / "google")
    yield street
    street.google.stop()


# What stands in an address where nobody asks for anything in particular.
SAMPLES = {
    "brand_slug": "aalto",
    "card_id": "0f0f0f0f-0000-4000-8000-000000000000",
    "device": "d" * 32,
    "event_id": "event-0001",
    "file_name": "icon.png",
    "filename": "base.css",
    "link_token": "a" * 32,
    "member_id": "0f0f0f0f-0000-4000-8000-000000000001",
    "name": "kahvila",
    "pass_type": "pass.test.leima.card",
    "programme_slug": "kahvipassi",
    "serial_number": "s" * 24,
    "slug": "aalto",
    "version": "0" * 12,
}
READING = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Route:
    """One way into the app: an endpoint, a method, and an address it answers at."""

    endpoint: str
    method: str
    path: str


@pytest.fixture
def routes(app: Flask) -> list[Route]:
    """Every way into the app, also those that are added later."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            path = url_for(rule.endpoint, **{name: SAMPLES[name] for name in rule.arguments})
            found += [
                Route(rule.endpoint, method, path)
                for method in sorted(rule.methods or ())
                if method not in ("HEAD", "OPTIONS")
            ]
    return found


@pytest.fixture
def changing(routes: list[Route]) -> list[Route]:
    """Those that change something."""
    return [route for route in routes if route.method not in READING]
