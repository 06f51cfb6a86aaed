"""pass.json as a whole."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from passkit import (
    ActionType,
    Barcode,
    Beacon,
    Color,
    ContentError,
    Coupon,
    EventTicket,
    FeaturedAction,
    Field,
    Generic,
    Location,
    PosterGeneric,
    RelevantDate,
    Semantics,
    StoreCard,
    new_authentication_token,
    new_serial_number,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLACE = Location(latitude=1, longitude=1)
BEACON = Beacon(proximity_uuid="e2c56db5-dffb-48d2-b060-d0f5a71096e0")
STYLES = {"coupon": Coupon, "generic": Generic, "event_ticket": EventTicket}
URL, TOKEN = "https://cards.example.com", "0123456789abcdef"


def test_a_small_pass_has_the_required_keys_only(written):
    assert written() == {
        "formatVersion": 1,
        "passTypeIdentifier": "pass.test.leima.card",
        "teamIdentifier": "TEAMTEST01",
        "serialNumber": "0123456789abcdef0123456789abcdef",
        "organizationName": "Kahvila Esimerkki",
        "description": "Leimakortti",
        "storeCard": {"primaryFields": [{"key": "stamps", "value": 3, "label": "Leimat"}]},
    }


def test_everything_given_is_written(written):
    content = written(
        logo_text="Kahvila",
        background_color=Color(1, 2, 3),
        foreground_color=Color(255, 255, 255),
        label_color=Color(0, 0, 0),
        barcodes=[Barcode(message="12345")],
        locations=[Location(latitude=60, longitude=25)],
        max_distance=Decimal("100"),
        relevant_dates=[RelevantDate(date=NOON)],
        expiration_date=NOON,
        voided=True,
        web_service_url=URL,
        authentication_token=TOKEN,
        sharing_prohibited=True,
        user_info={"card": [1, None]},
        logo_symbol_name="cup.and.saucer.fill",
        strip_color=Color(9, 8, 7),
        suppress_strip_shine=False,
        beacons=[BEACON],
        associated_store_identifiers=[1234567890],
        app_launch_url="kahvila://card",
        semantics=Semantics(),
    )
    assert content["logoText"] == "Kahvila"
    assert content["backgroundColor"] == "rgb(1, 2, 3)"
    assert content["foregroundColor"] == "rgb(255, 255, 255)"
    assert content["labelColor"] == "rgb(0, 0, 0)"
    assert content["barcodes"][0]["message"] == "12345"
    assert content["locations"] == [{"latitude": 60, "longitude": 25}]
    assert content["maxDistance"] == 100
    assert content["relevantDates"] == [{"date": "2026-11-22T12:00:00+00:00"}]
    assert content["expirationDate"] == "2026-11-22T12:00:00+00:00"
    assert content["voided"] is content["sharingProhibited"] is True
    assert (content["webServiceURL"], content["authenticationToken"]) == (URL, TOKEN)
    assert content["userInfo"] == {"card": [1, None]}
    assert content["logoSymbolName"] == "cup.and.saucer.fill"
    assert content["stripColor"] == "rgb(9, 8, 7)"
    assert content["suppressStripShine"] is False
    assert content["beacons"] == [{"proximityUUID": "E2C56DB5-DFFB-48D2-B060-D0F5A71096E0"}]
    assert content["associatedStoreIdentifiers"] == [1234567890]
    assert content["appLaunchURL"] == "kahvila://card"
    assert content["semantics"] == {}


def test_equal_passes_give_equal_bytes_in_plain_utf8(make_pass):
    one, other = (make_pass(logo_text="Ängel 😀").to_json() for _ in range(2))
    assert one == other
    assert one.startswith(b"{")
    assert "Ängel 😀".encode() in one


def test_a_pass_cannot_be_changed(make_pass):
    with pytest.raises(AttributeError):
        make_pass().voided = True


def test_a_printed_pass_tells_no_secret(make_pass):
    token = new_authentication_token()
    assert token not in repr(make_pass(web_service_url=URL, authentication_token=token))


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"pass_type_identifier": "com.example.card"}, "passTypeIdentifier"),
        ({"pass_type_identifier": "pass.com/example"}, "passTypeIdentifier"),
        ({"team_identifier": ""}, "teamIdentifier"),
        ({"team_identifier": "TEAM 1"}, "teamIdentifier"),
        ({"serial_number": "short"}, "serialNumber"),
        ({"serial_number": "x" * 65}, "serialNumber"),
        ({"serial_number": "../../0123456789abcdef"}, "serialNumber"),
        ({"serial_number": "0123456789abcdef0123\n"}, "serialNumber"),
        ({"organization_name": ""}, "organizationName"),
        ({"description": ""}, "description"),
        ({"description": "\ud83d"}, "description"),
        ({"logo_text": ""}, "logoText"),
        ({"expiration_date": "2026-11-22"}, "expirationDate"),
        ({"max_distance": "100"}, "maxDistance"),
        ({"max_distance": 0}, "maxDistance"),
        ({"locations": [Location(latitude=1, longitude=1)] * 11}, "locations"),
        ({"relevant_dates": [RelevantDate(date=NOON)]}, "relevantDates"),
        ({"user_info": {"a": float("inf")}}, "userInfo.a"),
        ({"user_info": object()}, "userInfo"),
        ({"user_info": [1]}, "userInfo"),
        ({"user_info": "x"}, "userInfo"),
        ({"max_distance": Decimal("Infinity")}, "maxDistance"),
        ({"voided": "false"}, "voided"),
        ({"voided": 1}, "voided"),
        ({"sharing_prohibited": "no"}, "sharingProhibited"),
        ({"suppress_strip_shine": "no"}, "suppressStripShine"),
        ({"background_color": "rgb(1, 2, 3)"}, "backgroundColor"),
        ({"strip_color": "red"}, "stripColor"),
        ({"logo_symbol_name": "Cup and saucer"}, "logoSymbolName"),
        ({"barcodes": [{"message": "1"}]}, "barcodes[0]"),
        ({"barcodes": Barcode(message="1")}, "barcodes"),
        ({"locations": [PLACE, None]}, "locations[1]"),
        ({"featured_actions": ["shop"]}, "featuredActions[0]"),
        ({"nfc": {"message": "1"}}, "nfc"),
        ({"semantics": {"balance": 1}}, "semantics"),
        ({"grouping_identifier": "trip"}, "groupingIdentifier"),
        ({"app_launch_url": "kahvila://card"}, "appLaunchURL"),
        ({"app_launch_url": "card", "associated_store_identifiers": [1]}, "appLaunchURL"),
        ({"associated_store_identifiers": ["1"]}, "associatedStoreIdentifiers[0]"),
        ({"associated_store_identifiers": [1, 0]}, "associatedStoreIdentifiers[1]"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(make_pass, settings, path):
    with pytest.raises(ContentError) as refusal:
        make_pass(**settings)
    assert refusal.value.path == path


def test_false_zero_and_nothing_in_user_info_are_written(written):
    for info in (False, 0, "", [], {}):
        assert written(user_info={"a": info})["userInfo"] == {"a": info}
    assert written(user_info={})["userInfo"] == {}
    assert "userInfo" not in written(user_info=None)


@pytest.mark.parametrize(("name", "style"), STYLES.items())
def test_each_style_is_written_alone_or_beside_a_poster(written, name, style):
    fields = [Field(key="a", value=1)]
    made = style(header_fields=fields)
    key = style.key
    assert written(**{"store_card": None, name: made})[key]["headerFields"][0]["key"] == "a"
    poster = PosterGeneric(header_fields=fields)
    content = written(**{"store_card": None, name: made, "poster_generic": poster})
    assert content[key] == content["posterGeneric"]
    assert "storeCard" not in content


def test_a_poster_and_its_fallback_may_share_keys(make_pass):
    made = make_pass(poster_generic=PosterGeneric(primary_fields=[Field(key="stamps", value=3)]))
    assert [style.key for style in made.styles] == ["storeCard", "posterGeneric"]


def test_a_poster_without_fallback_is_refused(make_pass):
    with pytest.raises(ContentError, match=r"no fallback.*store_card") as refusal:
        make_pass(store_card=None, poster_generic=PosterGeneric())
    assert refusal.value.path == "posterGeneric"


@pytest.mark.parametrize(
    ("styles", "path"),
    [
        ({"store_card": None}, "storeCard"),
        ({"coupon": Coupon()}, "coupon"),
        ({"generic": Generic(), "poster_generic": PosterGeneric()}, "generic"),
        ({"store_card": Coupon()}, "storeCard"),
        ({"poster_generic": StoreCard()}, "posterGeneric"),
        ({"event_ticket": {}}, "eventTicket"),
    ],
)
def test_a_pass_has_one_style_besides_the_poster(make_pass, styles, path):
    with pytest.raises(ContentError) as refusal:
        make_pass(**styles)
    assert refusal.value.path == path


@pytest.mark.parametrize(("name", "style"), STYLES.items())
def test_a_time_without_a_place_works_on_tickets_only(make_pass, name, style):
    settings = {"store_card": None, name: style(), "relevant_dates": [RelevantDate(date=NOON)]}
    if style is EventTicket:
        assert make_pass(**settings, beacons=[BEACON], grouping_identifier="cup")
        return
    with pytest.raises(ContentError, match="add a location"):
        make_pass(**settings)
    for place in ({"locations": [PLACE]}, {"beacons": [BEACON]}):
        assert make_pass(**settings, **place).relevant_dates


def test_ten_beacons_uuids_are_taken_however_many_beacons_they_are(make_pass):
    def beacons(count):
        uuids = [f"e2c56db5-dffb-48d2-b060-d0f5a71096{n:02x}" for n in range(count)]
        return [Beacon(proximity_uuid=each, minor=n) for each in uuids for n in range(2)]

    assert len(make_pass(locations=[PLACE], beacons=beacons(10)).beacons) == 20
    with pytest.raises(ContentError) as refusal:
        make_pass(locations=[PLACE], beacons=beacons(11))
    assert refusal.value.path == "beacons"


def test_a_pass_does_not_follow_the_lists_it_was_made_from(make_pass):
    action = FeaturedAction(identifier="a", type=ActionType.SHOP, url="https://example.com")
    places, actions = [PLACE], [action]
    made = make_pass(locations=places, featured_actions=actions)
    places.clear()
    actions.clear()
    assert (made.locations, made.featured_actions) == ((PLACE,), (action,))


def test_a_pass_can_be_made_again_from_its_own_values(make_pass):
    made = make_pass(
        locations=[PLACE],
        beacons=[BEACON],
        relevant_dates=[RelevantDate(date=NOON)],
        expiration_date=NOON,
        user_info={"a": [1]},
    )
    assert msgspec.structs.replace(made) == made
    assert msgspec.structs.replace(made).to_json() == made.to_json()


def test_ten_locations_are_taken(written):
    assert len(written(locations=[Location(latitude=1, longitude=1)] * 10)["locations"]) == 10


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"web_service_url": URL}, "authenticationToken"),
        ({"authentication_token": TOKEN}, "webServiceURL"),
    ],
)
def test_an_address_and_a_token_come_together(make_pass, settings, path):
    with pytest.raises(ContentError) as refusal:
        make_pass(**settings)
    assert refusal.value.path == path


@pytest.mark.parametrize(
    "url",
    [
        "http://cards.example.com",
        "ftp://cards.example.com",
        "cards.example.com",
        "https://",
        "https://cards.example.com:port",
        "https://[::1",
        "https://user@cards.example.com",
        "https://cards.example.com?a=1",
        "https://cards.example.com#a",
        "https://cards example.com",
        "",
    ],
)
def test_an_address_phones_cannot_use_is_refused(make_pass, url):
    with pytest.raises(ContentError, match="webServiceURL"):
        make_pass(web_service_url=url, authentication_token=TOKEN)


def test_http_is_for_those_who_ask_for_it(written):
    content = written(
        web_service_url="http://127.0.0.1:8000", authentication_token=TOKEN, allow_http=True
    )
    assert content["webServiceURL"] == "http://127.0.0.1:8000"
    assert "allowHttp" not in content


def test_no_slash_ends_the_address(written):
    content = written(web_service_url=f"{URL}/", authentication_token=TOKEN)
    assert content["webServiceURL"] == URL


@pytest.mark.parametrize("token", ["0123456789abcde", "0123456789 abcdef", "ä" * 20, ""])
def test_a_token_that_cannot_be_sent_or_is_short_is_refused(make_pass, token):
    with pytest.raises(ContentError) as refusal:
        make_pass(web_service_url=URL, authentication_token=token)
    assert refusal.value.path == "authenticationToken"
    assert not token or token not in str(refusal.value)


def test_new_tokens_are_long_and_have_no_equals_sign():
    tokens = {new_authentication_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)


def test_new_serial_numbers_fit_a_pass(make_pass):
    serials = {new_serial_number() for _ in range(100)}
    assert len(serials) == 100
    assert all(make_pass(serial_number=serial) for serial in serials)


def test_user_info_does_not_follow_the_mapping_it_came_from(make_pass):
    info = {"a": [1]}
    made = make_pass(user_info=info)
    info["a"].append(2)
    assert json.loads(made.to_json())["userInfo"] == {"a": [1]}
