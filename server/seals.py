"""Keyed digests: they prove a short secret without keeping it."""

import hashlib
import hmac
from uuid import UUID


def seal_pin(brand_id: UUID, pin: str, *, secret_key: str) -> str:
    """The seal of a PIN: the same for the same PIN in the same brand.

    Ten thousand PINs can be tried against any hash in a moment, so what protects them is the key,
    which is not in the database; and an equal seal is what lets the PIN name the person.
    """
    message = f"pin:{brand_id}:{pin}"
    return hmac.new(secret_key.encode(), message.encode(), hashlib.sha256).hexdigest()


def derive(secret_key: str, purpose: str) -> str:
    """A secret for one purpose: always the same for the same key."""
    return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()
