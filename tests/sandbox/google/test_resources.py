"""Classes and objects at the stand-in: made, read, changed and refused as Google's pages say."""

import pytest

from googlewallet.throwaway import ISSUER_ID
from tests.googlewallet.discovery import errors_of
from tests.sandbox.google.conftest import (
    CLASS,
    OBJECT,
    OFFER,
    Caller,
    loyalty_class,
    loyalty_object,
    offer,
    offer_class,
    picture,
    points,
)


def test_a_class_under_review_is_approved_at_once(caller: Caller):
    assert caller.insert("loyaltyClass", loyalty_class())["reviewStatus"] == "APPROVED"


def test_an_object_is_read_with_its_class_and_whether_it_has_users(card: Caller):
    found = card.call("GET", f"loyaltyObject/{OBJECT}").json()
    assert found["hasUsers"] is False
    assert found["classReference"]["programName"] == "Kahvipassi"
    assert errors_of("LoyaltyObject", found, is_answer=True) == []


def test_an_object_without_its_class_is_told_apart_from_an_object_that_is_missing(caller: Caller):
    assert caller.reason("POST", "loyaltyObject", loyalty_object()) == (404, "classNotFound")
    assert caller.reason("GET", f"loyaltyObject/{OBJECT}") == (404, "resourceNotFound")
    assert caller.reason("PATCH", f"loyaltyObject/{OBJECT}", points(8)) == (404, "resourceNotFound")


def test_an_id_is_taken_once(card: Caller):
    assert card.reason("POST", "loyaltyClass", loyalty_class()) == (409, "existingResource")
    assert card.reason("POST", "loyaltyObject", loyalty_object()) == (409, "existingResource")


def test_an_object_of_another_type_cannot_take_the_id_either(card: Caller):
    card.insert("offerClass", offer_class())
    assert card.reason("POST", "offerObject", offer(id=OBJECT)) == (409, "existingResource")


def test_a_draft_has_no_objects(caller: Caller):
    caller.insert("loyaltyClass", loyalty_class(reviewStatus="DRAFT"))
    assert caller.reason("POST", "loyaltyObject", loyalty_object()) == (400, "invalid")


def test_a_patch_merges_replaces_arrays_and_removes_by_null(card: Caller):
    modules = [{"id": "a", "header": "A", "body": "1"}, {"id": "b", "header": "B", "body": "2"}]
    card.patch({"textModulesData": modules, "heroImage": picture("hero")})
    found = card.patch(
        {**points(8), "textModulesData": modules[:1], "heroImage": None, "barcode": None}
    )
    assert found["loyaltyPoints"] == {"label": "Leimat", "balance": {"int": 8}}
    assert found["textModulesData"] == modules[:1]
    assert "heroImage" not in found
    assert "barcode" not in found


def test_a_balance_of_another_type_needs_the_old_one_removed(card: Caller):
    text = {"loyaltyPoints": {"balance": {"string": "7/10"}}}
    path = f"loyaltyObject/{OBJECT}"
    assert card.reason("PATCH", path, text) == (400, "invalid")
    text["loyaltyPoints"]["balance"]["int"] = None
    assert card.patch(text)["loyaltyPoints"]["balance"] == {"string": "7/10"}


def test_an_update_replaces_the_whole(card: Caller):
    whole = loyalty_object(barcode=None)
    found = card.call("PUT", f"loyaltyObject/{OBJECT}", whole).json()
    assert "barcode" not in found


def test_the_wish_for_a_notification_is_not_kept(card: Caller):
    card.patch({**points(8), "notifyPreference": "NOTIFY_ON_UPDATE"})
    assert "notifyPreference" not in card.google.object("loyaltyObject", OBJECT)


def test_a_change_of_a_class_asks_for_review_again(card: Caller):
    path = f"loyaltyClass/{CLASS}"
    approved = card.call("GET", path).json()
    assert card.reason("PUT", path, approved) == (400, "invalid")
    assert card.reason("PATCH", path, {"programName": "Uusi"}) == (400, "invalid")
    assert card.reason("PATCH", path, {"reviewStatus": "DRAFT"}) == (400, "invalid")
    found = card.patch(
        {"programName": "Uusi", "reviewStatus": "UNDER_REVIEW"}, "loyaltyClass", CLASS
    )
    assert (found["programName"], found["reviewStatus"]) == ("Uusi", "APPROVED")


@pytest.mark.parametrize(
    "changes",
    [
        {"id": f"{ISSUER_ID}.another"},
        {"classId": f"{ISSUER_ID}.another"},
        {"hasUsers": True},
        {"loyaltyPoints": {"balance": {"int": 2**31}}},
        {"state": "active"},
        {"notThere": None},
    ],
)
def test_a_refused_patch_changes_nothing(card: Caller, changes: dict):
    before = card.google.object("loyaltyObject", OBJECT)
    assert card.reason("PATCH", f"loyaltyObject/{OBJECT}", {**points(8), **changes})[0] == 400
    assert card.google.object("loyaltyObject", OBJECT) == before


