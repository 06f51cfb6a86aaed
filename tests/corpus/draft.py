"""A good pass in parts, to be changed in one place and then packed and signed.

Everything is made when the tests run: certificates, images, packages.
"""

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from PIL import Image
from pyasn1.codec.der import decoder, encoder
from pyasn1_modules import rfc5652

from passkit.certificates import load_certificate, load_key
from passkit.throwaway import Authority

PASS_TYPE = "pass.test.leima.card"
TEAM = "TEAMTEST01"
DETACHED = [PKCS7Options.DetachedSignature, PKCS7Options.Binary]
_SHA1_OID = "1.3.14.3.2.26"
_SHA1_RSA_OID = "1.2.840.113549.1.1.5"


def png(width: int, height: int) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (12, 34, 56)).save(file, "PNG")
    return file.getvalue()


def utf16(text: str) -> bytes:
    """A strings file as Apple wants it."""
    return b"\xff\xfe" + text.encode("utf-16-le")


CONTENT: dict[str, Any] = {
    "formatVersion": 1,
    "passTypeIdentifier": PASS_TYPE,
    "teamIdentifier": TEAM,
    "serialNumber": "0123456789abcdef0123456789abcdef",
    "organizationName": "Kahvila Esimerkki",
    "description": "Leimakortti",
    "logoText": "Kahvila",
    "backgroundColor": "rgb(30, 30, 60)",
    "foregroundColor": "rgb(255, 255, 255)",
    "labelColor": "rgb(220, 220, 200)",
    "webServiceURL": "https://wallet.example",
    "authenticationToken": "a-token-of-the-tests-0123456789ab",
    "barcodes": [
        {
            "format": "PKBarcodeFormatQR",
            "message": "M-0001",
            "messageEncoding": "iso-8859-1",
            "altText": "M-0001",
        }
    ],
    "storeCard": {
        "headerFields": [
            {"key": "stamps", "label": "STAMPS", "value": "7 / 10", "changeMessage": "Stamps: %@"}
        ],
        "primaryFields": [{"key": "reward", "label": "NEXT", "value": "Coffee"}],
        "secondaryFields": [{"key": "member", "label": "Member", "value": "Aino"}],
        "auxiliaryFields": [{"key": "since", "label": "Since", "value": "2026"}],
        "backFields": [{"key": "contact", "label": "Contact", "value": "aino@example.com"}],
    },
}
FILES = {
    "icon.png": png(38, 38),
    "icon@2x.png": png(76, 76),
    "icon@3x.png": png(114, 114),
    "logo.png": png(160, 50),
    "strip.png": png(375, 144),
    "fi.lproj/pass.strings": utf16('"STAMPS" = "LEIMAT";\n"Stamps: %@" = "Leimoja: %@";\n'),
    "en.lproj/pass.strings": utf16('"STAMPS" = "STAMPS";\n"Stamps: %@" = "Stamps: %@";\n'),
}


@dataclass
class Draft:
    """A pass that can be changed everywhere before `made` packs it.

    `content` becomes pass.json unless `pass_json` is given. `listed` may change the manifest's
    entries and `manifest` its bytes; `tamper` the files after signing; `pack` makes the archive.
    """

    issuer: "Issuer"
    content: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(CONTENT))
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    pass_json: bytes | None = None
    listed: Callable[[dict[str, Any]], None] = lambda entries: None
    manifest: Callable[[bytes], bytes] = lambda data: data
    sign: Callable[["Issuer", bytes], bytes] = lambda issuer, data: issuer.sign(data)
    tamper: Callable[[dict[str, bytes]], None] = lambda files: None
    pack: Callable[[dict[str, bytes]], bytes] = lambda files: zipped(files)

    @property
    def card(self) -> dict[str, Any]:
        """The store card's groups."""
        return self.content["storeCard"]

    def made(self) -> bytes:
        """The .pkpass file."""
        content = self.pass_json or json.dumps(self.content).encode()
        files = {"pass.json": content, **self.files}
        entries: dict[str, Any] = {
            name: hashlib.sha1(data, usedforsecurity=False).hexdigest()
            for name, data in files.items()
        }
        self.listed(entries)
        files["manifest.json"] = self.manifest(json.dumps(entries, indent=1).encode())
        files["signature"] = self.sign(self.issuer, files["manifest.json"])
        self.tamper(files)
        return self.pack(files)


