"""Fields and the store card they lie on."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from passkit import (
    ContentError,
    DataDetector,
    DateStyle,
    Field,
    NumberStyle,
    StoreCard,
    TextAlignment,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def written(part: Field | StoreCard) -> dict[str, object]:
    """The part as pass.json has it."""
    return json.loads(msgspec.json.encode(part))


def test_a_plain_field_has_nothing_but_what_was_given():
    assert written(Field(key="a", value="x")) == {"key": "a", "value": "x"}


def test_every_setting_has_its_key():
    field = Field(
        key="balance",
        value=Decimal("12.50"),
        label="Saldo",
        attributed_value='<a href="https://a.fi">12,50</a>',
        change_message="Saldo on %@",
        text_alignment=TextAlignment.RIGHT,
        currency_code="EUR",
        number_style=NumberStyle.DECIMAL,
    )
    assert written(field) == {
        "key": "balance",
        "value": 12.5,
        "label": "Saldo",
        "attributedValue": '<a href="https://a.fi">12,50</a>',
        "changeMessage": "Saldo on %@",
        "textAlignment": "PKTextAlignmentRight",
        "currencyCode": "EUR",
        "numberStyle": "PKNumberStyleDecimal",
    }


def test_a_date_is_written_with_its_styles():
    field = Field(
        key="until",
        value=NOON,
        date_style=DateStyle.SHORT,
        time_style=DateStyle.NONE,
        is_relative=True,
        ignores_time_zone=False,
    )
    assert written(field) == {
        "key": "until",
        "value": "2026-11-22T12:00:00+00:00",
        "dateStyle": "PKDateStyleShort",
        "timeStyle": "PKDateStyleNone",
        "isRelative": True,
        "ignoresTimeZone": False,
    }


def test_a_field_cannot_be_changed():
    with pytest.raises(AttributeError):
        Field(key="a", value="x").value = "y"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"value": True}, "a.value"),
        ({"value": None}, "a.value"),
        ({"value": "\udc00"}, "a.value"),
        ({"value": float("nan")}, "a.value"),
        ({"label": "\udc00"}, "a.label"),
        ({"change_message": "Uusi leima"}, "a.changeMessage"),
        ({"attributed_value": "<b>x</b>"}, "a.attributedValue"),
        ({"attributed_value": "<script>x</script>"}, "a.attributedValue"),
        ({"attributed_value": '<a href="javascript:x">x</a>'}, "a.attributedValue"),
        ({"date_style": DateStyle.SHORT}, "a.dateStyle"),
        ({"is_relative": True}, "a.isRelative"),
        ({"is_relative": True, "value": "2026-02-30T10:00Z"}, "a.value"),
        ({"ignores_time_zone": True}, "a.ignoresTimeZone"),
        ({"number_style": NumberStyle.PERCENT}, "a.numberStyle"),
        ({"currency_code": "EUR"}, "a.currencyCode"),
        ({"value": 3, "currency_code": "euro"}, "a.currencyCode"),
        ({"value": 3, "number_style": "decimal"}, "a.numberStyle"),
        ({"text_alignment": "PKTextAlignmentJustified"}, "a.textAlignment"),
        ({"data_detector_types": ["links"]}, "a.dataDetectorTypes"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_path(settings, path):
    with pytest.raises(ContentError) as refusal:
        Field(**({"key": "a", "value": "x"} | settings))
    assert refusal.value.path == path


def test_a_field_without_a_key_is_refused():
    with pytest.raises(ContentError, match="key"):
        Field(key="", value="x")


def test_no_data_detectors_at_all_can_be_asked_for():
    assert written(Field(key="a", value="x", data_detector_types=[]))["dataDetectorTypes"] == []


def test_groups_without_fields_are_left_out():
    card = StoreCard(header_fields=[Field(key="a", value=1)], back_fields=[])
    assert written(card) == {"headerFields": [{"key": "a", "value": 1}]}


def test_one_key_in_two_groups_is_refused():
    with pytest.raises(ContentError) as refusal:
        StoreCard(
            header_fields=[Field(key="a", value=1)],
            back_fields=[Field(key="b", value=1), Field(key="a", value=2)],
        )
    assert refusal.value.path == "storeCard.backFields[1].key"


@pytest.mark.parametrize("group", ["primary_fields", "back_fields"])
def test_alignment_is_refused_where_it_does_not_work(group):
    field = Field(key="a", value=1, text_alignment=TextAlignment.LEFT)
    with pytest.raises(ContentError, match="textAlignment"):
        StoreCard(**{group: [field]})


def test_data_detectors_work_on_the_back_only():
    field = Field(key="a", value="x", data_detector_types=[DataDetector.LINK])
    assert written(StoreCard(back_fields=[field]))["backFields"][0]["dataDetectorTypes"]
    with pytest.raises(ContentError, match=r"headerFields\[0\].dataDetectorTypes"):
        StoreCard(header_fields=[field])


def test_a_card_does_not_follow_the_list_it_was_made_from():
    fields = [Field(key="a", value=1)]
    card = StoreCard(header_fields=fields)
    fields.append(Field(key="b", value=2))
    assert len(card.header_fields) == 1
