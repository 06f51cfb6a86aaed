"""Verifying a detached signature over a manifest (RFC 5652), down to the root that is trusted."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyasn1.codec.ber import decoder as ber_decoder
from pyasn1.codec.ber import encoder as ber_encoder
from pyasn1.codec.der import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc5652

from passkit.certificates import is_issued_by, load_certificate
from passkit.errors import ReaderError, UnreadableCertificate

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
    "1.3.14.3.2.26": hashes.SHA1(),  # noqa: S303 - phones take it; the manifest's sums are SHA-1
}
# The algorithms that go with the hashes above, in their order; RSA may also be named alone.
_RSA = [f"1.2.840.113549.1.1.{number}" for number in (11, 12, 13, 5)]
_RSA_ALONE = "1.2.840.113549.1.1.1"
_ECDSA = [f"1.2.840.10045.4.{number}" for number in ("3.2", "3.3", "3.4", "1")]
_NO_PARAMETERS = (b"", b"\x05\x00")
_VERSION = 1  # of a SignedData over plain data, and of a signer named by issuer and serial number
_UNSOUND = (ValueError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)
_NOT_ASN1 = (PyAsn1Error, RecursionError)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_INDEFINITE = b"\x30\x80"  # how BER of unknown length starts, as Apple's own signing tools write it


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature that has been verified: who signed, by whom certified (if known), and when.

    `digest` is the name of the hash that was signed, such as `sha256`.
    """

    certificate: x509.Certificate
    intermediate: x509.Certificate | None
    signed_at: datetime
    digest: str


@dataclass(frozen=True, kw_only=True)
class Examined:
    """All that is wrong with a signature, and what could be read of it all the same."""

    faults: tuple[ReaderError, ...]
    certificate: x509.Certificate | None = None
    intermediate: x509.Certificate | None = None
    signed_at: datetime | None = None
    digest: str = ""


def verify(
    signature: bytes, content: bytes, *, root_pem: bytes | None, at: datetime | None = None
) -> Signature:
    """The signer of `content`, once everything about the signature holds.

    It has to be detached, by one signer, and with a signing time that lies within the dates of
    the certificates. With `root_pem` the certificates have to lead to that root, or to that very
    intermediate. With `at` they have to be valid then too, and the signature not from the future.
    Raises ReaderError.
    """
    found = examine(signature, content, root_pem=root_pem, at=at)
    for fault in found.faults:
        raise fault
    assert found.certificate is not None
    assert found.signed_at is not None
    return Signature(
        certificate=found.certificate,
        intermediate=found.intermediate,
        signed_at=found.signed_at,
        digest=found.digest,
    )


def examine(
    signature: bytes, content: bytes, *, root_pem: bytes | None, at: datetime | None = None
) -> Examined:
    """All that `verify` would raise, one after another, as far as the signature can be read."""
    try:
        return _examined(signature, content, root_pem, at)
    except ReaderError as error:
        return Examined(faults=(error,))
    except _NOT_ASN1:  # parts are read, and compared, as late as they are needed
        return Examined(faults=(_damaged("The signature is not DER as CMS wants it."),))


def _examined(
    signature: bytes, content: bytes, root_pem: bytes | None, at: datetime | None
) -> Examined:
    signature = _definite(signature)
    signed = _signed_data(signature)
    signer, bag = signed["signerInfos"][0], _certificates(signed, signature)
    leaf = _signing_certificate(signer, bag)
    attributes = _attributes(signer)
    algorithm = _hash_of(signer, leaf)
    signed_at = _signing_time(attributes)
    intermediate = next((each for each in bag if is_issued_by(leaf, each)), None)
    chain = [leaf] if intermediate is None else [leaf, intermediate]
    checks: list[Callable[[], None]] = [
        partial(_verify_detached, signed),
        partial(_verify_digest, attributes, algorithm, content),
        partial(_verify_attributes, signer, leaf, algorithm),
        partial(_verify_chain, chain, root_pem),
        partial(_verify_dates, chain, signed_at, at),
    ]
    return Examined(
        faults=tuple(fault for check in checks if (fault := _fault(check))),
        certificate=leaf,
        intermediate=intermediate,
        signed_at=signed_at,
        digest=algorithm.name,
    )


def _fault(check: Callable[[], None]) -> ReaderError | None:
    try:
        check()
    except ReaderError as error:
        return error
    return None


def _definite(signature: bytes) -> bytes:
    """The signature in DER, also when it came in BER of indefinite length."""
    if not signature.startswith(_INDEFINITE):
        return signature
    try:
        info, rest = ber_decoder.decode(signature, asn1Spec=rfc5652.ContentInfo())
        if rest or info["contentType"] != rfc5652.id_signedData:
            raise _damaged("The signature is not a CMS SignedData and nothing else.")
        signed, rest = ber_decoder.decode(info["content"], asn1Spec=rfc5652.SignedData())
        if rest:
            raise _damaged("The signature is not a CMS SignedData and nothing else.")
        info["content"] = encoder.encode(signed)
        return bytes(encoder.encode(info))
    except _NOT_ASN1 as error:
        raise _damaged("The signature is not CMS.") from error