def test_another_issuers_things_are_not_ours(caller: Caller):
    assert caller.reason("GET", "loyaltyObject/3388000000022195611.x") == (403, "permissionDenied")
    assert caller.reason("GET", "loyaltyObject/no-issuer") == (400, "invalidResource")


def test_lists_come_in_pages(card: Caller):
    ids = [OBJECT, *(f"{ISSUER_ID}.n{number}" for number in range(4))]
    for id in ids[1:]:
        card.insert("loyaltyObject", loyalty_object(id=id))
    found, token = [], None
    while token != "":
        more = f"&token={token}" if token else ""
        page = card.call("GET", f"loyaltyObject?classId={CLASS}&maxResults=2{more}").json()
        assert len(page["resources"]) <= 2
        found += [each["id"] for each in page["resources"]]
        token = page["pagination"].get("nextPageToken", "")
    assert found == ids
    classes = card.call("GET", f"loyaltyClass?issuerId={ISSUER_ID}").json()
    assert [each["id"] for each in classes["resources"]] == [CLASS]


@pytest.mark.parametrize("query", [f"classId={CLASS}&maxResults=0", f"classId={CLASS}&token=%21"])
def test_a_page_that_cannot_be_is_refused(card: Caller, query: str):
    assert card.reason("GET", f"loyaltyObject?{query}") == (400, "invalidParameter")


def test_messages_are_added_up_to_ten(card: Caller):
    path = f"loyaltyObject/{OBJECT}/addMessage"
    for number in range(10):
        message = {"id": f"m{number}", "header": "Hei", "body": "Uutta"}
        answer = card.call("POST", path, {"message": message})
        assert answer.json()["resource"]["messages"][-1] == message
    assert card.reason("POST", path, {"message": message}) == (400, "invalid")


def test_offers_are_linked_and_unlinked(card: Caller):
    path = f"loyaltyObject/{OBJECT}/modifyLinkedOfferObjects"
    link = {"linkedOfferObjectIds": {"addLinkedOfferObjectIds": [OFFER]}}
    assert card.reason("POST", path, link) == (400, "invalid")
    assert card.reason("PATCH", f"loyaltyObject/{OBJECT}", {"linkedOfferIds": [OFFER]})[0] == 400
    card.insert("offerClass", offer_class())
    card.insert("offerObject", offer())
    assert card.call("POST", path, link).json()["linkedOfferIds"] == [OFFER]
    unlink = {"linkedOfferObjectIds": {"removeLinkedOfferObjectIds": [OFFER]}}
    assert card.call("POST", path, unlink).json()["linkedOfferIds"] == []


def test_a_linked_object_is_never_unlinked(card: Caller):
    card.insert("offerClass", offer_class())
    card.insert("offerObject", offer())
    card.patch({"linkedObjectIds": [OFFER]})
    assert card.patch({"linkedObjectIds": []})["linkedObjectIds"] == [OFFER]
    assert card.reason("PATCH", f"loyaltyObject/{OBJECT}", {"linkedObjectIds": [OBJECT]})[0] == 400


def test_an_object_ends_when_its_time_is_over(card: Caller):
    card.patch({"validTimeInterval": {"end": {"date": "2026-11-23T00:00:00Z"}}})
    assert card.google.object("loyaltyObject", OBJECT)["state"] == "ACTIVE"
    card.clock.move(days=1)
    assert card.google.object("loyaltyObject", OBJECT)["state"] == "EXPIRED"


def test_everything_is_there_after_a_restart(card: Caller, start):
    card.save()
    card.patch(points(9))
    again = start(now=card.clock)
    assert again.object("loyaltyObject", OBJECT)["loyaltyPoints"]["balance"] == {"int": 9}
    assert again.wallets["aino"] == (OBJECT,)


def test_a_line_that_was_cut_off_is_as_if_it_had_not_been(card: Caller, start, tmp_path):
    card.google.stop()
    file = tmp_path / "google" / "google.jsonl"
    file.write_bytes(file.read_bytes() + b'["loyaltyObject",{"id":"')
    assert start().object("loyaltyObject", OBJECT) is not None


def test_the_issuer_says_who_it_is(caller: Caller):
    assert caller.call("GET", f"issuer/{ISSUER_ID}").json()["issuerId"] == ISSUER_ID


@pytest.mark.parametrize("path", ["teaObject", "loyaltyObject/a/b/c", f"loyaltyObject/{OBJECT}/x"])
def test_there_is_nothing_else(caller: Caller, path: str):
    assert caller.reason("POST", path, {}) == (404, "notFound")


def test_a_body_that_is_no_json_object_is_refused(caller: Caller):
    answer = caller.http.post(f"{caller.google.api_url}/loyaltyClass", data=b"{", timeout=20)
    assert answer.status_code == 400
    assert caller.reason("POST", "loyaltyClass", [1]) == (400, "invalid")
