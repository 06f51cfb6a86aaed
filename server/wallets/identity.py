"""Who we are to Apple: the pass certificate, with its key and what vouches for it.

The operator's own files decide. Without any, throw-away ones are made once in the data folder:
good for everything but a real phone.
"""

import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from passkit import CertificateError, Signer
from passkit.certificates import is_issued_by, key_to_pem, load_certificate, load_key
from passkit.throwaway import Authority
from server.config import Settings
from server.errors import SettingsError

SANDBOX_PASS_TYPE = "pass.test.leima.sandbox"  # noqa: S105 - a name, not a secret
SANDBOX_TEAM = "LEIMATEST1"

_FOLDER = "throwaway"
_FILE_NAME = "pass_certificate.pem"
_RENEWAL = timedelta(days=30)  # before its end


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


def load(settings: Settings, *, at: datetime) -> Identity:
    """The identity that the settings name; load it once and share it.

    Raises:
        SettingsError: a file is missing, unreadable, or does not fit the others.
    """
    try:
        if settings.apple_certificate_file or settings.apple_key_file:
            return _own(settings)
        return _throwaway(settings.data_dir / _FOLDER, at=at)
    except CertificateError as error:
        raise SettingsError(f"LEIMA_APPLE_CERTIFICATE_FILE and its companions: {error}") from error
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
            "out. See certs.example/README.md"
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


def _own(settings: Settings) -> Identity:
    if settings.apple_certificate_file is None or settings.apple_key_file is None:
        missing = "KEY" if settings.apple_certificate_file else "CERTIFICATE"
        raise SettingsError(
            f"LEIMA_APPLE_{missing}_FILE is missing: the certificate and its key come together "
            "(one PEM file may hold both; then name it twice)"
        )
    wwdr = settings.apple_wwdr_file
    return _identity(
        settings.apple_certificate_file.read_bytes(),
        settings.apple_key_file.read_bytes(),
        wwdr.read_bytes() if wwdr else None,
        password=settings.apple_key_password,
    )


def _identity(
    certificate: bytes, key: bytes, intermediate: bytes | None, *, password: str | None = None
) -> Identity:
    return Identity(
        signer=Signer(certificate, key, intermediate, key_password=password),
        certificate_pem=load_certificate(certificate).public_bytes(Encoding.PEM),
        key_pem=key_to_pem(load_key(key, password)),
    )


def _throwaway(folder: Path, *, at: datetime) -> Identity:
    authority = Authority.load_or_create(folder, at=at)
    path = folder / _FILE_NAME
    if not path.exists():
        _issue(authority, path, at=at, replace=False)
    elif not _is_usable(path.read_bytes(), authority, at=at):
        _issue(authority, path, at=at, replace=True)
    pem = path.read_bytes()
    return _identity(pem, pem, authority.intermediate_pem)


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
