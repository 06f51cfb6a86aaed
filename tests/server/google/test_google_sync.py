"""What Google is told of a card: all of it, once, and the latest last."""

import threading
from collections import Counter
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from googlewallet.client import Kind
from server import google_objects
from server.models import Brand, GoogleObject, Location
from server.sandbox.google.faults import AnswerFault, Faults
from server.wallets.google.classes import Classes
from server.wallets.google.sync import Outcome

LOYALTY = "/loyaltyObject"


def names(calls):
    return [(call.method, call.path.split("/v1/")[1].partition("/")[0]) for call in calls]


def test_a_card_is_there_as_soon_as_its_holder_asks(google, ledger):
    ledger.stamp(3)
    assert google.bring(ledger.card) is Outcome.READY
    assert google.balance(ledger.card) == 3
    made = [("POST", "loyaltyClass"), ("POST", "offerClass"), ("POST", "loyaltyObject")]
    assert names(google.calls()) == made


def test_asking_again_asks_google_nothing(google, ledger):
    google.bring(ledger.card)
    google.forget()
    assert google.bring(ledger.card) is Outcome.READY
    assert google.calls() == []


def test_without_an_account_nobody_is_told(google, ledger):
    google.restart(google_issuer_id=None, google_service_account_file=None)
    assert google.sync.want(UUID(ledger.card)) is None
    assert google.sync.step() is None


def test_a_card_that_is_none_cannot_be_wanted(google):
    assert google.sync.want(uuid4()) is None


def test_a_card_that_nobody_wanted_is_no_business_of_googles(google, ledger):
    ledger.stamp()
    google.drain()
    assert google.calls() == []


def test_a_stamp_is_one_update_of_what_changed(google, saved):
    saved.stamp()
    google.drain()
    (call,) = google.calls()
    assert call.method == "PATCH"
    assert call.body["loyaltyPoints"] == {"balance": {"int": 1}}
    assert call.body["notifyPreference"] == "NOTIFY_ON_UPDATE"
    assert not {"barcode", "classId", "state"} & set(call.body)
    assert google.balance(saved.card) == 1


def test_a_stamp_sent_twice_is_told_once(google, saved):
    event_id = str(uuid4())
    for _ in range(2):
        saved.record("stamped", id=event_id)
        google.drain()
        google.clock.move(seconds=5)
    assert len(google.calls()) == 1


def test_what_comes_to_the_same_in_the_end_needs_no_call(google, saved):
    answer = saved.record("stamped").json()
    saved.undo(answer["id"])
    google.drain()
    assert google.calls() == []
    row = google.row(saved.card)
    assert (row.due_at, row.sent_version) == (None, row.owed_version)


def test_fifty_stamps_in_two_seconds_are_at_most_three_updates_one_after_the_other(google, saved):
    google.stand_in.faults = Faults(delay_seconds=0.1)
    for _ in range(50):
        saved.stamp()
        google.clock.move(seconds=0.04)
        google.sync.step()
    google.settle()
    calls = google.calls(path=LOYALTY)
    assert len(calls) <= 3
    assert all(before.ended <= after.started for before, after in pairwise(calls))
    assert google.balance(saved.card) == 0  # ten are a reward, and 50 are five
    assert google.object(saved.card)["secondaryLoyaltyPoints"]["balance"] == {"int": 5}


def test_what_is_told_never_decreases_while_stamps_come_in(google, saved):
    """A worker of its own pace, and a till that does not wait for it."""
    stopping = threading.Event()

    def work():
        while not stopping.is_set():
            google.sync.step()
            google.services.database.due.wait(0.005)
            google.services.database.due.clear()

    worker = threading.Thread(target=work)
    worker.start()
    for _ in range(9):
        saved.stamp()
        google.clock.move(seconds=0.4)
    google.clock.move(seconds=2)
    limit = 400
    while google_objects.backlog(google.services.database).count and limit:
        google.clock.move(seconds=0.2)
        limit -= 1
        stopping.wait(0.02)
    stopping.set()
    worker.join()
    told = [call.body["loyaltyPoints"]["balance"]["int"] for call in google.calls("PATCH")]
    assert told == sorted(set(told))
    assert told[-1] == google.balance(saved.card) == 9


def test_a_change_while_a_call_is_on_its_way_is_told_after_it(google, saved):
    google.stand_in.faults = Faults(delay_seconds=0.2)
    saved.stamp()
    google.sync.step()
    saved.stamp()
    google.run_until(lambda: google.sync.is_idle)
    assert google.balance(saved.card) == 1
    google.settle()
    assert google.balance(saved.card) == 2
    assert len(google.calls()) == 2


def test_a_reward_is_there_before_the_card_names_it(google, saved):
    saved.stamp(10)
    google.settle()
    assert names(google.calls()) == [("POST", "offerObject"), ("PATCH", "loyaltyObject")]
    offer_id = f"{google.object_id(saved.card)}_reward"
    assert google.object(saved.card)["linkedOfferIds"] == [offer_id]
    offer = google.stand_in.object(Kind.OFFER_OBJECT, offer_id)
    assert offer is not None
    assert offer["state"] == "ACTIVE"


