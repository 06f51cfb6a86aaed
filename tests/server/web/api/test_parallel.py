"""Many at once, on a real database file: nothing is lost, nothing counts twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import TestResponse


def at_once(times: int, call: Callable[[int], TestResponse]) -> list[TestResponse]:
    """The answers of `times` calls that start together."""
    start = threading.Barrier(times)

    def wait_and_call(number: int) -> TestResponse:
        start.wait(timeout=60)
        return call(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(wait_and_call, range(times)))


def test_fifty_stamps_at_once_are_fifty(api, card):
    answers = at_once(50, lambda number: api.stamp(card, id=f"scan-{number}"))
    assert {answer.status_code for answer in answers} == {200}
    assert api.get(f"/cards/{card}").get_json()["standing"] == {"stamp": 0, "reward": 5}


def test_the_same_stamp_eight_times_at_once_is_one(api, card):
    answers = at_once(8, lambda _: api.stamp(card, id="scan-1"))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.data for answer in answers if answer.status_code == 200}) == 1
    assert api.get(f"/cards/{card}").get_json()["standing"]["stamp"] == 1


def test_one_reward_is_redeemed_once_by_eight_at_once(api, card):
    api.stamp(card, quantity=5)
    api.stamp(card, quantity=5)
    answers = at_once(8, lambda _: api.stamp(card, name="redeemed"))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


def test_one_stamp_is_undone_once_by_eight_at_once(api, card):
    api.stamp(card, id="scan-1")
    answers = at_once(8, lambda n: api.post("/events/scan-1/reverse", {"id": f"undo-{n}"}))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert api.get(f"/cards/{card}").get_json()["standing"]["stamp"] == 0


def test_one_member_enrolled_by_eight_at_once_has_one_card(api):
    aino = {"programme": "kahvipassi", "member": {"name": "Aino", "phone": "041 2345678"}}
    answers = at_once(8, lambda n: api.post("/cards", aino, idempotency_key=f"join-{n}"))
    made = next(answer.get_json()["id"] for answer in answers if answer.status_code == 201)
    others = [answer.get_json()["card"] for answer in answers if answer.status_code == 409]
    assert others == [made] * 7


def test_readers_see_whole_answers_while_others_write(api, card):
    def call(number: int) -> TestResponse:
        return api.get(f"/cards/{card}") if number % 2 else api.stamp(card)

    answers = at_once(16, call)
    assert {answer.status_code for answer in answers} == {200}
    assert api.get(f"/cards/{card}").get_json()["standing"]["stamp"] == 8
