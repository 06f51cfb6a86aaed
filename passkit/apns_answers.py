"""What Apple's push service answers, and what each answer means for the sender.

The tables are Apple's (Apple: Handling notification responses from APNs); what to do about each
answer follows from what a pass needs: a registration is worth keeping unless the token is dead.
"""

import json
import re
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

import pycurl


class Verdict(Enum):
    """What the sender does next."""

    ACCEPTED = "accepted"  # the service has it; no proof that the phone fetched the pass
    TOKEN_DEAD = "token_dead"  # noqa: S105 - forget registrations with this push token
    HALT = "halt"  # our configuration or certificate: stop this topic, keep the registrations
    DROP = "drop"  # this push can never succeed; other pushes can, and the token is fine
    WAIT = "wait"  # this token had too many: wait with it, go on with the others
    RETRY = "retry"  # a trouble of the moment: push again later


class Failure(Enum):
    """Why there was no answer."""

    UNREACHABLE = "unreachable"  # no connection can be made: nobody's push can succeed now
    CUT = "cut"  # the connection ended or fell silent, with all that was under way
    RESET = "reset"  # this push alone was ended; the others go on


class PushAnswer(NamedTuple):
    """The outcome of one push.

    `apns_id` is the service's name for the push, empty when there was no answer. `status` is the
    HTTP status, 0 when there was no answer at all, and `reason` is Apple's word for it, empty on
    success. `unregistered_at` (UTC) comes with 410: only registrations made or
    renewed before it are dead. `detail` is a sentence for the log, without the token.
    `retry_after_seconds` is what the service asked for, None when it asked for nothing. `failure`
    says why there was no answer, None when there was one. (A named
    tuple, because one is made for each push and a frozen dataclass takes four times as long.)
    """

    token: str
    apns_id: str
    status: int
    reason: str
    verdict: Verdict
    detail: str
    unregistered_at: datetime | None = None
    retry_after_seconds: float | None = None
    failure: Failure | None = None


_TOKEN_REASONS = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic", "MissingDeviceToken"})
_OUR_REASONS = frozenset(
    {
        "BadCollapseId",
        "BadExpirationDate",
        "BadMessageId",
        "BadPriority",
        "BadTopic",
        "DuplicateHeaders",
        "InvalidPushType",
        "MissingTopic",
        "PayloadEmpty",
        "TopicDisallowed",
    }
)
_PASSING_REASONS = frozenset({"IdleTimeout", "Shutdown"})

_BY_STATUS = {
    200: Verdict.ACCEPTED,
    401: Verdict.HALT,
    403: Verdict.HALT,
    404: Verdict.HALT,
    405: Verdict.HALT,
    408: Verdict.RETRY,
    410: Verdict.TOKEN_DEAD,
    413: Verdict.DROP,
    429: Verdict.WAIT,
}

# Errors of libcurl that say that no connection can be made at all, now or ever.
_UNREACHABLE = frozenset(
    {
        pycurl.E_COULDNT_RESOLVE_HOST,
        pycurl.E_COULDNT_CONNECT,
        pycurl.E_SSL_CONNECT_ERROR,
    }
)
_MISCONFIGURED = frozenset(
    {
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_PEER_FAILED_VERIFICATION,
    }
)
_HTTP2_STREAM = 92  # CURLE_HTTP2_STREAM; pycurl gives it no name
_ID_FIELD = b"apns-id:"  # in lower case, as are all names in HTTP/2
# How OpenSSL words the alert with which a server refuses the client's certificate.
_REFUSED_CERTIFICATE = re.compile(
    r"alert (unknown ca|access denied|decrypt error"
    r"|(bad|unsupported) certificate|certificate (revoked|expired|unknown|required))"
)


def judge(status: int, reason: str) -> Verdict:
    """What an HTTP answer means. A reason nobody knows costs neither the token nor the topic."""
    if reason == "TooManyProviderTokenUpdates":
        return Verdict.HALT  # it is about who pushes, not about the phone
    if status == 400:
        if reason in _TOKEN_REASONS:
            return Verdict.TOKEN_DEAD
        if reason in _OUR_REASONS:
            return Verdict.HALT
        return Verdict.RETRY if reason in _PASSING_REASONS else Verdict.DROP
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 400 <= status < 500:
        return Verdict.DROP
    if status == 0 or status >= 500:
        return Verdict.RETRY
    return Verdict.HALT  # a redirect or the like: whatever answers there is not Apple's service


def judge_failure(curl_code: int, message: str) -> Verdict:
    """What it means that there was no HTTP answer: libcurl's error number and text."""
    if curl_code in _MISCONFIGURED or _REFUSED_CERTIFICATE.search(message):
        return Verdict.HALT
    return Verdict.RETRY


def failure_of(curl_code: int, message: str) -> Failure:
    """Whom a failure concerns: everybody, those on the connection, or one push."""
    if is_unreachable(curl_code, message):
        return Failure.UNREACHABLE
    is_of_stream = curl_code == _HTTP2_STREAM and "underlying connection" not in message
    return Failure.RESET if is_of_stream else Failure.CUT


def is_unreachable(curl_code: int, message: str) -> bool:
    """Whether other pushes would fail the same way, so that trying them now is useless."""
    return curl_code in _UNREACHABLE or judge_failure(curl_code, message) is Verdict.HALT


def read_body(body: bytes) -> tuple[str, datetime | None]:
    """Reason and time (UTC) out of an error answer; both are empty when it says neither.

    Apple: the JSON keys are `reason` and `timestamp` (milliseconds since 1970).
    """
    try:
        data = json.loads(body) if body else {}
    except ValueError:
        return "", None
    if not isinstance(data, dict):
        return "", None
    reason, timestamp = data.get("reason"), data.get("timestamp")
    return (reason if isinstance(reason, str) else ""), _moment(timestamp)


def read_id(head: list[bytes]) -> str:
    """The service's name for a push, out of the lines of its answer's head; empty without one."""
    for line in head:
        if line.startswith(_ID_FIELD):
            return line[len(_ID_FIELD) :].strip().decode("ascii", "replace")
    return ""


def _moment(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
