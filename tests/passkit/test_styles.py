"""The styles of a pass and the groups of fields that each has."""

import json

import msgspec
import pytest

from passkit import (
    ContentError,
    Coupon,
    CurrencyAmount,
    DataDetector,
    EventTicket,
    Field,
    Generic,
    PosterGeneric,
    Semantics,
    StoreCard,
    TextAlignment,
)

CLASSIC = (StoreCard, Coupon, Generic, EventTicket)
BALANCE = Semantics(balance=CurrencyAmount(amount=1, currency_code="EUR"))


def written(style: object) -> dict[str, object]:
    """The style as pass.json has it."""
    return json.loads(msgspec.json.encode(style))


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


@pytest.mark.parametrize("style", [*CLASSIC, PosterGeneric])
def test_each_style_writes_all_groups_it_has(style):
    groups = style.__struct_fields__
    made = style(**{group: [Field(key=group, value=group)] for group in groups})
    assert {each["key"] for group in written(made).values() for each in group} == set(groups)
    assert [name for name, _ in made.groups()] == list(written(made))


def test_a_poster_has_no_second_row_and_the_others_no_footer():
    with pytest.raises(TypeError):
        PosterGeneric(secondary_fields=[])
    for style in CLASSIC:
        with pytest.raises(TypeError):
            style(footer_fields=[])


@pytest.mark.parametrize("style", [*CLASSIC, PosterGeneric])
def test_a_refusal_names_the_style_the_group_and_the_place(style):
    fields = [Field(key="a", value=1), Field(key="b", value=1), Field(key="a", value=1)]
    with pytest.raises(ContentError) as refusal:
        style(primary_fields=fields)
    assert refusal.value.path == f"{style.key}.primaryFields[2].key"


def test_what_is_no_field_is_refused():
    with pytest.raises(ContentError) as refusal:
        Coupon(header_fields=[{"key": "a", "value": 1}])
    assert refusal.value.path == "coupon.headerFields[0]"


@pytest.mark.parametrize("group", [None, 7, "a", {"key": "a"}])
def test_what_is_no_list_of_fields_is_refused(group):
    with pytest.raises(ContentError) as refusal:
        StoreCard(back_fields=group)
    assert refusal.value.path == "storeCard.backFields"


def test_rows_belong_to_auxiliary_fields_of_an_event_ticket():
    field = Field(key="a", value=1, row=1)
    assert written(EventTicket(auxiliary_fields=[field]))["auxiliaryFields"][0]["row"] == 1
    for style, group in ((EventTicket, "secondary_fields"), (Generic, "auxiliary_fields")):
        with pytest.raises(ContentError, match="row"):
            style(**{group: [field]})


@pytest.mark.parametrize(
    ("style", "tags", "path"),
    [
        (Coupon, BALANCE, "coupon.backFields[0].semantics.balance"),
        (StoreCard, Semantics(genre="jazz"), "storeCard.backFields[0].semantics.genre"),
    ],
)
def test_tags_of_another_style_are_refused_on_a_field(style, tags, path):
    with pytest.raises(ContentError) as refusal:
        style(back_fields=[Field(key="a", value=1, semantics=tags)])
    assert refusal.value.path == path


def test_a_poster_may_have_the_tags_of_the_style_it_stands_in_for():
    field = Field(key="a", value=1, semantics=BALANCE)
    assert written(PosterGeneric(primary_fields=[field])) == {
        "primaryFields": written(StoreCard(primary_fields=[field]))["primaryFields"]
    }
