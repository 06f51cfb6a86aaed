"""A card as a pass."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlmodel import select

import passkit
from passkit import certificates, signing
from passkit.strings import read_strings
from server import cards, strips, wording
from server.designs import Design
from server.errors import ServiceError
from server.face import Line, Progress, Text
from server.models import Member, Pass
from server.wallets import apple


@pytest.fixture
def shown(ledger, services):
    ledger.stamp(3)
    with services.database.reading() as session:
        pass_id = session.exec(select(Pass.id).where(Pass.card_id == UUID(ledger.card))).one()
    return cards.show_pass(services.database, pass_id, at=services.now())


@pytest.fixture
def opened(shown, identity, settings, authority, clock):
    """The files of a card's pass, changed as told."""

    def of(**changes):
        pkpass = apple.build_pass(replace(shown, **changes), identity, settings, clock())
        return passkit.read(pkpass, root_pem=authority.root_pem)

    return of


@pytest.fixture
def content(opened):
    """What a phone in Finnish, or another language, makes of pass.json."""

    def of(phone="fi", **changes):
        found = opened(**changes)
        strings = read_strings(found.files[f"{phone}.lproj/pass.strings"])
        return translated(found.content, strings)

    return of


def translated(value, strings):
    if isinstance(value, dict):
        return {key: translated(each, strings) for key, each in value.items()}
    if isinstance(value, list):
        return [translated(each, strings) for each in value]
    return strings.get(value, value) if isinstance(value, str) else value


def fields(content, group):
    return content["storeCard"].get(f"{group}Fields", [])


def line(key, **more):
    return Line(key, Text.same(key.upper()), Text.same("x"), **more)


@pytest.fixture
def plain(shown):
    """The design as it is for cards that count nothing to draw."""
    values = {name: getattr(shown.design, name) for name in Design.__slots__}
    return Design(**values | {"version": "plain", "stamps": None})


@pytest.fixture
def without_background(plain):
    """A design that brings no picture to fill a poster."""
    images = {name: data for name, data in plain.images.items() if "background" not in name}
    return replace(plain, version="without background", images=images)


def test_the_number_stands_below_the_strip_that_shows_the_stamps(content):
    passed = content()
    assert [field["value"] for field in fields(passed, "secondary")] == ["3 / 10", "Ilmainen kahvi"]
    assert fields(passed, "primary") == []
    assert [field["key"] for field in fields(passed, "header")] == ["rewards"]


def test_on_a_plain_strip_the_number_stands_large(content, plain):
    passed = content(design=plain)
    assert [field["value"] for field in fields(passed, "primary")] == ["3 / 10"]
    assert [field["key"] for field in fields(passed, "secondary")] == ["next"]


def test_of_more_stamps_than_fit_the_number_is_shown(content, shown):
    passed = content(face=replace(shown.face, progress=Progress(3, 31)))
    assert [field["value"] for field in fields(passed, "primary")] == ["3 / 10"]


def test_what_the_front_has_no_room_for_moves_to_the_back(content, shown, plain):
    face = replace(shown.face, lines=tuple(line(f"l{n}") for n in range(6)))
    passed = content(face=face, design=plain)
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
    assert back["member_number"] == shown.face.member_number
    assert back["contact"] == shown.contact


def keys(content, style):
    return sorted(field["key"] for group in content[style].values() for field in group)


def test_a_design_without_a_background_makes_no_poster(content, without_background):
    assert "posterGeneric" not in content(design=without_background)


def test_a_poster_has_the_fields_of_the_store_card(content, shown, plain):
    face = replace(shown.face, lines=tuple(line(f"l{n}") for n in range(6)))
    passed = content(face=face, design=plain)
    assert keys(passed, "posterGeneric") == keys(passed, "storeCard")
    back = [field["key"] for field in passed["posterGeneric"]["backFields"]]
    assert back[:2] == ["l4", "l5"]
    assert [field["key"] for field in passed["posterGeneric"]["footerFields"]] == ["l3"]