@dataclass
class Issuer:
    """Certificates of all kinds, under one root, and one key for all of them."""

    authority: Authority
    at: datetime
    key: rsa.RSAPrivateKey
    leaf: x509.Certificate
    stranger: Authority

    @classmethod
    def create(cls, at: datetime) -> "Issuer":
        """A new authority with a pass certificate."""
        authority = Authority.create(at=at)
        issued = authority.issue_pass_certificate(PASS_TYPE, TEAM, at=at)
        key = load_key(issued.key_pem)
        assert isinstance(key, rsa.RSAPrivateKey)
        leaf = load_certificate(issued.certificate_pem)
        return cls(authority, at, key, leaf, stranger=Authority.create(at=at))

    def another(self, *, pass_type: str = PASS_TYPE, team: str = TEAM, days: int = 0, **more: Any):
        """A certificate for the same key: another pass type, team, or so many days earlier."""
        issued = (more.pop("authority", None) or self.authority).issue_pass_certificate(
            pass_type, team, at=self.at - timedelta(days=days), key=self.key, **more
        )
        return load_certificate(issued.certificate_pem)

    def old_intermediate(self) -> Authority:
        """The same authority with an intermediate that has run out, as Apple's G1 has."""
        made = self.authority.intermediate
        builder = (
            x509.CertificateBuilder()
            .subject_name(made.subject)
            .issuer_name(made.issuer)
            .public_key(made.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=900))
            .not_valid_after(self.at - timedelta(days=100))
        )
        for extension in made.extensions:
            builder = builder.add_extension(extension.value, critical=extension.critical)
        return Authority(
            root=self.authority.root,
            root_key=self.authority.root_key,
            intermediate=builder.sign(self.authority.root_key, SHA256()),
            intermediate_key=self.authority.intermediate_key,
        )

    def plain_certificate(self) -> x509.Certificate:
        """A certificate of the same intermediate that is for no pass."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A mail certificate")])
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.authority.intermediate.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=1))
            .not_valid_after(self.at + timedelta(days=99))
            .sign(self.authority.intermediate_key, SHA256())
        )

    def sign(
        self,
        data: bytes,
        *,
        leaf: x509.Certificate | None = None,
        intermediate: x509.Certificate | None = None,
        alone: bool = False,
        options: list[PKCS7Options] = DETACHED,
        signers: int = 1,
    ) -> bytes:
        """A signature by cryptography's builder."""
        builder = PKCS7SignatureBuilder().set_data(data)
        for _ in range(signers):
            builder = builder.add_signer(leaf or self.leaf, self.key, SHA256())
        if not alone:
            builder = builder.add_certificate(intermediate or self.authority.intermediate)
        return builder.sign(Encoding.DER, options)

    def sign_anew(
        self,
        data: bytes,
        *,
        without: Any = None,
        sha1: bool = False,
        forged: bool = False,
        named: str = "",
    ) -> bytes:
        """A signature with an attribute left out, over SHA-1, by another key, or misnamed."""
        info, _ = decoder.decode(self.sign(data), asn1Spec=rfc5652.ContentInfo())
        signed, _ = decoder.decode(info["content"], asn1Spec=rfc5652.SignedData())
        signer = signed["signerInfos"][0]
        if sha1:
            signed["digestAlgorithms"][0]["algorithm"] = _SHA1_OID
            signer["digestAlgorithm"]["algorithm"] = _SHA1_OID
            signer["signatureAlgorithm"]["algorithm"] = _SHA1_RSA_OID
        if named:
            signer["signatureAlgorithm"]["algorithm"] = named
        attributes = rfc5652.SignedAttributes()
        for each in signer["signedAttrs"]:
            if sha1 and each["attrType"] == rfc5652.id_messageDigest:
                digest = hashlib.sha1(data, usedforsecurity=False).digest()
                each["attrValues"][0] = encoder.encode(rfc5652.MessageDigest(digest))
            if each["attrType"] != without:
                attributes.append(each)
        signer["signedAttrs"].clear()
        signer["signedAttrs"].extend(attributes)
        key = self.authority.intermediate_key if forged else self.key
        algorithm = SHA1() if sha1 else SHA256()  # noqa: S303 - what is to be judged
        signature = key.sign(encoder.encode(attributes), padding.PKCS1v15(), algorithm)
        signer["signature"] = signature
        info["content"] = encoder.encode(signed)
        return bytes(encoder.encode(info))


