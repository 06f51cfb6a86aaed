"""Who we are to Google: a service account, out of the JSON file of its key.

The account has to be a user of the issuer account (Google Pay & Wallet Console: Users).
"""

import ipaddress
import json
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.auth.crypt import RSASigner
from google.oauth2.service_account import Credentials

from googlewallet.errors import CredentialsError

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"

_LEAST_BITS = 2048
_REMEDY = "make a new JSON key of the service account in the Google Cloud console"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    """A service account and its RSA key, which is parsed once and shared by all that signs."""

    email: str
    key_id: str
    project_id: str
    token_uri: str
    key: rsa.RSAPrivateKey = field(repr=False)
    _credentials: Credentials = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        signer = RSASigner(self.key, key_id=self.key_id)  # type: ignore[no-untyped-call]
        credentials = Credentials(  # type: ignore[no-untyped-call]
            signer,
            service_account_email=self.email,
            token_uri=self.token_uri,
            scopes=(SCOPE,),
            project_id=self.project_id,
        )
        object.__setattr__(self, "_credentials", credentials)

    @classmethod
    def load(cls, path: Path) -> "ServiceAccount":
        """The account of a service-account file (JSON).

        Raises CredentialsError, which says what is wrong with the file and what to do.
        """
        try:
            return cls._of(json.loads(path.read_bytes()))
        except OSError as error:
            raise CredentialsError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:
            raise CredentialsError(f"{path} is not JSON: {_REMEDY}.") from error
        except CredentialsError as error:
            raise CredentialsError(f"{path}: {error}: {_REMEDY}.") from error

    @classmethod
    def _of(cls, data: object) -> "ServiceAccount":
        if not isinstance(data, dict) or data.get("type") != "service_account":
            raise CredentialsError("this is no service-account file (its type is another)")
        token_uri = _text(data, "token_uri")
        if not _is_safe(token_uri):
            raise CredentialsError("token_uri is not an https address (http only on loopback)")
        return cls(
            email=_text(data, "client_email"),
            key_id=_text(data, "private_key_id"),
            project_id=_text(data, "project_id"),
            token_uri=token_uri,
            key=_parse(_text(data, "private_key")),
        )

    def credentials(self) -> Credentials:
        """google-auth's credentials for the Wallet API; one object per account, so one token."""
        return self._credentials


class ServiceAccountFile:
    """A service-account file whose key may be replaced while the program runs.

    Safe to share between threads.
    """

    def __init__(self, path: Path) -> None:
        """Loads the account; raises CredentialsError."""
        self._path = path
        self._lock = threading.Lock()
        # Looked at before the file is read: what is written meanwhile is seen the next time.
        self._mark = _mark(path)
        self._account = ServiceAccount.load(path)

    def current(self) -> ServiceAccount:
        """The account of the file as it is now; the same object until the file changes.

        A new file that cannot be used is logged once, and the account in use stays.
        """
        if _mark(self._path) != self._mark:
            with self._lock:
                mark = _mark(self._path)
                if mark != self._mark:
                    self._take()
                    self._mark = mark
        return self._account

    def _take(self) -> None:
        try:
            self._account = ServiceAccount.load(self._path)
        except CredentialsError as error:
            _log.error("google.service_account_not_taken: %s", error)
            return
        _log.info("google.service_account_taken key=%s", self._account.key_id)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes with the file; None when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise CredentialsError(f"{name} is missing")
    if any("\ud800" <= each <= "\udfff" for each in value):
        raise CredentialsError(f"{name} holds half a character (a lone surrogate)")
    return value


def _parse(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CredentialsError("private_key is not a private key as PEM") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise CredentialsError(f"private_key is not an RSA key of {_LEAST_BITS} bits or more")
    return key


def _is_safe(url: str) -> bool:
    """Whether a token may travel to this address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
