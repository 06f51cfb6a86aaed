"""What stands where on a card: the rows on its front, around its code, on its back, in the list.

Google: Wallet API reference, ClassTemplateInfo; Customize the card layout. Without a template
Google chooses. What serves transit and flights alone is left out.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from googlewallet.content import Content, parts, told, wrong
from googlewallet.values import Choice, Several, Some, exactly_one

_PATH = re.compile(r"(class|object)(\.[A-Za-z][A-Za-z0-9]*(\['[A-Za-z0-9_-]+'\])?)+").fullmatch


def _field_path(value: str) -> str:
    if not _PATH(value):
        raise wrong(
            f"{told(value)} names no field: write it like object.loyaltyPoints.balance or"
            " object.textModulesData['rule']."
        )
    return value


class DateFormat(StrEnum):
    """How a date is written."""

    DATE_TIME = "DATE_TIME"
    DATE_ONLY = "DATE_ONLY"
    TIME_ONLY = "TIME_ONLY"
    DATE_TIME_YEAR = "DATE_TIME_YEAR"
    DATE_YEAR = "DATE_YEAR"
    YEAR_MONTH = "YEAR_MONTH"
    YEAR_MONTH_DAY = "YEAR_MONTH_DAY"


class FieldReference(Content):
    """A field of the class or the object, such as `object.textModulesData['rule']`."""

    field_path: Annotated[str, AfterValidator(_field_path)]
    date_format: Choice[DateFormat] | None = None


class FieldSelector(Content):
    """The first of these fields that is not empty."""

    fields: Some[FieldReference]

    @classmethod
    def of(cls, *paths: str) -> Self:
        """The first of the fields at these paths that is not empty. Raises ContentError."""
        return cls(fields=tuple(FieldReference(field_path=path) for path in paths))


class TemplateItem(Content):
    """A field, or two with a stroke between them."""

    first_value: FieldSelector
    second_value: FieldSelector | None = None

    @classmethod
    def of(cls, *paths: str) -> Self:
        """The first of the fields at these paths that is not empty. Raises ContentError."""
        return cls(first_value=FieldSelector.of(*paths))


class CardRowOneItem(Content):
    """One item in the middle."""

    item: TemplateItem


class CardRowTwoItems(Content):
    """An item at each end."""

    start_item: TemplateItem
    end_item: TemplateItem


class CardRowThreeItems(Content):
    """An item at each end and one in the middle."""

    start_item: TemplateItem
    middle_item: TemplateItem
    end_item: TemplateItem


class CardRowTemplateInfo(Content):
    """A row on the front of the card."""

    one_item: CardRowOneItem | None = None
    two_items: CardRowTwoItems | None = None
    three_items: CardRowThreeItems | None = None

    @classmethod
    def of(cls, *items: TemplateItem) -> Self:
        """A row of one, two or three items, from the start to the end. Raises ContentError."""
        match items:
            case (item,):
                return cls(one_item=CardRowOneItem(item=item))
            case (start, end):
                return cls(two_items=CardRowTwoItems(start_item=start, end_item=end))
            case (start, middle, end):
                row = CardRowThreeItems(start_item=start, middle_item=middle, end_item=end)
                return cls(three_items=row)
        return cls()

    @model_validator(mode="after")
    def _is_one_row(self) -> Self:
        exactly_one(self, "one_item", "two_items", "three_items")
        return self


class CardTemplateOverride(Content):
    """The rows on the front of the card, three at most."""

    card_row_template_infos: Several[CardRowTemplateInfo] = Field(default=(), max_length=3)


class BarcodeSectionDetail(Content):
    """A field above or below the code."""

    field_selector: FieldSelector


class CardBarcodeSectionDetails(Content):
    """What stands above and below the code."""

    first_top_detail: BarcodeSectionDetail | None = None
    second_top_detail: BarcodeSectionDetail | None = None
    first_bottom_detail: BarcodeSectionDetail | None = None


class DetailsItemInfo(Content):
    """An item on the back."""

    item: TemplateItem


class DetailsTemplateOverride(Content):
    """The items on the back, from the top."""

    details_item_infos: Several[DetailsItemInfo] = ()


class FirstRowOption(Content):
    """The first row in the list of passes."""

    field_option: FieldSelector


class ListTemplateOverride(Content):
    """The rows of the card in the list of passes."""

    first_row_option: FirstRowOption | None = None
    second_row_option: FieldSelector | None = None


class ClassTemplateInfo(Content):
    """What stands where on the cards of a class."""

    card_template_override: CardTemplateOverride | None = None
    card_barcode_section_details: CardBarcodeSectionDetails | None = None
    details_template_override: DetailsTemplateOverride | None = None
    list_template_override: ListTemplateOverride | None = None

    def check_references(self, class_type: type[Content], object_type: type[Content]) -> None:
        """Refuses a reference to a field that neither class nor object has."""
        for path, part in parts(self, "classTemplateInfo"):
            if isinstance(part, FieldReference):
                root, *steps = part.field_path.split(".")
                if not _leads_somewhere(class_type if root == "class" else object_type, steps):
                    rule = "leads to no field: write it like object.loyaltyPoints.balance."
                    raise wrong(f"{told(part.field_path)} {rule}", f"{path}.fieldPath")


def _leads_somewhere(model: type[Content] | None, steps: list[str]) -> bool:
    for step in steps:
        key, _, index = step.partition("[")
        fields = model.model_fields.values() if model else ()
        field = next((each for each in fields if each.alias == key), None)
        if not field or (bool(index) != _is_list(field.annotation)):
            return False
        model = next(_models_of(field.annotation), None)
    return True


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is tuple


def _models_of(annotation: Any) -> Iterator[type[Content]]:
    if isinstance(annotation, type) and issubclass(annotation, Content):
        yield annotation
    for each in get_args(annotation):
        yield from _models_of(each)
