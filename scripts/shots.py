"""Pictures of every page: `make shots`, or `python scripts/shots.py [FOLDER]`.

Starts the sandbox, gives one card seven stamps and another a reward, and writes each page as a PNG
at the size of a phone and of a desk, light and dark, to var/shots.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.running import running_sandbox

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SIZES = {"phone": (390, 844), "desk": (1280, 860)}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 27_0 like Mac OS X)"
ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 10)"

Act = Callable[[Page], None]


class Stage:
    """The sandbox with cards on it, and the addresses of its pages."""

    def __init__(self, sandbox: dict[str, Any]) -> None:
        self.sandbox = sandbox
        self.base = sandbox["base_url"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {sandbox['api_key']}"
        self.aino = self._card("Aino", stamps=(5, 1))
        self.eero = self._card("Eero", stamps=(5, 5))
        for card in (self.eero, self.aino):
            self._post(f"{sandbox['phones_url']}phones/aino/add", {"url": card["pass_url"]})
        self._stamp(self.aino, 1)

    def pages(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Name, address and how to look at it."""
        joining = self.base + self.sandbox["try_it"]["join_url"]
        card, till = self.aino["card_url"], f"{self.base}/till/login"
        return [
            ("home", self.base, {}),
            ("join", joining, {}),
            ("join-wrong", joining, {"act": _join_wrong}),
            ("card-iphone", card, {"agent": IPHONE, "sizes": ("phone",)}),
            ("card-android", card, {"agent": ANDROID, "sizes": ("phone",)}),
            ("card", card, {"sizes": ("desk",)}),
            ("phones", self.sandbox["phones_url"], {}),
            ("phones-back", self.sandbox["phones_url"], {"act": _turn_card}),
            ("till-login", till, {}),
            ("till-pin", till, {"act": self.sign_in}),
            ("till-ready", till, {"act": self.name_oneself}),
            ("till-stamped", till, {"act": lambda page: self.scan(page, self.aino)}),
            ("till-reward", till, {"act": lambda page: self.scan(page, self.eero)}),
            ("till-unknown", till, {"act": lambda page: self.scan(page, {})}),
            ("not-found", f"{self.base}/c/none", {}),
        ]

    def sign_in(self, page: Page) -> None:
        """Open the till."""
        page.fill("#login", self.sandbox["staff"]["login"])
        page.fill("#password", self.sandbox["staff"]["password"])
        page.click("button[type=submit]")
        page.wait_for_selector("#pin")

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

    def _card(self, name: str, *, stamps: tuple[int, ...]) -> dict[str, Any]:
        slug = self.sandbox["programmes"][0]["slug"]
        body = {"programme": slug, "member": {"name": name, "language": "en"}}
        made = self._post(f"{self.base}/api/v1/cards", body, f"shots-{name}")
        for quantity in stamps:
            self._stamp(made, quantity)
        return made

    def _stamp(self, card: dict[str, Any], quantity: int) -> None:
        body = {"card": card["id"], "name": "stamped", "quantity": quantity}
        key = f"shots-{card['id']}-{self._count()}"
        self._post(f"{self.base}/api/v1/events", {"id": key, **body})

    def _count(self) -> int:
        self._events = getattr(self, "_events", 0) + 1
        return self._events

    def _post(self, url: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.http.post(url, json=body, headers=headers, timeout=20)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made


def _join_wrong(page: Page) -> None:
    page.fill("#name", "Aino")
    page.fill("#phone", "12")
    page.click("[data-testid=join-submit]")
    page.wait_for_selector("[data-testid=join-errors]")


def _turn_card(page: Page) -> None:
    page.locator(".is-front .pass__front").first.click()
    page.wait_for_selector(".pass__back:not([hidden])")


def shoot(
    browser: Browser, url: str, path: Path, *, size: tuple[int, int], scheme: str, **how: Any
) -> None:
    """One picture of the whole page."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        user_agent=how.get("agent"),
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_load_state("load")
    page.wait_for_timeout(500)
    act: Act | None = how.get("act")
    if act:
        act(page)
        page.wait_for_timeout(300)
    page.screenshot(path=path, full_page=True)
    context.close()


def main(folder: Path) -> None:
    """Everything, each page under its name, size and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("This needs Chromium: on Debian, apt-get install chromium.")
    with (
        tempfile.TemporaryDirectory() as data,
        running_sandbox(Path(data), LEIMA_PUSH_JOIN_SECONDS="0") as sandbox,
        sync_playwright() as playwright,
    ):
        stage = Stage(sandbox)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, url, how in stage.pages():
            for size in how.pop("sizes", SIZES):
                for scheme in ("light", "dark"):
                    path = folder / f"{name}-{size}-{scheme}.png"
                    shoot(browser, url, path, size=SIZES[size], scheme=scheme, **how)
        browser.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "shots")
