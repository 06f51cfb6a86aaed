"""Callbacks: what is believed, and everything that is not."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from googlewallet.callbacks import Callback, CallbackKeys, CallbackVerifier, signed_bytes
from googlewallet.errors import CallbackRefused
from googlewallet.throwaway import ISSUER_ID, Flaw, IssuerKeys

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MESSAGE = {
    "classId": f"{ISSUER_ID}.programme",
    "objectId": f"{ISSUER_ID}.card",
    "eventType": "save",
    "nonce": "abc",
    "count": 1,
}
KEYS = IssuerKeys.create()
Seal = Callable[..., bytes]


class Published(CallbackKeys):
    """The root key of `KEYS`, as if it had been fetched."""

    def __init__(self) -> None:
        """Fetches nothing."""

    def current(self) -> tuple[ec.EllipticCurvePublicKey, ...]:
        return (KEYS.root.public_key(),)

    newer = current


VERIFIER = CallbackVerifier(ISSUER_ID, Published(), lambda: AT)


def seal(flaw: Flaw | None = None, *, at: datetime = AT, **changes: Any) -> bytes:
    message = {name: value for name, value in {**MESSAGE, **changes}.items() if value is not None}
    return KEYS.seal(message, issuer_id=ISSUER_ID, at=at, flaw=flaw)


def reason_of(body: bytes) -> str:
    with pytest.raises(CallbackRefused) as caught:
        VERIFIER.verify(body)
    assert not caught.value.is_temporary
    return caught.value.code


def by_hand(*parts: bytes) -> bytes:
    """The bytes that are signed, as Google's page words it and not as our code does it."""
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


@pytest.mark.parametrize("event", ["save", "del"])
def test_a_genuine_callback_is_believed(event: str):
    until = AT + timedelta(minutes=5)
    told = VERIFIER.verify(
        seal(eventType=event, expTimeMillis=int(until.timestamp() * 1000), nonce="n-1")
    )
    assert told == Callback(
        event=event,
        class_id=MESSAGE["classId"],
        object_id=MESSAGE["objectId"],
        nonce="n-1",
        expires_at=until,
        count=1,
    )


def test_the_count_may_be_missing():
    assert VERIFIER.verify(seal(count=None)).count is None


def test_an_envelope_made_by_hand_after_googles_page_is_believed():
    spki = KEYS.intermediate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    later = str(int(AT.timestamp() + 60) * 1000)
    key = json.dumps({"keyExpiration": later, "keyValue": base64.b64encode(spki).decode()})
    message = json.dumps(
        {**MESSAGE, "nonce": "äö-✓", "expTimeMillis": int(later)}, ensure_ascii=False
    )
    sender, protocol = b"GooglePayPasses", b"ECv2SigningOnly"
    vouched = KEYS.root.sign(by_hand(sender, protocol, key.encode()), ec.ECDSA(hashes.SHA256()))
    signed = KEYS.intermediate.sign(
        by_hand(sender, ISSUER_ID.encode(), protocol, message.encode()), ec.ECDSA(hashes.SHA256())
    )
    body = {
        "protocolVersion": protocol.decode(),
        "signature": base64.b64encode(signed).decode(),
        "intermediateSigningKey": {
            "signedKey": key,
            "signatures": ["bm90aGluZw==", base64.b64encode(vouched).decode()],
        },
        "signedMessage": message,
    }
    assert VERIFIER.verify(json.dumps(body).encode()).nonce == "äö-✓"


def test_letters_beyond_ascii_are_counted_in_bytes():
    """Two letters of four bytes: counted as letters they would be signed under another length."""
    assert signed_bytes("äö") == by_hand("äö".encode())


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        (Flaw.NOT_JSON, "malformed"),
        (Flaw.PROTOCOL, "protocol"),
        (Flaw.ROOT_UNKNOWN, "intermediate_key"),
        (Flaw.INTERMEDIATE_CHANGED, "intermediate_key"),
        (Flaw.INTERMEDIATE_EXPIRED, "intermediate_expired"),
        (Flaw.SIGNATURE, "signature"),
        (Flaw.MESSAGE_CHANGED, "signature"),
        (Flaw.SENDER, "signature"),
        (Flaw.RECIPIENT, "signature"),
        (Flaw.MESSAGE_ISSUER, "issuer"),
        (Flaw.EXPIRED, "expired"),
        (Flaw.EVENT, "event"),
    ],
)
def test_each_flaw_is_refused_by_its_name(flaw: Flaw, code: str):
    assert reason_of(seal(flaw)) == code


def test_every_flaw_there_is_is_refused():
    assert all(reason_of(seal(flaw)) for flaw in Flaw)


def test_a_genuine_callback_for_another_issuer_is_refused():
    other = "9000000000000000002"
    message = {**MESSAGE, "classId": f"{other}.programme", "objectId": f"{other}.card"}
    body = KEYS.seal(message, issuer_id=other, at=AT)
    assert CallbackVerifier(other, Published(), lambda: AT).verify(body)
    assert reason_of(body) == "signature"


@pytest.mark.parametrize("name", ["classId", "objectId"])
@pytest.mark.parametrize("id", [f"1{ISSUER_ID}.a", f"{ISSUER_ID}1.a", ISSUER_ID, "a"])
def test_class_and_object_have_to_be_of_our_issuer(name: str, id: str):
    assert reason_of(seal(**{name: id})) == "issuer"


