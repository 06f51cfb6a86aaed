"""The root keys of callbacks: fetched, kept, and fetched again."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from googlewallet.callbacks import CallbackKeys, CallbackVerifier
from googlewallet.errors import CallbackRefused
from googlewallet.throwaway import ISSUER_ID, IssuerKeys
from tests.conftest import FakeClock
from tests.googlewallet.local_google import LocalGoogle

MESSAGE = {
    "classId": f"{ISSUER_ID}.programme",
    "objectId": f"{ISSUER_ID}.card",
    "eventType": "save",
}


@pytest.fixture
def keys(google: LocalGoogle, clock: FakeClock) -> Iterator[CallbackKeys]:
    keys = CallbackKeys(url=f"{google.url}/keys", now=clock)
    yield keys
    keys.close()


@pytest.fixture
def publish(google: LocalGoogle, clock: FakeClock) -> Callable[..., None]:
    """What the next fetch gets."""

    def publish(issuer: IssuerKeys, *, cache: str = "max-age=600", **more: object) -> None:
        body = issuer.public_json(at=clock.at, **more)
        google.reply(200, body, headers={"Cache-Control": cache} if cache else {})

    return publish


@pytest.fixture(scope="module")
def issuer() -> IssuerKeys:
    return IssuerKeys.create()


@pytest.fixture(scope="module")
def other() -> IssuerKeys:
    return IssuerKeys.create()


def of_curve(curve: ec.EllipticCurve) -> str:
    der = (
        ec.generate_private_key(curve)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(der).decode()


def is_of(keys: tuple[ec.EllipticCurvePublicKey, ...], issuer: IssuerKeys) -> bool:
    return keys == (issuer.root.public_key(),)


@pytest.mark.parametrize(
    ("cache", "seconds"),
    [
        ("public, max-age=600", 600),
        ("", 3600),
        ("public", 3600),
        ("max-age=31536000", 86_400),
        ("max-age=60", 60),
    ],
)
def test_keys_are_kept_as_long_as_google_says_a_day_at_most(
    keys, publish, google, clock, issuer, other, cache, seconds
):
    publish(issuer, cache=cache)
    publish(other)
    assert is_of(keys.current(), issuer)
    clock.move(seconds=seconds - 1)
    assert is_of(keys.current(), issuer)
    clock.move(seconds=1)
    assert is_of(keys.current(), other)
    assert [asked.path for asked in google.asked] == ["/keys"] * 2


@pytest.mark.parametrize("cache", ["no-store", "no-cache, max-age=600", "max-age=0"])
def test_keys_not_to_be_kept_are_asked_for_once_a_minute_all_the_same(
    keys, publish, google, clock, issuer, cache
):
    publish(issuer, cache=cache)
    for _ in range(3):
        assert is_of(keys.current(), issuer)
    assert len(google.asked) == 1
    clock.move(seconds=60)
    publish(issuer, cache=cache)
    assert is_of(keys.current(), issuer)
    assert len(google.asked) == 2


def test_keys_that_a_cache_kept_for_longer_than_all_calendars_are_good(keys, google, clock, issuer):
    old = {"Cache-Control": "max-age=600", "Age": "9" * 15}
    google.reply(200, issuer.public_json(at=clock.at), headers=old)
    assert is_of(keys.current(), issuer)


def test_the_time_that_a_cache_kept_them_counts(keys, google, clock, issuer, other):
    old = {"Cache-Control": "max-age=600", "Age": "500"}
    google.reply(200, issuer.public_json(at=clock.at), headers=old)
    google.reply(200, other.public_json(at=clock.at))
    assert is_of(keys.current(), issuer)
    clock.move(seconds=100)
    assert is_of(keys.current(), other)


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, b""), (200, b"<html>"), (200, {"keys": []}), (200, {"keys": [1]}), (302, b"")],
)
def test_keys_that_cannot_be_fetched_leave_the_last_ones_good(
    keys, publish, google, clock, issuer, other, status, body, caplog
):
    publish(issuer)
    assert is_of(keys.current(), issuer)
    clock.move(days=30)
    google.reply(status, body)
    assert is_of(keys.current(), issuer)
    assert is_of(keys.current(), issuer)
    assert len(google.asked) == 2
    assert caplog.text.count("callback_keys_not_fetched") == 1
    clock.move(seconds=60)
    publish(other)
    assert is_of(keys.current(), other)


def test_a_root_key_is_good_until_it_says_it_ends_and_no_longer(
    keys, publish, google, clock, issuer
):
    publish(issuer, valid=timedelta(days=2), cache="max-age=1")
    assert is_of(keys.current(), issuer)
    clock.move(days=2)
    google.reply(503)
    with pytest.raises(CallbackRefused) as caught:
        keys.current()
    assert (caught.value.code, caught.value.is_temporary) == ("keys_unavailable", True)


def test_without_any_keys_a_callback_may_come_again_later(keys, publish, google, clock, issuer):
    google.reply(is_cut=True)
    for _ in range(2):
        with pytest.raises(CallbackRefused) as caught:
            keys.current()
        assert caught.value.is_temporary
    assert len(google.asked) == 1
    clock.move(seconds=60)
    publish(issuer)
    assert is_of(keys.current(), issuer)


@pytest.mark.parametrize(
    "change",
    [
        {"protocolVersion": "ECv1"},
        {"protocolVersion": None},
        {"keyExpiration": None},
        {"keyExpiration": "soon"},
        {"keyExpiration": "1"},
        {"keyValue": "AAAA"},
        {"keyValue": None},
        {"keyValue": of_curve(ec.SECP384R1())},
        {"keyValue": of_curve(ec.SECP256K1())},
    ],
)
def test_a_root_key_of_another_sort_is_not_used(keys, google, clock, issuer, other, change):
    (good,) = json.loads(issuer.public_json(at=clock.at))["keys"]
    (bad,) = json.loads(other.public_json(at=clock.at))["keys"]
    google.reply(200, {"keys": [bad | change, good]})
    assert is_of(keys.current(), issuer)


def test_new_root_keys_are_fetched_when_the_known_ones_do_not_fit(
    keys, publish, google, clock, issuer, other
):
    verifier = CallbackVerifier(ISSUER_ID, keys, clock)
    publish(issuer)
    assert verifier.verify(issuer.seal(MESSAGE, issuer_id=ISSUER_ID, at=clock.at))
    clock.move(seconds=60)
    publish(other)
    assert verifier.verify(other.seal(MESSAGE, issuer_id=ISSUER_ID, at=clock.at))
    assert len(google.asked) == 2


def test_forged_callbacks_have_nothing_fetched_more_than_once_a_minute(
    keys, publish, google, clock, issuer, other
):
    verifier = CallbackVerifier(ISSUER_ID, keys, clock)
    publish(issuer)
    forged = other.seal(MESSAGE, issuer_id=ISSUER_ID, at=clock.at)
    for _ in range(5):
        with pytest.raises(CallbackRefused, match="root keys"):
            verifier.verify(forged)
    assert len(google.asked) == 1


def test_nobody_who_has_keys_waits_for_newer_ones(keys, publish, google, clock, issuer):
    publish(issuer, cache="max-age=60")
    assert is_of(keys.current(), issuer)
    assert google.arrived.acquire(timeout=30)
    clock.move(seconds=60)
    publish(issuer)
    google.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(keys.current)
        assert google.arrived.acquire(timeout=30)
        assert is_of(keys.current(), issuer)
        assert not slow.done()
        google.gate.set()
        assert is_of(slow.result(), issuer)


def test_threads_that_start_together_fetch_once(keys, publish, google, issuer):
    publish(issuer)
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(keys.current) for _ in range(8)]
        assert all(is_of(each.result(), issuer) for each in found)
    assert len(google.asked) == 1
