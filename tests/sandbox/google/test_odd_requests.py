"""Requests that nobody sends on purpose: each is refused, and the stand-in goes on."""

import json
from typing import Any

import pytest
import requests

from tests.sandbox.google.conftest import CLASS, OBJECT, Caller, loyalty_object

NEW = f"{OBJECT}-new"
CARD = f"loyaltyObject/{OBJECT}"


def tried(payload: Any) -> tuple[str, str, Any]:
    return "POST", "jwt/validate", {"jsonResource": {"json": json.dumps(payload)}}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        tried({"loyaltyObjects": [{"classId": CLASS, "state": "ACTIVE"}]}),
        tried({"loyaltyObjects": [loyalty_object(id=[1])]}),
        tried({"loyaltyObjects": [loyalty_object(id=NEW, classId=[])]}),
        tried({"loyaltyClasses": [{"id": {}}], "loyaltyObjects": [loyalty_object(id=NEW)]}),
        tried({"payload": 5}),
        ("POST", "jwt/validate", {"jsonResource": {"json": "[" * 100_000}}),
        ("POST", "jwt", {}),
        ("PATCH", CARD, {"heroImage": {"sourceUri": {"uri": "https://["}}}),
        ("PATCH", CARD, {"linksModuleData": {"uris": [{"uri": "http://["}]}}),
        ("PATCH", CARD, {"merchantLocations": [{"latitude": 10**400, "longitude": 0}]}),
        ("PATCH", CARD, {"loyaltyPoints": {"balance": {"double": float("nan"), "int": None}}}),
        ("PATCH", CARD, {"id": None}),
        ("PATCH", CARD, {"classId": None}),
        ("PUT", CARD, {"id": None}),
        ("GET", f"loyaltyObject?classId={CLASS}&maxResults=%C2%B2", None),
        ("GET", f"loyaltyObject?classId={CLASS}&maxResults={'9' * 5000}", None),
        ("GET", f"loyaltyObject?classId={CLASS}&token=%ff%00", None),
        ("GET", "loyaltyObject/%ff%00", None),
        ("POST", f"{CARD}/addMessage", {"message": None}),
        ("POST", f"{CARD}/modifyLinkedOfferObjects", {"linkedOfferObjectIds": None}),
    ],
    ids=lambda _: "",
)
def test_it_is_refused_in_googles_words(card: Caller, method: str, path: str, body: Any):
    before = card.google.changes[-1].number
    data = None if body is None else json.dumps(body)
    answer = card.http.request(method, f"{card.google.api_url}/{path}", data=data, timeout=20)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["errors"][0]["reason"]
    assert card.google.changes[-1].number == before


def test_json_that_is_too_deep_is_none(card: Caller):
    url = f"{card.google.api_url}/loyaltyObject"
    assert card.http.post(url, data="[" * 100_000, timeout=20).status_code == 400


def test_a_page_before_the_first_is_the_first(card: Caller):
    found = card.call("GET", f"loyaltyObject?classId={CLASS}&token=cGFnZSAtNQ").json()
    assert [each["id"] for each in found["resources"]] == [OBJECT]


def test_switches_take_no_nonsense(card: Caller):
    for seconds in ("1e30", "NaN", "Infinity"):
        answer = requests.post(
            f"{card.google.url}/control/clock",
            data=f'{{"offset_seconds": {seconds}}}',
            headers={"Content-Type": "application/json"},
            timeout=20,
        )
        assert answer.status_code == 400
    shown = requests.get(f"{card.google.url}/control/objects/noKind/{OBJECT}", timeout=20)
    assert shown.status_code == 404
