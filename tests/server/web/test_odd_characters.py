"""A zero character, which PostgreSQL cannot keep, is refused like anything else that is wrong."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    "path",
    [
        "/join/a%00b/kahvipassi",
        "/join/aalto/a%00b",
        "/c/a%00b",
        "/c/a%00b/google",
        "/badges/a%00b",
        "/v1/passes/a%00b/c",
        "/v1/passes/pass.test.leima.card/a%00b",
        "/v1/devices/a%00b/registrations/pass.test.leima.card",
        "/api/v1/cards/a%00b",
        "/api/v1/members/a%00b",
        "/api/v1/cards/a%00b/events",
    ],
)
def test_in_an_address(client: FlaskClient, house, path: str):
    headers = {"Authorization": f"Bearer {house.api_key}"}
    assert 400 <= client.get(path, headers=headers).status_code < 500


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a\0b"},
        {"card": "a\0b"},
        {"programme": "a\0b"},
        {"name": "a\0b"},
        {"location": "a\0b"},
        {"currency": "a\0b"},
    ],
    ids=str,
)
def test_in_an_event(client: FlaskClient, ledger, house, body: dict[str, str]):
    answer = client.post(
        "/api/v1/events",
        json={"id": "scan-1", "card": ledger.card, "name": "stamped", **body},
        headers={"Authorization": f"Bearer {house.api_key}"},
    )
    assert 400 <= answer.status_code < 500


def test_in_what_is_only_kept_it_is_kept(client: FlaskClient, ledger, house):
    answer = client.post(
        "/api/v1/events",
        json={"id": "scan-1", "card": ledger.card, "name": "stamped", "data": {"a\0b": "c\0d"}},
        headers={"Authorization": f"Bearer {house.api_key}"},
    )
    assert answer.status_code == 200


def test_in_a_login(client: FlaskClient, house):
    login = {"login": "a\0b", "password": "c\0d"}
    assert 400 <= client.post("/till/login", data=login).status_code < 500


def test_in_a_reversal(client: FlaskClient, house):
    headers = {"Authorization": f"Bearer {house.api_key}"}
    answer = client.post("/api/v1/events/a%00b/reverse", json={"id": "c\0d"}, headers=headers)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("given", [{"push_token": "a\0b"}], ids=str)
def test_in_a_push_token(phones, ledger, given: dict[str, str]):
    assert phones.new(ledger.card).register(**given).status_code < 500
