"""Reading certificates and private keys, and what Apple writes in a pass certificate.

`apple_wwdr_g4.pem` is Apple's public intermediate "Worldwide Developer Relations Certification
Authority", OU=G4, from the Apple PKI page. It is valid until 10 December 2030; its serial number
is 13dc77955271e53dc632e8ccffe521f3ccc5ced2 and its SHA-256 fingerprint is
ea475788 5538dd8c b59ff455 6f676087 d83c85e7 0902c122 e42c0808 b5bce14c.
"""

from functools import cache
from importlib.resources import files

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

from passkit.errors import CertificateError, UnreadableCertificate, UnreadableKey

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_EXPORT_AGAIN = (
    "openssl pkcs12 -legacy -in card.p12 -out card.pem -nodes, then give the PEM file as"
    " certificate and as key"
)


def load_certificate(data: bytes) -> x509.Certificate:
    """The (first) certificate in PEM or DER data; UnreadableCertificate when there is none."""
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise UnreadableCertificate from error


def load_key(data: bytes, password: str | None = None) -> PrivateKey:
    """The private key in PEM data; UnreadableKey when there is none or the password is wrong.

    A password given for a key without one is ignored.
    """
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


def key_to_pem(key: PrivateKey) -> bytes:
    """The key as PKCS#8 PEM without a password."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_p12(data: bytes, password: str | None = None) -> tuple[x509.Certificate, PrivateKey]:
    """The certificate and key in a .p12 file as Keychain Access exports it.

    Raises UnreadableKey when the password is wrong or a part is missing.
    """
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(
            data, password.encode() if password else None
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnreadableKey(
            "The .p12 file cannot be opened: the password is wrong, or it is locked in an old"
            f" way. Convert it with: {_EXPORT_AGAIN}."
        ) from error
    if key is None or certificate is None:
        raise UnreadableKey(
            "The .p12 file lacks the certificate or its private key: in Keychain Access, export"
            " the certificate together with the key below it."
        )
    return certificate, _usable(key)


@cache
def apple_wwdr_g4() -> x509.Certificate:
    """Apple's intermediate that issues pass certificates."""
    return load_certificate(files("passkit").joinpath("apple_wwdr_g4.pem").read_bytes())


def pass_type_identifier(certificate: x509.Certificate) -> str:
    """The pass type a certificate was issued for: its subject's user id."""
    return _subject_part(certificate, NameOID.USER_ID, "pass type identifier (UID)")


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
