"""Signing passes: a certificate, its key and Apple's intermediate, checked once and kept.

Apple: Wallet Passes, Building a Pass (sign the pass).
"""

from datetime import datetime
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from passkit import cms
from passkit.certificates import (
    PrivateKey,
    apple_wwdr_g4,
    generation,
    is_issued_by,
    key_to_pem,
    load_certificate,
    load_certificates,
    load_key,
    load_p12,
    pass_type_identifier,
    team_identifier,
)
from passkit.errors import (
    CertificateError,
    CertificateExpired,
    CertificateNotYetValid,
    IntermediateExpired,
    KeyMismatch,
    WrongIntermediate,
)
from passkit.keys import OutsideKey, SigningKey
from passkit.throwaway import is_throwaway

# Days before the end of a certificate: order a new one, put it in place, act at once.
ALARM_DAYS = (60, 30, 7)
_CURRENT = "G4"  # which intermediate issues pass certificates since 27 January 2022
_ENDED = {"G1"}  # on 7 February 2023


class Signer:
    """Signs manifests with one pass certificate. Immutable, and safe to share between threads."""

    def __init__(
        self,
        certificate: bytes,
        key: bytes | SigningKey,
        intermediate: bytes | None = None,
        *,
        key_password: str | None = None,
    ) -> None:
        """Load once and keep: reading a key costs as much as a hundred signatures.

        Certificates may be PEM or DER. The key is PEM, or a `SigningKey` when it is kept
        elsewhere. The intermediate is Apple's G4 unless others are given; of several in one PEM
        file the fitting one is taken. Raises UnreadableCertificate, UnreadableKey, KeyMismatch or
        WrongIntermediate, and CertificateError for a certificate that is not for passes.
        """
        leaf = load_certificate(certificate)
        issuer = _fitting(
            leaf, load_certificates(intermediate) if intermediate else [apple_wwdr_g4()]
        )
        private = load_key(key, key_password) if isinstance(key, bytes) else OutsideKey(key, leaf)
        if leaf.public_key() != private.public_key():
            raise KeyMismatch
        self.pass_type_identifier = pass_type_identifier(leaf)
        self.team_identifier = team_identifier(leaf)
        self.not_before = leaf.not_valid_before_utc
        self.not_after = leaf.not_valid_after_utc
        self.is_throwaway = is_throwaway(leaf)
        self._intermediate_dates = (issuer.not_valid_before_utc, issuer.not_valid_after_utc)
        self._build = partial(cms.built, certificate=leaf, key=private, intermediate=issuer)
        self._splicer = _splicer(self._build(b"{}"), private)

    @classmethod
    def from_p12(
        cls, data: bytes, password: str | None, *, intermediate: bytes | None = None
    ) -> "Signer":
        """A signer from a .p12 file of Keychain Access; raises as the constructor does.

        The intermediate is the one in the file, when it holds one, or else Apple's G4.
        """
        found = load_p12(data, password)
        pem = found.certificate.public_bytes(Encoding.PEM)
        return cls(pem, key_to_pem(found.key), intermediate or found.issuer_pem or None)

    def check(self, at: datetime) -> None:
        """Refuse to sign outside the dates of the certificates.

        Raises CertificateNotYetValid, CertificateExpired or IntermediateExpired, and
        CertificateError for a moment without time zone.
        """
        if at.utcoffset() is None:
            raise CertificateError(
                "The signing time has no time zone: give an aware datetime, such as one in UTC."
            )
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

    @property
    def ends_at(self) -> datetime:
        """When signing ends: with the pass certificate, or with its intermediate before that."""
        return min(self.not_after, self._intermediate_dates[1])

    def alarm_days(self, at: datetime) -> int | None:
        """Which of `ALARM_DAYS` is the last that was reached, by the whole days that are left.

        None while the end is further off.
        """
        left = (self.ends_at - at).days
        return min((days for days in ALARM_DAYS if left <= days), default=None)

    def warnings(self, at: datetime) -> list[str]:
        """What will stop signing soon: a certificate within its last sixty days."""
        if self.alarm_days(at) is None:
            return []
        return [
            f"The certificate of {self.pass_type_identifier} ends on {self.ends_at:%Y-%m-%d},"
            f" in {max((self.ends_at - at).days, 0)} days: renew it in Apple's developer portal."
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


def _fitting(leaf: x509.Certificate, given: list[x509.Certificate]) -> x509.Certificate:
    """The intermediate that issued the certificate."""
    for each in given:
        if is_issued_by(leaf, each):
            return each
    raise WrongIntermediate(
        f"The pass certificate was issued by {leaf.issuer.rfc4514_string()}, but the intermediate"
        f" given is {given[0].subject.rfc4514_string()}: {_wanted(leaf.issuer, given[0].subject)}"
    )


def _wanted(issuer: x509.Name, given: x509.Name) -> str:
    """Which intermediate to give instead."""
    if issuer == given:
        return "the name is right, but the key is another: give the one that issued it."
    wanted = generation(issuer)
    if wanted is None:
        return "give the one that issued it."
    if wanted in _ENDED:
        return f"{wanted} has ended for good: make a new certificate in Apple's developer portal."
    place = f"Worldwide Developer Relations {wanted} on the Apple PKI page"
    is_built_in = ", or none, since it is built in" if wanted == _CURRENT else ""
    return f"give the one that issued it, {place}{is_built_in}."


def _splicer(probe: bytes, key: PrivateKey) -> cms.Splicer | None:
    if not isinstance(key, rsa.RSAPrivateKey):
        return None
    try:
        return cms.Splicer(probe, key)
    except (ValueError, StopIteration):  # another layout than known: the builder does it alone
        return None
