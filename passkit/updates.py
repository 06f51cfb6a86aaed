"""The rules of the update protocol, without a web framework.

Apple: Wallet Passes, Adding a Web Service to Update Passes, and the pages of its five calls.
"""

import hmac
import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from passkit.errors import RequestError

MAX_LOG_LINES = 100
MAX_LOG_LINE_BYTES = 2048

_MAX_PUSH_TOKEN = 2048  # as the push client has it
_TAG = re.compile(r"[0-9]{1,18}").fullmatch  # fits a signed 64-bit number
_AUTHORIZATION = re.compile(r"applepass +([!-~]+) *", re.IGNORECASE).fullmatch
_PUSH_TOKEN = re.compile(r"[A-Za-z0-9._~:+=-]+").fullmatch
_AFTER_SCHEME = re.compile(r"(ApplePass\s+)\S+", re.IGNORECASE)
# Serial numbers look like tokens, but a line without its serial number is of no use.
_LONG_WORD = re.compile(r"serial number [A-Za-z0-9_-]+|[A-Za-z0-9_~+-]{24,}={0,2}")
_MASK = "***"


def parse_authorization(header: str | None) -> str:
    """The token of an `Authorization: ApplePass <token>` header, taken from its raw text.

    The scheme is compared without case. Raises RequestError `authorization_missing` or
    `authorization_malformed`.
    """
    if not header:
        raise RequestError("authorization_missing", "The request has no Authorization header.")
    match = _AUTHORIZATION(header)
    if match is None:
        raise RequestError(
            "authorization_malformed",
            "The Authorization header is not ApplePass followed by exactly one token.",
        )
    return match[1]


def is_same_token(given: str, expected: str) -> bool:
    """Whether two tokens are equal, in a time that does not tell how much of them is."""
    return hmac.compare_digest(
        given.encode(errors="surrogatepass"), expected.encode(errors="surrogatepass")
    )


@lru_cache(maxsize=4096)  # many phones ask for few versions
def http_date(at: datetime) -> str:
    """The moment as Last-Modified has it, in whole seconds: `Sun, 22 Nov 2026 10:00:00 GMT`."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)


def is_unmodified(if_modified_since: str | None, modified_at: datetime) -> bool:
    """Whether the phone holds exactly this version, so that 304 is the answer.

    Only the very second counts: an earlier or later date, another format or no header at all is
    answered with the pass.
    """
    return bool(if_modified_since) and if_modified_since == http_date(modified_at)


def parse_tag(text: str | None) -> int | None:
    """The change tag of `passesUpdatedSince`; None, which asks for all, when it is not ours."""
    return int(text) if text and _TAG(text) else None


def parse_registration(body: bytes) -> str:
    """The push token in the body of a registration.

    It is as long as the phone says, up to 2048 characters; since it becomes part of a path, it
    may hold letters, digits and `. _ ~ : + = -` only. Raises RequestError `json_malformed`,
    `push_token_missing` or `push_token_malformed`.
    """
    value = _json(body)
    token = value.get("pushToken") if isinstance(value, dict) else None
    if not isinstance(token, str) or not token:
        raise RequestError("push_token_missing", "The body has no text called pushToken.")
    if len(token) > _MAX_PUSH_TOKEN or not _PUSH_TOKEN(token) or not token.strip("."):
        raise RequestError(
            "push_token_malformed", "The push token cannot be part of the push service's path."
        )
    return token


def parse_log(body: bytes) -> list[str]:
    """What a phone reports, made harmless: at most 100 lines of 2 KB, without secrets.

    Takes `{"logs": [...]}` or a bare array. Control characters are written out, and what may be
    a token is replaced by `***`. Raises RequestError `json_malformed` or `log_malformed`.
    """
    value = _json(body)
    lines = value.get("logs") if isinstance(value, dict) else value
    if not isinstance(lines, list):
        raise RequestError("log_malformed", "The body holds no list called logs.")
    return [_harmless(line) for line in lines[:MAX_LOG_LINES] if isinstance(line, str)]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise RequestError("json_malformed", "The body is not JSON in UTF-8.") from error


def _harmless(line: str) -> str:
    # Half characters cannot be stored as UTF-8, so they go first.
    whole = line[: MAX_LOG_LINE_BYTES * 2].encode(errors="replace").decode()
    masked = _LONG_WORD.sub(_mask, _AFTER_SCHEME.sub(rf"\1{_MASK}", whole))
    printable = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in masked
    )
    return printable.encode()[:MAX_LOG_LINE_BYTES].decode(errors="ignore")


def _mask(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith("serial number ") else _MASK
