"""A message is on the back of a card once, whatever becomes of the calls."""

from uuid import UUID

import pytest

from server.face import Text
from server.sandbox.google.faults import AnswerFault
from server.wallets.google.messages import MOST, Notice
from server.wallets.google.sync import Outcome
from tests.googlewallet.discovery import errors_of

ADD = "addMessage"


def notice(number: int = 1, **changes: object) -> Notice:
    header = Text("Aukioloajat", "Öppettider", "Opening hours")
    body = Text(f"Viesti {number}", f"Meddelande {number}", f"Message {number}")
    return Notice(id=f"hours-{number}", header=header, body=body)._replace(**changes)


@pytest.fixture
def say(google, saved):
    return lambda *args, **changes: google.sync.say(UUID(saved.card), notice(*args, **changes))


@pytest.fixture
def said(google, saved):
    """The ids of the messages that Google has, the oldest first."""
    return lambda: [each["id"] for each in google.object(saved.card).get("messages", [])]


def kinds(google) -> list[str]:
    return [call.body["message"]["messageType"] for call in google.calls("POST", ADD)]


def test_a_message_is_said_once_however_often_it_is_asked_for(google, say, said):
    assert [say(), say(), say()] == [Outcome.READY] * 3
    assert said() == ["hours-1"]
    assert kinds(google) == ["TEXT"]


def test_a_message_is_one_that_googles_own_description_knows(google, say):
    say(is_announced=True)
    (call,) = google.calls("POST", ADD)
    assert errors_of("AddMessageRequest", call.body) == []
    texts = call.body["message"]["localizedBody"]
    told = {each["language"] for each in texts["translatedValues"]}
    assert {texts["defaultValue"]["language"], *told} == {"fi", "sv", "en"}


@pytest.mark.parametrize("drop", ["before_commit", "after_commit"])
def test_without_an_answer_google_is_asked_before_it_is_told_again(google, say, said, drop):
    google.fail(AnswerFault(drop=drop, path=ADD))
    assert say() is Outcome.READY
    assert said() == ["hours-1"]
    assert len(kinds(google)) == (2 if drop == "before_commit" else 1)


def test_what_never_got_an_answer_is_there_once_when_it_is_said_again(google, say, said):
    google.fail(AnswerFault(drop="after_commit", path=ADD), AnswerFault(status=503, path="loyalty"))
    assert say() is Outcome.LATER
    google.fail()
    assert say() is Outcome.READY
    assert said() == ["hours-1"]


def test_the_oldest_of_ten_makes_room(google, say, said):
    for number in range(MOST + 2):
        assert say(number) is Outcome.READY
    assert said() == [f"hours-{number}" for number in range(2, MOST + 2)]


@pytest.mark.parametrize("status", [403, 429])
def test_an_announcement_too_many_is_said_silently_and_no_more_is_tried(google, say, said, status):
    google.fail(AnswerFault(status=status, reason="quotaExceeded", path=ADD))
    assert say(1, is_announced=True) is Outcome.READY
    assert say(2, is_announced=True) is Outcome.READY
    assert said() == ["hours-1", "hours-2"]
    assert kinds(google) == ["TEXT_AND_NOTIFY", "TEXT", "TEXT"]
    assert google.issuer().paused_until is None


def test_announcements_and_speaking_updates_share_three_a_day(google, saved, say):
    for _ in range(2):
        saved.stamp()
        google.settle()
    say(1, is_announced=True)
    say(2, is_announced=True)
    assert kinds(google) == ["TEXT_AND_NOTIFY", "TEXT"]
    saved.stamp()
    google.settle()
    assert "notifyPreference" not in google.calls("PATCH")[-1].body


def test_a_message_that_google_refuses_leaves_the_card_as_it_was(google, saved, say, said):
    google.fail(AnswerFault(status=400, path=ADD))
    assert say() is Outcome.REFUSED
    row = google.row(saved.card)
    assert (row.error, row.due_at, row.claimed_at) == (None, None, None)
    saved.stamp()
    google.settle()
    assert google.balance(saved.card) == 1


def test_where_google_lets_us_do_nothing_all_stop_asking(google, say, said):
    google.fail(AnswerFault(status=403, reason="permissionDenied", path=ADD))
    assert say() is Outcome.PAUSED
    assert google.issuer().pause_reason is not None
    assert said() == []


def test_a_card_that_nobody_wanted_there_gets_no_message(google, ledger):
    assert google.sync.say(UUID(ledger.card), notice()) is Outcome.REFUSED
    assert google.calls() == []


def test_a_stamp_meanwhile_is_told_after_the_message(google, saved, say):
    saved.stamp()
    assert say() is Outcome.READY
    google.settle()
    assert google.balance(saved.card) == 1