def zipped(
    files: dict[str, bytes],
    *,
    compression: int = zipfile.ZIP_DEFLATED,
    folder: str = "",
    more: Callable[[zipfile.ZipFile], None] = lambda archive: None,
) -> bytes:
    """A zip file of these files as another program would write it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
        more(archive)
    return target.getvalue()


Change = Callable[[Draft], None]


@dataclass(frozen=True)
class Case:
    """One change of a good pass, and the ids of the rules that it breaks: none for a good one."""

    name: str
    rules: frozenset[str]
    change: Change

    def made(self, issuer: Issuer) -> bytes:
        """The .pkpass file."""
        draft = Draft(issuer)
        self.change(draft)
        return draft.made()


def cases(table: dict[str, tuple[str, Change]]) -> list[Case]:
    """Cases from a table of their names, the rules that each breaks, and the change."""
    return [Case(name, frozenset(rules.split()), change) for name, (rules, change) in table.items()]


def put(**values: Any) -> Change:
    """Set keys at the top of pass.json."""
    return lambda draft: draft.content.update(values)


def drop(*keys: str) -> Change:
    """Take keys away from the top of pass.json."""

    def change(draft: Draft) -> None:
        for key in keys:
            del draft.content[key]

    return change


def code(**values: Any) -> Change:
    """Change the barcode."""
    return lambda draft: draft.content["barcodes"][0].update(values)


def group(name: str, fields: Any) -> Change:
    """Set a group of fields of the card."""
    return lambda draft: draft.card.update({name: fields})


def reward(**values: Any) -> Change:
    """Set keys of the field in the middle of the card."""
    return lambda draft: draft.card["primaryFields"][0].update(values)


def files(**changes: bytes | None) -> Change:
    """Add files, or take them away, by name; `{"a": None}` is given as **{"a": None}."""

    def change(draft: Draft) -> None:
        for name, data in changes.items():
            if data is None:
                draft.files.pop(name)
            else:
                draft.files[name] = data

    return change


def signed(**how: Any) -> Change:
    """Sign in another way; certificates are given as functions of the issuer."""

    def sign(issuer: Issuer, data: bytes) -> bytes:
        made = {key: value(issuer) if callable(value) else value for key, value in how.items()}
        return issuer.sign(data, **made)

    return lambda draft: setattr(draft, "sign", sign)


def signed_anew(**how: Any) -> Change:
    """Sign with the attributes taken apart."""
    return lambda draft: setattr(draft, "sign", lambda issuer, data: issuer.sign_anew(data, **how))


def both(*changes: Change) -> Change:
    """One change after another."""

    def change(draft: Draft) -> None:
        for each in changes:
            each(draft)

    return change


def set_on_draft(**values: Any) -> Change:
    """Replace a step of the making of the package."""

    def change(draft: Draft) -> None:
        for name, value in values.items():
            setattr(draft, name, value)

    return change
