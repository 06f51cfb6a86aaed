"""How fast Google is asked: by all workers together, and those who wait first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from uuid import UUID

import pytest

from server import google_issuers, google_objects
from server.buckets import Rate
from server.models import GoogleObject
from server.sandbox.google.faults import Faults
from server.wallets.google.sync import GoogleSync

TEN = Rate(burst=10, per_second=10.0)


@pytest.fixture
def issuer(google, ledger):
    """The id of an issuer that has been asked for nothing for a long time."""
    google.sync.want(UUID(ledger.card))
    return google.account.issuer_id


@pytest.fixture
def crowd(google, ledger):
    """Thirty cards that Google has, in a lane that nobody waits for."""
    cards = [str(ledger.enrol(f"Eeva {number}")["id"]) for number in range(30)]
    for card in cards:
        google.sync.want(UUID(card))
    google.settle()
    google.clock.move(seconds=10)
    return cards


def owe_in_bulk(google, cards):
    for card in cards:
        with google.services.database.writing() as pen:
            google_objects.owe(pen, UUID(card), sent_at=None, at=google.clock(), is_bulk=True)


def change_in_bulk(google, ledger, cards):
    """Something on every card, and no till that waits."""
    for card in cards:
        ledger.stamp(card=card)
    with google.services.database.transaction() as session:
        for card in cards:
            row = session.get_one(GoogleObject, UUID(card))
            row.is_bulk = True
            session.add(row)


def owe_at_once(google, card):
    """As a callback does."""
    callback = SimpleNamespace(
        object_id=google.object_id(card),
        nonce="one",
        expires_at=google.clock() + timedelta(hours=1),
    )
    assert google_objects.note_callback(google.services.database, callback, at=google.clock())


def take(google, issuer, *, at=None, is_bulk=False):
    return google_issuers.take(
        google.services.database, issuer, at=at or google.clock(), rate=TEN, is_bulk=is_bulk
    )


def test_a_second_s_worth_at_once_and_then_so_many_a_second(google, issuer):
    granted = [take(google, issuer).calls for _ in range(12)]
    assert granted == [1] * 10 + [0] * 2
    assert take(google, issuer).wait == pytest.approx(0.1)
    google.clock.move(seconds=0.5)
    assert [take(google, issuer).calls for _ in range(6)] == [1] * 5 + [0]


def test_a_clock_that_goes_back_grants_nothing_twice(google, issuer):
    for _ in range(10):
        take(google, issuer)
    earlier = google.clock() - timedelta(minutes=5)
    assert take(google, issuer, at=earlier).calls == 0
    assert take(google, issuer).calls == 0


def test_a_clock_that_was_wrong_stops_nobody_once_it_is_right(google, issuer):
    """It was hours ahead: what was written then is not waited for."""
    ahead = google.clock() + timedelta(hours=3)
    for _ in range(10):
        assert take(google, issuer, at=ahead).calls
    assert [take(google, issuer).calls for _ in range(11)] == [1] * 10 + [0]


def test_a_pause_by_a_clock_that_was_wrong_ends(google, issuer):
    ahead = google.clock() + timedelta(hours=3)
    google_issuers.pause(google.services.database, issuer, at=ahead, until=ahead, reason="refused")
    assert take(google, issuer).is_probe
    google_issuers.resume(google.services.database, issuer)
    google_issuers.slow(google.services.database, issuer, until=ahead)
    for _ in range(9):
        assert take(google, issuer).calls
    google.clock.move(seconds=1)
    assert [take(google, issuer).calls for _ in range(11)] == [1] * 10 + [0]


@pytest.mark.parametrize("is_heard", [False, True], ids=["stamped", "called back"])
def test_a_card_told_by_a_clock_that_was_wrong_is_told_again(google, saved, is_heard):
    with google.services.database.transaction() as session:
        row = session.get_one(GoogleObject, UUID(saved.card))
        row.sent_at = google.clock() + timedelta(hours=3)
        session.add(row)
    saved.stamp()
    if is_heard:
        owe_at_once(google, saved.card)
    google.sync.step()
    google.run_until(lambda: google.sync.is_idle)
    assert google.balance(saved.card) == 1


def test_the_many_leave_some_for_those_who_wait(google, issuer):
    granted = [take(google, issuer, is_bulk=True).calls for _ in range(10)]
    assert granted == [1] * 8 + [0] * 2
    assert [take(google, issuer).calls for _ in range(3)] == [1, 1, 0]


def test_half_the_rate_after_google_was_busy(google, issuer):
    for _ in range(10):
        take(google, issuer)
    until = google.clock() + timedelta(seconds=60)
    google_issuers.slow(google.services.database, issuer, until=until)
    google.clock.move(seconds=1)
    assert [take(google, issuer).calls for _ in range(6)] == [1] * 5 + [0]


def test_several_at_the_same_time_get_no_more_than_there_is(google, issuer):
    with ThreadPoolExecutor(6) as pool:
        granted = list(pool.map(lambda _: take(google, issuer).calls, range(30)))
    assert sum(granted) == 10


def test_of_several_that_are_refused_at_the_same_time_one_says_so(google, issuer):
    def pause(_):
        return google_issuers.pause(
            google.services.database,
            issuer,
            at=google.clock(),
            until=google.clock() + timedelta(minutes=5),
            reason="refused",
        )

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(pause, range(12))) == 1


def test_after_a_pause_one_of_several_tries(google, issuer):
    google_issuers.pause(
        google.services.database, issuer, at=google.clock(), until=google.clock(), reason="refused"
    )
    with ThreadPoolExecutor(6) as pool:
        granted = list(pool.map(lambda _: take(google, issuer), range(12)))
    assert [grant.is_probe for grant in granted if grant.calls] == [True]
    google_issuers.resume(google.services.database, issuer)
    assert take(google, issuer).calls == 1


def test_whoever_was_to_try_and_died_is_replaced(google, issuer):
    google_issuers.pause(
        google.services.database, issuer, at=google.clock(), until=google.clock(), reason="refused"
    )
    assert take(google, issuer).is_probe
    assert take(google, issuer).calls == 0
    google.clock.move(seconds=google_issuers.PROBE.total_seconds())
    assert take(google, issuer).is_probe


def test_a_callback_about_a_card_that_was_just_told_holds_up_nobody_else(google, ledger):
    others = str(ledger.enrol("Eero")["id"])
    for card in (ledger.card, others):
        google.bring(card)
    google.clock.move(seconds=5)
    ledger.stamp()
    google.drain()
    owe_at_once(google, ledger.card)
    google.clock.move(seconds=0.1)
    ledger.stamp(card=others)
    google.sync.step()
    google.run_until(lambda: google.sync.is_idle)
    assert google.balance(others) == 1


def test_many_are_told_at_the_rate_and_no_faster(google, ledger, crowd):
    google.restart(google_per_second=5.0)
    google.clock.move(seconds=10)
    google.forget()
    change_in_bulk(google, ledger, crowd)
    began = google.clock()
    google.settle()
    calls = [call.at for call in google.calls()]
    assert len(calls) == 30
    for at in calls:
        passed = (at - began).total_seconds()
        assert sum(each <= at for each in calls) <= 5 + 5 * passed
    assert all(google.balance(card) == 1 for card in crowd)


def test_a_stamp_overtakes_the_many_within_a_second(google, ledger, crowd):
    google.save(ledger.card)
    google.clock.move(seconds=10)
    google.restart(google_per_second=5.0)
    google.forget()
    change_in_bulk(google, ledger, crowd)
    google.run_until(lambda: len(google.calls()) >= 3 and google.sync.is_idle)
    ledger.stamp()
    stamped_at = google.clock()
    google.settle()
    number = next(
        number
        for number, call in enumerate(google.calls())
        if call.path.endswith(google.object_id(ledger.card))
    )
    assert number <= 8
    assert google.calls()[number].at - stamped_at <= timedelta(seconds=1)


def test_slow_answers_to_the_many_leave_a_thread_to_those_who_wait(
    google, ledger, crowd, monkeypatch
):
    google.save(ledger.card)
    google.restart(google_per_second=10.0)
    google.clock.move(seconds=10)
    google.forget()
    mine, client, answering = (
        google.object_id(ledger.card),
        google.account.client,
        threading.Event(),
    )
    patch = client.patch

    def late(kind, id, body):
        assert id == mine or answering.wait(20)
        return patch(kind, id, body)

    monkeypatch.setattr(client, "patch", late)
    change_in_bulk(google, ledger, crowd)
    google.sync.step()
    ledger.stamp()
    google.run_until(lambda: google.balance(ledger.card) == 1)
    assert len(google.calls()) == 1
    answering.set()
    google.settle()


def test_two_workers_share_the_work_and_never_a_card(google, ledger, crowd):
    """Each with its own view of the database, as on two hosts."""
    other = GoogleSync(google.services, google.accounts)
    google.forget()
    google.stand_in.faults = Faults(delay_seconds=0.05)
    for _ in range(3):
        change_in_bulk(google, ledger, crowd)
        workers = [
            threading.Thread(target=_steps, args=(sync, 40)) for sync in (google.sync, other)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        google.clock.move(seconds=1)
    google.settle()
    google.run_until(lambda: other.is_idle)
    other.close()
    for card in crowd:
        calls = google.calls(path=google.object_id(card))
        told = [call.body["loyaltyPoints"]["balance"]["int"] for call in calls]
        assert told == sorted(set(told))
        assert google.balance(card) == 3
        assert all(a.ended <= b.started for a, b in pairwise(calls))


def _steps(sync, count):
    for _ in range(count):
        sync.step()
        threading.Event().wait(0.01)
