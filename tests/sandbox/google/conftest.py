"""The stand-in, and somebody who calls it as the service does: with google-auth as it comes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.service_account import Credentials
from requests import Response

from googlewallet.credentials import ServiceAccount
from googlewallet.save_link import SaveLinks
from googlewallet.throwaway import ISSUER_ID, load_or_create
from server.sandbox.google.stand_in import GoogleStandIn
from tests.conftest import FakeClock

CLASS = f"{ISSUER_ID}.kahvipassi"
OBJECT = f"{ISSUER_ID}.aino"
OFFER_CLASS = f"{ISSUER_ID}.etu"
OFFER = f"{ISSUER_ID}.aino-etu"


def picture(name: str) -> dict[str, Any]:
    return {"sourceUri": {"uri": f"https://cards.example.com/{name}.png"}}


def loyalty_class(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": CLASS,
        "issuerName": "Kahvila Aalto",
        "programName": "Kahvipassi",
        "programLogo": picture("logo"),
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def loyalty_object(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": OBJECT,
        "classId": CLASS,
        "state": "ACTIVE",
        "loyaltyPoints": {"label": "Leimat", "balance": {"int": 7}},
        "barcode": {"type": "QR_CODE", "value": "LEIMA-0001", "alternateText": "0001"},
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def offer_class(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": OFFER_CLASS,
        "issuerName": "Kahvila Aalto",
        "provider": "Aalto",
        "redemptionChannel": "INSTORE",
        "title": "Ilmainen kahvi",
        "reviewStatus": "UNDER_REVIEW",
    }
    return {**whole, **changes}


def offer(**changes: Any) -> dict[str, Any]:
    return {"id": OFFER, "classId": OFFER_CLASS, "state": "ACTIVE", **changes}


def points(count: int) -> dict[str, Any]:
    return {"loyaltyPoints": {"balance": {"int": count}}}


@dataclass
class Caller:
    """The service's side: calls the API and signs save links."""

    google: GoogleStandIn
    account: ServiceAccount
    http: AuthorizedSession
    clock: FakeClock

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Response:
        return self.http.request(
            method, f"{self.google.api_url}/{path}", json=body, timeout=20, **options
        )

    def reason(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """The status of a refusal, and Google's word for it."""
        answer = self.call(method, path, body)
        return answer.status_code, answer.json()["error"]["errors"][0]["reason"]

    def insert(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.call("POST", kind, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def patch(self, changes: dict[str, Any], kind: str = "loyaltyObject", id: str = OBJECT) -> Any:
        answer = self.call("PATCH", f"{kind}/{id}", changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make_card(self, **changes: Any) -> None:
        """A class and an object that nobody has yet."""
        self.insert("loyaltyClass", loyalty_class(**changes))
        self.insert("loyaltyObject", loyalty_object())

    def jwt(self, payload: Any = None) -> str:
        """A save link's JWT: for the card unless told otherwise."""
        payload = payload or {"loyaltyObjects": [{"id": OBJECT}]}
        return SaveLinks(self.account).sign(payload, at=self.clock())

    def save(self, account_id: str = "aino") -> None:
        """Somebody has the card in the wallet."""
        self.google.save(self.jwt(), account_id)


@pytest.fixture(autouse=True)
def nobody_asks_google(monkeypatch: pytest.MonkeyPatch) -> None:
    """google-auth asks the real Google, beside each token, where calls may go."""
    monkeypatch.setattr(Credentials, "_lookup_regional_access_boundary", lambda *_, **__: None)


@pytest.fixture(scope="session")
def kept_key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Making an RSA key takes long: one for all tests."""
    folder = tmp_path_factory.mktemp("key")
    return load_or_create(folder, token_uri="http://127.0.0.1").read_bytes()


@pytest.fixture
def account_file(tmp_path: Path, kept_key: bytes) -> Path:
    path = tmp_path / "account" / "service-account.json"
    path.parent.mkdir()
    path.write_bytes(kept_key)
    return path


@pytest.fixture
def start(tmp_path: Path, account_file: Path) -> Iterator[Callable[[], GoogleStandIn]]:
    """A stand-in that goes on where the last one stopped."""
    running: list[GoogleStandIn] = []

    def start(**options: Any) -> GoogleStandIn:
        for google in running:
            google.stop()
        running.clear()
        google = GoogleStandIn(
            folder=tmp_path / "google", account_file=account_file, issuer_id=ISSUER_ID, **options
        )
        google.start()
        running.append(google)
        values = json.loads(account_file.read_bytes())
        account_file.write_text(json.dumps({**values, "token_uri": google.token_uri}))
        return google

    yield start
    for google in running:
        google.stop()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def google(start: Callable[..., GoogleStandIn], clock: FakeClock) -> GoogleStandIn:
    return start(now=clock)


@pytest.fixture
def caller(google: GoogleStandIn, account_file: Path, clock: FakeClock) -> Iterator[Caller]:
    account = ServiceAccount.load(account_file)
    with AuthorizedSession(account.credentials()) as http:
        yield Caller(google, account, http, clock)


@pytest.fixture
def card(caller: Caller) -> Caller:
    """A caller whose card exists."""
    caller.make_card()
    return caller
