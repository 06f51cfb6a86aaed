"""Android phones show what Google has, and say which changes would notify."""

import json
from pathlib import Path

import pytest
import requests

from googlewallet.client import Kind
from server.sandbox.errors import PassRefused, SaveRefused, StateUnreadable
from tests.sandbox.android import bodies
from tests.sandbox.android.bodies import CARD

OFFER = f"{CARD}_reward"


def balance(phone) -> int:
    return phone.look().cards[CARD].linked.object_["loyaltyPoints"]["balance"]["int"]


def lines(phone) -> list[str]:
    return [line.text for line in phone.look().log]


def test_each_account_has_a_phone_of_its_own(androids):
    assert [(phone.id, phone.name, phone.language) for phone in androids] == [
        ("aino-pixel", "Aino's Pixel", "fi"),
        ("linnea-galaxy", "Linnea's Galaxy", "sv"),
    ]


def test_what_is_saved_appears_on_that_phone_only(cafe, google, pixel, galaxy, until):
    google.save(cafe.jwt(), "aino")
    until(lambda: CARD in pixel.look().cards)
    assert lines(pixel) == ["Saved Kahvipassi"]
    assert galaxy.look().cards == {}


def test_a_save_link_is_opened_on_a_phone(cafe, google, galaxy):
    galaxy.add(cafe.link())
    assert balance(galaxy) == 7
    assert google.wallets["linnea"] == (CARD,)


def test_a_link_of_the_service_is_followed_to_the_save_link(cafe, site, pixel):
    site.save_link = cafe.link()
    pixel.add(f"{site.url}/card/google")
    assert balance(pixel) == 7


@pytest.mark.parametrize(
    ("path", "why"), [("card", "a page"), ("round", "page to page"), ("away", "only")]
)
def test_a_link_that_leads_elsewhere_is_refused_with_the_reason(site, pixel, path: str, why: str):
    with pytest.raises(PassRefused, match=why):
        pixel.add(f"{site.url}/{path}")


def test_a_link_to_a_stranger_is_not_even_asked(site, pixel):
    with pytest.raises(PassRefused, match="only"):
        pixel.add("http://127.0.0.1:1/card")
    assert site.asked == []


def test_a_service_that_does_not_answer_is_told(site, pixel, monkeypatch: pytest.MonkeyPatch):
    def fail(*_args: object, **_settings: object) -> None:
        raise requests.ConnectionError("nobody listens")

    monkeypatch.setattr(requests.Session, "get", fail)
    with pytest.raises(PassRefused, match="nobody listens"):
        pixel.add(f"{site.url}/card/google")


def test_a_forwarded_link_is_refused_to_the_second_person(cafe, pixel, galaxy):
    pixel.add(cafe.link())
    with pytest.raises(SaveRefused, match="somebody else"):
        galaxy.add(cafe.link())
    assert galaxy.look().cards == {}


def test_a_change_that_did_not_ask_is_silent(cafe, pixel, until):
    pixel.add(cafe.link())
    cafe.stamp(8)
    until(lambda: balance(pixel) == 8)
    assert pixel.look().notifications == []
    assert lines(pixel)[-1].startswith("Kahvipassi changed silently: Leimat 7 → 8 (")


def test_a_balance_that_asked_to_notify_does(cafe, pixel, until):
    pixel.add(cafe.link())
    cafe.stamp(8, notifyPreference="NOTIFY_ON_UPDATE")
    until(lambda: pixel.look().notifications)
    (notice,) = pixel.look().notifications
    assert (notice.title, notice.text.startswith("Korttisi")) == ("Kahvipassi", True)
    assert lines(pixel)[-1] == "Kahvipassi notified: Leimat 7 → 8"


def test_a_change_of_what_never_notifies_is_silent_though_it_asked(cafe, pixel, until):
    pixel.add(cafe.link())
    cafe.patch(accountName="Aino Korhonen", notifyPreference="NOTIFY_ON_UPDATE")
    until(lambda: "Korhonen" in lines(pixel)[-1])
    assert pixel.look().notifications == []


def test_a_message_may_speak_or_stay_silent(cafe, pixel, until):
    pixel.add(cafe.link())
    quiet = {"id": "1", "header": "Kuitti", "body": "3 €", "messageType": "TEXT"}
    loud = {"id": "2", "header": "Arvonta", "body": "Osallistu", "messageType": "TEXT_AND_NOTIFY"}
    cafe.client.add_message(Kind.LOYALTY_OBJECT, CARD, quiet)
    until(lambda: len(lines(pixel)) == 2)
    assert pixel.look().notifications == []
    cafe.client.add_message(Kind.LOYALTY_OBJECT, CARD, loud)
    until(lambda: pixel.look().notifications)
    assert "viesti" in pixel.look().notifications[0].text


