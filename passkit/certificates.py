"""Reading certificates and private keys, and what Apple writes in a pass certificate.

`apple_wwdr_g4.pem` is Apple's public intermediate "Worldwide Developer Relations Certification
Authority", OU=G4, from the Apple PKI page. It is valid until 10 December 2030; its serial number
is 13dc77955271e53dc632e8ccffe521f3ccc5ced2 and its SHA-256 fingerprint is
ea475788 5538dd8c b59ff455 6f676087 d83c85e7 0902c122 e42c0808 b5bce14c.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

from passkit.errors import CertificateError, UnreadableCertificate, UnreadableKey

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

# What such a file says of itself, and what it is instead of a certificate.
_OTHERS = (
    (
        b"CERTIFICATE REQUEST-----",
        "This is the request, not the certificate: upload it to Apple, and give the .cer file that"
        " comes back.",
    ),
    (
        b"PRIVATE KEY-----",
        "This file holds a private key only: give the certificate that Apple made.",
    ),
    (
        b"PUBLIC KEY-----",
        "This file holds a public key only: give the certificate that Apple made.",
    ),
)
_IS_P12 = (
    "This is a .p12 file, which holds certificate and key: install it, or read it by load_p12."
)
_P12 = re.compile(rb"\x30.{1,5}\x02\x01\x03\x30", re.DOTALL).match  # a sequence, version 3
# 1.2.840.113549.1.12.1: the ciphers of old .p12 files, which not every OpenSSL 3 and later opens.
_OLD_CIPHERS = bytes.fromhex("060a2a864886f70d010c01")
_KEY_BITS = 2048  # what Apple asks of a request


class P12(NamedTuple):
    """What a .p12 file holds; `others` are the certificates beside the key's own."""

    certificate: x509.Certificate
    key: PrivateKey
    others: tuple[x509.Certificate, ...]

    @property
    def issuer_pem(self) -> bytes:
        """The intermediate that issued the certificate, PEM; empty when it is not in the file."""
        issuers = [each for each in self.others if is_issued_by(self.certificate, each)]
        return b"".join(each.public_bytes(Encoding.PEM) for each in issuers)


def load_certificate(data: bytes) -> x509.Certificate:
    """The (first) certificate in PEM or DER data; UnreadableCertificate when there is none."""
    return load_certificates(data)[0]


def load_certificates(data: bytes) -> list[x509.Certificate]:
    """Every certificate in PEM data, or the one in DER data.

    Raises UnreadableCertificate when there is none, and says what was given instead.
    """
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError as error:
        raise UnreadableCertificate(_instead(data)) from error


def load_key(data: bytes, password: str | None = None) -> PrivateKey:
    """The private key in PEM data; UnreadableKey when there is none or the password is wrong.

    A password given for a key without one is ignored.
    """
    if is_p12(data):
        raise UnreadableKey(_IS_P12)
    is_locked = b"ENCRYPTED" in data
    if is_locked and not password:
        raise UnreadableKey("The private key has a password: give it as key_password.")
    secret = password.encode() if is_locked and password else None
    try:
        key = load_pem_private_key(data, secret)
    except (ValueError, UnsupportedAlgorithm) as error:
        hint = "The password of the private key is wrong, or the file is damaged."
        raise UnreadableKey(hint if is_locked else None) from error
    return _usable(key)


def new_key() -> rsa.RSAPrivateKey:
    """A new RSA key of 2048 bits, the kind that Apple signs requests of."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def key_to_pem(key: PrivateKey, password: str | None = None) -> bytes:
    """The key as PKCS#8 PEM, locked when a password is given."""
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def new_request(key: PrivateKey, common_name: str, email: str | None = None) -> bytes:
    """A certificate request (CSR, PEM) to upload to Apple, which replaces the name by its own.

    Raises ValueError for a name that does not fit into a certificate.
    """
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if email:
        parts.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, email))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(parts))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def load_p12(data: bytes, password: str | None = None, *, name: str = "card.p12") -> P12:
    """The certificate and key in a .p12 file as Keychain Access exports it.

    Raises UnreadableKey when the password is wrong, a part is missing, or this OpenSSL cannot
    open it: then with the command that converts it, for a file called `name`.
    """
    if not is_p12(data):
        raise UnreadableKey("This is no .p12 file: export it again, in the format .p12.")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(
            data, password.encode() if password else None
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnreadableKey(_closed(data, name)) from error
    if key is None or certificate is None:
        raise UnreadableKey(
            "The .p12 file lacks the certificate or its private key: in Keychain Access, export"
            " the certificate together with the key below it."
        )
    return P12(certificate, _usable(key), tuple(others))


def is_p12(data: bytes) -> bool:
    """Whether the data begins as a .p12 file does."""
    return _P12(data) is not None


@cache
def apple_wwdr_g4() -> x509.Certificate:
    """Apple's intermediate that issues pass certificates."""
    return load_certificate(files("passkit").joinpath("apple_wwdr_g4.pem").read_bytes())


def pass_type_identifier(certificate: x509.Certificate) -> str:
    """The pass type a certificate was issued for: its subject's user id.

    Raises CertificateError for a certificate of Apple's that is for something else.
    """
    found = _subject_part(certificate, NameOID.USER_ID, "pass type identifier (UID)")
    if not found.startswith("pass."):
        raise CertificateError(
            f"This certificate is for {found!r}, which is no pass type: make a Pass Type ID"
            " certificate in Apple's developer portal."
        )
    return found


def team_identifier(certificate: x509.Certificate) -> str:
    """The team a certificate was issued to: its subject's organizational unit."""
    return _subject_part(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME, "team identifier (OU)")


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed `certificate`, by name and by signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def generation(name: x509.Name) -> str | None:
    """Which of Apple's Worldwide Developer Relations intermediates has this name: `G1`, `G4`, …

    None when it is not one of them.
    """
    words = {str(part.value) for part in name}
    if not any("Worldwide Developer Relations" in word for word in words):
        return None
    numbers = [match[0] for word in words if (match := re.search(r"\bG\d+$", word))]
    return numbers[0] if numbers else "G1"


def _instead(data: bytes) -> str | None:
    """What was given that is no certificate; None when nothing can be said."""
    if is_p12(data):
        return _IS_P12
    return next((says for mark, says in _OTHERS if mark in data), None)


def _closed(data: bytes, name: str) -> str:
    if _OLD_CIPHERS not in data:
        return "The password of the .p12 file is wrong, or the file is damaged."
    return (
        "The .p12 file does not open: its password is wrong, or it is locked in an old way (as"
        " Keychain Access does) that this OpenSSL does not open any more. If the password is"
        f" right, convert it with: openssl pkcs12 -legacy -in {name} -nodes -out card.pem (on a"
        " Mac without -legacy), and give card.pem as certificate and as key."
    )


def _usable(key: object) -> PrivateKey:
    if isinstance(key, PrivateKey):
        return key
    raise UnreadableKey(f"A {type(key).__name__} cannot sign passes: give an RSA or EC key.")


def _subject_part(certificate: x509.Certificate, oid: ObjectIdentifier, what: str) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    if not found:
        raise CertificateError(
            f"The certificate's subject has no {what}: give a Pass Type ID certificate."
        )
    value = found[0].value
    return value if isinstance(value, str) else value.decode()
