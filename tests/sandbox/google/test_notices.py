"""When a phone speaks, and when it stays silent."""

import pytest

from server.sandbox.google.stand_in import Faults
from tests.sandbox.google.conftest import CLASS, OBJECT, Caller, points

NOTIFY = {"notifyPreference": "NOTIFY_ON_UPDATE"}


@pytest.fixture
def held(card: Caller) -> Caller:
    """A caller whose card is in Aino's wallet."""
    card.save()
    return card


def test_a_new_balance_is_told_when_the_request_asks_for_it(held: Caller):
    held.patch({**points(8), **NOTIFY})
    (push,) = held.google.pushes
    assert (push.id, push.account_ids, push.header) == (OBJECT, ("aino",), "Kahvila Aalto")
    assert push.fields == ("loyaltyPoints.balance",)
    assert push.before == {"loyaltyPoints.balance": {"int": 7}}
    assert push.after == {"loyaltyPoints.balance": {"int": 8}}


@pytest.mark.parametrize(
    "changes",
    [points(8), {"accountName": "Aino", **NOTIFY}, {**points(7), "accountName": "Aino", **NOTIFY}],
)
def test_a_change_that_is_not_worth_it_or_not_asked_for_is_silent(held: Caller, changes: dict):
    held.patch(changes)
    assert not held.google.pushes
    assert held.google.changes[-1].why_silent


def test_nobody_is_told_of_a_card_that_nobody_has(card: Caller):
    card.patch({**points(8), **NOTIFY})
    assert not card.google.pushes
    assert card.google.changes[-1].why_silent == "nobody has it"


def test_a_body_that_changes_nothing_is_no_change(held: Caller):
    before = len(held.google.changes)
    held.patch({**points(7), **NOTIFY})
    assert len(held.google.changes) == before


def test_the_fourth_notification_of_24_hours_is_refused_and_the_budget_rolls(held: Caller):
    for hour, count in enumerate((8, 9, 10)):
        held.patch({**points(count), **NOTIFY})
        held.clock.move(hours=1)
        assert len(held.google.pushes) == hour + 1
    fourth = {**points(11), **NOTIFY}
    path = f"loyaltyObject/{OBJECT}"
    assert held.reason("PATCH", path, fourth) == (403, "quotaExceeded")
    assert held.google.object("loyaltyObject", OBJECT)["loyaltyPoints"]["balance"] == {"int": 10}
    held.patch(points(11))
    held.clock.move(hours=21)  # 24 after the first
    held.patch({**points(12), **NOTIFY})
    assert held.reason("PATCH", path, {**points(13), **NOTIFY}) == (403, "quotaExceeded")


def test_messages_that_nobody_sees_are_on_the_budget_as_well(card: Caller):
    message = {"message": {"header": "Hei", "body": "Uutta", "messageType": "TEXT_AND_NOTIFY"}}
    path = f"loyaltyObject/{OBJECT}/addMessage"
    answers = [card.call("POST", path, message).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 403]


def test_messages_that_notify_have_the_same_budget(held: Caller):
    held.google.faults = Faults(notifications_per_day=1)
    path = f"loyaltyObject/{OBJECT}/addMessage"
    message = {"header": "Hei", "body": "Arvonta", "messageType": "TEXT_AND_NOTIFY"}
    assert held.call("POST", path, {"message": message}).status_code == 200
    assert held.google.pushes[-1].text == "Hei"
    assert held.reason("POST", path, {"message": message}) == (403, "quotaExceeded")
    quiet = {**message, "messageType": "TEXT"}
    assert held.call("POST", path, {"message": quiet}).status_code == 200
    assert len(held.google.pushes) == 1


def test_a_class_tells_everybody_who_has_a_card_of_it(held: Caller):
    changes = {"programName": "Uusi", "reviewStatus": "UNDER_REVIEW", **NOTIFY}
    held.patch(changes, "loyaltyClass", CLASS)
    (push,) = held.google.pushes
    assert (push.account_ids, push.object_ids) == (("aino",), (OBJECT,))
