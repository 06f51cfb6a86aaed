"""Which language a page speaks."""

import json
import re

import pytest
from sqlmodel import select

from server.face import LANGUAGES
from server.models import Consent
from server.web import languages

JOIN = "/join/aalto/kahvipassi"
TITLES = {"fi": "Hanki korttisi", "sv": "Skaffa ditt kort", "en": "Get your card"}


@pytest.fixture
def client(app):
    """A browser that says nothing of languages."""
    return app.test_client()


def spoken(page):
    found = re.search(r'<html lang="(\w+)">', page.text)
    assert found
    assert TITLES[found[1]] in page.text
    return found[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_address_decides_and_is_remembered(client, house, language):
    page = client.get(f"{JOIN}?lang={language}", headers={"Accept-Language": "en"})
    assert spoken(page) == language
    assert page.headers["Content-Language"] == language
    assert spoken(client.get(JOIN, headers={"Accept-Language": "en"})) == language


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("sv-FI,fi;q=0.8", "sv"),
        ("de, en-US;q=0.9, fi;q=0.1", "en"),
        ("de,fr", "fi"),
        ("*", "fi"),
        ("sv;q=0", "fi"),
        ("", "fi"),
        ("\u00e4,;;q=x", "fi"),
    ],
)
def test_the_browser_decides_and_the_brand_else(client, house, accepted, language):
    assert spoken(client.get(JOIN, headers={"Accept-Language": accepted})) == language


@pytest.mark.parametrize("asked", ["de", "", "../en", "FI"])
def test_a_language_that_is_not_ours_is_not_remembered(client, house, asked):
    page = client.get(JOIN, query_string={"lang": asked})
    assert spoken(page) == "fi"
    assert "leima_lang" not in page.headers.get("Set-Cookie", "")


def test_the_switch_works_without_scripts(client, house):
    page = client.get(f"{JOIN}?lang=sv").text
    links = re.findall(r'<a href="\?lang=(\w+)" lang="(\w+)"[^>]*?(aria-current)?="?[^>]*>', page)
    assert [link[0] for link in links] == list(LANGUAGES)
    assert re.search(r'<a href="\?lang=sv"[^>]*aria-current="true">Svenska</a>', page)


def test_a_consent_is_kept_in_the_words_that_were_shown(client, house, services):
    form = {"name": "Aino", "phone": "041 2345678", "marketing_sms": "yes", "event_id": "x" * 8}
    client.post(f"{JOIN}?lang=sv", data=form)
    with services.database.reading() as session:
        consent = session.exec(select(Consent)).one()
    assert consent.wording == "Skicka mig också erbjudanden per sms"


def test_the_card_page_speaks_the_members_language(client, ledger):
    card = ledger.enrol("Eero", language="sv")["card_url"]
    page = client.get(card, headers={"Accept-Language": "fi"})
    assert '<html lang="sv">' in page.text
    assert "Här är ditt kort, Eero." in page.text
    assert "STÄMPLAR" in page.text


def test_the_address_of_a_card_may_ask_for_another_language(client, ledger):
    card = ledger.enrol("Eero", language="sv")["card_url"]
    page = client.get(f"{card}?lang=fi").text
    assert "Tässä on korttisi, Eero." in page
    assert "LEIMAT" in page


def test_a_name_is_no_markup_in_any_language(client, ledger):
    card = ledger.enrol("<b>Eero</b> %(name)s", language="fi")["card_url"]
    assert "korttisi, &lt;b&gt;Eero&lt;/b&gt; %(name)s." in client.get(card).text


def test_the_till_page_hands_its_script_the_words(client, house):
    client.post("/till/login", data={"login": house.login, "password": house.password})
    assert '<html lang="fi">' in client.get("/till").text
    page = client.get("/till?lang=sv").text
    handed = re.search(r'id="till-texts">(.*?)</script>', page)
    assert handed
    assert json.loads(handed[1])["idle"] == "Redo för nästa kort"


def test_the_till_answers_in_the_brands_language_to_an_unknown_browser(client, house, ledger):
    client.post("/till/login", data={"login": house.login, "password": house.password})
    client.post("/till/pin", json={"pin": house.pin})
    body = {"id": "scan-0001", "code": str(ledger.card)}
    assert client.post("/till/scan", json=body).json["text"].startswith("1 leima")


@pytest.mark.parametrize(
    ("path", "words"),
    [("/nothing", "Ei löydy"), ("/c/nothing", "pyydä uusi linkki"), ("/join/a/b", "tarkista")],
)
def test_an_error_is_told_in_the_visitors_language(client, house, path, words):
    page = client.get(path, headers={"Accept": "text/html", "Accept-Language": "fi"})
    assert (page.status_code, '<html lang="fi">' in page.text) == (404, True)
    assert words in page.text


def test_programs_are_answered_in_english(client, house):
    problem = client.get("/nothing", headers={"Accept-Language": "fi"}).json
    assert problem["title"] == "Not found"


def test_catalogues_are_read_once():
    assert languages.catalogue("fi") is languages.catalogue("fi")
    assert languages.catalogue("en").gettext("Undo") == "Undo"
