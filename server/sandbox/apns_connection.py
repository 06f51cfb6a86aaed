"""One connection to the push service's stand-in: what is answered when, and what goes wrong.

Runs in the stand-in's event loop. What to answer is decided elsewhere (`Service.decide`).
"""

import asyncio
import heapq
import ssl
from typing import NamedTuple, Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from server.sandbox.faults import Faults
from server.sandbox.header_blocks import Headers
from server.sandbox.http2 import Code, Http2

# Apple: the reason stands in the goodbye as JSON.
_GOODBYE = b'{"reason":"Shutdown"}'


class Answer(NamedTuple):
    """What to send back: `fields` are header fields besides the status and the id, encoded."""

    status: int
    reason: str = ""
    fields: bytes = b""
    body: bytes = b""


_LateAnswer = tuple[int, Headers, Answer]


class Service(Protocol):
    """What a connection asks of the stand-in."""

    connections: "set[Connection]"
    faults: Faults
    misbehaves: bool  # whether any of the faults is about connections

    def heard(self) -> float:
        """Some pushes come now, on the monotonic clock: the time of all of them."""

    def decide(self, headers: Headers, body: bytes, topic: str | None) -> Answer:
        """The answer to a push; one that is accepted has been handed on."""


class Connection(Http2):
    """The server's end of a connection; the service holds it for as long as it lives."""

    def __init__(self, context: ssl.SSLContext, service: Service) -> None:
        super().__init__(context, max_streams=service.faults.max_streams)
        self._service = service
        self._handled = self._refused = self._last_answered = 0
        self._topic: str | None = None
        # When, and what is answered then: what came in one read is due at once.
        self._late: list[tuple[float, int, list[_LateAnswer]]] = []
        self._latest: tuple[float, list[_LateAnswer]] = (0.0, [])
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._busy_until = 0.0

    def secured(self, tls: ssl.SSLObject) -> None:
        """Say hello, and note whose certificate this is."""
        self._topic = _certified_topic(tls)
        self._service.connections.add(self)
        super().secured(tls)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Answers still on their way have nowhere to go."""
        self.is_over = True
        self._service.connections.discard(self)
        if self._timer:
            self._timer.cancel()

    def received(self, data: bytes) -> None:
        """Take frames in."""
        self._heard_at = self._service.heard()
        super().received(data)

    def requested(self, stream: int, headers: Headers, body: bytes) -> None:
        """Answer a push, or do to it what the faults say."""
        service = self._service
        if not service.misbehaves:
            answer = service.decide(headers, body, self._topic)
            self._last_answered = stream
            self.answer(stream, answer.status, headers.raw_id, answer.fields, answer.body)
        elif not self._is_left_undone(stream, service.faults):
            answer = service.decide(headers, body, self._topic)
            if not self._is_left_unanswered(stream, service.faults):
                self._answer_in_time(stream, headers, answer)

    def close(self) -> None:
        """End the connection as HTTP/2 asks: requests after the last answered were not handled."""
        self.goodbye(self._last_answered, says=_GOODBYE)

    def _is_left_undone(self, stream: int, faults: Faults) -> bool:
        """Before the push is taken: for the phone it has never been."""
        self._handled += 1
        if _is_turn(self._handled, faults.goaway_every):
            self.close()
            return True
        if faults.reset_code == "refused" and _is_turn(self._handled, faults.reset_every):
            self.reset(stream, Code.REFUSED_STREAM)
            return True
        return False

    def _is_left_unanswered(self, stream: int, faults: Faults) -> bool:
        """After the push was taken: only its sender does not know."""
        if _is_turn(self._handled, faults.cut_every):
            self.is_over = True
            self.cut()
            return True
        if _is_turn(self._handled, faults.reset_every):
            self.reset(stream, Code.INTERNAL_ERROR)
            return True
        return _is_turn(self._handled, faults.silent_every)

    def _answer_in_time(self, stream: int, headers: Headers, answer: Answer) -> None:
        faults = self._service.faults
        now = self._heard_at
        due = now + faults.delay_seconds
        if faults.answers_per_second:
            due = max(due, self._busy_until + 1 / faults.answers_per_second)
            self._busy_until = due
        if due > now:
            self._answer_at(due, (stream, headers, answer))
        else:
            self._answer_now(stream, headers, answer)
        if _is_turn(self._handled, faults.drain_every):
            self.leave(_GOODBYE)

    def _answer_at(self, due: float, late: _LateAnswer) -> None:
        if due != self._latest[0]:
            self._latest = due, []
            heapq.heappush(self._late, (due, late[0], self._latest[1]))
            self._set_timer()
        self._latest[1].append(late)

    def _answer_now(self, stream: int, headers: Headers, answer: Answer) -> None:
        faults = self._service.faults
        if faults.one_stream_after_refusal:
            self.limit_streams(faults.max_streams if answer.status == 200 else 1)
        self._last_answered = max(self._last_answered, stream)
        self.answer(stream, answer.status, headers.raw_id, answer.fields, answer.body)
        if 400 <= answer.status < 500 and answer.status != 410:
            self._refused += 1
            if _is_turn(self._refused, faults.close_after_refusals):
                self.close()

    def _set_timer(self) -> None:
        if self._timer is None and self._late and not self.is_over:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._late[0][0], self._answer_late)

    def _answer_late(self) -> None:
        self._timer = None
        self._latest = 0.0, []
        now = asyncio.get_running_loop().time()
        while self._late and self._late[0][0] <= now:
            for stream, headers, answer in heapq.heappop(self._late)[2]:
                if not self.is_over:
                    self._answer_now(stream, headers, answer)
        if not self.is_over:
            self.flush()
        self._set_timer()


def _is_turn(count: int, every: int | None) -> bool:
    return every is not None and count % every == 0


def _certified_topic(tls: ssl.SSLObject) -> str | None:
    """The pass type identifier out of the client certificate's subject (its user id)."""
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return None
    subject = x509.load_der_x509_certificate(der).subject
    names = subject.get_attributes_for_oid(NameOID.USER_ID)
    return str(names[0].value) if names else None
