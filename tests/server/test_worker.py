"""Background work as a whole: what was committed gets out, whatever happens in between."""

import threading
import time

import pytest

import passkit
from server import deliveries, worker
from server.models import Delivery
from server.wallets import identity
from server.worker import Worker

A, B = "aa" * 32, "bb" * 32


def wait_for(is_reached):
    limit = time.monotonic() + 20
    while not is_reached():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def running(desk):
    desk.worker.start()
    return desk


def test_a_stamp_reaches_the_phone(running, ledger):
    running.phone(ledger.card, A)
    ledger.stamp()
    wait_for(lambda: deliveries.owed(running.services.database) == 0)
    assert running.pushed() == [A]


def test_a_stamp_wakes_a_sleeping_worker(running, ledger, monkeypatch):
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 3600.0)
    running.phone(ledger.card, A)
    time.sleep(0.6)  # it has begun to sleep the long sleep
    ledger.stamp()
    wait_for(lambda: running.pushed() == [A])


def test_after_a_pause_a_push_leaves_at_once(running, ledger, monkeypatch):
    waits = []
    sleep = time.sleep

    def noted(seconds):
        if threading.current_thread().name == "worker":
            waits.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(worker, "SWEEP_SECONDS", 3600.0)
    monkeypatch.setattr(time, "sleep", noted)
    running.phone(ledger.card, A)
    sleep(0.8)  # no round of its own comes in between any more
    waits.clear()
    ledger.stamp()
    wait_for(lambda: deliveries.owed(running.services.database) == 0)
    assert waits[0] == 0.0


def test_rounds_keep_a_distance_so_that_what_comes_together_is_told_together(
    running, ledger, monkeypatch
):
    claim, sizes = deliveries.claim, []

    def counted(*args, **values):
        found = claim(*args, **values)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(worker, "_GATHER_SECONDS", 2.0)
    monkeypatch.setattr(deliveries, "claim", counted)
    others = [str(ledger.enrol(name)["id"]) for name in ("Bo", "Cia")]
    for card, token in zip([ledger.card, *others], (A, B, "cc" * 32), strict=True):
        running.phone(card, token)
    ledger.stamp()
    wait_for(lambda: running.pushed() == [A])
    for card in others:
        ledger.stamp(card=card)
    wait_for(lambda: deliveries.owed(running.services.database) == 0)
    assert [size for size in sizes if size] == [1, 2]


def test_what_another_process_owes_is_found_without_a_word(running, ledger, services):
    running.phone(ledger.card, A)
    with services.database.transaction() as session:
        device_id = running.device(A).id
        row = Delivery(
            device_id=device_id, owed_tag=1, due_at=services.now(), created_at=services.now()
        )
        session.add(row)
    wait_for(lambda: running.pushed() == [A])


def test_nothing_is_pushed_when_nothing_changed(running, ledger):
    running.phone(ledger.card, A)
    time.sleep(0.1)
    assert running.pushed() == []


def test_what_was_owed_before_a_crash_is_sent_after_the_restart(desk, ledger):
    """The stamp was committed; nobody was there to push."""
    desk.phone(ledger.card, A)
    ledger.stamp()
    desk.worker.stop()
    survivor = Worker(desk.services, desk.identity)
    survivor.start()
    wait_for(lambda: deliveries.owed(desk.services.database) == 0)
    survivor.stop()
    assert desk.pushed() == [A]


def test_what_a_killed_worker_had_in_hand_is_taken_over(desk, ledger, clock):
    desk.phone(ledger.card, A)
    ledger.stamp()
    deliveries.claim(desk.services.database, at=clock(), limit=10)  # and was never heard of again
    desk.worker.step()
    assert desk.pushed() == []
    clock.move(seconds=61)
    desk.drain()
    assert desk.pushed() == [A]


def test_on_one_host_a_new_worker_need_not_wait_for_a_killed_ones_lease(desk, ledger):
    desk.phone(ledger.card, A)
    ledger.stamp()
    database = desk.services.database
    assert deliveries.claim(database, at=desk.services.now(), limit=10)
    desk.worker.start()
    if not database.is_postgresql:
        wait_for(lambda: desk.pushed() == [A])
    else:  # there somebody else may really have it in hand
        time.sleep(0.3)
        assert desk.pushed() == []


