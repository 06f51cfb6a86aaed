"""The stamp card alone: no database, no clock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from server.errors import Conflict, Refused
from server.face import PartFace
from server.programmes.base import Decision, Happening, Holding, Past, Posting, Standing
from server.programmes.stamp_card import REWARD, STAMP, StampCard, StampCardRules

KIND = StampCard()
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HELSINKI = ZoneInfo("Europe/Helsinki")
COFFEE = {"fi": "Ilmainen kahvi", "sv": "Gratis kaffe", "en": "Free coffee"}


def rules(**changes: object) -> StampCardRules:
    return StampCardRules.model_validate({"reward": COFFEE, **changes})


def standing(stamps: int = 0, rewards: int = 0, **at_till: datetime) -> Standing:
    held = [(STAMP, stamps), (REWARD, rewards)]
    past = tuple(Past(name, STAMP, at, is_at_till=True) for name, at in at_till.items())
    return Standing(tuple(Holding(*each) for each in held if each[1]), past)


def decide(card: Standing, name: str = "stamped", **details: Any) -> Decision:
    settings = details.pop("rules", rules())
    values: dict[str, Any] = {"name": name, "at": AT, "zone": HELSINKI, **details}
    return KIND.decide(card, Happening(**values), settings)


def face_of(card: Standing) -> PartFace:
    return KIND.face(card, rules(), HELSINKI, currency="EUR")


def deltas(decision: Decision) -> list[tuple[str, str, int]]:
    return [(posting.type, posting.unit, posting.delta) for posting in decision.postings]


@pytest.mark.parametrize("name", ["stamped", "purchased"])
def test_a_stamp_is_one_more(name):
    assert decide(standing(3), name).postings == (Posting("earn", STAMP, 1),)


def test_the_tenth_becomes_a_reward():
    assert deltas(decide(standing(9))) == [
        ("earn", STAMP, 1),
        ("convert", STAMP, -10),
        ("convert", REWARD, 1),
    ]


def test_what_is_over_stays():
    assert deltas(decide(standing(8), quantity=5))[1:] == [
        ("convert", STAMP, -10),
        ("convert", REWARD, 1),
    ]


def test_many_stamps_at_once_can_make_two_rewards():
    generous = rules(max_quantity=50)
    assert deltas(decide(standing(5), quantity=17, rules=generous))[2] == ("convert", REWARD, 2)


def test_more_than_allowed_at_once_is_refused():
    with pytest.raises(Refused) as refused:
        decide(standing(), quantity=6)
    assert refused.value.code == "quantity_too_large"


def test_as_many_as_allowed_at_once_are_given():
    assert deltas(decide(standing(), quantity=5)) == [("earn", STAMP, 5)]


def test_redeeming_takes_one_reward():
    assert deltas(decide(standing(4, 2), "redeemed")) == [("redeem", REWARD, -1)]


def test_redeeming_without_a_reward_is_a_conflict():
    with pytest.raises(Conflict) as conflict:
        decide(standing(9), "redeemed")
    assert conflict.value.code == "no_reward"


def test_redeeming_more_than_there_is_is_a_conflict():
    with pytest.raises(Conflict):
        decide(standing(0, 1), "redeemed", quantity=2)


def test_the_free_one_earns_nothing():
    assert len(decide(standing(0, 1), "redeemed").postings) == 1


def test_the_free_one_earns_a_stamp_where_the_brand_says_so():
    kind_brand = rules(stamps_for_free_one=1)
    assert deltas(decide(standing(2, 1), "redeemed", rules=kind_brand))[1] == ("earn", STAMP, 1)


def test_the_stamp_of_a_free_one_can_fill_the_card():
    kind_brand = rules(stamps_for_free_one=1)
    decision = decide(standing(9, 1), "redeemed", rules=kind_brand)
    assert deltas(decision)[-1] == ("convert", REWARD, 1)


def test_after_a_reversal_a_full_card_is_exchanged_again():
    assert deltas(decide(standing(11), "reversed")) == [
        ("convert", STAMP, -10),
        ("convert", REWARD, 1),
    ]


def test_after_a_reversal_a_card_that_is_not_full_is_left_alone():
    assert decide(standing(9), "reversed") == Decision()


def test_a_second_scan_at_a_till_within_the_window_gives_nothing():
    card = standing(1, stamped=AT - timedelta(seconds=4))
    decision = decide(card, is_at_till=True)
    assert decision.postings == ()
    assert decision.notice.level == "amber"
    assert decision.notice.text.fi == "Leimattu jo 4 s sitten"


def test_the_window_ends_on_the_second():
    card = standing(1, stamped=AT - timedelta(seconds=20))
    assert deltas(decide(card, is_at_till=True)) == [("earn", STAMP, 1)]


def test_the_window_is_off_when_it_is_nothing():
    card = standing(1, stamped=AT)
    assert decide(card, is_at_till=True, rules=rules(double_scan_seconds=0)).postings


def test_staff_may_stamp_again_deliberately():
    card = standing(1, stamped=AT)
    assert decide(card, is_at_till=True, is_deliberate=True).postings


def test_the_window_is_for_tills_only():
    assert decide(standing(1, stamped=AT)).postings


@pytest.mark.parametrize(
    ("earned", "months", "gone"),
    [
        pytest.param("2026-07-06T09:00", 12, "2027-07-07T00:00", id="the whole last day is good"),
        pytest.param("2026-08-31T09:00", 6, "2027-03-01T00:00", id="a shorter month ends earlier"),
        pytest.param("2027-08-31T09:00", 6, "2028-03-01T00:00", id="a leap year has one day more"),
        pytest.param("2026-10-25T23:30", 1, "2026-11-26T00:00", id="earned late in local time"),
        pytest.param("2026-09-25T12:00", 1, "2026-10-26T00:00", id="the last day has 25 hours"),
        pytest.param("2026-02-28T12:00", 1, "2026-03-29T00:00", id="the day before has 23 hours"),
    ],
)
def test_a_reward_is_good_until_the_end_of_the_local_day(earned, months, gone):
    at = datetime.fromisoformat(earned).replace(tzinfo=HELSINKI).astimezone(UTC)
    decision = decide(standing(9), at=at, rules=rules(reward_valid_months=months))
    midnight = datetime.fromisoformat(gone).replace(tzinfo=HELSINKI)
    assert decision.postings[-1].expires_at == midnight - timedelta(microseconds=1)


def test_where_clocks_go_back_at_midnight_the_day_ends_with_its_second_last_hour():
    beirut = ZoneInfo("Asia/Beirut")  # 24 October 2026 has 23:00 to 24:00 twice
    at = datetime(2026, 9, 24, 12, tzinfo=beirut).astimezone(UTC)
    decision = decide(standing(9), at=at, zone=beirut, rules=rules(reward_valid_months=1))
    midnight = datetime(2026, 10, 25, tzinfo=beirut).astimezone(UTC)
    assert decision.postings[-1].expires_at == midnight - timedelta(microseconds=1)


def test_a_reward_can_be_good_for_ever():
    decision = decide(standing(9), rules=rules(reward_valid_months=None))
    assert decision.postings[-1].expires_at is None


def test_the_face_shows_how_far_the_holder_is():
    face = face_of(standing(7))
    assert face.headline.value.fi == "7 / 10"
    assert (face.progress.have, face.progress.need) == (7, 10)
    assert face.lines[0].label.fi == "VIELÄ 3 LEIMAA"


def test_one_missing_stamp_is_singular():
    assert face_of(standing(9)).lines[0].label.sv == "1 STÄMPEL KVAR"


def test_the_face_says_until_when_a_reward_is_good():
    until = datetime(2027, 11, 22, 21, 59, tzinfo=UTC)
    face = face_of(Standing((Holding(REWARD, 1, until),)))
    assert face.corner.value.fi == "1"
    assert face.details[-1].value.fi == "22.11.2027"


def test_the_rule_is_told_in_the_words_of_its_numbers():
    assert "9 leimaa" in KIND.sentence(rules(stamps_required=9), currency="EUR").fi


@pytest.mark.parametrize(
    "wrong",
    [{"stamps_required": 1}, {"stamps_required": "10"}, {"max_quantity": 0}, {"reward": {}}],
)
def test_rules_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        rules(**wrong)


@pytest.mark.parametrize(
    ("recorded", "day"),
    [(timedelta(days=800), "2030-01-30"), (-timedelta(minutes=4), "2027-11-22")],
)
def test_a_reward_is_good_from_when_it_was_heard_of(recorded, day):
    reward = decide(standing(9), recorded_at=AT + recorded).postings[-1]
    assert reward.expires_at.astimezone(HELSINKI).date().isoformat() == day


@pytest.mark.parametrize(
    "wrong", ["", " ", "x" * 81, "Kah\nvi", "Kahvi \u202eivhak", "\u200b", "\ud83d"], ids=ascii
)
def test_a_reward_that_nobody_could_read_is_refused(wrong):
    with pytest.raises(ValidationError, match="1 to 80 characters"):
        rules(reward={**COFFEE, "sv": wrong})


@pytest.mark.parametrize("written", ["x" * 80, "  Fazer-pulla ", "Kahvi 2,50\u00a0€", "☕\ufe0f"])
def test_a_reward_is_kept_as_the_brand_wrote_it(written):
    settings = rules(reward={**COFFEE, "fi": written})
    assert settings.reward.fi == written.strip()
    sentence = KIND.sentence(settings, currency="EUR")
    assert sentence.fi == f"Kerää 10 leimaa, niin saat palkinnon: {written.strip()}."
