"""When stamps are earned: a day's number, the gap between two, the purchase, the extra."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.errors import Refused
from server.programmes.base import Decision, Happening, Past, Standing
from server.programmes.stamp_card import STAMP, StampCard, StampCardRules

KIND = StampCard()
HELSINKI = ZoneInfo("Europe/Helsinki")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=HELSINKI).astimezone(UTC)
COFFEE = {"fi": "Ilmainen kahvi", "sv": "Gratis kaffe", "en": "Free coffee"}
CAFE = {
    "minimum_purchase_cents": 200,
    "minimum_gap_seconds": 3600,
    "extra_stamps_by_tag": {"own_cup": 1},
}


def rules(**changes: object) -> StampCardRules:
    return StampCardRules.model_validate({"reward": COFFEE, **changes})


def decide(*before: datetime, of: dict[str, Any], **details: Any) -> Decision:
    """What an event at noon is worth after stamps at these moments, under the rules `of`."""
    past = tuple(Past("stamped", STAMP, moment) for moment in before)
    values: dict[str, Any] = {"name": "stamped", "at": NOON, "zone": HELSINKI, **details}
    return KIND.decide(Standing(past=past), Happening(**values), rules(**of))


def stamps(decision: Decision) -> int:
    return sum(posting.delta for posting in decision.postings if posting.unit == STAMP)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI).astimezone(UTC)


def test_by_default_nothing_is_held_back():
    decision = decide(*[NOON] * 9, of={}, name="purchased", quantity=5, currency="SEK")
    assert stamps(decision) == 5


def test_a_day_that_is_full_gives_nothing_and_says_when_again():
    decision = decide(NOON - timedelta(hours=2), of={"max_per_day": 1})
    assert (decision.postings, decision.notice.code) == ((), "daily_limit")
    assert decision.notice.level == "amber"
    assert decision.notice.again_at == local("2026-11-23T00:00")
    assert decision.notice.text.as_dict() == {
        "fi": "Päivän enimmäismäärä on täynnä. Seuraavan kerran 23.11.",
        "sv": "Dagens gräns är nådd. Nästa gång 23.11.",
        "en": "That is all for this day. Next time 23 Nov",
    }


@pytest.mark.parametrize("is_at_till", [True, False], ids=["till", "backend"])
def test_a_full_day_is_full_for_everybody(is_at_till):
    decision = decide(NOON, of={"max_per_day": 1}, is_at_till=is_at_till, is_deliberate=True)
    assert decision.notice.code == "daily_limit"


def test_the_last_second_of_a_day_and_the_first_of_the_next_are_two_days():
    last, first = local("2026-11-22T23:59:59"), local("2026-11-23T00:00:01")
    assert stamps(decide(last, at=first, of={"max_per_day": 1})) == 1
    assert stamps(decide(first, at=last, of={"max_per_day": 1})) == 1


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/New_York", "2026-11-22"), ("Pacific/Kiritimati", "2026-11-23")],
)
def test_the_day_is_that_of_the_brands_zone(zone, day):
    there = ZoneInfo(zone)
    decision = decide(NOON, of={"max_per_day": 1}, zone=there)
    midnight = datetime.fromisoformat(day).replace(tzinfo=there) + timedelta(days=1)
    assert decision.notice.again_at == midnight


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)], ids=["autumn", "spring"]
)
def test_a_day_of_another_length_is_one_day(day, hours):
    first, last = local(f"{day}T00:00:01"), local(f"{day}T23:59:59")
    assert last - first == timedelta(hours=hours, seconds=-2)
    assert decide(first, at=last, of={"max_per_day": 1}).notice.code == "daily_limit"


def test_each_time_may_be_several():
    first = decide(of={"max_per_day": 2}, quantity=3)
    assert stamps(first) == 3
    assert stamps(decide(NOON, of={"max_per_day": 2}, quantity=3)) == 3


@pytest.mark.parametrize(("seconds", "earned"), [(3599, 0), (3600, 1), (-3599, 0), (-3600, 1)])
def test_two_stamps_lie_a_gap_apart_whichever_was_heard_of_first(seconds, earned):
    decision = decide(NOON - timedelta(seconds=seconds), of={"minimum_gap_seconds": 3600})
    assert stamps(decision) == earned


def test_within_the_gap_the_till_is_told_when_again():
    notice = decide(NOON - timedelta(minutes=20), of={"minimum_gap_seconds": 3600}).notice
    assert (notice.code, notice.level) == ("gap_too_short", "amber")
    assert notice.again_at == local("2026-11-22T12:40")
    assert notice.text.fi == "Edellisestä on liian vähän aikaa. Seuraavan kerran klo 12.40"
    assert notice.text.sv == "För kort tid sedan senast. Nästa gång kl. 12:40"
    assert notice.text.en == "Too soon after the last one. Next time at 12:40"


def test_a_gap_that_ends_on_another_day_is_told_with_its_date():
    notice = decide(NOON, of={"minimum_gap_seconds": 86_400}).notice
    assert notice.text.fi.endswith("Seuraavan kerran 23.11. klo 12.00")


def test_of_two_reasons_the_one_that_lasts_longer_is_told():
    both = {"minimum_gap_seconds": 3600, "max_per_day": 1}
    assert decide(NOON, of=both).notice.code == "daily_limit"
    late, later = local("2026-11-22T23:30"), local("2026-11-22T23:45")
    notice = decide(late, at=later, of=both).notice
    assert (notice.code, notice.again_at) == ("gap_too_short", local("2026-11-23T00:30"))


def test_what_earned_something_else_holds_nothing_back():
    others = (Past("redeemed", STAMP, NOON), Past("purchased", "point", NOON))
    happening = Happening(name="stamped", at=NOON, zone=HELSINKI)
    decision = KIND.decide(Standing(past=others), happening, rules(max_per_day=1))
    assert stamps(decision) == 1


@pytest.mark.parametrize(
    ("cents", "tags", "earned"),
    [(199, (), 0), (200, (), 1), (150, ("own_cup",), 1), (200, ("own_cup",), 2), (0, ("tea",), 0)],
)
def test_a_purchase_counts_from_the_minimum_and_an_own_cup_always(cents, tags, earned):
    decision = decide(of=CAFE, name="purchased", amount_cents=cents, tags=frozenset(tags))
    assert stamps(decision) == earned


def test_a_purchase_below_the_minimum_is_told():
    notice = decide(of=CAFE, name="purchased", amount_cents=199).notice
    assert (notice.code, notice.level) == ("below_minimum", "amber")
    assert notice.text.fi == "Ostos on alle 2,00\u00a0€."


def test_an_own_cup_waits_for_the_gap_like_the_rest():
    own_cup = frozenset({"own_cup"})
    decision = decide(NOON, of=CAFE, name="purchased", amount_cents=200, tags=own_cup)
    assert decision.notice.code == "gap_too_short"


def test_several_extras_add_up():
    extras = {"extra_stamps_by_tag": {"own_cup": 1, "rain": 2}}
    assert stamps(decide(of=extras, tags=frozenset({"own_cup", "rain", "x"}))) == 4


def test_an_extra_can_fill_the_card():
    decision = decide(of={**CAFE, "stamps_required": 2}, tags=frozenset({"own_cup"}))
    assert decision.notice.code == "reward_earned"


def test_staff_who_stamp_by_hand_judge_the_purchase_themselves():
    assert stamps(decide(of=CAFE)) == 1


def test_a_stamp_that_comes_with_an_amount_is_judged_by_it():
    assert stamps(decide(of=CAFE, amount_cents=199)) == 0


def test_a_purchase_without_an_amount_cannot_be_judged():
    with pytest.raises(Refused) as refused:
        decide(of=CAFE, name="purchased")
    assert refused.value.code == "amount_missing"


def test_an_amount_in_another_currency_is_refused_by_name():
    with pytest.raises(Refused) as refused:
        decide(of=CAFE, name="purchased", amount_cents=2000, currency="SEK")
    assert refused.value.code == "currency_mismatch"
    assert "in EUR, the amount in SEK" in refused.value.detail
    assert refused.value.text.sv == "Beloppet ska vara i EUR."


def test_an_amount_in_the_brands_currency_is_taken():
    own = {"currency": "SEK", "brand_currency": "SEK", "amount_cents": 2000}
    assert stamps(decide(of=CAFE, name="purchased", **own)) == 1


def test_the_rule_tells_its_minimum_purchase():
    sentence = KIND.sentence(rules(minimum_purchase_cents=250), currency="EUR")
    assert sentence.fi.endswith("Leiman saa, kun ostos on vähintään 2,50\u00a0€.")
    assert sentence.sv.endswith("Du får en stämpel för köp på minst 2,50\u00a0€.")
    assert sentence.en.endswith("A stamp is given for a purchase of at least €2.50.")


def test_the_card_tells_it_too():
    face = KIND.face(Standing(), rules(minimum_purchase_cents=2000), HELSINKI, currency="SEK")
    assert "20,00\u00a0kr" in face.details[0].value.sv


def test_the_rule_tells_how_often_and_what_earns_more():
    limits = {"max_per_day": 3, "minimum_gap_seconds": 5400}
    extras = {"extra_stamps_by_tag": {"own_cup": 1, "before_9": 2}}
    sentence = KIND.sentence(rules(**limits, **extras), currency="EUR")
    assert sentence.as_dict() == {
        "fi": "Kerää 10 leimaa, niin saat palkinnon: Ilmainen kahvi. Lisäleimoja: oma kuppi +1, "
        "before 9 +2. Leimoja saa enintään 3 kertaa päivässä. "
        "Leimausten väli on vähintään 90\u00a0minuuttia.",
        "sv": "Samla 10 stämplar så får du en belöning: Gratis kaffe. Extra stämplar: "
        "egen mugg +1, before 9 +2. Stämplar ges högst 3 gånger per dag. "
        "Mellan två stämplingar går det minst 90\u00a0minuter.",
        "en": "Collect 10 stamps and get a reward: Free coffee. Extra stamps: own cup +1, "
        "before 9 +2. Stamps are given at most 3 times a day. "
        "Two stamps are at least 90\u00a0minutes apart.",
    }


def test_once_a_day_is_said_so():
    sentence = KIND.sentence(rules(max_per_day=1), currency="EUR")
    assert sentence.fi.endswith(" Leimoja saa kerran päivässä.")
    assert sentence.sv.endswith(" Stämplar ges en gång per dag.")
    assert sentence.en.endswith(" Stamps are given once a day.")


def test_without_conditions_none_is_told():
    sentence = KIND.sentence(rules(), currency="EUR")
    assert sentence.en == "Collect 10 stamps and get a reward: Free coffee."


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_per_day": 0},
        {"minimum_gap_seconds": -1},
        {"minimum_gap_seconds": 86_401},
        {"minimum_purchase_cents": 0},
        {"minimum_purchase_cents": 2.0},
        {"extra_stamps_by_tag": {"own_cup": 0}},
        {"extra_stamps_by_tag": {"": 1}},
        {"extra_stamps_by_tag": {"own_cup ": 1}},
        {"extra_stamps_by_tag": {" ": 1}},
        {"extra_stamps_by_tag": {"own\ncup": 1}},
        {"extra_stamps_by_tag": {"x" * 65: 1}},
    ],
    ids=str,
)
def test_conditions_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        rules(**wrong)
