"""The push client against the stand-in of Apple's push service."""

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from passkit.apns import Failure, PushAnswer, PushClient, Verdict
from passkit.errors import PushError
from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import ApnsStandIn
from server.sandbox.faults import AnswerFault, Faults

TOPIC = "pass.test.leima.push"
TOKEN = "a1" * 32
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
Connect = Callable[..., PushClient]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(at=clock.now())


@pytest.fixture(scope="module")
def stand_in(authority: Authority) -> Iterator[ApnsStandIn]:
    apns = ApnsStandIn(authority, at=clock.now())
    apns.start()
    yield apns
    apns.stop()


@pytest.fixture
def apns(stand_in: ApnsStandIn) -> ApnsStandIn:
    stand_in.faults = Faults()
    stand_in.tokens.accept_any = False
    stand_in.tokens.add(TOKEN)
    stand_in.pushes.clear()
    stand_in.connection_count = 0
    return stand_in


@pytest.fixture(scope="module")
def issued(authority: Authority):
    return authority.issue_pass_certificate(TOPIC, "TEAMTEST01", at=clock.now())


@pytest.fixture
def connect(apns: ApnsStandIn, authority: Authority, issued) -> Iterator[Connect]:
    clients = []

    def connect(**changes: object) -> PushClient:
        settings = {
            "url": apns.url,
            "topic": TOPIC,
            "certificate_pem": issued.certificate_pem,
            "key_pem": issued.key_pem,
            "ca_pem": authority.root_pem,
            "now": lambda: NOW,
        }
        clients.append(PushClient(**{**settings, **changes}))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def push(client: PushClient, *tokens: str) -> list[PushAnswer]:
    answers: queue.Queue[PushAnswer] = queue.Queue()
    for token in tokens:
        client.push(token, answers.put)
    return [answers.get(timeout=60) for _ in tokens]


def push_one(client: PushClient, token: str = TOKEN) -> PushAnswer:
    return push(client, token)[0]


