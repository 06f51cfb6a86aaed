"""The operator's own pass certificates with their keys, old and new side by side.

They are in the folder `certificates` of the data folder, where `leima certificate` puts them: each
one PEM file with certificate, intermediate and key, so that it is there whole or not at all. The
files that the settings name count as one more. A key that waits for its certificate is a file
`.key` beside its request.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from passkit import CertificateError, CertificateExpired, Signer, UnreadableKey
from passkit.certificates import (
    PrivateKey,
    apple_wwdr_g4,
    is_issued_by,
    is_p12,
    key_to_pem,
    load_certificates,
    load_key,
    load_p12,
    new_key,
    new_request,
    pass_type_identifier,
    team_identifier,
)
from server.config import Settings
from server.errors import SettingsError

FOLDER = "certificates"

_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----\n?", re.DOTALL).search


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key as they are kept: PEM, the key locked if it was given so.

    `intermediate_pem` is None where Apple's current one is meant.
    """

    path: Path
    certificate: x509.Certificate
    key_pem: bytes = field(repr=False)
    intermediate_pem: bytes | None = field(default=None, repr=False)
    issued_for: tuple[str, str] = field(init=False)
    """Pass type and team: what a renewal must not change."""

    def __post_init__(self) -> None:
        """Raises CertificateError for a certificate that is not for passes."""
        issued_for = pass_type_identifier(self.certificate), team_identifier(self.certificate)
        object.__setattr__(self, "issued_for", issued_for)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate alone."""
        return _pem(self.certificate)

    def is_good(self, at: datetime) -> bool:
        """Whether its dates allow signing."""
        dates = self.certificate
        return dates.not_valid_before_utc <= at <= dates.not_valid_after_utc

    def signer(self, password: str | None) -> Signer:
        """Raises CertificateError when its parts do not fit together."""
        return Signer(
            self.certificate_pem, self.key_pem, self.intermediate_pem, key_password=password
        )


def pairs(settings: Settings) -> list[Pair]:
    """Every certificate with a key that there is; empty when only throw-away ones can be used.

    Raises:
        SettingsError: of certificate and key the settings name one only, or a file cannot be read
            or holds something else.
    """
    return [*_named(settings), *_kept(settings)]


def choose(settings: Settings, *, at: datetime) -> Pair | None:
    """The one to sign with: good at `at`, and for longest. Old and new may overlap.

    Where the settings name a certificate, only those for the same pass type and team count.

    Raises:
        SettingsError: certificates for several pass types, and none is named; and as `pairs`.
    """
    found = pairs(settings)
    named = {pair.issued_for for pair in found if pair.path == settings.apple_certificate_file}
    fitting = [pair for pair in found if not named or pair.issued_for in named]
    if len({pair.issued_for for pair in fitting}) > 1:
        names = ", ".join(sorted({" of team ".join(pair.issued_for) for pair in fitting}))
        raise SettingsError(
            f"{_folder(settings)} holds certificates for {names}: move those for another service "
            "away, or name one by LEIMA_APPLE_CERTIFICATE_FILE and LEIMA_APPLE_KEY_FILE"
        )
    good = [pair for pair in fitting if pair.is_good(at)] or fitting
    return max(good, key=lambda pair: pair.certificate.not_valid_after_utc, default=None)


def request(settings: Settings, *, name: str, email: str | None, at: datetime) -> tuple[Path, Path]:
    """A new key, and the request for Apple to sign: the paths of both.

    The key is locked by the password of the settings, if there is one.

    Raises:
        SettingsError: the name does not fit into a request, or the folder cannot be written.
    """
    key = new_key()
    try:
        csr = new_request(key, name, email)
    except ValueError as error:
        raise SettingsError(f"--name, --email: {error}") from error
    stem = _folder(settings) / f"request-{at:%Y%m%d}-{secrets.token_hex(4)}"
    paths = stem.with_suffix(".key"), stem.with_suffix(".csr")
    _write(paths[0], key_to_pem(key, settings.apple_key_password))
    _write(paths[1], csr)
    return paths


def install(
    settings: Settings,
    file: Path,
    *,
    at: datetime,
    intermediate: Path | None = None,
    p12_password: str | None = None,
) -> Pair:
    """Put a certificate of Apple's (DER or PEM, or a .p12 with its key) beside the others.

    Its key is the one in the file, or else the one here that fits. A running service takes it
    within a minute.

    Raises:
        SettingsError: it cannot be used, or would be the end of the cards that are out.
    """
    with _telling(file):
        pair = _read(settings, file, p12_password)
        if intermediate is not None:
            given = load_certificates(intermediate.read_bytes())
            pair = replace(pair, intermediate_pem=b"".join(map(_pem, given)))
        signer = pair.signer(settings.apple_key_password)
        if at > signer.not_after:
            raise CertificateExpired
    _refuse_other_cards(settings, pair, at)
    name = f"{signer.pass_type_identifier}-until-{signer.not_after:%Y%m%d-%H%M%S}.pem"
    target = _folder(settings) / name
    _write(target, pair.certificate_pem + (pair.intermediate_pem or b"") + pair.key_pem)
    _forget_request(settings, pair)
    return _load(target, settings)


def requests(settings: Settings) -> list[Path]:
    """Requests whose certificate has not been installed yet."""
    return sorted(_folder(settings).glob("*.csr"))


def _read(settings: Settings, file: Path, p12_password: str | None) -> Pair:
    data = file.read_bytes()
    if is_p12(data):
        found = load_p12(data, p12_password, name=file.name)
        key_pem = key_to_pem(found.key, settings.apple_key_password)
        pair = Pair(file, found.certificate, key_pem)
        return _with_issuer(pair, list(found.others), settings)
    certificates = load_certificates(data)
    key_pem = _fitting_key(settings, certificates[0], data)
    return _with_issuer(Pair(file, certificates[0], key_pem), certificates[1:], settings)


def _with_issuer(pair: Pair, others: list[x509.Certificate], settings: Settings) -> Pair:
    """With the intermediate from beside it, or else the one that the settings name."""
    for each in others:
        if is_issued_by(pair.certificate, each):
            is_built_in = each == apple_wwdr_g4()
            return pair if is_built_in else replace(pair, intermediate_pem=_pem(each))
    wwdr = settings.apple_wwdr_file
    return replace(pair, intermediate_pem=wwdr.read_bytes()) if wwdr else pair


def _fitting_key(settings: Settings, certificate: x509.Certificate, data: bytes) -> bytes:
    """The key of the certificate, as it is kept, from the file itself or from those here."""
    locked = []
    for where, pem in _keys(settings, data):
        try:
            key: PrivateKey = load_key(pem, settings.apple_key_password)
        except UnreadableKey:
            locked.append(where)
            continue
        if key.public_key() == certificate.public_key():
            return pem
    if locked:
        raise UnreadableKey(
            f"No key here is the certificate's, but {', '.join(locked)} did not open: set "
            "LEIMA_APPLE_KEY_PASSWORD to its password."
        )
    raise UnreadableKey(
        f"No key in {_folder(settings)} is the certificate's. It is where the request was made: "
        "copy it here as FILE.key, or export both from Keychain as .p12. If it is lost, start anew "
        "with leima certificate request."
    )


def _keys(settings: Settings, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Where a key is, and its PEM: in the data, in the folder, in the file of the settings."""
    if found := _KEY(data):
        yield "the one in the file", found[0]
    folder = _folder(settings)
    paths = [*sorted(folder.glob("*.key")), *sorted(folder.glob("*.pem"))]
    for path in [*paths, *filter(None, [settings.apple_key_file])]:
        if found := _KEY(path.read_bytes()):
            yield str(path), found[0]