def _damaged(message: str) -> ReaderError:
    return ReaderError(message, rule="signature-damaged", path="signature")


def _refused(rule: str, message: str) -> ReaderError:
    return ReaderError(message, rule=rule, path="signature")


def _signed_data(signature: bytes) -> Any:
    try:
        info, _ = decoder.decode(signature, asn1Spec=rfc5652.ContentInfo())
        if info["contentType"] != rfc5652.id_signedData or encoder.encode(info) != signature:
            raise _damaged("The signature is not a CMS SignedData and nothing else.")
        signed, rest = decoder.decode(info["content"], asn1Spec=rfc5652.SignedData())
    except _NOT_ASN1 as error:
        raise _damaged("The signature is not DER as CMS wants it.") from error
    if rest or signed["encapContentInfo"]["eContentType"] != rfc5652.id_data:
        raise _damaged("The signature is over something else than plain data.")
    if len(signed["signerInfos"]) != 1:
        raise _refused("signature-not-one-signer", "The signature has to have exactly one signer.")
    signer = signed["signerInfos"][0]
    if not signed["version"] == signer["version"] == _VERSION:
        raise _damaged("The signature is of an unknown version.")
    if not any(_is_same_digest(each, signer) for each in signed["digestAlgorithms"]):
        raise _damaged("The signature does not announce its digest.")
    return signed


def _is_same_digest(announced: Any, signer: Any) -> bool:
    """By name: with or without the empty parameters, libraries do both, also in one signature."""
    is_plain = _has_no_parameters(announced)
    return is_plain and announced["algorithm"] == signer["digestAlgorithm"]["algorithm"]


def _has_no_parameters(algorithm: Any) -> bool:
    parameters = algorithm["parameters"]
    return not parameters.isValue or parameters.asOctets() in _NO_PARAMETERS


def _verify_detached(signed: Any) -> None:
    if signed["encapContentInfo"]["eContent"].isValue:
        raise _refused(
            "signature-attached", "The signature holds the manifest: it has to be detached."
        )


def _verify_digest(
    attributes: dict[Any, Any], algorithm: hashes.HashAlgorithm, content: bytes
) -> None:
    if attributes[rfc5652.id_contentType] != rfc5652.id_data:
        raise _damaged("The signature is over something else than plain data.")
    signed = attributes[rfc5652.id_messageDigest].asOctets()
    if signed == hashlib.new(algorithm.name, content).digest():
        return
    if signed == hashlib.new(algorithm.name, content.replace(b"\n", b"\r\n")).digest():
        raise _refused(
            "signature-rewritten-line-ends",
            "The signature is over another manifest.json: one with CRLF line ends.",
        )
    raise _refused("signature-other-manifest", "The signature is over another manifest.json.")


def _certificates(signed: Any, signature: bytes) -> list[x509.Certificate]:
    """The certificates that came with the signature, each whole and readable."""
    found = []
    for choice in signed["certificates"]:
        if not choice["certificate"].isValue:
            continue
        serial = choice["certificate"]["tbsCertificate"]["serialNumber"]
        if serial <= 0 or len(choice["certificate"]["signature"]) % 8:
            raise _damaged("A certificate has an impossible serial number or signature.")
        try:
            certificate = x509.load_der_x509_certificate(encoder.encode(choice["certificate"]))
            # The parts are read lazily: a damaged one is to be found now.
            _ = certificate.public_key(), certificate.extensions
            _ = certificate.subject, certificate.issuer
        except (*_UNSOUND, PyAsn1Error) as error:
            raise _damaged("A certificate in the signature is damaged.") from error
        if certificate.public_bytes(Encoding.DER) not in signature:
            raise _damaged("A certificate in the signature is not DER.")
        found.append(certificate)
    return found


def _signing_certificate(signer: Any, bag: list[x509.Certificate]) -> x509.Certificate:
    named = signer["sid"]["issuerAndSerialNumber"]
    if not named.isValue:
        raise _damaged("The signer is not named by issuer and serial number.")
    issuer, serial = encoder.encode(named["issuer"]), int(named["serialNumber"])
    for each in bag:
        if each.serial_number == serial and each.issuer.public_bytes() == issuer:
            return each
    raise _refused(
        "signature-no-certificate", "The signature does not carry the certificate of its signer."
    )


