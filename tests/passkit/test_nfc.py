"""What a pass tells a reader that it is held to."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from passkit import NFC, ContentError


def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """The public half as pass.json has it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = public(KEY)


def test_message_and_key_are_written(written):
    nfc = NFC(message="4711", encryption_public_key=PUBLIC)
    assert written(nfc=nfc)["nfc"] == {"message": "4711", "encryptionPublicKey": PUBLIC}


def test_authentication_is_asked_for_when_wanted():
    nfc = NFC(message="ä" * 32, encryption_public_key=PUBLIC, requires_authentication=True)
    assert nfc.to_dict()["requiresAuthentication"] is True


@pytest.mark.parametrize("message", ["x" * 65, "ä" * 33, ""])
def test_a_message_wallet_would_cut_off_is_refused(message):
    with pytest.raises(ContentError) as refusal:
        NFC(message=message, encryption_public_key=PUBLIC)
    assert refusal.value.path == "nfc.message"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not base64",
        "AAAA",
        PUBLIC[:-8],
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        f"{PUBLIC}\n",
        public(ec.generate_private_key(ec.SECP384R1())),
        public(rsa.generate_private_key(65537, 2048)),
    ],
)
def test_a_key_readers_cannot_use_is_refused(key):
    with pytest.raises(ContentError) as refusal:
        NFC(message="4711", encryption_public_key=key)
    assert refusal.value.path == "nfc.encryptionPublicKey"


def test_authentication_is_yes_or_no():
    with pytest.raises(ContentError) as refusal:
        NFC(message="4711", encryption_public_key=PUBLIC, requires_authentication="no")
    assert refusal.value.path == "nfc.requiresAuthentication"
