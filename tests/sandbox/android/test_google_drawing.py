"""What Google Wallet draws of a class and an object."""

from collections.abc import Mapping
from typing import Any

import pytest

from server.sandbox.google.drawing import Linked, differences, draw_card, draw_face
from tests.sandbox.android.bodies import (
    image,
    item,
    loyalty_class,
    loyalty_object,
    offer_class,
    offer_object,
    row,
    said,
    with_rows,
)


def drawn(
    object_: Mapping[str, Any] | None = None,
    class_: Mapping[str, Any] | None = None,
    *,
    language: str = "fi",
    offers: tuple[Linked, ...] = (),
) -> dict[str, Any]:
    """The café's card with these parts changed; a part that is None is not there."""
    bodies = (loyalty_object() | (object_ or {}), loyalty_class() | (class_ or {}))
    shown, its_class = (
        {name: value for name, value in body.items() if value is not None} for body in bodies
    )
    linked = Linked("loyalty", shown, its_class)
    return draw_card(linked, language, picture=lambda url: url, offers=offers)


def shown(card: Mapping[str, Any]) -> list[list[tuple[str, str]]]:
    return [[(each["label"], each["value"]) for each in row] for row in card["rows"]]


@pytest.mark.parametrize(("language", "title"), [("fi", "Kahvipassi"), ("sv", "Kaffekort")])
def test_a_card_speaks_its_owners_language(language: str, title: str):
    card = drawn(language=language)
    assert (card["title"], card["issuer_name"]) == (title, "Kahvila Aalto")


def test_the_front_has_logo_balance_code_and_picture():
    card = drawn()
    assert card["logo"]["source"] == "https://cafe.example/logo.png"
    assert card["hero"]["source"] == "https://cafe.example/hero.png"
    assert shown(card) == [[("Leimat", "7")]]
    assert (card["barcode"]["value"], card["barcode"]["text"]) == ("LEIMA-0001", "2840 1735")


def test_the_second_balance_stands_beside_the_first():
    second = {"label": "Taso", "balance": {"string": "Kulta"}}
    assert shown(drawn({"secondaryLoyaltyPoints": second})) == [
        [("Leimat", "7"), ("Taso", "Kulta")]
    ]


def test_a_tier_of_the_class_has_a_row_of_its_own():
    tier = {"rewardsTier": "Gold", "rewardsTierLabel": "Tier"}
    assert shown(drawn(class_=tier)) == [[("Leimat", "7")], [("Tier", "Gold")]]


def test_the_rows_are_those_of_the_template():
    template = with_rows(
        row("object.textModulesData['rule']"),
        row("object.accountName", "object.validTimeInterval.end"),
        row("class.issuerName", "object.loyaltyPoints.label", "object.loyaltyPoints.balance"),
    )
    end = {"end": {"date": "2027-01-31T12:00:00Z"}}
    card = drawn({"validTimeInterval": end}, {"classTemplateInfo": template})
    assert shown(card) == [
        [("Ohje", "Kymmenes tuo kahvin.")],
        [("", "Aino Virtanen"), ("", "31.1.2027")],
        [("", "Kahvila Aalto"), ("", "Leimat"), ("Leimat", "7")],
    ]


def test_what_a_template_points_at_in_vain_is_left_out():
    template = with_rows(
        row("object.textModulesData['gone']", "object.loyaltyPoints.balance"),
        row("object.nothing.at.all"),
        row("object"),
    )
    assert shown(drawn(class_={"classTemplateInfo": template})) == [[("Leimat", "7")]]


def test_of_several_fields_the_first_that_is_there_is_shown():
    fields = [{"fieldPath": path} for path in ("object.accountId", "object.accountName")]
    template = with_rows({"oneItem": {"item": {"firstValue": {"fields": fields}}}})
    changes = {"accountId": None}
    assert shown(drawn(changes, {"classTemplateInfo": template})) == [[("", "Aino Virtanen")]]


def test_two_values_of_one_item_have_a_slash_between_them():
    both = item("object.loyaltyPoints.balance", "object.accountId")
    template = with_rows({"oneItem": {"item": both}})
    card = drawn(class_={"classTemplateInfo": template})
    assert shown(card) == [[("Leimat", "7 / 2840 1735")]]


