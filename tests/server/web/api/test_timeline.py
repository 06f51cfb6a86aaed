"""GET /cards/{id}/timeline: why a card is, or is not, what it should be."""

import pytest

from server.app import create_app
from server.wallets.google.trace import Told, note_told
from server.wallets.identity import Identity
from tests.server.google_rows import AtGoogle, balance
from tests.server.web.api.conftest import Backend


@pytest.fixture
def app(services, identity: Identity):
    app = create_app(services, identity=identity)
    app.testing = True
    return app


@pytest.fixture
def phone(phones, card):
    """Aino's phone has added the card, and it was stamped since."""
    phone = phones.new(card)
    phone.register(), phone.list(), phone.fetch()
    return phone


def timeline(api: Backend, card: str, query: str = ""):
    return api.get(f"/cards/{card}/timeline{query}").get_json()


def test_a_new_card_has_a_timeline(api, card):
    found = timeline(api, card)
    assert (found["card"], found["version"], found["phones"], found["next"]) == (card, 1, [], None)
    assert [step["what"] for step in found["steps"]] == ["changed", "event"]
    assert found["verdict"]["code"] == "nobody"
    assert set(found["verdict"]["text"]) == set(found["verdict"]["do"]) == {"fi", "sv", "en"}


def test_each_step_is_told_with_its_time_and_delay(api, phone, card, clock):
    clock.move(seconds=30)
    api.stamp(card)
    clock.move(seconds=2)
    phone.list()
    clock.move(seconds=0.5)
    phone.fetch()
    steps = timeline(api, card, "?limit=4")["steps"]
    assert [(step["what"], step["after_seconds"]) for step in steps] == [
        ("fetched", 2.5),
        ("listed", 2.0),
        ("changed", None),
        ("event", None),
    ]
    assert (steps[0]["version"], steps[0]["status"], steps[0]["phone"]) == (2, 200, "Phone A")
    change = steps[2]["changes"][0]
    assert (change["key"], change["old"]["fi"], change["new"]["fi"]) == (
        "stamps",
        "0 / 10",
        "1 / 10",
    )


def test_how_it_stands_at_google_is_told(api, app, services, card, clock):
    assert timeline(api, card)["google"] is None
    google = AtGoogle(services, card)
    serial_number = timeline(api, card)["serial_number"]
    due_at = clock()
    clock.move(seconds=2)
    told = Told(clock(), serial_number, "patch", 200, due_at=due_at, changed=["loyaltyPoints"])
    note_told(app.extensions["leima"], told._replace(silence="hushed"))
    google.take(balance(1), has_users=True, notified_at=[int(clock().timestamp())])
    found = timeline(api, card)
    assert found["steps"][0]["what"] == "told"
    assert found["steps"][0]["note"] == {
        "call": "patch",
        "verdict": "taken",
        "notified": False,
        "silence": "hushed",
        "seconds": 2.0,
        "changed": ["points"],
    }
    given = found["google"]
    assert (given["is_in_wallet"], given["is_behind"], given["announced"]) == (True, False, 1)
    assert given["sent_at"] == clock().isoformat()
    assert given["lines"] == [
        {"label": {"fi": "LEIMAT", "sv": "STÄMPLAR", "en": "STAMPS"}, "value": "1"}
    ]
    assert "24" in given["announcement"]["en"]
    assert given["verdict"]["code"] == "google_off"  # no issuer is set here


def test_a_phone_is_told_apart_by_a_name_that_leads_nowhere(api, phone, card):
    (told,) = timeline(api, card)["phones"]
    assert (told["name"], told["is_registered"], len(told["device"])) == ("Phone A", True, 12)
    assert told["verdict"]["code"] == "up_to_date"


def test_nothing_that_opens_anything_is_told(api, phone, card):
    text = api.get(f"/cards/{card}/timeline").get_data(as_text=True)
    secrets = (phone.library, phone.pass_.authentication_token, phone.pass_.barcode, "ab" * 32)
    assert [secret for secret in secrets if secret in text] == []
    assert "Aino" not in text


def test_pages_follow_each_other(api, phone, card, clock):
    for _ in range(3):
        clock.move(seconds=30)
        api.stamp(card), phone.list(), phone.fetch()
    whole = timeline(api, card, "?limit=100")["steps"]
    seen, page = [], timeline(api, card, "?limit=4")
    while page["next"]:
        seen += page["steps"]
        page = timeline(api, card, f"?limit=4&cursor={page['next']}")
    assert [*seen, *page["steps"]] == whole


def test_what_happens_meanwhile_does_not_shift_the_pages(api, phone, card, clock):
    first = timeline(api, card, "?limit=3")
    second = timeline(api, card, f"?limit=3&cursor={first['next']}")["steps"]
    clock.move(seconds=30)
    api.stamp(card), phone.list()
    assert timeline(api, card, f"?limit=3&cursor={first['next']}")["steps"] == second


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WzEsMl0=", "%00", "ä"])
def test_a_cursor_that_is_none_of_ours_is_refused(api, card, cursor):
    answer = api.get(f"/cards/{card}/timeline?cursor={cursor}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "cursor_invalid")


def test_another_brands_card_has_no_timeline_here(app, other_house, phone, card):
    answer = Backend(app, other_house.api_key).get(f"/cards/{card}/timeline")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "card_unknown")
    assert answer.content_type == "application/problem+json"


def test_without_a_key_there_is_none(client, card):
    assert client.get(f"/api/v1/cards/{card}/timeline").status_code == 401


def test_the_document_describes_it(api):
    document = api.get("/openapi.json").get_json()
    operation = document["paths"]["/api/v1/cards/{card_id}/timeline"]["get"]
    assert {"200", "401", "404", "422"} <= set(operation["responses"])
    assert {"cursor", "limit"} <= {parameter["name"] for parameter in operation["parameters"]}
