"""Who we are to Apple: the pass certificate, with its key and what vouches for it.

The operator's own files decide. Without any, throw-away ones are made once in the data folder:
good for everything but a real phone.
"""

import logging
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from passkit import CertificateError, Signer
from passkit.certificates import is_issued_by, key_to_pem, load_certificate, load_key
from passkit.throwaway import Authority
from server.clock import Clock
from server.config import Settings
from server.errors import SettingsError
from server.wallets import keyring

SANDBOX_PASS_TYPE = "pass.test.leima.sandbox"  # noqa: S105 - a name, not a secret
SANDBOX_TEAM = "LEIMATEST1"

_FOLDER = "throwaway"
_FILE_NAME = "pass_certificate.pem"
_RENEWAL = timedelta(days=30)  # before its end
_LOOK_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Signs passes (`signer`), and proves the same to the push service by certificate and key.

    Both are PEM, the key without a password.
    """

    signer: Signer
    certificate_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)

    @property
    def pass_type_identifier(self) -> str:
        """The pass type the certificate was issued for: the only one we can sign and push."""
        return self.signer.pass_type_identifier

    @property
    def team_identifier(self) -> str:
        """The team the certificate was issued to."""
        return self.signer.team_identifier

    @property
    def is_throwaway(self) -> bool:
        """Whether no real phone trusts the certificate."""
        return self.signer.is_throwaway

    def current(self) -> "Identity":
        """Itself: who holds one identity only never becomes another."""
        return self


class Holder(Protocol):
    """Knows who we are at the moment."""

    def current(self) -> Identity:
        """The identity to sign and push with now; ask anew each time."""


class Identities:
    """Who we are while the service runs: a renewed certificate is taken without a restart.

    Safe to share between threads. What cannot be used is logged, and the identity in use stays.
    """

    def __init__(
        self, settings: Settings, now: Clock, *, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        """Loads the first one; raises as `load`. The files are looked at each `look_seconds`."""
        self._settings, self._now = settings, now
        self._identity = load(settings, at=now())
        self._look_seconds = look_seconds
        self._look_at = time.monotonic() + look_seconds
        self._lock = threading.Lock()
        self._told = ""

    def current(self) -> Identity:
        """The identity in use; the first one to ask after a while looks for a newer one."""
        if time.monotonic() >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look_at = time.monotonic() + self._look_seconds
                self._look()
            finally:
                self._lock.release()
        return self._identity

    def _look(self) -> None:
        try:
            newer = self._newer()
        except (SettingsError, CertificateError) as error:
            if str(error) != self._told:
                _log.error("apple.certificate_not_taken: %s", error)
            self._told = str(error)
            return
        self._told = ""
        if newer is not None:
            self._identity = newer
            _log.info("apple.certificate_taken until=%s", newer.signer.not_after.date())

    def _newer(self) -> Identity | None:
        """Another identity that is to be used from now on; None when there is none."""
        if self._identity.is_throwaway and not keyring.pairs(self._settings):
            return None
        pair = keyring.choose(self._settings, at=self._now())
        if pair is None:
            raise SettingsError("the files of the certificate in use are gone")
        if pair.certificate_pem == self._identity.certificate_pem:
            return None
        known = self._identity.pass_type_identifier, self._identity.team_identifier
        if pair.issued_for != known:
            raise SettingsError(
                f"{pair.path} is for {' of team '.join(pair.issued_for)}, but the service runs "
                f"for {' of team '.join(known)}: restart it if that is meant"
            )
        return _of(pair, self._settings.apple_key_password)


def load(settings: Settings, *, at: datetime) -> Identity:
    """The identity that the settings name; load it once and share it.

    Raises:
        SettingsError: a file is missing, unreadable, or does not fit the others.
    """
    try:
        pair = keyring.choose(settings, at=at)
        if pair is not None:
            return _of(pair, settings.apple_key_password)
        return _throwaway(settings.data_dir / _FOLDER, at=at)
    except CertificateError as error:
        raise SettingsError(
            "the pass certificate, its key (LEIMA_APPLE_KEY_PASSWORD) or its intermediate "
            f"(LEIMA_APPLE_WWDR_FILE): {error}"
        ) from error
    except OSError as error:
        raise SettingsError(f"a certificate file cannot be used: {error}") from error


def refuse_throwaway(identity: Identity) -> None:
    """Refuse to go live on certificates that no phone trusts, whoever named them.

    Raises:
        SettingsError: the certificate is a throw-away one.
    """
    if identity.is_throwaway:
        raise SettingsError(
            "--production needs a pass certificate of Apple's: the one in use was made for trying "
            "out. Get one by leima certificate request: see certs.example/README.md"
        )


def refuse_unusable(identity: Identity, *, at: datetime) -> None:
    """Refuse to go live on certificates that cannot sign at `at`.

    Raises:
        SettingsError: out of date, not valid yet, or of the wrong generation.
    """
    try:
        identity.signer.check(at)
    except CertificateError as error:
        raise SettingsError(f"--production: {error}") from error


def _of(pair: keyring.Pair, password: str | None) -> Identity:
    return Identity(
        signer=pair.signer(password),
        certificate_pem=pair.certificate_pem,
        key_pem=key_to_pem(load_key(pair.key_pem, password)),
    )


def _throwaway(folder: Path, *, at: datetime) -> Identity:
    authority = Authority.load_or_create(folder, at=at)
    path = folder / _FILE_NAME
    if not path.exists():
        _issue(authority, path, at=at, replace=False)
    elif not _is_usable(path.read_bytes(), authority, at=at):
        _issue(authority, path, at=at, replace=True)
    pem = path.read_bytes()
    return _of(keyring.Pair(path, load_certificate(pem), pem, authority.intermediate_pem), None)


def _is_usable(pem: bytes, authority: Authority, *, at: datetime) -> bool:
    certificate = load_certificate(pem)
    is_in_time = certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc - _RENEWAL
    return is_in_time and is_issued_by(certificate, authority.intermediate)


def _issue(authority: Authority, path: Path, *, at: datetime, replace: bool) -> None:
    """Put certificate and key there in one piece; of several processes the first one wins."""
    issued = authority.issue_pass_certificate(SANDBOX_PASS_TYPE, SANDBOX_TEAM, at=at)
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by us alone
    with os.fdopen(handle, "wb") as file:
        file.write(issued.certificate_pem + issued.key_pem)
    temporary = Path(name)
    try:
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    except FileExistsError:
        pass  # another process was first: its certificate is as good
    finally:
        temporary.unlink(missing_ok=True)
