"""What stands where on a card."""

import pytest

from googlewallet import (
    CardRowTemplateInfo,
    CardTemplateOverride,
    ClassTemplateInfo,
    ContentError,
    FieldReference,
    FieldSelector,
    GenericClass,
    LoyaltyClass,
    OfferClass,
    TemplateItem,
)
from tests.googlewallet.bodies import SMALLEST

POINTS = "object.loyaltyPoints.balance"
PLACE = (
    "classTemplateInfo.cardTemplateOverride.cardRowTemplateInfos[0].oneItem.item.firstValue"
    ".fields[0].fieldPath"
)


def row(*paths):
    return CardRowTemplateInfo.of(*(TemplateItem.of(path) for path in paths))


def template(*rows):
    override = CardTemplateOverride(card_row_template_infos=rows)
    return ClassTemplateInfo(card_template_override=override)


def faults_of(path, model=LoyaltyClass):
    body = SMALLEST[model.__name__] | {"classTemplateInfo": template(row(path)).to_json()}
    return model.faults(body)


@pytest.mark.parametrize(
    ("count", "keys"),
    [(1, {"oneItem"}), (2, {"twoItems"}), (3, {"threeItems"})],
)
def test_a_row_has_one_two_or_three_items(count, keys):
    assert row(*[POINTS] * count).to_json().keys() == keys


@pytest.mark.parametrize("count", [0, 4])
def test_a_row_has_no_other_number_of_items(count):
    with pytest.raises(ContentError, match="exactly one of oneItem, twoItems, threeItems"):
        row(*[POINTS] * count)


def test_a_row_is_of_one_kind():
    both = row(POINTS).to_json() | row(POINTS, POINTS).to_json()
    (fault,) = CardRowTemplateInfo.faults(both)
    assert "has 2" in fault.rule


def test_a_card_has_three_rows_at_most():
    assert template(*[row(POINTS)] * 3).to_json()
    with pytest.raises(ContentError, match="has 4 entries, and Google takes 3"):
        template(*[row(POINTS)] * 4)


def test_an_item_shows_the_first_field_that_is_not_empty():
    item = TemplateItem.of(POINTS, "object.accountId")
    assert item.to_json() == {
        "firstValue": {"fields": [{"fieldPath": POINTS}, {"fieldPath": "object.accountId"}]}
    }


def test_an_item_of_nothing_is_refused():
    with pytest.raises(ContentError, match="no entry"):
        FieldSelector.of()
    (fault,) = TemplateItem.faults({"secondValue": FieldSelector.of(POINTS).to_json()})
    assert fault.path == "firstValue"


@pytest.mark.parametrize(
    "path",
    [
        "loyaltyPoints.balance",
        "card.accountId",
        "object",
        "object.",
        "object.a b",
        "object.a['x.y']",
    ],
)
def test_a_reference_begins_at_the_class_or_the_object(path):
    with pytest.raises(ContentError) as refusal:
        FieldReference(field_path=path)
    assert refusal.value.path == "fieldPath"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (LoyaltyClass, POINTS),
        (LoyaltyClass, "object.secondaryLoyaltyPoints.label"),
        (LoyaltyClass, "object.textModulesData['rule']"),
        (LoyaltyClass, "class.textModulesData['rule'].body"),
        (LoyaltyClass, "object.validTimeInterval.end"),
        (LoyaltyClass, "class.programName"),
        (OfferClass, "class.title"),
        (GenericClass, "object.header"),
    ],
)
def test_a_reference_leads_to_a_field(model, path):
    assert faults_of(path, model) == ()


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (LoyaltyClass, "object.loyaltyPoint.balance"),
        (LoyaltyClass, "object.loyaltyPoints.balance.int.more"),
        (LoyaltyClass, "object.textModulesData.rule"),
        (LoyaltyClass, "object.textModulesData"),
        (LoyaltyClass, "object.accountId['a']"),
        (LoyaltyClass, "class.loyaltyPoints.balance"),
        (OfferClass, POINTS),
        (GenericClass, "class.issuerName"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(model, path):
    (fault,) = faults_of(path, model)
    assert fault.path == PLACE
    assert path in fault.rule
