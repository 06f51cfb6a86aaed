"""Google Wallet on this machine, and a customer with a browser who is sent there."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from googlewallet import throwaway
from googlewallet.throwaway import Flaw
from server.app import create_app
from server.models import GoogleCallback, GoogleObject
from server.sandbox.google.stand_in import GoogleStandIn
from server.services import Services

# How a browser of today opens an address that somebody has chosen to open.
PERSON = {
    "Accept": "text/html",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
}


@dataclass
class Street:
    """A service that is set up for Google Wallet, the stand-in, and a browser."""

    services: Services
    google: GoogleStandIn
    account_file: Path
    client: FlaskClient

    @classmethod
    def open(cls, services: Services, folder: Path, **settings: object) -> "Street":
        """Start the stand-in, and the service for it; `settings` are other ones than its own."""
        account_file = throwaway.load_or_create(folder, token_uri="http://127.0.0.1:1/token")
        google = GoogleStandIn(
            folder=folder / "state",
            account_file=account_file,
            issuer_id=throwaway.ISSUER_ID,
            now=services.clock,
        )
        google.start()
        throwaway.load_or_create(folder, token_uri=google.token_uri)
        addresses = {
            "google_issuer_id": throwaway.ISSUER_ID,
            "google_service_account_file": account_file,
            "google_api_url": google.api_url,
            "google_save_url": google.save_url,
            "google_keys_url": google.keys_url,
        }
        changed = replace(services.settings, **{**addresses, **settings})
        services = replace(services, settings=changed)
        return cls(services, google, account_file, cls._browser(services))

    @staticmethod
    def _browser(services: Services) -> FlaskClient:
        app = create_app(services)
        app.testing = True
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en-GB,en;q=0.9"
        return client

    def with_settings(self, **settings: object) -> "Street":
        """The same street with a service that has other settings."""
        changed = replace(self.services.settings, **settings)  # type: ignore[arg-type]
        services = replace(self.services, settings=changed)
        return replace(self, services=services, client=self._browser(services))

    def click(self, card: dict[str, Any], **headers: str) -> TestResponse:
        """Somebody opens the way into Google Wallet."""
        return self.client.get(path_of(card), headers={**PERSON, **headers})

    def press(self, card: dict[str, Any]) -> TestResponse:
        """Somebody presses the button on the page there."""
        return self.client.post(path_of(card), headers={**PERSON, "Sec-Fetch-Site": "same-origin"})

    def link(self, card: dict[str, Any]) -> str:
        """The JWT that a click leads to."""
        answer = self.click(card)
        assert answer.status_code == 303, answer.text
        return str(answer.location).removeprefix(f"{self.google.save_url}/")

    def object(self, card: dict[str, Any]) -> GoogleObject | None:
        """What we know of the card at Google's."""
        with self.services.database.reading() as session:
            return session.get(GoogleObject, UUID(str(card["id"])))

    def say_held(self, card: dict[str, Any], has_users: bool | None) -> None:
        """Google has told who has the card."""
        with self.services.database.transaction() as session:
            row = session.get_one(GoogleObject, UUID(str(card["id"])))
            row.has_users = has_users
            session.add(row)

    def callback(
        self, card: dict[str, Any], event: str = "save", *, flaw: Flaw | None = None, **more: Any
    ) -> bytes:
        """The body of a callback about the card, as Google signs it."""
        row = self.object(card)
        assert row is not None
        message = {"classId": row.class_id, "objectId": row.object_id, "eventType": event, **more}
        keys, at = self.google.issuer_keys, self.google.now()
        return keys.seal(message, issuer_id=throwaway.ISSUER_ID, at=at, flaw=flaw)

    def call_back(self, body: bytes, **headers: str) -> TestResponse:
        """Google sends it."""
        given = {"Content-Type": "application/json", **headers}
        return self.client.post("/google/callback", data=body, headers=given)

    def nonces(self) -> list[str]:
        """The callbacks that were taken."""
        with self.services.database.reading() as session:
            return list(session.exec(select(GoogleCallback.nonce)))


def path_of(card: dict[str, Any]) -> str:
    """The path of the card's way into Google Wallet."""
    return f"{urlsplit(str(card['card_url'])).path}/google"
