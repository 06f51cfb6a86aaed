"""Who is told first, and which changes share a push: nobody at a till waits for the many."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import select

from server import cards, deliveries
from server.models import Card, Delivery
from server.sandbox.faults import Faults

A, B = "aa" * 32, "bb" * 32
JOIN = timedelta(seconds=2)


def change_in_bulk(desk, *card_ids):
    """What no till asked for has changed on these cards."""
    with desk.services.database.transaction() as session:
        for card in session.exec(select(Card).where(Card.id.in_(card_ids))).all():  # type: ignore[attr-defined]
            pass_ = cards.show_in(session, card, at=desk.services.now()).pass_
            pass_.change_tag += 100
            deliveries.owe_devices(session, pass_, at=desk.services.now(), join=JOIN, is_bulk=True)


@pytest.fixture
def crowd(desk, ledger):
    """Cards that nobody stamps, on a phone each; the cards' ids."""
    found = [ledger.enrol(f"Eeva {number}")["id"] for number in range(30)]
    for number, card in enumerate(found):
        desk.phone(card, f"{number:064x}")
    with desk.services.database.reading() as session:
        every = session.exec(select(Card)).all()
    return [card.id for card in every if str(card.id) in found]


def test_a_stamp_goes_before_what_was_due_long_ago(desk, ledger, clock, crowd):
    change_in_bulk(desk, *crowd)
    clock.move(seconds=50)
    desk.phone(ledger.card, A)
    ledger.stamp()
    desk.drain()
    assert desk.pushed()[0] == A
    assert len(desk.pushed()) == 31


def test_a_stamp_passes_a_mass_update_that_is_under_way(desk, ledger, crowd):
    """One stream, slow answers: what is pushed in bulk queues, and the stamp overtakes it."""
    desk.phone(ledger.card, A)
    desk.restart(push_bulk_per_second=1000.0)
    change_in_bulk(desk, *crowd)
    desk.apns.faults = Faults(max_streams=1, delay_seconds=0.3)
    desk.run_until(lambda: len(desk.pushed()) >= 3)
    ledger.stamp()
    desk.run_until(lambda: A in desk.pushed())
    assert len(desk.pushed()) < 20
    desk.apns.faults = Faults()
    desk.drain()
    assert len(desk.pushed()) == 31


def test_the_many_are_paced(desk, clock, crowd):
    desk.restart(push_bulk_per_second=10.0)
    change_in_bulk(desk, *crowd)
    for _ in range(5):
        desk.run_until(lambda: not desk.worker._push._in_hand)
        desk.worker.step()
    assert len(desk.pushed()) <= 2
    for _ in range(10):
        clock.move(seconds=0.1)
        desk.worker.step()
        desk.run_until(lambda: not desk.worker._push._in_hand)
    assert 8 <= len(desk.pushed()) <= 13


def test_a_stamp_makes_a_phone_of_the_many_urgent(desk, ledger):
    desk.phone(ledger.card, A)
    with desk.services.database.reading() as session:
        card = session.exec(select(Card)).one()
    change_in_bulk(desk, card.id)
    assert desk.delivery(A).is_bulk
    ledger.stamp()
    assert not desk.delivery(A).is_bulk


def test_what_has_run_out_may_wait(desk, ledger, clock):
    desk.phone(ledger.card, A)
    ledger.stamp(10)
    desk.drain()
    clock.move(days=400)
    desk.run_until(lambda: desk.delivery(A).owed_tag > 0 and bool(desk.delivery(A).due_at))
    assert desk.delivery(A).is_bulk


def test_another_card_of_the_phone_is_told_at_once(desk, ledger, clock):
    other = ledger.enrol("Eeva")["id"]
    desk.phone(ledger.card, A), desk.phone(other, A)
    ledger.stamp()
    desk.drain()
    clock.move(seconds=0.5)
    ledger.stamp(card=other)
    desk.drain()
    assert desk.pushed() == [A, A]


