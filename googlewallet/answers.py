"""What the Google Wallet API answers, and what each answer means for whoever asked.

Google's envelope is `error{code, message, errors[{reason, domain}]}`; its `status` may be missing
and its message may change, so the HTTP status and the reason alone decide (Google Wallet, Error
codes).
"""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import ReadTimeoutError

from googlewallet.errors import ApiError, Verdict

_QUOTA = frozenset({"quotaExceeded", "QuotaExceededException", "QUOTA_EXCEEDED"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded"})
_NO_CLASS = frozenset({"classNotFound", "issuerClassNotFound", "IssuerClassNotFoundException"})
_MOST_DETAIL = 300  # characters
_LONGEST_WAIT = 86_400.0  # seconds: nobody means to be left alone for longer

_FAILURES = (
    (requests.ConnectTimeout, "connectTimedOut"),
    (requests.Timeout, "readTimedOut"),
    (ReadTimeoutError, "readTimedOut"),
    (requests.exceptions.SSLError, "tlsFailed"),
    (requests.exceptions.ProxyError, "proxyFailed"),
    (requests.ConnectionError, "connectionFailed"),
)


class Answer(NamedTuple):
    """A whole answer; google-auth takes it for its `transport.Response`."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def judge(
    status: int,
    reason: str,
    *,
    missing: Verdict = Verdict.OBJECT_MISSING,
    taken: Verdict = Verdict.BUSY,
) -> Verdict:
    """What an HTTP answer other than success means.

    `missing` is what a 404 says when its reason does not name the class, `taken` what a 409 says.
    """
    if status in (403, 429):
        if reason in _QUOTA:
            return Verdict.QUOTA
        return Verdict.BUSY if status == 429 or reason in _TOO_FAST else Verdict.FORBIDDEN
    if status == 404:
        return Verdict.CLASS_MISSING if reason in _NO_CLASS else missing
    if status == 409:
        return taken
    if status == 401:
        return Verdict.UNAUTHORIZED
    if status == 408 or status >= 500:
        return Verdict.BUSY
    return Verdict.REFUSED if 400 <= status < 500 else Verdict.UNREACHABLE


def read(answer: Answer) -> dict[str, Any]:
    """The JSON object of a good answer; an empty body is an empty object.

    Raises ApiError UNREACHABLE for anything else: what answered was not Google.
    """
    try:
        body = json.loads(answer.data or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise not_google(answer.status)
    return body


def error_of(
    answer: Answer,
    *,
    missing: Verdict = Verdict.OBJECT_MISSING,
    taken: Verdict = Verdict.BUSY,
) -> ApiError:
    """What a bad answer of the API says; `missing` and `taken` as for `judge`."""
    reason, message = _told(answer.data)
    status = answer.status
    return ApiError(
        status=status,
        reason=reason,
        detail=_short(message) or "No words came with the answer.",
        verdict=judge(status, reason, missing=missing, taken=taken),
        retry_after_seconds=_retry_after(answer.headers),
    )


def token_error_of(answer: Answer) -> ApiError:
    """What a bad answer of the token endpoint says (RFC 6749, 5.2: `error` and a description)."""
    status = answer.status
    body = _object(answer.data)
    verdict = judge(status, "")
    if 400 <= status < 500 and verdict is not Verdict.BUSY:
        verdict = Verdict.UNAUTHORIZED
    description = _text(body.get("error_description")) or "No words came with the answer."
    return ApiError(
        status=status,
        reason=_text(body.get("error")),
        detail=_short(f"No access token: {description}"),
        verdict=verdict,
        retry_after_seconds=_retry_after(answer.headers),
    )


def not_google(status: int | None) -> ApiError:
    """Something answered, but not as Google does."""
    return ApiError(
        status=status,
        reason="notGoogle",
        detail="The answer is none of Google's: is the address right, is there a proxy between?",
        verdict=Verdict.UNREACHABLE,
    )


def failure_of(error: Exception) -> ApiError:
    """There was no answer, or not the whole of it."""
    kinds = (reason for kind, reason in _FAILURES if isinstance(error, kind))
    root: BaseException = error
    while root.__context__ is not None:
        root = root.__context__
    return ApiError(
        status=None,
        reason=next(kinds, "answerCut"),
        detail=_short(f"No whole answer: {str(root) or type(root).__name__}"),
        verdict=Verdict.UNREACHABLE,
    )


def _told(content: bytes) -> tuple[str, str]:
    """Reason and message of Google's envelope; both are empty where it says neither."""
    error = _object(content).get("error")
    if not isinstance(error, dict):
        return "", ""
    for name in ("errors", "details"):  # the second is where newer services of Google put it
        entries = error.get(name)
        for entry in entries if isinstance(entries, list) else ():
            reason = _text(entry.get("reason")) if isinstance(entry, dict) else ""
            if reason:
                return reason, _text(error.get("message"))
    return "", _text(error.get("message"))


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _short(text: str) -> str:
    """In one line."""
    return " ".join(text.split())[:_MOST_DETAIL]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, out of either form (RFC 9110, 10.2.3); a time counts from the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    try:
        if value.isascii() and value.isdigit():
            seconds = float(value)
        else:
            until, sent = (parsedate_to_datetime(each) for each in (value, headers.get("date", "")))
            seconds = (until - sent).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
