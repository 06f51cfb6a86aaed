"""What every model promises: refusals with a path, warnings, and JSON as Google wants it."""

import pickle

import pytest

import googlewallet as wallet
from googlewallet import (
    Balance,
    ContentError,
    GenericObject,
    Image,
    LocalizedString,
    LoyaltyClass,
    LoyaltyObject,
    LoyaltyPoints,
    State,
    TextModuleData,
)
from tests.googlewallet.bodies import IMAGE, SMALLEST

OBJECT = SMALLEST["LoyaltyObject"]
CARD = LoyaltyObject(
    id="33.card",
    class_id="33.stamps",
    state=State.ACTIVE,
    loyalty_points=LoyaltyPoints(balance=Balance(integer=8), label="Leimat"),
    text_modules_data=[TextModuleData(id="rule", header="Sääntö", body="Joka kymmenes.")],
)


def refusal_of(body, model=LoyaltyObject):
    with pytest.raises(ContentError) as refusal:
        model.parse(body)
    return refusal.value


def test_what_is_not_set_is_not_written():
    assert CARD.to_json() == OBJECT | {
        "loyaltyPoints": {"balance": {"int": 8}, "label": "Leimat"},
        "textModulesData": [{"id": "rule", "header": "Sääntö", "body": "Joka kymmenes."}],
    }


def test_what_is_written_is_read_again():
    assert LoyaltyObject.parse(CARD.to_json()) == CARD


def test_a_model_is_not_changed_but_made_anew():
    with pytest.raises(ValueError, match="frozen"):
        CARD.state = State.EXPIRED
    assert pickle.loads(pickle.dumps(CARD)) == CARD  # noqa: S301 - made a line before


@pytest.mark.parametrize(
    ("wrong", "path", "rule"),
    [
        ({"state": None}, "state", "not None"),
        ({"state": "active"}, "state", "'ACTIVE', 'COMPLETED'"),
        ({"accountId": 5}, "accountId", "wants a text, not 5"),
        ({"accountId": ""}, "accountId", "is empty"),
        ({"loyaltyPoints": []}, "loyaltyPoints", "LoyaltyPoints, not []"),
        ({"loyaltyPoints": {}}, "loyaltyPoints.balance", "is missing"),
        ({"loyaltyPoints": {"balance": {"int": "8"}}}, "loyaltyPoints.balance.int", "whole number"),
        ({"loyaltyPoints": {"balance": {"int": True}}}, "loyaltyPoints.balance.int", "whole"),
        ({"loyaltyPoints": {"balance": {"int": 8.0}}}, "loyaltyPoints.balance.int", "whole"),
        ({"textModulesData": {}}, "textModulesData", "wants a list"),
        ({"textModulesData": [{}, {"id": "a.b"}]}, "textModulesData[1].id", "no dots"),
        ({"messages": [{"body": "a"}] * 11}, "messages", "has 11 entries, and Google takes 10"),
        ({"hasUsers": True}, "hasUsers", "set by Google alone"),
        ({"classReference": {}}, "classReference", "set by Google alone"),
        ({"kind": "walletobjects#loyaltyObject"}, "kind", "deprecated: leave it out"),
        ({"locations": []}, "locations", "use merchantLocations"),
        ({"infoModuleData": {}}, "infoModuleData", "use textModulesData"),
        ({"loyaltyPoint": {}}, "loyaltyPoint", "did you mean loyaltyPoints?"),
        ({"account_id": "4711"}, "account_id", "did you mean accountId?"),
        ({"cardTitle": {}}, "cardTitle", "has no place here"),
        ({"zzz": {}}, "zzz", "no key that Google knows: leave it out"),
    ],
)
def test_a_refusal_names_the_path_and_the_rule(wrong, path, rule):
    refusal = refusal_of(OBJECT | wrong)
    assert refusal.path == path
    assert rule in refusal.rule


def test_generic_passes_cannot_notify():
    body = SMALLEST["GenericObject"] | {"notifyPreference": "NOTIFY_ON_UPDATE"}
    assert refusal_of(body, GenericObject).path == "notifyPreference"


@pytest.mark.parametrize(
    "body",
    [
        OBJECT | {"accountId": float("nan")},
        OBJECT | {"accountId": {1, 2}},
        OBJECT | {"accountId": "half \ud83d"},
        [],
        "{}",
    ],
)
def test_what_is_no_json_object_is_refused(body):
    refusal_of(body)
    assert len(LoyaltyObject.faults(body)) == 1


