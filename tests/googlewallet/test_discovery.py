"""The schema that everything else is held to would notice what is wrong."""

import pytest
from jsonschema import Draft202012Validator

from tests.googlewallet.discovery import definition_of, document, errors_of

OBJECT = {"id": "33.card", "classId": "33.stamps", "state": "ACTIVE"}


def test_the_document_is_the_one_that_the_rules_were_written_by():
    assert document()["revision"] >= "20260806"


def test_a_small_object_is_well_formed():
    assert errors_of("LoyaltyObject", OBJECT) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"class_id": "33.stamps"},
        {"nothing": 1},
        {"loyaltyPoints": {"balance": {"whole": 1}}},
        {"loyaltyPoints": {"balance": {"int": "8"}}},
        {"loyaltyPoints": {"balance": {"int": True}}},
        {"loyaltyPoints": {"balance": {"int": 2**31}}},
        {"loyaltyPoints": {"balance": {"money": {"currencyCode": "EUR", "micros": 1000000}}}},
        {"loyaltyPoints": []},
        {"accountId": None},
        {"state": "PENDING"},
        {"state": "active"},
        {"notifyPreference": "notifyOnUpdate"},
        {"kind": "walletobjects#loyaltyObject"},
        {"infoModuleData": {}},
        {"hasUsers": True},
        {"classReference": {}},
        {"validTimeInterval": {"end": "2026-11-22"}},
    ],
)
def test_what_google_would_not_take_is_noticed(wrong):
    assert errors_of("LoyaltyObject", OBJECT | wrong) != []


def test_what_is_required_is_missed_but_in_a_patch():
    without = {"id": "33.card", "state": "ACTIVE"}
    assert errors_of("LoyaltyObject", without) == ["$: 'classId' is a required property"]
    assert errors_of("LoyaltyObject", without, is_patch=True) == []


def test_a_null_in_a_patch_removes():
    patch = {"loyaltyPoints": {"balance": {"int": None, "string": "8/10"}}}
    assert errors_of("LoyaltyObject", patch, is_patch=True) == []
    assert errors_of("LoyaltyObject", OBJECT | patch) != []


def test_an_answer_may_hold_what_google_sets():
    answer = OBJECT | {"hasUsers": True, "classReference": {"reviewStatus": "approved"}}
    assert errors_of("LoyaltyObject", answer, is_answer=True) == []
    assert errors_of("LoyaltyObject", answer | {"nothing": 1}, is_answer=True) != []


def test_generic_passes_know_no_notifying():
    assert "notifyPreference" not in definition_of("GenericObject")["properties"]
    assert "notifyPreference" in definition_of("LoyaltyObject")["properties"]


def test_every_schema_is_itself_in_order():
    for kind in document()["schemas"]:
        Draft202012Validator.check_schema(definition_of(kind))
