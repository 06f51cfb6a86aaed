"""A server on this machine that answers what a test tells it to, and remembers what was asked."""

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass(frozen=True)
class Reply:
    """One answer; `body` is JSON unless it is bytes. `is_cut` ends the connection without any."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class LocalGoogle:
    """Answers `/token` with a new token each time, all else with the next reply, or with {}.

    While `gate` is closed (`gate.clear()`) nothing is answered.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.assertions: list[str] = []
        self.replies: deque[Reply] = deque()
        self.token_replies: deque[Reply] = deque()
        self.arrived = threading.Semaphore(0)  # one for each request, before the gate
        self.gate = threading.Event()
        self.gate.set()
        self._server = _Server(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def token_uri(self) -> str:
        return f"{self.url}/token"

    @contextmanager
    def running(self) -> Iterator["LocalGoogle"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.gate.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def reply(self, status: int = 200, body: Any = None, **changes: Any) -> None:
        """What the next call gets."""
        self.replies.append(Reply(status, {} if body is None else body, **changes))

    def refuse(self, status: int, reason: str, **changes: Any) -> None:
        """The next call gets an error in Google's envelope."""
        self.reply(status, envelope(status, reason), **changes)

    def answer(self, asked: Asked) -> Reply:
        self.arrived.release()
        self.gate.wait()
        if asked.path != "/token":
            self.asked.append(asked)
            return self.replies.popleft() if self.replies else Reply()
        self.assertions.append(parse_qs(asked.body.decode())["assertion"][0])
        if self.token_replies:
            return self.token_replies.popleft()
        return Reply(200, token(len(self.assertions)))


def token(number: int = 1) -> dict[str, Any]:
    return {"access_token": f"token-{number}", "expires_in": 3600, "token_type": "Bearer"}


def nested(depth: int) -> dict[str, Any]:
    """An object in an object, and so on: deeper than Python follows."""
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def envelope(status: int, reason: str, message: str = "No.") -> dict[str, Any]:
    entry = {"message": message, "domain": "walletobjects", "reason": reason}
    return {"error": {"code": status, "message": message, "errors": [entry]}}


def claims_of(assertion: str, key: RSAPublicKey) -> dict[str, Any]:
    """What an assertion says, once its signature and its audience are Google's."""
    audience = "https://oauth2.googleapis.com/token"
    return jwt.decode(assertion, key, ["RS256"], audience=audience)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


def _handler(google: LocalGoogle) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            reply = google.answer(Asked(self.command, self.path, self.headers, body))
            if reply.is_cut:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.data)))
            self.end_headers()
            self.wfile.write(reply.data)

        do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    return Handler
