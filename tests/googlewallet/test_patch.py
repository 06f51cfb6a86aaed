"""The smallest change that makes one body into another."""

import json
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from googlewallet import difference
from tests.googlewallet.bodies import SMALLEST, bodies
from tests.googlewallet.discovery import errors_of

CARD = SMALLEST["LoyaltyObject"] | {
    "loyaltyPoints": {"balance": {"int": 7}, "label": "Leimat"},
    "textModulesData": [{"id": "rule", "body": "a"}, {"id": "next", "body": "b"}],
    "heroImage": {"sourceUri": {"uri": "https://a.example/7.png"}},
}


def changed(**changes):
    return difference(CARD, {**deepcopy(CARD), **changes})


def merged(held, patch):
    """What Google has after a PATCH: objects key by key, the rest as a whole, null removes."""
    after = dict(held)
    for key, value in patch.items():
        if value is None:
            after.pop(key, None)
        elif isinstance(value, dict):
            former = held.get(key)
            after[key] = merged(former if isinstance(former, dict) else {}, value)
        else:
            after[key] = value
    return after


def test_nothing_changed_is_nothing_to_send():
    assert difference(CARD, deepcopy(CARD)) == {}


def test_a_stamp_is_its_balance_and_its_picture():
    points = CARD["loyaltyPoints"] | {"balance": {"int": 8}}
    picture = {"sourceUri": {"uri": "https://a.example/8.png"}}
    assert changed(loyaltyPoints=points, heroImage=picture) == {
        "loyaltyPoints": {"balance": {"int": 8}},
        "heroImage": {"sourceUri": {"uri": "https://a.example/8.png"}},
    }


def test_a_list_is_sent_whole():
    texts = [CARD["textModulesData"][0], {"id": "next", "body": "c"}]
    assert changed(textModulesData=texts) == {"textModulesData": texts}


def test_what_is_gone_is_nulled():
    without = {key: each for key, each in CARD.items() if key != "heroImage"}
    assert difference(CARD, without) == {"heroImage": None}
    assert changed(loyaltyPoints={"balance": {"int": 7}}) == {"loyaltyPoints": {"label": None}}


def test_a_balance_of_another_form_nulls_the_former():
    points = CARD["loyaltyPoints"] | {"balance": {"string": "8/10"}}
    assert changed(loyaltyPoints=points) == {
        "loyaltyPoints": {"balance": {"int": None, "string": "8/10"}}
    }


def test_money_is_sent_whole():
    euros, cents = (
        {"loyaltyPoints": {"balance": {"money": {"currencyCode": "EUR", "micros": micros}}}}
        for micros in ("1000000", "1250000")
    )
    assert difference(euros, cents) == cents


@pytest.mark.parametrize(("before", "after"), [(1, True), (True, 1), (0, False), (1, 1.0)])
def test_values_that_only_python_takes_for_equal_are_sent(before, after):
    sent = difference({"a": {"b": [before]}}, {"a": {"b": [after]}})
    assert json.dumps(sent) == json.dumps({"a": {"b": [after]}})


def test_neither_body_is_changed():
    before, after = deepcopy(CARD), deepcopy(CARD) | {"loyaltyPoints": {"balance": {"int": 8}}}
    kept = deepcopy((before, after))
    difference(before, after)
    assert (before, after) == kept


@pytest.mark.parametrize("kind", ["LoyaltyObject", "OfferClass"])
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_google_holds_becomes_what_is_wanted(kind, data):
    sent, wanted = data.draw(bodies(kind)), data.draw(bodies(kind))
    patch = difference(sent, wanted)
    assert merged(sent, patch) == wanted
    assert errors_of(kind, patch, is_patch=True) == []
    assert difference(wanted, merged(sent, patch)) == {}
