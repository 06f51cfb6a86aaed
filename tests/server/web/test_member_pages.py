"""Joining, and the card behind a personal link."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from passkit.reader import read
from server import designs, google_pictures
from server.app import create_app
from server.models import Consent, Member

JOIN = "/join/aalto/kahvipassi"
IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"}
ANDROID = {"User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10)"}

Join = Callable[..., TestResponse]


@pytest.fixture
def join(client: FlaskClient, house) -> Join:
    """Fill in the form and send it."""

    def send(**fields: str) -> TestResponse:
        page = client.get(JOIN, headers={"Accept": "text/html"}).text
        found = re.search(r'name="event_id" value="([^"]+)"', page)
        assert found
        return client.post(JOIN, data={"event_id": found.group(1), "name": "Aino", **fields})

    return send


def rows(services, model):
    with services.database.reading() as session:
        return session.exec(select(model)).all()


def test_a_first_name_is_enough(join, client):
    answer = join()
    assert answer.status_code == 303
    assert "Here is your card, Aino." in client.get(answer.location).text


def test_the_form_asks_for_three_things_at_most(client, house):
    page = client.get(JOIN).text
    assert len(re.findall(r'<input class="input"', page)) == 3
    assert "checked" not in page


def test_a_double_click_makes_one_card(client, house, services):
    form = {"event_id": "the-same-form", "name": "Aino"}
    first, second = client.post(JOIN, data=form), client.post(JOIN, data=form)
    assert first.location == second.location
    assert len(rows(services, Member)) == 1


def test_a_known_phone_never_shows_the_existing_card(join, ledger, services):
    known = ledger.enrol("Siiri", phone="041 2345678", is_verified=True)
    answer = join(phone="+358 41 2345678", name="Mallory")
    assert answer.status_code == 303
    assert answer.location != known["card_url"]
    newest = max(rows(services, Member), key=lambda m: m.name == "Mallory")
    assert (newest.phone, newest.phone_verified_at) == ("+358412345678", None)


def test_a_known_phone_is_answered_as_a_new_one(join, ledger):
    ledger.enrol("Siiri", phone="041 2345678", is_verified=True)
    known, new = join(phone="041 2345678"), join(phone="041 2345679")
    assert known.status_code == new.status_code
    assert len(known.data) == len(new.data)


def test_marketing_consent_is_kept_per_channel_with_its_wording(join, services):
    join(marketing_sms="yes", phone="041 2345678")
    (consent,) = rows(services, Consent)
    assert (consent.channel, consent.is_granted, consent.source) == ("sms", True, "join")
    assert consent.wording == "Also send me offers by text message"


def test_no_box_ticked_means_no_consent(join, services):
    join(phone="041 2345678")
    assert rows(services, Consent) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "x" * 61), ("phone", "112"), ("phone", "050 12"), ("email", "a@b")],
)
def test_what_is_wrong_is_shown_beside_its_field(join, services, field: str, value: str):
    answer = join(**{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert rows(services, Member) == []


def test_a_name_cannot_become_markup(join, client):
    page = client.get(join(name="<b>Aino</b>").location).text
    assert "<b>Aino</b>" not in page
    assert "&lt;b&gt;Aino&lt;/b&gt;" in page


def test_an_unknown_programme_is_a_friendly_404(client, house):
    answer = client.get("/join/aalto/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert 'data-testid="error"' in answer.text


def test_an_iphone_is_offered_the_wallet(join, client):
    page = client.get(join().location, headers=IPHONE).text
    assert "Add to Apple Wallet" in page
    assert "card-link-code" not in page


def test_a_desktop_is_offered_a_code_of_the_same_page(join, client):
    page = client.get(join().location).text
    assert "card-link-code" in page


def test_an_android_phone_gets_the_web_card(join, client):
    page = client.get(join().location, headers=ANDROID).text
    assert "Show this page at the till" in page


def test_an_android_phone_is_offered_google_wallet_before_the_card(street, join, client):
    path = urlsplit(join().location).path
    page = street.client.get(path, headers=ANDROID).text
    assert f'href="{street.services.settings.public_url}{path}/google"' in page
    assert "Add to Google Wallet" in page
    assert "holder--adds" in page
    assert "Show this page at the till" not in page


def test_an_android_phone_is_led_to_the_card_in_its_wallet(street, ledger):
    card = ledger.enrol("Siiri", language="en")
    street.click(card)
    street.say_held(card, True)
    page = street.client.get(urlsplit(card["card_url"]).path, headers=ANDROID).text
    assert "View in Google Wallet" in page
    assert "Add to Google Wallet" not in page


@pytest.mark.parametrize("device", [IPHONE, {}], ids=["iphone", "desktop"])
def test_other_devices_are_offered_no_google_wallet(street, join, device):
    page = street.client.get(urlsplit(join().location).path, headers=device).text
    assert "Google Wallet" not in page


def test_in_the_sandbox_a_desktop_is_offered_both_virtual_phones(street, join):
    trying = create_app(street.services, sandbox={"phones_url": "http://127.0.0.1:8001/"})
    page = trying.test_client().get(urlsplit(join().location).path).text
    assert "card-sandbox-add" in page
    assert re.search(r'href="[^"]+/google" data-testid="card-sandbox-google"', page)


def test_the_card_file_is_a_pass_that_verifies(join, services, identity, authority):
    link = urlsplit(join().location).path
    phone = create_app(services, identity=identity).test_client()
    answer = phone.get(f"{link}/card.pkpass")
    assert answer.mimetype == "application/vnd.apple.pkpass"
    opened = read(answer.data, root_pem=authority.root_pem)
    assert opened.content["storeCard"]["secondaryFields"][0]["value"] == "0 / 10"


def test_a_made_up_link_leads_nowhere(client, house):
    for path in ("/c/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/c/x/card.pkpass"):
        assert client.get(path).status_code == 404


def test_the_link_holds_neither_serial_nor_token(join, client, services):
    link = join().location
    with services.database.reading() as session:
        row = (
            session.connection()
            .exec_driver_sql("SELECT serial_number, authentication_token, barcode FROM pass")
            .one()
        )
    assert not any(secret in link for secret in row)


def test_pages_come_with_the_headers_that_keep_them_safe(client, house):
    answer = client.get(JOIN)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_brands_colours_come_from_its_design(client, house):
    assert "--brand-background:rgb(" in client.get("/brand/aalto.css").text
    assert client.get("/brand/nobody.css").status_code == 404


def test_no_path_leads_out_of_the_designs(client, house):
    for path in ("kahvila/x/icon.png", "../x/design.toml", "kahvila/x/../design.toml"):
        assert client.get(f"/designs/{path}").status_code == 404


def test_the_join_page_tells_the_minimum_purchase(client, ledger_with):
    ledger_with(minimum_purchase_cents=250)
    page = client.get("/join/special/kahvipassi").get_data(as_text=True)
    assert "a purchase of at least €2.50." in page


def test_the_page_shows_the_stamps_of_the_wallets_card(client, join):
    page = client.get(urlsplit(join().location).path).text
    pictures = re.findall(r'<img src="(/designs/kahvila/\w+/stamps/\w+\.png)"', page)
    assert len(pictures) == 10
    assert pictures[-1].endswith("reward.png")
    assert all(client.get(path).mimetype == "image/png" for path in set(pictures))


def test_no_path_leads_out_of_the_stamps(client, house):
    for path in ("kahvila/000000000000/stamps/full.png", "none/1/stamps/full.png"):
        assert client.get(f"/designs/{path}").status_code == 404


def test_google_fetches_the_pictures_of_a_card_and_may_keep_them(client, house):
    design = designs.load("kahvila")
    for name in ("logo.png", "hero.png", "hero-7-10.png"):
        answer = client.get(google_pictures.path(design, name))
        assert answer.mimetype == "image/png"
        assert answer.cache_control.max_age == 31_536_000


def test_a_picture_for_google_that_there_is_not_is_not_found(client, house):
    base = google_pictures.path(designs.load("kahvila"), "")
    older = base.replace(designs.load("kahvila").version[:12], "0" * 12)
    for path in (f"{base}strip.png", f"{base}hero-11-10.png", f"{older}logo.png"):
        assert client.get(path).status_code == 404
    assert client.get("/designs/none/0/google/logo.png").status_code == 404
