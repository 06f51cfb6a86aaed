"""Google's side of the sandbox in a browser: save page, pictures, and phones as JSON."""

import io
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from PIL import Image

from server.sandbox.google import pages as google_pages
from server.sandbox.google.pictures import GooglePictures
from tests.sandbox.android.bodies import CARD


def phones(web) -> dict[str, dict]:
    return {phone["id"]: phone for phone in web.get("/phones.json").json["phones"]}


def path(link: str) -> str:
    return urlsplit(link).path


def save(web, cafe, phone: str = "aino-pixel"):
    return web.post(path(cafe.link()), data={"phone": phone})


def test_phones_of_both_systems_stand_side_by_side(web):
    assert [(each["id"], each["system"]) for each in phones(web).values()] == [
        ("aino", "ios"),
        ("aino-pixel", "android"),
        ("eero", "ios"),
        ("linnea-galaxy", "android"),
    ]


def test_a_save_page_shows_the_card_and_a_button_for_each_phone(web, cafe, google):
    page = web.get(path(cafe.link()), headers={"Accept-Language": "fi"})
    assert page.status_code == 200
    assert "Kahvipassi" in page.text
    assert page.text.count('name="phone"') == 2
    assert "LEIMA-0001" not in page.text  # nobody has the card yet: its code stays away
    assert google.wallets["aino"] == ()


def test_a_button_saves_the_card_and_then_leads_to_the_phone(web, cafe, google):
    answer = save(web, cafe)
    assert answer.status_code == 303
    page = web.get(answer.location)
    assert 'href="/#aino-pixel"' in page.text
    assert page.text.count('name="phone"') == 1
    assert google.wallets["aino"] == (CARD,)


def test_a_link_that_somebody_used_is_refused_to_another_with_the_reason(web, cafe):
    save(web, cafe)
    refused = save(web, cafe, "linnea-galaxy")
    assert refused.status_code == 422
    assert "Something went wrong" in refused.text
    assert "somebody else" in refused.text


def test_a_tampered_link_is_refused_with_the_reason(web, cafe):
    link = path(cafe.link())
    refused = web.get(f"{link[:-4]}AAAA")
    assert refused.status_code == 422
    assert "Something went wrong" in refused.text


def test_only_a_phone_that_is_there_saves(web, cafe, google):
    assert save(web, cafe, "aino").status_code == 400
    assert google.wallets["aino"] == ()


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_other_sites_save_nothing(web, cafe, google, headers: dict[str, str]):
    answer = web.post(path(cafe.link()), data={"phone": "aino-pixel"}, headers=headers)
    assert answer.status_code == 403
    assert google.wallets["aino"] == ()


def test_the_stand_ins_save_links_lead_to_the_page(cafe):
    app = Flask("stand-in")
    google_pages.lead_here(app, "http://127.0.0.1:8001/")
    answer = app.test_client().get(path(cafe.link()))
    assert answer.status_code == 302
    assert answer.location.startswith("http://127.0.0.1:8001/gp/v/save/ey")


def test_a_saved_card_is_drawn_in_its_owners_language(web, cafe):
    save(web, cafe)
    phone = phones(web)["aino-pixel"]
    (card,) = phone["passes"]
    assert (card["title"], card["rows"][0][0]["label"]) == ("Kahvipassi", "Leimat")
    assert phone["words"]["details"] == "Tiedot"


def test_nothing_is_sent_twice_to_a_page_that_has_it(web, cafe):
    tag = web.get("/phones.json").headers["ETag"]
    assert web.get("/phones.json", headers={"If-None-Match": tag}).status_code == 304
    save(web, cafe)
    assert web.get("/phones.json", headers={"If-None-Match": tag}).status_code == 200


def test_pictures_come_through_the_sandbox_and_are_fetched_once(web, cafe, site):
    web.post("/phones/aino-pixel/add", json={"url": cafe.link()})
    (card,) = phones(web)["aino-pixel"]["passes"]
    assert card["hero"]["source"].startswith("/google/pictures/")
    for _ in range(2):
        answer = web.get(card["hero"]["source"])
        assert Image.open(io.BytesIO(answer.data)).size == (1032, 336)
    assert site.asked.count("hero.png") == 1
    assert "immutable" in answer.headers["Cache-Control"]
    assert "img-src 'self'" in web.get("/").headers["Content-Security-Policy"]


def test_the_code_is_drawn(web, cafe):
    web.post("/phones/aino-pixel/add", json={"url": cafe.link()})
    (card,) = phones(web)["aino-pixel"]["passes"]
    assert card["barcode"]["value"] == "LEIMA-0001"
    assert web.get(card["barcode"]["image"]).mimetype == "image/svg+xml"
    for wrong in (f"aino/{CARD}", "aino-pixel/none", f"linnea-galaxy/{CARD}"):
        assert web.get(f"/google/codes/{wrong}.svg").status_code == 404


def test_a_code_of_another_format_has_no_picture(web, cafe):
    cafe.patch(barcode={"type": "PDF_417", "value": "X"})
    web.post("/phones/aino-pixel/add", json={"url": cafe.link()})
    (card,) = phones(web)["aino-pixel"]["passes"]
    assert (card["barcode"]["value"], card["barcode"]["image"]) == ("X", "")


def test_buttons_reach_android_phones_too(web, cafe):
    web.post("/phones/linnea-galaxy/add", json={"url": cafe.link()})
    assert phones(web)["linnea-galaxy"]["passes"]
    assert web.post(f"/phones/linnea-galaxy/passes/{CARD}/remove", json={}).status_code == 200
    assert web.post(f"/phones/linnea-galaxy/passes/{CARD}/remove", json={}).status_code == 404
    web.post("/phones/linnea-galaxy/power", json={"is_on": False})
    assert phones(web)["linnea-galaxy"]["is_on"] is False
    refused = web.post("/phones/linnea-galaxy/add", json={"url": cafe.link()})
    assert (refused.status_code, "off" in refused.json["detail"]) == (422, True)


def test_notifications_are_wiped(web, cafe, pixel, until):
    pixel.add(cafe.link())
    cafe.stamp(8, notifyPreference="NOTIFY_ON_UPDATE")
    until(lambda: phones(web)["aino-pixel"]["notifications"])
    web.post("/phones/aino-pixel/notifications/clear", json={})
    assert phones(web)["aino-pixel"]["notifications"] == []


@pytest.mark.parametrize("name", ["text.png", "large.png", "moved.png", "gone.png"])
def test_what_is_no_picture_is_missing(site, name: str):
    pictures = GooglePictures([site.url])
    source = pictures.path(f"{site.url}/{name}")
    assert pictures.get(source.rpartition("/")[2]) is None


def test_a_picture_that_could_not_be_fetched_is_tried_again(site, monkeypatch: pytest.MonkeyPatch):
    pictures = GooglePictures([site.url])
    key = pictures.path(f"{site.url}/logo.png").rpartition("/")[2]

    def fail(*_args: object, **_settings: object) -> None:
        raise requests.ConnectionError("the service is starting")

    with monkeypatch.context() as patched:
        patched.setattr(requests.Session, "get", fail)
        assert pictures.get(key) is None
    assert pictures.get(key).mimetype == "image/png"


@pytest.mark.parametrize("url", ["https://elsewhere.example/logo.png", "file:///etc/passwd", "x"])
def test_nobody_but_the_service_is_asked_for_pictures(site, url: str):
    assert GooglePictures([site.url]).path(url) is None


def test_unknown_keys_are_none(site):
    assert GooglePictures([site.url]).get("0" * 24) is None
