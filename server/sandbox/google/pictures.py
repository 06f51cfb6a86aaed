"""Pictures of Google passes, fetched once for each address and kept, as Google's servers do.

A phone gets a pass's pictures from Google and never asks the issuer. The page does the same: its
pictures come from here, so its own policy may stay closed to every other origin, and a picture
that Google could not have fetched is missing on the page, too.
"""

import hashlib
import logging
import threading
from collections.abc import Iterable
from typing import NamedTuple

import requests

from server.sandbox.phones import origin

_MOST_BYTES = 5_000_000
_MOST_KEPT = 512
_TIMEOUTS = (3.0, 10.0)  # seconds to connect, and between bytes
_KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))

_log = logging.getLogger(__name__)


class Picture(NamedTuple):
    """The bytes of a picture."""

    data: bytes
    mimetype: str


class GooglePictures:
    """Pictures at `origins` only: these pages ask nobody beyond this machine's service."""

    def __init__(self, origins: Iterable[str]) -> None:
        """`origins` are URLs; their scheme, host and port count."""
        self._origins = frozenset(map(origin, origins))
        self._lock = threading.Lock()
        self._addresses: dict[str, str] = {}
        self._kept: dict[str, Picture] = {}

    def path(self, url: str) -> str | None:
        """Where the page gets the picture at `url`; None when it is nowhere we ask."""
        if origin(url) not in self._origins:
            return None
        key = hashlib.sha256(url.encode()).hexdigest()[:24]
        self._addresses[key] = url
        return f"/google/pictures/{key}"

    def get(self, key: str) -> Picture | None:
        """The picture behind a path's last part; None for an unknown one, and for one that cannot
        be fetched, which is tried again next time."""
        url = self._addresses.get(key)
        if url is None:
            return None
        kept = self._kept.get(key) or _fetch(url)
        if kept:
            with self._lock:
                self._kept[key] = kept
                if len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
        return kept


def _fetch(url: str) -> Picture | None:
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=_TIMEOUTS, stream=True, allow_redirects=False) as answer:
                data = b""
                for part in answer.iter_content(65_536):
                    data += part
                    if len(data) > _MOST_BYTES:
                        break
                is_good = answer.status_code == requests.codes.ok and len(data) <= _MOST_BYTES
    except requests.RequestException as error:
        _log.warning("a pass's picture cannot be fetched: %s", error)
        return None
    mimetype = next((name for mark, name in _KINDS if data.startswith(mark)), None)
    if not is_good or mimetype is None:
        _log.warning("%s is no picture that Google takes: a PNG or a JPEG", url)
        return None
    return Picture(data, mimetype)
