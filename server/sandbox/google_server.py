"""The Google stand-in's door to the network: HTTP/1.1, a thread for each connection."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from server.sandbox.google_api import API, TOKEN, Answer, Api, Dropped

HOST = "127.0.0.1"
_HEADERS = ("Content-Type", "application/json; charset=UTF-8")


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


class Server:
    """Serves the API, and everything else by `pages`, a WSGI application."""

    def __init__(self, api: Api, pages: Callable[..., Iterable[bytes]], *, port: int) -> None:
        self.port = port
        self._api = api
        self._pages = pages
        self._server: BaseWSGIServer | None = None
        self._thread = threading.Thread(target=self._run, name="google stand-in", daemon=True)

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        with socket.create_server((HOST, self.port)) as listening:
            self._server = make_server(
                HOST,
                self.port,
                self._serve,
                threaded=True,
                request_handler=_Handler,
                fd=listening.fileno(),
            )
        self.port = self._server.port
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer."""
        if self._server:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def _run(self) -> None:
        assert self._server
        self._server.serve_forever(poll_interval=0.05)

    def _serve(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(API) and path != TOKEN:
            return self._pages(environ, start)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        target = environ["REQUEST_URI"]
        try:
            answer = self._api.answer(
                environ["REQUEST_METHOD"], target, environ.get("HTTP_AUTHORIZATION", ""), body
            )
        except Dropped as error:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionError from error
        start(f"{answer.status} ", _head(answer))
        return [answer.body]


def _head(answer: Answer) -> list[tuple[str, str]]:
    head = [_HEADERS, ("Content-Length", str(len(answer.body)))]
    if answer.retry_after_seconds is not None:
        head.append(("Retry-After", str(answer.retry_after_seconds)))
    return head
