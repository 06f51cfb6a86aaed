"""What each answer of Apple's push service means."""

from datetime import UTC, datetime

import pycurl
import pytest

from passkit.apns import Failure, Verdict, judge, judge_failure
from passkit.apns_answers import failure_of, is_unreachable, read_body, read_id


def test_a_taken_push_is_accepted():
    assert judge(200, "") is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "BadDeviceToken"),
        (400, "DeviceTokenNotForTopic"),
        (400, "MissingDeviceToken"),
        (410, "Unregistered"),
        (410, "ExpiredToken"),
        (410, ""),
    ],
)
def test_a_token_that_can_never_work_is_dead(status: int, reason: str):
    assert judge(status, reason) is Verdict.TOKEN_DEAD


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "BadCollapseId"),
        (400, "BadExpirationDate"),
        (400, "BadMessageId"),
        (400, "BadPriority"),
        (400, "BadTopic"),
        (400, "DuplicateHeaders"),
        (400, "InvalidPushType"),
        (400, "MissingTopic"),
        (400, "PayloadEmpty"),
        (400, "TopicDisallowed"),
        (403, "BadCertificate"),
        (403, "BadCertificateEnvironment"),
        (403, "ExpiredProviderToken"),
        (403, "Forbidden"),
        (403, "InvalidProviderToken"),
        (403, "MissingProviderToken"),
        (403, "AReasonOfTomorrow"),
        (404, "BadPath"),
        (405, "MethodNotAllowed"),
    ],
)
def test_our_own_fault_halts_and_costs_no_registration(status: int, reason: str):
    assert judge(status, reason) is Verdict.HALT


@pytest.mark.parametrize(("status", "reason"), [(301, ""), (204, ""), (101, "")])
def test_an_answer_that_is_not_of_the_push_service_halts(status: int, reason: str):
    assert judge(status, reason) is Verdict.HALT


@pytest.mark.parametrize(
    ("status", "reason"),
    [(413, "PayloadTooLarge"), (400, "AReasonOfTomorrow"), (400, ""), (418, "")],
)
def test_a_push_refused_for_itself_is_dropped_alone(status: int, reason: str):
    assert judge(status, reason) is Verdict.DROP


@pytest.mark.parametrize("reason", ["TooManyRequests", ""])
def test_too_many_pushes_make_this_token_wait(reason: str):
    assert judge(429, reason) is Verdict.WAIT


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
        (503, "Shutdown"),
        (502, ""),
        (408, ""),
        (400, "IdleTimeout"),
        (0, ""),
    ],
)
def test_a_trouble_of_the_moment_is_retried(status: int, reason: str):
    assert judge(status, reason) is Verdict.RETRY


@pytest.mark.parametrize(
    "alert",
    [
        "tlsv1 alert unknown ca",
        "sslv3 alert certificate expired",
        "tlsv13 alert certificate required",
        "sslv3 alert bad certificate",
    ],
)
def test_a_refused_client_certificate_halts(alert: str):
    message = f"OpenSSL SSL_read: error:0A000418:SSL routines::{alert}, errno 0"
    assert judge_failure(pycurl.E_RECV_ERROR, message) is Verdict.HALT
    assert is_unreachable(pycurl.E_RECV_ERROR, message)


@pytest.mark.parametrize(
    "code",
    [pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CACERT_BADFILE, pycurl.E_PEER_FAILED_VERIFICATION],
)
def test_certificates_that_do_not_fit_halt(code: int):
    assert judge_failure(code, "") is Verdict.HALT


@pytest.mark.parametrize(
    "code",
    [
        pycurl.E_OPERATION_TIMEDOUT,
        pycurl.E_SEND_ERROR,
        pycurl.E_RECV_ERROR,
        pycurl.E_COULDNT_CONNECT,
    ],
)
def test_a_broken_network_is_retried(code: int):
    assert judge_failure(code, "Connection reset by peer") is Verdict.RETRY


def test_only_what_prevents_every_push_makes_the_service_unreachable():
    assert is_unreachable(pycurl.E_COULDNT_CONNECT, "")
    assert not is_unreachable(pycurl.E_RECV_ERROR, "Connection reset by peer")


def test_reason_and_time_are_read_from_the_body():
    body = b'{"reason": "Unregistered", "timestamp": 1763798400500}'
    assert read_body(body) == ("Unregistered", datetime(2025, 11, 22, 8, 0, 0, 500_000, UTC))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[]",
        b'{"reason": 3}',
        b'{"timestamp": "x"}',
        b'{"timestamp": 1e300}',
        b'{"timestamp": true}',
    ],
)
def test_a_strange_body_says_nothing(body: bytes):
    assert read_body(body) == ("", None)


def test_too_many_tokens_of_ours_are_no_fault_of_the_phone():
    assert judge(429, "TooManyProviderTokenUpdates") is Verdict.HALT
    assert judge(429, "TooManyRequests") is Verdict.WAIT


@pytest.mark.parametrize(
    ("curl_code", "message", "failure"),
    [
        (pycurl.E_COULDNT_CONNECT, "refused", Failure.UNREACHABLE),
        (pycurl.E_COULDNT_RESOLVE_HOST, "", Failure.UNREACHABLE),
        (pycurl.E_RECV_ERROR, "Connection reset by peer", Failure.CUT),
        (92, "HTTP/2 stream 5 reset by server (error 0x2 INTERNAL_ERROR)", Failure.RESET),
        (92, "not closed cleanly before end of the underlying connection", Failure.CUT),
    ],
)
def test_a_failure_concerns_everybody_or_the_connection_or_one_push(curl_code, message, failure):
    assert failure_of(curl_code, message) is failure


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ([b"HTTP/2 200 \r\n", b"apns-id: 0F0E-1\r\n", b"\r\n"], "0F0E-1"),
        ([b"HTTP/2 200 \r\n", b"apns-unique-id: 7\r\n", b"\r\n"], ""),
        ([b"HTTP/2 200 \r\n", b"apns-id: \xff\r\n"], "\ufffd"),
        ([], ""),
    ],
)
def test_the_services_name_of_a_push_is_read_where_it_gives_one(head: list[bytes], name: str):
    assert read_id(head) == name
