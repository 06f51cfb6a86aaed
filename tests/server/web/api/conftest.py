"""Backends: ours holds the key of the house, Cecilia's that of the other house."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse


@dataclass(frozen=True)
class Backend:
    """A client of the REST API that sends its key."""

    app: Flask
    key: str

    def get(self, path: str) -> TestResponse:
        return self.app.test_client().get(f"/api/v1{path}", headers=self._headers())

    def post(self, path: str, json: object = None, **headers: str) -> TestResponse:
        """`json` as the body; `idempotency_key=` becomes that header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client().post(
            f"/api/v1{path}", json=json, headers={**self._headers(), **named}
        )

    def send(self, path: str, body: bytes, **headers: str) -> TestResponse:
        """A body that may be anything."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client().post(
            f"/api/v1{path}", data=body, headers={**self._headers(), **named}
        )

    def add_card(self, name: str = "Aino", **member: object) -> Any:
        """A new card's answer."""
        body = {"programme": "kahvipassi", "member": {"name": name, **member}}
        return self.post("/cards", body, idempotency_key=str(uuid4())).get_json()

    def stamp(self, card: str, **values: object) -> TestResponse:
        """One stamp, under a new id unless one is given."""
        body = {"id": str(uuid4()), "card": card, "name": "stamped", **values}
        return self.post("/events", body)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def api(app: Flask, house) -> Backend:
    return Backend(app, house.api_key)


@pytest.fixture
def other_api(app: Flask, other_house) -> Backend:
    return Backend(app, other_house.api_key)


@pytest.fixture
def card(api: Backend) -> str:
    """The id of Aino's card, new and empty."""
    return api.add_card()["id"]
