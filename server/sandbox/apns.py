"""A stand-in for Apple's push service: the same protocol, answers and refusals, on this machine.

HTTP/2 over TLS with a client certificate (Apple: Sending notification requests to APNs;
Handling notification responses from APNs). It knows the phones' push tokens and hands accepted
pushes to a callback, as the real one hands them to phones.
"""

import asyncio
import json
import re
import ssl
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns_connection import Answer, Connection, Request
from server.sandbox.faults import AnswerFault, Faults

HOST = "127.0.0.1"
_PATH = "/3/device/"
_TOKEN = re.compile(r"[0-9a-f]{64,}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PAYLOAD_LIMIT = 4096
_KEPT_PUSHES = 20_000
_PUSH_TYPES = frozenset(
    {"alert", "background", "complication", "controls", "fileprovider", "liveactivity"}
    | {"location", "mdm", "pushtotalk", "voip", "widgets"}
)
_STATUS_OF = {
    "BadCertificate": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "Unregistered": 410,
    "PayloadTooLarge": 413,
}

OnPush = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPush:
    """A push that was answered with 200; `at_seconds` is on the monotonic clock."""

    token: str
    topic: str
    apns_id: str
    body: bytes
    at: datetime
    at_seconds: float


class Tokens:
    """The push tokens the service has given out, and those it has taken back."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._gone: dict[str, datetime] = {}
        self.accept_any = False  # any well-formed token is one of ours: for load

    def add(self, token: str) -> None:
        """A phone has got this token."""
        self._gone.pop(token, None)
        self._known.add(token)

    def retire(self, token: str, *, at: datetime) -> None:
        """The token is dead since `at`: its phone was wiped."""
        self._gone[token] = at

    def gone_since(self, token: str) -> datetime | None:
        """When the token died, None when it has not."""
        return self._gone.get(token)

    def is_known(self, token: str) -> bool:
        """Whether a phone has, or had, this token."""
        if token in self._known or token in self._gone:
            return True
        return self.accept_any and _TOKEN.fullmatch(token) is not None


class ApnsStandIn:
    """The service: `start` it, read `port` and `url`, `stop` it. Listens on loopback only.

    `on_push(token, topic)` is called for each accepted push, in the stand-in's thread: be quick.
    """

    def __init__(
        self, authority: Authority, *, at: datetime, port: int = 0, on_push: OnPush | None = None
    ) -> None:
        """Client certificates must be `authority`'s; `port` 0 takes any free one."""
        self.tokens = Tokens()
        self.pushes: deque[AcceptedPush] = deque(maxlen=_KEPT_PUSHES)
        self.answers: Counter[str] = Counter()
        self.connection_count = 0
        self.port = port
        self._on_push = on_push
        self._faults = Faults()
        self._lock = threading.Lock()
        self._tls = _server_context(authority, at=at)
        self._connections: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="apns stand-in", daemon=True)
        self._ready = threading.Event()
        self._failure: OSError | None = None

    @property
    def url(self) -> str:
        """What to give a push client."""
        return f"https://{HOST}:{self.port}"

    @property
    def faults(self) -> Faults:
        """What is set to go wrong; assign a new one to change it."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            has_new_limit = faults.max_streams != self._faults.max_streams
            self._faults = faults
        if has_new_limit:
            self._loop.call_soon_threadsafe(self._limit_streams, faults.max_streams)

    def start(self) -> int:
        """Listen; returns the port. Raises OSError when it is taken."""
        self._thread.start()
        self._ready.wait()
        if self._failure:
            self._thread.join()
            raise self._failure
        return self.port

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def close_connections(self) -> None:
        """Say goodbye on every open connection, as the real service does now and then."""

        def close() -> None:
            for connection in list(self._connections):
                connection.close()

        self._loop.call_soon_threadsafe(close)

    def _run(self) -> None:
        try:
            server = self._loop.run_until_complete(
                self._loop.create_server(self._new_connection, HOST, self.port)
            )
        except OSError as error:
            self._failure = error
            self._ready.set()
            self._loop.close()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for connection in list(self._connections):
            connection.close()
        self._loop.run_until_complete(asyncio.sleep(0.01))  # the goodbyes go out
        self._loop.close()

    def _new_connection(self) -> Connection:
        self.connection_count += 1
        return Connection(self._tls, self._answer, lambda: self._faults, self._connections)

    def _limit_streams(self, count: int) -> None:
        for connection in list(self._connections):
            connection.set_max_streams(count)

    def _answer(self, request: Request) -> Answer:
        """Apple's answer to a request: headers first, then the token, then the push itself."""
        apns_id = request.headers.get("apns-id") or str(uuid4())
        token = request.headers.get(":path", "").removeprefix(_PATH)
        with self._lock:
            fault = self._faults.take(token)
            delay_seconds = self._faults.delay_seconds
        since = self.tokens.gone_since(token)
        if fault:
            status, reason = fault.status, fault.reason
        else:
            reason = _refusal(request) or self._token_refusal(token)
            status = _STATUS_OF.get(reason, 400) if reason else 200
        self.answers[f"{status} {reason}".rstrip()] += 1
        if status == 200:
            self._accept(request, token, apns_id)
        return Answer(
            status=status,
            headers=_answer_headers(apns_id, fault),
            body=_answer_body(status, reason, since) if reason else b"",
            delay_seconds=delay_seconds,
        )

    def _token_refusal(self, token: str) -> str:
        if not self.tokens.is_known(token):
            return "BadDeviceToken"
        return "Unregistered" if self.tokens.gone_since(token) else ""

    def _accept(self, request: Request, token: str, apns_id: str) -> None:
        topic = request.certified_topic or ""
        self.pushes.append(
            AcceptedPush(
                token=token,
                topic=topic,
                apns_id=apns_id,
                body=bytes(request.body),
                at=clock.now(),
                at_seconds=time.monotonic(),
            )
        )
        if self._on_push:
            self._on_push(token, topic)


