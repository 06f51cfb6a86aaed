"""The public address is tried as a phone would, against servers that get it wrong."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from passkit.throwaway import Authority
from server import outside
from server.app import create_app

PASS_TYPE = "pass.test.leima.card"
NOW = datetime.now(UTC)


class Front:
    """A web server in front of /v1/ that answers what it is told to."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(front.date, usegmt=True)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        front = self
        self.date = NOW
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def front() -> Iterator[Callable[..., Front]]:
    fronts = []

    def make(answer) -> Front:
        fronts.append(Front(answer))
        return fronts[-1]

    yield make
    for each in fronts:
        each.server.shutdown()
        each.server.server_close()


def say(status: int, body: bytes = b"", **headers: str):
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def like_leima(request: BaseHTTPRequestHandler, *, drops: str = "", **headers: str) -> None:
    """What the service answers, with a header lost on the way."""
    is_fetch = request.path.startswith("/v1/passes")
    code = b"authorization_missing" if drops == "Authorization" else b"pass_not_opened"
    given = {} if drops == "Cache-Control" else {"Cache_Control": "private, no-store"}
    say(401, code, **given)(request) if is_fetch else say(204, **given)(request)


def found(url: str, *, at: datetime = NOW, **options: object):
    checks = outside.try_address(url, at=at, pass_type=PASS_TYPE, **options)
    return {check.name: check for check in checks}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (say(301, Location="https://www.example.com/v1/"), "redirected"),
        (say(308, Location="/v1//"), "redirected"),
        (say(403, b"Forbidden"), "turns phones away"),
        (say(200, b"<title>Just a moment...</title>"), "turns phones away"),
        (say(429), "turns phones away"),
        (say(401), "wants a sign-in"),
        (say(404, b"nginx"), "not found"),
        (say(502), "Leima does not"),
        (say(200, b"<h1>It works!</h1>"), "not Leima's"),
        (lambda request: like_leima(request, drops="Authorization"), "Authorization header"),
    ],
)
def test_whatever_stands_in_the_way_is_named(front, answer, words):
    check = found(front(answer).url)["reachable"]
    assert (check.level, words in check.says, bool(check.do)) == ("fail", True, True)


def test_leima_itself_is_as_phones_need_it(services, house):
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        checks = found(f"http://127.0.0.1:{server.port}", at=datetime.now(UTC))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [(check.name, check.level) for check in checks.values()] == [("reachable", "ok")]


def test_a_lost_cache_control_is_minded(front):
    assert (
        found(front(lambda r: like_leima(r, drops="Cache-Control")).url)["caching"].level == "warn"
    )


def test_clocks_that_differ_are_minded(front):
    place = front(like_leima)
    assert "skew" not in found(place.url)
    place.date = NOW - timedelta(minutes=7)
    assert "420 s" in found(place.url)["skew"].says


def test_an_address_nobody_listens_at_is_told_so():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert "cannot be reached" in found(url)["reachable"].says


def test_a_server_that_never_answers_costs_its_time_limit_only(front, monkeypatch):
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", 0.2)
    release = threading.Event()
    place = front(lambda _: release.wait(30))
    began = time.monotonic()
    assert found(place.url)["reachable"].level == "fail"
    release.set()
    assert time.monotonic() - began < 5


def test_a_server_that_answers_drop_by_drop_does_not_hold_us(front, monkeypatch):
    monkeypatch.setattr(outside, "LONGEST_SECONDS", 0.3)

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"x" * 1024)
            request.wfile.flush()
            if request.server._BaseServer__shutdown_request:
                return
            time.sleep(0.05)

    began = time.monotonic()
    assert found(front(drip).url)["reachable"].level == "fail"
    assert time.monotonic() - began < 10


class Secure:
    """A TLS server with a certificate of its own choice."""

    def __init__(self, folder: Path, authority: Authority, *names: str, **issue: object) -> None:
        issued = authority.issue_server_certificate(names, **issue)
        (folder / "tls.pem").write_bytes(issued.certificate_pem + issued.key_pem)
        (folder / "root.pem").write_bytes(authority.root_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem")
        front = Front(like_leima)
        front.server.socket = context.wrap_socket(front.server.socket, server_side=True)
        self.server, self.url = front.server, front.url.replace("http:", "https:")
        self.root = str(folder / "root.pem")


@pytest.fixture
def secure(tmp_path) -> Iterator[Callable[..., Secure]]:
    made = []

    def make(*names: str, at: datetime = NOW) -> Secure:
        authority = Authority.create(at=min(at, NOW) - timedelta(days=1))
        made.append(Secure(tmp_path, authority, *names, at=at))
        return made[-1]

    yield make
    for each in made:
        each.server.shutdown()
        each.server.server_close()


def test_a_right_certificate_is_told_with_its_end(secure):
    place = secure("127.0.0.1")
    checks = found(place.url, ca_file=place.root)
    assert [check.level for check in checks.values()] == ["ok", "ok"]
    assert "chain and name are right" in checks["https"].says


@pytest.mark.parametrize(
    ("names", "age", "is_trusted", "words"),
    [
        (["cards.example.com"], 0, True, "another name"),
        (["127.0.0.1"], 0, False, "whole chain"),
        (["127.0.0.1"], 3000, True, "out of date"),
    ],
)
def test_a_wrong_certificate_is_told_with_what_to_do(secure, names, age, is_trusted, words):
    place = secure(*names, at=NOW - timedelta(days=age))
    checks = found(place.url, ca_file=place.root if is_trusted else None)
    assert list(checks) == ["https"]
    assert checks["https"].level == "fail"
    assert words in checks["https"].do


def test_a_certificate_that_ends_soon_is_minded(secure):
    place = secure("127.0.0.1", at=NOW - timedelta(days=815))
    assert found(place.url, ca_file=place.root)["https"].level == "warn"


def test_what_only_this_machine_reaches_is_not_tried(settings):
    assert outside.look(settings, at=NOW, pass_type=PASS_TYPE) == []


def test_an_address_without_tls_is_told_so(front):
    url = front(like_leima).url.replace("http:", "https:")
    assert "does not speak TLS" in found(url)["https"].says


def test_looking_as_a_whole_has_a_limit(settings, monkeypatch):
    """The address is this machine's own, in a form that says so to nobody."""
    monkeypatch.setattr(outside, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        elsewhere = replace(settings, public_url=f"https://127.1:{port}")
        (check,) = outside.look(elsewhere, at=NOW, pass_type=PASS_TYPE)
    assert (check.level, "no answer within" in check.says) == ("fail", True)
