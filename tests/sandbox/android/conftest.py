"""A café at Google's stand-in, and the Android phones of its customers."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from googlewallet.credentials import ServiceAccount
from googlewallet.throwaway import ISSUER_ID, load_or_create
from passkit.throwaway import Authority
from server.config import TEMPLATES
from server.sandbox.android.phone import AndroidPhone
from server.sandbox.android.phones import Androids
from server.sandbox.google.stand_in import GoogleStandIn
from server.sandbox.pages import create_app
from server.sandbox.phones import Phones
from tests.sandbox.android.cafe import Cafe, Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


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
    """Nobody has saved its card yet."""
    account = ServiceAccount.load(tmp_path / "account" / "service-account.json")
    cafe = Cafe.found(account, google.url, site)
    yield cafe
    cafe.client.close()


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
