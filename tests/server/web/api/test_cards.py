"""POST /cards and GET /cards/{id}."""

from uuid import uuid4

import pytest

from tests.server.web.api.conftest import Backend

NOBODY = "00000000-0000-4000-8000-000000000000"
AINO = {"programme": "kahvipassi", "member": {"name": "Aino", "phone": "041 2345678"}}


def test_a_card_is_made_with_its_links(api):
    answer = api.post("/cards", AINO, idempotency_key="join-1")
    card = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/cards/{card['id']}"
    assert card["pass_url"] == f"{card['card_url']}/card.pkpass"
    assert (card["save_url"], card["standing"]) == (None, {"stamp": 0, "reward": 0})


def test_a_card_tells_the_way_into_google_wallet_where_there_is_one(street, house):
    api = Backend(street.client.application, house.api_key)
    card = api.post("/cards", AINO, idempotency_key="join-1").get_json()
    assert card["save_url"] == f"{card['card_url']}/google"
    assert api.get(f"/cards/{card['id']}").get_json()["save_url"] == card["save_url"]
    assert street.press(card).status_code == 303


def test_the_links_hold_neither_the_serial_nor_each_other_brands_secret(api):
    first, second = api.add_card("Aino"), api.add_card("Eeva")
    assert first["serial_number"] not in first["pass_url"]
    assert len(first["card_url"].rsplit("/", 1)[1]) >= 22
    assert first["card_url"] != second["card_url"]


def test_the_same_call_again_is_the_same_answer(api):
    first = api.post("/cards", AINO, idempotency_key="join-1")
    second = api.post("/cards", AINO, idempotency_key="join-1")
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_the_same_key_for_somebody_else_is_refused(api):
    api.post("/cards", AINO, idempotency_key="join-1")
    eeva = {**AINO, "member": {"name": "Eeva"}}
    answer = api.post("/cards", eeva, idempotency_key="join-1")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_mismatch")


def test_without_a_key_no_card_is_made(api):
    answer = api.post("/cards", AINO)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_missing")


def test_a_member_who_has_the_card_is_a_conflict_that_names_it(api):
    first = api.post("/cards", AINO, idempotency_key="join-1").get_json()
    answer = api.post("/cards", AINO, idempotency_key="join-2")
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "already_enrolled"
    assert answer.get_json()["card"] == first["id"]


def test_an_unknown_programme_is_not_found(api):
    answer = api.post("/cards", {**AINO, "programme": "nothing"}, idempotency_key="join-1")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "programme_unknown")


@pytest.mark.parametrize(
    ("member", "field"),
    [
        ({}, "member.name"),
        ({"name": 3}, "member.name"),
        ({"name": "Aino", "language": "de"}, "member.language"),
        ({"name": "Aino", "phone": 412345678}, "member.phone"),
        ({"name": "Aino", "age": 30}, "member.age"),
    ],
)
def test_a_wrong_field_is_named(api, member, field):
    answer = api.post("/cards", {**AINO, "member": member}, idempotency_key="join-1")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ({"name": "Aino", "phone": "112"}, "phone_invalid"),
        ({"name": "Aino", "email": "aino"}, "email_invalid"),
        ({"name": "a\u0000b"}, "name_invalid"),
    ],
)
def test_a_contact_that_cannot_be_is_refused_with_a_sentence(api, member, code):
    answer = api.post("/cards", {**AINO, "member": member}, idempotency_key="join-1").get_json()
    assert answer["code"] == code
    assert set(answer["text"]) == {"fi", "sv", "en"}


def test_a_card_is_read_as_it_stands(api, card):
    api.stamp(card)
    seen = api.get(f"/cards/{card}").get_json()
    assert seen["standing"] == {"stamp": 1, "reward": 0}
    assert seen["shows"]["headline"]["value"] == "1 / 10"
    assert (seen["version"], seen["modified_at"]) == (2, "2026-11-22T10:00:01+00:00")
    assert seen["member"]["member_number"] == seen["member_number"]


def test_another_brands_card_is_as_unknown_as_none(api, other_api, card):
    foreign, none = other_api.get(f"/cards/{card}"), other_api.get(f"/cards/{NOBODY}")
    assert (foreign.status_code, foreign.data) == (404, none.data)


def test_a_card_is_read_by_its_id_only(api):
    card = api.add_card()
    assert api.get(f"/cards/{card['member_number']}").status_code == 404
    assert api.get("/cards/x").status_code == 404


def test_a_member_is_read_with_the_cards(api):
    card = api.post("/cards", AINO, idempotency_key=str(uuid4())).get_json()["id"]
    member = api.get(f"/cards/{card}").get_json()["member"]["id"]
    seen = api.get(f"/members/{member}").get_json()
    assert (seen["name"], seen["phone"], seen["language"]) == ("Aino", "+358412345678", "fi")
    assert seen["cards"] == [card]


def test_another_brands_member_is_as_unknown_as_none(api, other_api, card):
    member = api.get(f"/cards/{card}").get_json()["member"]["id"]
    foreign, none = other_api.get(f"/members/{member}"), other_api.get(f"/members/{NOBODY}")
    assert (foreign.status_code, foreign.data) == (404, none.data)
