"""Tells Apple that a phone should ask what changed.

A pass push carries nothing: an empty JSON object to the phone's push token, with the pass type
identifier as topic and the pass certificate as the client's certificate (Apple: Wallet Passes,
Adding a Web Service to Update Passes; Apple: Sending notification requests to APNs). One client
keeps one HTTP/2 connection open, as Apple asks, and many pushes share it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from urllib.parse import quote, urlsplit

import pycurl

from passkit.apns_answers import (
    Failure,
    PushAnswer,
    Verdict,
    failure_of,
    judge,
    judge_failure,
    read_body,
    read_id,
)
from passkit.apns_transfers import Identity, Outcome, Transfers
from passkit.errors import PushError

__all__ = [
    "PRODUCTION_URL",
    "Failure",
    "PushAnswer",
    "PushClient",
    "Verdict",
    "judge",
    "judge_failure",
]

PRODUCTION_URL = "https://api.push.apple.com"  # passes have no development environment

# Apple names no limit; tokens of several hundred characters have been seen.
_LONGEST_TOKEN = 2048
_FEWEST_PATIENT, _FIRST_PATIENT = 2, 50
_LONGEST_QUEUE_SECONDS = 0.5
# Of pushes that have been started all but as many as the service allows wait inside libcurl, so
# that one of them may take many times as long as the service takes for one.
_LONGEST_QUEUE = 6
# libcurl would add these; the service reads none of them, and each costs with every push.
_NO_HEADERS = ("content-type:", "accept:")

OnAnswer = Callable[[PushAnswer], None]


@dataclass(slots=True, eq=False)
class _Push:
    token: str
    on_answer: OnAnswer
    started: float | None  # on the monotonic clock, of a push that can wait


class _Patience:
    """How many pushes that can wait may be under way.

    The service says how many streams it allows and changes its mind; what has been started queues
    for them and cannot be overtaken any more. So the number follows how soon answers come: a push
    that cannot wait is then never behind more than about half a second of others.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.room = min(_FIRST_PATIENT, most)
        self._narrowed_at = 0.0

    def learn(self, started: float, now: float) -> None:
        """An answer has come to what was started at `started`."""
        if now - started <= _LONGEST_QUEUE_SECONDS:
            self.room = min(self.room + 1, self._most)
        elif started > self._narrowed_at:  # once for all that queued together
            self.room = max(_FEWEST_PATIENT, self.room // 2)
            self._narrowed_at = now


class PushClient:
    """Pushes for one pass type identifier, over one connection, in a thread of its own.

    `push` may be called from any thread. Every push is answered exactly once, in the client's
    thread, also when the client is closed first. The client never repeats a push by itself and
    never stops by itself: the verdict says what to do.
    """

    def __init__(
        self,
        *,
        topic: str,
        certificate_pem: bytes,
        key_pem: bytes,
        now: Callable[[], datetime],
        url: str = PRODUCTION_URL,
        ca_pem: bytes | None = None,
        timeout_seconds: float = 10,
        max_in_flight: int = 500,
        push_type: str = "background",
        priority: int = 5,
        expiration_seconds: int = 86400,
    ) -> None:
        """`topic` is the pass type identifier; certificate and key (PEM, the key without a
        password) are those that sign its passes. `now` gives the aware current time, for
        `apns-expiration`: the service tries for `expiration_seconds` to reach a phone that is
        off; with 0 it tries once. `ca_pem` holds the roots to trust, the system's when None. A
        connection that has not answered anything for `timeout_seconds` is given up.

        Raises:
            PushError: the URL is not https, or there are no root certificates to trust.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise PushError(f"{url!r} cannot take pushes: give https://host", permanent=True)
        self._base = f"https://{parts.netloc}/3/device/"
        self._fixed_headers = (
            f"apns-topic: {topic}",
            f"apns-push-type: {push_type}",
            f"apns-priority: {priority}",
            *_NO_HEADERS,
        )
        self._headers: list[str] = []
        self._expires_at = -1
        self._now = now
        self._expiration_seconds = expiration_seconds
        self._max_in_flight = max_in_flight
        self._transfers: Transfers[_Push] = Transfers(
            Identity(certificate_pem=certificate_pem, key_pem=key_pem, ca_pem=ca_pem),
            timeout_seconds=timeout_seconds * _LONGEST_QUEUE,
            max_in_flight=max_in_flight,
        )
        self._lock = threading.Lock()
        self._waiting: deque[_Push] = deque()
        self._patient: deque[_Push] = deque()
        self._patience = _Patience(max_in_flight)
        self._is_closed = False
        self._timeout_seconds = timeout_seconds
        # A connection that has answered takes many pushes at once, a new one only the first.
        self._is_proven = False
        self._heard_at = 0.0  # on the monotonic clock
        self._thread = threading.Thread(target=self._run, name=f"push {topic}", daemon=True)
        self._thread.start()

    def push(self, token: str, on_answer: OnAnswer, *, can_wait: bool = False) -> None:
        """Queue a push to a push token; returns at once.

        `on_answer` is called in the client's thread: it should be quick and must not raise. What
        `can_wait` lets all others go first.

        Raises:
            PushError: the client has been closed.
        """
        with self._lock:
            if self._is_closed:
                raise PushError("The push client is closed: make a new one.", permanent=False)
            queue = self._patient if can_wait else self._waiting
            if not queue:
                self._transfers.wake()
            queue.append(_Push(token, on_answer, 0.0 if can_wait else None))

    def close(self) -> None:
        """Stop; every push without an answer gets `RETRY`. May be called more than once."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._transfers.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._is_closed:
                self._start_waiting()
                for outcome in self._transfers.wait():
                    self._finish(outcome)
                self._leave_if_silent()
        finally:
            with self._lock:
                self._is_closed = True
            dropped = self._transfers.abort()
            self._transfers.close()
        self._waiting.extend(dropped)
        detail = "The push client was closed before the answer came."
        self._answer_waiting(Verdict.RETRY, detail, Failure.CUT)

    def _start_waiting(self) -> None:
        if not len(self._transfers):
            self._heard_at = monotonic()
        headers = self._current_headers()
        most = self._max_in_flight if self._is_proven else 1
        for push in self._take_waiting(most - len(self._transfers)):
            if 0 < len(push.token) <= _LONGEST_TOKEN:
                self._transfers.start(push, self._base + _encoded(push.token), headers)
            else:
                _answer(push, Verdict.TOKEN_DEAD, "It is empty or too long for a push token.", None)

    def _current_headers(self) -> list[str]:
        """The same list for all pushes of a second."""
        now = int(self._now().timestamp())
        expires_at = self._expiration_seconds and now + self._expiration_seconds
        if expires_at != self._expires_at:
            self._expires_at = expires_at
            self._headers = [*self._fixed_headers, f"apns-expiration: {expires_at}"]
        return self._headers

    def _leave_if_silent(self) -> None:
        """A connection may be dead without anybody having said so."""
        if not len(self._transfers) or monotonic() - self._heard_at < self._timeout_seconds:
            return
        failure = Failure.CUT if self._is_proven else Failure.UNREACHABLE
        detail = f"No answer from the push service for {self._timeout_seconds:g} seconds."
        dropped = self._transfers.abort()
        self._transfers.reconnect()
        self._is_proven = False
        for push in dropped:
            _answer(push, Verdict.RETRY, detail, failure)
        if failure is Failure.UNREACHABLE:
            self._answer_waiting(Verdict.RETRY, detail, failure)

    def _take_waiting(self, count: int) -> list[_Push]:
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
            if not self._patient:
                return taken
            room = min(count, self._patience.room - len(self._transfers)) - len(taken)
            patient = [self._patient.popleft() for _ in range(min(room, len(self._patient)))]
        now = monotonic()
        for push in patient:
            push.started = now
        return taken + patient

    def _finish(self, outcome: Outcome[_Push]) -> None:
        push = outcome.request
        if outcome.curl_code:
            self._fail(push, outcome.curl_code, outcome.message)
            return
        self._is_proven, self._heard_at = True, monotonic()
        if push.started is not None:
            self._patience.learn(push.started, self._heard_at)
        apns_id = read_id(outcome.head)
        if outcome.status == 200:
            push.on_answer(PushAnswer(push.token, apns_id, 200, "", Verdict.ACCEPTED, "Accepted."))
            return
        reason, moment = read_body(outcome.body)
        verdict = judge(outcome.status, reason)
        if verdict is Verdict.HALT and _encoded(push.token) != push.token:
            # A token made up to break the request must not stop everybody else's pushes.
            verdict = Verdict.TOKEN_DEAD
        push.on_answer(
            PushAnswer(
                token=push.token,
                apns_id=apns_id,
                status=outcome.status,
                reason=reason,
                verdict=verdict,
                detail=f"The push service answered {outcome.status} {reason}".rstrip() + ".",
                unregistered_at=moment if outcome.status == 410 else None,
                retry_after_seconds=outcome.retry_after_seconds,
            )
        )

    def _fail(self, push: _Push, curl_code: int, message: str) -> None:
        verdict = judge_failure(curl_code, message)
        detail = f"No answer from the push service: {message or f'libcurl error {curl_code}'}."
        failure = failure_of(curl_code, message)
        if curl_code == pycurl.E_OPERATION_TIMEDOUT:
            failure = Failure.RESET  # others are answered meanwhile
        self._is_proven = self._is_proven and failure is Failure.RESET
        _answer(push, verdict, detail, failure)
        if failure is Failure.UNREACHABLE:
            self._answer_waiting(verdict, detail, failure)

    def _answer_waiting(self, verdict: Verdict, detail: str, failure: Failure) -> None:
        """The same for all that wait now; what their callbacks queue anew is tried anew."""
        with self._lock:
            waiting, self._waiting = self._waiting + self._patient, deque()
            self._patient = deque()
        for push in waiting:
            _answer(push, verdict, detail, failure)


def _encoded(token: str) -> str:
    """The token as one path segment: nothing in it can reach out of the path.

    Dots are encoded too, because some servers resolve `..`.
    """
    return (
        token
        if token.isalnum() and token.isascii()
        else quote(token, safe="", errors="replace").replace(".", "%2E")
    )


def _answer(push: _Push, verdict: Verdict, detail: str, failure: Failure | None) -> None:
    """There is no answer of the service's."""
    push.on_answer(
        PushAnswer(
            token=push.token,
            apns_id="",
            status=0,
            reason="",
            verdict=verdict,
            detail=detail,
            failure=failure,
        )
    )
