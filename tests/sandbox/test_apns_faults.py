"""What goes wrong at the push service's stand-in, as clients of other people meet it."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aioapns
import pytest
from aioapns.connection import APNsProductionClientProtocol, APNsTLSClientProtocol
from pydantic import ValidationError

from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import ApnsStandIn
from server.sandbox.faults import STATUS_OF, AnswerFault, Faults

TOPIC = "pass.test.leima.faults"
TOKENS = [f"{number:064x}" for number in range(40)]
Results = list[aioapns.common.NotificationResult | None]
Send = Callable[..., Results]


@pytest.fixture(scope="module")
def stand_in(authority: Authority) -> Iterator[ApnsStandIn]:
    apns = ApnsStandIn(authority, at=clock.now())
    for token in TOKENS:
        apns.tokens.add(token)
    apns.start()
    yield apns
    apns.stop()


@pytest.fixture
def apns(stand_in: ApnsStandIn) -> ApnsStandIn:
    stand_in.faults = Faults()
    stand_in.connection_count = 0
    stand_in.pushes.clear()
    return stand_in


@pytest.fixture
def send(apns: ApnsStandIn, authority: Authority, tmp_path: Path, monkeypatch) -> Send:
    """Pushes to each token with aioapns, one by one or `at_once`; None is a push without answer."""
    issued = authority.issue_pass_certificate(TOPIC, "TEAMTEST01", at=clock.now())
    identity = tmp_path / "identity.pem"
    identity.write_bytes(issued.certificate_pem + issued.key_pem)
    monkeypatch.setattr(APNsProductionClientProtocol, "APNS_SERVER", "127.0.0.1")
    monkeypatch.setattr(APNsTLSClientProtocol, "APNS_PORT", apns.port)
    context = ssl.create_default_context(cadata=authority.root_pem.decode())
    context.set_alpn_protocols(["h2"])

    async def all_of(tokens: list[str], at_once: bool) -> Results:
        client = aioapns.APNs(
            client_cert=str(identity), topic=TOPIC, ssl_context=context, max_connections=1
        )

        async def one(token: str) -> aioapns.common.NotificationResult | None:
            request = aioapns.NotificationRequest(device_token=token, message={})
            try:
                return await asyncio.wait_for(client.send_notification(request), 1.5)
            except TimeoutError:
                return None

        try:
            if at_once:
                return list(await asyncio.gather(*(one(token) for token in tokens)))
            return [await one(token) for token in tokens]
        finally:
            for connection in client.pool.connections:
                connection.transport.abort()
            await asyncio.sleep(0.01)

    return lambda tokens, at_once=False: asyncio.run(all_of(tokens, at_once))


def statuses(results: Results) -> list[str]:
    return [result.status if result else "none" for result in results]


def test_every_documented_answer_can_be_had(apns, send: Send):
    apns.faults = Faults(
        answers=[AnswerFault(reason=reason, token=token) for reason, token in pairs()]
    )
    results = send([token for _, token in pairs()])
    told = {result.description: result.status for result in results if result}
    assert told == {reason: str(status) for reason, status in STATUS_OF.items()}


def pairs() -> list[tuple[str, str]]:
    return list(zip(STATUS_OF, TOKENS, strict=False))


def test_a_reason_that_is_none_needs_a_status():
    with pytest.raises(ValidationError, match="none of Apple's"):
        AnswerFault(reason="Tired")
    assert AnswerFault(reason="Tired", status=555).status == 555


def test_a_fault_may_meet_every_so_manieth_push(apns, send: Send):
    apns.faults = Faults(answers=[AnswerFault(reason="Shutdown", every=3, count=2)])
    assert statuses(send(TOKENS[:10])) == ["200", "200", "503"] * 2 + ["200"] * 4


def test_too_many_to_one_token_are_refused_and_others_are_not(apns, send: Send):
    apns.faults = Faults(pushes_per_token=2)
    assert statuses(send([TOKENS[0]] * 3 + [TOKENS[1]])) == ["200", "200", "429", "200"]


def test_a_tokens_window_passes(apns, send: Send):
    apns.faults = Faults(pushes_per_token=1, token_window_seconds=0.05)
    assert statuses(send([TOKENS[0]])) == ["200"]
    time.sleep(0.1)
    assert statuses(send([TOKENS[0]])) == ["200"]


def test_refusals_end_the_connection_and_410_is_none(apns, send: Send):
    bad = AnswerFault(reason="BadDeviceToken", count=2)
    apns.faults = Faults(close_after_refusals=2, answers=[bad])
    assert statuses(send(TOKENS[:3])) == ["400", "400", "200"]
    assert apns.connection_count == 2
    gone = AnswerFault(reason="Unregistered", count=2)
    apns.faults, apns.connection_count = Faults(close_after_refusals=2, answers=[gone]), 0
    assert statuses(send(TOKENS[:3])) == ["410", "410", "200"]
    assert apns.connection_count == 1


def test_a_goodbye_leaves_that_push_undone(apns, send: Send):
    apns.faults = Faults(goaway_every=2)
    results = send(TOKENS[:2])
    assert statuses(results)[0] == "200"
    assert TOKENS[0] in [push.token for push in apns.pushes]
    assert apns.answers["200"] >= 1
    assert apns.connection_count >= 1


def test_a_silent_push_was_taken(apns, send: Send):
    apns.faults = Faults(silent_every=2)
    assert statuses(send(TOKENS[:3])) == ["200", "none", "200"]
    assert [push.token for push in apns.pushes] == TOKENS[:3]


def test_a_slow_service_answers_so_many_a_second(apns, send: Send):
    apns.faults = Faults(answers_per_second=20)
    began = time.monotonic()
    assert statuses(send(TOKENS[:8], at_once=True)) == ["200"] * 8
    assert time.monotonic() - began >= 7 / 20


def test_the_default_is_a_healthy_service(apns):
    assert not Faults().concern_connections
    assert Faults(delay_seconds=1).concern_connections
    assert not Faults(answers=[AnswerFault(reason="Shutdown")]).concern_connections
