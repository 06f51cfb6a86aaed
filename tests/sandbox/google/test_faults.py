"""What can be made to go wrong goes wrong as told, and leaves the right traces."""

import time

import pytest
import requests

from server.sandbox.google.faults import AnswerFault
from server.sandbox.google.stand_in import Faults, GoogleStandIn
from tests.sandbox.google.conftest import CLASS, OBJECT, Caller, loyalty_class, points

PATH = f"loyaltyObject/{OBJECT}"


def balance(google: GoogleStandIn) -> int:
    return google.object("loyaltyObject", OBJECT)["loyaltyPoints"]["balance"]["int"]


def test_an_answer_is_replaced_so_often_and_for_these_calls_only(card: Caller):
    fault = AnswerFault(status=503, method="patch", path=OBJECT, count=2)
    card.google.faults = Faults(answers=[fault])
    statuses = [card.call("PATCH", PATH, points(n)).status_code for n in range(3)]
    assert (statuses, balance(card.google)) == ([503, 503, 200], 2)
    assert card.call("GET", PATH).status_code == 200


def test_every_third_call_meets_it_and_the_others_do_not(card: Caller):
    fault = AnswerFault(status=429, every=3, count=None, method="GET")
    card.google.faults = Faults(answers=[fault])
    statuses = [card.call("GET", PATH).status_code for _ in range(6)]
    assert statuses == [200, 200, 429] * 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (AnswerFault(status=403), "permissionDenied"),
        (AnswerFault(status=403, reason="quotaExceeded"), "quotaExceeded"),
        (AnswerFault(status=429), "rateLimitExceeded"),
        (AnswerFault(status=500), "backendError"),
    ],
)
def test_a_refusal_has_googles_form(card: Caller, fault: AnswerFault, reason: str):
    card.google.faults = Faults(answers=[fault])
    assert card.reason("GET", PATH) == (fault.status, reason)


def test_when_to_come_back_and_what_a_proxy_says_can_be_told(card: Caller):
    fault = AnswerFault(status=502, retry_after_seconds=7, body="<html>Bad Gateway</html>")
    card.google.faults = Faults(answers=[fault])
    answer = card.call("GET", PATH)
    assert answer.headers["Retry-After"] == "7"
    assert answer.text == "<html>Bad Gateway</html>"


@pytest.mark.parametrize(("drop", "count"), [("before_commit", 7), ("after_commit", 8)])
def test_a_connection_ends_before_or_after_the_call_took_effect(
    card: Caller, drop: str, count: int
):
    card.google.faults = Faults(answers=[AnswerFault(drop=drop)])
    with pytest.raises(requests.ConnectionError):
        card.call("PATCH", PATH, points(8))
    assert balance(card.google) == count
    assert card.google.requests[-1].status == 0
    assert card.google.requests[-1].body == points(8)
    assert card.call("GET", PATH).status_code == 200


def test_an_answer_can_be_late(card: Caller):
    card.google.faults = Faults(delay_seconds=0.05, answers=[AnswerFault(delay_seconds=0.1)])
    started = time.monotonic()
    assert card.call("PATCH", PATH, points(8)).status_code == 200
    assert time.monotonic() - started >= 0.15
    call = card.google.requests[-1]
    assert call.ended - call.started >= 0.15


def test_more_calls_in_a_second_than_allowed_are_refused(card: Caller):
    card.google.faults = Faults(requests_per_second=3)
    statuses = [card.call("GET", PATH).status_code for _ in range(4)]
    spent = card.google.requests[-1].ended - card.google.requests[-4].started
    assert statuses[:3] == [200, 200, 200]
    assert statuses[3] == 429 or spent > 1


def test_the_log_holds_what_came_and_how_it_was_answered(caller: Caller):
    caller.insert("loyaltyClass", loyalty_class())
    caller.reason("GET", PATH)
    token, insert, get = caller.google.requests
    assert (token.path, token.body) == ("/token", None)
    assert (insert.method, insert.body, insert.status) == ("POST", loyalty_class(), 200)
    assert (get.status, get.reason) == (404, "resourceNotFound")
    assert insert.at == caller.clock()
    assert caller.google.answers["404 resourceNotFound"] == 1


def test_whoever_draws_phones_hears_of_every_change(start, account_file):
    heard = []
    google = start(on_change=lambda: heard.append(len(google.changes)))
    google.faults = Faults()
    assert requests.get(google.keys_url, timeout=20).status_code == 200
    assert heard == []


def test_a_body_that_never_ends_is_not_read(google: GoogleStandIn):
    answer = requests.post(
        f"{google.api_url}/loyaltyClass", data=iter([b"{}"]), timeout=20
    )  # chunked
    assert answer.status_code == 411


def test_what_is_wrong_is_told_by_pydantic_and_not_taken():
    with pytest.raises(ValueError, match="status"):
        AnswerFault(status=200)


def test_a_class_named_in_an_address_may_be_quoted(caller: Caller):
    caller.insert("loyaltyClass", loyalty_class())
    assert caller.call("GET", f"loyaltyClass/{CLASS.replace('.', '%2E')}").status_code == 200
