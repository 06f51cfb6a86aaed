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
from datetime import datetime
from pathlib import Path

from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns_connection import Answer, Connection
from server.sandbox.faults import STATUS_OF, AnswerFault, Faults
from server.sandbox.header_blocks import Headers

HOST = "127.0.0.1"
_PATH = "/3/device/"
_TOKEN = re.compile(r"[0-9a-f]{64,}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PAYLOAD_LIMIT = 4096
_KEPT_PUSHES = 20_000
_KEPT_TIMES = 100_000
_KEPT_PATHS = 200_000
_PUSH_TYPES = frozenset(
    {"alert", "background", "complication", "controls", "fileprovider", "liveactivity"}
    | {"location", "mdm", "pushtotalk", "voip", "widgets"}
)
_RETRY_AFTER = b"\x0f\x26"  # the static table's name, not indexed
_ACCEPTED = Answer(200)

OnPush = Callable[[str, str], None]


class AcceptedPush:
    """A push that was answered with 200; `at_seconds` is on the monotonic clock."""

    __slots__ = ("_headers", "at", "at_seconds", "body", "topic")

    def __init__(
        self, headers: Headers, topic: str, body: bytes, moment: tuple[datetime, float]
    ) -> None:
        self._headers = headers
        self.topic = topic
        self.body = body
        self.at, self.at_seconds = moment

    @property
    def token(self) -> str:
        """The push token."""
        return self._headers.path.removeprefix(_PATH)

    @property
    def apns_id(self) -> str:
        """The id that the answer carried."""
        return self._headers.apns_id or ""


class Tokens:
    """The push tokens the service has given out, and those it has taken back."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._gone: dict[str, datetime] = {}
        self._paths: dict[bytes, str] = {}
        # For load: any well-formed token is one of ours. (Where nothing is to go wrong and nobody
        # listens, tokens and ids are not even read.)
        self.accept_any = False

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

    def read(self, headers: Headers) -> str:
        """The token a push is for."""
        if token := self._paths.get(headers.raw_path):
            return token
        token = headers.path.removeprefix(_PATH)
        if len(self._paths) < _KEPT_PATHS and token in self._known:
            self._paths[headers.raw_path] = token
        return token


class ApnsStandIn:
    """The service: `start` it, read `port` and `url`, `stop` it. Listens on loopback only.

    `on_push(token, topic)` is called for each accepted push, in the stand-in's thread: be quick.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        at: datetime,
        port: int = 0,
        on_push: OnPush | None = None,
        needs_certificate: bool = True,
    ) -> None:
        """Client certificates must be `authority`'s; `port` 0 takes any free one.

        `needs_certificate` False lets in whoever has none (load generators have none) and believes
        the topic they name.
        """
        self.authority = authority
        self.tokens = Tokens()
        self.pushes: deque[AcceptedPush] = deque(maxlen=_KEPT_PUSHES)
        self.answers: Counter[str] = Counter()
        self.connection_count = 0
        self.port = port
        self.connections: set[Connection] = set()
        self.misbehaves = False
        self._moment = (at, 0.0)
        self._on_push = on_push
        self._needs_certificate = needs_certificate
        self._faults = Faults()
        self._times: dict[str, deque[float]] = {}
        self._judged: tuple[dict[str, str], str | None, str] = ({}, None, "")
        self._tls = _server_context(authority, at=at, needs_certificate=needs_certificate)
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
        self._faults = faults
        self.misbehaves = faults.concern_connections
        if not self._loop.is_closed():
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
            for connection in list(self.connections):
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
        for connection in list(self.connections):
            connection.close()
        self._loop.run_until_complete(asyncio.sleep(0.01))  # the goodbyes go out
        self._loop.close()

    def _new_connection(self) -> Connection:
        self.connection_count += 1
        return Connection(self._tls, self)

    def _limit_streams(self, count: int) -> None:
        for connection in list(self.connections):
            connection.limit_streams(count)
            connection.flush()

    def heard(self) -> float:
        """Pushes have come; those of one read share its moment (on the monotonic clock)."""
        self._moment = clock.now(), time.monotonic()
        return self._moment[1]

    def decide(self, headers: Headers, body: bytes, topic: str | None) -> Answer:
        """Apple's answer to a request: headers first, then the token, then the push itself."""
        if topic is None and not self._needs_certificate:
            topic = headers.rest.get("apns-topic", "")
        if not headers.raw_id:
            headers.make_id()
        if self._faults.answers or not self.tokens.accept_any or self._on_push:
            answer = self._decide_closely(headers, body, topic)
        else:
            answer = self._answer_of(self._refusal(headers.rest, body, topic))
        if answer.status == 200:
            self.pushes.append(AcceptedPush(headers, topic or "", body, self._moment))
            self.answers["200"] += 1
        else:
            self.answers[f"{answer.status} {answer.reason}".rstrip()] += 1
        return answer

    def _decide_closely(self, headers: Headers, body: bytes, topic: str | None) -> Answer:
        token = self.tokens.read(headers)
        if fault := self._faults.take(token):
            return _fault_answer(fault, self.tokens.gone_since(token))
        reason = (
            self._refusal(headers.rest, body, topic)
            or _path_refusal(headers)
            or self._token_refusal(token)
        )
        if not reason and self._on_push:
            self._on_push(token, topic or "")
        return self._answer_of(reason, self.tokens.gone_since(token))

    def _refusal(self, rest: dict[str, str], body: bytes, topic: str | None) -> str:
        """What is wrong with headers and body; headers are the same object as long as they are
        the same, and are then not judged anew."""
        if self._judged[0] is not rest or self._judged[1] != topic:
            self._judged = (rest, topic, _header_refusal(rest, topic))
        if not body:
            return self._judged[2] or "PayloadEmpty"
        return self._judged[2] or ("PayloadTooLarge" if len(body) > _PAYLOAD_LIMIT else "")

    def _answer_of(self, reason: str, since: datetime | None = None) -> Answer:
        if not reason:
            return _ACCEPTED
        status = STATUS_OF[reason]
        return Answer(status, reason, body=_answer_body(status, reason, since))

    def _token_refusal(self, token: str) -> str:
        if not self.tokens.is_known(token):
            return "BadDeviceToken"
        if self.tokens.gone_since(token):
            return "Unregistered"
        return "TooManyRequests" if self._is_one_too_many(token) else ""

    def _is_one_too_many(self, token: str) -> bool:
        most, seconds = self._faults.pushes_per_token, self._faults.token_window_seconds
        if most is None:
            return False
        now = time.monotonic()
        if len(self._times) > _KEPT_TIMES:
            self._times.clear()
        times = self._times.setdefault(token, deque())
        while times and times[0] <= now - seconds:
            times.popleft()
        if len(times) >= most:
            return True
        times.append(now)
        return False


