"""What holds on every page: for every eye, on every screen, and without asking anybody else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from scripts.shots import PAGES, Stage, dress

pytestmark = pytest.mark.chromium

SIZES = {"phone": (360, 740), "desk": (1280, 860)}


@dataclass
class Seen:
    """A page, what it complained of and whom it asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return SIZES[request.param]


@pytest.fixture(params=PAGES)
def seen(
    request: pytest.FixtureRequest, browser: Browser, stage: Stage, size: tuple[int, int]
) -> Iterator[Seen]:
    look = PAGES[request.param]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="en-GB",
        user_agent=look.agent,
        reduced_motion="reduce",
    )
    seen = Seen(context.new_page())
    seen.page.on(
        "console", lambda line: seen.complaints.append(line.text) if line.type == "error" else None
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("request", lambda request: seen.hosts.add(urlsplit(request.url).netloc))
    stage.show(seen.page, look)
    yield seen
    context.close()


def test_it_is_fit_for_everybody_and_asks_nobody_else(seen: Seen, stage: Stage):
    for scheme in ("light", "dark"):
        dress(seen.page, scheme)
        found = Axe().run(seen.page)
        assert found.violations_count == 0, f"{scheme}:\n{found.generate_report()}"
    wide = seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"it scrolls sideways by {wide} px"
    # A refused request is no complaint: a page that is not there, a code that is no card's.
    assert [text for text in seen.complaints if "Failed to load resource" not in text] == []
    ours = ("base_url", "phones_url", "google_url")
    own = {urlsplit(stage.sandbox[name]).netloc for name in ours}
    assert seen.hosts - {""} <= own


SLOW = """<style>
  body { background: rgb(255, 255, 255); transition: background 700ms 200ms }
  @media (prefers-color-scheme: dark) { body { background: rgb(0, 0, 0) } }
  i { animation: turn 1s infinite } @keyframes turn { to { rotate: 1turn } }
</style><i>o</i>"""


def test_a_page_is_looked_at_once_it_is_painted_anew(browser: Browser):
    page = browser.new_page(color_scheme="light")
    page.set_content(SLOW)
    for scheme, colour in {"dark": "rgb(0, 0, 0)", "light": "rgb(255, 255, 255)"}.items():
        dress(page, scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == colour
    page.close()
