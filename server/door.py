"""Between the web server and the app: a request gets a thread once it is here whole.

Bodies are read on the event loop, where one that never comes costs no thread, and until a
deadline. A few threads call the app as WSGI says; an answer leaves whole, so that a caller who
reads slowly holds up nobody either.
"""

import asyncio
import io
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

SECONDS_FOR_A_BODY = 10.0
UNKNOWN_LENGTH = "leima.unknown_length"  # in the environ: a body came whose length nobody told
_NO_BODY = ("GET", "HEAD", "OPTIONS")
_LARGE_BYTES = 64 * 1024
_MOST_LARGE = 100  # at a time: some 50 MB that somebody may make us hold
_CLOSE = [("connection", "close"), ("content-type", "text/plain; charset=utf-8")]
_SWEEP_SECONDS = 0.05
_log = logging.getLogger(__name__)

App = Callable[[dict[str, Any], Any], Iterable[bytes]]
_Future = asyncio.Future[None]


class _TooManyAtOnce(Exception):
    """As many large bodies are under way as fit into memory."""


class Door:
    """`app` behind RSGI, granian's own interface, with `threads` to answer at the same time.

    A body of up to `most_bytes` is handed to the app whole, a larger one not at all: the app
    refuses it by its length. One that is not here after `seconds` is answered with 408.
    """

    def __init__(
        self, app: App, *, threads: int, most_bytes: int, seconds: float = SECONDS_FOR_A_BODY
    ) -> None:
        self._app = app
        self._threads = threads
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._waiting: SimpleQueue[tuple[Any, Any, bytes | None, _Future]] = SimpleQueue()
        self._answered: deque[_Future] = deque()
        self._under_way = 0
        self._large = 0
        self._is_sweeping = False

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this once in each process that serves."""
        for number in range(self._threads):
            threading.Thread(target=self._serve, name=f"serve-{number}", daemon=True).start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Everything was answered: what waits to hear so ends before its loop does."""
        self._sweep(loop)
        loop.run_until_complete(asyncio.sleep(0))

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Answer one request."""
        body: bytes | None = b""
        if scope.method not in _NO_BODY:
            try:
                async with asyncio.timeout(self._seconds):
                    body = await self._read(scope, proto)
            except TimeoutError:
                proto.response_str(408, _CLOSE, "The body did not come in time.\n")
                return
            except _TooManyAtOnce:
                proto.response_empty(503, [*_CLOSE, ("retry-after", "10")])
                return
            except RuntimeError:  # granian's word for a caller who is gone
                proto.response_empty(400, _CLOSE)
                return
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        self._under_way += 1
        self._waiting.put((scope, proto, body, answered))
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        # Granian would answer with 500 if this ended earlier.
        await answered

    async def _read(self, scope: Any, proto: Any) -> bytes | None:
        length = scope.headers.get("content-length")
        if length is not None:
            is_fit = length.isdecimal() and 0 < int(length) <= self._most_bytes
            return await self._hold(int(length), proto) if is_fit else b""
        if scope.http_version == "2":  # there a body may come without any header that says so
            async for piece in proto:
                return None if piece else b""
        return b""

    async def _hold(self, length: int, proto: Any) -> bytes:
        if length <= _LARGE_BYTES:
            return bytes(await proto())
        if self._large >= _MOST_LARGE:
            raise _TooManyAtOnce
        self._large += 1
        try:
            return bytes(await proto())
        finally:
            self._large -= 1

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let those end that were answered: seldom and together, since to wake the loop for each
        would cost more than all else here."""
        while self._answered:
            self._answered.popleft().set_result(None)
            self._under_way -= 1
        self._is_sweeping = self._under_way > 0
        if self._is_sweeping:
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def _serve(self) -> None:
        while True:
            scope, proto, body, answered = self._waiting.get()
            try:
                self._answer(scope, proto, body)
            except Exception:  # noqa: BLE001 - whatever it is, others need this thread
                _log.exception("a request could not be answered")
                proto.response_empty(500, _CLOSE)
            self._answered.append(answered)

    def _answer(self, scope: Any, proto: Any, body: bytes | None) -> None:
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told[:] = (int(status[:3]), headers)

        answer = self._app(environ_of(scope, body), start_response)
        try:
            whole = b"".join(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()
        proto.response_bytes(*told, whole)


def environ_of(scope: Any, body: bytes | None) -> dict[str, Any]:
    """The request as WSGI has it; `body` is None where one came whose length nobody told."""
    client, _, _ = scope.client.rpartition(":")
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client.strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        UNKNOWN_LENGTH: body is None,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # it would pass for the header with a hyphen
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
        environ[key] = value
    if scope.authority:  # what HTTP/2 has in the place of Host
        environ["HTTP_HOST"] = scope.authority
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if f"HTTP_{key}" in environ:
            environ[key] = environ.pop(f"HTTP_{key}")
    return environ
