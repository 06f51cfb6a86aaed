"""Rewards run out by themselves, at the end of the day in the brand's own time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from server import events
from server.errors import Conflict
from server.models import Card, Event, Pass

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


def test_a_stamp_whose_reward_ran_out_can_be_undone(ledger, services, clock):
    tenth = ledger.stamp(10)["id"]
    clock.at = GONE
    events.expire_due(services)
    assert ledger.undo(tenth).json()["standing"] == {"stamp": 9, "reward": 0}


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