def test_fields_stand_above_and_below_the_code():
    def detail(path: str) -> dict[str, Any]:
        return {"fieldSelector": {"fields": [{"fieldPath": path}]}}

    places = {
        "firstTopDetail": detail("object.accountName"),
        "firstBottomDetail": detail("class.issuerName"),
    }
    code = drawn(class_={"classTemplateInfo": {"cardBarcodeSectionDetails": places}})["barcode"]
    assert [each["value"] for each in code["above"]] == ["Aino Virtanen"]
    assert [each["value"] for each in code["below"]] == ["Kahvila Aalto"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ("LEIMA-0001", "2840 1735")),
        ({"barcode": {"type": "QR_CODE", "value": "X"}}, ("X", "2840 1735")),
        ({"barcode": {"type": "QR_CODE", "value": "X"}, "accountId": None}, ("X", "X")),
        ({"barcode": None}, ("2840 1735", "2840 1735")),
    ],
)
def test_the_text_below_the_code_is_the_best_there_is(changes: dict, code: tuple[str, str]):
    found = drawn(changes)["barcode"]
    assert (found["value"], found["text"]) == code


def test_without_anything_to_encode_there_is_no_code():
    assert drawn({"barcode": None, "accountId": None})["barcode"] is None


@pytest.mark.parametrize("state", ["COMPLETED", "EXPIRED", "INACTIVE"])
def test_a_card_that_is_no_longer_active_is_among_the_expired(state: str):
    assert drawn({"state": state})["is_expired"] is True
    assert drawn()["is_expired"] is False


@pytest.mark.parametrize(
    ("colour", "ground", "ink"),
    [
        ("#342018", "#342018", "#ffffff"),
        ("#ABC", "#aabbcc", "#000000"),
        ("#d4432a", "#d4432a", "#ffffff"),
        ("url(x)", "#5f6368", "#ffffff"),
        (None, "#5f6368", "#ffffff"),
    ],
)
def test_letters_can_be_read_on_any_colour(colour: str | None, ground: str, ink: str):
    card = drawn(class_={"hexBackgroundColor": colour})
    assert (card["background_color"], card["foreground_color"]) == (ground, ink)


def test_the_objects_picture_hides_that_of_the_class():
    own, common = image("https://x", "own.png"), image("https://x", "common.png")
    assert drawn({"heroImage": own}, {"heroImage": common})["hero"]["source"] == "https://x/own.png"
    assert drawn({"heroImage": None}, {"heroImage": common})["hero"]["source"] == (
        "https://x/common.png"
    )


def test_a_wide_logo_takes_the_place_of_the_round_one():
    card = drawn(class_={"wideProgramLogo": image("https://x", "wide.png")})
    assert (card["logo"]["source"], card["is_logo_wide"]) == ("https://x/wide.png", True)


def test_a_picture_is_read_out_by_its_description():
    hero = image("https://x", "h.png") | {"contentDescription": said("7 leimaa", "7", "7")}
    assert drawn({"heroImage": hero})["hero"]["text"] == "7 leimaa"


def test_details_are_who_the_card_is_of_and_the_texts_of_object_and_class():
    common = [{"id": "common", "header": "Kaikille", "body": "Sama"}]
    details = drawn(class_={"textModulesData": common})["details"]
    assert [(each["label"], each["value"]) for each in details] == [
        ("Jäsenen nimi", "Aino Virtanen"),
        ("Jäsentunnus", "2840 1735"),
        ("Ohje", "Kymmenes tuo kahvin."),
        ("Kaikille", "Sama"),
    ]


def test_the_class_says_what_the_account_is_called():
    label = {"localizedAccountIdLabel": said("Jäsennumero", "Medlemsnummer", "Member number")}
    labels = [each["label"] for each in drawn(class_=label)["details"]]
    assert labels[1] == "Jäsennumero"


def test_a_template_may_choose_the_details():
    chosen = {"detailsItemInfos": [{"item": item("object.accountName")}]}
    card = drawn(class_={"classTemplateInfo": {"detailsTemplateOverride": chosen}})
    assert [each["value"] for each in card["details"]] == ["Aino Virtanen"]


def test_of_texts_ten_of_the_object_are_shown():
    many = [{"id": f"t{number}", "header": "h", "body": "b"} for number in range(12)]
    keys = [each["key"] for each in drawn({"textModulesData": many})["details"]]
    assert keys[-1] == "t9"


