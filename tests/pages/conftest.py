"""Every page of the running service, in a real browser."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarks.running import running_sandbox
from scripts.shots import FLAGS, Stage


@pytest.fixture(scope="module")  # longer, its event loop would be in the way of other tests'
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        assert os.environ.get("REQUIRE_ALL") != "1", "chromium is missing"
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The sandbox with two cards on it."""
    with running_sandbox(tmp_path_factory.mktemp("pages")) as sandbox, Stage(sandbox) as stage:
        yield stage
