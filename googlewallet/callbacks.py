"""Callbacks: Google tells that somebody saved or removed an object.

Google Wallet, Use callbacks: an ECv2SigningOnly envelope as of Google Pay, sender
GooglePayPasses. A callback is a hint that may come late, twice or never: ask `hasUsers` for the
truth.
"""

import base64
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from googlewallet.errors import ApiError, CallbackRefused
from googlewallet.transport import Transport

KEYS_URL = "https://pay.google.com/gp/m/issuer/keys"
PROTOCOL = "ECv2SigningOnly"
SENDER = "GooglePayPasses"
MOST_BYTES = 32_768  # a callback has about a thousand

_MOST_SIGNATURES = 8  # of one intermediate key that are tried
_LONGEST = timedelta(days=1)  # for keys, whatever Cache-Control says
_USUAL = timedelta(hours=1)  # when it says nothing
_LATEST = 253_402_300_799_000  # milliseconds: the end of the year 9999
_CONNECT_SECONDS, _READ_SECONDS = 3.0, 5.0  # Google waits for the callback's answer meanwhile
_DIGITS = re.compile(r"[0-9]{1,15}")
_MAX_AGE = re.compile(r"max-age=\"?([0-9]{1,9})")
_ECDSA = ec.ECDSA(SHA256())

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What Google told, proven to be for our issuer.

    The same `nonce` may come again until `expires_at`: then it has no effect, but is answered with
    200 as well. `count` is Google's, None when it sent none.
    """

    event: Literal["save", "del"]
    class_id: str
    object_id: str
    nonce: str
    expires_at: datetime
    count: int | None


class CallbackKeys:
    """Google's root keys for callbacks, fetched when needed. Safe to share between threads.

    Kept as long as Google's Cache-Control says, a day at most. When they cannot be fetched the
    last ones stay good for as long as they say themselves.
    """

    def __init__(
        self,
        *,
        url: str = KEYS_URL,
        now: Callable[[], datetime],
        refetch_seconds: float = 60.0,
    ) -> None:
        """`now` gives the time (aware); two fetches are `refetch_seconds` apart at least."""
        self._url, self._now = url, now
        self._pause = timedelta(seconds=refetch_seconds)
        self._transport = Transport(connect_seconds=_CONNECT_SECONDS, read_seconds=_READ_SECONDS)
        self._lock = threading.Lock()
        self._kept: tuple[_RootKey, ...] = ()
        self._fresh_until: datetime | None = None
        self._tried_at: datetime | None = None

    def current(self) -> tuple[ec.EllipticCurvePublicKey, ...]:
        """The keys that are good now.

        Raises CallbackRefused `keys_unavailable` (temporary) when there are none.
        """
        is_fresh = self._fresh_until is not None and self._now() < self._fresh_until
        return (self._good() if is_fresh else ()) or self.newer()

    def newer(self) -> tuple[ec.EllipticCurvePublicKey, ...]:
        """As `current`, after fetching anew unless that was done a moment ago."""
        self._fetch()
        good = self._good()
        if not good:
            raise CallbackRefused(
                "keys_unavailable",
                f"There are no root keys from {self._url} to check the callback with.",
                is_temporary=True,
            )
        return good

    def close(self) -> None:
        """Ends the connections."""
        self._transport.close()

    def _good(self) -> tuple[ec.EllipticCurvePublicKey, ...]:
        now = _now_milliseconds(self._now)
        return tuple(each.key for each in self._kept if each.until > now)

    def _fetch(self) -> None:
        # Who has keys already does not wait for the thread that fetches newer ones.
        if not self._lock.acquire(blocking=not self._kept):
            return
        try:
            now = self._now()
            if self._tried_at is None or abs(now - self._tried_at) >= self._pause:
                self._tried_at = now
                self._take(now)
        finally:
            self._lock.release()

    def _take(self, now: datetime) -> None:
        try:
            answer = self._transport.request("GET", self._url, data=None, headers={})
        except ApiError as error:
            _log.warning("google.callback_keys_not_fetched: %s", error)
            return
        keys = _root_keys(answer.data) if answer.status == 200 else ()
        if not keys:
            _log.warning("google.callback_keys_not_fetched: %s, no keys", answer.status)
            return
        self._kept, self._fresh_until = keys, now + _lifetime(answer.headers)


class CallbackVerifier:
    """Tells Google's callbacks for one issuer from all others. Safe to share between threads."""

    def __init__(self, issuer_id: str, keys: CallbackKeys, now: Callable[[], datetime]) -> None:
        """`issuer_id` is our own: a callback for another issuer is refused, however genuine."""
        self._issuer_id, self._keys, self._now = issuer_id, keys, now

    def verify(self, body: bytes) -> Callback:
        """What the body of a callback says, once everything about it is proven.

        Whether class and object are known and the nonce is new is the caller's to see.

        Raises CallbackRefused with one of these codes, in this order: `malformed`, `protocol`,
        `keys_unavailable` (temporary), `intermediate_key`, `intermediate_expired`, `signature`,
        `message`, `expired`, `issuer`, `event`.
        """
        envelope = _opened(body)
        if envelope.protocol != PROTOCOL:
            raise CallbackRefused("protocol", f"protocolVersion is not {PROTOCOL}.")
        key = self._intermediate_key(envelope)
        # Our own issuer id, not the one that the message names: else a genuine callback for
        # somebody else would do.
        signed = signed_bytes(SENDER, self._issuer_id, PROTOCOL, envelope.message)
        if not _is_signed(signed, envelope.signature, key):
            raise CallbackRefused(
                "signature", "The message is not signed for this issuer by the intermediate key."
            )
        return self._read(envelope.message)

    def _intermediate_key(self, envelope: "_Envelope") -> ec.EllipticCurvePublicKey:
        """The key in the envelope, once one of Google's root keys vouches for it."""
        if not _is_vouched(envelope, self._keys.current()) and not _is_vouched(
            envelope, self._keys.newer()
        ):
            raise CallbackRefused(
                "intermediate_key", "None of Google's root keys signed the intermediate key."
            )
        data = _object(envelope.signed_key, "intermediate_key")
        key, until = _public_key(data.get("keyValue")), _milliseconds(data.get("keyExpiration"))
        if key is None or until is None:
            raise CallbackRefused("intermediate_key", "The intermediate key cannot be read.")
        if until <= _now_milliseconds(self._now):
            raise CallbackRefused("intermediate_expired", "The intermediate key has expired.")
        return key

    def _read(self, text: str) -> Callback:
        data = _object(text, "message")
        class_id, object_id, event, nonce = (
            _word(data, name) for name in ("classId", "objectId", "eventType", "nonce")
        )
        until, count = _milliseconds(data.get("expTimeMillis")), data.get("count")
        if until is None:
            raise CallbackRefused("message", "expTimeMillis of the message is no time.")
        if until <= _now_milliseconds(self._now):
            raise CallbackRefused("expired", "The message has expired.")
        if not all(id.startswith(f"{self._issuer_id}.") for id in (class_id, object_id)):
            raise CallbackRefused("issuer", "The class or the object is of another issuer.")
        if event not in ("save", "del"):
            raise CallbackRefused("event", "eventType is neither save nor del.")
        return Callback(
            event="save" if event == "save" else "del",
            class_id=class_id,
            object_id=object_id,
            nonce=nonce,
            expires_at=datetime.fromtimestamp(until / 1000, UTC),
            count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        )


