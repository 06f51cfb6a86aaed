"""What Google is told of a card: all of it, once, and the latest last."""

import pytest

from server.sandbox.google_faults import AnswerFault
from server.wallets.google_sync import Outcome


def test_a_card_is_there_as_soon_as_its_holder_asks(google, ledger):
    ledger.stamp(3)
    assert google.bring(ledger.card) is Outcome.READY
    assert google.balance(ledger.card) == 3
    made = [(call.method, call.path.rpartition("/")[2]) for call in google.calls()]
    assert made == [("POST", "loyaltyClass"), ("POST", "offerClass"), ("POST", "loyaltyObject")]


def test_asking_again_asks_google_nothing(google, ledger):
    google.bring(ledger.card)
    google.forget()
    assert google.bring(ledger.card) is Outcome.READY
    assert google.calls() == []


def test_a_stamp_is_one_update_with_the_new_balance_alone(google, saved):
    saved.stamp()
    google.drain()
    (call,) = google.calls()
    assert call.method == "PATCH"
    assert call.body["loyaltyPoints"] == {"balance": {"int": 1}}
    assert call.body["notifyPreference"] == "NOTIFY_ON_UPDATE"
    assert "barcode" not in call.body
    assert google.balance(saved.card) == 1
