"""Many HTTP/2 requests over one connection, driven by libcurl in the calling thread.

libcurl speaks the protocol (streams, flow control, stream limits, GOAWAY); this module feeds it
requests and waits for its sockets. Nothing here is safe to call from two threads, but `wake`.
"""

import contextlib
import selectors
import socket
import ssl
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import pycurl

from passkit.errors import PushError

# libcurl may hold decrypted bytes that no socket will announce: never sleep long over transfers.
LONGEST_WAIT_SECONDS = 0.05
_IDLE_WAIT_SECONDS = 3600.0
_BODY_LIMIT = 16 * 1024
_EVENTS = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}


R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are and whom we trust: PEM; `ca_pem` None means the system's certificates."""

    certificate_pem: bytes
    key_pem: bytes
    ca_pem: bytes | None


class Outcome(NamedTuple, Generic[R]):
    """How a request ended.

    `status` is 0 and `curl_code` is not when there was no HTTP answer; `message` is libcurl's
    text then. `head` holds the lines of the answer's head; `body` is not read when it is 200.
    """

    request: R
    status: int
    head: list[bytes]
    body: bytes = b""
    retry_after_seconds: float | None = None
    curl_code: int = 0
    message: str = ""


@dataclass(slots=True, eq=False)
class _Handle(Generic[R]):
    """One of libcurl's transfers, used again and again, and what the answer holds so far."""

    curl: pycurl.Curl
    request: R
    headers: list[str] = field(default_factory=list)
    head: list[bytes] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    def receive(self, data: bytes) -> int:
        """Take a piece of the answer's body; libcurl calls it."""
        if len(self.body) < _BODY_LIMIT:
            self.body += data
        return len(data)


