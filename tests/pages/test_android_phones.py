"""Google Wallet on the phones' page and the page at a save link, in a real browser."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from googlewallet.client import Kind
from googlewallet.credentials import ServiceAccount
from scripts.shots import dress
from tests.sandbox.android import bodies
from tests.sandbox.android.bodies import CARD
from tests.sandbox.android.cafe import Cafe, running_site

pytestmark = pytest.mark.chromium

SIZES = [(360, 740), (1280, 860)]
SPARE = f"{CARD}-spare"
OLD = f"{CARD}-old"


@dataclass
class Sandbox:
    """Where the phones are, and whose cards they take."""

    phones: str
    cafe: Cafe


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_site() as site:
        command = [sys.executable, "-m", "server.sandbox", "--state", str(folder), "--port", "0"]
        command += ["--apns-port", "none", "--google-port", "0", "--service", site.url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            ready = json.loads(process.stdout.readline())
            account = ServiceAccount.load(folder / "google" / "account" / "service-account.json")
            cafe = Cafe.found(account, ready["google"], site)
            for id, state in ((SPARE, "ACTIVE"), (OLD, "INACTIVE")):
                cafe.insert(
                    Kind.LOYALTY_OBJECT, bodies.loyalty_object(site.url, id=id, state=state)
                )
            cafe.insert(Kind.OFFER_CLASS, bodies.offer_class())
            cafe.insert(Kind.OFFER_OBJECT, bodies.offer_object())
            cafe.patch(linkedOfferIds=[f"{CARD}_reward"])
            yield Sandbox(ready["phones"], cafe)
            cafe.client.close()
            process.communicate(timeout=30)


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    """The phones' page at the size of a desk; Aino has her card and the dead one."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(sandbox.phones)
    for id in (OLD, CARD):
        save(page, sandbox.cafe.link(id))
    expect(pixel(page).get_by_test_id(f"pass-{CARD}")).to_be_visible()
    yield page
    for id in (OLD, CARD, SPARE):
        for phone in ("aino-pixel", "linnea-galaxy"):
            page.request.post(f"{sandbox.phones}phones/{phone}/passes/{id}/remove", data={})
    context.close()


def save(page: Page, link: str) -> None:
    base = f"{urlsplit(page.url).scheme}://{urlsplit(page.url).netloc}"
    answer = page.request.post(f"{base}/phones/aino-pixel/add", data={"url": link})
    assert answer.ok, answer.text()


def pixel(page: Page) -> Locator:
    return page.get_by_test_id("phone-aino-pixel")


def require_fit_for_everybody(page: Page) -> None:
    for scheme in ("light", "dark"):
        dress(page, scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}:\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def show_list(page: Page) -> None:
    pixel(page).get_by_role("button", name="Takaisin").click()
    pixel(page).get_by_text("Vanhentuneet kortit").click()


def show_details(page: Page) -> None:
    pixel(page).get_by_text("Tiedot", exact=True).last.click()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("act", [None, show_list, show_details])
def test_the_phones_are_fit_for_everybody_and_ask_nobody_else(page: Page, sandbox, size, act):
    complaints, hosts = [], set()
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.reload()
    expect(pixel(page).get_by_test_id(f"pass-{CARD}")).to_be_visible()
    if act:
        act(page)
    require_fit_for_everybody(page)
    assert (complaints, hosts) == ([], {urlsplit(sandbox.phones).netloc})


@pytest.mark.parametrize("size", SIZES)
def test_the_save_page_is_fit_for_everybody_and_saves(page: Page, sandbox, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(sandbox.cafe.link(SPARE))
    assert urlsplit(page.url).netloc == urlsplit(sandbox.phones).netloc
    expect(page.get_by_role("article")).to_contain_text("Kahvila Aalto")
    require_fit_for_everybody(page)
    page.get_by_test_id("save-linnea-galaxy").click()
    require_fit_for_everybody(page)
    page.get_by_test_id("view-linnea-galaxy").click()
    galaxy = page.get_by_test_id("phone-linnea-galaxy")
    expect(galaxy.get_by_test_id(f"pass-{SPARE}")).to_be_visible()
    expect(galaxy).to_be_in_viewport()


def test_a_refused_link_says_why(page: Page, sandbox):
    page.goto(f"{sandbox.cafe.link(SPARE)[:-4]}AAAA")
    expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
    expect(page.get_by_test_id("save-reason")).not_to_be_empty()
    require_fit_for_everybody(page)


def test_a_stamp_lands_on_the_open_page(page: Page, sandbox):
    field = (
        pixel(page)
        .get_by_test_id(f"pass-{CARD}")
        .get_by_test_id("field-object.loyaltyPoints.balance")
    )
    sandbox.cafe.stamp(8, notifyPreference="NOTIFY_ON_UPDATE")
    expect(field).to_contain_text("8")
    expect(pixel(page).get_by_test_id("notification").first).to_contain_text("Kahvipassi")
    expect(pixel(page).get_by_test_id("log")).to_contain_text("Kahvipassi notified: Leimat")
    sandbox.cafe.stamp(7)
    expect(field).to_contain_text("7")
    expect(pixel(page).get_by_test_id("log")).to_contain_text(
        "Kahvipassi changed silently: Leimat 8 → 7"
    )


def test_the_wallet_is_used_with_the_keyboard_alone(page: Page):
    keys, opened = page.keyboard, pixel(page).get_by_test_id(f"pass-{CARD}")
    opened.get_by_role("button", name="Takaisin").focus()
    keys.press("Enter")
    tile = pixel(page).get_by_test_id(f"tile-{CARD}")
    expect(tile).to_be_focused()
    keys.press("Enter")
    expect(pixel(page).get_by_role("button", name="Takaisin")).to_be_focused()
    keys.press("Tab")  # the offer
    keys.press("Enter")
    expect(opened.get_by_text("One cup.")).to_be_visible()
    keys.press("Tab")  # the details
    keys.press("Enter")
    expect(opened.get_by_text("Kymmenes tuo kahvin.")).to_be_visible()
    keys.press("Tab")
    expect(pixel(page).get_by_test_id(f"remove-{CARD}")).to_be_focused()
    keys.press("Enter")
    expect(opened).to_have_count(0)


def test_a_card_that_is_no_longer_valid_is_among_the_expired(page: Page):
    pixel(page).get_by_role("button", name="Takaisin").click()
    tile = pixel(page).get_by_test_id(f"tile-{OLD}")
    expect(tile).to_be_hidden()
    pixel(page).get_by_text("Vanhentuneet kortit (1)").click()
    tile.click()
    expect(pixel(page).get_by_test_id(f"pass-{OLD}")).to_contain_text("Ei enää voimassa")


def test_nothing_can_be_reached_on_a_phone_that_is_off(page: Page):
    power = pixel(page).get_by_role("switch")
    power.click()
    expect(power).to_have_attribute("aria-checked", "false")
    expect(pixel(page).get_by_role("button", name="Takaisin")).to_have_count(0)
    power.click()
    expect(pixel(page).get_by_role("button", name="Takaisin")).to_be_visible()
