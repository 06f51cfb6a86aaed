"""What an Android phone does with a link: it follows it until it is one to save a pass."""

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import requests

from server.sandbox.errors import PassRefused

SAVE_PATH = "/gp/v/save/"
_MOST_STEPS = 4
_TIMEOUTS = (3.0, 20.0)  # seconds to connect, and between bytes
# What Chrome on Android says when somebody taps a link.
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Mobile Safari/537.36",
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}


def open_link(url: str, *, may_open: Callable[[str], bool]) -> str:
    """The JWT of the save link that `url` is or leads to; `may_open` tells whom it may ask.

    Raises:
        PassRefused: it leads elsewhere, or nowhere.
    """
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(_MOST_STEPS):
            if token := jwt_of(url):
                return token
            if not may_open(url):
                raise PassRefused("These phones open save links, and links to the service, only.")
            try:
                answer = session.get(
                    url, headers=_HEADERS, timeout=_TIMEOUTS, allow_redirects=False, stream=True
                )
            except requests.RequestException as error:
                raise PassRefused(f"The link does not open: {error}") from error
            answer.close()
            if not answer.is_redirect:
                raise PassRefused(
                    f"The link leads to a page ({answer.status_code}), not to Google Wallet."
                )
            url = urljoin(url, answer.headers["Location"])
    raise PassRefused("The link leads from page to page, not to Google Wallet.")


def jwt_of(url: str) -> str:
    """What a save link carries; empty for any other."""
    path = urlsplit(url).path
    return path.removeprefix(SAVE_PATH) if path.startswith(SAVE_PATH) else ""