class Transfers(Generic[R]):
    """Runs requests concurrently over one connection, which stays open between them."""

    def __init__(self, identity: Identity, *, timeout_seconds: float, max_in_flight: int) -> None:
        """Raises PushError when there are no roots to trust."""
        self._identity = identity
        self._trusted = _trust(identity.ca_pem)
        self._timeout_seconds = timeout_seconds
        self._max_in_flight = max_in_flight
        self._selector = selectors.DefaultSelector()
        self._awoken, self._waker = socket.socketpair()
        self._awoken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._awoken, selectors.EVENT_READ)
        self._idle: list[_Handle[R]] = []
        self._running: dict[pycurl.Curl, _Handle[R]] = {}
        self._multi = self._new_multi()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, request: R, url: str, headers: list[str]) -> None:
        """Begin a request; its outcome comes out of `wait`.

        Libcurl copies headers and does so once for many requests that are given the same list.
        """
        if self._idle:
            handle = self._idle.pop()
            handle.request = request
        else:
            handle = self._new_handle(request)
        curl = handle.curl
        curl.setopt(pycurl.URL, url)
        if handle.headers is not headers:
            curl.setopt(pycurl.HTTPHEADER, headers)
            handle.headers = headers
        self._running[curl] = handle
        self._multi.add_handle(curl)

    def wake(self) -> None:
        """End a `wait` that is going on in another thread, or else the next one."""
        with contextlib.suppress(BlockingIOError):  # it is full of reasons to wake already
            self._waker.send(b"\0")

    def wait(self) -> list[Outcome[R]]:
        """Sleep until something happens, let libcurl work, and return what is done now."""
        events = self._selector.select(self._sleep_seconds())
        for key, mask in events:
            if key.fileobj is self._awoken:
                self._awoken.recv(4096)
            else:
                assert isinstance(key.fileobj, int)
                self._multi.socket_action(key.fileobj, _curl_events(mask))
        if self._running and (not events or self._multi.timeout() == 0):
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        return self._collect()

    def abort(self) -> list[R]:
        """Drop every running request and return them; they have no outcome."""
        dropped = [handle.request for handle in self._running.values()]
        for curl, handle in self._running.items():
            self._multi.remove_handle(curl)
            handle.head.clear()
            handle.body.clear()
            self._idle.append(handle)
        self._running = {}
        return dropped

    def reconnect(self) -> None:
        """Close the connection; the next request opens another. Nothing may be running."""
        assert not self._running
        self._multi.close()
        self._multi = self._new_multi()

    def close(self) -> None:
        """Close the connection and free everything. Nothing may be running."""
        assert not self._running
        self._multi.close()
        for handle in self._idle:
            handle.curl.close()
        self._idle = []
        self._selector.close()
        self._awoken.close()
        self._waker.close()

    def _sleep_seconds(self) -> float:
        if not self._running:
            return _IDLE_WAIT_SECONDS
        milliseconds: int = self._multi.timeout()
        if milliseconds < 0:
            return LONGEST_WAIT_SECONDS
        return min(LONGEST_WAIT_SECONDS, milliseconds / 1000)

    def _collect(self) -> list[Outcome[R]]:
        done: list[Outcome[R]] = []
        queued = 1
        while queued:
            queued, succeeded, failed = self._multi.info_read()
            done.extend(map(self._finish, succeeded))
            for curl, code, message in failed:
                done.append(self._finish(curl)._replace(curl_code=code, message=message))
        return done

    def _finish(self, curl: pycurl.Curl) -> Outcome[R]:
        handle = self._running.pop(curl)
        outcome = Outcome(handle.request, curl.getinfo(pycurl.RESPONSE_CODE), handle.head[:])
        handle.head.clear()
        if outcome.status != 200:
            retry_after_seconds = curl.getinfo(pycurl.RETRY_AFTER) or None
            body = bytes(handle.body)
            outcome = outcome._replace(body=body, retry_after_seconds=retry_after_seconds)
        handle.body.clear()
        self._multi.remove_handle(curl)
        self._idle.append(handle)
        return outcome

    def _new_multi(self) -> pycurl.CurlMulti:
        multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
        multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, self._max_in_flight)
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        return multi

    def _watch(self, event: int, descriptor: int, _multi: object, _data: object) -> None:
        known = descriptor in self._selector.get_map()
        if event == pycurl.POLL_REMOVE or event == pycurl.POLL_NONE:
            if known:
                self._selector.unregister(descriptor)
        elif known:
            self._selector.modify(descriptor, _EVENTS[event])
        else:
            self._selector.register(descriptor, _EVENTS[event])

    def _new_handle(self, request: R) -> _Handle[R]:
        milliseconds = max(1, int(self._timeout_seconds * 1000))
        curl = pycurl.Curl()
        for option, value in (
            (pycurl.NOSIGNAL, 1),  # signals and threads do not mix
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
            (pycurl.PROXY, ""),  # proxies named in the environment are not for us
            (pycurl.PATH_AS_IS, 1),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE),
            (pycurl.PIPEWAIT, 1),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.SSLCERTTYPE, "PEM"),
            (pycurl.SSLCERT_BLOB, self._identity.certificate_pem),
            (pycurl.SSLKEYTYPE, "PEM"),
            (pycurl.SSLKEY_BLOB, self._identity.key_pem),
            (pycurl.TIMEOUT_MS, milliseconds),
            (pycurl.TCP_KEEPALIVE, 1),
            # Without a speed libcurl announces a larger window for each of these tiny answers.
            (pycurl.MAX_RECV_SPEED_LARGE, 65536),
            (pycurl.MAXAGE_CONN, int(_IDLE_WAIT_SECONDS)),
            (pycurl.USERAGENT, ""),  # else pycurl says its own
            (pycurl.POSTFIELDS, "{}"),
            *self._trusted,
        ):
            curl.setopt(option, value)
        handle = _Handle(curl, request)
        curl.setopt(pycurl.HEADERFUNCTION, handle.head.append)
        curl.setopt(pycurl.WRITEFUNCTION, handle.receive)
        return handle


def _curl_events(mask: int) -> int:
    reads = pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0
    writes = pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0
    return int(reads | writes)


def _trust(ca_pem: bytes | None) -> list[tuple[int, bytes | str]]:
    """libcurl's settings for the trusted roots.

    The system's have to be found: the path built into libcurl's wheel is one system's of many.
    """
    if ca_pem is not None:
        return [(pycurl.CAINFO_BLOB, ca_pem)]
    paths = ssl.get_default_verify_paths()
    named = ((pycurl.CAINFO, paths.cafile), (pycurl.CAPATH, paths.capath))
    found: list[tuple[int, bytes | str]] = [(option, path) for option, path in named if path]
    if not found:
        raise PushError(
            "This system has no root certificates: install its ca-certificates package, "
            "or name the file with the push service's root.",
            permanent=True,
        )
    return found
