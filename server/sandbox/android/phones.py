"""All virtual Android phones, and the thread that looks when Google has news."""

import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from server.sandbox.android.memory import AndroidFolder
from server.sandbox.android.phone import AndroidPhone
from server.sandbox.google.stand_in import GoogleStandIn
from server.sandbox.phones import origin

_MAKES = {"linnea": "Galaxy"}
_PAUSE_SECONDS = 0.02  # between two looks: changes that come together are seen together


class Androids:
    """One phone for each account of `google`. `version` changes whenever any of them would look
    different.
    """

    def __init__(
        self,
        google: GoogleStandIn,
        folder: Path,
        *,
        service_urls: Sequence[str],
        news: threading.Event,
    ) -> None:
        """`service_urls` (scheme, host and port) are the only places they open links to, besides
        save links. `news` is set whenever something changes at Google's. Raises StateUnreadable.
        """
        self.google = google
        origins = frozenset(map(origin, service_urls))
        self._lock = threading.Lock()
        self._boot = secrets.token_hex(4)
        self._changes = 0
        self._news = news
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="androids", daemon=True)
        phones = (
            AndroidPhone(
                account,
                google,
                make=_MAKES.get(account.id, "Pixel"),
                folder=AndroidFolder(folder / account.id),
                may_open=lambda url: origin(url) in origins,
                on_change=self._note_change,
            )
            for account in google.accounts.values()
        )
        self._phones = {phone.id: phone for phone in phones}

    def __iter__(self) -> Iterator[AndroidPhone]:
        return iter(self._phones.values())

    @property
    def version(self) -> str:
        """Equal versions look equal."""
        return f"{self._boot}-{self._changes}"

    def get(self, phone_id: str) -> AndroidPhone | None:
        """The phone with this id."""
        return self._phones.get(phone_id)

    def start(self) -> None:
        """Show what has happened before, and what happens from now on."""
        self._news.set()
        self._thread.start()

    def stop(self) -> None:
        """What happens now is seen at the next start."""
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            for phone in self._phones.values():
                phone.catch_up()
            self._stopping.wait(_PAUSE_SECONDS)

    def _note_change(self) -> None:
        with self._lock:
            self._changes += 1