def make_tokens(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def test_a_push_is_accepted_and_carries_an_empty_object(apns: ApnsStandIn, connect: Connect):
    answer = push_one(connect())
    assert (answer.status, answer.verdict, answer.token) == (200, Verdict.ACCEPTED, TOKEN)
    taken = apns.pushes[-1]
    assert (taken.token, taken.topic, taken.body) == (TOKEN, TOPIC, b"{}")
    assert taken.apns_id == answer.apns_id


def test_an_unknown_token_is_dead(connect: Connect):
    answer = push_one(connect(), "ff" * 32)
    assert (answer.status, answer.reason) == (400, "BadDeviceToken")
    assert answer.verdict is Verdict.TOKEN_DEAD
    assert answer.token not in answer.detail


def test_a_refused_push_has_the_services_name_too(connect: Connect):
    client = connect()
    first, second = push_one(client, "ff" * 32), push_one(client)
    assert UUID(first.apns_id) != UUID(second.apns_id)


def test_a_push_that_nobody_answered_has_no_name(apns: ApnsStandIn, connect: Connect):
    apns.faults = Faults(silent_every=1)
    assert push_one(connect(timeout_seconds=0.2)).apns_id == ""


def test_an_unregistered_token_says_since_when(apns: ApnsStandIn, connect: Connect):
    gone_at = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    apns.tokens.add("dead" * 16)
    apns.tokens.retire("dead" * 16, at=gone_at)
    answer = push_one(connect(), "dead" * 16)
    assert (answer.status, answer.reason) == (410, "Unregistered")
    assert (answer.verdict, answer.unregistered_at) == (Verdict.TOKEN_DEAD, gone_at)


def test_too_many_requests_stop_one_token_only(apns: ApnsStandIn, connect: Connect):
    fault = AnswerFault(
        status=429, reason="TooManyRequests", token=TOKEN, count=None, retry_after_seconds=7
    )
    apns.faults = Faults(answers=[fault])
    apns.tokens.add("b2" * 32)
    client = connect()
    slow, other = push_one(client), push_one(client, "b2" * 32)
    assert (slow.verdict, slow.retry_after_seconds) == (Verdict.WAIT, 7)
    assert other.verdict is Verdict.ACCEPTED


def test_a_service_in_trouble_is_retried_and_recovers(apns: ApnsStandIn, connect: Connect):
    apns.faults = Faults(answers=[AnswerFault(status=503, reason="ServiceUnavailable")])
    client = connect()
    assert push_one(client).verdict is Verdict.RETRY
    assert push_one(client).verdict is Verdict.ACCEPTED


def test_many_pushes_share_one_connection(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    client = connect()
    answers = push(client, *make_tokens(700)) + push(client, *make_tokens(50))
    assert {answer.verdict for answer in answers} == {Verdict.ACCEPTED}
    assert apns.connection_count == 1
    assert {each.token for each in apns.pushes} == set(make_tokens(700))


def test_a_farewell_of_the_service_loses_no_push(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    apns.faults = Faults(goaway_every=150)
    answers = push(connect(), *make_tokens(600))
    assert {answer.verdict for answer in answers} <= {Verdict.ACCEPTED, Verdict.RETRY}
    assert sorted(answer.token for answer in answers) == make_tokens(600)
    assert apns.connection_count > 1


def test_a_connection_cut_without_a_word_is_opened_again(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    apns.faults = Faults(cut_every=100)
    client, due = connect(max_in_flight=20), make_tokens(500)
    for _ in range(500):
        answers = push(client, *due)
        due = [each.token for each in answers if each.verdict is Verdict.RETRY]
        if not due:
            break
    assert not due
    assert {each.token for each in apns.pushes} == set(make_tokens(500))


def test_an_idle_connection_closed_by_the_service_costs_nothing(
    apns: ApnsStandIn, connect: Connect
):
    client = connect()
    push_one(client)
    apns.close_connections()
    assert push_one(client).verdict is Verdict.ACCEPTED


def test_a_shrinking_stream_limit_is_obeyed(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    client = connect()
    push_one(client)
    apns.faults = Faults(max_streams=1)
    narrow = push(client, *make_tokens(60))
    apns.faults = Faults(max_streams=1000)
    wide = push(client, *make_tokens(60))
    assert {answer.verdict for answer in narrow + wide} == {Verdict.ACCEPTED}
    assert apns.connection_count == 1


def test_the_topic_of_another_certificate_halts(connect: Connect):
    answer = push_one(connect(topic="pass.test.other"))
    assert (answer.reason, answer.verdict) == ("TopicDisallowed", Verdict.HALT)


def test_a_certificate_of_another_authority_halts(apns: ApnsStandIn, connect: Connect):
    foreign = Authority.create(at=clock.now()).issue_pass_certificate(
        TOPIC, "TEAMTEST01", at=clock.now()
    )
    client = connect(certificate_pem=foreign.certificate_pem, key_pem=foreign.key_pem)
    answer = push_one(client)
    assert (answer.status, answer.verdict) == (0, Verdict.HALT)
    assert not apns.pushes


def test_a_service_of_another_authority_gets_no_push(apns: ApnsStandIn, connect: Connect):
    answer = push_one(connect(ca_pem=Authority.create(at=clock.now()).root_pem))
    assert (answer.status, answer.verdict) == (0, Verdict.HALT)
    assert not apns.pushes


def test_the_systems_authorities_do_not_vouch_for_the_stand_in(connect: Connect):
    assert push_one(connect(ca_pem=None)).verdict is Verdict.HALT


@pytest.mark.parametrize(
    "token", ["/../", "..", ".", "a/../../b", "x?y#z", "%2e%2e", "ä\ud800\n", "a b", "\0"]
)
def test_no_token_reaches_out_of_its_path(apns: ApnsStandIn, connect: Connect, token: str):
    answer = push_one(connect(), token)
    assert (answer.status, answer.reason) == (400, "BadDeviceToken")
    assert not apns.pushes


def test_a_strange_token_cannot_halt_the_others(apns: ApnsStandIn, connect: Connect):
    apns.faults = Faults(answers=[AnswerFault(status=404, reason="BadPath", count=2)])
    client = connect()
    assert push_one(client, "a/b").verdict is Verdict.TOKEN_DEAD
    assert push_one(client).verdict is Verdict.HALT


@pytest.mark.parametrize("token", ["", "f" * 5000])
def test_a_token_of_impossible_length_is_dead_at_once(connect: Connect, token: str):
    answer = push_one(connect(), token)
    assert (answer.status, answer.verdict) == (0, Verdict.TOKEN_DEAD)


def test_pushes_to_a_service_that_is_down_are_answered_together(connect: Connect):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answers = push(connect(url=f"https://127.0.0.1:{port}"), *make_tokens(300))
    assert {(answer.status, answer.verdict) for answer in answers} == {(0, Verdict.RETRY)}


def test_a_silent_service_times_out_and_is_left(apns: ApnsStandIn, connect: Connect):
    client = connect(timeout_seconds=0.2)
    apns.faults = Faults(delay_seconds=1)
    assert push_one(client).verdict is Verdict.RETRY
    apns.faults = Faults()
    assert push_one(client).verdict is Verdict.ACCEPTED
    assert apns.connection_count == 2


def test_a_server_without_http2_gets_no_push(connect: Connect, authority: Authority, tmp_path):
    issued = authority.issue_server_certificate(["127.0.0.1"], at=clock.now())
    file = tmp_path / "server.pem"
    file.write_bytes(issued.certificate_pem + issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_alpn_protocols(["http/1.1"])
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_hear, args=(server, context, heard))
        thread.start()
        answer = push_one(connect(url=f"https://127.0.0.1:{server.getsockname()[1]}"))
        thread.join()
    assert answer.status == 0
    assert not any(b"HTTP/1" in each for each in heard)


def _hear(server: socket.socket, context: ssl.SSLContext, heard: list[bytes]) -> None:
    accepted, _ = server.accept()
    try:
        with context.wrap_socket(accepted, server_side=True) as tls:
            tls.settimeout(5)
            heard.append(tls.recv(1000))
    except OSError:
        heard.append(b"")


def test_closing_answers_what_is_still_open(apns: ApnsStandIn, connect: Connect):
    apns.faults = Faults(delay_seconds=30)
    client, answers = connect(), queue.Queue()
    for _ in range(3):
        client.push(TOKEN, answers.put)
    client.close()
    assert {answers.get_nowait().verdict for _ in range(3)} == {Verdict.RETRY}
    with pytest.raises(PushError, match="closed"):
        client.push(TOKEN, answers.put)


def test_a_client_can_be_closed_from_its_own_thread(connect: Connect):
    client, done = connect(), threading.Event()

    def close(_: PushAnswer) -> None:
        client.close()
        done.set()

    client.push(TOKEN, close)
    assert done.wait(60)


def test_an_answer_may_lead_to_the_next_push(connect: Connect):
    client, last = connect(), queue.Queue()
    client.push(TOKEN, lambda _: client.push(TOKEN, last.put))
    assert last.get(timeout=60).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://x", "https://", "api.push.apple.com"])
def test_only_https_takes_pushes(connect: Connect, url: str):
    with pytest.raises(PushError, match="https") as refused:
        connect(url=url)
    assert refused.value.permanent


def test_a_system_without_root_certificates_is_told_at_once(
    connect: Connect, monkeypatch, tmp_path
):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    with pytest.raises(PushError, match="ca-certificates"):
        connect(ca_pem=None)


def test_a_proxy_of_the_environment_is_ignored(connect: Connect, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert push_one(connect()).verdict is Verdict.ACCEPTED


def test_a_push_that_was_reset_leaves_the_others_alone(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    client = connect()
    push_one(client)
    apns.faults = Faults(reset_every=10, reset_code="internal")
    answers = push(client, *make_tokens(50))
    failures = [answer.failure for answer in answers]
    assert (failures.count(None), failures.count(Failure.RESET)) == (45, 5)
    assert apns.connection_count == 1


def test_a_push_that_was_refused_unseen_is_made_again(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    apns.faults = Faults(reset_every=10)
    assert {answer.verdict for answer in push(connect(), *make_tokens(50))} == {Verdict.ACCEPTED}


def test_a_push_without_answer_does_not_hold_up_the_others(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    apns.faults = Faults(silent_every=5)
    client = connect(timeout_seconds=1)
    push_one(client)
    answers: queue.Queue[PushAnswer] = queue.Queue()
    for token in make_tokens(19):
        client.push(token, answers.put)
    soon = [answers.get(timeout=60) for _ in range(15)]
    assert {answer.verdict for answer in soon} == {Verdict.ACCEPTED}
    late = [answers.get(timeout=60) for _ in range(4)]
    assert {(answer.status, answer.verdict) for answer in late} == {(0, Verdict.RETRY)}


def test_what_can_wait_lets_others_go_first(apns: ApnsStandIn, connect: Connect):
    apns.tokens.accept_any = True
    apns.faults = Faults(max_streams=1, delay_seconds=0.02)
    client, answers = connect(), queue.Queue()
    for token in make_tokens(200):
        client.push(token, answers.put, can_wait=True)
    client.push("ff" * 32, answers.put)
    order = [answers.get(timeout=60).token for _ in range(201)]
    assert order.index("ff" * 32) < 60
    assert sorted(order) == [*make_tokens(200), "ff" * 32]


def test_a_queue_for_one_stream_is_no_silence(apns: ApnsStandIn, connect: Connect):
    """The last of these has waited for twice the time that a silent connection gets."""
    apns.tokens.accept_any = True
    client = connect(timeout_seconds=1)
    push_one(client)
    apns.faults = Faults(max_streams=1, delay_seconds=0.05)
    answers = push(client, *make_tokens(40))
    assert {answer.verdict for answer in answers} == {Verdict.ACCEPTED}


def test_how_to_push_is_the_callers_choice(apns: ApnsStandIn, connect: Connect):
    apns.faults = Faults(max_streams=999)
    push_one(connect(push_type="alert", priority=10, expiration_seconds=0))
    headers = apns.pushes[-1]._headers.rest
    told = [headers[f"apns-{name}"] for name in ("push-type", "priority", "expiration")]
    assert told == ["alert", "10", "0"]


def test_each_push_expires_so_long_after_it_is_made(apns: ApnsStandIn, connect: Connect):
    now = [NOW]
    client = connect(now=lambda: now[0], expiration_seconds=60)
    for seconds in (0, 5, 7200):
        now[0] = NOW + timedelta(seconds=seconds)
        push_one(client)
        expires_at = int(apns.pushes[-1]._headers.rest["apns-expiration"])
        assert expires_at == int(NOW.timestamp()) + seconds + 60


def test_a_push_says_no_more_than_the_service_reads(apns: ApnsStandIn, connect: Connect):
    push_one(connect())
    told = {name for name in apns.pushes[-1]._headers.rest if not name.startswith(":")}
    assert told - {"content-length"} == {
        "apns-topic", "apns-push-type", "apns-priority", "apns-expiration"
    }  # fmt: skip
