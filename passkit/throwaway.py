"""Certificates shaped like Apple's, made on the spot for tests and the sandbox.

They carry every mark that passkit looks for (Apple: Certificate, Key, and Trust Services; the
subject of a pass certificate), but no phone trusts them, and `is_throwaway` tells them apart.
"""

import ipaddress
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from passkit.certificates import PrivateKey, key_to_pem, new_key
from passkit.errors import UnreadableCertificate, UnreadableKey

ORGANIZATION = "Leima throw-away certificates"
PASS_TYPE_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.16")
PASS_SIGNING_USAGE = ObjectIdentifier("1.2.840.113635.100.4.14")

_LEAF_DAYS = 395  # Apple's pass certificates live about thirteen months
_SERVER_DAYS = 825
_EARLY = timedelta(hours=1)  # another machine's clock may be a little behind
_COMMON_NAME_LENGTH = 64  # X.520
_FILE_NAME = "authority.pem"
_ROOT_NAME = "root.pem"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate and its private key, both PEM; the key is PKCS#8 without a password."""

    certificate_pem: bytes
    key_pem: bytes


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A root and the intermediate below it, as Apple has its root and its WWDR intermediate."""

    root: x509.Certificate
    root_key: rsa.RSAPrivateKey
    intermediate: x509.Certificate
    intermediate_key: rsa.RSAPrivateKey

    @classmethod
    def create(cls, *, at: datetime, valid_days: int = 3650) -> "Authority":
        """A new authority, valid from an hour before `at` for `valid_days` days."""
        root_key, intermediate_key = new_key(), new_key()
        until = timedelta(days=valid_days)
        root_name = _name("Leima Throw-Away Root CA", unit="Throw-Away Root")
        root = (
            _builder(root_name, root_name, root_key, at=at, valid=until)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        name = _name("Leima Throw-Away Developer Relations CA", unit="G4")
        intermediate = (
            _builder(name, root_name, intermediate_key, at=at, valid=until)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(_issuer_id(root), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        return cls(
            root=root,
            root_key=root_key,
            intermediate=intermediate,
            intermediate_key=intermediate_key,
        )

    @classmethod
    def load_or_create(cls, folder: Path, *, at: datetime) -> "Authority":
        """The authority kept in `folder`, made there (mode 0600) when none is usable at `at`.

        It is replaced when a pass certificate issued at `at` would outlive it. `root.pem` beside
        it holds the root certificate alone. Several processes may ask at once: all get the same.

        Raises UnreadableCertificate or UnreadableKey when the file there is damaged.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _FILE_NAME
        kept = cls._load(path) if path.exists() else None
        if kept is None or not kept._covers(at):
            new = cls.create(at=at)
            _write(path, new._to_pem(), replace=kept is not None)
            kept = cls._load(path)
        root_path = folder / _ROOT_NAME
        if not root_path.exists() or root_path.read_bytes() != kept.root_pem:
            _write(root_path, kept.root_pem, replace=True)
        return kept

    @property
    def root_pem(self) -> bytes:
        """The root certificate, PEM."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    @property
    def intermediate_pem(self) -> bytes:
        """The intermediate certificate, PEM."""
        return self.intermediate.public_bytes(serialization.Encoding.PEM)

    def issue_pass_certificate(
        self,
        pass_type_identifier: str,
        team_identifier: str,
        *,
        at: datetime,
        valid_days: int = _LEAF_DAYS,
        key: PrivateKey | None = None,
    ) -> Issued:
        """A pass certificate by the intermediate: signs passes and identifies to the push service.

        A new RSA-2048 key is made unless `key` is given.
        """
        key = key or new_key()
        common_name = f"Pass Type ID: {pass_type_identifier}"[:_COMMON_NAME_LENGTH]
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.USER_ID, pass_type_identifier),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team_identifier),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            ]
        )
        marked = x509.UnrecognizedExtension(PASS_TYPE_EXTENSION, _utf8_string(pass_type_identifier))
        certificate = (
            _builder(
                subject, self.intermediate.subject, key, at=at, valid=timedelta(days=valid_days)
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signatures=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([PASS_SIGNING_USAGE, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(marked, critical=False)
            .add_extension(_issuer_id(self.intermediate), critical=False)
            .sign(self.intermediate_key, hashes.SHA256())
        )
        return _issued(certificate, key)

    def issue_server_certificate(self, hosts: Sequence[str], *, at: datetime) -> Issued:
        """A TLS server certificate for these host names and IP addresses.

        The root signs it, so a client needs to know the root only.
        """
        key = new_key()
        certificate = (
            _builder(
                _name(hosts[0]), self.root.subject, key, at=at, valid=timedelta(days=_SERVER_DAYS)
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signatures=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in hosts]),
                critical=False,
            )
            .add_extension(_issuer_id(self.root), critical=False)
            .sign(self.root_key, hashes.SHA256())
        )
        return _issued(certificate, key)

    def _covers(self, at: datetime) -> bool:
        leaf_end = at + timedelta(days=_LEAF_DAYS)
        return all(
            each.not_valid_before_utc <= at and leaf_end <= each.not_valid_after_utc
            for each in (self.root, self.intermediate)
        )

    def _to_pem(self) -> bytes:
        keys = (self.root_key, self.intermediate_key)
        return self.root_pem + self.intermediate_pem + b"".join(map(key_to_pem, keys))

    @classmethod
    def _load(cls, path: Path) -> "Authority":
        remedy = f"delete {path} and a new authority is made"
        data = path.read_bytes()
        end = data.find(b"-----BEGIN PRIVATE KEY-----")
        try:
            root, intermediate = x509.load_pem_x509_certificates(data[:end])
        except ValueError as error:
            raise UnreadableCertificate(f"No two certificates in the file: {remedy}.") from error
        try:
            root_key, intermediate_key = (
                serialization.load_pem_private_key(b"-----BEGIN" + part, None)
                for part in data[end:].split(b"-----BEGIN")[1:]
            )
        except ValueError as error:
            raise UnreadableKey(f"No two private keys in the file: {remedy}.") from error
        assert isinstance(root_key, rsa.RSAPrivateKey)
        assert isinstance(intermediate_key, rsa.RSAPrivateKey)
        return cls(
            root=root,
            root_key=root_key,
            intermediate=intermediate,
            intermediate_key=intermediate_key,
        )


def is_throwaway(certificate: x509.Certificate) -> bool:
    """Whether an `Authority` of this module made the certificate."""
    return any(
        attribute.value == ORGANIZATION
        for attribute in certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    )


def _name(common_name: str, *, unit: str | None = None) -> x509.Name:
    parts = [(NameOID.COMMON_NAME, common_name), (NameOID.ORGANIZATION_NAME, ORGANIZATION)]
    if unit:
        parts.append((NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    *,
    at: datetime,
    valid: timedelta,
) -> x509.CertificateBuilder:
    start = at.replace(microsecond=0) - _EARLY
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _EARLY + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, certificates: bool = False, signatures: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signatures,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    known = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _utf8_string(text: str) -> bytes:
    data = text.encode()
    if len(data) > 127:  # DER writes longer lengths another way; pass types are short
        raise ValueError("The pass type identifier is longer than 127 bytes; shorten it.")
    return b"\x0c" + bytes([len(data)]) + data


def _issued(certificate: x509.Certificate, key: PrivateKey) -> Issued:
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Issued(certificate_pem=pem, key_pem=key_to_pem(key))


def _write(path: Path, data: bytes, *, replace: bool) -> None:
    """Put a whole file in place (mode 0600); without `replace`, another process's file wins."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{secrets.token_hex(4)}")
    temporary = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    try:
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    except FileExistsError:
        pass  # another process was first; its authority is as good
    finally:
        temporary.unlink(missing_ok=True)
