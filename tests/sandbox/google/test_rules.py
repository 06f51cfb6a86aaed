"""What the stand-in takes is what Google's document and pages allow, and nothing else."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from googlewallet.client import Kind
from server.sandbox.errors import BodyRefused
from server.sandbox.google.rules import require_message, require_rules
from server.sandbox.google.schema import Schemas, installed
from server.sandbox.google.shapes import Shapes
from tests.googlewallet.bodies import SMALLEST, bodies
from tests.googlewallet.discovery import document, errors_of
from tests.sandbox.google.conftest import loyalty_class, loyalty_object, picture

ISSUER = "9000000000000000001"
KINDS = tuple(SMALLEST)
WRONG = (None, True, 7, 2**31, 0.5, "text", "", [], [None], {}, {"nope": 1})


def places(body: Any, path: tuple = ()) -> list[tuple]:
    """Where something stands in a body."""
    if isinstance(body, dict):
        return [path, *(place for name in body for place in places(body[name], (*path, name)))]
    if isinstance(body, list):
        inner = (place for n in range(len(body)) for place in places(body[n], (*path, n)))
        return [path, *inner]
    return [path]


def put(body: Any, path: tuple, value: Any) -> Any:
    """The body with something else at a place."""
    if not path:
        return value
    changed = copy.copy(body)
    changed[path[0]] = put(body[path[0]], path[1:], value)
    return changed


def is_taken(kind: str, body: Any) -> bool:
    schemas = installed()
    assert schemas is not None
    try:
        schemas.require(kind, body)
    except BodyRefused:
        return False
    return True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_shape_is_judged_as_by_a_validator_of_json_schema(data: st.DataObject):
    kind = data.draw(st.sampled_from(KINDS))
    body = data.draw(bodies(kind))
    if data.draw(st.booleans()):
        body = put(
            body, data.draw(st.sampled_from(places(body))), data.draw(st.sampled_from(WRONG))
        )
    assert is_taken(kind, body) == (errors_of(kind, body) == [])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_the_library_writes_breaks_no_rule(data: st.DataObject):
    kind = data.draw(st.sampled_from(KINDS))
    body = data.draw(bodies(kind))
    require_rules(body, is_class=kind.endswith("Class"), issuer_id="33")


def test_nothing_but_the_known_kinds_of_values_is_in_the_document():
    """Else the stand-in would let it pass unseen."""
    schemas = Schemas(document())
    for name in document()["schemas"]:
        schemas.require(name, {}, is_patch=True)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": "aino"}, "id"),
        ({"id": f"{ISSUER}.ä"}, "id"),
        ({"id": "33.aino"}, "id"),
        ({"classId": "33.kahvipassi"}, "classId"),
        ({"loyaltyPoints": {"balance": {"int": 1, "string": "1"}}}, "loyaltyPoints"),
        ({"loyaltyPoints": {"balance": {}}}, "loyaltyPoints"),
        ({"loyaltyPoints": {"label": "Leimat"}}, "loyaltyPoints"),
        ({"heroImage": {**picture("a"), "privateImageId": "b"}}, "heroImage"),
        ({"heroImage": {"sourceUri": {"uri": "http://cards.example.com/a.png"}}}, "heroImage"),
        ({"merchantLocations": [{"latitude": 60.0, "longitude": 24.9}] * 11}, "merchantLocations"),
        ({"merchantLocations": [{"latitude": 90.1, "longitude": 0.0}]}, "merchantLocations"),
        ({"merchantLocations": [{"latitude": -90.1, "longitude": 0.0}]}, "merchantLocations"),
        ({"merchantLocations": [{"latitude": 0.0, "longitude": -180.1}]}, "merchantLocations"),
        ({"merchantLocations": [{"latitude": 0.0, "longitude": 180.1}]}, "merchantLocations"),
        ({"messages": [{"header": "a", "body": "b"}] * 11}, "messages"),
        ({"valueAddedModuleData": [{"header": {}, "uri": "https://x.example"}] * 16}, ""),
        ({"linkedObjectIds": [f"{ISSUER}.{n}" for n in range(51)]}, "linkedObjectIds"),
        ({"textModulesData": [{"id": "with.dot", "body": "a"}]}, "textModulesData"),
        (
            {"linksModuleData": {"uris": [{"uri": "www.example.com"}]}},
            "linksModuleData.uris[0].uri",
        ),
        (
            {
                "validTimeInterval": {
                    "start": {"date": "2026-11-22T10:00:00Z"},
                    "end": {"date": "2026-11-23T10:00:00"},
                }
            },
            "validTimeInterval",
        ),
        (
            {"validTimeInterval": {"end": {"date": "soon"}}},
            "validTimeInterval.end.date",
        ),
        ({"barcode": {"type": "TEXT_ONLY", "value": "a", "alternateText": "b"}}, "barcode"),
        ({"barcode": {"type": "AZTEC", "value": "a", "renderEncoding": "UTF_8"}}, "barcode"),
        ({"rotatingBarcode": {"type": "AZTEC", "valuePattern": "a"}}, "rotatingBarcode"),
        (
            {
                "rotatingBarcode": {
                    "type": "QR_CODE",
                    "totpDetails": {"parameters": [{"key": "xyz", "valueLength": 6}]},
                }
            },
            "rotatingBarcode",
        ),
        ({"smartTapRedemptionValue": "ä"}, "smartTapRedemptionValue"),
        ({"hasUsers": True}, "hasUsers"),
        ({"loyaltyPoints": {"localizedLabel": {}, "balance": {"int": 1}}}, ""),
    ],
)
def test_a_broken_rule_is_told_with_its_place(changes: dict, path: str):
    with pytest.raises(BodyRefused) as caught:
        require_rules(loyalty_object(**changes), is_class=False, issuer_id=ISSUER)
    assert caught.value.path.startswith(path)


ROW = {"oneItem": {}, "twoItems": {}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"reviewStatus": "APPROVED"}, "reviewStatus"),
        ({"hexBackgroundColor": "red"}, "hexBackgroundColor"),
        ({"callbackOptions": {"url": "http://cards.example.com"}}, "callbackOptions"),
        ({"classTemplateInfo": {"cardTemplateOverride": {"cardRowTemplateInfos": [ROW]}}}, "class"),
        (
            {
                "classTemplateInfo": {
                    "cardTemplateOverride": {"cardRowTemplateInfos": [{"oneItem": {}}] * 4}
                }
            },
            "class",
        ),
        ({"review": {"comments": "fine"}}, "review"),
    ],
)
def test_a_broken_rule_of_a_class_is_told_with_its_place(changes: dict, path: str):
    with pytest.raises(BodyRefused) as caught:
        require_rules(loyalty_class(**changes), is_class=True, issuer_id=ISSUER)
    assert caught.value.path.startswith(path)


def test_addresses_on_this_machine_need_no_https():
    body = loyalty_class(
        programLogo={"sourceUri": {"uri": "http://127.0.0.1:8000/logo.png"}},
        callbackOptions={"url": "http://localhost:8000/google/callback"},
    )
    require_rules(body, is_class=True, issuer_id=ISSUER)


@pytest.mark.parametrize(
    "message",
    [
        {"header": "Hei"},
        {"body": "Hei"},
        {"header": "Hei", "body": "Hei", "messageType": "EXPIRATION_NOTIFICATION"},
        {"header": "Hei", "body": "Hei", "displayInterval": {"end": {"date": "x"}}},
    ],
)
def test_a_message_that_google_would_not_show_is_refused(message: dict):
    with pytest.raises(BodyRefused):
        require_message(message)


@pytest.mark.parametrize("changes", [{"nope": 1}, {"state": "GONE"}, {"state": None}])
def test_without_googles_document_the_library_judges(changes: dict):
    shapes = Shapes(None)
    shapes.require(Kind.LOYALTY_OBJECT, loyalty_object())
    with pytest.raises(BodyRefused):
        shapes.require(Kind.LOYALTY_OBJECT, loyalty_object(**changes))
    with pytest.raises(BodyRefused) as caught:
        shapes.require_request("AddMessageRequest", {"message": {"nope": 1}})
    assert caught.value.path.startswith("message")
