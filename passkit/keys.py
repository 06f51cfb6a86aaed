"""A signing key that lives elsewhere: in a key management service, a security module, a program.

Apple asks nothing of where a key is kept (Wallet Passes, Building a Pass: sign the pass); what it
gives is checked here before it becomes part of a pass.
"""

from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from passkit.errors import CertificateError, KeyMismatch, UnreadableKey


class SigningKey(Protocol):
    """Signs with the RSA key of a pass certificate, wherever that key is.

    May be called from several threads at once. What it raises reaches whoever asked for the
    signature.
    """

    def sign(self, data: bytes) -> bytes:
        """The signature over `data` (about 100 bytes, not hashed yet): RSA, PKCS #1 v1.5, SHA-256.

        Services call it RSASSA_PKCS1_V1_5_SHA_256, PKCS #11 CKM_SHA256_RSA_PKCS.
        """


class OutsideKey(rsa.RSAPrivateKey):
    """A `SigningKey` in the place of one of cryptography's own; nothing but signing works."""

    def __init__(self, key: SigningKey, certificate: x509.Certificate) -> None:
        """Signs once, to see whether the key is the certificate's.

        Raises KeyMismatch when it is not, UnreadableKey for what has no `sign`, and
        CertificateError when the certificate is for a key of another kind than RSA.
        """
        if not callable(getattr(key, "sign", None)):
            raise UnreadableKey(
                f"The key is {_kind(key)}: give PEM as bytes, or an object with sign(data)."
            )
        public = certificate.public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise CertificateError(
                f"The certificate is for a {type(public).__name__}: a key kept elsewhere has to be"
                " an RSA key."
            )
        self._key, self._public = key, public
        self._sign(b"{}")

    @property
    def key_size(self) -> int:
        """In bits."""
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        """The certificate's own."""
        return self._public

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:  # noqa: ARG002 - cryptography's
        """As `SigningKey.sign`, whose padding and algorithm are the only ones asked for.

        Raises KeyMismatch for a signature that is not right, CertificateError for what is none.
        """
        return self._sign(bytes(data))

    def _sign(self, data: bytes) -> bytes:
        signature: object = self._key.sign(data)
        if not isinstance(signature, bytes):
            raise CertificateError(
                f"The key kept elsewhere gave {_kind(signature)}, not bytes: sign(data) returns the"
                " signature itself."
            )
        try:
            self._public.verify(signature, data, padding.PKCS1v15(), SHA256())
        except InvalidSignature as error:
            raise KeyMismatch(
                "The key kept elsewhere gave a signature that does not fit the certificate: it is"
                " another key, or it does not sign by RSA, PKCS #1 v1.5 and SHA-256."
            ) from error
        return signature

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("A key kept elsewhere only signs.")

    decrypt = private_numbers = private_bytes = _refuse

    def __copy__(self) -> "OutsideKey":
        return self

    def __deepcopy__(self, memo: object) -> "OutsideKey":
        return self


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