@pytest.mark.parametrize("name", ["classId", "objectId", "eventType", "nonce"])
@pytest.mark.parametrize("value", ["", 7, ["x"], "a\x00b", "\ud800"])
def test_a_message_without_its_words_is_refused(name: str, value: object):
    body = seal(**{name: value}) if value != "\ud800" else None
    if body is None:  # half a surrogate pair travels as an escape
        body = KEYS.seal({**MESSAGE, name: "@"}, issuer_id=ISSUER_ID, at=AT)
        body = _signed_again(body, lambda text: text.replace('"@"', r'"\ud800"'))
    assert reason_of(body) == "message"


def _signed_again(body: bytes, change: Callable[[str], str]) -> bytes:
    envelope = json.loads(body)
    message = change(envelope["signedMessage"])
    signed = by_hand(b"GooglePayPasses", ISSUER_ID.encode(), b"ECv2SigningOnly", message.encode())
    signature = KEYS.intermediate.sign(signed, ec.ECDSA(hashes.SHA256()))
    changed = {"signedMessage": message, "signature": base64.b64encode(signature).decode()}
    return json.dumps(envelope | changed).encode()


@pytest.mark.parametrize("text", ["[]", "null", "{", "[" * 10_000, ""])
def test_a_signed_message_that_is_no_object_is_refused(text: str):
    assert reason_of(_signed_again(seal(), lambda _: text)) == "message"


@pytest.mark.parametrize("until", ["soon", -1, True, 10**18, "9" * 300, 1.5, "٣", [1]])
def test_an_end_that_is_no_time_is_refused(until: object):
    assert reason_of(seal(expTimeMillis=until)) == "message"


def test_a_message_ends_to_the_millisecond():
    now = int(AT.timestamp() * 1000)
    assert reason_of(seal(expTimeMillis=now)) == "expired"
    assert VERIFIER.verify(seal(expTimeMillis=str(now + 1)))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("signature"),
        lambda body: body.pop("signedMessage"),
        lambda body: body.pop("intermediateSigningKey"),
        lambda body: body["intermediateSigningKey"].pop("signedKey"),
        lambda body: body["intermediateSigningKey"].pop("signatures"),
        lambda body: body["intermediateSigningKey"].update(signatures=7),
        lambda body: body["intermediateSigningKey"].update(signatures=[7]),
        lambda body: body["intermediateSigningKey"].update(signatures={"a": "b"}),
        lambda body: body.update(intermediateSigningKey=[]),
        lambda body: body.update(signature="not base64"),
        lambda body: body.update(signature="ä"),
        lambda body: body.update(signedMessage={"classId": "x"}),
        lambda body: body.update(signedMessage="\ud800"),
        lambda body: body.update(signedMessage=b"x".decode() * 40_000),
    ],
)
def test_an_envelope_that_lacks_a_part_is_refused(change: Callable[[dict[str, Any]], object]):
    body = json.loads(seal())
    change(body)
    assert reason_of(json.dumps(body).encode()) == "malformed"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"\xff\xff", b"[" * 30_000, b"{}", b'"x"'])
def test_what_is_no_envelope_is_refused(body: bytes):
    assert reason_of(body) == "malformed"


def test_an_intermediate_key_without_signatures_is_refused():
    body = json.loads(seal())
    body["intermediateSigningKey"]["signatures"] = []
    assert reason_of(json.dumps(body).encode()) == "intermediate_key"


def test_only_so_many_signatures_of_a_key_are_tried():
    body = json.loads(seal())
    (good,) = body["intermediateSigningKey"]["signatures"]
    body["intermediateSigningKey"]["signatures"] = ["bm90aGluZw=="] * 7 + [good]
    assert VERIFIER.verify(json.dumps(body).encode())
    body["intermediateSigningKey"]["signatures"].insert(0, "bm90aGluZw==")
    assert reason_of(json.dumps(body).encode()) == "intermediate_key"


@pytest.mark.parametrize(
    "key",
    [
        {"keyExpiration": "4000000000000"},
        {"keyValue": "AAAA", "keyExpiration": "4000000000000"},
        {"keyValue": None},
        [],
    ],
)
def test_a_signed_key_that_is_none_is_refused(key: object):
    text = json.dumps(key)
    signed = by_hand(b"GooglePayPasses", b"ECv2SigningOnly", text.encode())
    signature = base64.b64encode(KEYS.root.sign(signed, ec.ECDSA(hashes.SHA256()))).decode()
    body = json.loads(seal())
    body["intermediateSigningKey"] = {"signedKey": text, "signatures": [signature]}
    assert reason_of(json.dumps(body).encode()) == "intermediate_key"


SEALED = seal(nonce="n", expTimeMillis=int(AT.timestamp() * 1000) + 1)  # once: lengths differ


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_through_and_none_breaks_the_verifier(place: int, change: int):
    body = bytearray(SEALED)
    body[place] ^= change
    try:
        told = VERIFIER.verify(bytes(body))
    except CallbackRefused:
        return
    # White space between the parts may change, and the unused bits at an end of base64.
    assert told.nonce == "n"
    assert told.object_id == MESSAGE["objectId"]
