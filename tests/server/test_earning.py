"""When stamps are earned, on a real card: what is counted before, late or taken back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.errors import Refused

HELSINKI = ZoneInfo("Europe/Helsinki")
CAFE = {
    "double_scan_seconds": 0,
    "minimum_purchase_cents": 200,
    "minimum_gap_seconds": 3600,
    "extra_stamps_by_tag": {"own_cup": 1},
}


@pytest.fixture
def daily(ledger_with):
    """A card that is stamped once a day, without a window for double scans."""
    return ledger_with(max_per_day=1, double_scan_seconds=0)


def helsinki(text):
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def earned(answer):
    return sum(line["delta"] for line in answer["posted"] if line["type"] == "earn")


def test_the_last_second_of_a_day_and_the_first_of_the_next_both_count(daily, clock):
    clock.at = helsinki("2026-11-22T23:59:59")
    daily.stamp(origin=daily.house.till)
    clock.at = helsinki("2026-11-23T00:00:01")
    assert daily.stamp(origin=daily.house.till)["standing"]["stamp"] == 2


def test_the_second_of_one_day_counts_nothing_and_says_when_again(daily, clock):
    clock.at = helsinki("2026-11-22T10:00:00")
    daily.stamp(origin=daily.house.till)
    clock.at = helsinki("2026-11-22T20:00:00")
    answer = daily.stamp(origin=daily.house.till)
    assert (answer["posted"], answer["standing"]["stamp"]) == ([], 1)
    assert (answer["notice"]["code"], answer["notice"]["level"]) == ("daily_limit", "amber")
    assert answer["notice"]["again_at"] == "2026-11-22T22:00:00+00:00"


def test_a_backend_and_a_till_share_the_day(daily):
    daily.stamp()
    assert daily.stamp(origin=daily.house.till)["notice"]["code"] == "daily_limit"
    assert daily.record("purchased").json()["notice"]["code"] == "daily_limit"


def test_an_undone_stamp_gives_its_day_back(daily):
    daily.undo(daily.stamp()["id"])
    assert daily.stamp()["standing"]["stamp"] == 1


def test_a_stamp_that_was_held_back_does_not_count(daily, clock):
    clock.at = helsinki("2026-11-22T10:00:00")
    daily.stamp(2)
    clock.at = helsinki("2026-11-23T10:00:00")
    assert daily.stamp()["standing"]["stamp"] == 2


def test_a_late_scan_counts_for_the_day_it_was_made(daily, clock):
    clock.at = helsinki("2026-11-23T09:00:00")
    daily.stamp(origin=daily.house.till)
    yesterday = [helsinki("2026-11-22T18:00:00"), helsinki("2026-11-22T19:00:00")]
    answers = [daily.stamp(origin=daily.house.till, at=at) for at in yesterday]
    assert [earned(answer) for answer in answers] == [1, 0]


def test_a_late_scan_keeps_the_gap_to_a_later_one(ledger_with, clock):
    ledger = ledger_with(minimum_gap_seconds=3600)
    ledger.stamp()
    answer = ledger.stamp(at=clock() - timedelta(minutes=59))
    assert answer["notice"]["code"] == "gap_too_short"
    assert earned(ledger.stamp(at=clock() - timedelta(minutes=60))) == 1


def test_late_scans_of_one_moment_are_one_also_after_a_newer_one(ledger, house, clock):
    ledger.stamp(origin=house.till)
    hour_ago = clock() - timedelta(hours=1)
    moments = (hour_ago, hour_ago + timedelta(seconds=4))
    answers = [ledger.stamp(origin=house.till, at=at) for at in moments]
    assert [earned(answer) for answer in answers] == [1, 0]


def test_another_members_stamp_holds_nobody_back(daily):
    daily.stamp()
    eeva = daily.enrol("Eeva")["id"]
    assert daily.stamp(card=eeva)["standing"]["stamp"] == 1


def test_a_redeemed_reward_is_no_stamp_of_the_day(ledger_with, clock):
    ledger = ledger_with(max_per_day=1, stamps_for_free_one=1, stamps_required=2)
    ledger.stamp()
    clock.move(days=1)
    ledger.stamp()
    clock.move(days=1)
    assert ledger.record("redeemed").json()["standing"]["stamp"] == 1
    assert ledger.stamp()["standing"] == {"stamp": 0, "reward": 1}


def test_a_cafe_with_a_minimum_a_gap_and_own_cups(ledger_with, clock):
    ledger = ledger_with(**CAFE)

    def buy(cents: int, *tags: str, **later: float) -> int:
        clock.move(**later)
        details = {"amount_cents": cents, "currency": "EUR", "tags": list(tags)}
        return earned(ledger.record("purchased", details=details).json())

    assert buy(199) == 0
    assert buy(200) == 1
    assert buy(200, minutes=59, seconds=59) == 0
    assert buy(200, seconds=1) == 1
    assert buy(150, "own_cup", hours=1) == 1
    assert buy(200, "own_cup", hours=1) == 2


def test_an_amount_in_another_currency_leaves_nothing_behind(ledger_with):
    ledger = ledger_with(**CAFE)
    crowns = {"amount_cents": 2000, "currency": "SEK"}
    with pytest.raises(Refused):
        ledger.record("purchased", id="receipt-1", details=crowns)
    euros = {"amount_cents": 200, "currency": "EUR"}
    assert not ledger.record("purchased", id="receipt-1", details=euros).is_replayed
