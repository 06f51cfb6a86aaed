"""The detached signature over a manifest (RFC 5652, SignedData).

`built` is cryptography's own builder, which reads the system clock. `Splicer` takes one output
of it apart and afterwards replaces only what changes from manifest to manifest: the digest, the
signing time and the signature. It gives the same bytes for the same second, at any second wanted,
at hardly more than the price of the signature itself.
"""

import hashlib
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from passkit.certificates import PrivateKey

# Without Binary the builder would hash the manifest with other line ends than the file has.
_OPTIONS = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
_TIME_HEADER = bytes.fromhex("06092a864886f70d010905310f170d")  # signingTime, a UTCTime follows
_TIME_LENGTH = 13
_SIGNED_ATTRIBUTES = 0xA0
_SET = b"\x31"
_PROBE = b"{}"
_PADDING, _HASH = padding.PKCS1v15(), SHA256()


def built(
    content: bytes,
    *,
    certificate: x509.Certificate,
    key: PrivateKey,
    intermediate: x509.Certificate,
) -> bytes:
    """The signature as cryptography builds it, DER, with the system clock as its time."""
    return (
        PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(certificate, key, SHA256())
        .add_certificate(intermediate)
        .sign(Encoding.DER, _OPTIONS)
    )


class Splicer:
    """Signs with the fixed parts of a signature that was built once."""

    def __init__(self, signature: bytes, key: rsa.RSAPrivateKey) -> None:
        """Take apart the signature that `built` gave for the content `{}`.

        Raises ValueError when it is not laid out as expected.
        """
        digest = hashlib.sha256(_PROBE).digest()
        time = signature.index(_TIME_HEADER) + len(_TIME_HEADER)
        found = signature.index(digest, time)
        end = found + len(digest)
        # The signed attributes are one short-form value that ends with the digest.
        start = next(
            at
            for at in range(time, 0, -1)
            if signature[at] == _SIGNED_ATTRIBUTES and at + 2 + signature[at + 1] == end
        )
        last = len(signature) - key.key_size // 8
        self._key = key
        self._head = signature[:start]
        self._attributes = signature[start + 1 : time]
        self._between = signature[time + _TIME_LENGTH : found]
        self._tail = signature[end:last]
        self._check(signature, start=start, end=end, last=last)
        moment = signature[time : time + _TIME_LENGTH]
        if self._sign(_PROBE, moment) != signature:
            raise ValueError("The spliced signature differs from the one that was built.")

    def sign(self, content: bytes, *, at: datetime) -> bytes:
        """A detached signature over the content, DER, with `at` as its signing time."""
        at = at.astimezone(UTC)
        moment = (at.year % 100, at.month, at.day, at.hour, at.minute, at.second)
        return self._sign(content, b"%02d%02d%02d%02d%02d%02dZ" % moment)

    def _sign(self, content: bytes, moment: bytes) -> bytes:
        digest = hashlib.sha256(content).digest()
        attributes = b"".join((self._attributes, moment, self._between, digest))
        signature = self._key.sign(_SET + attributes, _PADDING, _HASH)
        return b"".join((self._head, b"\xa0", attributes, self._tail, signature))

    def _check(self, signature: bytes, *, start: int, end: int, last: int) -> None:
        try:
            self._key.public_key().verify(
                signature[last:], _SET + signature[start + 1 : end], _PADDING, _HASH
            )
        except InvalidSignature as error:
            raise ValueError("The signed attributes are not where they were expected.") from error