def test_a_change_of_the_class_reaches_the_card(cafe, pixel, until):
    pixel.add(cafe.link())
    changes = {"hexBackgroundColor": "#004422", "reviewStatus": "UNDER_REVIEW"}
    cafe.client.patch(Kind.LOYALTY_CLASS, bodies.CLASS_ID, changes)
    until(lambda: "the colour" in lines(pixel)[-1])


def test_what_looks_the_same_leaves_no_line(cafe, pixel, until):
    pixel.add(cafe.link())
    cafe.patch(smartTapRedemptionValue="ABC")
    cafe.stamp(8)
    until(lambda: balance(pixel) == 8)
    assert len(lines(pixel)) == 2


def test_a_linked_offer_comes_and_goes_with_the_card(cafe, pixel, until):
    pixel.add(cafe.link())
    cafe.insert(Kind.OFFER_CLASS, bodies.offer_class())
    cafe.insert(Kind.OFFER_OBJECT, bodies.offer_object())
    cafe.patch(linkedOfferIds=[OFFER])
    until(lambda: pixel.look().cards[CARD].offers)
    cafe.patch(linkedOfferIds=[])
    until(lambda: not pixel.look().cards[CARD].offers)


def test_a_phone_that_is_off_catches_up_when_it_is_on(cafe, google, pixel, galaxy, until):
    pixel.add(cafe.link())
    pixel.switch(is_on=False)
    cafe.insert(Kind.LOYALTY_OBJECT, bodies.loyalty_object(cafe.site.url, id=f"{CARD}-2"))
    cafe.stamp(8, notifyPreference="NOTIFY_ON_UPDATE")
    google.save(cafe.jwt(f"{CARD}-2"), "linnea")
    until(lambda: galaxy.look().cards)  # the news have gone round
    assert balance(pixel) == 7
    pixel.switch(is_on=True)
    assert balance(pixel) == 8
    assert len(pixel.look().notifications) == 1


def test_a_phone_that_is_off_opens_and_removes_nothing(cafe, google, pixel):
    pixel.add(cafe.link())
    pixel.switch(is_on=False)
    with pytest.raises(PassRefused, match="off"):
        pixel.add(cafe.link())
    with pytest.raises(PassRefused, match="off"):
        pixel.remove(CARD)
    assert google.wallets["aino"] == (CARD,)


def test_switching_on_what_is_on_changes_nothing(pixel):
    pixel.switch(is_on=True)
    assert lines(pixel) == []


def test_the_account_saves_while_the_phone_is_off(cafe, google, pixel):
    pixel.switch(is_on=False)
    google.save(cafe.jwt(), "aino")
    pixel.switch(is_on=True)
    assert balance(pixel) == 7


def test_a_removed_card_is_gone_from_the_account_and_can_be_saved_again(cafe, google, pixel):
    pixel.add(cafe.link())
    assert pixel.remove(CARD)
    assert not pixel.remove(CARD)
    assert (pixel.look().cards, google.wallets["aino"]) == ({}, ())
    pixel.add(cafe.link())
    assert lines(pixel) == ["Saved Kahvipassi", "Removed Kahvipassi", "Saved Kahvipassi"]


def test_a_phone_goes_on_where_it_stopped(cafe, start_androids, until):
    before = start_androids().get("aino-pixel")
    before.add(cafe.link())
    before.switch(is_on=False)
    after = start_androids().get("aino-pixel")
    assert not after.is_on
    assert (after.look().cards, after.look().log) == (before.look().cards, before.look().log)


def test_what_happened_while_the_phones_were_stopped_is_seen_at_the_start(
    cafe, start_androids, until
):
    androids = start_androids()
    androids.get("aino-pixel").add(cafe.link())
    androids.stop()
    cafe.stamp(9)
    phone = start_androids().get("aino-pixel")
    until(lambda: balance(phone) == 9)


def test_a_damaged_file_is_named(start_androids, tmp_path: Path):
    start_androids().get("aino-pixel").switch(is_on=False)
    file = tmp_path / "androids" / "aino" / "android.json"
    assert json.loads(file.read_text())["is_on"] is False
    file.write_text("{}")
    with pytest.raises(StateUnreadable, match=r"android\.json"):
        start_androids()


def test_equal_versions_look_equal(cafe, androids, pixel, until):
    version = androids.version
    assert androids.version == version
    pixel.add(cafe.link())
    assert androids.version != version
