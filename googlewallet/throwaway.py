"""A service account and callback keys shaped like Google's, for tests and the sandbox.

Google knows none of them, and `is_throwaway` tells them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from googlewallet.credentials import ServiceAccount

ISSUER_ID = "9000000000000000001"
EMAIL = "wallet@leima-throw-away.invalid"


def load_or_create(folder: Path, *, token_uri: str) -> Path:
    """The service-account file kept in `folder`, made there (mode 0600) when there is none.

    Its key stays; its `token_uri` is written anew when it is another. Several processes may ask at
    once: all get the same key.

    Raises CredentialsError when the file there is damaged.
    """
    raise NotImplementedError


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
        raise NotImplementedError

    def public_json(self, *, at: datetime, valid: timedelta = timedelta(days=365)) -> bytes:
        """What the keys' address answers: the root key, good until `at` + `valid`."""
        raise NotImplementedError

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
        raise NotImplementedError
