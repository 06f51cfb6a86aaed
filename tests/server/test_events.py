"""Recording: what an event is worth, and that it counts once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from server import events, members
from server.errors import Conflict, NotFound, Refused
from server.models import Event, LedgerEntry


def entries(services):
    with services.database.reading() as session:
        return session.exec(select(LedgerEntry)).all()


def test_a_stamp_says_what_was_posted_and_what_the_card_shows(ledger):
    answer = ledger.stamp()
    assert answer["posted"] == [{"type": "earn", "unit": "stamp", "delta": 1}]
    assert answer["standing"] == {"stamp": 1, "reward": 0}
    assert answer["shows"]["headline"]["value"] == "1 / 10"


def test_the_same_id_again_is_the_same_answer_and_one_entry(ledger, services):
    first = ledger.record("stamped", id="scan-1")
    ledger.stamp()
    second = ledger.record("stamped", id="scan-1")
    assert (first.is_replayed, second.is_replayed) == (False, True)
    assert second.text == first.text
    assert len(entries(services)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"name": "purchased"},
        {"quantity": 2},
        {"details": {"amount_cents": 350}},
        {"at": datetime(2026, 11, 22, 9, 0, tzinfo=UTC)},
        {"programme": "kahvipassi"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_id_for_something_else_is_refused(ledger, services, change):
    ledger.record("stamped", id="scan-1")
    with pytest.raises(Refused) as refused:
        ledger.record(**{"name": "stamped", **change}, id="scan-1")
    assert refused.value.code == "idempotency_mismatch"
    assert len(entries(services)) == 1


def test_the_same_id_from_another_place_is_refused(ledger, house):
    ledger.record("stamped", id="scan-1")
    elsewhere = events.Origin(brand_id=house.brand_id, source="api", location_id=house.location_id)
    with pytest.raises(Refused):
        ledger.record("stamped", id="scan-1", origin=elsewhere)


def test_the_same_moment_in_another_zone_is_the_same_event(ledger):
    ledger.record("stamped", id="scan-1", at=datetime(2026, 11, 22, 9, tzinfo=UTC))
    helsinki = datetime.fromisoformat("2026-11-22T11:00:00+02:00")
    assert ledger.record("stamped", id="scan-1", at=helsinki).is_replayed


def test_two_brands_may_use_the_same_id(ledger, other_ledger, services):
    other_ledger.enrol("Daniel")
    ledger.record("stamped", id="scan-1")
    assert not other_ledger.record("stamped", id="scan-1").is_replayed
    assert len(entries(services)) == 2


def test_another_brands_card_is_as_unknown_as_none(ledger, other_ledger):
    with pytest.raises(NotFound) as foreign:
        other_ledger.record("stamped", card=ledger.card)
    with pytest.raises(NotFound) as random:
        other_ledger.record("stamped", card="00000000-0000-4000-8000-000000000000")
    assert (foreign.value.code, foreign.value.detail) == (random.value.code, random.value.detail)


@pytest.mark.parametrize("code", ["", "x", "\x00", "🂡" * 20, "1234567890", "0" * 500])
def test_a_code_that_is_none_of_ours_is_unknown(ledger, code):
    with pytest.raises(NotFound):
        ledger.record("stamped", card=code)


def test_a_card_answers_to_its_member_number_and_to_its_barcode(ledger, services):
    number = ledger.enrol("Eeva")["member_number"]
    assert ledger.record("stamped", card=number).json()["standing"]["stamp"] == 1
    assert ledger.record("stamped", card=f" {number} ").json()["standing"]["stamp"] == 2


def test_a_card_of_another_programme_than_the_named_is_unknown(ledger):
    with pytest.raises(NotFound):
        ledger.record("stamped", programme="lounaspassi")


@pytest.mark.parametrize("name", ["enrolled", "reversed", "expired", "danced"])
def test_what_nobody_outside_may_report_is_refused(ledger, name):
    with pytest.raises(Refused) as refused:
        ledger.record(name)
    assert refused.value.code == "name_unknown"


@pytest.mark.parametrize("event_id", ["", "a b", "a\n", "x" * 129])
def test_an_id_that_cannot_be_one_is_refused(ledger, event_id):
    with pytest.raises(Refused) as refused:
        ledger.record("stamped", id=event_id)
    assert refused.value.code == "id_invalid"


@pytest.mark.parametrize("quantity", [0, -1, 10**30])
@pytest.mark.parametrize("name", ["stamped", "visited", "redeemed"])
def test_a_quantity_that_cannot_be_is_refused(ledger, name, quantity):
    with pytest.raises(Refused) as refused:
        ledger.record(name, quantity=quantity)
    assert refused.value.code == "quantity_invalid"


def test_a_quantity_is_one_entry(ledger, services):
    assert ledger.stamp(quantity=3)["standing"]["stamp"] == 3
    assert [entry.delta for entry in entries(services)] == [3]


def test_more_than_the_programme_gives_at_once_is_refused_and_leaves_nothing(ledger, services):
    with pytest.raises(Refused):
        ledger.stamp(quantity=6)
    assert entries(services) == []
    with services.database.reading() as session:
        assert [event.name for event in session.exec(select(Event)).all()] == ["enrolled"]


def test_an_event_that_no_part_answers_is_kept_and_worth_nothing(ledger):
    answer = ledger.record("visited").json()
    assert (answer["posted"], answer["notice"]) == ([], None)


def test_an_event_of_the_future_is_refused(ledger, clock):
    ledger.stamp(at=clock() + timedelta(minutes=5))
    with pytest.raises(Refused) as refused:
        ledger.stamp(at=clock() + timedelta(minutes=5, seconds=1))
    assert refused.value.code == "at_in_future"


def test_an_event_from_before_all_cards_is_refused(ledger):
    with pytest.raises(Refused) as refused:
        ledger.stamp(at=datetime(1, 1, 1, tzinfo=UTC))
    assert refused.value.code == "at_too_early"


def test_three_offline_scans_that_arrive_together_are_three(ledger, house, clock):
    moments = [clock() - timedelta(minutes=minutes) for minutes in (60, 40, 39)]
    answers = [ledger.stamp(origin=house.till, at=at) for at in moments]
    assert [answer["standing"]["stamp"] for answer in answers] == [1, 2, 3]
    assert answers[0]["at"] == moments[0].isoformat()


def test_a_second_scan_at_the_till_gives_nothing_and_says_so(ledger, house, clock):
    ledger.stamp(origin=house.till)
    clock.move(seconds=4)
    answer = ledger.stamp(origin=house.till)
    assert (answer["posted"], answer["notice"]["code"]) == ([], "too_soon")
    assert answer["notice"]["text"]["fi"] == "Leimattu jo 4 s sitten"


def test_staff_may_stamp_again_deliberately(ledger, house):
    ledger.stamp(origin=house.till)
    answer = ledger.stamp(origin=house.till, is_deliberate=True)
    assert answer["standing"]["stamp"] == 2


def test_a_refused_second_scan_does_not_prolong_the_window(ledger, house, clock):
    ledger.stamp(origin=house.till)
    for _ in range(2):
        clock.move(seconds=10)
        answer = ledger.stamp(origin=house.till)
    assert answer["standing"]["stamp"] == 2


def test_an_undone_stamp_opens_the_window_again(ledger, house):
    first = ledger.stamp(origin=house.till)
    ledger.undo(first["id"], origin=house.till)
    assert ledger.stamp(origin=house.till)["standing"]["stamp"] == 1


def test_a_backend_may_stamp_twice_in_a_second(ledger):
    assert ledger.stamp(2)["standing"]["stamp"] == 2


def test_the_tenth_stamp_is_a_reward_and_an_empty_card(ledger):
    answer = ledger.stamp(10)
    assert answer["standing"] == {"stamp": 0, "reward": 1}
    assert answer["notice"]["code"] == "reward_earned"


def test_where_every_tenth_is_free_nine_are_paid(ledger_with):
    ledger = ledger_with(stamps_required=9)
    assert ledger.stamp(9)["standing"] == {"stamp": 0, "reward": 1}
    assert ledger.record("redeemed").json()["standing"] == {"stamp": 0, "reward": 0}


def test_what_is_over_ten_is_carried(ledger):
    ledger.stamp(2, quantity=4)
    assert ledger.stamp(quantity=5)["standing"] == {"stamp": 3, "reward": 1}


def test_a_reward_is_redeemed_once(ledger):
    ledger.stamp(10)
    assert ledger.record("redeemed").json()["standing"] == {"stamp": 0, "reward": 0}
    with pytest.raises(Conflict) as conflict:
        ledger.record("redeemed")
    assert conflict.value.code == "no_reward"


def test_a_card_enrolled_twice_under_one_key_is_one_card(ledger, services, house):
    aino = members.Applicant(name="Aino", phone="041 2345678", is_verified=True)
    first, second = (
        events.enrol(services, house.api, house.programme, aino, event_id="join-1")
        for _ in range(2)
    )
    assert second.is_replayed
    assert second.text == first.text


def test_a_verified_member_who_has_a_card_is_told_which(ledger, services, house):
    aino = members.Applicant(name="Aino", phone="041 2345678", is_verified=True)
    first = events.enrol(services, house.api, house.programme, aino, event_id="join-1").json()
    with pytest.raises(Conflict) as conflict:
        events.enrol(services, house.api, house.programme, aino, event_id="join-2")
    assert conflict.value.code == "already_enrolled"
    assert conflict.value.fields == {"card": first["id"]}


def test_an_unknown_programme_is_not_found(services, house):
    with pytest.raises(NotFound):
        events.enrol(
            services, house.api, "nothing", members.Applicant(name="Aino"), event_id="join-1"
        )