def test_the_headline_is_the_posters_title_and_still_tells_of_changes(content, plain):
    title, following = content(design=plain)["posterGeneric"]["primaryFields"]
    assert (title["value"], title.get("label")) == ("3 / 10", None)
    assert title["changeMessage"] == "Leimakorttisi: %@"
    assert following["label"]


def test_a_poster_without_headline_has_room_for_another_line(content, shown, plain):
    lines = tuple(line(f"l{n}") for n in range(4))
    passed = content(face=replace(shown.face, headline=None, lines=lines), design=plain)
    found = [field["key"] for field in passed["posterGeneric"]["primaryFields"]]
    assert found == ["l0", "l1", "l2", "l3"]


def test_the_code_is_the_passs_own_with_the_number_to_type_below(content, shown):
    assert content()["barcodes"] == [
        {
            "format": "PKBarcodeFormatQR",
            "message": shown.face.barcode,
            "messageEncoding": "iso-8859-1",
            "altText": shown.face.member_number,
        }
    ]


def test_the_holder_is_told_of_a_change_with_the_new_value(content):
    headline, following = fields(content(), "secondary")
    assert headline["changeMessage"] == "Leimakorttisi: %@"
    assert "changeMessage" not in following


def test_every_value_is_a_text(content):
    passed = content()
    groups = ("header", "primary", "secondary", "auxiliary", "back")
    values = [field["value"] for group in groups for field in fields(passed, group)]
    assert all(isinstance(value, str) for value in values)


@pytest.mark.parametrize(
    ("language", "label", "message"),
    [("fi", "LEIMAT", "Leimakorttisi: %@"), ("sv", "STÄMPLAR", "Ditt stämpelkort: %@"),
     ("en", "STAMPS", "Your card: %@")],
)  # fmt: skip
def test_the_phones_language_decides(content, language, label, message):
    headline = fields(content(language), "secondary")[0]
    assert (headline["label"], headline["changeMessage"]) == (label, message)


def test_the_members_language_changes_nothing(shown, services):
    with services.database.transaction() as session:
        session.exec(select(Member)).one().language = "sv"
    assert cards.show_pass(services.database, shown.version.pass_id, at=services.now()) == shown


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_untranslated_a_pass_is_readable_in_the_brands_language(opened, content, language):
    assert opened(language=language).content["storeCard"] == content(language)["storeCard"]


def test_another_text_in_any_language_is_another_pass_json(opened, shown):
    (next_line,) = shown.face.lines
    value = replace(next_line.value, sv="En gratis kanelbulle")
    face = replace(shown.face, lines=(replace(next_line, value=value),))
    assert opened(face=face).files["pass.json"] != opened().files["pass.json"]


@pytest.mark.parametrize("brand_language", ["fi", "sv", "en"])
def test_somebody_called_like_a_key_keeps_the_name(content, opened, shown, brand_language):
    strings = read_strings(opened(language=brand_language).files["en.lproj/pass.strings"])
    for name in (*strings, "LEIMAT (2)"):
        line = Line("name", Text.same("NAME"), Text.same(name))
        face = replace(shown.face, lines=(line, *shown.face.lines), brand=name)
        for language in ("fi", "sv", "en"):
            passed = content(language, face=face, language=brand_language)
            assert fields(passed, "secondary")[1]["value"] == name
            assert passed["organizationName"] == name


def test_what_a_name_has_taken_is_still_translated_and_readable(content, opened, shown):
    face = replace(shown.face, brand="LEIMAT")
    assert fields(opened(face=face).content, "secondary")[0]["label"] == "LEIMAT (2)"
    labels = [fields(content(each, face=face), "secondary")[0]["label"] for each in ("fi", "sv")]
    assert labels == ["LEIMAT", "STÄMPLAR"]


def test_one_word_with_two_translations_has_both(content, shown):
    values = Text("Kuusi", "Sex", "Six"), Text("Kuusi", "Gran", "Spruce")
    lines = tuple(Line(f"l{n}", Text.same("X"), value) for n, value in enumerate(values))
    face = replace(shown.face, headline=None, lines=lines)
    for language in ("fi", "sv", "en"):
        shown_values = [each["value"] for each in fields(content(language, face=face), "secondary")]
        assert shown_values == [value.get(language) for value in values]


