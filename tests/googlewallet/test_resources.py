"""Classes and objects: what they hold together, and what goes with what."""

import pytest

from googlewallet import (
    Balance,
    ContentError,
    GenericClass,
    LoyaltyClass,
    LoyaltyObject,
    LoyaltyPoints,
    Money,
    OfferClass,
    OfferObject,
    WalletClass,
)
from tests.googlewallet.bodies import IMAGE, MODELS, SMALLEST

OBJECT_KINDS = [kind for kind in SMALLEST if kind.endswith("Object")]
MODEL = {model.__name__: model for model in MODELS}


def faults(kind, **changes):
    return MODEL[kind].faults(SMALLEST[kind] | changes)


@pytest.mark.parametrize("kind", OBJECT_KINDS)
def test_an_object_and_its_class_are_of_one_issuer(kind):
    (fault,) = faults(kind, classId="34.stamps")
    assert fault.path == "classId"
    assert "another issuer" in fault.rule


@pytest.mark.parametrize("kind", OBJECT_KINDS)
def test_an_object_pulls_others_of_its_issuer_along_but_not_itself(kind):
    assert faults(kind, linkedObjectIds=["33.other", "33.another"]) == ()
    (foreign,) = faults(kind, linkedObjectIds=["33.other", "34.other"])
    (itself,) = faults(kind, linkedObjectIds=[SMALLEST[kind]["id"]])
    assert (foreign.path, itself.path) == ("linkedObjectIds[1]", "linkedObjectIds[0]")


def test_offers_inside_a_card_are_of_its_issuer():
    assert faults("LoyaltyObject", linkedOfferIds=["33.offer"]) == ()
    (fault,) = faults("LoyaltyObject", linkedOfferIds=["34.offer"])
    assert fault.path == "linkedOfferIds[0]"


@pytest.mark.parametrize("model", [LoyaltyClass, OfferClass])
@pytest.mark.parametrize(
    "status", ["APPROVED", "REJECTED", "underReview", "REVIEW_STATUS_UNSPECIFIED"]
)
def test_only_google_approves_a_class(model, status):
    (fault,) = model.faults(SMALLEST[model.__name__] | {"reviewStatus": status})
    assert fault.path == "reviewStatus"
    assert "'DRAFT' or 'UNDER_REVIEW'" in fault.rule


def test_a_generic_class_is_not_reviewed():
    (fault,) = faults("GenericClass", reviewStatus="UNDER_REVIEW")
    assert fault.path == "reviewStatus"


@pytest.mark.parametrize("kind", [kind for kind in SMALLEST if kind.endswith("Class")])
def test_smart_tap_wants_a_switch_and_issuers(kind):
    assert faults(kind, enableSmartTap=True, redemptionIssuers=["33"]) == ()
    (no_issuer,) = faults(kind, enableSmartTap=True)
    (no_switch,) = faults(kind, redemptionIssuers=["33"])
    assert (no_issuer.path, no_switch.path) == ("redemptionIssuers", "enableSmartTap")


@pytest.mark.parametrize("kind", OBJECT_KINDS)
def test_smart_tap_sends_ascii(kind):
    assert faults(kind, smartTapRedemptionValue="4711") == ()
    (fault,) = faults(kind, smartTapRedemptionValue="jäsen")
    assert fault.path == "smartTapRedemptionValue"


@pytest.mark.parametrize(
    "balance",
    [
        {"int": 8},
        {"int": 0},
        {"int": -(2**31)},
        {"int": 2**31 - 1},
        {"string": "8/10"},
        {"double": 0.5},
        {"money": {"currencyCode": "EUR", "micros": "12500000"}},
    ],
)
def test_a_balance_is_of_one_form(balance):
    assert Balance.parse(balance).to_json() == balance


@pytest.mark.parametrize(
    "balance", [{}, {"int": 8, "string": "8"}, {"double": 0.0, "int": 0}, {"int": None}]
)
def test_a_balance_of_two_forms_or_none_is_refused(balance):
    body = {"balance": balance, "label": "Leimat"}
    (fault,) = faults("LoyaltyObject", secondaryLoyaltyPoints=body)
    assert fault.path == "secondaryLoyaltyPoints.balance"
    assert "exactly one of int, string, double, money" in fault.rule


@pytest.mark.parametrize(
    ("balance", "count"),
    [({"string": "10 / 10"}, 0), ({"string": "10 of 10"}, 1), ({"int": 9**7}, 0)],
)
def test_a_balance_is_seen_whole_up_to_seven_characters(balance, count):
    assert len(Balance.parse(balance).warnings()) == count


@pytest.mark.parametrize("count", [2**31, -(2**31) - 1, 10**30])
def test_a_balance_beyond_32_bits_says_what_to_do(count):
    with pytest.raises(ContentError, match="write it as string"):
        Balance(integer=count)


def test_a_bonus_of_twelve_euros_fifty_is_money():
    points = LoyaltyPoints(balance=Balance(money=Money.of(1250, "EUR")), label="Bonus")
    assert points.to_json()["balance"] == {"money": {"currencyCode": "EUR", "micros": "12500000"}}


@pytest.mark.parametrize("model", [LoyaltyObject, OfferObject])
def test_a_card_says_that_a_change_is_announced_in_googles_one_spelling(model):
    smallest = SMALLEST[model.__name__]
    assert model.faults(smallest | {"notifyPreference": "NOTIFY_ON_UPDATE"}) == ()
    (fault,) = model.faults(smallest | {"notifyPreference": "notifyOnUpdate"})
    assert fault.path == "notifyPreference"


def test_only_offers_keep_quiet_about_their_end():
    assert faults("OfferObject", disableExpirationNotification=True) == ()
    (fault,) = faults("LoyaltyObject", disableExpirationNotification=True)
    assert "no place here" in fault.rule


def test_generic_passes_bring_their_own_looks():
    looks = {"hexBackgroundColor": "#fc0", "logo": IMAGE}
    assert faults("GenericObject", **looks) == ()
    assert {each.path for each in GenericClass.faults(SMALLEST["GenericClass"] | looks)} == {
        "hexBackgroundColor",
        "logo",
    }


@pytest.mark.parametrize("model", [model for model in MODELS if issubclass(model, WalletClass)])
def test_a_class_knows_what_is_made_of_it(model):
    assert model.object_type.__name__ == model.__name__.replace("Class", "Object")
