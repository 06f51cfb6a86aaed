"""Pictures of every page: `make shots`, or `python scripts/shots.py [FOLDER]`.

Starts the sandbox, gives one card seven stamps and another a reward, and writes each page as a PNG
at the size of a phone and of a desk, light and dark, to var/shots.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pypdfium2
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.running import running_sandbox

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SIZES = {"phone": (390, 844), "desk": (1280, 860)}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 27_0 like Mac OS X)"
ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 10)"
PREVIEW = "WhatsApp/2.25 A"


class Stage:
    """The sandbox with cards on it, and a hand that opens its pages."""

    def __init__(self, sandbox: dict[str, Any]) -> None:
        self.sandbox = sandbox
        self.base = sandbox["base_url"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {sandbox['api_key']}"
        self._events = count()
        self.aino = self._card("Aino", stamps=(5, 1))
        self.lempi = self._card("Lempi", stamps=(3,))
        self.eero = self._card("Eero", stamps=(5, 5))
        for card in (self.eero, self.aino):
            self._post(f"{sandbox['phones_url']}phones/aino/add", {"url": card["pass_url"]})
        self._save(self.eero, "linnea")
        self._stamp(self.aino, 1)

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def show(self, page: Page, look: "Look") -> None:
        """Open a page and do what makes it interesting."""
        page.goto(look.address(self))
        page.wait_for_load_state("load")
        page.wait_for_timeout(400)
        if look.act:
            look.act(self, page)
            page.wait_for_timeout(300)

    def sign_in(self, page: Page) -> None:
        """Open the till."""
        page.fill("#login", self.sandbox["staff"]["login"])
        page.fill("#password", self.sandbox["staff"]["password"])
        page.click("button[type=submit]")
        page.wait_for_selector("#pin")
        page.wait_for_load_state("load")  # before that, nobody listens to the keys

    def name_oneself(self, page: Page) -> None:
        """Open the till and give a PIN."""
        self.sign_in(page)
        page.keyboard.type(self.sandbox["staff"]["pins"][0]["pin"])
        page.keyboard.press("Enter")
        page.wait_for_selector("#desk:not([hidden])")

    def scan(self, page: Page, card: dict[str, Any]) -> None:
        """Open the till and scan a card, or a code that is none."""
        self.name_oneself(page)
        page.keyboard.type(card.get("member_number", "HELLOWORLD"))
        page.keyboard.press("Enter")
        page.wait_for_selector("#result:not([data-code=idle]):not([data-code=sending])")

    def failing_way(self, status: int) -> str:
        """A new card's way into Google Wallet, where every call is answered so until `mend`."""
        self._fail({"status": status, "count": None})
        return str(self._card(f"Kaino{next(self._events)}", stamps=())["save_url"])

    def mend(self) -> None:
        """Nothing goes wrong at Google any more."""
        self._fail()

    def _fail(self, *faults: dict[str, Any]) -> None:
        self._post(f"{self.sandbox['google_url']}/control/faults", {"answers": faults})

    def save_link(self, card: dict[str, Any]) -> str:
        """Where a customer is sent to put a card into Google Wallet."""
        answer = self.http.post(card["save_url"], allow_redirects=False, timeout=20)
        return answer.headers["Location"]

    def _save(self, card: dict[str, Any], account: str) -> None:
        """Put a card into somebody's Google Wallet, and wait until Google has told."""
        save = {"link": self.save_link(card), "account": account}
        self._post(f"{self.sandbox['google_url']}/control/save", save)
        page = {"headers": {"User-Agent": ANDROID}, "timeout": 20}
        until = time.monotonic() + 20
        while "View in Google Wallet" not in self.http.get(card["card_url"], **page).text:
            assert time.monotonic() < until, "Google did not tell who has the card"
            time.sleep(0.05)

    def _card(self, name: str, *, stamps: tuple[int, ...]) -> dict[str, Any]:
        slug = self.sandbox["programmes"][0]["slug"]
        body = {"programme": slug, "member": {"name": name, "language": "en"}}
        made = self._post(f"{self.base}/api/v1/cards", body, f"shots-{name}")
        for quantity in stamps:
            self._stamp(made, quantity)
        return made

    def _stamp(self, card: dict[str, Any], quantity: int) -> None:
        body = {"card": card["id"], "name": "stamped", "quantity": quantity}
        event_id = f"shots-{next(self._events)}"
        self._post(f"{self.base}/api/v1/events", {"id": event_id, **body})

    def _post(self, url: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.http.post(url, json=body, headers=headers, timeout=20)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made


@dataclass(frozen=True)
class Look:
    """A page: where it is, what to do there, who looks at it and on which screens."""

    address: Callable[[Stage], str]
    act: Callable[[Stage, Page], None] | None = None
    agent: str | None = None
    sizes: tuple[str, ...] = tuple(SIZES)


def _join(stage: Stage) -> str:
    return str(stage.base + stage.sandbox["try_it"]["join_url"])


def _card(stage: Stage) -> str:
    return str(stage.aino["card_url"])


def _phones(stage: Stage) -> str:
    return str(stage.sandbox["phones_url"])


def _till(stage: Stage) -> str:
    return f"{stage.base}/till/login"


def _join_wrong(_stage: Stage, page: Page) -> None:
    page.fill("#name", "Aino")
    page.fill("#phone", "12")
    page.click("[data-testid=join-submit]")
    page.wait_for_selector("[data-testid=join-errors]")


def _wrong_pin(stage: Stage, page: Page) -> None:
    stage.sign_in(page)
    page.keyboard.type("0000")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pin-error:not(:empty)")


def _scan_offline(stage: Stage, page: Page) -> None:
    stage.name_oneself(page)
    page.context.set_offline(True)
    page.keyboard.type(stage.aino["member_number"])
    page.keyboard.press("Enter")
    page.wait_for_selector("#result[data-code=no_connection]")


def _undo(stage: Stage, page: Page) -> None:
    stage.scan(page, stage.lempi)
    page.click(".acts [data-testid=till-undo]")
    page.wait_for_selector("#result:not([data-code=stamped]):not([data-code=sending])")


def _turn_card(_stage: Stage, page: Page) -> None:
    page.locator(".is-front .pass__front").first.click()
    page.wait_for_selector(".pass__back:not([hidden])")


def _open_details(_stage: Stage, page: Page) -> None:
    page.locator("#linnea-galaxy .gview__details > summary").click()
    page.locator("#linnea-galaxy .gview__remove").scroll_into_view_if_needed()


def _all_cards(_stage: Stage, page: Page) -> None:
    page.locator("#linnea-galaxy .gview__back").click()


def _google(stage: Stage) -> str:
    return str(stage.aino["save_url"])


def _google_held(stage: Stage) -> str:
    return str(stage.eero["save_url"])


def _press(stage: Stage, page: Page) -> None:
    page.click("[data-testid=google-go]")
    page.wait_for_selector("[data-testid=google-later], [data-testid=google-refused]")
    stage.mend()


PAGES = {
    "home": Look(lambda stage: stage.base),
    "join": Look(_join),
    "join-fi": Look(lambda stage: f"{_join(stage)}?lang=fi", sizes=("phone",)),
    "join-sv": Look(lambda stage: f"{_join(stage)}?lang=sv", sizes=("phone",)),
    "join-wrong": Look(_join, _join_wrong),
    "card-iphone": Look(_card, agent=IPHONE, sizes=("phone",)),
    "card-android": Look(_card, agent=ANDROID, sizes=("phone",)),
    "card-held": Look(lambda stage: stage.eero["card_url"], agent=ANDROID, sizes=("phone",)),
    "google": Look(_google, agent=PREVIEW),
    "google-held": Look(_google_held),
    "google-later": Look(lambda stage: stage.failing_way(503), _press, agent=PREVIEW),
    "google-refused": Look(lambda stage: stage.failing_way(400), _press, agent=PREVIEW),
    "save": Look(lambda stage: stage.save_link(stage.lempi)),
    "save-done": Look(lambda stage: stage.save_link(stage.eero)),
    "save-refused": Look(lambda stage: f"{stage.sandbox['phones_url']}gp/v/save/none"),
    "card": Look(_card, sizes=("desk",)),
    "phones": Look(_phones),
    "phones-back": Look(_phones, _turn_card),
    "phones-google-details": Look(_phones, _open_details),
    "phones-google-list": Look(_phones, _all_cards),
    "till-login": Look(_till),
    "till-pin": Look(_till, Stage.sign_in),
    "till-ready": Look(_till, Stage.name_oneself),
    "till-stamped": Look(_till, lambda stage, page: stage.scan(page, stage.aino)),
    "till-reward": Look(_till, lambda stage, page: stage.scan(page, stage.eero)),
    "till-undone": Look(_till, _undo),
    "till-offline": Look(_till, _scan_offline),
    "till-wrong-pin": Look(_till, _wrong_pin),
    "till-unknown": Look(_till, lambda stage, page: stage.scan(page, {})),
    "not-found": Look(lambda stage: f"{stage.base}/c/none"),
}


# Two frames after the scheme has come and all that moves has stopped, nothing looks different.
_AT_REST = """async scheme => {
  const frame = () => new Promise(requestAnimationFrame);
  const moves = each => each.playState === "running"
    && each.effect.getComputedTiming().iterations !== Infinity;
  const looks = () => [...document.querySelectorAll("*")].map(each => getComputedStyle(each))
    .map(style => [style.color, style.backgroundColor, style.borderTopColor, style.opacity]).join();
  for (const start = performance.now(); performance.now() < start + 20000;) {
    const before = looks();
    await frame();
    await frame();
    if (matchMedia(`(prefers-color-scheme: ${scheme})`).matches
        && !document.getAnimations().some(moves) && looks() === before) return;
  }
  throw new Error("after 20 s the page still changes");
}"""


def dress(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Show the page in light or dark, and wait until it is painted anew, however long that is."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate(_AT_REST, scheme)


def shoot(browser: Browser, stage: Stage, name: str, size: str, folder: Path) -> None:
    """A page in light, and the same in dark."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        user_agent=PAGES[name].agent,
        reduced_motion="reduce",
    )
    page = context.new_page()
    stage.show(page, PAGES[name])
    dress(page, "light")
    page.screenshot(path=folder / f"{name}-{size}-light.png", full_page=True)
    dress(page, "dark")
    page.screenshot(path=folder / f"{name}-{size}-dark.png", full_page=True)
    context.close()


def print_posters(stage: Stage, folder: Path) -> None:
    """Every poster as it leaves the printer."""
    for size in ("a4", "a5", "table"):
        answer = stage.http.get(f"{_join(stage)}/poster.pdf?size={size}&lang=fi", timeout=20)
        answer.raise_for_status()
        picture = pypdfium2.PdfDocument(answer.content)[0].render(scale=1.5).to_pil()
        picture.save(folder / f"poster-{size}.png")


def main(folder: Path) -> None:
    """Everything, each page under its name, size and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("This needs Chromium: on Debian, apt-get install chromium.")
    with (
        tempfile.TemporaryDirectory() as data,
        running_sandbox(Path(data), LEIMA_PUSH_JOIN_SECONDS="0") as sandbox,
        Stage(sandbox) as stage,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, look in PAGES.items():
            for size in look.sizes:
                shoot(browser, stage, name, size, folder)
        browser.close()
        print_posters(stage, folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "shots")
