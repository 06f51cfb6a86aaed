"""POST /events."""

from dataclasses import replace
from uuid import uuid4

import pytest


def test_an_event_is_answered_with_what_it_was_worth(api, card):
    answer = api.stamp(card)
    assert answer.status_code == 200
    assert answer.get_json()["posted"] == [{"type": "earn", "unit": "stamp", "delta": 1}]
    assert answer.get_json()["standing"] == {"stamp": 1, "reward": 0}


def test_the_same_event_again_is_the_same_answer(api, card):
    first = api.stamp(card, id="scan-1")
    api.stamp(card)
    second = api.stamp(card, id="scan-1")
    assert (second.status_code, second.data) == (200, first.data)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


@pytest.mark.parametrize(
    "change",
    [{"quantity": 2}, {"amount_cents": 350}, {"tags": ["lounas"]}, {"data": {"table": 4}}],
    ids=lambda change: next(iter(change)),
)
def test_the_same_id_for_something_else_is_refused(api, card, change):
    api.stamp(card, id="scan-1")
    answer = api.stamp(card, id="scan-1", **change)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_mismatch")


def test_everything_that_may_be_told_is_taken(api, card, house):
    answer = api.stamp(
        card,
        name="purchased",
        programme="kahvipassi",
        at="2026-11-22T11:59:00+02:00",
        location=str(house.location_id),
        quantity=2,
        amount_cents=700,
        currency="EUR",
        tags=["kahvi"],
        lines=[{"name": "Kahvi", "cents": 350}],
        data={"receipt": "A-17"},
    )
    assert answer.get_json()["standing"]["stamp"] == 2
    assert answer.get_json()["at"] == "2026-11-22T09:59:00+00:00"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": True}, "quantity"),
        ({"quantity": "1"}, "quantity"),
        ({"quantity": 1.0}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 10**30}, "quantity"),
        ({"amount_cents": -1}, "amount_cents"),
        ({"currency": "euro"}, "currency"),
        ({"tags": "kahvi"}, "tags"),
        ({"at": "2026-11-22T10:00:00"}, "at"),
        ({"at": "2026-11-22"}, "at"),
        ({"at": 1795341600}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"name": "danced"}, "name"),
        ({"name": None}, "name"),
        ({"id": ""}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"is_deliberate": True}, "is_deliberate"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(api, card, change, field):
    answer = api.stamp(card, **change)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_whoever_sends_an_enrolment_is_shown_the_way(api, card):
    answer = api.stamp(card, name="enrolled")
    assert "POST /api/v1/cards" in answer.get_json()["errors"][0]["detail"]


def test_what_is_missing_is_named(api):
    errors = api.post("/events", {}).get_json()["errors"]
    assert [error["field"] for error in errors] == ["card", "name"]


def test_an_event_without_any_id_is_not_recorded(api, card):
    answer = api.post("/events", {"card": card, "name": "stamped"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("location", ["kallio", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_place_is_refused(api, card, location):
    answer = api.stamp(card, location=location)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "location_unknown")


def test_another_brands_place_is_as_unknown_as_none(api, card, other_house):
    answer = api.stamp(card, location=str(other_house.location_id))
    assert answer.get_json()["code"] == "location_unknown"


def test_another_brands_card_is_as_unknown_as_none(other_api, card):
    foreign, none = other_api.stamp(card), other_api.stamp(str(uuid4()))
    assert (foreign.status_code, foreign.data) == (404, none.data)


@pytest.mark.parametrize("code", ["1234567890", "x", "\x00", "2" * 20, "🂡"])
def test_a_code_that_is_none_of_ours_is_unknown(api, code):
    answer = api.stamp(code)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "card_unknown")


def test_two_brands_may_use_the_same_id(api, other_api, card):
    api.stamp(card, id="scan-1")
    answer = other_api.stamp(other_api.add_card("Daniel")["id"], id="scan-1")
    assert answer.get_json()["standing"]["stamp"] == 1


def test_a_backend_is_not_held_up_by_the_window_of_the_till(api, card):
    api.stamp(card)
    assert api.stamp(card).get_json()["standing"]["stamp"] == 2


def test_a_reward_that_is_not_there_is_a_conflict(api, card):
    answer = api.stamp(card, name="redeemed")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "no_reward")
    assert answer.get_json()["text"]["fi"] == "Kortilla ei ole palkintoa."


def test_an_event_of_the_future_is_refused(api, card):
    answer = api.stamp(card, at="2026-11-22T10:06:00Z")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "at_in_future")


def test_an_event_is_taken_back(api, card):
    api.stamp(card, id="scan-1")
    answer = api.post("/events/scan-1/reverse", {"id": "undo-1"})
    assert answer.status_code == 200
    assert answer.get_json()["reverses"] == "scan-1"
    assert answer.get_json()["standing"]["stamp"] == 0


def test_a_reversal_may_be_named_by_the_header_and_have_no_body(api, card):
    api.stamp(card, id="scan-1")
    first = api.post("/events/scan-1/reverse", idempotency_key="undo-1")
    second = api.post("/events/scan-1/reverse", {"id": "undo-1"})
    assert (first.status_code, second.data) == (200, first.data)
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("body", [None, {}])
def test_a_reversal_without_an_id_is_not_made(api, card, body):
    api.stamp(card, id="scan-1")
    answer = api.post("/events/scan-1/reverse", body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_missing")


def test_an_id_with_a_slash_can_be_taken_back(api, card):
    api.stamp(card, id="till/7/scan")
    assert api.post("/events/till/7/scan/reverse", {"id": "undo"}).status_code == 200


def test_a_second_reversal_is_a_conflict(api, card):
    api.stamp(card, id="scan-1")
    api.post("/events/scan-1/reverse", {"id": "undo-1"})
    answer = api.post("/events/scan-1/reverse", {"id": "undo-2"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_reversed")


def test_another_brands_event_is_as_unknown_as_none(api, other_api, card):
    api.stamp(card, id="scan-1")
    foreign = other_api.post("/events/scan-1/reverse", {"id": "undo-1"})
    none = other_api.post("/events/scan-2/reverse", {"id": "undo-1"})
    assert (foreign.status_code, foreign.data) == (404, none.data)


@pytest.fixture
def cafe(api, ledger_with):
    """A backend whose programme asks for 2 €, once an hour, and gives one more for an own cup."""
    rules = {"minimum_purchase_cents": 200, "minimum_gap_seconds": 3600}
    ledger = ledger_with(**rules, extra_stamps_by_tag={"own_cup": 1})

    def buy(**values: object):
        body = {"id": str(uuid4()), "card": ledger.card, "name": "purchased", **values}
        return replace(api, key=ledger.house.api_key).post("/events", body)

    return buy


def test_a_purchase_is_judged_by_its_amount_and_tags(cafe):
    answer = cafe(amount_cents=200, currency="EUR", tags=["own_cup"]).get_json()
    assert answer["posted"] == [{"type": "earn", "unit": "stamp", "delta": 2}]
    assert answer["notice"]["again_at"] is None


def test_a_purchase_too_soon_says_when_the_next_counts(cafe):
    cafe(amount_cents=200)
    answer = cafe(amount_cents=200).get_json()
    assert (answer["posted"], answer["notice"]["code"]) == ([], "gap_too_short")
    assert answer["notice"]["again_at"] == "2026-11-22T11:00:00+00:00"


def test_a_purchase_in_another_currency_is_refused_with_the_field(cafe):
    answer = cafe(amount_cents=2000, currency="SEK")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "currency_mismatch")
    assert answer.get_json()["field"] == "currency"
