"""The Google stand-in's door to the network: HTTP/1.1, a thread for each connection.

Calls of the API are read here, in a fraction of the time that Werkzeug takes for one, so that it is
the service that is measured against the stand-in; everything else is Werkzeug's.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.client import responses
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from server.sandbox.google.api import API, TOKEN, Answer, Api, Dropped

HOST = "127.0.0.1"
_LONGEST_LINE = 65_536
_MOST_BYTES = 1_000_000

Pages = Callable[..., Iterable[bytes]]


class Server:
    """Serves the API, and everything else by `pages`, a WSGI application."""

    def __init__(self, api: Api, pages: Pages, *, port: int) -> None:
        self.port = port
        self._pages = pages
        self._handler = _handler_for(api)
        self._server: BaseWSGIServer | None = None
        self._thread = threading.Thread(target=self._run, name="google stand-in", daemon=True)

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        with socket.create_server((HOST, self.port)) as listening:
            self._server = make_server(
                HOST,
                self.port,
                self._pages,
                threaded=True,
                request_handler=self._handler,
                fd=listening.fileno(),
            )
        self.port = self._server.port
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer, and end every connection."""
        if self._server:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            for connection in list(self._handler.connections):
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        assert self._server
        self._server.serve_forever(poll_interval=0.05)


class _Handler(WSGIRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: Api
    connections: set[socket.socket]

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        super().finish()

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
        method, _, rest = self.raw_requestline.decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        if target.startswith(API) or target == TOKEN:
            self._call(method, target)
        elif not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self.run_wsgi()

    def _call(self, method: str, target: str) -> None:
        headers = self._read_headers()
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > _MOST_BYTES:
            self.close_connection = True
            self._write(Answer(411, b""))
            return
        self.close_connection = headers.get("connection", "").lower() == "close"
        body = self.rfile.read(int(length))
        try:
            self._write(self.api.answer(method, target, headers.get("authorization", ""), body))
        except (Dropped, OSError):  # told to give no answer, or nobody waits for it
            self.close_connection = True

    def _read_headers(self) -> dict[str, str]:
        headers = {}
        while (line := self.rfile.readline(_LONGEST_LINE)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _write(self, answer: Answer) -> None:
        wait = answer.retry_after_seconds
        lines = (
            f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}",
            "Content-Type: application/json; charset=UTF-8",
            f"Content-Length: {len(answer.body)}",
            *(("Connection: close",) if self.close_connection else ()),
            *(() if wait is None else (f"Retry-After: {wait}",)),
        )
        head = "\r\n".join(lines).encode("latin-1")
        self.connection.sendall(head + b"\r\n\r\n" + answer.body)


def _handler_for(api: Api) -> type[_Handler]:
    """Werkzeug wants a class; this one knows the API."""
    return type("Handler", (_Handler,), {"api": api, "connections": set()})
