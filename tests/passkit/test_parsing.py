"""A pass.json that others wrote."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passkit import ContentError, parse_pass
from tests.passkit.test_nfc import PUBLIC

CARD: dict[str, Any] = {
    "formatVersion": 1,
    "passTypeIdentifier": "pass.test.leima.card",
    "teamIdentifier": "TEAMTEST01",
    "serialNumber": "0123456789abcdef0123456789abcdef",
    "organizationName": "Kahvila Esimerkki",
    "description": "Leimakortti",
    "storeCard": {
        "headerFields": [{"key": "points", "value": 12.5, "currencyCode": "EUR"}],
        "secondaryFields": [
            {"key": "a", "value": "x", "label": "A", "changeMessage": "Nyt %@"},
            {"key": "b", "value": "2026-11-22T10:00Z", "dateStyle": "PKDateStyleShort"},
            {"key": "c.2", "value": 3, "semantics": {"totalPrice": {"amount": "12.50",
             "currencyCode": "EUR"}}},
        ],
        "backFields": [{"key": "d", "value": "y", "dataDetectorTypes": []}],
    },
    "posterGeneric": {"primaryFields": [{"key": "points", "value": 12.5}]},
    "featuredActions": [{"identifier": "a", "type": "shop", "url": "https://example.com"}],
    "barcodes": [{"format": "PKBarcodeFormatQR", "message": "1", "messageEncoding": "iso-8859-1"}],
    "backgroundColor": "rgb(1, 2, 3)",
    "locations": [{"latitude": 60.1, "longitude": 25}],
    "beacons": [{"proximityUUID": "E2C56DB5-DFFB-48D2-B060-D0F5A71096E0", "major": 1}],
    "relevantDates": [{"startDate": "2026-11-22T10:00Z", "endDate": "2026-11-22T12:00Z"}],
    "maxDistance": 50,
    "nfc": {"message": "1", "encryptionPublicKey": PUBLIC, "requiresAuthentication": True},
    "webServiceURL": "https://cards.example.com",
    "authenticationToken": "0123456789abcdef",
    "voided": True,
    "userInfo": {"a": [1]},
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The card with another value at a path such as `storeCard.headerFields[0].key`."""
    card = copy.deepcopy(CARD)
    *steps, last = [
        int(step) if step.isdigit() else step
        for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    place: Any = card
    for step in steps:
        place = place[step]
    place[last] = value
    return card


def test_what_is_read_is_what_is_written():
    assert json.loads(parse_pass(CARD).to_json()) == CARD
    assert parse_pass(json.dumps(CARD).encode()) == parse_pass(CARD)


WRONG = {
    "storeCard.secondaryFields[2].value": True,
    "storeCard.secondaryFields[0].value": None,
    "storeCard.secondaryFields[0].changeMessage": "Nyt",
    "storeCard.secondaryFields[0].numberStyle": "PKNumberStyleDecimal",
    "storeCard.secondaryFields[0].attributedValue": "<b>x</b>",
    "storeCard.secondaryFields[0].label": 7,
    "storeCard.secondaryFields[0].labelText": "A",
    "storeCard.secondaryFields[1].dateStyle": "PKDateStyleTiny",
    "storeCard.secondaryFields[1].isRelative": "yes",
    "storeCard.secondaryFields[2].key": "a",
    "storeCard.secondaryFields[2].row": 1,
    "storeCard.secondaryFields[2].semantics.totalPrice.amount": 12.5,
    "storeCard.secondaryFields[2].semantics.totalPrice.currencyCode": "euro",
    "storeCard.secondaryFields[2].semantics.genre": "jazz",
    "storeCard.headerFields[0].currencyCode": "eur",
    "storeCard.headerFields[0]": "x",
    "storeCard.headerFields": {},
    "storeCard.footerFields": [],
    "storeCard": [],
    "backFields": [],
    "posterGeneric.primaryFields[0].textAlignment": "PKTextAlignmentLeft",
    "coupon": {},
    "boardingPass": {},
    "posterEventTicket": {},
    "featuredActions[0].type": "placeX",
    "featuredActions[0].url": "http://example.com",
    "barcodes[0].format": "PKBarcodeFormatITF",
    "barcodes[0].message": "☕",
    "barcodes[0].messageEncoding": "x",
    "barcodes": {},
    "backgroundColor": "brown",
    "labelColor": 7,
    "locations[0].latitude": "60.1",
    "locations[0].longitude": None,
    "beacons[0].major": 65536,
    "relevantDates[0].startDate": "2026-11-22",
    "relevantDates[0].endDate": "2026-11-22T09:00Z",
    "relevantDates[0].date": "2026-11-22T10:00Z",
    "maxDistance": "50",
    "nfc.message": "x" * 65,
    "nfc.encryptionPublicKey": "x",
    "webServiceURL": "http://cards.example.com",
    "authenticationToken": "short",
    "serialNumber": 7,
    "formatVersion": "1",
    "voided": "true",
    "expirationDate": "2026-11-22T10:00:00+0200",
    "exprirationDate": "2026-11-22T10:00Z",
    "groupingIdentifier": "a",
    "bagPolicyURL": "https://example.com",
    "preferredStyleSchemes": ["posterGeneric"],
    "userInfo.a[0]": float("nan"),
}
ELSEWHERE = {"relevantDates[0].date": "relevantDates[0]"}


@pytest.mark.parametrize("path", WRONG)
def test_a_refusal_tells_the_whole_path(path):
    with pytest.raises(ContentError) as refusal:
        parse_pass(changed(path, WRONG[path]))
    assert refusal.value.path == ELSEWHERE.get(path, path)
    assert refusal.value.reason


@pytest.mark.parametrize(
    "key", ["passTypeIdentifier", "serialNumber", "description", "formatVersion"]
)
def test_a_missing_key_is_named(key):
    with pytest.raises(ContentError) as refusal:
        parse_pass({name: value for name, value in CARD.items() if name != key})
    assert refusal.value.path == key


def test_a_mistyped_key_is_shown_the_right_one():
    with pytest.raises(ContentError, match="do you mean expirationDate"):
        parse_pass(changed("exprirationDate", "2026-11-22T10:00Z"))


def test_old_names_are_understood():
    code = CARD["barcodes"][0]
    card = {
        name: value for name, value in CARD.items() if name not in ("barcodes", "relevantDates")
    }
    read = parse_pass(card | {"barcode": code, "relevantDate": "2026-11-22T10:00Z"})
    assert json.loads(read.to_json())["barcodes"] == [code]
    assert read.relevant_dates[0].date == "2026-11-22T10:00Z"
    read = parse_pass(card | {"relevantDates": [{"relevantDate": "2026-11-22T10:00Z"}]})
    assert read.relevant_dates[0].date == "2026-11-22T10:00Z"


def test_new_names_win_over_old_ones():
    read = parse_pass(CARD | {"barcode": {"message": "old"}, "relevantDate": "2000-01-01T00:00Z"})
    assert read == parse_pass(CARD)


def test_a_poster_event_ticket_is_read():
    names = ("storeCard", "posterGeneric")
    card = {name: value for name, value in CARD.items() if name not in names}
    card |= {
        "eventTicket": {"auxiliaryFields": [{"key": "row", "value": "4", "row": 1}]},
        "preferredStyleSchemes": ["posterEventTicket", "eventTicket"],
        "bagPolicyURL": "https://example.com",
        "footerBackgroundColor": "rgb(1, 2, 3)",
        "semantics": {"eventName": "Ottelu", "seats": [{"seatRow": "4"}]},
    }
    assert json.loads(parse_pass(card).to_json()) == card
    with pytest.raises(ContentError) as refusal:
        parse_pass(card | {"bagPolicyURL": "http://example.com"})
    assert refusal.value.path == "bagPolicyURL"


def test_http_is_read_by_those_who_ask_for_it():
    card = CARD | {"webServiceURL": "http://127.0.0.1:8000"}
    assert parse_pass(card, allow_http=True).web_service_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_object_of_json_is_refused(data):
    with pytest.raises(ContentError, match=r"pass\.json"):
        parse_pass(data)


def test_a_key_that_is_there_twice_is_refused():
    with pytest.raises(ContentError, match="twice") as refusal:
        parse_pass(b'{"description": "a", ' + json.dumps(CARD).encode()[1:])
    assert refusal.value.path == "description"


@pytest.mark.parametrize("depth", [101, 600, 900])
@pytest.mark.parametrize("key", ["userInfo", "storeCard", "semantics", "upcomingPassInformation"])
def test_what_is_nested_without_end_is_refused(key, depth):
    nested = b'"%b":' % key.encode() + b'{"a":' * depth + b"1" + b"}" * depth
    with pytest.raises(ContentError):
        parse_pass(json.dumps(CARD).encode()[:-1] + b"," + nested + b"}")


PATHS = [path for path in WRONG if path != "coupon"]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PATHS), value=ODD)
def test_whatever_is_written_is_read_or_refused(path, value):
    try:
        read = parse_pass(changed(path, value))
    except ContentError:
        return
    assert parse_pass(read.to_json()).to_json() == read.to_json()
