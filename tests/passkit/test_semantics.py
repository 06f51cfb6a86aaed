"""Semantic tags."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from passkit import (
    Color,
    ContentError,
    CurrencyAmount,
    EventDateInfo,
    EventTicket,
    EventType,
    Location,
    Seat,
    Semantics,
    WifiNetwork,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def plain(tags: object) -> dict[str, object]:
    """The tags as pass.json has them."""
    return json.loads(msgspec.json.encode(tags))


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(Decimal("12.50"), "12.50"), (Decimal("1E+3"), "1000"), (7, "7"), ("0.10", "0.10")],
)
def test_an_amount_keeps_its_digits_as_a_text(amount, expected):
    money = CurrencyAmount(amount=amount, currency_code="EUR")
    assert plain(money) == {"amount": expected, "currencyCode": "EUR"}


@pytest.mark.parametrize("amount", [12.5, True, "12,50", "1e3", "", Decimal("NaN"), None])
def test_an_amount_that_is_not_exact_is_refused(amount):
    with pytest.raises(ContentError) as refusal:
        CurrencyAmount(amount=amount, currency_code="EUR")
    assert refusal.value.path == "semantics.amount"


@pytest.mark.parametrize("code", ["eur", "EURO", "", None])
def test_a_currency_has_its_three_capitals(code):
    with pytest.raises(ContentError) as refusal:
        CurrencyAmount(amount=1, currency_code=code)
    assert refusal.value.path == "semantics.currencyCode"


def test_tags_are_written_under_apples_names():
    tags = Semantics(
        event_type=EventType.SPORTS,
        event_start_date=NOON,
        event_start_date_info=EventDateInfo(date=NOON, time_zone="Europe/Helsinki"),
        duration=Decimal("5400"),
        silence_requested=False,
        album_ids=["1"],
        seats=[Seat(seat_row="4", seat_section_color=Color(1, 2, 3))],
        venue_location=Location(latitude=Decimal("60.5"), longitude=25),
        wifi_access=[WifiNetwork(ssid="vieraat", password="kahvi")],
        total_price=CurrencyAmount(amount=5, currency_code="EUR"),
    )
    assert plain(tags) == {
        "eventType": "PKEventTypeSports",
        "eventStartDate": "2026-11-22T12:00:00+00:00",
        "eventStartDateInfo": {
            "date": "2026-11-22T12:00:00+00:00",
            "timeZone": "Europe/Helsinki",
        },
        "duration": 5400,
        "silenceRequested": False,
        "albumIDs": ["1"],
        "seats": [{"seatRow": "4", "seatSectionColor": "rgb(1, 2, 3)"}],
        "venueLocation": {"latitude": 60.5, "longitude": 25},
        "wifiAccess": [{"ssid": "vieraat", "password": "kahvi"}],
        "totalPrice": {"amount": "5", "currencyCode": "EUR"},
    }


@pytest.mark.parametrize(
    ("tags", "path"),
    [
        ({"event_name": ""}, "semantics.eventName"),
        ({"event_type": "sports"}, "semantics.eventType"),
        ({"event_start_date": "tomorrow"}, "semantics.eventStartDate"),
        ({"duration": "90"}, "semantics.duration"),
        ({"tailgating_allowed": "no"}, "semantics.tailgatingAllowed"),
        ({"performer_names": "Aino"}, "semantics.performerNames"),
        ({"performer_names": ["Aino", 1]}, "semantics.performerNames[1]"),
        ({"seats": [{"seatRow": "4"}]}, "semantics.seats[0]"),
        ({"venue_location": (60, 25)}, "semantics.venueLocation"),
        ({"balance": 12.5}, "semantics.balance"),
    ],
)
def test_a_wrong_tag_is_refused_with_its_path(tags, path):
    with pytest.raises(ContentError) as refusal:
        Semantics(**tags)
    assert refusal.value.path == path


@pytest.mark.parametrize("color", ["red", 7])
def test_a_seats_colour_is_a_colour(color):
    with pytest.raises(ContentError) as refusal:
        Seat(seat_section_color=color)
    assert refusal.value.path == "semantics.seatSectionColor"


BALANCE = Semantics(balance=CurrencyAmount(amount=1, currency_code="EUR"))
MATCH = Semantics(event_name="Ottelu")
PRICE = Semantics(total_price=CurrencyAmount(amount=1, currency_code="EUR"))


def test_the_balance_belongs_to_store_cards_and_the_event_to_tickets(written, make_pass):
    ticket = {"store_card": None, "event_ticket": EventTicket()}
    assert written(semantics=BALANCE)["semantics"]["balance"]
    assert written(semantics=MATCH, **ticket)["semantics"] == {"eventName": "Ottelu"}
    for style in ({}, ticket):
        assert written(semantics=PRICE, **style)["semantics"]["totalPrice"]
    with pytest.raises(ContentError, match=r"semantics\.eventName"):
        make_pass(semantics=MATCH)
    with pytest.raises(ContentError, match=r"semantics\.balance"):
        make_pass(semantics=BALANCE, **ticket)
