"""Wallets' own badges are shown where the operator has put them, and plain buttons otherwise."""

from urllib.parse import urlsplit

import pytest

from server.web import badges
from tests.server.web.google_cast import path_of

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 283 50"/>'
ANDROID = {"User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10)"}
IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Put badges where the operator does."""
    folder = tmp_path / "badges"
    folder.mkdir()
    monkeypatch.setattr(badges, "FOLDER", folder)

    def put(*names: str) -> None:
        for name in names:
            (folder / name).write_bytes(SVG)

    return put


def picture(page: str) -> str:
    """The address of the badge on the page."""
    return page.partition('class="badge"')[2].partition('<img src="')[2].partition('"')[0]


def test_none_comes_with_leima():
    assert badges.missing() == [
        f"{name}.{language}.svg" for name in badges.NAMES for language in ("fi", "sv", "en")
    ]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_badge_is_shown_in_the_pages_language(put, street, ledger, language):
    put(f"add_to_google_wallet.{language}.svg", "add_to_google_wallet.en.svg")
    card = ledger.enrol("Aino", language=language)
    page = street.client.get(urlsplit(card["card_url"]).path, headers=ANDROID).text
    assert picture(page).startswith(f"/badges/add_to_google_wallet.{language}.svg?")
    answer = street.client.get(picture(page))
    assert (answer.mimetype, answer.data) == ("image/svg+xml", SVG)


def test_where_the_language_is_missing_the_english_one_is_shown(put, street, ledger):
    put("add_to_google_wallet.en.svg")
    card = ledger.enrol("Aino", language="fi")
    page = street.client.get(urlsplit(card["card_url"]).path, headers=ANDROID).text
    assert "add_to_google_wallet.en.svg" in picture(page)
    assert 'alt="Lisää Google Walletiin"' in page


def test_an_iphone_gets_apples(put, client, ledger):
    put("add_to_apple_wallet.en.svg", "add_to_google_wallet.en.svg")
    card = ledger.enrol("Aino", language="en")
    page = client.get(urlsplit(card["card_url"]).path, headers=IPHONE).text
    assert "add_to_apple_wallet.en.svg" in picture(page)


def test_the_button_of_the_way_there_is_a_badge_too(put, street, ledger):
    put("add_to_google_wallet.en.svg", "view_in_google_wallet.en.svg")
    card = ledger.enrol("Aino", language="en")
    assert "add_to_google_wallet.en.svg" in picture(street.client.get(path_of(card)).text)
    street.click(card)
    street.say_held(card, True)
    assert "view_in_google_wallet.en.svg" in picture(street.client.get(path_of(card)).text)


def test_a_new_file_has_a_new_address(put, app):
    put("add_to_apple_wallet.en.svg")
    with app.test_request_context():
        first = badges.address("add_to_apple_wallet")
        path = badges.FOLDER / "add_to_apple_wallet.en.svg"
        path.write_bytes(SVG + b" ")
        assert badges.address("add_to_apple_wallet") != first


def test_what_is_missing_is_named(put):
    put("add_to_apple_wallet.fi.svg", "add_to_apple_wallet.sv.svg", "add_to_apple_wallet.en.svg")
    assert badges.missing(("add_to_apple_wallet",)) == []
    assert len(badges.missing()) == 6


@pytest.mark.parametrize("name", ["README.md", "other.en.svg", "..%2Fcard.html", ".gitignore"])
def test_nothing_else_is_served_from_there(put, client, name):
    put("README.md", "other.en.svg", ".gitignore")
    assert client.get(f"/badges/{name}").status_code == 404
