"""Cards in Google Wallet's words: every body that the service can emit."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from googlewallet import (
    ContentError,
    GenericObject,
    LoyaltyClass,
    LoyaltyObject,
    OfferClass,
    OfferObject,
    difference,
)
from server import cards, catalogue, designs, samples
from server.cards import ShownPass, Version
from server.catalogue import Place, ShownProgramme
from server.face import LANGUAGES, CardFace, Line, Money, Progress, Reward, Text, compose
from server.programmes import KINDS
from server.programmes.base import Holding, Standing
from server.wallets.google import bodies as google
from server.wallets.google.bodies import Publisher
from tests.googlewallet.discovery import errors_of
from tests.server.programmes.test_kinds import RULES, standings

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ISSUER = "3388000000012345678"
PUBLISHER = Publisher(ISSUER, "https://kortit.example")
CARD, PROGRAMME = UUID(int=1), UUID(int=2)
CONTACT = (
    "Kahvila Aalto, Vaasankatu 10 · moi@aalto.example · +358 40 123 4567, https://aalto.example"
)
MODELS = {
    "LoyaltyClass": LoyaltyClass,
    "LoyaltyObject": LoyaltyObject,
    "OfferClass": OfferClass,
    "OfferObject": OfferObject,
}


def face_of(kind, standing: Standing, **rules: object) -> CardFace:
    part = kind.rules.model_validate({**RULES[kind.key], **rules})
    return compose(
        [kind.face(standing, part, ZoneInfo("Europe/Helsinki"), currency="EUR")],
        brand="Kahvila Aalto",
        programme="Kahvipassi",
        member_number="2840 1735",
        barcode="BARCODE0BARCODE0BARC",
    )


def stamped(have: int, rewards: int = 0, **rules: object) -> CardFace:
    until = AT + timedelta(days=365)
    holdings = (Holding("stamp", have), Holding("reward", rewards, until))
    kept = tuple(each for each in holdings if each.remaining)
    return face_of(KINDS["stamp_card"], Standing(kept), **rules)


def shown(face: CardFace, *, state: str = "live", **changes: object) -> ShownPass:
    plain = ShownPass(
        version=Version(uuid4(), state, "hash", AT),
        card_id=CARD,
        link_token="token",
        programme_id=PROGRAMME,
        pass_type_identifier="pass.example",
        serial_number="serial",
        authentication_token="secret-of-apple",
        contact=CONTACT,
        language="fi",
        design=designs.load("kahvila"),
        face=face,
    )
    return replace(plain, **changes)


def programme(face: CardFace, **changes: object) -> ShownProgramme:
    plain = ShownProgramme(
        id=PROGRAMME,
        slug="kahvipassi",
        brand_slug="aalto",
        country="FI",
        contact=CONTACT,
        language="fi",
        design=designs.load("kahvila"),
        face=face,
        places=(Place(60.1872, 24.9609),),
    )
    return replace(plain, **changes)


def bodies(face: CardFace, empty: CardFace, **changes: object) -> list[tuple[str, dict | None]]:
    """Everything that is sent of a card, live and voided, by the name of Google's schema."""
    live, voided = shown(face, **changes), shown(face, state="voided", **changes)
    return [
        ("LoyaltyClass", google.loyalty_class(programme(empty, **changes), PUBLISHER)),
        ("OfferClass", google.offer_class(programme(empty, **changes), PUBLISHER)),
        ("LoyaltyObject", google.loyalty_object(live, PUBLISHER)),
        ("LoyaltyObject", google.loyalty_object(voided, PUBLISHER)),
        ("OfferObject", google.offer_object(live, PUBLISHER)),
        ("OfferObject", google.offer_object(live, PUBLISHER, is_known=True)),
        ("OfferObject", google.offer_object(voided, PUBLISHER, is_known=True)),
    ]


def faults(name: str, body: dict) -> list[str]:
    """What Google's description and the rules beside it have against a body."""
    return errors_of(name, body) + [str(each) for each in MODELS[name].faults(body)]


def card_object(face: CardFace, **changes: object) -> dict:
    return google.loyalty_object(shown(face, **changes), PUBLISHER)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("design", designs.names())
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_body_of_every_kind_and_design_is_one_that_google_takes(kind, design, language):
    look = {"design": designs.load(design), "language": language}
    full = RULES[kind.key].get("stamps_required", 10)
    for have, rewards in itertools.product(range(full + 1), (0, 1, 3)):
        face = stamped(have, rewards) if kind.key == "stamp_card" else face_of(kind, Standing())
        for name, body in bodies(face, face_of(kind, Standing()), **look):
            assert body is None or faults(name, body) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@given(data=st.data())
