"""Answers that are hardly HTTP: whatever comes, it is an ApiError and ends."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from googlewallet.client import Kind, WalletClient
from googlewallet.credentials import ServiceAccount
from googlewallet.errors import ApiError, Verdict
from tests.googlewallet.local_google import LocalGoogle

ID = "9000000000000000001.card"

Send = Callable[[socket.socket], None]


@pytest.fixture
def served() -> Iterator[Callable[[Send], str]]:
    """Has one connection answered by the test; returns the address."""
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(send: Send) -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                try:
                    send(connection)
                except OSError:
                    return  # the client has had enough

        def start(send: Send) -> str:
            threads.append(threading.Thread(target=answer, args=(send,)))
            threads[-1].start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        yield start
        for each in threads:
            each.join()


def ask(url: str, account: ServiceAccount, *, read_seconds: float = 5) -> ApiError:
    account.credentials().token = "token"
    client = WalletClient(account, url=url, read_seconds=read_seconds)
    try:
        with pytest.raises(ApiError) as caught:
            client.get(Kind.LOYALTY_OBJECT, ID)
    finally:
        client.close()
    return caught.value


def whole(status: str, head: bytes = b"", body: bytes = b"{}") -> bytes:
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n".encode()
    return f"HTTP/1.1 {status}\r\n".encode() + length + head + b"\r\n" + body


@pytest.mark.parametrize(
    "place", [b"http://[", b"http://\xff\xfe/", b"//", b"", b"http://a:99999/"]
)
def test_a_redirect_to_nowhere_is_an_answer_of_somebody_else(served, local_account, place: bytes):
    answer = whole("302 Found", b"Location: " + place + b"\r\n")
    error = ask(served(lambda connection: connection.sendall(answer)), local_account)
    assert (error.status, error.verdict) == (302, Verdict.UNREACHABLE)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\xff" * 100,
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        whole("200 OK", b"Content-Encoding: gzip\r\n"),
        whole("200 OK", b"A: b\r\n" * 200),
        whole("200 OK", b"A: " + b"b" * 70_000 + b"\r\n"),
    ],
)
def test_what_is_no_whole_answer_leaves_it_open_what_happened(served, local_account, answer: bytes):
    error = ask(served(lambda connection: connection.sendall(answer)), local_account)
    assert (error.status, error.verdict) == (None, Verdict.UNREACHABLE)


@pytest.mark.parametrize(
    "wait",
    [
        b"Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        b"Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
        b"9" * 60_000,
    ],
)
def test_a_wait_beyond_all_calendars_breaks_nothing(served, local_account, wait: bytes):
    head = b"Date: Mon, 01 Jan 2026 00:00:00 GMT\r\nRetry-After: " + wait + b"\r\n"
    answer = whole("503 Unavailable", head)
    error = ask(served(lambda connection: connection.sendall(answer)), local_account)
    assert error.verdict is Verdict.BUSY


def test_an_answer_without_an_end_is_given_up(served, local_account):
    packed = gzip.compress(b" " * 40_000_000, 1)
    answer = whole("200 OK", b"Content-Encoding: gzip\r\n", packed)
    error = ask(served(lambda connection: connection.sendall(answer)), local_account)
    assert (error.reason, error.verdict) == ("answerCut", Verdict.UNREACHABLE)


def test_an_answer_that_drips_does_not_hold_its_thread_forever(served, local_account):
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.01)

    error = ask(served(drip), local_account, read_seconds=0.2)
    assert (error.reason, error.verdict) == ("readTimedOut", Verdict.UNREACHABLE)


def test_a_connection_serves_again_once_its_answer_was_read(
    google: LocalGoogle, local_account: ServiceAccount, monkeypatch
):
    opened = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda *to: (opened.append(to), connect(*to))[1])
    client = WalletClient(local_account, url=google.url)
    for size in (0, 10, 200_000):
        google.reply(200, {"a": "b" * size})
        client.get(Kind.LOYALTY_OBJECT, ID)
    client.close()
    assert len(opened) == 1
