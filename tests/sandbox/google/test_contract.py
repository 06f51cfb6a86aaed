"""Google's own client works with the stand-in as it comes, and its answers are Google's in form."""

from collections.abc import Iterator

import pytest
from googleapiclient.discovery import Resource, build_from_document
from googleapiclient.errors import HttpError

from tests.googlewallet.discovery import document, errors_of
from tests.sandbox.google.conftest import (
    CLASS,
    OBJECT,
    OFFER,
    Caller,
    loyalty_class,
    loyalty_object,
    offer,
    offer_class,
    points,
)


@pytest.fixture
def service(caller: Caller) -> Iterator[Resource]:
    options = {"api_endpoint": caller.google.url}
    credentials = caller.account.credentials()
    with build_from_document(
        document(), credentials=credentials, client_options=options
    ) as service:
        yield service


def test_googles_client_does_all_that_there_is(caller: Caller, service: Resource):
    def ask(type_: str, method: str, schema: str, **given: object) -> dict:
        found = getattr(getattr(service, type_)(), method)(**given).execute()
        assert errors_of(schema, found, is_answer=True) == []
        return found

    ask("loyaltyclass", "insert", "LoyaltyClass", body=loyalty_class())
    ask("loyaltyobject", "insert", "LoyaltyObject", body=loyalty_object())
    ask("offerclass", "insert", "OfferClass", body=offer_class())
    ask("offerobject", "insert", "OfferObject", body=offer())
    ask("loyaltyobject", "get", "LoyaltyObject", resourceId=OBJECT)
    ask("loyaltyobject", "patch", "LoyaltyObject", resourceId=OBJECT, body=points(8))
    ask("loyaltyobject", "update", "LoyaltyObject", resourceId=OBJECT, body=loyalty_object())
    ask("loyaltyobject", "list", "LoyaltyObjectListResponse", classId=CLASS, maxResults=1)
    message = {"message": {"header": "Hei", "body": "Uutta"}}
    added = "LoyaltyObjectAddMessageResponse"
    ask("loyaltyobject", "addmessage", added, resourceId=OBJECT, body=message)
    link = {"linkedOfferObjectIds": {"addLinkedOfferObjectIds": [OFFER]}}
    changed = ask(
        "loyaltyobject", "modifylinkedofferobjects", "LoyaltyObject", resourceId=OBJECT, body=link
    )
    assert changed["linkedOfferIds"] == [OFFER]
    ask("jwt", "insert", "JwtInsertResponse", body={"jwt": caller.jwt()})
    body = {"jwtResource": {"jwt": caller.jwt()}}
    ask("jwt", "validate", "JwtValidateResponse", body=body)


def test_googles_client_tells_the_reason_of_a_refusal(service: Resource):
    with pytest.raises(HttpError) as caught:
        service.loyaltyobject().get(resourceId=OBJECT).execute()
    assert caught.value.status_code == 404
    assert caught.value.error_details[0]["reason"] == "resourceNotFound"