def test_two_cards_in_turns_are_told_at_most_twice_each_in_a_join_time(desk, ledger, clock):
    other = ledger.enrol("Eeva")["id"]
    desk.phone(ledger.card, A), desk.phone(other, A)
    for number in range(10):
        ledger.stamp(card=other if number % 2 else ledger.card)
        desk.run_until(lambda: desk.delivery(A).claimed_at is None and not is_due(desk))
        clock.move(seconds=0.2)
    assert 2 <= len(desk.pushed()) <= 4


def is_due(desk):
    row = desk.delivery(A)
    return row.due_at is not None and row.due_at <= desk.services.now()


def test_a_change_of_another_card_in_flight_follows_at_once(desk, ledger):
    other = ledger.enrol("Eeva")["id"]
    desk.phone(ledger.card, A), desk.phone(other, A)
    desk.apns.faults = Faults(delay_seconds=0.2)
    ledger.stamp()
    desk.worker.step()
    ledger.stamp(card=other)
    desk.drain()
    assert desk.pushed() == [A, A]


def test_a_change_does_not_shorten_a_wait_that_the_service_asked_for(desk, ledger, clock):
    other = ledger.enrol("Eeva")["id"]
    desk.phone(ledger.card, A), desk.phone(other, A)
    ledger.stamp()
    (push,) = deliveries.claim(desk.services.database, at=clock(), limit=1)
    until = clock() + timedelta(minutes=5)
    deliveries.put_off(desk.services.database, push, until=until, error="429")
    ledger.stamp(card=other)
    assert desk.delivery(A).due_at == until


def test_many_cards_that_change_together_on_one_phone_share_a_push(desk, ledger, clock):
    cards_of_one = [ledger.enrol(f"Eeva {n}")["id"] for n in range(4)]
    for card in cards_of_one:
        desk.phone(card, B)
    with desk.services.database.reading() as session:
        ids = [each.id for each in session.exec(select(Card)).all() if str(each.id) in cards_of_one]
    for card_id in ids:
        change_in_bulk(desk, card_id)
        desk.run_until(lambda: not any_due(desk))
        clock.move(seconds=0.4)
    clock.move(seconds=2)
    desk.drain()
    assert len(desk.pushed()) == 2


def any_due(desk):
    with desk.services.database.reading() as session:
        rows = session.exec(select(Delivery)).all()
    return any(row.claimed_at or (row.due_at and row.due_at <= desk.services.now()) for row in rows)


@pytest.fixture
def slow_and_quick(desk, ledger, clock):
    """A claim whose lease ran out, and the same row in another worker's hands."""
    desk.phone(ledger.card, A)
    ledger.stamp()
    (slow,) = deliveries.claim(desk.services.database, at=clock(), limit=1)
    clock.move(seconds=61)
    (quick,) = deliveries.claim(desk.services.database, at=clock(), limit=1)
    return slow, quick


@pytest.mark.parametrize("word", ["settle", "put_off", "give_up", "release"])
def test_who_lost_the_lease_changes_nothing(desk, clock, slow_and_quick, word):
    slow, quick = slow_and_quick
    database, before = desk.services.database, desk.delivery(A)
    say = {
        "settle": lambda: deliveries.settle(database, [slow], at=clock()),
        "put_off": lambda: deliveries.put_off(database, slow, until=clock(), error="late"),
        "give_up": lambda: deliveries.give_up(database, slow, error="late"),
        "release": lambda: deliveries.release(database, [slow]),
    }
    say[word]()
    assert desk.delivery(A) == before
    deliveries.settle(database, [quick], at=clock())
    assert desk.delivery(A).due_at is None


def test_of_many_workers_one_settles_and_nobody_twice(desk, ledger, clock):
    desk.phone(ledger.card, A)
    ledger.stamp()
    taken: list[deliveries.DuePush] = []

    def work():
        taken.extend(deliveries.claim(desk.services.database, at=clock(), limit=5))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
