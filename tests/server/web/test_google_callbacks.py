"""Google's callbacks: taken once when proven, refused without a trace otherwise."""

import time
from uuid import uuid4

import pytest
from sqlmodel import select

from googlewallet import throwaway
from googlewallet.throwaway import Flaw
from server import traces
from server.models import Trace
from server.wallets.google.account import Accounts
from server.wallets.google.sync import GoogleSync

NOT_PROVEN = [flaw for flaw in Flaw if flaw is not Flaw.NOT_JSON]
GARBAGE = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"{}", b"\xff\xfe", b"\0", b'{"signature":1}']


@pytest.fixture
def card(street, ledger):
    """Aino's, which Google has."""
    card = ledger.enrol("Aino", language="en")
    street.click(card)
    return card


def noted(street, card):
    """What the card's timeline tells of wallets."""
    traces.write(street.services)
    with street.services.database.reading() as session:
        wanted = select(Trace.what).where(Trace.serial_number == card["serial_number"])
        return [what for what in session.exec(wanted) if what in ("saved", "deleted")]


def settle(street, card):
    """Let a worker do what is owed for the card."""
    sync = GoogleSync(street.services, Accounts(street.services.settings, street.services.clock))
    until = time.monotonic() + 20
    while street.object(card).due_at is not None:
        assert time.monotonic() < until, "it was not done"
        street.services.clock.move(seconds=1)
        sync.step()
        street.services.database.due.wait(0.02)
        street.services.database.due.clear()
    sync.close()


def test_a_callback_is_taken_and_leaves_the_question_to_the_worker(street, card):
    asked = len(street.google.requests)
    answer = street.call_back(street.callback(card))
    assert (answer.status_code, answer.data) == (200, b"")
    assert street.object(card).due_at is not None
    assert len(street.nonces()) == 1
    assert noted(street, card) == ["saved"]
    assert len(street.google.requests) == asked, "the answer waits for nobody"


def test_the_same_callback_again_is_answered_alike_and_has_no_effect(street, card):
    body = street.callback(card)
    answers = [street.call_back(body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(street.nonces()) == 1
    assert noted(street, card) == ["saved"]


def test_each_callback_of_its_own_is_noted(street, card):
    for event in ("save", "del", "save"):
        assert street.call_back(street.callback(card, event)).status_code == 200
    assert noted(street, card) == ["saved", "deleted", "saved"]


def test_what_google_has_counts_when_callbacks_come_in_the_wrong_order(street, card):
    token = street.link(card)
    street.google.save(token, "aino")
    saved, removed = street.callback(card, "save"), street.callback(card, "del")
    street.google.remove("aino", street.object(card).object_id)
    for body in (removed, saved):
        assert street.call_back(body).status_code == 200
    settle(street, card)
    assert street.object(card).has_users is False
    street.google.save(token, "aino")
    for body in (street.callback(card, "save"), street.callback(card, "del")):
        street.call_back(body)
    settle(street, card)
    assert street.object(card).has_users is True


@pytest.mark.parametrize("flaw", NOT_PROVEN, ids=str)
def test_what_is_not_proven_is_refused_and_leaves_nothing(street, card, flaw):
    settle(street, card)
    answer = street.call_back(street.callback(card, flaw=flaw), Accept="text/html")
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert street.object(card).due_at is None
    assert (street.nonces(), noted(street, card)) == ([], [])


@pytest.mark.parametrize("body", GARBAGE, ids=repr)
def test_garbage_is_refused(street, body):
    answer = street.call_back(body)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


@pytest.mark.parametrize("name", ["objectId", "classId"])
def test_a_card_that_is_not_ours_is_unknown(street, card, name):
    stranger = f"{throwaway.ISSUER_ID}.{uuid4().hex}"
    answer = street.call_back(street.callback(card, **{name: stranger}))
    assert (answer.status_code, answer.json["code"]) == (404, "object_unknown")
    assert (street.nonces(), noted(street, card)) == ([], [])


def test_too_long_a_body_is_not_read(street, card):
    answer = street.call_back(b" " * 16 * 1024 + street.callback(card))
    assert answer.status_code == 413


def test_while_the_keys_cannot_be_had_google_is_asked_to_try_again(street, card):
    body = street.callback(card)
    without = street.with_settings(google_keys_url="http://127.0.0.1:1/keys")
    answer = without.call_back(body)
    assert (answer.status_code, answer.json["code"]) == (503, "keys_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert street.call_back(body).status_code == 200


def test_callbacks_are_not_counted(street, card):
    """A campaign that everybody saves brings them all from a few addresses of Google's."""
    strict = street.with_settings(rate_limit_factor=0.01)
    body = street.callback(card)
    answers = {strict.call_back(body).status_code for _ in range(50)}
    assert answers == {200}


def test_without_google_there_is_nothing_to_call_back(client):
    answer = client.post("/google/callback", json={}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json["code"]) == (404, "google_wallet_off")


def test_a_callback_gets_no_cookie(street, card):
    assert "Set-Cookie" not in street.call_back(street.callback(card)).headers
