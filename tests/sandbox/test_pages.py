"""The sandbox over HTTP: what the phones' page shows and does, and who may do it."""

import io
from collections.abc import Iterator

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from passkit.throwaway import Authority
from server import clock
from server.config import TEMPLATES
from server.sandbox.apns import ApnsStandIn
from server.sandbox.drawing import barcode_svg
from server.sandbox.pages import create_app
from server.sandbox.phones import Phones

SERIAL = "aino-card-0123456789abcdef"


@pytest.fixture
def apns(authority: Authority, phones: Phones) -> Iterator[ApnsStandIn]:
    apns = ApnsStandIn(authority, at=clock.now(), on_push=phones.deliver)
    apns.start()
    yield apns
    apns.stop()


@pytest.fixture
def web(phones: Phones, apns: ApnsStandIn, shop) -> FlaskClient:
    app = create_app(phones, apns, templates=TEMPLATES / "web", service_urls=[shop.url])
    app.testing = True
    return app.test_client()


def seen(web: FlaskClient, number: int = 0) -> dict:
    return web.get("/phones.json").json["phones"][number]


def add(web: FlaskClient, shop, phone: str = "aino"):
    return web.post(f"/phones/{phone}/add", json={"url": shop.pass_url})


def test_the_page_is_served_with_its_script(web):
    page = web.get("/")
    assert page.status_code == 200
    assert b"phones.js" in page.data
    with web.get("/static/phones.js") as script:
        assert script.status_code == 200


def test_two_phones_are_there_and_empty(web):
    assert [seen(web, number)["name"] for number in (0, 1)] == ["Aino's iPhone", "Eero's iPhone"]
    assert seen(web)["passes"] == seen(web)["notifications"] == seen(web)["log"] == []
    assert seen(web)["is_on"] is True


def test_an_added_pass_is_drawn(web, shop):
    assert add(web, shop).status_code == 200
    (drawn,) = seen(web)["passes"]
    assert drawn["organization_name"] == "Kahvila Aalto"
    assert drawn["primary"] == [{"key": "stamps", "label": "LEIMAT", "value": "3"}]
    assert drawn["barcode"]["message"] == "LEIMA-0001"
    assert drawn["barcode"]["alt_text"] == "0001"
    assert set(drawn["images"]) == {"icon", "logo"}
    assert (drawn["is_voided"], drawn["changed_keys"]) == (False, [])


def test_the_pictures_of_a_pass_are_served(web, shop):
    add(web, shop)
    (drawn,) = seen(web)["passes"]
    assert Image.open(io.BytesIO(web.get(drawn["images"]["logo"]).data)).size == (38, 38)
    assert web.get(drawn["barcode"]["image"]).mimetype == "image/svg+xml"
    assert web.get(f"/phones/aino/passes/{SERIAL}/strip.png").status_code == 404
    assert web.get(f"/phones/aino/passes/{SERIAL}/pass.json.png").status_code == 404


def test_the_code_can_be_scanned(web, shop, phones):
    add(web, shop)
    (held,) = phones.get("aino").look().passes.values()
    (code,) = zxingcpp.read_barcodes(_drawn(barcode_svg(held).decode()))
    assert code.text == "LEIMA-0001"


def _drawn(svg: str) -> Image.Image:
    """The picture of an SVG that is made of unit squares."""
    size = int(svg.split('viewBox="0 0 ')[1].split(" ")[0])
    picture = Image.new("L", (size * 4, size * 4), 255)
    pen = ImageDraw.Draw(picture)
    for square in svg.split('d="')[2].split('"')[0].split("M")[1:]:
        x, y = (int(number) * 4 for number in square.removesuffix("h1v1h-1z").split())
        pen.rectangle([x, y, x + 3, y + 3], fill=0)
    return picture