def test_stamping_goes_on_while_the_push_service_is_down(desk, ledger, clock):
    good_url = desk.services.settings.apns_url
    desk.phone(ledger.card, A)
    desk.restart(apns_url="https://127.0.0.1:1")
    desk.worker.start()
    for _ in range(5):
        ledger.stamp()
        clock.move(seconds=30)
    assert ledger.stamp()["standing"]["stamp"] == 6
    desk.restart(apns_url=good_url)
    clock.move(seconds=3600)  # after some tries in vain it was put off
    desk.drain()
    assert desk.pushed() == [A]


def test_ten_stamps_in_three_seconds_are_at_most_three_pushes_a_phone(
    desk, ledger, clock, phones, authority
):
    for token in (A, B):
        desk.phone(ledger.card, token)
    for number in range(10):
        ledger.stamp()
        desk.run_until(lambda: all(is_idle(desk, token) for token in (A, B)))
        if number == 0:
            assert sorted(desk.pushed()) == [A, B]
        clock.move(seconds=1 / 3)
    clock.move(seconds=2)
    desk.drain()
    assert 2 <= desk.pushed().count(A) <= 3
    assert desk.pushed().count(A) == desk.pushed().count(B)
    pkpass = phones.new(ledger.card).fetch().data
    content = passkit.read(pkpass, root_pem=authority.root_pem).content["storeCard"]
    values = [content[group][0]["value"] for group in ("secondaryFields", "headerFields")]
    assert values == ["0 / 10", "1"]


def is_idle(desk, token):
    """Nothing is due for this phone now."""
    row = desk.delivery(token)
    return row.claimed_at is None and (row.due_at is None or row.due_at > desk.services.now())


def test_a_phone_with_two_changed_cards_is_pushed_to_once(desk, ledger):
    other = ledger.enrol("Eeva")["id"]
    desk.phone(ledger.card, A), desk.phone(other, A)
    ledger.stamp(), ledger.stamp(card=other)
    desk.drain()
    assert desk.pushed() == [A]


def test_the_pushed_phone_is_the_one_with_the_newest_token(desk, ledger, phones):
    desk.apns.tokens.add(A), desk.apns.tokens.add(B)
    phone = phones.new(ledger.card)
    phone.register(A), phone.register(B)
    ledger.stamp()
    desk.drain()
    assert desk.pushed() == [B]


def test_a_removed_pass_is_not_pushed(desk, ledger, phones):
    phone = phones.new(ledger.card)
    phone.register(A), phone.unregister()
    ledger.stamp()
    desk.worker.step()
    assert deliveries.owed(desk.services.database) == 0


def test_a_phone_that_leaves_is_owed_nothing_any_more(desk, ledger, phones):
    phone = phones.new(ledger.card)
    phone.register(A)
    ledger.stamp()
    phone.unregister()
    assert deliveries.owed(desk.services.database) == 0


def test_what_has_run_out_is_written_off_and_told(desk, ledger, clock):
    desk.phone(ledger.card, A)
    ledger.stamp(10)
    desk.drain()
    clock.move(days=400)
    desk.run_until(lambda: len(desk.pushed()) == 2)
    assert ledger.stamp()["standing"] == {"reward": 0, "stamp": 1}


def test_a_failing_task_does_not_stop_the_other(running, ledger, caplog, monkeypatch):
    def fail(*_args, **_options):
        raise ArithmeticError("a bad row")

    monkeypatch.setattr(worker.events, "expire_due", fail)
    running.phone(ledger.card, A)
    wait_for(lambda: "worker.task_failed task=_expire" in caplog.text)
    ledger.stamp()
    wait_for(lambda: running.pushed() == [A])


def test_a_worker_stops_at_once_and_may_be_stopped_twice(running):
    began = time.monotonic()
    running.worker.stop()
    running.worker.stop()
    assert time.monotonic() - began < 5


def test_without_a_push_service_the_rest_goes_on(services, ledger, clock):
    alone = Worker(services, identity.load(services.settings, at=clock()))
    ledger.stamp(10)
    clock.move(days=400)
    assert alone.step() == worker.SWEEP_SECONDS
    alone.stop()
    assert ledger.stamp()["standing"]["reward"] == 0
