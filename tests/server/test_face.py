"""One card out of the faces of its parts."""

from typing import Any

import pytest

from server import brands
from server.errors import Refused
from server.face import CardFace, Line, PartFace, Text, compose
from server.programmes import KINDS


def line(key: str, value: str) -> Line:
    return Line(key, Text.same(key.upper()), Text.same(value))


def part(value: str, *, details: bool = True) -> PartFace:
    return PartFace(
        headline=line("stamps", value),
        corner=line("rewards", value),
        lines=(line("next", value),),
        details=(line("until", value),) if details else (),
    )


def composed(*parts: PartFace) -> CardFace:
    names = {"brand": "Aalto", "programme": "Passi", "member_number": "1", "barcode": "B"}
    return compose(parts, **names)


def keys(face: CardFace) -> list[str]:
    lines = (face.headline, face.corner, *face.lines, *face.details)
    return [each.key for each in lines if each]


def test_lines_of_two_parts_that_are_called_alike_are_told_apart():
    assert sorted(keys(composed(part("1"), part("2")))) == sorted(
        ["stamps", "rewards", "next", "until", "stamps.2", "rewards.2", "next.2", "until.2"]
    )


def test_a_key_stays_when_another_part_has_its_line_no_more():
    with_both = composed(part("1"), part("2"))
    without = composed(part("1", details=False), part("2"))
    assert set(keys(without)) == set(keys(with_both)) - {"until"}


def test_a_card_of_one_part_has_the_keys_of_its_kind():
    assert keys(composed(part("1"))) == ["stamps", "rewards", "next", "until"]


def kind_like(name: str, units: tuple[str, ...]) -> Any:
    """A kind with the rules and faces of the stamp card under another name."""
    base = type(KINDS["stamp_card"])
    return type("Other", (base,), {"key": name, "units": units})()


def add(services, *kinds: str) -> None:
    rules = {"reward": {"fi": "Kahvi", "sv": "Kaffe", "en": "Coffee"}}
    at = services.now()
    with services.database.transaction() as session:
        brand = brands.add_brand(session, slug="niemi", name="Niemi", contact="x", at=at)
        kept = brands.add_pass_type(session, "pass.test.x", team_identifier="T", at=at)
        brands.add_programme(
            session,
            brand,
            kept,
            slug="passi",
            name="Passi",
            design="kahvila",
            parts=[(kind, rules) for kind in kinds],
            at=at,
        )


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (("stamp_card", "stamp_card"), "stamp_card stands twice"),
        (("stamp_card", "twin"), "stamp_card and twin both keep the unit 'reward'"),
        ((), "has a part"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(services, monkeypatch, kinds, says):
    monkeypatch.setitem(KINDS, "twin", kind_like("twin", ("leaf", "reward")))
    with pytest.raises(Refused, match=says) as caught:
        add(services, *kinds)
    assert caught.value.code == "rules_invalid"


def test_two_kinds_with_their_own_units_make_one_programme(services, monkeypatch):
    monkeypatch.setitem(KINDS, "twin", kind_like("twin", ("leaf", "prize")))
    add(services, "stamp_card", "twin")
