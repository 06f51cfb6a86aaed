"""Signing passes: a certificate, its key and Apple's intermediate, checked once and kept.

Apple: Wallet Passes, Building a Pass (sign the pass).
"""

from datetime import datetime, timedelta
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from passkit import cms
from passkit.certificates import (
    PrivateKey,
    apple_wwdr_g4,
    is_issued_by,
    key_to_pem,
    load_certificate,
    load_key,
    load_p12,
    pass_type_identifier,
    team_identifier,
)
from passkit.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    IntermediateExpired,
    KeyMismatch,
    WrongIntermediate,
)
from passkit.throwaway import is_throwaway

_WARNING = timedelta(days=30)


class Signer:
    """Signs manifests with one pass certificate. Immutable, and safe to share between threads."""

    def __init__(
        self,
        certificate_pem: bytes,
        key_pem: bytes,
        intermediate_pem: bytes | None = None,
        *,
        key_password: str | None = None,
    ) -> None:
        """Load once and keep: reading a key costs as much as a hundred signatures.

        Certificates may be PEM or DER, the key is PEM. The intermediate is Apple's G4 unless
        another is given. Raises UnreadableCertificate, UnreadableKey, KeyMismatch or
        WrongIntermediate.
        """
        certificate = load_certificate(certificate_pem)
        key = load_key(key_pem, key_password)
        intermediate = load_certificate(intermediate_pem) if intermediate_pem else apple_wwdr_g4()
        _check_family(certificate, key, intermediate)
        self.pass_type_identifier = pass_type_identifier(certificate)
        self.team_identifier = team_identifier(certificate)
        self.not_before = certificate.not_valid_before_utc
        self.not_after = certificate.not_valid_after_utc
        self.is_throwaway = is_throwaway(certificate)
        self._intermediate_dates = (
            intermediate.not_valid_before_utc,
            intermediate.not_valid_after_utc,
        )
        self._build = partial(
            cms.built, certificate=certificate, key=key, intermediate=intermediate
        )
        self._splicer = _splicer(self._build(b"{}"), key)

    @classmethod
    def from_p12(
        cls, data: bytes, password: str | None, *, intermediate_pem: bytes | None = None
    ) -> "Signer":
        """A signer from a .p12 file of Keychain Access; raises as the constructor does."""
        certificate, key = load_p12(data, password)
        return cls(certificate.public_bytes(Encoding.PEM), key_to_pem(key), intermediate_pem)

    def check(self, at: datetime) -> None:
        """Refuse to sign outside the dates of the certificates.

        Raises CertificateNotYetValid, CertificateExpired or IntermediateExpired.
        """
        if at < self.not_before:
            raise CertificateNotYetValid(
                f"The pass certificate is valid from {self.not_before:%Y-%m-%d %H:%M} UTC only:"
                " check the clock of this machine."
            )
        if at > self.not_after:
            raise CertificateExpired(
                f"The pass certificate expired on {self.not_after:%Y-%m-%d}: make a new one in"
                " Apple's developer portal."
            )
        first, last = self._intermediate_dates
        if not first <= at <= last:
            raise IntermediateExpired(
                f"The intermediate certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}:"
                " get the current one from the Apple PKI page."
            )

    def warnings(self, at: datetime) -> list[str]:
        """What will stop signing soon: the pass certificate within its last 30 days."""
        left = self.not_after - at
        if left > _WARNING:
            return []
        return [
            f"The certificate of {self.pass_type_identifier} ends on {self.not_after:%Y-%m-%d},"
            f" in {max(left.days, 0)} days: renew it in Apple's developer portal."
        ]

    def sign(self, manifest: bytes, *, at: datetime) -> bytes:
        """A detached signature over the manifest, DER, SHA-256, with its signing time.

        The time is `at` with an RSA key, as Apple's are. With an EC key it is the system clock,
        since only cryptography's builder signs those. Raises as `check` does.
        """
        self.check(at)
        if self._splicer is None:
            return self._build(manifest)
        return self._splicer.sign(manifest, at=at)


def _check_family(
    certificate: x509.Certificate, key: PrivateKey, intermediate: x509.Certificate
) -> None:
    if certificate.public_key() != key.public_key():
        raise KeyMismatch
    if not is_issued_by(certificate, intermediate):
        raise WrongIntermediate(
            f"The pass certificate was issued by {certificate.issuer.rfc4514_string()}, but the"
            f" intermediate given is {intermediate.subject.rfc4514_string()}: give the one that"
            " issued it."
        )


def _splicer(probe: bytes, key: PrivateKey) -> cms.Splicer | None:
    if not isinstance(key, rsa.RSAPrivateKey):
        return None
    try:
        return cms.Splicer(probe, key)
    except (ValueError, StopIteration):  # another layout than known: the builder does it alone
        return None
