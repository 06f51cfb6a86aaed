"""What goes wrong at Google's end, and what becomes of the card."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from googlewallet import ContentError
from googlewallet.client import Kind
from server import google_issuers, google_objects, google_rows
from server.sandbox.google.faults import AnswerFault
from server.wallets.google import bodies as words
from server.wallets.google import sync as google_sync
from server.wallets.google.sync import Outcome

LOYALTY = "/loyaltyObject"


def lose(google, *kinds):
    """Google has never heard of these classes and objects."""
    bodies = google.stand_in._store._bodies
    for kind, id in [key for key in bodies if key[0] in kinds]:
        del bodies[kind, id]


def methods(google, path=""):
    return [call.method for call in google.calls(path=path)]


def test_a_card_that_google_has_lost_is_made_anew_whole(google, saved):
    lose(google, Kind.LOYALTY_OBJECT)
    saved.stamp()
    google.settle()
    assert methods(google) == ["PATCH", "POST"]
    assert google.balance(saved.card) == 1
    assert google.row(saved.card).error is None


def test_a_class_that_google_has_lost_is_made_before_the_card(google, saved):
    lose(google, Kind.LOYALTY_OBJECT, Kind.LOYALTY_CLASS)
    saved.stamp()
    google.settle()
    assert google.balance(saved.card) == 1
    made = [call.path for call in google.calls() if call.method == "POST" and call.status == 200]
    assert made[0].endswith("/loyaltyClass")
    assert made[-1].endswith(LOYALTY)


def test_an_insert_whose_answer_is_lost_makes_one_object(google, ledger):
    google.fail(AnswerFault(drop="after_commit", method="POST", path=LOYALTY))
    assert google.bring(ledger.card) is Outcome.LATER
    ledger.stamp()
    google.settle()
    assert [call.status for call in google.calls("POST", LOYALTY)][-1] == 409
    assert google.balance(ledger.card) == 1
    assert (
        len(google.stand_in._store.ids(Kind.LOYALTY_OBJECT, google.row(ledger.card).class_id)) == 1
    )


@pytest.mark.parametrize("when", ["before_commit", "after_commit"])
def test_after_a_lost_answer_google_is_asked_before_it_is_told(google, saved, when):
    google.fail(AnswerFault(drop=when, method="PATCH"))
    event = saved.record("stamped").json()
    google.drain()
    saved.undo(event["id"])
    google.settle()
    assert google.balance(saved.card) == 0
    assert methods(google)[:2] == ["PATCH", "GET"]


def test_what_a_lost_answer_left_behind_is_taken_away_again(google, saved):
    """The reward was named on the card, but we were never told so."""
    google.fail(AnswerFault(drop="after_commit", method="PATCH"))
    saved.stamp(10)
    google.drain()
    assert "linkedOfferIds" in google.object(saved.card)
    saved.record("redeemed")
    google.settle()
    assert "linkedOfferIds" not in google.object(saved.card)


def test_busy_is_waited_for_as_long_as_google_asks_and_slows_all(google, saved, clock):
    google.fail(AnswerFault(status=429, retry_after_seconds=2, count=3))
    saved.stamp()
    times = []
    while len(times) < 4:
        google.drain()
        times = [call.at for call in google.calls()]
        clock.move(seconds=0.5)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= timedelta(seconds=2) for gap in gaps)
    assert google.issuer().slowed_until is not None
    google.settle()
    assert google.balance(saved.card) == 1
    assert Counter(call.status for call in google.calls("PATCH")) == {429: 3, 200: 1}


def test_others_wait_too_while_google_is_busy(google, saved):
    other = saved.enrol("Eeva")["id"]
    google.bring(other)
    google.clock.move(seconds=5)
    google.fail(AnswerFault(status=429, retry_after_seconds=30))
    saved.stamp()
    google.drain()
    google.forget()
    saved.stamp(card=other)
    google.sync.step()
    assert google.sync.is_idle
    assert google.calls() == []
    google.settle()
    assert google.balance(other) == 1


def test_one_alarm_and_nothing_more_when_we_are_not_let_in(google, saved, caplog):
    google.fail(
        AnswerFault(status=403, reason="permissionDenied", path="walletobjects", count=None)
    )
    cards = [saved.card, *(saved.enrol(f"Eeva {number}")["id"] for number in range(3))]
    for card in cards[1:]:
        google.sync.want(UUID(str(card)))
    saved.stamp()
    google.run_until(lambda: google.issuer().paused_until is not None and google.sync.is_idle)
    made = len(google.calls())
    for _ in range(20):
        google.sync.step()
    assert len(google.calls()) == made <= len(cards)
    assert caplog.text.count("google.paused") == 1
    assert google_objects.backlog(google.services.database).count == len(cards)
    assert all(google.row(card).error is None for card in cards)


def test_after_a_pause_one_call_finds_out_for_all(google, saved, clock):
    google.fail(
        AnswerFault(status=403, reason="permissionDenied", path="walletobjects", count=None)
    )
    others = [saved.enrol(f"Eeva {number}")["id"] for number in range(3)]
    saved.stamp()
    google.drain_until_paused()
    for card in others:
        google.sync.want(UUID(str(card)))
    clock.move(seconds=google_sync._PAUSE_SECONDS)
    google.forget()
    google.drain_until_paused()
    assert len(google.calls()) == 1
    google.fail()
    clock.move(seconds=google_sync._PAUSE_SECONDS)
    google.settle()
    assert google.balance(saved.card) == 1
    assert [google.balance(card) for card in others] == [0, 0, 0]
    assert google.issuer().pause_reason is None


def test_whoever_asks_meanwhile_is_told_that_it_is_paused(google, ledger):
    google.fail(
        AnswerFault(status=403, reason="permissionDenied", path="walletobjects", count=None)
    )
    assert google.bring(ledger.card) is Outcome.PAUSED
    google.forget()
    assert google.bring(ledger.card) is Outcome.PAUSED
    assert google.calls() == []


def test_an_account_that_is_let_in_no_more_pauses_all(google, saved):
    google.fail(AnswerFault(status=401, reason="authError", count=None))
    saved.stamp()
    google.drain_until_paused()
    google.fail()
    google.clock.move(seconds=google_sync._PAUSE_SECONDS)
    google.settle()
    assert google.balance(saved.card) == 1


def test_a_token_that_ran_out_is_nobodys_trouble(google, saved):
    google.fail(AnswerFault(status=401, reason="authError"))
    saved.stamp()
    google.drain()
    assert google.balance(saved.card) == 1
    assert google.issuer().paused_until is None


def test_a_card_that_google_refuses_stands_in_nobodys_way(google, saved, caplog):
    google.fail(AnswerFault(status=400, reason="invalid", method="PATCH"))
    other = saved.enrol("Eeva")["id"]
    saved.stamp()
    google.drain()
    google.sync.want(UUID(str(other)))
    google.drain()
    row = google.row(saved.card)
    assert row.due_at is None
    assert "invalid" in row.error
    assert "google.given_up" in caplog.text
    assert google.balance(other) == 0


def test_a_card_that_was_given_up_is_told_of_its_next_change(google, saved):
    google.fail(AnswerFault(status=400, reason="invalid", method="PATCH"))
    saved.stamp()
    google.drain()
    saved.stamp()
    google.settle()
    assert google.balance(saved.card) == 2
    assert google.row(saved.card).error is None


def test_a_card_that_was_given_up_is_tried_again_when_somebody_asks_for_it(google, ledger):
    google.fail(AnswerFault(status=400, reason="invalid", method="POST", path=LOYALTY))
    assert google.bring(ledger.card) is Outcome.REFUSED
    assert google.sync.bring_up_to_date(UUID(ledger.card)) is Outcome.REFUSED
    assert google.bring(ledger.card) is Outcome.READY


def test_what_cannot_be_said_in_googles_words_is_never_sent(google, saved, monkeypatch):
    def refuse(*_args):
        raise ContentError("loyaltyPoints.balance.int", "too large")

    monkeypatch.setattr(words, "loyalty_object", refuse)
    saved.stamp()
    google.drain()
    assert google.calls() == []
    assert "too large" in google.row(saved.card).error


def test_a_class_that_google_refuses_is_asked_once_and_brings_its_cards_back(
    google, ledger, rename, caplog
):
    google.fail(AnswerFault(status=400, reason="invalid", path="/loyaltyClass"))
    cards = [ledger.card, *(ledger.enrol(f"Eeva {number}")["id"] for number in range(3))]
    for card in cards:
        google.sync.want(UUID(str(card)))
    google.drain()
    assert len(google.calls()) == 1
    assert caplog.text.count("google.class_refused") == 1
    assert all("invalid" in google.row(card).error for card in cards)
    rename("Another name")
    ledger.stamp()
    google.settle()
    assert [google.balance(card) for card in cards] == [1, 0, 0, 0]


def test_without_answers_all_rest_and_one_finds_out(google, saved, clock, monkeypatch):
    cards = [saved.enrol(f"Eeva {number}")["id"] for number in range(6)]
    google.fail(AnswerFault(drop="before_commit", count=None))
    for card in cards:
        google.sync.want(UUID(str(card)))
    google.drain_until_paused()
    made = len(google.calls())
    for _ in range(20):
        google.sync.step()
    assert len(google.calls()) == made
    google.fail()
    google.settle()
    assert [google.balance(card) for card in cards] == [0] * 6
    assert google.issuer().pause_reason is None


def test_one_lost_answer_stops_nobody_else(google, saved):
    google.fail(AnswerFault(drop="before_commit"))
    saved.stamp()
    google.drain()
    assert google.issuer().paused_until is None


def test_tries_in_vain_grow_rarer_up_to_an_hour(google, saved, clock, monkeypatch):
    monkeypatch.setattr(google_sync._random, "uniform", lambda _least, most: most)
    google.fail(AnswerFault(status=503, count=None))
    saved.stamp()
    waits = []
    for _ in range(12):
        google.drain()
        issuer = google.issuer()
        assert issuer.paused_until is None
        waits.append((google.row(saved.card).due_at - clock()).total_seconds())
        clock.move(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 3600, 3600]


def test_a_change_does_not_shorten_a_wait_that_google_asked_for(google, saved):
    google.fail(AnswerFault(status=503, retry_after_seconds=50))
    saved.stamp()
    google.drain()
    due_at = google.row(saved.card).due_at
    saved.stamp()
    assert google.row(saved.card).due_at == due_at


def test_a_fault_of_ours_does_not_end_the_work(google, saved, monkeypatch, caplog, clock):
    real = words.loyalty_object
    monkeypatch.setattr(words, "loyalty_object", lambda *_args: 1 / 0)
    saved.stamp()
    google.run_until(lambda: "google.task_failed" in caplog.text and google.sync.is_idle)
    monkeypatch.setattr(words, "loyalty_object", real)
    clock.move(seconds=google_rows.LEASE.total_seconds() + 1)
    google.settle()
    assert google.balance(saved.card) == 1


def test_a_probe_that_had_nothing_to_say_leaves_the_finding_out_to_the_next(google, saved):
    database, issuer_id = google.services.database, google.account.issuer_id
    google_issuers.pause(
        database, issuer_id, at=google.clock(), until=google.clock(), reason="a trial"
    )
    answer = saved.record("stamped").json()
    saved.undo(answer["id"])
    google.drain()  # nothing differs, so nothing is asked
    assert google.issuer().pause_reason == "a trial"
    google.clock.move(seconds=2)
    saved.stamp()
    google.drain()
    assert google.balance(saved.card) == 1
