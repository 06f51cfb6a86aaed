"""The models against Google's own description: nothing missing, nothing made up, nothing let by."""

import re
from copy import deepcopy
from enum import StrEnum
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from googlewallet import ContentError
from googlewallet.content import Shown
from tests.googlewallet.bodies import (
    LEFT_OUT,
    MODELS,
    SMALLEST,
    VALUES_LEFT_OUT,
    bodies,
    models,
)
from tests.googlewallet.discovery import definition_of, document, errors_of

RECOMMENDED = re.compile(
    r"(?:[Rr]ecommended maximum(?: length)? is|ellipsis after the first) (\d+)"
    r"|maximum number of these fields displayed is (\d+)"
    r"|Character limit is (\d+) and longer strings will be truncated"
)
NOT_ALIKE = {
    ("GenericClass", "imageModulesData"),  # "only one of the image from class and one from object"
    ("GenericObject", "imageModulesData"),
    ("GenericClass", "linksModuleData"),  # of the links inside; other types have no such number
    ("GenericObject", "linksModuleData"),
    ("LoyaltyObject", "linkedOfferIds"),  # on Google's page about linked offers
    ("LoyaltyPoints", "balance"),  # of the two forms whose length is known
    ("LoyaltyPointsBalance", "int"),
    ("LoyaltyPointsBalance", "string"),
}
KINDS = [model.__name__ for model in MODELS]
JUNK = [
    None,
    True,
    0,
    2**31,
    1e400,
    -0.5,
    "",
    "a b",
    "x",
    "0",
    "#12",
    "\ud83d",
    [],
    {},
    ["x"],
    {"x": 1},
]


@pytest.mark.parametrize("kind", sorted(models()))
def test_a_model_has_the_fields_that_google_takes(kind):
    expected = definition_of(kind)["properties"].keys() - {
        name for schema, name in LEFT_OUT if schema == kind
    }
    assert {field.alias for field in models()[kind].model_fields.values()} == expected


def test_every_schema_that_a_class_or_object_holds_has_a_model():
    wanted, waiting = set(), list(KINDS)
    while waiting:
        kind = waiting.pop()
        wanted.add(kind)
        for name, each in definition_of(kind)["properties"].items():
            schema = each.get("items", each)
            held = schema.get("$ref", "").rpartition("/")[2]
            if held and held not in wanted and (kind, name) not in LEFT_OUT:
                waiting.append(held)
    assert models().keys() == wanted


@pytest.mark.parametrize("kind", sorted(models()))
def test_a_choice_has_the_values_that_google_takes(kind):
    for field in models()[kind].model_fields.values():
        schema = definition_of(kind)["properties"][field.alias]
        values = schema.get("items", schema).get("enum")
        if values is not None:
            expected = {each for each in values if not each.endswith("_UNSPECIFIED")}
            assert _choices(field.annotation) == expected - VALUES_LEFT_OUT.keys()


def _choices(annotation: Any) -> set[str]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return set(annotation)
    return set().union(*map(_choices, get_args(annotation)))


@pytest.mark.parametrize("kind", sorted(models()))
def test_what_google_recommends_is_warned_beyond(kind):
    for field in models()[kind].model_fields.values():
        description = document()["schemas"][kind]["properties"][field.alias]["description"]
        recommended = {int(found[found.lastindex]) for found in RECOMMENDED.finditer(description)}
        if (kind, field.alias) not in NOT_ALIKE:
            assert {each.most for each in field.metadata if isinstance(each, Shown)} == recommended


@pytest.mark.parametrize("kind", KINDS)
def test_what_google_requires_is_required(kind):
    smallest = SMALLEST[kind]
    assert models()[kind].parse(smallest).to_json() == smallest
    assert errors_of(kind, smallest) == []
    for name in smallest:
        without = {key: each for key, each in smallest.items() if key != name}
        with pytest.raises(ContentError, match="is missing") as refusal:
            models()[kind].parse(without)
        assert refusal.value.path == name


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_right_is_taken_and_written_as_google_wants_it(kind, data):
    body = data.draw(bodies(kind))
    model = models()[kind].parse(body)
    assert errors_of(kind, model.to_json()) == []
    assert models()[kind].parse(model.to_json()) == model


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_taken_is_what_google_takes(kind, data):
    body = deepcopy(data.draw(bodies(kind)))
    holder, key = data.draw(st.sampled_from(list(_places(body))))
    holder[key] = data.draw(st.sampled_from(JUNK))
    faults = models()[kind].faults(body)
    if not faults:
        assert errors_of(kind, models()[kind].parse(body).to_json()) == []
    assert all(each.rule for each in faults)


def _places(value: Any):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(pairs):
        yield value, key
        if isinstance(each, dict | list):
            yield from _places(each)
