"""GET /cards/{id}/events: newest first, a page at a time."""

import pytest


@pytest.fixture
def stamped(api, card, clock):
    for number in range(5):
        clock.move(seconds=30)
        api.stamp(card, id=f"scan-{number}")
    return card


def ids(page) -> list[str]:
    return [event["id"] for event in page["events"]]


def test_events_are_listed_newest_first(api, stamped):
    page = api.get(f"/cards/{stamped}/events").get_json()
    assert ids(page)[:5] == ["scan-4", "scan-3", "scan-2", "scan-1", "scan-0"]
    assert (page["events"][5]["name"], page["next"]) == ("enrolled", None)


def test_an_event_is_listed_with_what_it_posted(api, stamped):
    event = api.get(f"/cards/{stamped}/events").get_json()["events"][0]
    assert event["posted"] == [{"type": "earn", "unit": "stamp", "delta": 1}]
    assert (event["source"], event["quantity"], event["reverses"]) == ("api", 1, None)


def test_pages_follow_each_other_without_a_gap(api, stamped):
    seen, path = [], f"/cards/{stamped}/events?limit=2"
    page = api.get(path).get_json()
    while page["next"]:
        seen += ids(page)
        page = api.get(f"{path}&cursor={page['next']}").get_json()
    assert [*seen, *ids(page)] == ids(api.get(f"/cards/{stamped}/events").get_json())


def test_what_happens_meanwhile_does_not_shift_the_pages(api, stamped, clock):
    first = api.get(f"/cards/{stamped}/events?limit=2").get_json()
    clock.move(seconds=30)
    api.stamp(stamped)
    second = api.get(f"/cards/{stamped}/events?limit=2&cursor={first['next']}").get_json()
    assert ids(second) == ["scan-2", "scan-1"]


def test_events_of_the_same_moment_are_paged_too(api, card):
    for number in range(4):
        api.stamp(card, id=f"scan-{number}")
    first = api.get(f"/cards/{card}/events?limit=3").get_json()
    second = api.get(f"/cards/{card}/events?limit=3&cursor={first['next']}").get_json()
    assert len({*ids(first), *ids(second)}) == 5


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WzEsMl0=", "%00", "ä"])
def test_a_cursor_that_is_none_of_ours_is_refused(api, card, cursor):
    answer = api.get(f"/cards/{card}/events?cursor={cursor}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "page=2"])
def test_a_wrong_question_is_refused(api, card, query):
    answer = api.get(f"/cards/{card}/events?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")


def test_another_brands_card_has_no_history_here(other_api, card):
    assert other_api.get(f"/cards/{card}/events").status_code == 404
