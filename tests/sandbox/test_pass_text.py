"""Values of a pass are shown in the phone owner's language."""

import pytest

from server.sandbox.pass_text import Reader, folder_for

PLAIN = Reader("en", {})


@pytest.mark.parametrize(
    ("language", "field", "shown"),
    [
        ("en", {"value": "Aino"}, "Aino"),
        ("en", {"value": 12}, "12"),
        ("en", {"value": 12.5, "currencyCode": "EUR"}, "€12.50"),
        ("fi", {"value": 1234.5, "currencyCode": "EUR"}, "1\N{NBSP}234,50\N{NBSP}€"),
        ("fi", {"value": 2.5}, "2,5"),
        ("en", {"value": 0.25, "numberStyle": "PKNumberStylePercent"}, "25%"),
        ("fi", {"value": 0.25, "numberStyle": "PKNumberStylePercent"}, "25\N{NBSP}%"),
        ("sv", {"value": 100, "currencyCode": "SEK"}, "100,00\N{NBSP}kr"),
        ("fi", {"value": 100, "currencyCode": "SEK"}, "100,00\N{NBSP}SEK"),
        ("sv", {"value": 12000, "numberStyle": "PKNumberStyleDecimal"}, "12\N{NBSP}000"),
        ("fi", {"value": "2026-12-01T10:00Z", "dateStyle": "PKDateStyleShort"}, "1.12.2026"),
        ("sv", {"value": "2026-12-01T10:00Z", "dateStyle": "PKDateStyleShort"}, "2026-12-01"),
        ("en", {"value": "2026-12-01T10:00Z", "dateStyle": "PKDateStyleMedium"}, "1 Dec 2026"),
        (
            "fi",
            {"value": "2026-12-01T10:00Z", "dateStyle": "PKDateStyleLong"},
            "1. joulukuuta 2026",
        ),
        ("fi", {"value": "2026-12-01T10:00Z", "timeStyle": "PKDateStyleShort"}, "12.00"),
        ("en", {"value": "soon", "dateStyle": "PKDateStyleShort"}, "soon"),
        ("en", {"value": "2026-12-01T10:00Z"}, "2026-12-01T10:00Z"),
        ("en", {"value": "x", "attributedValue": "<a href='https://x'>A &amp; B</a>"}, "A & B"),
        ("en", {"value": True}, ""),
        ("en", {}, ""),
    ],
)
def test_a_value_is_shown_as_people_write_it(language: str, field: dict, shown: str):
    assert Reader(language, {}).value(field) == shown


def test_a_change_message_holds_the_new_value():
    field = {"value": 7, "changeMessage": "You have %@ stamps"}
    assert PLAIN.change_message(field) == "You have 7 stamps"


@pytest.mark.parametrize("field", [{"value": 7}, {"value": 7, "changeMessage": "New stamps"}])
def test_without_a_place_for_the_value_nothing_is_said(field: dict):
    assert PLAIN.change_message(field) == ""


def test_the_owners_language_is_chosen_and_what_the_pass_itself_says_else():
    files = {
        "fi.lproj/pass.strings": b"",
        "en-GB.lproj/pass.strings": b"",
        "sv.lproj/logo.png": b"",
    }
    assert folder_for("fi", files) == "fi.lproj/"
    assert folder_for("sv", files) == "sv.lproj/"
    assert folder_for("en", files) == "en-GB.lproj/"
    assert folder_for("de", files) is None


def test_labels_and_values_are_translated():
    files = {"fi.lproj/pass.strings": '"L_STAMPS" = "LEIMAT";'.encode("utf-16")}
    reader = Reader.of("fi", files)
    assert reader.text("L_STAMPS") == "LEIMAT"
    assert reader.value({"value": "L_STAMPS"}) == "LEIMAT"
    assert Reader.of("en", files).text("L_STAMPS") == "L_STAMPS"