def _refusal(request: Request) -> str:
    """Apple's word for what is wrong with a request, or nothing."""
    headers = request.headers
    path = headers.get(":path", "")
    checks = (
        ("BadCertificate", request.certified_topic is not None),
        ("MethodNotAllowed", headers.get(":method") == "POST"),
        ("BadPath", path.startswith(_PATH) and "/" not in path[len(_PATH) :]),
        ("MissingDeviceToken", len(path) > len(_PATH)),
        ("PayloadEmpty", bool(request.body)),
        ("PayloadTooLarge", len(request.body) <= _PAYLOAD_LIMIT),
        ("BadMessageId", _UUID.fullmatch(headers.get("apns-id", str(uuid4())))),
        ("BadPriority", headers.get("apns-priority", "10") in ("1", "5", "10")),
        ("BadExpirationDate", headers.get("apns-expiration", "0").isdigit()),
        ("InvalidPushType", headers.get("apns-push-type", "alert") in _PUSH_TYPES),
        (
            "TopicDisallowed",
            headers.get("apns-topic", request.certified_topic) == request.certified_topic,
        ),
    )
    return next((reason for reason, is_good in checks if not is_good), "")


def _answer_headers(apns_id: str, fault: AnswerFault | None) -> tuple[tuple[str, str], ...]:
    headers = (("apns-id", apns_id),)
    if fault and fault.retry_after_seconds is not None:
        return (*headers, ("retry-after", str(fault.retry_after_seconds)))
    return headers


def _answer_body(status: int, reason: str, since: datetime | None) -> bytes:
    """Apple: `timestamp` comes with 410 only, in milliseconds."""
    data: dict[str, object] = {"reason": reason}
    if status == 410:
        data["timestamp"] = int((since or clock.now()).timestamp() * 1000)
    return json.dumps(data).encode()


def _server_context(authority: Authority, *, at: datetime) -> ssl.SSLContext:
    issued = authority.issue_server_certificate([HOST, "localhost"], at=at)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0  # each connection proves anew who it is
    trusted = authority.root_pem + authority.intermediate_pem
    context.load_verify_locations(cadata=trusted.decode("ascii"))
    with tempfile.TemporaryDirectory() as folder:  # Python loads the key from files only
        path = Path(folder, "server.pem")
        path.touch(mode=0o600)
        path.write_bytes(issued.certificate_pem + issued.key_pem)
        context.load_cert_chain(path)
    return context
