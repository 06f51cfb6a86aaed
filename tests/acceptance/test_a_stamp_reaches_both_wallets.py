"""One card in two wallets: on an iPhone and on an Android phone, as their owners see it."""

import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.acceptance.test_a_stamp_reaches_the_phone import held, join, open_till, scan

_STAMPS = 5
_APART_SECONDS = 2.5  # longer than what joins changes of one card
_GOAL_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0


def on_android(http: requests.Session, sandbox: dict[str, Any], number: str) -> dict[str, Any]:
    """The card with this member number on an Android phone, as the phone shows it."""
    phones = http.get(f"{sandbox['phones_url']}phones.json", timeout=10).json()["phones"]
    return next(
        card
        for phone in phones
        if phone["system"] == "android"
        for card in phone["passes"]
        if card["barcode"]["text"] == number
    )


def stamps_of(card: dict[str, Any]) -> str:
    """The number of stamps that the card's first row shows."""
    return card["rows"][0][0]["value"]


def await_both(http: requests.Session, sandbox: dict[str, Any], number: str, stamps: int) -> Any:
    """Seconds until the iPhone shows so many stamps, and until the Android phone does."""
    start, seconds = time.monotonic(), {}
    while len(seconds) < 2:
        passed = time.monotonic() - start
        assert passed < _PATIENCE_SECONDS, f"{stamps} stamps were shown after {seconds} only"
        if held(http, sandbox, number)["secondary"][0]["value"] == f"{stamps} / 10":
            seconds.setdefault("iphone", passed)
        if stamps_of(on_android(http, sandbox, number)) == str(stamps):
            seconds.setdefault("android", passed)
        time.sleep(0.02)
    return seconds


def test_a_stamp_lands_on_an_iphone_and_an_android_phone_within_a_second(sandbox, http):
    key = {"Authorization": f"Bearer {sandbox['api_key']}"}
    made = http.post(
        f"{sandbox['base_url']}/api/v1/cards",
        json={"programme": "kahvipassi", "member": {"name": "Helmi"}},
        headers={**key, "Idempotency-Key": str(uuid4())},
        timeout=10,
    ).json()
    for phone, url in (("aino", made["pass_url"]), ("aino-pixel", made["save_url"])):
        added = http.post(
            f"{sandbox['phones_url']}phones/{phone}/add", json={"url": url}, timeout=20
        )
        assert added.ok, added.text
    number, trips = made["member_number"], []
    for stamps in range(1, _STAMPS + 1):
        time.sleep(_APART_SECONDS)
        event = {"id": str(uuid4()), "card": made["id"], "name": "stamped"}
        stamped = http.post(
            f"{sandbox['base_url']}/api/v1/events", json=event, headers=key, timeout=10
        )
        assert stamped.ok, stamped.text
        trips.append(await_both(http, sandbox, number, stamps))
    # Of several on a busy machine, one that was not held up shows how fast it is.
    assert min(trip["iphone"] for trip in trips) < _GOAL_SECONDS
    assert min(trip["android"] for trip in trips) < _GOAL_SECONDS


@pytest.mark.chromium
def test_a_customer_adds_the_card_to_an_android_phone_and_sees_it_change(page: Page, sandbox, http):
    join(page, sandbox, "Linnea")
    page.get_by_test_id("card-sandbox-google").click()
    page.get_by_test_id("save-linnea-galaxy").click()
    page.get_by_test_id("view-linnea-galaxy").click()
    phone = page.get_by_test_id("phone-linnea-galaxy")
    expect(phone).to_contain_text("Kahvipassi")

    phones = http.get(f"{sandbox['phones_url']}phones.json", timeout=10).json()["phones"]
    galaxy = next(each for each in phones if each["id"] == "linnea-galaxy")
    number = galaxy["passes"][0]["barcode"]["text"]
    till = page.context.new_page()
    open_till(till, sandbox)
    scan(till, number)
    expect(till.get_by_test_id("till-result")).to_have_attribute("data-level", "green")

    page.bring_to_front()
    expect(phone.get_by_test_id("notification").first).to_contain_text("1")
    assert stamps_of(on_android(http, sandbox, number)) == "1"
