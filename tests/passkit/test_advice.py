"""What Wallet takes and does not do as it was meant."""

import re

import pytest

from passkit import (
    NFC,
    ActionType,
    Barcode,
    BarcodeFormat,
    Beacon,
    Color,
    Coupon,
    EventTicket,
    FeaturedAction,
    Field,
    Generic,
    Location,
    NumberStyle,
    PosterGeneric,
    RelevantDate,
    StoreCard,
    content_warnings,
)
from tests.passkit.test_nfc import PUBLIC

WHITE, GREY = Color(255, 255, 255), Color(150, 150, 150)
BEACON = Beacon(proximity_uuid="e2c56db5-dffb-48d2-b060-d0f5a71096e0")
HERE = Location(latitude=60, longitude=25)


def fields(count: int, first: str = "f", **more: object) -> list[Field]:
    return [Field(key=f"{first}{number}", value=number, **more) for number in range(count)]


def actions(count: int) -> list[FeaturedAction]:
    return [
        FeaturedAction(identifier=str(n), type=ActionType.SHOP, url="https://example.com")
        for n in range(count)
    ]


CARD = StoreCard(primary_fields=fields(1))
FULL_CARD = StoreCard(
    header_fields=fields(3, "h"),
    primary_fields=fields(1, "p"),
    secondary_fields=fields(2, "s"),
    auxiliary_fields=fields(2, "a"),
    back_fields=fields(30, "b"),
)
SECURED = NFC(message="1", encryption_public_key=PUBLIC, requires_authentication=True)
DAY = RelevantDate(start="2026-11-22T00:00Z", end="2026-11-23T00:00Z")
LONG = RelevantDate(start="2026-11-22T00:00Z", end="2026-11-23T00:01Z")


def poster(**groups: object) -> dict[str, object]:
    return {"store_card": CARD, "poster_generic": PosterGeneric(**groups)}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"store_card": FULL_CARD},
        poster(
            header_fields=fields(1, "h"), primary_fields=fields(4), footer_fields=fields(1, "o")
        ),
        {"featured_actions": actions(2)},
        {"barcodes": [Barcode(message="1")]},
        {"barcodes": [Barcode(message="4006381333931", format=BarcodeFormat.EAN13)]},
        {"background_color": WHITE, "foreground_color": Color(0, 0, 0)},
        {"foreground_color": GREY},
        {"store_card": None, "event_ticket": EventTicket(), "beacons": [BEACON]},
        {"locations": [HERE], "beacons": [BEACON]},
        {"locations": [HERE], "max_distance": 50, "relevant_dates": [DAY]},
        {"nfc": SECURED, "sharing_prohibited": True},
    ],
)
def test_what_is_drawn_as_written_needs_no_word(make_pass, settings):
    assert content_warnings(make_pass(**settings)) == []


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        (poster(primary_fields=fields(5)), "posterGeneric.primaryFields: 5 .* draws 4"),
        (poster(footer_fields=fields(2)), "posterGeneric.footerFields: 2 .* draws 1"),
        (poster(header_fields=fields(2)), "posterGeneric.headerFields: 2 .* draws 1"),
        ({"store_card": StoreCard(primary_fields=fields(2))}, "storeCard.primaryFields: 2"),
        ({"store_card": StoreCard(header_fields=fields(4))}, "storeCard.headerFields: 4"),
        (
            {
                "store_card": None,
                "coupon": Coupon(secondary_fields=fields(3), auxiliary_fields=fields(2, "a")),
            },
            "coupon.auxiliaryFields: 5 secondaryFields and auxiliaryFields, .* draws 4",
        ),
        (
            {"store_card": None, "generic": Generic(auxiliary_fields=fields(5))},
            "generic.auxiliaryFields: 5",
        ),
        (
            {"store_card": None, "event_ticket": EventTicket(auxiliary_fields=fields(5, row=1))},
            "eventTicket.auxiliaryFields: 5 in row 1",
        ),
        (
            {
                "store_card": StoreCard(
                    back_fields=fields(1, currency_code="EUR", number_style=NumberStyle.DECIMAL)
                )
            },
            r"storeCard.backFields\[0\].numberStyle: .* currencyCode",
        ),
        (
            {
                "store_card": StoreCard(primary_fields=fields(1, change_message="Nyt %@")),
                "poster_generic": PosterGeneric(),
            },
            "posterGeneric: lacks 'f0'",
        ),
        ({"featured_actions": actions(3)}, "featuredActions: 3 .* first 2"),
        (
            {"barcodes": [Barcode(message="1", format=BarcodeFormat.CODE128)]},
            "barcodes: watches draw no Code 128",
        ),
        (
            {"barcodes": [Barcode(message="Ä", message_encoding="utf-8")]},
            r"barcodes\[0\].message: .*ASCII",
        ),
        ({"background_color": WHITE, "foreground_color": GREY}, "foregroundColor: .* 3.0"),
        ({"background_color": WHITE, "label_color": GREY}, "labelColor: .* 3.0"),
        (
            {"store_card": None, "generic": Generic(), "strip_color": WHITE},
            "stripColor: a generic pass has no strip",
        ),
        (
            {"locations": [HERE], "relevant_dates": [DAY, LONG]},
            r"relevantDates\[1\]: .* divide it",
        ),
        (
            {"locations": [HERE], "relevant_dates": [RelevantDate(date="2026-11-22T00:00Z")]},
            r"relevantDates\[0\].date: .* start and end",
        ),
        ({"beacons": [BEACON]}, "beacons: .* add the location"),
        ({"max_distance": 50}, "maxDistance: does nothing without locations"),
        ({"nfc": SECURED}, "sharingProhibited: .*requiresAuthentication"),
    ],
)
def test_what_is_cut_off_or_ignored_is_told_once(make_pass, settings, warning):
    (told,) = content_warnings(make_pass(**settings))
    assert re.match(warning, told)
