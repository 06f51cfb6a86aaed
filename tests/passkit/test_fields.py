"""Fields."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from passkit import (
    ContentError,
    DateStyle,
    Field,
    NumberStyle,
    Semantics,
    TextAlignment,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def written(part: Field) -> dict[str, object]:
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
        ({"data_detector_types": "PKDataDetectorTypeLink"}, "a.dataDetectorTypes"),
        ({"value": NOON, "is_relative": "yes"}, "a.isRelative"),
        ({"value": NOON, "ignores_time_zone": 1}, "a.ignoresTimeZone"),
        ({"row": 2}, "a.row"),
        ({"row": True}, "a.row"),
        ({"semantics": {"eventName": "x"}}, "a.semantics"),
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


def test_a_field_says_what_it_means_to_the_system():
    field = Field(key="a", value="x", semantics=Semantics(event_name="Ottelu"), row=1)
    assert written(field) == {
        "key": "a",
        "value": "x",
        "row": 1,
        "semantics": {"eventName": "Ottelu"},
    }


@pytest.mark.parametrize("value", ["12.50", "0.1", "1234567.89", "-0.01"])
def test_money_keeps_its_digits(value):
    field = Field(key="a", value=Decimal(value), currency_code="EUR")
    assert msgspec.json.decode(msgspec.json.encode(field), type=dict)["value"] == float(value)
    assert f'"value":{Decimal(value).normalize()}'.encode() in msgspec.json.encode(field)