def test_a_used_reward_is_gone_from_the_card_and_comes_back_with_the_next(google, saved):
    offer_id = f"{google.object_id(saved.card)}_reward"
    states = []
    for event in ("stamped", "redeemed", "stamped"):
        saved.stamp(10) if event == "stamped" else saved.record(event)
        google.settle()
        states.append(google.stand_in.object(Kind.OFFER_OBJECT, offer_id)["state"])
    assert states == ["ACTIVE", "COMPLETED", "ACTIVE"]
    assert Counter(names(google.calls()))["POST", "offerObject"] == 1


def test_a_changed_name_is_sent_for_review_with_the_class(google, saved, rename):
    rename("Leimapassi")
    saved.stamp()
    google.drain()
    (call,) = google.calls("PATCH", "/loyaltyClass")
    assert call.body["reviewStatus"] == "UNDER_REVIEW"
    assert call.status == 200
    found = google.stand_in.class_(Kind.LOYALTY_CLASS, google.row(saved.card).class_id)
    assert (found["programName"], found["reviewStatus"]) == ("Leimapassi", "APPROVED")


def test_a_class_that_somebody_left_a_draft_is_no_draft_when_a_card_comes(google, ledger):
    google.sync.want(UUID(ledger.card))
    (known,) = google.classes()
    issuer = google.account.issuer_id
    (body, *_) = (
        made for each, made in Classes(google.services).wanted(issuer, known.programme_id)
    )
    google.account.client.insert(Kind.LOYALTY_CLASS, {**body, "reviewStatus": "DRAFT"})
    google.forget()
    assert google.sync.bring_up_to_date(UUID(ledger.card)) is Outcome.READY
    statuses = [call.status for call in google.calls("POST", "/loyaltyObject")]
    assert statuses == [200]
    found = google.stand_in.class_(Kind.LOYALTY_CLASS, body["id"])
    assert found["reviewStatus"] == "APPROVED"


def test_a_class_is_sent_once_for_all_cards(google, ledger):
    cards = [ledger.card, *(ledger.enrol(f"Eeva {number}")["id"] for number in range(5))]
    for card in cards:
        google.sync.want(UUID(str(card)))
    google.drain()
    assert len(google.calls("POST", "/loyaltyClass")) == 1
    assert [google.balance(card) for card in cards] == [0] * 6


def test_a_worker_brings_what_was_asked_for_when_the_web_server_died(google, ledger):
    google.sync.want(UUID(ledger.card))
    google.drain()
    assert google.balance(ledger.card) == 0


def test_whoever_asks_while_the_worker_is_at_it_waits_for_it(google, ledger):
    google.stand_in.faults = Faults(answers=[AnswerFault(delay_seconds=0.3, path=LOYALTY)])
    google.sync.want(UUID(ledger.card))
    google.sync.step()
    assert google.sync.bring_up_to_date(UUID(ledger.card)) is Outcome.READY
    assert len(google.calls("POST", LOYALTY)) == 1


def test_another_issuer_gets_the_card_as_a_new_one(google, saved, services):
    with services.database.transaction() as session:
        row = session.get_one(GoogleObject, UUID(saved.card))
        row.object_id = "8000000000000000002.of-another-issuer"
        session.add(row)
    assert google.bring(saved.card) is Outcome.READY
    assert (
        google.row(saved.card).object_id
        == google.stand_in.object(Kind.LOYALTY_OBJECT, google.object_id(saved.card))["id"]
    )


def test_nothing_of_it_happens_inside_a_transaction(google, ledger):
    google.sync.want(UUID(ledger.card))
    with google.services.database.transaction(), pytest.raises(RuntimeError):
        google.sync.bring_up_to_date(UUID(ledger.card))


def test_whatever_a_class_is_made_of_is_noticed_when_it_changes(google, saved, database):
    """Classes are kept as they were made: the rules of a part, the brand and its places count."""
    class_id = google.row(saved.card).class_id
    for change in (
        lambda session: setattr(session.exec(select(Brand)).one(), "contact", "Another contact"),
        lambda session: setattr(session.exec(select(Brand)).one(), "name", "Another"),
        lambda session: vars_of(
            session.exec(select(Location)).one(), latitude=60.2, longitude=24.9
        ),
    ):
        with database.transaction() as session:
            change(session)
        google.forget()
        saved.stamp()
        google.settle()
        google.clock.move(seconds=2)
        assert [
            call.path.rpartition("/")[2] for call in google.calls("PATCH", "/loyaltyClass")
        ] == [class_id]


def test_what_a_class_has_no_more_is_taken_away_at_google_too(google, saved, database, looks):
    def move(latitude: float | None, longitude: float | None) -> None:
        with database.transaction() as session:
            place = session.exec(select(Location)).one()
            vars_of(place, latitude=latitude, longitude=longitude)
        google.clock.move(seconds=2)
        saved.stamp()
        google.settle()

    class_id = google.row(saved.card).class_id
    move(60.2, 24.9)
    assert "merchantLocations" in google.stand_in.class_(Kind.LOYALTY_CLASS, class_id)
    move(None, None)
    assert "merchantLocations" not in google.stand_in.class_(Kind.LOYALTY_CLASS, class_id)
    google.forget()
    looks.all()
    assert google.calls("PATCH") == []


def vars_of(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
