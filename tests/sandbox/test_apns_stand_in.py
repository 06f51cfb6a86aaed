"""The stand-in of Apple's push service answers as Apple documents it, to anybody's client."""

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import aioapns
import pycurl
import pytest
from aioapns.connection import APNsProductionClientProtocol, APNsTLSClientProtocol

from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import ApnsStandIn
from server.sandbox.faults import AnswerFault, Faults

TOPIC = "pass.test.leima.stand.in"
TOKEN = "c3" * 32
GONE = "d4" * 32
GONE_AT = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
Ask = Callable[..., tuple[int, dict[str, object], dict[str, str]]]


@pytest.fixture(scope="module")
def heard() -> list[tuple[str, str]]:
    return []


@pytest.fixture(scope="module")
def stand_in(authority: Authority, heard: list[tuple[str, str]]) -> Iterator[ApnsStandIn]:
    apns = ApnsStandIn(
        authority, at=clock.now(), on_push=lambda token, topic: heard.append((token, topic))
    )
    apns.tokens.add(TOKEN)
    apns.tokens.add(GONE)
    apns.tokens.retire(GONE, at=GONE_AT)
    apns.start()
    yield apns
    apns.stop()


@pytest.fixture
def apns(stand_in: ApnsStandIn) -> ApnsStandIn:
    stand_in.faults = Faults()
    return stand_in


