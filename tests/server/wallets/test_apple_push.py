"""What each answer of the push service leads to."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from server import deliveries
from server.errors import SettingsError
from server.models import Delivery, Device, PassType, Registration
from server.sandbox.faults import AnswerFault, Faults
from server.wallets.apple_push import open_push
from server.wallets.identity import load

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
RETRY_SECONDS = 900


def fault(status, reason="", **more):
    return Faults(answers=[AnswerFault(status=status, reason=reason, **more)])


def tokens(desk):
    with desk.services.database.reading() as session:
        return sorted(device.push_token for device in session.exec(select(Device)).all())


def wait_of(desk, token):
    row = desk.delivery(token)
    return (row.due_at - desk.services.now()).total_seconds()


def is_put_off(desk, token):
    row = desk.delivery(token)
    return row.attempts > 0 and row.claimed_at is None


@pytest.fixture
def two_phones(desk, ledger):
    """Two phones hold the card, and it has just been stamped."""
    desk.phone(ledger.card, A), desk.phone(ledger.card, B)
    ledger.stamp()
    return desk


def test_an_accepted_push_settles_what_was_owed(two_phones):
    two_phones.drain()
    assert sorted(two_phones.pushed()) == [A, B]
    assert two_phones.delivery(A).sent_at == two_phones.services.now()


def test_a_push_says_nothing_but_the_pass_type(two_phones):
    two_phones.drain()
    push = two_phones.apns.pushes[0]
    assert (push.topic, push.body) == ("pass.test.leima.card", b"{}")


@pytest.mark.parametrize("reason", ["BadDeviceToken", "DeviceTokenNotForTopic"])
def test_a_bad_token_is_forgotten_and_others_are_told(two_phones, reason):
    two_phones.apns.faults = fault(400, reason, token=A)
    two_phones.drain()
    assert tokens(two_phones) == [B]
    assert two_phones.pushed() == [B]


def test_an_unregistered_token_is_forgotten(two_phones, clock):
    two_phones.apns.tokens.retire(A, at=clock() + timedelta(hours=1))
    two_phones.drain()
    assert tokens(two_phones) == [B]
    with two_phones.services.database.reading() as session:
        assert len(session.exec(select(Registration)).all()) == 1


def test_a_phone_that_registered_after_its_token_died_is_kept(two_phones, clock):
    two_phones.apns.tokens.retire(A, at=clock() - timedelta(hours=1))
    two_phones.run_until(lambda: is_put_off(two_phones, A))
    assert tokens(two_phones) == [A, B]


def test_a_token_that_stays_dead_is_forgotten_though_it_died_before_it_was_registered(
    two_phones, clock
):
    """Our clock was ahead when the phone registered."""
    two_phones.apns.tokens.retire(A, at=clock() - timedelta(hours=1))
    for tries in range(1, 7):
        two_phones.run_until(lambda tries=tries: two_phones.delivery(A).attempts == tries)
        clock.move(seconds=1000)
    two_phones.drain()
    assert (tokens(two_phones), two_phones.pushed()) == ([B], [B])


def test_a_phone_that_had_too_many_waits_alone(two_phones):
    two_phones.apns.faults = fault(429, "TooManyRequests", token=A)
    two_phones.run_until(lambda: is_put_off(two_phones, A))
    two_phones.run_until(lambda: two_phones.pushed() == [B])
    assert 60 <= wait_of(two_phones, A) <= 75


def test_a_wait_that_the_service_asks_for_is_kept(two_phones):
    two_phones.apns.faults = fault(429, "TooManyRequests", token=A, retry_after_seconds=300)
    two_phones.run_until(lambda: is_put_off(two_phones, A))
    assert 300 <= wait_of(two_phones, A) <= 375


def test_a_phone_that_waited_is_told_in_the_end(two_phones, clock):
    two_phones.apns.faults = fault(429, "TooManyRequests", token=A)
    two_phones.run_until(lambda: is_put_off(two_phones, A))
    clock.move(seconds=80)
    two_phones.drain()
    assert two_phones.pushed() == [B, A]
    assert two_phones.delivery(A).attempts == 0


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_the_service_is_tried_again_after_the_time_it_asks_for(two_phones, status):
    two_phones.apns.faults = fault(status, "ServiceUnavailable", token=A)
    two_phones.run_until(lambda: is_put_off(two_phones, A))
    assert RETRY_SECONDS <= wait_of(two_phones, A) <= RETRY_SECONDS * 1.25


def test_waits_grow_and_stay_bounded(two_phones, clock):
    two_phones.apns.faults = fault(503, "ServiceUnavailable", token=A, count=None)
    waits = []
    for attempts in range(1, 6):
        two_phones.run_until(lambda: two_phones.delivery(A).attempts == attempts)  # noqa: B023
        waits.append(wait_of(two_phones, A))
        clock.move(seconds=waits[-1] + 1)
    factors = [1, 2, 4, 4, 4]
    for wait, factor in zip(waits, factors, strict=True):
        assert RETRY_SECONDS * factor <= wait <= RETRY_SECONDS * factor * 1.25


def test_waits_differ_from_phone_to_phone(two_phones):
    two_phones.apns.faults = fault(503, "ServiceUnavailable", count=None)
    two_phones.run_until(lambda: all(is_put_off(two_phones, token) for token in (A, B)))
    assert wait_of(two_phones, A) != wait_of(two_phones, B)


def test_a_refusal_that_nothing_helps_is_given_up_once(two_phones, ledger, clock, caplog):
    two_phones.apns.faults = fault(413, "PayloadTooLarge", token=A)
    two_phones.drain()
    assert two_phones.delivery(A).error
    assert tokens(two_phones) == [A, B]
    clock.move(seconds=10)
    ledger.stamp()
    two_phones.drain()
    assert A in two_phones.pushed()


@pytest.mark.parametrize(
    ("status", "reason"), [(403, "BadCertificate"), (400, "TopicDisallowed"), (404, "BadPath")]
)
def test_a_fault_of_ours_stops_pushing_and_forgets_nobody(
    two_phones, clock, caplog, status, reason
):
    two_phones.apns.faults = fault(status, reason, count=None)
    two_phones.run_until(lambda: "apple_push.halted" in caplog.text)
    two_phones.run_until(lambda: is_released(two_phones))
    asked = sum(two_phones.apns.answers.values())
    clock.move(seconds=RETRY_SECONDS - 1)
    for _ in range(5):
        two_phones.worker.step()
    assert sum(two_phones.apns.answers.values()) == asked
    assert tokens(two_phones) == [A, B]
    assert deliveries.owed(two_phones.services.database) == 2


def is_released(desk):
    return all(desk.delivery(token).claimed_at is None for token in (A, B))


def test_pushing_goes_on_after_a_stop_with_one_try_at_first(two_phones, clock, caplog):
    two_phones.apns.faults = fault(403, "BadCertificate", count=None)
    two_phones.run_until(lambda: "apple_push.halted" in caplog.text and is_released(two_phones))
    asked = sum(two_phones.apns.answers.values())
    clock.move(seconds=RETRY_SECONDS * 1.25)
    two_phones.run_until(lambda: caplog.text.count("apple_push.halted") > 1)
    assert sum(two_phones.apns.answers.values()) == asked + 1
    two_phones.apns.faults = Faults()
    clock.move(seconds=RETRY_SECONDS * 1.25)
    two_phones.drain()
    assert sorted(two_phones.pushed()) == [A, B]


def test_when_tokens_that_used_to_work_are_refused_all_are_kept(desk, ledger, caplog, clock):
    for number in range(120):
        desk.phone(ledger.card, f"{number:064x}")
    ledger.stamp()
    desk.drain()
    clock.move(minutes=1)
    ledger.stamp()
    desk.apns.faults = fault(400, "DeviceTokenNotForTopic", count=None)
    desk.run_until(lambda: "apple_push.halted" in caplog.text)
    assert len(tokens(desk)) == 120


def test_junk_registered_by_one_holder_does_not_stop_the_others(desk, ledger):
    other = str(ledger.enrol("Eeva")["id"])
    junk = [desk.phone(ledger.card, f"{number:064x}") for number in range(130)]
    bad = {"status": 400, "reason": "BadDeviceToken", "count": None}
    desk.apns.faults = Faults(answers=[AnswerFault(token=token, **bad) for token in junk])
    good = desk.phone(other, A)
    ledger.stamp()
    ledger.stamp(card=other)
    desk.run_until(lambda: tokens(desk) == [good])
    assert desk.pushed() == [good]


def test_without_a_connection_nothing_is_lost_and_the_order_stays(desk, ledger, clock, apns):
    cards = [ledger.card, *(ledger.enrol(f"Eeva {n}")["id"] for n in range(5))]
    expected = [desk.phone(card, f"{n:064x}") for n, card in enumerate(cards)]
    good_url = desk.services.settings.apns_url
    desk.restart(apns_url="https://127.0.0.1:1")
    for card in cards:
        ledger.stamp(card=card)
        clock.move(seconds=0.1)
    for _ in range(3):
        desk.run_until(lambda: desk.delivery(expected[0]).claimed_at is None)
        clock.move(seconds=5)
    desk.restart(apns_url=good_url)
    desk.drain()
    assert desk.pushed() == expected


def test_one_that_ends_every_connection_lets_the_others_pass(desk, ledger, clock):
    """Its connection is cut whenever it comes first; after a few tries the others go ahead."""
    other = ledger.enrol("Eeva")["id"]
    for card, token in ((ledger.card, A), (other, B)):
        desk.phone(card, token)
        ledger.stamp(card=card)
        clock.move(seconds=1)
    desk.apns.faults = Faults(cut_every=1)

    def is_let_past():
        clock.move(seconds=0.5)
        return desk.delivery(A).due_at > desk.delivery(B).due_at

    desk.run_until(is_let_past)
    assert desk.delivery(A).attempts > 3


def test_a_token_replaced_in_flight_is_pushed_to_as_well(desk, ledger):
    desk.phone(ledger.card, A)
    ledger.stamp()
    desk.apns.faults = Faults(delay_seconds=0.3)
    desk.worker.step()
    with desk.services.database.transaction() as session:
        device = session.exec(select(Device)).one()
        device.push_token = B
        session.add(device)
    desk.apns.tokens.add(B)
    desk.drain()
    assert desk.pushed() == [A, B]


def test_a_change_in_flight_is_pushed_after_the_join_time(desk, ledger, clock):
    desk.phone(ledger.card, A)
    ledger.stamp()
    desk.apns.faults = Faults(delay_seconds=0.2)
    desk.worker.step()
    ledger.stamp()
    desk.run_until(lambda: desk.delivery(A).sent_at is not None)
    assert wait_of(desk, A) == 2
    clock.move(seconds=2)
    desk.drain()
    assert desk.pushed() == [A, A]


def test_what_is_claimed_is_given_back_when_the_worker_ends(two_phones):
    two_phones.apns.faults = Faults(delay_seconds=30)
    two_phones.worker.step()
    assert not is_released(two_phones)
    two_phones.worker.stop()
    assert is_released(two_phones)


def test_another_pass_type_is_left_to_its_own_certificate(two_phones, clock):
    with two_phones.services.database.transaction() as session:
        session.add(PassType(identifier="pass.b", team_identifier="T", created_at=clock()))
        session.flush()
        for device in session.exec(select(Device)).all():
            device.pass_type_identifier = "pass.b"
            session.add(device)
    two_phones.worker.step()
    assert deliveries.owed(two_phones.services.database) == 2
    assert is_released(two_phones)


def test_apple_itself_is_never_asked_with_a_throwaway_certificate(services, clock, caplog):
    identity = load(services.settings, at=clock())
    for url in (None, "https://api.push.apple.com", "https://api.push.apple.com:2197"):
        changed = replace(services, settings=replace(services.settings, apns_url=url))
        assert open_push(changed, identity) is None
    assert caplog.text.count("apple_push.off") == 3


def test_a_push_service_without_https_is_a_wrong_setting(services, identity):
    changed = replace(services, settings=replace(services.settings, apns_url="http://127.0.0.1"))
    with pytest.raises(SettingsError, match="LEIMA_APNS_URL"):
        open_push(changed, identity)


def test_logs_hold_no_token(two_phones, caplog):
    caplog.set_level(logging.DEBUG, logger="server")
    two_phones.apns.faults = fault(429, "TooManyRequests", token=A)
    two_phones.run_until(lambda: is_put_off(two_phones, A) and bool(two_phones.pushed()))
    assert "apple_push" in caplog.text
    assert A not in caplog.text
    assert B not in caplog.text


def test_a_dead_token_of_a_forgotten_device_is_no_surprise(two_phones, clock):
    two_phones.apns.faults = Faults(
        delay_seconds=0.2, answers=[AnswerFault(status=410, reason="Unregistered", count=None)]
    )
    two_phones.worker.step()
    with two_phones.services.database.transaction() as session:
        for device in session.exec(select(Device)).all():
            session.delete(device)
    two_phones.run_until(lambda: sum(two_phones.apns.answers.values()) == 2)
    two_phones.worker.step()
    assert tokens(two_phones) == []


def test_a_phone_whose_push_was_reset_is_told_soon_and_others_do_not_wait(two_phones, clock):
    two_phones.drain()
    clock.move(seconds=60)
    with two_phones.services.database.transaction() as session:
        for row in session.exec(select(Delivery)).all():
            row.due_at = clock()
            session.add(row)
    two_phones.apns.faults = Faults(reset_every=2, reset_code="internal")
    two_phones.run_until(lambda: deliveries.owed(two_phones.services.database) == 1)
    (waiting,) = [token for token in (A, B) if two_phones.delivery(token).due_at]
    two_phones.run_until(lambda: is_put_off(two_phones, waiting))
    assert 1 <= wait_of(two_phones, waiting) <= 1.25


def test_a_holder_who_swaps_good_tokens_for_junk_does_not_stop_the_others(
    desk, ledger, clock, caplog
):
    """All these devices were reached with a good token; only then do they claim other ones."""
    other = str(ledger.enrol("Eeva")["id"])
    for number in range(60):
        desk.phone(ledger.card, A, library=f"phone {number}")
    good = desk.phone(other, B)
    ledger.stamp()
    desk.drain()
    clock.move(minutes=1)
    for number in range(60):
        desk.phone(ledger.card, f"{number:064x}", library=f"phone {number}", is_real=False)
    ledger.stamp(), ledger.stamp(card=other)
    desk.run_until(lambda: tokens(desk) == [good])
    desk.drain()
    assert desk.pushed().count(good) == 1
    assert "apple_push.halted" not in caplog.text


def tries(desk):
    with desk.services.database.reading() as session:
        return [row.attempts for row in session.exec(select(Delivery)).all()]


def test_one_token_on_many_devices_counts_once(desk, ledger, caplog, clock):
    for number in range(60):
        desk.phone(ledger.card, A, library=f"phone {number}")
    ledger.stamp()
    desk.drain()
    clock.move(minutes=1)
    desk.apns.faults = fault(400, "BadDeviceToken", token=A, count=None)
    ledger.stamp()
    desk.run_until(lambda: tries(desk) == [1] * 60)
    clock.move(seconds=RETRY_SECONDS * 2)
    desk.run_until(lambda: tokens(desk) == [])
    assert "apple_push.halted" not in caplog.text


def test_after_an_hour_without_the_service_all_are_told_in_the_order_of_change(
    desk, ledger, clock, apns
):
    held = [ledger.card, *(ledger.enrol(f"Eeva {n}")["id"] for n in range(7))]
    expected = [desk.phone(card, f"{n:064x}") for n, card in enumerate(held)]
    good_url = desk.services.settings.apns_url
    desk.restart(apns_url="https://127.0.0.1:1")
    for minute in range(60):
        if minute % 8 == 0:
            ledger.stamp(card=held[minute // 8])
        clock.move(minutes=1)
        desk.run_until(lambda: not desk.worker._push._in_hand)
    assert deliveries.owed(desk.services.database) == 8
    desk.restart(apns_url=good_url)
    desk.drain()
    assert desk.pushed() == expected