def test_a_percentage_in_a_text_is_no_place_for_a_value(content, shown):
    lines = (Line("l", Text.same("X"), Text("50 %@home", "Halva priset", "Half off")),)
    passed = content("sv", face=replace(shown.face, lines=lines))
    assert fields(passed, "secondary")[1]["value"] == "Halva priset"


def test_a_number_keeps_its_unbreakable_space(content, shown):
    (next_line,) = shown.face.lines
    face = replace(shown.face, lines=(replace(next_line, value=wording.number(1234)),))
    values = [fields(content(each, face=face), "secondary")[1]["value"] for each in ("fi", "en")]
    assert values == ["1\N{NBSP}234", "1,234"]


def test_cards_that_stand_alike_share_their_strings(opened):
    opened()
    before = apple._strings.cache_info().misses
    opened()
    assert apple._strings.cache_info().misses == before


def test_a_change_without_the_new_value_is_refused(opened, shown):
    headline = replace(shown.face.headline, changed=Text("Nyt {value}", "Nu", "Now {value}"))
    with pytest.raises(passkit.PackageError, match="sv has no %@"):
        opened(face=replace(shown.face, headline=headline))


def test_the_pass_says_who_issues_it_and_where_it_is_updated(content, shown, settings):
    passed = content()
    assert passed["organizationName"] == "Aalto"
    assert passed["description"] == "Kahvipassi, Aalto"
    assert passed["webServiceURL"] == settings.public_url
    assert passed["authenticationToken"] == shown.authentication_token
    assert passed["passTypeIdentifier"] == "pass.test.leima.card"
    assert passed["teamIdentifier"] == "TEAMTEST01"
    assert "voided" not in passed


def test_the_look_is_the_designs(content, shown):
    passed = content()
    assert passed["logoText"] == shown.design.logo_text
    assert passed["backgroundColor"] == "rgb(52, 32, 24)"


@pytest.fixture
def files(shown, identity, settings, authority, clock):
    """The files of a card's pass, changed as told."""

    def of(**changes):
        pkpass = apple.build_pass(replace(shown, **changes), identity, settings, clock())
        return passkit.read(pkpass, root_pem=authority.root_pem).files

    return of


def test_the_images_are_the_designs_with_the_stamps_in_the_strip(files, shown, settings):
    passed = files()
    strip = strips.files(shown.design, Progress(3, 10), settings.data_dir / "images")
    wanted = {**shown.design.images, **strip}
    assert {name: passed[name] for name in wanted} == wanted


def test_each_count_has_a_strip_of_its_own(files, shown):
    drawn = {
        have: files(face=replace(shown.face, progress=Progress(have, 10)))["strip@2x.png"]
        for have in (0, 1, 9)
    }
    assert len(set(drawn.values())) == 3


def test_looks_are_forgotten_when_there_are_too_many(files, shown, monkeypatch):
    monkeypatch.setattr(apple, "_MOST_LOOKS", 2)
    monkeypatch.setattr(apple, "_looks", {})
    for have in range(4):
        files(face=replace(shown.face, progress=Progress(have, 4)))
    assert len(apple._looks) == 2


def test_a_new_version_of_a_design_is_another_look(content, shown):
    design = Design(
        **{name: getattr(shown.design, name) for name in Design.__slots__}
        | {"version": "another", "background_color": "rgb(1, 2, 3)"}
    )
    assert content(design=design)["backgroundColor"] == "rgb(1, 2, 3)"


def test_a_voided_pass_says_so(content, shown):
    assert content(version=shown.version._replace(state="voided"))["voided"] is True


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
    other = replace(shown, pass_type_identifier="pass.b.c")
    with pytest.raises(ServiceError, match="cannot be signed"):
        apple.build_pass(other, identity, settings, clock())
    assert "pass.b.c" in caplog.text
    assert other.authentication_token not in caplog.text