def test_messages_are_listed_with_the_newest_first():
    messages = [
        {"id": "1", "header": "Old", "body": "x"},
        {"id": "2", "header": "New", "body": "y"},
    ]
    assert [each["label"] for each in drawn({"messages": messages})["messages"]] == ["New", "Old"]


def test_links_do_no_more_than_links_do():
    uris = [
        {"uri": "https://cafe.example", "description": "Café"},
        {"uri": "tel:+358401234567"},
        {"uri": "javascript:alert(1)", "description": "No"},
    ]
    links = drawn({"linksModuleData": {"uris": uris}})["links"]
    assert links == [
        {"text": "Café", "uri": "https://cafe.example"},
        {"text": "tel:+358401234567", "uri": "tel:+358401234567"},
    ]


def test_extras_are_in_their_order_with_the_objects_first():
    def extra(header: str, **more: Any) -> dict[str, Any]:
        return {"header": said(header, header, header), "uri": "https://x", **more}

    own = [extra("last"), extra("first", sortIndex=1)]
    card = drawn({"valueAddedModuleData": own}, {"valueAddedModuleData": [extra("of the class")]})
    assert [each["header"] for each in card["extras"]] == ["first", "last", "of the class"]


def test_a_button_leads_to_a_page_or_names_an_app():
    page = {"appTarget": {"targetUri": {"uri": "https://x", "description": "Open"}}}
    app = {"appTarget": {"packageName": "fi.aalto"}}
    linked = drawn({"appLinkData": {"webAppLinkInfo": page}})["button"]
    named = drawn({"appLinkData": {"androidAppLinkInfo": app}})["button"]
    assert (linked, named) == (
        {"text": "Open", "uri": "https://x"},
        {"text": "fi.aalto", "uri": ""},
    )


def test_a_linked_offer_is_drawn_with_its_end_and_its_terms():
    offer = Linked("offer", offer_object(), offer_class())
    (ticket,) = drawn(offers=(offer,))["offers"]
    assert ticket["title"] == "Ilmainen kahvi"
    assert shown(ticket) == [[("Voimassa asti", "31.1.2027")]]
    assert [each["value"] for each in ticket["details"]] == ["One cup."]


def test_five_offers_are_shown_at_most():
    offers = tuple(Linked("offer", offer_object(id=f"1.{n}"), offer_class()) for n in range(7))
    assert len(drawn(offers=offers)["offers"]) == 5


def test_a_generic_pass_has_its_names_on_the_object():
    object_ = {
        "id": "1.x",
        "cardTitle": said("Kirjasto", "Bibliotek", "Library"),
        "header": said("Lukija", "Läsare", "Reader"),
        "subheader": said("Aikuinen", "Vuxen", "Adult"),
        "hexBackgroundColor": "#123456",
        "textModulesData": [{"id": "n", "header": "Nro", "body": "17"}],
    }
    card = draw_face(Linked("generic", object_, {}), "sv", picture=lambda url: url)
    names = (card["issuer_name"], card["title"], card["subtitle"], card["background_color"])
    assert names == ("Bibliotek", "Läsare", "Vuxen", "#123456")
    assert shown(card) == [[("Nro", "17")]]


def test_the_list_shows_what_its_template_asks_for():
    option = {"fieldOption": {"fields": [{"fieldPath": "object.accountName"}]}}
    template = {"classTemplateInfo": {"listTemplateOverride": {"firstRowOption": option}}}
    assert drawn(class_=template)["list_title"] == "Aino Virtanen"
    assert (drawn()["list_title"], drawn()["list_subtitle"]) == ("Kahvipassi", "Kahvila Aalto")


def test_a_change_is_told_in_words():
    after = drawn({"loyaltyPoints": {"label": "Leimat", "balance": {"int": 8}}, "state": "EXPIRED"})
    assert differences(drawn(), after) == ["Leimat 7 → 8", "whether it is valid"]


def test_what_comes_and_goes_is_told_too():
    tier = {"secondaryLoyaltyPoints": {"label": "Taso", "balance": {"string": "Kulta"}}}
    assert differences(drawn(), drawn(tier)) == ["Taso Kulta"]
    assert differences(drawn(tier), drawn()) == ["no Taso any more"]
    assert differences(drawn(tier), drawn(tier)) == []
