"""Save links: verified as Google does, saved by people, never a way to change what is there."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from googlewallet.credentials import ServiceAccount
from googlewallet.throwaway import ISSUER_ID, load_or_create
from server.sandbox.errors import SaveRefused
from server.sandbox.google.stand_in import Account, Faults
from tests.sandbox.google.conftest import (
    CLASS,
    OBJECT,
    Caller,
    loyalty_class,
    loyalty_object,
    points,
)

FAT = {"loyaltyClasses": [loyalty_class()], "loyaltyObjects": [loyalty_object()]}


def signed(caller: Caller, *, key: Any = None, drop: str = "", **changes: Any) -> str:
    claims = {
        "iss": caller.account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(caller.clock().timestamp()),
        "payload": {"loyaltyObjects": [{"id": OBJECT}]},
        **changes,
    }
    claims.pop(drop, None)
    return jwt.encode(claims, key or caller.account.key, algorithm="RS256")


def test_what_somebody_saves_is_in_the_wallet_and_has_users(card: Caller):
    saved = card.google.save(card.jwt(), "aino")
    assert saved.new_ids == (OBJECT,)
    assert card.google.wallets == {"aino": (OBJECT,), "linnea": ()}
    assert card.google.object("loyaltyObject", OBJECT)["hasUsers"] is True


def test_saving_again_is_nothing_new(card: Caller):
    card.save()
    saved = card.google.save(card.jwt(), "aino")
    assert (saved.object_ids, saved.new_ids) == ((OBJECT,), ())


def test_a_second_person_is_refused(card: Caller):
    card.save()
    with pytest.raises(SaveRefused):
        card.save("linnea")
    assert card.google.wallets["linnea"] == ()


def test_a_second_person_may_when_the_class_says_so(caller: Caller):
    caller.make_card(multipleDevicesAndHoldersAllowedStatus="MULTIPLE_HOLDERS")
    caller.save()
    caller.save("linnea")
    assert caller.google.wallets == {"aino": (OBJECT,), "linnea": (OBJECT,)}


def test_once_it_is_removed_another_person_may(card: Caller):
    card.save()
    assert card.google.remove("aino", OBJECT)
    assert card.google.object("loyaltyObject", OBJECT)["hasUsers"] is False
    assert not card.google.remove("aino", OBJECT)
    card.save("linnea")


def test_in_demo_mode_only_testers_may(card: Caller):
    card.google.accounts["eino"] = Account(
        id="eino", name="Eino", email="eino@example.com", language="fi", is_tester=False
    )
    card.google.faults = Faults(demo_mode=True)
    with pytest.raises(SaveRefused):
        card.save("eino")
    card.save("aino")


@pytest.mark.parametrize("is_hers", [True, False])
def test_a_card_for_an_address_is_for_nobody_else(card: Caller, is_hers: bool):
    email = card.google.accounts["aino"].email if is_hers else "other@example.com"
    card.patch(
        {"saveRestrictions": {"restrictToEmailSha256": hashlib.sha256(email.encode()).hexdigest()}}
    )
    if is_hers:
        card.save()
    else:
        with pytest.raises(SaveRefused):
            card.save()


def test_whole_objects_are_made_when_they_are_not_there(caller: Caller):
    caller.google.save(caller.jwt(FAT), "aino")
    assert caller.google.class_("loyaltyClass", CLASS)["reviewStatus"] == "APPROVED"
    assert caller.google.object("loyaltyObject", OBJECT)["hasUsers"] is True


def test_a_link_changes_nothing_that_is_there(card: Caller):
    changed = loyalty_object(**points(1))
    card.google.save(card.jwt({"loyaltyObjects": [changed]}), "aino")
    held = card.google.object("loyaltyObject", OBJECT)
    assert held["loyaltyPoints"]["balance"] == {"int": 7}


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://google.com"},
        {"aud": ["google"]},
        {"typ": "JWT"},
        {"iss": "somebody@example.com"},
        {"iat": "1764000000"},
        {"drop": "iat"},
        {"payload": "loyaltyObjects"},
        {"payload": {}},
        {"payload": {"loyaltyObject": [{"id": OBJECT}]}},
        {"payload": {"loyaltyObjects": [{"id": f"{ISSUER_ID}.nobody"}]}},
        {"payload": {"loyaltyObjects": {"id": OBJECT}}},
        {"payload": {"loyaltyObjects": [loyalty_object(id=f"{ISSUER_ID}.new", state="GONE")]}},
    ],
)
def test_a_link_that_is_not_good_is_refused_and_makes_nothing(card: Caller, changes: dict):
    before = card.google.changes[-1].number
    with pytest.raises(SaveRefused):
        card.google.save(signed(card, **changes), "aino")
    assert card.google.wallets["aino"] == ()
    assert card.google.changes[-1].number == before


def test_a_tampered_link_and_a_strangers_key_are_refused(card: Caller, tmp_path):
    head, payload, signature = card.jwt().split(".")
    stranger = ServiceAccount.load(load_or_create(tmp_path / "x", token_uri="http://127.0.0.1"))
    for text in (f"{head}.{payload[:-2]}AA.{signature}", signed(card, key=stranger.key), "a.b.c"):
        with pytest.raises(SaveRefused):
            card.google.save(text, "aino")


def test_a_link_longer_than_is_safe_is_refused(card: Caller):
    long = [{"id": "t", "header": "Tietoa", "body": "Ä" * 2000}]
    with pytest.raises(SaveRefused, match="1800"):
        card.google.save(
            card.jwt({"loyaltyObjects": [loyalty_object(textModulesData=long)]}), "aino"
        )


def test_a_draft_cannot_be_saved(caller: Caller):
    payload = {
        "loyaltyClasses": [loyalty_class(reviewStatus="DRAFT")],
        "loyaltyObjects": [loyalty_object()],
    }
    with pytest.raises(SaveRefused):
        caller.google.save(caller.jwt(payload), "aino")


def test_an_overlong_jwt_can_be_inserted_and_gives_a_short_link(caller: Caller):
    long = [{"id": "t", "header": "Tietoa", "body": "Ä" * 2000}]
    payload = {**FAT, "loyaltyObjects": [loyalty_object(textModulesData=long)]}
    answer = caller.call("POST", "jwt", {"jwt": caller.jwt(payload)}).json()
    assert answer["resources"]["loyaltyObjects"][0]["id"] == OBJECT
    link = answer["saveUri"]
    assert link.startswith(caller.google.save_url)
    assert caller.google.save(link.rsplit("/", 1)[-1], "aino").object_ids == (OBJECT,)


@pytest.mark.parametrize(
    "payload",
    [
        {"loyaltyClasses": [loyalty_class()]},
        {**FAT, "loyaltyObjects": [loyalty_object(linkedObjectIds=[f"{ISSUER_ID}.none"])]},
        {**FAT, "loyaltyObjects": [loyalty_object(id=f"{ISSUER_ID}.{n:040}") for n in range(40)]},
    ],
    ids=["a class alone", "a link to nothing", "more than a link holds"],
)
def test_a_jwt_that_leads_to_no_link_makes_nothing(caller: Caller, payload: dict):
    assert caller.reason("POST", "jwt", {"jwt": caller.jwt(payload)}) == (400, "invalid")
    assert caller.google.class_("loyaltyClass", CLASS) is None


def test_the_same_jwt_from_many_at_once_is_made_once(caller: Caller):
    body = {"jwt": caller.jwt(FAT)}
    caller.call("GET", "issuer/none")  # the token is there
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.call("POST", "jwt", body), range(16)))
    assert {each.status_code for each in answers} == {200}


def test_a_jwt_is_tried_without_making_anything(caller: Caller):
    good = {"jwtResource": {"jwt": caller.jwt(FAT)}}
    assert caller.call("POST", "jwt/validate", good).json() == {}
    assert caller.google.object("loyaltyObject", OBJECT) is None
    broken = {**FAT, "loyaltyObjects": [loyalty_object(state="GONE")]}
    for body in (
        {"jwtResource": {"jwt": caller.jwt(broken)}},
        {"jwtResource": {"jwt": signed(caller, typ="x", payload=FAT)}},
        {"jsonResource": {"json": "no json"}},
        {},
        {**good, "jsonResource": {"json": "{}"}},
    ):
        assert caller.reason("POST", "jwt/validate", body) == (400, "invalid")


def test_nobody_saves_without_an_account(card: Caller):
    with pytest.raises(SaveRefused):
        card.save("nobody")
