"""Which changes may make a phone speak: what grew, thrice a day, never at night for nothing."""

from uuid import UUID

import pytest

from server import google_objects
from server.models import GoogleObject
from server.sandbox.google.faults import AnswerFault

QUOTA = AnswerFault(status=403, reason="quotaExceeded", method="PATCH")


def notified(google):
    """Whether each update asked the phone to speak, in order."""
    return ["notifyPreference" in call.body for call in google.calls("PATCH", "/loyaltyObject")]


def change(google, ledger, times=1, **time):
    for _ in range(times):
        ledger.stamp()
        google.settle()
        google.clock.move(**(time or {"seconds": 30}))


def test_the_fourth_of_a_day_is_silent_and_told_all_the_same(google, saved):
    change(google, saved, 4, hours=5)
    assert notified(google) == [True, True, True, False]
    assert google.balance(saved.card) == 4
    assert len(google.stand_in.pushes) == 3


def test_the_day_rolls_and_does_not_wait_for_midnight(google, saved):
    change(google, saved, 4, hours=5)
    google.clock.move(hours=3)  # the first was 23 hours ago, in another calendar day
    change(google, saved, hours=2)
    change(google, saved)
    assert notified(google) == [True, True, True, False, False, True]


def test_the_operator_says_how_often(google, saved):
    google.restart(google_notify_per_day=1)
    change(google, saved, 2)
    google.restart(google_notify_per_day=0)
    change(google, saved, days=2)
    change(google, saved)
    assert notified(google) == [True, False, False, False]


def test_nobody_is_spoken_to_about_a_card_in_no_wallet(google, ledger):
    google.bring(ledger.card)
    google.clock.move(seconds=5)
    change(google, ledger)
    assert notified(google) == [False]


def test_what_shrinks_is_not_spoken_of(google, saved):
    answer = saved.record("stamped").json()
    change(google, saved)
    saved.undo(answer["id"])
    google.settle()
    assert notified(google) == [True, False]


def test_a_full_card_is_spoken_of_though_it_begins_anew(google, saved):
    saved.stamp(9)
    google.settle()
    saved.stamp()
    google.settle()
    assert google.balance(saved.card) == 0
    assert notified(google) == [True, True]


def test_when_google_wants_no_more_the_change_is_told_silently_at_once(google, saved):
    google.fail(QUOTA)
    change(google, saved, 2)
    assert notified(google) == [True, False, False]
    assert google.balance(saved.card) == 2
    assert google.issuer().paused_until is None
    google.clock.move(hours=24)
    change(google, saved)
    assert notified(google)[-1]


def test_the_same_refusal_as_429_is_taken_alike(google, saved):
    google.fail(QUOTA.model_copy(update={"status": 429}))
    change(google, saved)
    assert notified(google) == [True, False]
    assert google.issuer().slowed_until is None


def test_an_update_without_an_answer_counts_as_spoken(google, saved):
    google.fail(AnswerFault(drop="after_commit", method="PATCH"))
    saved.stamp()
    google.drain()
    assert len(google.row(saved.card).notified_at) == 1


@pytest.mark.parametrize(("hour", "is_spoken"), [(10, True), (19, False), (2, False), (7, True)])
def test_nobody_is_woken_for_what_nobody_waits_for(google, saved, clock, hour, is_spoken):
    """It is two hours later in Finland."""
    clock.at = clock.at.replace(hour=hour) if hour > 10 else clock.at.replace(hour=hour, day=23)
    owe_in_bulk(google, saved)
    google.settle()
    assert notified(google) == [is_spoken]


def test_who_has_just_been_at_the_till_hears_of_it_at_night_too(google, saved, clock):
    clock.at = clock.at.replace(hour=22)
    change(google, saved)
    assert notified(google) == [True]


def owe_in_bulk(google, ledger):
    """A stamp, as if nobody had waited for it."""
    ledger.stamp()
    with google.services.database.transaction() as session:
        row = session.get_one(GoogleObject, UUID(ledger.card))
        row.is_bulk = True
        session.add(row)


def test_what_somebody_waits_for_is_no_bulk_any_more(google, saved):
    card_id = UUID(saved.card)
    with google.services.database.writing() as pen:
        google_objects.owe(pen, card_id, sent_at=None, at=google.clock(), is_bulk=True)
    assert google.row(saved.card).is_bulk
    saved.stamp()
    assert not google.row(saved.card).is_bulk