def _refuse_other_cards(settings: Settings, pair: Pair, at: datetime) -> None:
    known = choose(settings, at=at)
    if known is None or known.issued_for == pair.issued_for:
        return
    new, old = " of team ".join(pair.issued_for), " of team ".join(known.issued_for)
    raise SettingsError(
        f"{pair.path.name} is for {new}, but the cards that are out are {old}, and phones take no "
        f"others in their place: make a certificate for {known.issued_for[0]}"
    )


def _forget_request(settings: Settings, pair: Pair) -> None:
    """Remove the waiting key and its request: the key is beside its certificate now."""
    for path in _folder(settings).glob("*.key"):
        if path.read_bytes() == pair.key_pem:
            path.unlink()
            path.with_suffix(".csr").unlink(missing_ok=True)


def _named(settings: Settings) -> Iterator[Pair]:
    if settings.apple_certificate_file is None and settings.apple_key_file is None:
        return
    if settings.apple_certificate_file is None or settings.apple_key_file is None:
        missing = "KEY" if settings.apple_certificate_file else "CERTIFICATE"
        raise SettingsError(
            f"LEIMA_APPLE_{missing}_FILE is missing: the certificate and its key come together "
            "(one PEM file may hold both; then name it twice)"
        )
    path = settings.apple_certificate_file
    with _telling(path):
        certificate, *others = load_certificates(path.read_bytes())
        key_pem = settings.apple_key_file.read_bytes()
        pair = _with_issuer(Pair(path, certificate, key_pem), others, settings)
    yield pair


def _kept(settings: Settings) -> Iterator[Pair]:
    for path in sorted(_folder(settings).glob("*.pem")):
        yield _load(path, settings)


def _load(path: Path, settings: Settings) -> Pair:
    with _telling(path):
        data = path.read_bytes()
        certificate, *others = load_certificates(data)
        if (found := _KEY(data)) is None:
            raise UnreadableKey("The private key is missing: install the certificate once more.")
        return _with_issuer(Pair(path, certificate, found[0]), others, settings)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say which file it is that cannot be used."""
    try:
        yield
    except CertificateError as error:
        raise SettingsError(f"{path}: {error}") from error
    except OSError as error:
        raise SettingsError(f"a certificate file cannot be used: {error}") from error


def _folder(settings: Settings) -> Path:
    return settings.data_dir / FOLDER


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    """A whole file that its owner alone can read, on the disk before it has its name."""
    with _telling(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
