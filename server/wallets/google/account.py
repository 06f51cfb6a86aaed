"""Who we are to Google: the issuer, its service account, and what speaks and signs for it."""

import logging
import threading
from dataclasses import dataclass, field
from typing import Protocol

from googlewallet.callbacks import KEYS_URL, CallbackKeys, CallbackVerifier
from googlewallet.client import API_URL, WalletClient
from googlewallet.credentials import ServiceAccount, ServiceAccountFile
from googlewallet.errors import CredentialsError
from googlewallet.save_link import SAVE_URL, SaveLinks
from server.clock import Clock
from server.config import Settings
from server.errors import SettingsError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Tells Google (`client`), signs save links (`links`) and proves callbacks (`verifier`), all
    for one issuer. Safe to share between threads."""

    issuer_id: str
    service: ServiceAccount
    client: WalletClient = field(repr=False)
    links: SaveLinks = field(repr=False)
    verifier: CallbackVerifier = field(repr=False)


class Holder(Protocol):
    """Knows who we are to Google at the moment."""

    def current(self) -> Account | None:
        """The account to speak for now, None without any; ask anew each time."""


class Accounts:
    """Who we are to Google while the service runs: a new key is taken without a restart.

    Safe to share between threads. What cannot be used is logged, and the key in use stays.
    """

    def __init__(self, settings: Settings, now: Clock) -> None:
        """Nobody without LEIMA_GOOGLE_ISSUER_ID.

        Raises:
            SettingsError: the service-account file cannot be used.
        """
        self._settings = settings
        self._lock = threading.Lock()
        self._account: Account | None = None
        self._file: ServiceAccountFile | None = None
        path = settings.google_service_account_file
        if settings.google_issuer_id is None or path is None:
            return
        try:
            self._file = ServiceAccountFile(path)
        except CredentialsError as error:
            raise SettingsError(f"LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE: {error}") from error
        keys = CallbackKeys(url=settings.google_keys_url or KEYS_URL, now=now)
        self._verifier = CallbackVerifier(settings.google_issuer_id, keys, now)

    def current(self) -> Account | None:
        """The account in use; None when the settings name none."""
        if self._file is None:
            return None
        service, account = self._file.current(), self._account
        if account is None or account.service is not service:
            with self._lock:
                account = self._account
                if account is None or account.service is not service:
                    account = self._account = self._made(service)
        return account

    def _made(self, service: ServiceAccount) -> Account:
        settings = self._settings
        assert settings.google_issuer_id is not None
        if self._account is not None:
            _log.info("google.account_taken email=%s key=%s", service.email, service.key_id)
        return Account(
            issuer_id=settings.google_issuer_id,
            service=service,
            # The one in use before ends with its last call.
            client=WalletClient(service, url=settings.google_api_url or API_URL),
            links=SaveLinks(service, url=settings.google_save_url or SAVE_URL),
            verifier=self._verifier,
        )
