"""What each answer of the API means."""

import json

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from googlewallet import answers
from googlewallet.errors import Verdict
from tests.googlewallet.local_google import envelope


def answered(status: int, content: bytes = b"", **headers: str) -> answers.Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answers.Answer(status, CaseInsensitiveDict(named), content)


@pytest.mark.parametrize(
    ("status", "reason", "verdict"),
    [
        (400, "invalid", Verdict.REFUSED),
        (400, "", Verdict.REFUSED),
        (401, "authError", Verdict.UNAUTHORIZED),
        (403, "permissionDenied", Verdict.FORBIDDEN),
        (403, "insufficientPermissions", Verdict.FORBIDDEN),
        (403, "quotaExceeded", Verdict.QUOTA),
        (403, "QuotaExceededException", Verdict.QUOTA),
        (403, "userRateLimitExceeded", Verdict.BUSY),
        (403, "", Verdict.FORBIDDEN),
        (404, "notFound", Verdict.OBJECT_MISSING),
        (404, "IssuerClassNotFoundException", Verdict.CLASS_MISSING),
        (404, "classNotFound", Verdict.CLASS_MISSING),
        (408, "", Verdict.BUSY),
        (409, "conflict", Verdict.BUSY),
        (412, "conditionNotMet", Verdict.REFUSED),
        (429, "quotaExceeded", Verdict.QUOTA),
        (429, "rateLimitExceeded", Verdict.BUSY),
        (429, "", Verdict.BUSY),
        (500, "backendError", Verdict.BUSY),
        (503, "", Verdict.BUSY),
        (302, "", Verdict.UNREACHABLE),
    ],
)
def test_status_and_reason_decide(status: int, reason: str, verdict: Verdict):
    assert answers.judge(status, reason) is verdict


@pytest.mark.parametrize("message", ["Quota exceeded", "class not found", "", "ä" * 9999])
def test_the_message_never_decides(message: str):
    bodies = [envelope(403, "permissionDenied", words) for words in (message, "No.")]
    first, second = (answers.error_of(answered(403, json.dumps(body).encode())) for body in bodies)
    assert first.verdict is second.verdict is Verdict.FORBIDDEN
    assert len(first.detail) <= 300


def test_a_status_word_in_the_envelope_is_not_needed_and_not_read():
    body = envelope(403, "quotaExceeded")
    body["error"]["status"] = "PERMISSION_DENIED"
    error = answers.error_of(answered(403, json.dumps(body).encode()))
    assert (error.verdict, error.reason) == (Verdict.QUOTA, "quotaExceeded")


def test_newer_services_tell_their_reason_in_the_details():
    body = b'{"error": {"details": [{"@type": "x"}, {"reason": "QUOTA_EXCEEDED"}]}}'
    assert answers.error_of(answered(403, body)).verdict is Verdict.QUOTA


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[1]",
        b"null",
        b"\xff",
        b'{"error": "x"}',
        b'{"error": {"errors": {}}}',
        b'{"error": {"errors": [1, {"reason": 7}], "message": []}}',
        b"[" * 100_000,
    ],
)
def test_an_error_in_any_shape_is_judged_by_its_status(content: bytes):
    error = answers.error_of(answered(503, content))
    assert (error.verdict, error.reason) == (Verdict.BUSY, "")
    assert error.detail


@given(st.binary(max_size=200), st.integers(300, 599))
def test_no_answer_breaks_the_reader(content: bytes, status: int):
    assert answers.error_of(answered(status, content)).verdict in Verdict
    assert answers.token_error_of(answered(status, content)).verdict in Verdict


def test_lines_in_a_message_become_one_line_of_the_log():
    body = json.dumps(envelope(400, "invalid", "a\r\nb\tc")).encode()
    assert answers.error_of(answered(400, body)).detail == "a b c"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": " 120 "}, 120.0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "²"}, None),
        ({"retry_after": "9" * 400}, 86_400.0),
        ({"retry_after": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
        (
            {
                "retry_after": "Sun, 22 Nov 2026 10:00:30 GMT",
                "date": "Sun, 22 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry_after": "Sun, 22 Nov 2026 09:00:00 GMT",
                "date": "Sun, 22 Nov 2026 10:00:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_a_wait_is_read_in_both_its_forms(headers, seconds):
    assert answers.error_of(answered(503, **headers)).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.ConnectTimeout("x"), "connectTimedOut"),
        (requests.ReadTimeout("x"), "readTimedOut"),
        (requests.exceptions.SSLError("x"), "tlsFailed"),
        (requests.exceptions.ProxyError("x"), "proxyFailed"),
        (requests.ConnectionError("x"), "connectionFailed"),
        (requests.exceptions.ChunkedEncodingError("x"), "answerCut"),
        (requests.exceptions.ContentDecodingError(), "answerCut"),
    ],
)
def test_no_answer_says_how_it_failed_and_leaves_open_what_happened(error, reason: str):
    told = answers.failure_of(error)
    assert (told.status, told.reason, told.verdict) == (None, reason, Verdict.UNREACHABLE)
    assert not told.detail.endswith(":")
