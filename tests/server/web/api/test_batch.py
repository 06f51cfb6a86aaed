"""POST /events/batch: many at once, each for itself."""

from uuid import uuid4

from server import audit


def event(card: str, **values: object) -> dict[str, object]:
    return {"id": str(uuid4()), "card": card, "name": "stamped", **values}


def test_each_event_has_its_own_result_in_order(api, card):
    events = [
        event(card),
        event(card, name="redeemed"),
        event("nobody"),
        event(card, quantity=True),
        "not even an object",
        event(card),
    ]
    results = api.post("/events/batch", {"events": events}).get_json()["results"]
    assert [result["status"] for result in results] == [200, 409, 404, 422, 422, 200]
    assert results[3]["body"]["errors"][0]["field"] == "quantity"
    assert results[-1]["body"]["standing"]["stamp"] == 2


def test_a_result_is_what_the_event_alone_would_have_been_answered(api, card):
    good, bad = event(card), event(card, name="redeemed")
    results = api.post("/events/batch", {"events": [good, bad]}).get_json()["results"]
    assert results[0]["body"] == api.post("/events", good).get_json()
    assert results[1]["body"] == api.post("/events", bad).get_json()


def test_a_batch_sent_again_counts_once(api, card):
    batch = {"events": [event(card) for _ in range(3)]}
    first = api.post("/events/batch", batch).get_json()["results"]
    second = api.post("/events/batch", batch).get_json()["results"]
    assert [result["is_replayed"] for result in first + second] == [False] * 3 + [True] * 3
    assert api.get(f"/cards/{card}").get_json()["standing"]["stamp"] == 3


def test_the_same_id_twice_in_a_batch_counts_once(api, card):
    twin = event(card)
    results = api.post("/events/batch", {"events": [twin, twin]}).get_json()["results"]
    assert results[0]["body"] == results[1]["body"]


def test_more_than_five_hundred_are_refused_whole(api, card):
    answer = api.post("/events/batch", {"events": [event(card)] * 501})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert api.get(f"/cards/{card}").get_json()["standing"]["stamp"] == 0


def test_five_hundred_malformed_ones_are_five_hundred_results(api):
    results = api.post("/events/batch", {"events": [None] * 500}).get_json()["results"]
    assert [result["status"] for result in results] == [422] * 500


def test_an_empty_batch_has_no_results(api):
    assert api.post("/events/batch", {"events": []}).get_json() == {"results": []}


def test_a_refused_one_leaves_no_trace_among_many(api, card, services):
    """Also where many share a transaction: what it would have done is not half there."""
    three = ({}, {"quantity": 50}, {"name": "redeemed"})
    events = [event(card, **values) for _ in range(9) for values in three]
    results = api.post("/events/batch", {"events": events}).get_json()["results"]
    assert [result["status"] for result in results] == [200, 422, 409] * 9
    assert api.get(f"/cards/{card}").get_json()["standing"] == {"reward": 0, "stamp": 9}
    assert audit.check(services.database) == []
