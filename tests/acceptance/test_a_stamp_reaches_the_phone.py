"""The main job, as a customer and a barista do it."""

import time
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.chromium


def join(page: Page, sandbox: dict[str, Any], name: str) -> None:
    page.goto(sandbox["base_url"])
    page.get_by_test_id("home-join").click()
    page.get_by_test_id("join-name").fill(name)
    page.get_by_test_id("join-submit").click()
    expect(page.get_by_test_id("card-headline")).to_have_text("0 / 10")


def open_till(page: Page, sandbox: dict[str, Any]) -> None:
    staff = sandbox["staff"]
    page.goto(staff["url"])
    page.get_by_test_id("till-login").fill(staff["login"])
    page.get_by_test_id("till-password").fill(staff["password"])
    page.get_by_test_id("till-login-submit").click()
    expect(page.get_by_test_id("till-pin")).to_be_focused(timeout=20_000)
    page.get_by_test_id("till-pin").fill(staff["pins"][0]["pin"])
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("till-code")).to_be_focused()


def scan(page: Page, code: str) -> None:
    """As a USB scanner does it: the code, then Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def held(http: requests.Session, sandbox: dict[str, Any], number: str) -> dict[str, Any]:
    """The pass with this member number on the first virtual phone, as the phone shows it."""
    phones = http.get(f"{sandbox['phones_url']}phones.json", timeout=10).json()["phones"]
    passes = phones[0]["passes"]
    return next(p for p in passes if p["barcode"]["alt_text"] == number)


def shows(http: requests.Session, sandbox: dict[str, Any], number: str, value: str) -> float:
    """How long until the phone shows `value`; gives up after ten seconds."""
    start = time.monotonic()
    while held(http, sandbox, number)["secondary"][0]["value"] != value:
        assert time.monotonic() - start < 10, f"the phone never showed {value}"
        time.sleep(0.02)
    return time.monotonic() - start


def test_a_customer_joins_is_stamped_and_sees_it(page: Page, sandbox, http):
    join(page, sandbox, "Aino")
    page.get_by_test_id("card-sandbox-add").click()
    phone = page.get_by_test_id("phone-aino")
    expect(phone.get_by_test_id("field-stamps")).to_contain_text("0 / 10")
    number = phone.get_by_test_id("pass-barcode-text").first.inner_text()

    till = page.context.new_page()
    open_till(till, sandbox)
    scan(till, number)
    expect(till.get_by_test_id("till-result")).to_have_attribute("data-level", "green")

    assert shows(http, sandbox, number, "1 / 10") < 10
    page.bring_to_front()
    expect(phone.get_by_test_id("field-stamps").first).to_contain_text("1 / 10")
    expect(phone.get_by_test_id("notification").first).to_contain_text("1 / 10")


def test_ten_stamps_make_a_coffee_that_is_drunk_once(page: Page, sandbox, http):
    key = {"Authorization": f"Bearer {sandbox['api_key']}"}
    made = http.post(
        f"{sandbox['base_url']}/api/v1/cards",
        json={"programme": "kahvipassi", "member": {"name": "Eero"}},
        headers={**key, "Idempotency-Key": "acceptance-eero"},
        timeout=10,
    ).json()
    stamps = {"id": "acceptance-nine", "card": made["id"], "name": "stamped", "quantity": 5}
    for event_id, quantity in (("acceptance-1", 5), ("acceptance-2", 4)):
        body = {**stamps, "id": event_id, "quantity": quantity}
        http.post(f"{sandbox['base_url']}/api/v1/events", json=body, headers=key, timeout=10)

    open_till(page, sandbox)
    result = page.get_by_test_id("till-result")
    scan(page, made["member_number"])
    expect(result).to_have_attribute("data-code", "reward_earned")
    scan(page, made["member_number"])
    expect(result).to_have_attribute("data-code", "reward_ready")
    page.get_by_test_id("till-redeem").click()
    expect(result).to_have_attribute("data-code", "redeemed")
    page.get_by_test_id("till-undo").first.click()
    expect(result).to_have_attribute("data-code", "undone")


def test_a_strangers_code_is_red(page: Page, sandbox):
    open_till(page, sandbox)
    scan(page, "HELLOWORLD")
    expect(page.get_by_test_id("till-result")).to_have_attribute("data-level", "red")
    expect(page.get_by_test_id("till-result")).to_have_attribute("data-code", "card_unknown")


def test_a_scan_made_without_connection_is_sent_once_it_is_back(page: Page, sandbox, http):
    key = {"Authorization": f"Bearer {sandbox['api_key']}", "Idempotency-Key": "acceptance-net"}
    made = http.post(
        f"{sandbox['base_url']}/api/v1/cards",
        json={"programme": "kahvipassi", "member": {"name": "Onni"}},
        headers=key,
        timeout=10,
    ).json()
    open_till(page, sandbox)
    page.route("**/till/scan", lambda route: route.abort("blockedbyclient"))
    scan(page, made["member_number"])
    expect(page.get_by_test_id("till-result")).to_have_attribute("data-level", "amber")
    page.unroute("**/till/scan")
    expect(page.get_by_test_id("till-result")).to_have_attribute("data-code", "stamped")
    card = http.get(f"{sandbox['base_url']}/api/v1/cards/{made['id']}", headers=key, timeout=10)
    assert card.json()["standing"]["stamp"] == 1


@pytest.mark.parametrize(
    ("agent", "wanted"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", "Add to Apple Wallet"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 10)", "Add to Google Wallet"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Move it to your phone"),
    ],
)
def test_the_card_page_fits_the_device_in_hand(sandbox, http, agent: str, wanted: str):
    key = {"Authorization": f"Bearer {sandbox['api_key']}"}
    made = http.post(
        f"{sandbox['base_url']}/api/v1/cards",
        json={"programme": "kahvipassi", "member": {"name": "Siiri", "language": "en"}},
        headers={**key, "Idempotency-Key": f"acceptance-{wanted[:4]}"},
        timeout=10,
    ).json()
    text = http.get(made["card_url"], headers={"User-Agent": agent}, timeout=10).text
    assert wanted in text