@pytest.fixture(scope="module")
def identity(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pass certificate with its key, as one file."""
    issued = authority.issue_pass_certificate(TOPIC, "TEAMTEST01", at=clock.now())
    path = tmp_path_factory.mktemp("identity") / "identity.pem"
    path.write_bytes(issued.certificate_pem + issued.key_pem)
    return path


@pytest.fixture
def ask(apns: ApnsStandIn, authority: Authority, identity: Path) -> Iterator[Ask]:
    """Sends one request and gives status, body and headers."""
    curl = pycurl.Curl()

    def ask(
        path: str = f"/3/device/{TOKEN}", *headers: str, method: str = "POST", body: str = "{}"
    ) -> tuple[int, dict[str, object], dict[str, str]]:
        got: list[str] = []
        curl.setopt(pycurl.URL, apns.url + path)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_0)
        curl.setopt(pycurl.CAINFO_BLOB, authority.root_pem)
        curl.setopt(pycurl.SSLCERT, str(identity))
        curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.CUSTOMREQUEST, method)
        curl.setopt(pycurl.HTTPHEADER, list(headers))
        curl.setopt(pycurl.HEADERFUNCTION, lambda line: got.append(line.decode()))
        answer = curl.perform_rs()
        pairs = (line.strip().split(": ", 1) for line in got if ": " in line)
        return curl.getinfo(pycurl.RESPONSE_CODE), json.loads(answer or "{}"), dict(pairs)

    yield ask
    curl.close()


def send_with_aioapns(
    apns: ApnsStandIn, authority: Authority, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], aioapns.common.NotificationResult]:
    monkeypatch.setattr(APNsProductionClientProtocol, "APNS_SERVER", "127.0.0.1")
    monkeypatch.setattr(APNsTLSClientProtocol, "APNS_PORT", apns.port)
    context = ssl.create_default_context(cadata=authority.root_pem.decode())
    context.set_alpn_protocols(["h2"])

    async def send(token: str) -> aioapns.common.NotificationResult:
        client = aioapns.APNs(client_cert=str(identity), topic=TOPIC, ssl_context=context)
        try:
            request = aioapns.NotificationRequest(device_token=token, message={})
            return await client.send_notification(request)
        finally:
            for connection in client.pool.connections:
                connection.transport.abort()
            await asyncio.sleep(0.01)  # the loop lets go of the connection

    return lambda token: asyncio.run(send(token))


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [(TOKEN, "200", ""), (GONE, "410", "Unregistered"), ("e5" * 32, "400", "BadDeviceToken")],
)
def test_a_client_of_other_people_is_served(
    apns, authority, identity, monkeypatch, token: str, status: str, reason: str
):
    send = send_with_aioapns(apns, authority, identity, monkeypatch)
    result = send(token)
    assert (result.status, result.description or "") == (status, reason)


def test_a_push_is_echoed_recorded_and_handed_on(apns, ask: Ask, heard):
    apns_id = "0f0e0d0c-1111-2222-3333-444444444444"
    status, body, headers = ask(f"/3/device/{TOKEN}", f"apns-id: {apns_id}")
    assert (status, body, headers["apns-id"]) == (200, {}, apns_id)
    assert apns.pushes[-1].apns_id == apns_id
    assert heard[-1] == (TOKEN, TOPIC)


def test_an_id_is_made_when_the_client_sends_none(ask: Ask):
    first, second = (UUID(ask()[2]["apns-id"]) for _ in range(2))
    assert first != second


def test_an_unregistered_token_comes_with_its_time(ask: Ask):
    status, body, _ = ask(f"/3/device/{GONE}")
    assert status == 410
    assert body == {"reason": "Unregistered", "timestamp": int(GONE_AT.timestamp() * 1000)}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (["apns-topic: pass.other"], "TopicDisallowed"),
        (["apns-priority: 7"], "BadPriority"),
        (["apns-push-type: loud"], "InvalidPushType"),
        (["apns-expiration: soon"], "BadExpirationDate"),
        (["apns-id: 1"], "BadMessageId"),
    ],
)
def test_headers_are_read_as_apple_reads_them(ask: Ask, headers: list[str], reason: str):
    assert ask(f"/3/device/{TOKEN}", *headers)[:2] == (400, {"reason": reason})


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/3/device/", 400, "MissingDeviceToken"),
        ("/3/devices/x", 404, "BadPath"),
        ("/3/device/x/y", 404, "BadPath"),
        ("/3/device/not-a-token", 400, "BadDeviceToken"),
    ],
)
def test_the_path_leads_to_one_token(ask: Ask, path: str, status: int, reason: str):
    assert ask(path)[:2] == (status, {"reason": reason})


def test_only_post_pushes(ask: Ask):
    assert ask(method="PUT")[:2] == (405, {"reason": "MethodNotAllowed"})


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [("", 400, "PayloadEmpty"), ("x" * 4097, 413, "PayloadTooLarge")],
)
def test_the_payload_has_a_least_and_a_greatest_size(ask: Ask, body: str, status: int, reason: str):
    assert ask(body=body)[:2] == (status, {"reason": reason})


def test_a_client_without_a_certificate_is_turned_away(apns, authority: Authority):
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, apns.url)
    curl.setopt(pycurl.CAINFO_BLOB, authority.root_pem)
    with pytest.raises(pycurl.error, match="certificate required"):
        curl.perform_rs()
    curl.close()


def test_a_server_certificate_is_not_a_pass_certificate(apns, authority: Authority, ask: Ask):
    issued = authority.issue_server_certificate(["client.example"], at=clock.now())
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, f"{apns.url}/3/device/{TOKEN}")
    curl.setopt(pycurl.CAINFO_BLOB, authority.root_pem)
    curl.setopt(pycurl.SSLCERT_BLOB, issued.certificate_pem)
    curl.setopt(pycurl.SSLKEY_BLOB, issued.key_pem)
    with pytest.raises(pycurl.error):
        curl.perform_rs()
    curl.close()


def test_a_fault_is_used_up_and_then_the_truth_returns(apns, ask: Ask):
    apns.faults = Faults(answers=[AnswerFault(status=500, reason="InternalServerError", count=2)])
    assert [ask()[0] for _ in range(3)] == [500, 500, 200]
    assert apns.faults.answers == []


def test_a_fault_of_one_token_leaves_the_others_alone(apns, ask: Ask):
    fault = AnswerFault(status=429, reason="TooManyRequests", token="f6" * 32, count=None)
    apns.faults = Faults(answers=[fault])
    assert ask(f"/3/device/{'f6' * 32}")[0] == 429
    assert ask()[0] == 200


def test_a_taken_port_is_an_error(apns, authority: Authority):
    second = ApnsStandIn(authority, at=clock.now(), port=apns.port)
    with pytest.raises(OSError, match="in use"):
        second.start()