def _header_refusal(headers: dict[str, str], topic: str | None) -> str:
    """Apple's word for what is wrong with the headers, or nothing."""
    checks = (
        ("BadCertificate", topic is not None),
        ("MethodNotAllowed", headers.get(":method") == "POST"),
        ("BadPriority", headers.get("apns-priority", "10") in ("1", "5", "10")),
        ("BadExpirationDate", headers.get("apns-expiration", "0").isdigit()),
        ("InvalidPushType", headers.get("apns-push-type", "alert") in _PUSH_TYPES),
        ("BadCollapseId", len(headers.get("apns-collapse-id", "").encode()) <= 64),
        ("TopicDisallowed", headers.get("apns-topic", topic) == topic),
    )
    return next((reason for reason, is_good in checks if not is_good), "")


def _path_refusal(headers: Headers) -> str:
    """The same of path and id."""
    path, apns_id = headers.path, headers.apns_id
    checks = (
        ("BadPath", path.startswith(_PATH) and "/" not in path[len(_PATH) :]),
        ("MissingDeviceToken", len(path) > len(_PATH)),
        ("BadMessageId", apns_id is None or _UUID.fullmatch(apns_id)),
    )
    return next((reason for reason, is_good in checks if not is_good), "")


def _fault_answer(fault: AnswerFault, since: datetime | None) -> Answer:
    fields = b""
    if fault.retry_after_seconds is not None:
        seconds = b"%d" % fault.retry_after_seconds
        fields = _RETRY_AFTER + bytes((len(seconds),)) + seconds
    body = _answer_body(fault.status, fault.reason, since) if fault.reason else b""
    return Answer(fault.status, fault.reason, fields, body)


def _answer_body(status: int, reason: str, since: datetime | None) -> bytes:
    """Apple: `timestamp` comes with 410 only, in milliseconds."""
    data: dict[str, object] = {"reason": reason}
    if status == 410:
        data["timestamp"] = int((since or clock.now()).timestamp() * 1000)
    return json.dumps(data).encode()


def _server_context(
    authority: Authority, *, at: datetime, needs_certificate: bool
) -> ssl.SSLContext:
    issued = authority.issue_server_certificate([HOST, "localhost"], at=at)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED if needs_certificate else ssl.CERT_OPTIONAL
    context.num_tickets = 0  # each connection proves anew who it is
    trusted = authority.root_pem + authority.intermediate_pem
    context.load_verify_locations(cadata=trusted.decode("ascii"))
    with tempfile.TemporaryDirectory() as folder:  # Python loads the key from files only
        path = Path(folder, "server.pem")
        path.touch(mode=0o600)
        path.write_bytes(issued.certificate_pem + issued.key_pem)
        context.load_cert_chain(path)
    return context
