"""The whole service as a newcomer starts it, and a real browser to use it with."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.running import running_sandbox

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as access:
        yield access


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not longer than a module: its event loop would be in the way of other tests' loops."""
    chromium = shutil.which("chromium")
    if chromium is None:
        assert os.environ.get("REQUIRE_ALL") != "1", "chromium is missing"
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh visitor; an error in the console fails the test.

    A refused request is not one: the till's script is told 404 for a stranger's code, and the
    browser notes it.
    """
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if "Failed to load resource" not in text] == []


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """A program beside the browser."""
    with requests.Session() as session:
        session.trust_env = False
        yield session
