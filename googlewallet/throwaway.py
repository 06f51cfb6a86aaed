"""A service account and callback keys shaped like Google's, for tests and the sandbox.

Google knows none of them, and `is_throwaway` tells them apart.
"""

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from googlewallet.callbacks import PROTOCOL, SENDER, signed_bytes
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import CredentialsError

ISSUER_ID = "9000000000000000001"
EMAIL = "wallet@leima-throw-away.invalid"

_PROJECT = "leima-throw-away"
_FILE_NAME = "service-account.json"
_KEYS_NAME = "callback-keys.json"
_HOUR = timedelta(hours=1)


def load_or_create(folder: Path, *, token_uri: str) -> Path:
    """The service-account file kept in `folder`, made there (mode 0600) when there is none.

    Its key stays; its `token_uri` is written anew when it is another. Several processes may ask at
    once: all get the same key.

    Raises CredentialsError when the file there is damaged, or is not of this module.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / _FILE_NAME
    if not path.exists():
        _write(path, _new_account(token_uri), replace=False)
    kept = ServiceAccount.load(path)
    if not is_throwaway(kept):
        raise CredentialsError(f"{path} is no throw-away account: move it away, a new one is made.")
    if kept.token_uri != token_uri:
        _write(path, json.loads(path.read_bytes()) | {"token_uri": token_uri}, replace=True)
    return path


def is_throwaway(account: ServiceAccount) -> bool:
    """Whether this module made the account."""
    return account.email == EMAIL


class Flaw(StrEnum):
    """A way in which a callback may be wrong."""

    PROTOCOL = "protocol"  # protocolVersion is another, in the signed bytes too
    ROOT_UNKNOWN = "root_unknown"  # a root that nobody published signed the intermediate key
    INTERMEDIATE_CHANGED = "intermediate_changed"  # after the root signed it
    INTERMEDIATE_EXPIRED = "intermediate_expired"
    SIGNATURE = "signature"  # of bytes that say nothing
    MESSAGE_CHANGED = "message_changed"  # after it was signed
    SENDER = "sender"  # signed for another service of Google's
    RECIPIENT = "recipient"  # signed for another issuer; the message names ours
    MESSAGE_ISSUER = "message_issuer"  # signed for us; the message names another issuer's card
    EXPIRED = "expired"
    EVENT = "event"  # neither save nor del
    NOT_JSON = "not_json"


@dataclass(frozen=True, kw_only=True)
class IssuerKeys:
    """P-256 keys that sign callbacks as Google does: a root, and an intermediate below it."""

    root: ec.EllipticCurvePrivateKey
    intermediate: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls) -> "IssuerKeys":
        """New keys."""
        return cls(root=_new_curve_key(), intermediate=_new_curve_key())

    @classmethod
    def load_or_create(cls, folder: Path) -> "IssuerKeys":
        """The keys kept in `folder`, made there (mode 0600) when there are none.

        Raises CredentialsError when the file there is damaged.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _KEYS_NAME
        if not path.exists():
            made = cls.create()
            keys = {"root": _pem_of(made.root), "intermediate": _pem_of(made.intermediate)}
            _write(path, keys, replace=False)
        try:
            kept = json.loads(path.read_bytes())
            root, intermediate = (_curve_key(kept[name]) for name in ("root", "intermediate"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CredentialsError(f"{path} is damaged: delete it, new keys are made.") from error
        return cls(root=root, intermediate=intermediate)

    def public_json(self, *, at: datetime, valid: timedelta = timedelta(days=365)) -> bytes:
        """What the keys' address answers: the root key, good until `at` + `valid`."""
        key = {
            "keyValue": _public_text(self.root),
            "protocolVersion": PROTOCOL,
            "keyExpiration": str(_milliseconds(at + valid)),
        }
        return json.dumps({"keys": [key]}).encode()

    def seal(
        self,
        message: Mapping[str, Any],
        *,
        issuer_id: str,
        at: datetime,
        flaw: Flaw | None = None,
    ) -> bytes:
        """The body of a callback with this message (`classId`, `objectId`, `eventType` ...).

        `nonce` and `expTimeMillis` (an hour after `at`) are added when the message has none.
        """
        if flaw is Flaw.NOT_JSON:
            return b"not json"
        protocol = "ECv1" if flaw is Flaw.PROTOCOL else PROTOCOL
        sender = "GooglePay" if flaw is Flaw.SENDER else SENDER
        recipient = issuer_id + "0" if flaw is Flaw.RECIPIENT else issuer_id
        text = json.dumps(_message(message, at, flaw), ensure_ascii=False)
        signature = _sign(
            self.intermediate,
            b"nothing"
            if flaw is Flaw.SIGNATURE
            else signed_bytes(sender, recipient, protocol, text),
        )
        if flaw is Flaw.MESSAGE_CHANGED:
            text += " "
        envelope = {
            "signature": signature,
            "intermediateSigningKey": self._vouched(protocol, at, flaw),
            "protocolVersion": protocol,
            "signedMessage": text,
        }
        return json.dumps(envelope, ensure_ascii=False).encode()

    def _vouched(self, protocol: str, at: datetime, flaw: Flaw | None) -> dict[str, Any]:
        """The intermediate key with the root's signature."""
        until = at - _HOUR if flaw is Flaw.INTERMEDIATE_EXPIRED else at + timedelta(days=7)
        key = {
            "keyValue": _public_text(self.intermediate),
            "keyExpiration": str(_milliseconds(until)),
        }
        text = json.dumps(key)
        root = _new_curve_key() if flaw is Flaw.ROOT_UNKNOWN else self.root
        signature = _sign(root, signed_bytes(SENDER, protocol, text))
        if flaw is Flaw.INTERMEDIATE_CHANGED:
            text += " "
        return {"signedKey": text, "signatures": [signature]}


def _message(message: Mapping[str, Any], at: datetime, flaw: Flaw | None) -> dict[str, Any]:
    whole = {
        "nonce": secrets.token_hex(16),
        "expTimeMillis": _milliseconds(at + _HOUR),
        **message,
    }
    if flaw is Flaw.EXPIRED:
        whole["expTimeMillis"] = _milliseconds(at - _HOUR)
    if flaw is Flaw.EVENT:
        whole["eventType"] = "update"
    if flaw is Flaw.MESSAGE_ISSUER:
        whole |= {name: f"1{whole[name]}" for name in ("classId", "objectId")}
    return whole


def _new_account(token_uri: str) -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "project_id": _PROJECT,
        "private_key_id": secrets.token_hex(20),
        "private_key": _pem_of(key),
        "client_email": EMAIL,
        "client_id": str(secrets.randbelow(9 * 10**20) + 10**20),
        "token_uri": token_uri,
    }


def _new_curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _curve_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("no key of a curve")
    return key


def _public_text(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def _sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> str:
    return base64.b64encode(key.sign(data, ec.ECDSA(hashes.SHA256()))).decode()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _write(path: Path, data: Mapping[str, Any], *, replace: bool) -> None:
    """Put a whole file in place (mode 0600); without `replace`, another process's file wins."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".account")
    temporary = Path(name)
    with os.fdopen(handle, "w") as file:
        json.dump(data, file, indent=2)
    try:
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    except FileExistsError:
        pass  # another process was first; its account is as good
    finally:
        temporary.unlink(missing_ok=True)
