"""Every call of the client is one that Google's own description of the API knows."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from googlewallet import RotatingBarcode
from googlewallet.client import Kind, WalletClient
from googlewallet.rotating import RotatingCode
from tests.googlewallet.discovery import document, errors_of
from tests.googlewallet.local_google import Asked, LocalGoogle

ISSUER = "9000000000000000001"
ID = f"{ISSUER}.card"
CLASSES = [kind for kind in Kind if kind.is_class]
OBJECTS = [kind for kind in Kind if not kind.is_class]
MESSAGE = {"id": "m1", "header": "h", "body": "b", "messageType": "TEXT"}


def methods(of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from of.get("methods", {}).values()
    for resource in of.get("resources", {}).values():
        yield from methods(resource)


def known(asked: Asked) -> dict[str, Any]:
    """The method of the API that this request calls."""
    found = [
        method
        for method in methods(document())
        if method["httpMethod"] == asked.method and _pattern(method).fullmatch(asked.path)
    ]
    assert len(found) == 1, f"{asked.method} {asked.path}"
    return found[0]


def _pattern(method: dict[str, Any]) -> re.Pattern[str]:
    path = "/" + method["path"].removeprefix("walletobjects/v1/")
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))


def check(google: LocalGoogle) -> dict[str, Any]:
    (asked,) = google.asked
    method = known(asked)
    assert asked.query.keys() <= method.get("parameters", {}).keys()
    if "request" not in method:
        assert asked.body == b""
    return method


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("verb", "call"),
    [
        ("insert", lambda client, kind: client.insert(kind, {"id": ID})),
        ("get", lambda client, kind: client.get(kind, ID)),
        ("update", lambda client, kind: client.update(kind, ID, {"id": ID})),
        ("patch", lambda client, kind: client.patch(kind, ID, {"id": ID})),
        ("addmessage", lambda client, kind: client.add_message(kind, ID, MESSAGE)),
    ],
)
def test_each_kind_has_each_verb(
    client: WalletClient,
    google: LocalGoogle,
    kind: Kind,
    verb: str,
    call: Callable[[WalletClient, Kind], object],
):
    call(client, kind)
    assert check(google)["id"] == f"walletobjects.{kind.lower()}.{verb}"


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_are_listed_by_issuer(client: WalletClient, google: LocalGoogle, kind: Kind):
    client.list(kind, issuer_id=ISSUER, page_token="next", most=5)
    assert check(google)["id"] == f"walletobjects.{kind.lower()}.list"


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_are_listed_by_class(client: WalletClient, google: LocalGoogle, kind: Kind):
    client.list(kind, class_id=ID, page_token="next", most=5)
    assert check(google)["id"] == f"walletobjects.{kind.lower()}.list"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.modify_linked_offers(ID, add=[ID], remove=[f"{ID}_reward"]),
        lambda client: client.insert_jwt("a.b.c"),
        lambda client: client.validate_jwt("a.b.c"),
        lambda client: client.validate_json({"loyaltyObjects": [{"id": ID}]}),
        lambda client: client.add_message(Kind.LOYALTY_OBJECT, ID, MESSAGE),
    ],
)
def test_bodies_that_the_client_makes_fit_the_schema(
    client: WalletClient, google: LocalGoogle, call: Callable[[WalletClient], object]
):
    google.reply(200, {"saveUri": "https://pay.google.com/gp/v/save/x"})
    call(client)
    schema = check(google)["request"]["$ref"]
    assert errors_of(schema, google.asked[0].json) == []


@pytest.mark.parametrize("type", ["QR_CODE", "PDF_417"])
def test_a_rotating_code_fits_the_schema_and_our_models(type: str):
    content = RotatingCode(key=RotatingCode.new_key(), prefix="10042", type=type).content(
        alternate_text="10042"
    )
    assert errors_of("RotatingBarcode", content) == []
    assert RotatingBarcode.parse(content).to_json() == content
