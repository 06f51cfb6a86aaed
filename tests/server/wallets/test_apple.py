"""A card as a pass."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

import passkit
from passkit import certificates, signing
from server import cards
from server.designs import Design
from server.errors import ServiceError
from server.face import Line, Text
from server.wallets import apple


@pytest.fixture
def shown(ledger, services):
    ledger.stamp(3)
    return cards.show(services.database, UUID(ledger.card), at=services.now())


@pytest.fixture
def content(shown, identity, settings, authority, clock):
    """pass.json of a card, changed as told."""

    def of(**changes):
        pkpass = apple.build_pass(replace(shown, **changes), identity, settings, clock())
        return passkit.read(pkpass, root_pem=authority.root_pem).content

    return of


def fields(content, group):
    return content["storeCard"].get(f"{group}Fields", [])


def line(key, **more):
    return Line(key, Text.same(key.upper()), Text.same("x"), **more)


def test_headline_and_corner_stand_where_one_looks_first(content):
    passed = content()
    assert [field["value"] for field in fields(passed, "primary")] == ["3 / 10"]
    assert [field["key"] for field in fields(passed, "header")] == ["rewards"]


def test_lines_stand_below_the_picture(content):
    assert [field["key"] for field in fields(content(), "secondary")] == ["next"]


def test_what_the_front_has_no_room_for_moves_to_the_back(content, shown):
    face = replace(shown.face, lines=tuple(line(f"l{n}") for n in range(6)))
    passed = content(face=face)
    keys = {group: [field["key"] for field in fields(passed, group)]
            for group in ("secondary", "auxiliary", "back")}  # fmt: skip
    assert (keys["secondary"], keys["auxiliary"]) == (["l0", "l1"], ["l2", "l3"])
    assert keys["back"][:2] == ["l4", "l5"]


def test_a_card_without_headline_and_corner_is_a_card(content, shown):
    passed = content(face=replace(shown.face, headline=None, corner=None, lines=()))
    assert not any(fields(passed, group) for group in ("primary", "header", "secondary"))


def test_the_back_has_the_rule_the_number_and_whom_to_ask(content, shown):
    back = {field["key"]: field["value"] for field in fields(content(), "back")}
    assert "Kerää 10 leimaa" in back["rule"]
    assert back["member_number"] == shown.member.member_number
    assert back["contact"] == shown.brand.contact


def test_the_code_is_the_passs_own_with_the_number_to_type_below(content, shown):
    assert content()["barcodes"] == [
        {
            "format": "PKBarcodeFormatQR",
            "message": shown.pass_.barcode,
            "messageEncoding": "iso-8859-1",
            "altText": shown.member.member_number,
        }
    ]


def test_the_holder_is_told_of_a_change_with_the_new_value(content):
    assert fields(content(), "primary")[0]["changeMessage"] == "Leimakorttisi: %@"
    assert "changeMessage" not in fields(content(), "secondary")[0]


def test_every_value_is_a_text(content):
    passed = content()
    groups = ("header", "primary", "secondary", "auxiliary", "back")
    values = [field["value"] for group in groups for field in fields(passed, group)]
    assert all(isinstance(value, str) for value in values)


@pytest.mark.parametrize(("language", "label"), [("fi", "LEIMAT"), ("sv", "STÄMPLAR")])
def test_the_pass_speaks_the_members_language(content, shown, language, label):
    member = shown.member.model_copy(update={"language": language})
    assert fields(content(member=member), "primary")[0]["label"] == label


def test_the_pass_says_who_issues_it_and_where_it_is_updated(content, shown, settings):
    passed = content()
    assert passed["organizationName"] == "Aalto"
    assert passed["description"] == "Kahvipassi, Aalto"
    assert passed["webServiceURL"] == settings.public_url
    assert passed["authenticationToken"] == shown.pass_.authentication_token
    assert passed["passTypeIdentifier"] == "pass.test.leima.card"
    assert passed["teamIdentifier"] == "TEAMTEST01"
    assert "voided" not in passed


def test_the_look_is_the_designs(content, shown):
    passed = content()
    assert passed["logoText"] == shown.design.logo_text
    assert passed["backgroundColor"] == "rgb(52, 32, 24)"


def test_the_images_are_the_designs(shown, identity, settings, authority, clock):
    pkpass = apple.build_pass(shown, identity, settings, clock())
    files = passkit.read(pkpass, root_pem=authority.root_pem).files
    assert {name: files[name] for name in shown.design.images} == shown.design.images


def test_a_new_version_of_a_design_is_another_look(content, shown):
    design = Design(
        **{name: getattr(shown.design, name) for name in Design.__slots__}
        | {"version": "another", "background_color": "rgb(1, 2, 3)"}
    )
    assert content(design=design)["backgroundColor"] == "rgb(1, 2, 3)"


def test_a_voided_pass_says_so(content, shown):
    assert content(pass_=shown.pass_.model_copy(update={"state": "voided"}))["voided"] is True


def test_nothing_is_loaded_or_checked_again_for_each_pass(
    shown, identity, settings, clock, monkeypatch
):
    """Reading a key or checking images costs more than a signature."""
    apple.build_pass(shown, identity, settings, clock())

    def refuse(*_args, **_options):
        raise AssertionError("this was done once already")

    for module in (certificates, signing):
        for name in ("load_key", "load_certificate", "key_to_pem"):
            monkeypatch.setattr(module, name, refuse)
    for name in ("Images", "Template", "Color"):
        monkeypatch.setattr(apple, name, refuse)
    for _ in range(20):
        apple.build_pass(shown, identity, settings, clock())


def test_equal_cards_give_equal_files(shown, identity, settings, clock):
    first, second = (apple.build_pass(shown, identity, settings, clock()) for _ in range(2))
    assert first == second


def test_a_pass_of_another_type_than_the_certificates_is_not_signed(
    shown, identity, settings, clock, caplog
):
    pass_ = shown.pass_.model_copy(update={"pass_type_identifier": "pass.b.c"})
    with pytest.raises(ServiceError, match="cannot be signed"):
        apple.build_pass(replace(shown, pass_=pass_), identity, settings, clock())
    assert "pass.b.c" in caplog.text
    assert pass_.authentication_token not in caplog.text


def test_a_certificate_that_ends_soon_still_signs_and_warns_once_a_day(
    content, identity, clock, caplog
):
    apple._warned_on.clear()
    clock.at = identity.signer.not_after - timedelta(days=20)
    for _ in range(2):
        assert content()
    clock.move(days=1)
    assert content()
    warnings = [r.getMessage() for r in caplog.records if "certificate_ends" in r.getMessage()]
    assert ["in 20 days" in warnings[0], "in 19 days" in warnings[1]] == [True, True]
    assert len(warnings) == 2
