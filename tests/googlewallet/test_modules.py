"""Texts, links, messages, places and buttons: what all types of cards may hold."""

import pytest

from googlewallet import (
    AppLinkData,
    CallbackOptions,
    ContentError,
    LinksModuleData,
    LocalizedString,
    LoyaltyObject,
    MerchantLocation,
    Message,
    MessageType,
    SaveRestrictions,
    TextModuleData,
    ValueAddedModuleData,
)
from tests.googlewallet.bodies import IMAGE, SMALLEST, TEXT

WEB = {"appTarget": {"targetUri": {"uri": "https://a.example", "description": "Auki"}}}


def with_entries(key, entry, count):
    return LoyaltyObject.faults(SMALLEST["LoyaltyObject"] | {key: [entry] * count})


@pytest.mark.parametrize(
    ("key", "entry", "most"),
    [
        ("messages", {"body": "Hei"}, 10),
        ("merchantLocations", {"latitude": 60.17, "longitude": 24.94}, 10),
        ("valueAddedModuleData", {"header": TEXT, "uri": "https://a.example"}, 15),
        ("linkedObjectIds", "33.offer", 50),
    ],
)
def test_there_may_be_so_many_and_no_more(key, entry, most):
    assert with_entries(key, entry, most) == ()
    (fault,) = with_entries(key, entry, most + 1)
    assert fault.path == key
    assert f"Google takes {most}" in fault.rule


@pytest.mark.parametrize(
    ("key", "entry", "most"),
    [("textModulesData", {"body": "a"}, 10), ("imageModulesData", {"mainImage": IMAGE}, 1)],
)
def test_more_texts_and_pictures_than_are_shown_are_taken_with_a_warning(key, entry, most):
    for count, warnings in (
        (most, ()),
        (most + 1, (f"{key}: has {most + 1} entries, and {most} are shown.",)),
    ):
        card = LoyaltyObject.parse(SMALLEST["LoyaltyObject"] | {key: [entry] * count})
        assert card.warnings() == warnings


@pytest.mark.parametrize(
    ("latitude", "longitude", "path"),
    [(90.1, 0, "latitude"), (-91, 0, "latitude"), (0, 180.5, "longitude"), (0, -181, "longitude")],
)
def test_a_place_is_on_the_globe(latitude, longitude, path):
    with pytest.raises(ContentError) as refusal:
        MerchantLocation(latitude=latitude, longitude=longitude)
    assert refusal.value.path == path


def test_places_at_the_edge_are_taken():
    assert MerchantLocation(latitude=-90, longitude=180).to_json() == {
        "latitude": -90.0,
        "longitude": 180.0,
    }


@pytest.mark.parametrize("identifier", ["", "a.b", "a b", "ä"])
def test_an_id_of_a_text_has_no_dots(identifier):
    with pytest.raises(ContentError) as refusal:
        TextModuleData(id=identifier, body="a")
    assert refusal.value.path == "id"


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "file:///etc/passwd", "intent:x"])
def test_links_lead_to_pages_calls_mails_and_maps(uri):
    with pytest.raises(ContentError) as refusal:
        LinksModuleData.parse({"uris": [{"uri": "tel:1"}, {"uri": uri}]})
    assert refusal.value.path == "uris[1].uri"


def test_links_without_a_link_are_refused():
    with pytest.raises(ContentError) as refusal:
        LinksModuleData(uris=[])
    assert refusal.value.path == "uris"


def test_a_message_says_something():
    message = Message(id="m1", body="Hei", message_type=MessageType.TEXT_AND_NOTIFY)
    assert message.to_json()["messageType"] == "TEXT_AND_NOTIFY"
    with pytest.raises(ContentError, match="says nothing"):
        Message(id="m1")


def test_a_message_of_a_type_that_google_does_not_support_is_refused():
    (fault,) = Message.faults({"body": "Hei", "messageType": "EXPIRATION_NOTIFICATION"})
    assert fault.path == "messageType"


def test_a_small_card_leads_somewhere_and_is_short():
    header = LocalizedString.of({"fi": "a" * 61}, default="fi")
    (warning,) = ValueAddedModuleData(header=header, uri="https://a.example").warnings()
    assert "61 characters, and 60 are shown" in warning
    with pytest.raises(ContentError, match="uri: is missing"):
        ValueAddedModuleData(header=header)


def test_a_button_leads_somewhere_in_few_words():
    assert AppLinkData.faults({"webAppLinkInfo": WEB, "displayText": TEXT}) == ()
    (nowhere,) = AppLinkData.faults({"displayText": TEXT})
    assert "leads nowhere" in nowhere.rule
    long = {"defaultValue": {"language": "fi", "value": "a" * 31}}
    (wordy,) = AppLinkData.faults({"webAppLinkInfo": WEB, "displayText": long})
    assert wordy.path == "displayText"


def test_the_address_of_a_button_is_described():
    bare = {"appTarget": {"targetUri": {"uri": "https://a.example"}}}
    (fault,) = AppLinkData.faults({"androidAppLinkInfo": bare})
    assert fault.path == "androidAppLinkInfo.appTarget.targetUri.description"
    (empty,) = AppLinkData.faults({"androidAppLinkInfo": {"appTarget": {}}})
    assert "leads nowhere" in empty.rule


def test_google_calls_back_by_https():
    url = "https://kahvila.example/google/callback"
    assert CallbackOptions(url=url) == CallbackOptions.of(url)
    local = "http://127.0.0.1:8000/google/callback"
    assert CallbackOptions.of(local, allow_http=True).url == local
    with pytest.raises(ContentError):
        CallbackOptions.of(local)


def test_saving_is_restricted_by_a_sum_in_small_hex():
    assert SaveRestrictions.faults({"restrictToEmailSha256": "0f" * 32}) == ()
    for wrong in ("0F" * 32, "0f" * 31, "aino@kahvila.example"):
        assert len(SaveRestrictions.faults({"restrictToEmailSha256": wrong})) == 1