def signed_bytes(*parts: str) -> bytes:
    """What a signature is made over: each part after its length in bytes of UTF-8."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "little") + part for part in encoded)


class _Envelope(NamedTuple):
    protocol: object
    signature: bytes
    message: str
    signed_key: str
    key_signatures: tuple[bytes, ...]


def _opened(body: bytes) -> _Envelope:
    """The envelope as it came: nothing in it is believed yet."""
    if len(body) > MOST_BYTES:
        raise CallbackRefused("malformed", f"The body has more than {MOST_BYTES} bytes.")
    data = _object(body, "malformed")
    try:
        key, message = data["intermediateSigningKey"], data["signedMessage"]
        signed_key, signatures = key["signedKey"], key["signatures"]
        for text in (signed_key, message):
            text.encode()  # half a surrogate pair has no bytes that could have been signed
        return _Envelope(
            data.get("protocolVersion"),
            base64.b64decode(data["signature"], validate=True),
            message,
            signed_key,
            tuple(base64.b64decode(each, validate=True) for each in signatures[:_MOST_SIGNATURES]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CallbackRefused("malformed", "A part of the envelope is missing.") from error


def _is_vouched(envelope: _Envelope, roots: tuple[ec.EllipticCurvePublicKey, ...]) -> bool:
    signed = signed_bytes(SENDER, PROTOCOL, envelope.signed_key)
    return any(
        _is_signed(signed, signature, root)
        for root in roots
        for signature in envelope.key_signatures
    )


def _is_signed(data: bytes, signature: bytes, key: ec.EllipticCurvePublicKey) -> bool:
    try:
        key.verify(signature, data, _ECDSA)
    except InvalidSignature:
        return False
    return True


def _object(text: str | bytes, code: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CallbackRefused(code, "This is not JSON.") from error
    if not isinstance(data, dict):
        raise CallbackRefused(code, "This is not a JSON object.")
    return data


def _word(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise CallbackRefused("message", f"{name} of the message is missing.")
    return value


def _now_milliseconds(now: Callable[[], datetime]) -> float:
    return now().timestamp() * 1000


class _RootKey(NamedTuple):
    key: ec.EllipticCurvePublicKey
    until: int  # milliseconds since 1970


def _root_keys(content: bytes) -> tuple[_RootKey, ...]:
    """Those of our protocol; none when this is not a list of keys."""
    try:
        data = json.loads(content)
        entries = [dict(each) for each in data["keys"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    found = (
        (_public_key(each.get("keyValue")), _milliseconds(each.get("keyExpiration")))
        for each in entries
        if each.get("protocolVersion") == PROTOCOL
    )
    return tuple(_RootKey(key, until) for key, until in found if key and until is not None)


def _lifetime(headers: Mapping[str, str]) -> timedelta:
    """How long an answer may be kept (RFC 9111, 5.2.2 and 5.1)."""
    said = headers.get("cache-control", "").lower()
    if "no-store" in said or "no-cache" in said:
        return timedelta(0)
    found = _MAX_AGE.search(said)
    if found is None:
        return _USUAL
    age = headers.get("age", "")
    seconds = int(found[1]) - (int(age) if _DIGITS.fullmatch(age) else 0)
    return timedelta(seconds=min(max(seconds, 0), _LONGEST.total_seconds()))


def _public_key(text: object) -> ec.EllipticCurvePublicKey | None:
    """A P-256 key out of base64 of DER (SubjectPublicKeyInfo); None for anything else."""
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    return None


def _milliseconds(value: object) -> int | None:
    """A time in milliseconds since 1970, a number or a text of digits; None for anything else."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LATEST:
        return value
    return None