def test_what_has_no_end_is_refused():
    endless = dict(OBJECT)
    endless["messages"] = [endless]
    assert "no JSON" in refusal_of(endless).rule


def test_all_faults_are_told_at_once():
    faults = LoyaltyObject.faults(OBJECT | {"state": "x", "accountId": 5, "zzz": 1})
    assert {each.path for each in faults} == {"state", "accountId", "zzz"}
    assert LoyaltyObject.faults(OBJECT) == ()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"integer": 2**31}, "int"),
        ({"integer": "8"}, "int"),
        ({"double": float("nan")}, "double"),
        ({"string": "half \ud83d"}, "string"),
        ({"whole": 1}, "whole"),
    ],
)
def test_what_python_writes_is_refused_by_the_name_google_knows(given, path):
    with pytest.raises(ContentError) as refusal:
        Balance(**given)
    assert refusal.value.path == path


@pytest.mark.parametrize("key", ["accountName", "id", "classId", "state", "zzz", "messages"])
@pytest.mark.parametrize("value", ["ä" * 5000, ["x" * 5000]])
def test_a_refusal_of_a_long_value_is_short(key, value):
    for each in LoyaltyObject.faults(OBJECT | {key: value}):
        assert len(each.rule) < 250


def test_what_is_shown_cut_off_is_warned_of():
    long = LocalizedString.of({"fi": "Leimat", "sv": "Insamlade stämplar"}, default="fi")
    points = LoyaltyPoints(balance=Balance(integer=12_345_678), localized_label=long)
    card = LoyaltyObject(
        id="33.card",
        class_id="33.stamps",
        state=State.ACTIVE,
        loyalty_points=points,
        account_id="x" * 21,
        linked_offer_ids=[f"33.{number}" for number in range(6)],
    )
    assert card.warnings() == (
        "accountId: has 21 characters, and 20 are shown: shorten it.",
        "linkedOfferIds: has 6 entries, and 5 are shown.",
        "loyaltyPoints.localizedLabel.translatedValues[0]: has 18 characters, and 9 are shown:"
        " shorten it.",
        "loyaltyPoints.balance.int: has 8 characters, and 7 are shown: shorten it.",
    )


def test_what_is_shown_whole_is_not_warned_of():
    assert CARD.warnings() == ()
    assert LoyaltyClass.parse(SMALLEST["LoyaltyClass"]).warnings() == ()


def test_an_address_on_this_machine_is_taken_on_request():
    here = {"sourceUri": {"uri": "http://127.0.0.1:8000/logo.png"}}
    body = SMALLEST["LoyaltyClass"] | {"programLogo": here}
    assert refusal_of(body, LoyaltyClass).path == "programLogo.sourceUri.uri"
    assert LoyaltyClass.faults(body) != ()
    assert LoyaltyClass.faults(body, allow_http=True) == ()
    logo = LoyaltyClass.parse(body, allow_http=True).program_logo
    assert logo == Image.of("http://127.0.0.1:8000/logo.png", allow_http=True)
    assert Image.parse(IMAGE) != logo


@pytest.mark.parametrize(
    "make",
    [
        lambda number: wallet.Balance(integer=number),
        lambda number: wallet.Balance(double=number),
        lambda number: wallet.Money(currency_code="EUR", micros=number),
        lambda number: wallet.Money.of(number, "EUR"),
        lambda number: wallet.MerchantLocation(latitude=number, longitude=0),
    ],
)
def test_a_number_of_any_length_is_refused_in_a_short_sentence(make):
    for digits in (400, 4000, 5000):
        with pytest.raises(ContentError) as caught:
            make(10**digits)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "make",
    [
        lambda: wallet.TotpParameters(key=b"5ec7e7", value_length=8),
        lambda: wallet.TotpParameters(key="5ec7e7x", value_length=8),
        lambda: wallet.TotpDetails.parse({"parameters": ["5ec7e7"]}),
        lambda: wallet.TotpDetails.parse({"parameters": {"key": "5ec7e7"}}),
        lambda: wallet.RotatingBarcode.parse({"totpDetails": "5ec7e7"}),
    ],
)
def test_no_error_tells_the_secret_of_a_rotating_code(make):
    with pytest.raises(ContentError) as caught:
        make()
    assert "5ec7" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
