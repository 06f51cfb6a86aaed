"""Taking back: what a mistake cost is given back, exactly and once."""

from datetime import timedelta

import pytest
from sqlmodel import select

from server.errors import Conflict, NotFound, Refused
from server.models import LedgerEntry, Lot
from server.programmes.stamp_card import REWARD


def lots(services, unit=REWARD):
    with services.database.reading() as session:
        found = session.exec(select(Lot).where(Lot.unit == unit)).all()
        return sorted((lot.earned_at, lot.remaining) for lot in found)


def test_undoing_a_stamp_takes_it_back(ledger):
    ledger.stamp(2)
    answer = ledger.undo(ledger.stamp()["id"]).json()
    assert answer["posted"] == [{"type": "reverse", "unit": "stamp", "delta": -1}]
    assert answer["standing"]["stamp"] == 2


def test_undoing_the_tenth_unmakes_the_reward(ledger):
    answer = ledger.undo(ledger.stamp(10)["id"]).json()
    assert answer["standing"] == {"stamp": 9, "reward": 0}
    assert answer["shows"]["headline"]["value"] == "9 / 10"


def test_after_undoing_the_tenth_the_next_is_the_tenth_again(ledger):
    ledger.undo(ledger.stamp(10)["id"])
    assert ledger.stamp()["standing"] == {"stamp": 0, "reward": 1}


def test_undoing_twice_is_a_conflict(ledger):
    event = ledger.stamp(10)["id"]
    ledger.undo(event)
    with pytest.raises(Conflict) as conflict:
        ledger.undo(event)
    assert conflict.value.code == "already_reversed"


def test_undoing_again_under_the_same_id_is_the_same_answer(ledger):
    event = ledger.stamp()["id"]
    first = ledger.undo(event, reversal_id="undo-1")
    second = ledger.undo(event, reversal_id="undo-1")
    assert (second.text, second.is_replayed) == (first.text, True)


def test_the_id_of_a_stamp_is_not_an_id_for_its_reversal(ledger):
    event = ledger.stamp()["id"]
    with pytest.raises(Refused) as refused:
        ledger.undo(event, reversal_id=event)
    assert refused.value.code == "idempotency_mismatch"


def test_a_reversal_is_not_reversed(ledger):
    undone = ledger.undo(ledger.stamp()["id"]).json()
    with pytest.raises(Conflict) as conflict:
        ledger.undo(undone["id"])
    assert conflict.value.code == "not_reversible"


def test_an_unknown_event_is_not_found(ledger):
    with pytest.raises(NotFound):
        ledger.undo("never happened")


def test_another_brands_event_is_as_unknown_as_none(ledger, other_ledger):
    event = ledger.stamp()["id"]
    with pytest.raises(NotFound) as foreign:
        other_ledger.undo(event)
    assert foreign.value.code == "event_unknown"
    assert ledger.stamp()["standing"]["stamp"] == 2


def test_an_event_that_posted_nothing_has_nothing_to_undo(ledger):
    with pytest.raises(Conflict) as conflict:
        ledger.undo(ledger.record("visited").json()["id"])
    assert conflict.value.code == "nothing_to_reverse"


@pytest.mark.parametrize("which", [0, 4, 9], ids=["the first", "the fifth", "the tenth"])
def test_a_stamp_whose_reward_is_used_stays(ledger, which):
    stamps = [ledger.stamp()["id"] for _ in range(10)]
    ledger.record("redeemed")
    with pytest.raises(Conflict) as conflict:
        ledger.undo(stamps[which])
    assert conflict.value.code == "reward_used"


def test_after_undoing_the_redemption_the_stamp_can_be_undone(ledger):
    tenth = ledger.stamp(10)["id"]
    ledger.undo(ledger.record("redeemed").json()["id"])
    assert ledger.undo(tenth).json()["standing"] == {"stamp": 9, "reward": 0}


def test_an_earlier_stamp_can_be_undone_after_the_exchange(ledger):
    first = ledger.stamp()["id"]
    ledger.stamp(9)
    assert ledger.undo(first).json()["standing"] == {"stamp": 9, "reward": 0}


def test_an_earlier_stamp_undone_leaves_the_reward_when_enough_is_left(ledger):
    first = ledger.stamp()["id"]
    ledger.stamp(2, quantity=5)
    assert ledger.undo(first).json()["standing"] == {"stamp": 0, "reward": 1}


def test_all_stamps_undone_in_any_order_leave_nothing(ledger, services):
    stamps = [ledger.stamp()["id"] for _ in range(12)]
    for event in stamps[5:] + stamps[:5]:
        answer = ledger.undo(event).json()
    assert answer["standing"] == {"stamp": 0, "reward": 0}
    with services.database.reading() as session:
        assert sum(entry.delta for entry in session.exec(select(LedgerEntry)).all()) == 0


def test_a_quantity_partly_exchanged_is_taken_back_whole(ledger):
    ledger.stamp(8)
    answer = ledger.undo(ledger.stamp(quantity=3)["id"]).json()
    assert answer["standing"] == {"stamp": 8, "reward": 0}


def test_undoing_a_redemption_gives_the_reward_back_to_its_own_lot(ledger, services, clock):
    ledger.stamp(10)
    clock.move(days=30)
    ledger.stamp(10)
    assert [remaining for _, remaining in lots(services)] == [1, 1]
    redeemed = ledger.record("redeemed").json()["id"]
    assert [remaining for _, remaining in lots(services)] == [0, 1]
    ledger.undo(redeemed)
    assert [remaining for _, remaining in lots(services)] == [1, 1]


def test_the_reward_that_runs_out_first_is_used_first(ledger, services, clock):
    ledger.stamp(10)
    clock.move(days=30)
    # Synced late: earned before the other, but good for longer.
    ledger.stamp(10, at=clock() - timedelta(days=90))
    ledger.record("redeemed")
    assert [remaining for _, remaining in lots(services)] == [1, 0]


def test_a_refused_reversal_leaves_everything_as_it_was(ledger, services):
    tenth = ledger.stamp(10)["id"]
    ledger.record("redeemed")
    before = lots(services, "stamp"), lots(services)
    with pytest.raises(Conflict):
        ledger.undo(tenth)
    assert (lots(services, "stamp"), lots(services)) == before


def test_a_free_one_that_earned_a_stamp_gives_it_back_too(ledger_with):
    ledger = ledger_with(stamps_for_free_one=1)
    ledger.stamp(19)
    answer = ledger.undo(ledger.record("redeemed").json()["id"]).json()
    assert answer["standing"] == {"stamp": 9, "reward": 1}


def test_a_free_one_whose_stamp_made_a_used_reward_stays(ledger_with):
    ledger = ledger_with(stamps_for_free_one=1)
    ledger.stamp(19)
    first = ledger.record("redeemed").json()
    assert first["standing"] == {"stamp": 0, "reward": 1}
    ledger.record("redeemed")
    with pytest.raises(Conflict) as conflict:
        ledger.undo(first["id"])
    assert conflict.value.code == "reward_used"
