"""What every kind promises, whatever its mechanism."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ServiceError
from server.events import NAMES
from server.face import Line, Money, PartFace
from server.programmes import KINDS
from server.programmes.base import Decision, Happening, Holding, Kind, Standing

# The least that each kind's rules need.
RULES: dict[str, dict[str, Any]] = {
    "stamp_card": {"reward": {"fi": "Kahvi", "sv": "Kaffe", "en": "Coffee"}},
}
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Helsinki")

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def happening(name: str, quantity: int = 1) -> Happening:
    return Happening(name=name, at=AT, zone=ZONE, quantity=quantity)


def decide(kind: Kind[Any], standing: Standing, what: Happening) -> Decision:
    """The decision; a refusal posts nothing."""
    try:
        return kind.decide(standing, what, kind.rules.model_validate(RULES[kind.key]))
    except ServiceError:
        return Decision()


@every_kind
def test_its_rules_survive_the_database(kind):
    rules = kind.rules.model_validate(RULES[kind.key])
    assert kind.rules.model_validate(rules.model_dump(mode="json")) == rules


@every_kind
def test_an_unknown_rule_is_refused(kind):
    with pytest.raises(ValueError, match="speed"):
        kind.rules.model_validate({**RULES[kind.key], "speed": 3})


@every_kind
def test_its_key_is_the_name_it_is_listed_under(kind):
    assert KINDS[kind.key] is kind


@every_kind
def test_it_answers_only_events_that_exist(kind):
    assert kind.answers <= {*NAMES, "reversed"}


@every_kind
def test_it_says_its_rule_in_every_language(kind):
    sentence = kind.sentence(kind.rules.model_validate(RULES[kind.key]), currency="EUR")
    assert all(sentence.as_dict().values())


@every_kind
def test_an_empty_card_has_a_face(kind):
    rules = kind.rules.model_validate(RULES[kind.key])
    faces = [kind.face(Standing(), rules, ZONE, currency="EUR") for _ in range(2)]
    assert faces[0] == faces[1]


@every_kind
@given(data=st.data())
def test_each_line_of_its_face_has_a_key_of_its_own(kind, data):
    """A wallet knows a line by its key, and writes two of its own on the back."""
    rules = kind.rules.model_validate(RULES[kind.key])
    face = kind.face(data.draw(standings(kind)), rules, ZONE, currency="EUR")
    keys = [line.key for line in lines_of(face)]
    assert len(set(keys)) == len(keys)
    assert all(key.isidentifier() for key in keys)
    assert {"member_number", "contact"}.isdisjoint(keys)


@every_kind
@given(data=st.data())
def test_a_line_has_the_same_sort_of_amount_on_every_card(kind, data):
    """A wallet that keeps numbers cannot turn one into a word."""
    rules = kind.rules.model_validate(RULES[kind.key])
    faces = [
        kind.face(each, rules, ZONE, currency="EUR")
        for each in (Standing(), data.draw(standings(kind)))
    ]
    sorts = [{line.key: sort_of(line) for line in lines_of(face)} for face in faces]
    assert all(sorts[1][key] == sorts[0][key] for key in sorts[0].keys() & sorts[1].keys())
    assert [bool(face.headline) for face in faces] in ([True, True], [False, False])
    assert [bool(face.corner) for face in faces] in ([True, True], [False, False])


@every_kind
@given(data=st.data())
def test_what_there_is_to_earn_is_the_same_on_every_card(kind, data):
    rules = kind.rules.model_validate(RULES[kind.key])
    standing = data.draw(standings(kind))
    empty, held = (
        kind.face(each, rules, ZONE, currency="EUR").reward for each in (Standing(), standing)
    )
    assert (empty is None) == (held is None)
    if empty and held:
        assert (held.title, held.conditions) == (empty.title, empty.conditions)
        assert empty.count == 0


def lines_of(face: PartFace) -> list[Line]:
    lines = (face.headline, face.corner, *face.lines, *face.details)
    return [line for line in lines if line]


def sort_of(line: Line) -> object:
    """Whether the amount is a count, none, or money, and then of which currency."""
    return line.amount.currency if isinstance(line.amount, Money) else type(line.amount)


@every_kind
@given(data=st.data())
def test_it_decides_the_same_twice_and_changes_nothing(kind, data):
    standing, what = data.draw(standings(kind)), data.draw(happenings(kind))
    before = repr(standing)
    assert decide(kind, standing, what) == decide(kind, standing, what)
    assert repr(standing) == before


@every_kind
@given(data=st.data())
def test_it_never_drives_a_unit_below_nothing(kind, data):
    standing = data.draw(standings(kind))
    balances = {unit: standing.balance(unit) for unit in kind.units}
    for posting in decide(kind, standing, data.draw(happenings(kind))).postings:
        balances[posting.unit] += posting.delta
        assert balances[posting.unit] >= 0


@every_kind
@given(data=st.data())
def test_it_posts_only_its_own_units(kind, data):
    decision = decide(kind, data.draw(standings(kind)), data.draw(happenings(kind)))
    assert {posting.unit for posting in decision.postings} <= set(kind.units)


def standings(kind: Kind[Any]) -> st.SearchStrategy[Standing]:
    holdings = st.builds(Holding, st.sampled_from(kind.units), st.integers(1, 30))
    return st.builds(Standing, st.lists(holdings, max_size=5).map(tuple))


def happenings(kind: Kind[Any]) -> st.SearchStrategy[Happening]:
    return st.builds(happening, st.sampled_from(sorted(kind.answers)), st.integers(1, 60))