def _attributes(signer: Any) -> dict[Any, Any]:
    specs = {
        rfc5652.id_contentType: rfc5652.ContentType(),
        rfc5652.id_messageDigest: rfc5652.MessageDigest(),
        rfc5652.id_signingTime: rfc5652.SigningTime(),
    }
    found: dict[Any, Any] = {}
    for attribute in signer["signedAttrs"]:
        kind, values = attribute["attrType"], attribute["attrValues"]
        if kind not in specs:
            continue
        if kind in found or len(values) != 1:
            raise _damaged("A signed attribute is given more than once.")
        found[kind], _ = _decoded(values[0], specs[kind])
    if missing := specs.keys() - found.keys():
        names = {
            rfc5652.id_contentType: "content type",
            rfc5652.id_messageDigest: "digest",
            rfc5652.id_signingTime: "signing time",
        }
        listed = ", ".join(sorted(names[each] for each in missing))
        rule = "signature-no-signing-time" if listed == "signing time" else "signature-bare"
        raise _refused(rule, f"The signature lacks: {listed}.")
    return found


def _decoded(value: Any, spec: Any) -> Any:
    try:
        return decoder.decode(value, asn1Spec=spec)
    except PyAsn1Error as error:
        raise _damaged("A signed attribute is damaged.") from error


def _hash_of(signer: Any, leaf: x509.Certificate) -> hashes.HashAlgorithm:
    """The digest, once it is strong enough and goes with the algorithm of the signature."""
    digest, signing = signer["digestAlgorithm"], signer["signatureAlgorithm"]
    name = str(digest["algorithm"])
    if name not in _HASHES:
        raise _refused(
            "signature-algorithm", f"The signature's digest ({name}) is none that passes use."
        )
    if isinstance(leaf.public_key(), rsa.RSAPublicKey):
        fitting = {_RSA_ALONE, _RSA[[*_HASHES].index(name)]}
    else:
        fitting = {_ECDSA[[*_HASHES].index(name)]}
    if str(signing["algorithm"]) not in fitting:
        raise _refused(
            "signature-algorithm",
            "The signature's algorithm goes neither with its key nor its digest.",
        )
    if not (_has_no_parameters(digest) and _has_no_parameters(signing)):
        raise _refused(
            "signature-algorithm", "The signature's algorithms have parameters of their own."
        )
    return _HASHES[name]


def _verify_attributes(
    signer: Any, leaf: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> None:
    # What is signed is the set of attributes under its own tag, not the tag it has in the file.
    attributes = rfc5652.SignedAttributes()
    attributes.extend(signer["signedAttrs"])
    # A set in DER is sorted, but some libraries (node-forge) sign it in the order of the file.
    covered = {encoder.encode(attributes), ber_encoder.encode(attributes)}
    if not any(
        _is_signed(each, signer["signature"].asOctets(), leaf, algorithm) for each in covered
    ):
        raise _refused(
            "signature-forged", "The signature was not made with the key of its certificate."
        )


def _is_signed(
    data: bytes, signature: bytes, leaf: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> bool:
    key = leaf.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(algorithm))
        else:
            raise _refused("signature-algorithm", "The signing key is neither RSA nor EC.")
    except InvalidSignature:
        return False
    return True


def _verify_chain(chain: list[x509.Certificate], root_pem: bytes | None) -> None:
    if root_pem is None:
        return
    try:
        root = load_certificate(root_pem)
    except UnreadableCertificate as error:
        raise _refused(
            "signature-not-trusted", "The root to trust is no certificate: give it as PEM."
        ) from error
    if len(chain) < 2:
        raise _refused(
            "signature-no-intermediate",
            "The signature does not carry the intermediate certificate.",
        )
    leads = chain[1] == root or is_issued_by(chain[1], root)
    if not _may_issue(chain[1]) or not leads:
        raise _refused("signature-not-trusted", "The certificates do not lead to the trusted root.")


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _signing_time(attributes: dict[Any, Any]) -> datetime:
    value = attributes[rfc5652.id_signingTime].getComponent()
    try:
        moment: datetime = value.asDateTime
    except (PyAsn1Error, ValueError) as error:
        raise _damaged("The signing time is not a time.") from error
    if moment.tzinfo is None:
        raise _damaged("The signing time has no time zone.")
    return moment.astimezone(UTC)


def _verify_dates(chain: list[x509.Certificate], signed_at: datetime, at: datetime | None) -> None:
    if at is not None and signed_at > at + _CLOCK_TOLERANCE:
        raise _refused(
            "signature-from-the-future",
            f"The signature is from the future: {signed_at:%Y-%m-%d %H:%M} UTC.",
        )
    for moment in (signed_at, at or signed_at):
        for each in chain:
            if not each.not_valid_before_utc <= moment <= each.not_valid_after_utc:
                rule = (
                    "intermediate-out-of-date"
                    if each is not chain[0]
                    else _late_or_early(each, moment)
                )
                raise _refused(
                    rule,
                    f"A certificate is not valid on {moment:%Y-%m-%d}:"
                    f" {each.subject.rfc4514_string()}.",
                )


def _late_or_early(certificate: x509.Certificate, moment: datetime) -> str:
    is_early = moment < certificate.not_valid_before_utc
    return "certificate-not-yet-valid" if is_early else "certificate-expired"