def test_whatever_a_card_holds_its_bodies_are_taken(kind, data):
    face = face_of(kind, data.draw(standings(kind)))
    for name, body in bodies(face, face_of(kind, Standing())):
        assert body is None or faults(name, body) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", designs.names())
def test_the_sample_of_every_design_makes_bodies_that_google_takes(name, language):
    design = designs.load(name)
    face = samples.read(design.folder).face
    for schema, body in bodies(face, face, design=design, language=language):
        assert body is None or faults(schema, body) == []


def test_the_same_card_makes_the_same_body():
    one, other = (bodies(stamped(7, 1), stamped(0)) for _ in range(2))
    assert one == other


def test_a_stamp_changes_the_balance_the_picture_and_what_is_left():
    sent, wanted = card_object(stamped(7)), card_object(stamped(8))
    patch = difference(sent, wanted)
    assert set(patch) == {"loyaltyPoints", "heroImage", "textModulesData"}
    assert patch["loyaltyPoints"]["balance"] == {"int": 8}
    assert patch["heroImage"]["sourceUri"]["uri"].endswith("/hero-8-10.png")


def test_stamps_are_counted_in_every_language():
    points = card_object(stamped(8))["loyaltyPoints"]
    assert points["balance"] == {"int": 8}
    assert points["label"] == "LEIMAT"
    told = [each["value"] for each in points["localizedLabel"]["translatedValues"]]
    assert told == ["STÄMPLAR", "STAMPS"]


def line(key: str, value: str, amount: int | Money | None = None) -> Line:
    return Line(key, Text.same(key), Text.same(value), amount=amount)


def balances(headline: Line | None, corner: Line | None) -> list[dict | None]:
    body = card_object(replace(stamped(0), headline=headline, corner=corner))
    points = (body.get("loyaltyPoints"), body.get("secondaryLoyaltyPoints"))
    return [each and each["balance"] for each in points]


@pytest.mark.parametrize(
    ("cents", "currency", "micros"),
    [
        (1250, "EUR", "12500000"),
        (7 * 3, "EUR", "210000"),
        (0, "EUR", "0"),
        (500, "JPY", "500000000"),
        (1, "SEK", "10000"),
    ],
)
def test_money_is_exact_to_the_smallest_unit(cents, currency, micros):
    (balance, _) = balances(line("bonus", "x", Money(cents, currency)), None)
    assert balance == {"money": {"currencyCode": currency, "micros": micros}}


def test_points_are_a_number_and_a_level_a_word():
    level, points = line("level", "Kulta"), line("points", "1 248", 1248)
    assert balances(points, level) == [{"int": 1248}, {"string": "Kulta"}]


def test_a_level_stands_in_the_second_place_also_when_it_leads_the_card():
    level, bonus = line("level", "Kulta"), line("bonus", "36,60 €", Money(3660, "EUR"))
    first, second = balances(level, bonus)
    assert first["money"]["micros"] == "36600000"
    assert second == {"string": "Kulta"}


def test_a_card_without_headline_has_no_balance():
    assert balances(None, None) == [None, None]


def test_a_balance_beyond_32_bits_is_refused_and_never_sent():
    with pytest.raises(ContentError, match="2147483648 is beyond 32 bits"):
        balances(line("points", "x", 2**31), None)
    assert balances(line("points", "x", 2**31 - 1), None)[0] == {"int": 2**31 - 1}


def test_nothing_that_is_sent_decides_whether_a_phone_speaks():
    for _, body in bodies(stamped(7, 1), stamped(0)):
        assert body is not None
        assert "notifyPreference" not in body


def test_a_generic_object_has_no_word_for_an_announcement():
    body = {"id": f"{ISSUER}.x", "classId": f"{ISSUER}.c", "notifyPreference": "NOTIFY_ON_UPDATE"}
    assert any("notifyPreference" in each for each in errors_of("GenericObject", body))
    assert any(each.path == "notifyPreference" for each in GenericObject.faults(body))


def test_the_code_is_that_of_the_pass_with_the_member_number_below():
    barcode = card_object(stamped(1))["barcode"]
    assert barcode == {
        "type": "QR_CODE",
        "value": "BARCODE0BARCODE0BARC",
        "alternateText": "2840 1735",
    }


def test_a_voided_card_is_inactive_and_no_till_can_scan_it():
    for body in (
        card_object(stamped(7, 1), state="voided"),
        google.offer_object(shown(stamped(7, 1), state="voided"), PUBLISHER, is_known=True),
    ):
        assert body["state"] == "INACTIVE"
        assert body["barcode"] == {"type": "TEXT_ONLY", "value": "—"}
    assert "linkedOfferIds" not in card_object(stamped(7, 1), state="voided")


