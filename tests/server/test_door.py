"""What granian hands in becomes what WSGI asks for, and nothing stands in for something else."""

import asyncio
from dataclasses import dataclass, field

import pytest

from server.door import UNKNOWN_LENGTH, Door, environ_of


class Headers(dict):
    def items(self):
        return [(name, one) for name, all_ in super().items() for one in all_.split("|")]


@dataclass
class Scope:
    method: str = "GET"
    path: str = "/c/ä"
    query_string: str = "a=1"
    client: str = "[2001:db8::1]:5000"
    server: str = "127.0.0.1:8000"
    scheme: str = "https"
    http_version: str = "1.1"
    authority: str | None = None
    headers: Headers = field(default_factory=Headers)


@dataclass
class Proto:
    """One that has `body`, or where it is None, one whose body never comes."""

    body: bytes | None = b""
    is_gone: bool = False
    answers: list = field(default_factory=list)

    async def __call__(self) -> bytes:
        if self.is_gone:
            raise RuntimeError("stream")
        if self.body is None:
            await asyncio.Event().wait()
        return self.body

    async def __aiter__(self):
        yield await self()

    def response_bytes(self, status, headers, body):
        self.answers.append((status, body))

    def response_str(self, status, headers, body):
        self.answers.append((status, ("connection", "close") in headers))

    def response_empty(self, status, headers):
        self.answers.append((status, ("connection", "close") in headers))


def echo(environ, start_response):
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("broken")
    start_response("200 OK", [])
    return [b"<", environ["wsgi.input"].read(), b">"]


def ask(scope: Scope, proto: Proto) -> list:
    """Through a door with one thread, twice: it is as open as before."""
    door = Door(echo, threads=1, most_bytes=10, seconds=0.05)
    loop = asyncio.new_event_loop()
    door.__rsgi_init__(loop)
    for _ in range(2):
        loop.run_until_complete(asyncio.wait_for(door.__rsgi__(scope, proto), 30))
    door.__rsgi_del__(loop)
    loop.close()
    assert proto.answers[0] == proto.answers[1]
    return proto.answers[0]


@pytest.mark.parametrize(
    ("length", "proto", "answer"),
    [
        ("3", Proto(b"abc"), (200, b"<abc>")),
        ("11", Proto(None), (200, b"<>")),  # too large: never read, the app sees the length
        ("0", Proto(None), (200, b"<>")),
        ("3", Proto(None), (408, True)),
        ("3", Proto(is_gone=True), (400, True)),
    ],
    ids=["whole", "large", "empty", "stalled", "gone"],
)
def test_a_body_is_handed_in_whole_or_not_at_all(length, proto, answer):
    assert ask(Scope("POST", headers=Headers({"content-length": length})), proto) == answer


def test_large_bodies_are_held_a_hundred_at_a_time_and_small_ones_always():
    door = Door(echo, threads=1, most_bytes=2**20, seconds=1)
    scopes = [Scope("POST", headers=Headers({"content-length": n})) for n in ("70000", "9")]
    large, small = ([Proto(None) for _ in range(101)] for _ in scopes)

    async def all_at_once() -> None:
        asked = [door.__rsgi__(scopes[0], proto) for proto in large]
        await asyncio.gather(*asked, *(door.__rsgi__(scopes[1], proto) for proto in small))
        await door.__rsgi__(scopes[0], again)

    again = Proto(None)
    asyncio.run(all_at_once())
    assert sorted(p.answers[0][0] for p in large) == [408] * 100 + [503]
    assert {p.answers[0][0] for p in [*small, again]} == {408}


@pytest.mark.parametrize("body", [b"a", b"", None])
def test_over_http2_a_body_may_come_unannounced_and_in_vain(body):
    answer = ask(Scope("DELETE", http_version="2"), Proto(body))
    assert answer == ((408, True) if body is None else (200, b"<>"))


def test_an_app_that_breaks_takes_no_thread_with_it(caplog):
    assert ask(Scope(path="/broken"), Proto()) == (500, True)
    assert "could not be answered" in caplog.text


def test_the_request_is_as_wsgi_has_it():
    headers = Headers({"cookie": "a=1|b=2", "x-forwarded-for": "192.0.2.1|192.0.2.2"})
    environ = environ_of(Scope(headers=headers, authority="cards.example.com"), b"")
    assert environ["PATH_INFO"] == "/c/Ã¤"
    assert environ["REMOTE_ADDR"] == "2001:db8::1"
    assert environ["HTTP_HOST"] == "cards.example.com"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,192.0.2.2"
    assert not environ[UNKNOWN_LENGTH]


def test_a_header_with_an_underscore_does_not_pass_for_another():
    environ = environ_of(Scope(headers=Headers({"x_forwarded_for": "192.0.2.1"})), None)
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ[UNKNOWN_LENGTH]
