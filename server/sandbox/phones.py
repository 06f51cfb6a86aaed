"""The virtual phones of the sandbox, and the small crowd of threads that works for them."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from server.sandbox.errors import PassRefused
from server.sandbox.phone import Phone
from server.sandbox.storage import PhoneFolder
from server.sandbox.web_service import RETRY_WAITS, WebServiceClient

OWNERS = (("aino", "Aino's iPhone", "fi"), ("eero", "Eero's iPhone", "en"))
_THREADS = 4

_log = logging.getLogger(__name__)


class Phones:
    """All phones. `version` changes whenever any of them would look different."""

    def __init__(
        self,
        folder: Path,
        *,
        root_pem: bytes,
        service_urls: Sequence[str],
        retry_waits: Sequence[float] = RETRY_WAITS,
    ) -> None:
        """`root_pem` is the only authority the phones trust, `service_urls` (scheme, host and
        port) the only places they add passes from. Raises StateUnreadable.
        """
        self._service_urls = frozenset(map(origin, service_urls))
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._boot = secrets.token_hex(4)
        self._changes = 0
        self._queued: set[tuple[str, str]] = set()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="phone")
        self._phones = {
            phone_id: Phone(
                phone_id,
                name,
                language=language,
                folder=PhoneFolder(folder / phone_id, root_pem=root_pem),
                root_pem=root_pem,
                on_change=self._note_change,
                connect=lambda device: WebServiceClient(
                    device, stopping=self._stopping, retry_waits=retry_waits
                ),
            )
            for phone_id, name, language in OWNERS
        }

    def __iter__(self) -> Iterator[Phone]:
        return iter(self._phones.values())

    @property
    def version(self) -> str:
        """Equal versions look equal."""
        return f"{self._boot}-{self._changes}"

    def get(self, phone_id: str) -> Phone | None:
        """The phone with this id."""
        return self._phones.get(phone_id)

    def start(self) -> None:
        """Let the phones do what they could not do before they were stopped."""
        for phone in self._phones.values():
            self._submit(phone.catch_up)
            for topic in phone.pending_topics() if phone.is_on else ():
                self._queue_push(phone, topic)

    def stop(self) -> None:
        """End every conversation; pushes that were not acted upon wait for the next start."""
        self._stopping.set()
        self._pool.shutdown(cancel_futures=True)
        for phone in self._phones.values():
            phone.close()

    def deliver(self, push_token: str, topic: str) -> None:
        """A push has come for a phone, which keeps it. Pushes for the same passes are one."""
        for phone in self._phones.values():
            if phone.push_token == push_token:
                phone.keep_push(topic)
                self._queue_push(phone, topic)

    def switch(self, phone: Phone, *, is_on: bool) -> None:
        """Turn a phone on, which delivers the pushes that waited for it, or off."""
        for topic in phone.switch(is_on=is_on):
            self._queue_push(phone, topic)
        if is_on:
            self._submit(phone.catch_up)

    def add(self, phone: Phone, url: str) -> None:
        """Open a link on a phone and keep its pass. Raises PassRefused."""
        self._require_service(url)
        phone.keep(phone.open(url))

    def add_anywhere(self, url: str) -> Phone:
        """Open a link and keep its pass on the first phone that lacks it; returns the phone.

        When all have it, the first one gets it anew. Raises PassRefused.
        """
        self._require_service(url)
        ready = [phone for phone in self._phones.values() if phone.is_on]
        if not ready:
            raise PassRefused("Every phone is switched off.")
        held = ready[0].open(url)
        key = held.pass_type_identifier, held.serial_number
        phone = next((each for each in ready if not each.holds(*key)), ready[0])
        phone.keep(held)
        return phone

    def _require_service(self, url: str) -> None:
        if origin(url) not in self._service_urls:
            allowed = " or ".join(sorted(self._service_urls))
            raise PassRefused(f"These phones open links to {allowed} only.")

    def _queue_push(self, phone: Phone, topic: str) -> None:
        with self._lock:
            if (phone.id, topic) in self._queued:
                return
            self._queued.add((phone.id, topic))
        self._submit(lambda: self._receive(phone, topic))

    def _receive(self, phone: Phone, topic: str) -> None:
        with self._lock:
            self._queued.discard((phone.id, topic))
        phone.receive_push(topic)

    def _submit(self, work: Callable[[], None]) -> None:
        if not self._stopping.is_set():
            self._pool.submit(work).add_done_callback(_report)

    def _note_change(self) -> None:
        with self._lock:
            self._changes += 1


@dataclass(frozen=True)
class InHand:
    """One of the phones, with what its owner can do to it."""

    phones: Phones
    phone: Phone

    def add(self, url: str) -> None:
        """Open a link and keep its pass. Raises PassRefused."""
        self.phones.add(self.phone, url)

    def switch(self, *, is_on: bool) -> None:
        """Turn it on or off."""
        self.phones.switch(self.phone, is_on=is_on)

    def remove(self, pass_id: str) -> bool:
        """Delete the passes with this serial number. Raises PassRefused."""
        return self.phone.remove(pass_id)

    def clear_notifications(self) -> None:
        """Wipe the lock screen."""
        self.phone.clear_notifications()


def _report(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()):
        _log.error("a virtual phone stumbled", exc_info=error)


def origin(url: str) -> str:
    """Scheme, host and port of a URL; the names of this machine are one host.

    Empty for anything that two readers of URLs might read differently.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    if port is None or "\\" in url or "@" in parts.netloc:
        return ""
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    return f"{parts.scheme}://{host}:{port}"
