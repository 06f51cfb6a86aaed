"""Rewards run out by themselves, at the end of the day in the brand's own time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select, update

from server import events, holds
from server.errors import Conflict, SettingsError
from server.models import Card, Event, Lot, Pass, Programme

# Earned 22 November 2026 in Helsinki: good until the end of 22 November 2027.
GONE = datetime(2027, 11, 22, 22, 0, tzinfo=UTC)


def only(services, model):
    with services.database.reading() as session:
        return session.exec(select(model)).one()


@pytest.fixture
def rewarded(ledger):
    ledger.stamp(10)
    return ledger


def test_a_reward_is_good_on_its_last_second(rewarded, clock):
    clock.at = GONE - timedelta(seconds=1)
    assert rewarded.record("redeemed").json()["standing"]["reward"] == 0


def test_a_reward_is_gone_at_local_midnight_even_before_it_is_written_off(rewarded, clock):
    clock.at = GONE
    with pytest.raises(Conflict) as conflict:
        rewarded.record("redeemed")
    assert conflict.value.code == "no_reward"


def test_a_card_says_when_it_changes_by_itself(rewarded, services):
    assert only(services, Card).wake_at == GONE - timedelta(microseconds=1)


def test_nothing_is_written_off_before_its_time(rewarded, services, clock):
    clock.at = GONE - timedelta(seconds=1)
    assert events.expire_due(services) == 0


def test_what_has_run_out_is_written_off_once_and_shown(rewarded, services, clock):
    version = only(services, Pass).version
    clock.at = GONE
    assert [events.expire_due(services), events.expire_due(services)] == [1, 0]
    assert only(services, Pass).version == version + 1
    assert only(services, Card).wake_at is None


def test_a_write_off_is_an_event_of_the_clock(rewarded, services, clock):
    clock.at = GONE
    events.expire_due(services)
    with services.database.reading() as session:
        event = session.exec(select(Event).where(Event.source == "clock")).one()
    assert '"delta": -1' in event.answer


def test_a_write_off_cannot_be_reversed(rewarded, services, clock):
    clock.at = GONE
    events.expire_due(services)
    with services.database.reading() as session:
        event = session.exec(select(Event).where(Event.source == "clock")).one()
    with pytest.raises(Conflict) as conflict:
        rewarded.undo(event.id)
    assert conflict.value.code == "not_reversible"


@pytest.mark.parametrize("is_written_off", [True, False])
def test_a_stamp_whose_reward_ran_out_stays(ledger, services, clock, is_written_off):
    tenth = ledger.stamp(10)["id"]
    clock.at = GONE
    if is_written_off:
        events.expire_due(services)
    with pytest.raises(Conflict) as refused:
        ledger.undo(tenth)
    assert refused.value.code == "reward_expired"


def test_an_undo_makes_no_reward_better_than_it_was(ledger, services, clock):
    ledger.stamp(10)
    until = max(lot.expires_at for lot in rewards(services))
    clock.move(days=300)
    eleventh = ledger.stamp()["id"]
    ledger.undo(ledger.stamp()["id"])
    ledger.undo(eleventh)
    assert {lot.expires_at for lot in rewards(services)} == {until}


def test_a_reward_made_again_keeps_its_last_day(ledger, services, clock):
    first = ledger.stamp()["id"]
    ledger.stamp(10)
    until = max(lot.expires_at for lot in rewards(services))
    clock.move(days=300)
    assert ledger.undo(first).json()["standing"] == {"stamp": 0, "reward": 1}
    assert max(lot.expires_at for lot in rewards(services)) == until


def test_a_fault_of_one_programme_does_not_keep_others_from_running_out(
    ledger, other_ledger, services, clock
):
    other_ledger.enrol("Cecilia")
    for each in (ledger, other_ledger):
        each.stamp(10)
    with services.database.transaction() as session:
        programme = session.exec(select(Programme)).first()
        programme.design = "nowhere"
        session.add(programme)
    clock.at = GONE
    events.expire_due(services)
    assert sum(lot.remaining for lot in rewards(services)) == 1


def rewards(services):
    with services.database.reading() as session:
        return session.exec(select(Lot).where(Lot.unit == "reward")).all()


def test_a_reward_given_back_after_its_time_is_written_off_again(rewarded, services, clock):
    rewarded.stamp(10)
    redeemed = rewarded.record("redeemed").json()["id"]
    clock.at = GONE
    assert events.expire_due(services) == 1  # the other reward, good until the same moment
    rewarded.undo(redeemed)
    assert events.expire_due(services) == 1
    assert only(services, Card).wake_at is None


def test_a_reward_that_is_good_for_ever_stays(ledger_with, services, clock):
    ledger = ledger_with(reward_valid_months=None)
    ledger.stamp(10)
    clock.move(days=20_000)
    assert events.expire_due(services) == 0
    assert ledger.record("redeemed").json()["standing"]["reward"] == 0


def test_the_id_of_a_write_off_cannot_be_taken_beforehand(rewarded, services, clock):
    card = only(services, Card)
    rewarded.record("visited", id=f"expired:{card.id}:{card.wake_at.isoformat()}")
    clock.at = GONE
    assert events.expire_due(services) == 1


@pytest.mark.parametrize("at", [datetime(2019, 3, 1, tzinfo=UTC), None])
def test_a_reward_that_is_announced_can_be_used_however_long_ago_it_was_earned(
    ledger, services, at
):
    ledger.stamp(9)
    answer = ledger.stamp(at=at)
    assert (answer["notice"]["code"], answer["standing"]["reward"]) == ("reward_earned", 1)
    assert {lot.expires_at for lot in rewards(services)} == {GONE - timedelta(microseconds=1)}
    assert ledger.record("redeemed").json()["standing"]["reward"] == 0


def test_a_card_filled_long_ago_is_undone_and_filled_again(ledger, services):
    first = ledger.stamp()["id"]
    tenth = ledger.stamp(9, at=datetime(2019, 3, 1, tzinfo=UTC))["id"]
    assert ledger.undo(tenth).json()["standing"] == {"stamp": 9, "reward": 0}
    ledger.stamp(2, at=datetime(2019, 3, 1, tzinfo=UTC))
    assert ledger.undo(first).json()["standing"] == {"stamp": 0, "reward": 1}
    assert max(lot.expires_at for lot in rewards(services)) == GONE - timedelta(microseconds=1)


def test_cards_that_cannot_be_brought_up_to_date_do_not_hold_up_the_others(
    rewarded, other_ledger, services, clock, monkeypatch
):
    other_ledger.enrol()
    other_ledger.stamp(10)
    rewarded.enrol("Bo")
    take = holds.take

    def fail(work, brand_id, card_id):
        if brand_id == rewarded.house.brand_id:
            raise SettingsError("there is no design of this name")
        return take(work, brand_id, card_id)

    clock.at = GONE
    with services.database.transaction() as session:
        mine = update(Card).where(col(Card.brand_id) == rewarded.house.brand_id)
        session.exec(mine.values(wake_at=GONE - timedelta(days=1)))
    monkeypatch.setattr(holds, "take", fail)
    for _ in range(3):
        events.expire_due(services, limit=1)
    statement = select(Event.brand_id).where(Event.name == "expired")
    with services.database.reading() as session:
        assert session.exec(statement).all() == [other_ledger.house.brand_id]
    monkeypatch.undo()
    clock.move(minutes=11)
    assert events.expire_due(services) == 2
