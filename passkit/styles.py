"""The styles of a pass: which groups of fields each has, and how many are drawn.

Apple: Wallet Passes, PassFields and the Pass.… object of each style; Creating a poster generic
pass.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import msgspec
from msgspec.structs import force_setattr

from passkit.errors import ContentError
from passkit.fields import Field
from passkit.values import listed


class Style(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Groups of fields, each in the order it is drawn.

    `key` is the style's name in pass.json. `room` is how many fields of each group are drawn, a
    tuple of groups meaning all of them together; `passkit.content_warnings` tells what is beyond.

    Raises ContentError when two fields share a key, or when a field has a setting that its group
    does not know, with a path such as `storeCard.backFields[1].key`.
    """

    key: ClassVar[str]
    room: ClassVar[dict[tuple[str, ...], int]]

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for name, group in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            fields = getattr(self, name)
            if type(fields) is not tuple:
                if type(fields) is not list:
                    listed(fields, f"{self.key}.{group}")
                fields = tuple(fields)
                force_setattr(self, name, fields)
            if fields:
                _check_group(self.key, group, fields, seen)

    def groups(self) -> Iterator[tuple[str, tuple[Field, ...]]]:
        """Each group by its name in pass.json, such as `headerFields`."""
        for name, group in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            yield group, getattr(self, name)


class _Classic(Style, frozen=True, kw_only=True):
    header_fields: Sequence[Field] = ()
    primary_fields: Sequence[Field] = ()
    secondary_fields: Sequence[Field] = ()
    auxiliary_fields: Sequence[Field] = ()
    back_fields: Sequence[Field] = ()


_ROOM: dict[tuple[str, ...], int] = {("headerFields",): 3, ("primaryFields",): 1}
_FOUR_TOGETHER: dict[tuple[str, ...], int] = {("secondaryFields", "auxiliaryFields"): 4}


class StoreCard(_Classic, frozen=True, kw_only=True):
    """A store card: points, stamps, a balance. The primary field stands over the strip."""

    key = "storeCard"
    room = _ROOM | _FOUR_TOGETHER


class Coupon(_Classic, frozen=True, kw_only=True):
    """A coupon or a discount. The primary field stands over the strip."""

    key = "coupon"
    room = _ROOM | _FOUR_TOGETHER


class Generic(_Classic, frozen=True, kw_only=True):
    """Any other card. The primary field stands beside the thumbnail."""

    key = "generic"
    room = _ROOM | {("secondaryFields",): 4, ("auxiliaryFields",): 4}


class EventTicket(_Classic, frozen=True, kw_only=True):
    """A ticket. Auxiliary fields stand in two rows (`Field.row`); additional information is shown
    below a poster event ticket only."""

    key = "eventTicket"
    room = _ROOM | {("secondaryFields",): 4, ("auxiliaryFields",): 8}

    additional_info_fields: Sequence[Field] = ()


class PosterGeneric(Style, frozen=True, kw_only=True):
    """A card as a poster, drawn from iOS 27 on in place of the other style of the pass.

    The first primary field without a label is the large title. The header and the footer have
    room for one field each.
    """

    key = "posterGeneric"
    room = {("headerFields",): 1, ("primaryFields",): 4, ("footerFields",): 1}

    header_fields: Sequence[Field] = ()
    primary_fields: Sequence[Field] = ()
    footer_fields: Sequence[Field] = ()
    back_fields: Sequence[Field] = ()
    additional_info_fields: Sequence[Field] = ()


_UNALIGNED = ("primaryFields", "backFields")


def _check_group(style: str, group: str, fields: tuple[Field, ...], seen: dict[str, str]) -> None:
    for index, field in enumerate(fields):
        if type(field) is not Field:
            raise ContentError(f"{style}.{group}[{index}]", f"wants a Field, not {field!r}.")
        if field.key in seen:
            raise ContentError(
                f"{style}.{group}[{index}].key",
                f"{field.key!r} is already in {seen[field.key]}: give each field of a style a key"
                " of its own.",
            )
        seen[field.key] = group
        if not (
            field.text_alignment is None
            and field.data_detector_types is None
            and field.row is None
            and field.semantics is None
        ):
            _check_place(field, style, group, f"{style}.{group}[{index}]")


def _check_place(field: Field, style: str, group: str, path: str) -> None:
    if field.text_alignment is not None and group in _UNALIGNED:
        raise ContentError(f"{path}.textAlignment", "does not work here: leave it out.")
    if field.data_detector_types is not None and group != "backFields":
        raise ContentError(
            f"{path}.dataDetectorTypes", "works on the back only: move the field to backFields."
        )
    if field.row is not None and (style, group) != ("eventTicket", "auxiliaryFields"):
        raise ContentError(
            f"{path}.row", "works on the auxiliary fields of an event ticket only: leave it out."
        )
    if field.semantics is not None:
        # A poster stands in for any style, and that one has the same fields.
        field.semantics.check_styles(
            ("storeCard", "eventTicket") if style == "posterGeneric" else (style,),
            f"{path}.semantics",
        )
