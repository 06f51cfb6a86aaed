"""What a pass tells a reader that it is held to (Value Added Services).

It needs a pass certificate with Apple's NFC entitlement, and a reader that has the private key.

Apple: Wallet Passes, Pass.NFC.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from passkit.errors import ContentError
from passkit.values import flag, text

_MAX_BYTES = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class NFC:
    """The message for a reader and the key it is encrypted for.

    `message` has at most 64 bytes of UTF-8. `encryption_public_key` is a P-256 key as base64 of
    its DER (SubjectPublicKeyInfo), which is a PEM file without its first and last line. With
    `requires_authentication` each use asks for Face ID, Touch ID or the passcode; prohibit sharing
    as well, because older systems do not ask.

    Raises ContentError with a path such as `nfc.message`.
    """

    message: str
    encryption_public_key: str
    requires_authentication: bool = False

    def __post_init__(self) -> None:
        size = len(text(self.message, "nfc.message").encode())
        if size > _MAX_BYTES:
            raise ContentError(
                "nfc.message",
                f"has {size} bytes and Wallet cuts it off after {_MAX_BYTES}: shorten it.",
            )
        flag(self.requires_authentication, "nfc.requiresAuthentication")
        _check_key(text(self.encryption_public_key, "nfc.encryptionPublicKey"))

    def to_dict(self) -> dict[str, Any]:
        """The dictionary as it stands in pass.json."""
        written: dict[str, Any] = {
            "message": self.message,
            "encryptionPublicKey": self.encryption_public_key,
        }
        if self.requires_authentication:
            written["requiresAuthentication"] = True
        return written


def _check_key(written: str) -> None:
    path = "nfc.encryptionPublicKey"
    if "-----" in written or any(character.isspace() for character in written):
        raise ContentError(path, "leave out BEGIN and END and all line ends: base64 alone.")
    try:
        key = load_der_public_key(base64.b64decode(written, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise ContentError(
            path, "is no public key in base64 of DER (SubjectPublicKeyInfo)."
        ) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ContentError(path, "wants a key on the curve P-256 (secp256r1): make one of these.")