def test_nothing_is_sent_twice_to_a_page_that_has_it(web, shop):
    tag = web.get("/phones.json").headers["ETag"]
    same = web.get("/phones.json", headers={"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")
    add(web, shop)
    assert web.get("/phones.json", headers={"If-None-Match": tag}).status_code == 200


def test_a_push_lands_on_the_page(web, shop, apns, phones, until):
    add(web, shop)
    shop.stamp()
    phones.deliver(phones.get("aino").push_token, "pass.test.leima.shop")
    until(lambda: seen(web)["notifications"])
    (drawn,) = seen(web)["passes"]
    assert drawn["primary"][0]["value"] == "4"
    assert drawn["changed_keys"] == ["stamps"]
    web.post("/phones/aino/notifications/clear", json={})
    assert seen(web)["notifications"] == []


def test_a_phone_is_switched_off_and_on(web):
    web.post("/phones/eero/power", json={"is_on": False})
    assert seen(web, 1)["is_on"] is False
    web.post("/phones/eero/power", json={"is_on": True})
    assert seen(web, 1)["is_on"] is True


def test_a_pass_is_removed(web, shop):
    add(web, shop)
    assert web.post(f"/phones/aino/passes/{SERIAL}/remove", json={}).status_code == 200
    assert seen(web)["passes"] == []
    assert web.post(f"/phones/aino/passes/{SERIAL}/remove", json={}).status_code == 404


def test_a_link_adds_to_a_phone_and_leads_there(web, shop):
    first = web.get("/add", query_string={"url": shop.pass_url})
    second = web.get("/add", query_string={"url": shop.pass_url})
    assert (first.status_code, first.location) == (302, "/#aino")
    assert second.location == "/#eero"


def test_a_link_that_fails_says_why(web, shop):
    query = {"url": f"{shop.url}/cards/page"}
    answer = web.get("/add", query_string=query, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "This is not a pass" in answer.text


def test_a_refusal_is_a_sentence(web):
    answer = web.post("/phones/aino/add", json={"url": "https://example.com/card"})
    assert answer.status_code == 422
    assert "only" in answer.json["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Referer": "https://evil.example/page"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example:8001"},
    ],
)
def test_other_sites_add_nothing(web, shop, headers: dict[str, str]):
    assert web.get("/add", query_string={"url": shop.pass_url}, headers=headers).status_code == 403
    answer = web.post("/phones/aino/add", json={"url": shop.pass_url}, headers=headers)
    assert answer.status_code == 403
    assert shop.calls == []


def test_the_service_may_send_its_customers(web, shop):
    headers = {"Referer": f"{shop.url}/c/1", "Sec-Fetch-Site": "same-site"}
    assert web.get("/add", query_string={"url": shop.pass_url}, headers=headers).status_code == 302


@pytest.mark.parametrize("path", ["/phones/aino/power", "/phones/aino/add", "/apns/faults"])
def test_a_form_changes_nothing(web, path: str):
    assert web.post(path, data={"is_on": "0", "url": "x"}).status_code == 415


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/phones/aino/power", {"is_on": "no"}, "is_on"),
        ("/phones/aino/power", {}, "is_on"),
        ("/phones/aino/power", [], "Input"),
        ("/phones/aino/add", {"link": "x"}, "url"),
        ("/apns/faults", {"delay_seconds": -1}, "delay_seconds"),
        ("/apns/faults", {"misspelt": 1}, "misspelt"),
        ("/apns/faults", {"answers": [{"reason": "Tired"}]}, "answers.0"),
        ("/apns/tokens", {"misspelt": 1}, "misspelt"),
        ("/apns/certificate", {"pass_type_identifier": "com.example"}, "pass_type_identifier"),
    ],
)
def test_wrong_json_is_refused_by_name(web, path: str, body: object, wrong: str):
    answer = web.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json["detail"].startswith(wrong)


@pytest.mark.parametrize("path", ["/phones/nobody/power", "/phones/nobody/add"])
def test_an_unknown_phone_is_not_found(web, path: str):
    assert (
        web.post(path, json={"is_on": True} if "power" in path else {"url": "x"}).status_code == 404
    )


def test_faults_are_set_and_seen(web, apns):
    fault = {"status": 503, "reason": "ServiceUnavailable", "count": None}
    assert (
        web.post("/apns/faults", json={"answers": [fault], "delay_seconds": 1}).status_code == 200
    )
    state = web.get("/apns.json").json
    assert state["faults"]["answers"][0]["reason"] == "ServiceUnavailable"
    assert (state["url"], state["pushes"]) == (apns.url, [])
    web.post("/apns/faults", json={})
    assert apns.faults.answers == []


def test_pages_may_load_nothing_from_elsewhere(web):
    policy = web.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
