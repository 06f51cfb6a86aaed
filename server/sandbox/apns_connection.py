"""One HTTP/2 connection to the push service's stand-in: frames in, answers out.

Runs in the stand-in's event loop. What to answer is decided elsewhere (`Answerer`).
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    SettingsAcknowledged,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from server.sandbox.faults import Faults
from server.sandbox.tls import TlsProtocol


@dataclass(slots=True)
class Request:
    """A request as it came: header names are lower case, `certified_topic` is whom TLS proved."""

    headers: dict[str, str]
    certified_topic: str | None
    body: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to send back, after `delay_seconds`."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_seconds: float = 0.0


Answerer = Callable[[Request], Answer]

# What we send is known to be right: only what comes in is checked.
_CONFIGURATION = H2Configuration(
    client_side=False,
    header_encoding="utf-8",
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)


class Connection(TlsProtocol):
    """The server's end of a connection; `connections` holds it for as long as it lives."""

    def __init__(
        self,
        context: ssl.SSLContext,
        answerer: Answerer,
        faults: Callable[[], Faults],
        connections: "set[Connection]",
    ) -> None:
        super().__init__(context)
        self._answerer = answerer
        self._faults = faults
        self._connections = connections
        self._requests: dict[int, Request] = {}
        self._handled = 0
        self._last_answered = 0
        self._is_over = False
        self._certified_topic: str | None = None
        self._announced_streams = self._wanted_streams = faults().max_streams
        self._is_acknowledged = False
        self._h2 = H2Connection(_CONFIGURATION)
        self._h2.local_settings = Settings(
            client=False,
            initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: self._announced_streams},
        )

    def secured(self, tls: ssl.SSLObject) -> None:
        """Say hello, and note whose certificate this is."""
        self._certified_topic = _certified_topic(tls)
        self._connections.add(self)
        self._h2.initiate_connection()
        self._send_frames()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Answers still on their way have nowhere to go."""
        self._is_over = True
        self._connections.discard(self)

    def received(self, data: bytes) -> None:
        """Take frames in and answer the requests they complete."""
        if self._is_over:
            return
        try:
            for event in self._h2.receive_data(data):
                if not self._is_over:
                    self._take(event)
        except ProtocolError:
            self._end()
        else:
            self._send_frames()

    def set_max_streams(self, count: int) -> None:
        """Change how many requests the client may have open."""
        self._wanted_streams = count
        self._announce_streams()
        self._send_frames()

    def close(self) -> None:
        """End the connection as HTTP/2 asks: requests after the last answered were not handled."""
        if self._is_over:
            return
        self._h2.close_connection(last_stream_id=self._last_answered)
        self._end()

    def _end(self) -> None:
        self._send_frames()
        self._is_over = True
        self.hang_up()

    def _announce_streams(self) -> None:
        """One change at a time: the h2 library takes the first acknowledgement for the last."""
        if self._is_acknowledged and self._wanted_streams != self._announced_streams:
            self._is_acknowledged = False
            self._announced_streams = self._wanted_streams
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self._announced_streams})

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            self._requests[event.stream_id] = Request(headers, self._certified_topic)
        elif isinstance(event, DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self._requests:
                self._requests[event.stream_id].body += event.data
        elif isinstance(event, StreamEnded):
            self._handle(event.stream_id)
        elif isinstance(event, StreamReset):
            self._requests.pop(event.stream_id, None)
        elif isinstance(event, SettingsAcknowledged):
            self._is_acknowledged = True
            self._announce_streams()
        elif isinstance(event, ConnectionTerminated):
            self._end()

    def _handle(self, stream_id: int) -> None:
        faults = self._faults()
        self._handled += 1
        if faults.goaway_every and self._handled % faults.goaway_every == 0:
            self.close()
            return
        answer = self._answerer(self._requests[stream_id])
        if faults.cut_every and self._handled % faults.cut_every == 0:
            self._is_over = True
            self.cut()
        elif answer.delay_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(answer.delay_seconds, self._answer_late, stream_id, answer)
        else:
            self._answer(stream_id, answer)

    def _answer_late(self, stream_id: int, answer: Answer) -> None:
        if not self._is_over:
            self._answer(stream_id, answer)
            self._send_frames()

    def _answer(self, stream_id: int, answer: Answer) -> None:
        if self._requests.pop(stream_id, None) is None:
            return  # the client has given it up
        headers = [(":status", str(answer.status)), *answer.headers]
        self._h2.send_headers(stream_id, headers, end_stream=not answer.body)
        if answer.body:
            self._h2.send_data(stream_id, answer.body, end_stream=True)
        self._last_answered = max(self._last_answered, stream_id)

    def _send_frames(self) -> None:
        if data := self._h2.data_to_send():
            self.send(data)


def _certified_topic(tls: ssl.SSLObject) -> str | None:
    """The pass type identifier out of the client certificate's subject (its user id)."""
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return None
    subject = x509.load_der_x509_certificate(der).subject
    names = subject.get_attributes_for_oid(NameOID.USER_ID)
    return str(names[0].value) if names else None