def test_a_waiting_reward_is_an_offer_inside_the_card():
    offer = google.offer_object(shown(stamped(2, 1)), PUBLISHER)
    assert card_object(stamped(2, 1))["linkedOfferIds"] == [offer["id"]]
    assert offer["state"] == "ACTIVE"
    assert offer["validTimeInterval"]["end"]["date"].startswith("2027-11-22T10:00:00")
    assert offer["barcode"] == card_object(stamped(2, 1))["barcode"]


def test_several_rewards_are_told_with_their_number():
    (module,) = google.offer_object(shown(stamped(2, 3)), PUBLISHER)["textModulesData"]
    assert module["body"] == "3"
    assert "textModulesData" not in google.offer_object(shown(stamped(2, 1)), PUBLISHER)


def test_a_reward_that_was_used_is_completed_where_google_has_it_and_nothing_elsewhere():
    used = shown(stamped(2))
    assert google.offer_object(used, PUBLISHER) is None
    body = google.offer_object(used, PUBLISHER, is_known=True)
    assert body["state"] == "COMPLETED"
    assert body["barcode"]["type"] == "TEXT_ONLY"
    assert "linkedOfferIds" not in card_object(stamped(2))


def test_the_offer_says_what_there_is_to_earn_in_every_language():
    body = google.offer_class(programme(stamped(0)), PUBLISHER)
    assert body["title"] == "Kahvi"
    told = [each["value"] for each in body["localizedTitle"]["translatedValues"]]
    assert told == ["Kaffe", "Coffee"]
    assert body["finePrint"] == "Näytä kortti kassalla."


def test_a_programme_that_gives_nothing_has_no_offer():
    face = replace(stamped(0), reward=None)
    assert google.offer_class(programme(face), PUBLISHER) is None
    assert google.offer_object(shown(face), PUBLISHER, is_known=True) is None


def test_a_reward_for_ever_has_no_end():
    face = replace(stamped(0), reward=Reward(Text.same("Kahvi"), Text.same("Kassalla"), 1))
    assert "validTimeInterval" not in google.offer_object(shown(face), PUBLISHER)


def test_a_class_is_reviewed_and_its_cards_are_one_persons():
    body = google.loyalty_class(programme(stamped(0)), PUBLISHER)
    assert body["reviewStatus"] == "UNDER_REVIEW"
    assert body["multipleDevicesAndHoldersAllowedStatus"] == "ONE_USER_ALL_DEVICES"
    assert body["hexBackgroundColor"] == "#342018"
    assert body["callbackOptions"] == {"url": "https://kortit.example/google/callback"}
    assert body["merchantLocations"] == [{"latitude": 60.1872, "longitude": 24.9609}]


def test_the_front_has_the_balances_and_below_them_the_lines():
    rows = google.loyalty_class(programme(stamped(0)), PUBLISHER)["classTemplateInfo"]
    first, second = rows["cardTemplateOverride"]["cardRowTemplateInfos"]
    assert paths(first) == ["object.loyaltyPoints.balance", "object.secondaryLoyaltyPoints.balance"]
    assert paths(second) == ["object.textModulesData['next']"]


def test_the_front_names_only_what_the_cards_have():
    lines = tuple(line(f"l.{number}", "x") for number in range(6))
    face = replace(stamped(0), lines=lines, corner=None)
    info = google.loyalty_class(programme(face), PUBLISHER)["classTemplateInfo"]
    rows = info["cardTemplateOverride"]["cardRowTemplateInfos"]
    ids = {
        f"object.textModulesData['{each['id']}']" for each in card_object(face)["textModulesData"]
    }
    assert len(rows) == 3
    assert {path for row in rows for path in paths(row)} - ids == {"object.loyaltyPoints.balance"}


def paths(row: dict) -> list[str]:
    (items,) = row.values()
    return [item["firstValue"]["fields"][0]["fieldPath"] for item in items.values()]


@pytest.mark.parametrize(
    ("contact", "links"),
    [
        (
            CONTACT,
            ["https://aalto.example", "mailto:moi@aalto.example", "tel:+358-40-123-4567"],
        ),
        ("Vaasankatu 10, 00500 Helsinki", None),
        ("puh. 09 123 4567.", ["tel:09-123-4567"]),
        ("www.aalto.example", None),
    ],
)
def test_what_of_the_contact_can_be_tapped_is_a_link(contact, links):
    body = google.loyalty_class(programme(stamped(0), contact=contact), PUBLISHER)
    module = body.get("linksModuleData")
    assert (module and [each["uri"] for each in module["uris"]]) == links
    (text,) = body["textModulesData"]
    assert text["body"] == contact


def test_the_card_leads_to_its_own_page_and_tells_no_secret_of_apples():
    body = card_object(stamped(1))
    (link,) = body["linksModuleData"]["uris"]
    assert link["uri"] == "https://kortit.example/c/token"
    assert "secret-of-apple" not in str(body)


