"""The stand-in's switches over HTTP: for services in another language, and for a person."""

import requests

from server.sandbox.google.stand_in import GoogleStandIn
from tests.sandbox.google.conftest import OBJECT, Caller, points


def tell(google: GoogleStandIn, path: str, body: object) -> requests.Response:
    return requests.post(f"{google.url}/control/{path}", json=body, timeout=20)


def look(google: GoogleStandIn, path: str) -> object:
    return requests.get(f"{google.url}/control/{path}", timeout=20).json()


def test_faults_are_set_and_shown(card: Caller):
    faults = {"answers": [{"status": 503}], "callbacks": {"flaw": "expired"}}
    told = tell(card.google, "faults", faults).json()
    assert told["answers"][0]["status"] == 503
    assert card.reason("GET", f"loyaltyObject/{OBJECT}") == (503, "backendError")
    assert look(card.google, "state")["faults"]["callbacks"]["flaw"] == "expired"
    assert tell(card.google, "faults", {"nope": 1}).status_code == 400


def test_the_clock_is_moved(card: Caller):
    before = card.google.now()
    tell(card.google, "clock", {"offset_seconds": 86400})
    assert (card.google.now() - before).total_seconds() == 86400


def test_tokens_are_taken_back(card: Caller):
    tell(card.google, "tokens/revoke", {})
    card.call("GET", f"loyaltyObject/{OBJECT}")
    assert look(card.google, "state")["answers"]["401 authError"] == 1


def test_somebody_new_saves_a_link_and_removes_the_card(card: Caller):
    eino = {"id": "eino", "name": "Eino", "email": "eino@example.com"}
    assert tell(card.google, "accounts", eino).status_code == 200
    asked = {"link": f"{card.google.save_url}/{card.jwt()}", "account": "eino"}
    assert tell(card.google, "save", asked).json()["new_ids"] == [OBJECT]
    assert look(card.google, "state")["wallets"]["eino"] == [OBJECT]
    refused = tell(card.google, "save", {**asked, "account": "aino"})
    assert refused.status_code == 422
    assert "somebody else" in refused.json()["detail"]
    removal = {"object_id": OBJECT, "account": "eino"}
    assert tell(card.google, "remove", removal).status_code == 200
    assert tell(card.google, "remove", removal).status_code == 404


def test_logs_and_objects_are_shown(card: Caller):
    card.save()
    card.patch({**points(8), "notifyPreference": "NOTIFY_ON_UPDATE"})
    assert look(card.google, "requests")[-1]["body"]["loyaltyPoints"] == {"balance": {"int": 8}}
    assert look(card.google, "changes")[-1]["number"] == 3
    assert look(card.google, "pushes")[-1]["fields"] == ["loyaltyPoints.balance"]
    assert look(card.google, "callbacks") == []
    assert look(card.google, f"objects/loyaltyObject/{OBJECT}")["hasUsers"] is True
    assert (
        requests.get(
            f"{card.google.url}/control/objects/loyaltyObject/{OBJECT}x", timeout=20
        ).status_code
        == 404
    )


def test_pages_from_elsewhere_cannot_turn_switches(google: GoogleStandIn):
    url = f"{google.url}/control/faults"
    assert requests.post(url, data="{}", timeout=20).status_code == 415
    elsewhere = {"Origin": "https://evil.example"}
    assert requests.post(url, json={}, headers=elsewhere, timeout=20).status_code == 403
    name = {"Host": "evil.example"}
    assert requests.get(google.keys_url, headers=name, timeout=20).status_code == 403