def test_more_stamps_than_can_be_drawn_show_the_picture_of_all_cards():
    body = card_object(stamped(7, stamps_required=40))
    assert body["heroImage"]["sourceUri"]["uri"].endswith("/google/hero.png")


def test_a_picture_says_in_words_what_it_shows():
    told = card_object(stamped(8))["heroImage"]["contentDescription"]
    assert told["defaultValue"] == {"language": "fi", "value": "LEIMAT 8 / 10"}


def test_a_changed_design_has_another_picture():
    design = replace(designs.load("kahvila"), version="f" * 64)
    one, other = card_object(stamped(8)), card_object(stamped(8), design=design)
    assert set(difference(one, other)) == {"heroImage"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_brands_language_is_for_all_who_speak_another(language):
    (module, *_) = card_object(stamped(1), language=language)["textModulesData"]
    assert module["localizedBody"]["defaultValue"]["language"] == language
    assert module["body"] == module["localizedBody"]["defaultValue"]["value"]


def test_on_this_machine_alone_pictures_and_callbacks_may_be_without_tls():
    local = Publisher(ISSUER, "http://127.0.0.1:8000")
    body = google.loyalty_class(programme(stamped(0)), local)
    assert body["callbackOptions"]["url"] == "http://127.0.0.1:8000/google/callback"
    with pytest.raises(ContentError, match="https"):
        google.loyalty_class(programme(stamped(0)), Publisher(ISSUER, "http://kortit.example"))


def test_ids_are_those_of_the_rows_for_ever():
    assert card_object(stamped(1))["id"] == f"{ISSUER}.{CARD.hex}"
    assert card_object(stamped(1))["classId"] == f"{ISSUER}.{PROGRAMME.hex}"
    assert google.offer_object_id(ISSUER, CARD) == f"{ISSUER}.{CARD.hex}_reward"
    assert google.offer_class_id(ISSUER, PROGRAMME) == f"{ISSUER}.{PROGRAMME.hex}_reward"


@pytest.fixture
def designed(tmp_path):
    """A design with a button and a tile for Google Wallet, beside what kahvila has."""

    def make(table: str) -> designs.Design:
        folder = tmp_path / "own"
        folder.mkdir()
        source = designs.load("kahvila").folder
        for name in ("icon.png", "strip.png"):
            (folder / name).write_bytes((source / name).read_bytes())
        colours = 'background_color = "rgb(1,2,3)"\nforeground_color = "rgb(255,255,255)"\n'
        rest = 'label_color = "rgb(255,255,255)"\nlogo_text = ""\n'
        (folder / "design.toml").write_text(colours + rest + table, "utf-8")
        return designs.read(folder)

    return make


BUTTON = '[google.button]\ntext = { fi = "Tilaa", sv = "Beställ", en = "Order" }\nuri = "{}"\n'
TILE = '[[google.tiles]]\nheader = "Kysely"\nbody = "Kaksi minuuttia"\nuri = "https://k.example"\n'


def test_a_design_may_have_a_button_and_tiles(designed):
    design = designed(BUTTON.replace("{}", "https://tilaa.example") + TILE)
    body = google.loyalty_class(programme(stamped(0), design=design), PUBLISHER)
    assert faults("LoyaltyClass", body) == []
    target = body["appLinkData"]["webAppLinkInfo"]["appTarget"]["targetUri"]
    assert target["uri"] == "https://tilaa.example"
    (tile,) = body["valueAddedModuleData"]
    assert tile["header"]["defaultValue"]["value"] == "Kysely"


def test_more_tiles_than_google_takes_are_refused(designed):
    with pytest.raises(ContentError, match="valueAddedModuleData"):
        google.loyalty_class(programme(stamped(0), design=designed(TILE * 16)), PUBLISHER)


def test_the_card_and_the_programme_come_from_the_database(ledger, services):
    ledger.stamp(12)
    card = cards.show_card(services.database, UUID(ledger.card), at=services.now())
    body = google.loyalty_object(card, PUBLISHER)
    assert body["loyaltyPoints"]["balance"] == {"int": 2}
    assert body["linkedOfferIds"] == [google.offer_object_id(ISSUER, UUID(ledger.card))]
    told = catalogue.show_programme(services.database, card.programme_id)
    common = google.loyalty_class(told, PUBLISHER)
    assert body["classId"] == common["id"]
    assert common["homepageUri"]["uri"].endswith("/join/aalto/kahvipassi")


def test_progress_beyond_the_stamps_is_drawn_full():
    face = replace(stamped(0), progress=Progress(12, 10))
    assert card_object(face)["heroImage"]["sourceUri"]["uri"].endswith("/hero-10-10.png")
