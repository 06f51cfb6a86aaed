"""Each night all that Google has is compared; what differs is mended, whatever was lost."""

from datetime import timedelta
from uuid import UUID

import pytest

from googlewallet.client import Kind
from server import google_objects
from server.models import GoogleObject
from server.sandbox.google.faults import AnswerFault, Faults
from server.wallets.google import reconcile as google_reconcile
from tests.server.google.conftest import Looks


def put(google, card, kind=Kind.LOYALTY_OBJECT, **values):
    """Google has something else than we sent."""
    store = google.stand_in._store
    id = google.object_id(card)
    store.put(kind, {**store.find(kind, id), **values})


def test_when_all_is_right_nothing_is_told(google, saved, looks):
    saved.stamp(10)
    google.settle()
    google.forget()
    assert looks.all() == 0
    assert {call.method for call in google.calls()} == {"GET"}
    assert google_objects.backlog(google.services.database).count == 0


def test_a_wrong_balance_is_put_right(google, saved, looks):
    saved.stamp(3)
    google.settle()
    points = {"label": "x", "balance": {"int": 7}}
    put(google, saved.card, loyaltyPoints={**google.object(saved.card)["loyaltyPoints"], **points})
    assert looks.all() == 1
    assert google.row(saved.card).is_bulk
    google.settle()
    assert google.balance(saved.card) == 3


def test_a_reward_that_is_still_named_is_taken_away(google, saved, looks):
    saved.stamp(10)
    google.settle()
    offer_id = google.object(saved.card)["linkedOfferIds"]
    saved.record("redeemed")
    google.settle()
    put(google, saved.card, linkedOfferIds=offer_id)
    assert looks.all() == 1
    google.settle()
    assert "linkedOfferIds" not in google.object(saved.card)


def test_a_reward_that_differs_is_put_right(google, saved, looks):
    saved.stamp(10)
    google.settle()
    store, id = google.stand_in._store, f"{google.object_id(saved.card)}_reward"
    store.put(Kind.OFFER_OBJECT, {**store.find(Kind.OFFER_OBJECT, id), "state": "EXPIRED"})
    assert looks.all() == 1
    google.settle()
    assert store.find(Kind.OFFER_OBJECT, id)["state"] == "ACTIVE"


def test_who_has_the_card_is_learnt_without_a_callback(google, ledger, looks):
    google.bring(ledger.card)
    link = google.account.links.link(loyalty=[google.object_id(ledger.card)], at=google.clock())
    google.stand_in.save(link.rpartition("/")[2], "aino")
    assert google.row(ledger.card).has_users is False
    looks.all()
    assert google.row(ledger.card).has_users is True
    google.stand_in.remove("aino", google.object_id(ledger.card))
    looks.all()
    assert google.row(ledger.card).has_users is False


def test_cards_that_lead_to_a_former_address_of_ours_are_told_the_new_one(google, saved):
    google.restart(public_url="https://uusi.example")
    assert Looks(google).all() == 1
    google.settle()
    links = google.object(saved.card)["linksModuleData"]["uris"]
    assert all(link["uri"].startswith("https://uusi.example/") for link in links)
    assert Looks(google).all() == 0


def test_a_class_that_differs_is_put_right(google, saved, looks):
    store, id = google.stand_in._store, google.row(saved.card).class_id
    right = store.find(Kind.LOYALTY_CLASS, id)
    store.put(Kind.LOYALTY_CLASS, {**right, "programName": "Something else"})
    looks.all()
    assert store.find(Kind.LOYALTY_CLASS, id)["programName"] == right["programName"]


def test_a_class_that_is_gone_is_made_anew(google, saved, looks):
    id = google.row(saved.card).class_id
    del google.stand_in._store._bodies[Kind.LOYALTY_CLASS, id]
    looks.all()
    assert google.stand_in.class_(Kind.LOYALTY_CLASS, id) is not None


def test_what_is_owed_anyway_is_left_to_the_worker(google, saved, looks):
    saved.stamp()
    before = google.row(saved.card)
    looks.all()
    assert google.row(saved.card) == before


def test_a_change_while_it_is_compared_is_not_mistaken_for_a_difference(google, saved):
    row = google.row(saved.card)
    saved.stamp()
    google.settle()
    stale = google_objects.Seen(row.card_id, row.sent_version, is_right=False, has_users=False)
    assert google_objects.compare(google.services.database, [stale], at=google.clock()) == 0
    assert google.row(saved.card).has_users is True


def test_it_goes_on_where_it_was_interrupted(google, saved, looks, monkeypatch):
    monkeypatch.setattr(google_reconcile, "_MOST_ON_A_PAGE", 2)
    for number in range(5):
        google.sync.want(UUID(str(saved.enrol(f"Eeva {number}")["id"])))
    google.settle()
    first = looks.page()
    assert (first.objects, first.is_over) == (2, False)
    again = Looks(google)  # in another process
    again.all()
    assert [page.objects for page in again.pages if page.objects] == [2, 2]
    assert google.issuer().reconciled_at == google.clock()


def test_a_page_that_did_not_come_is_looked_at_again(google, saved, looks):
    google.fail(AnswerFault(status=503, method="GET"))
    with pytest.raises(google_reconcile.ApiError):
        looks.page()
    assert looks.all() == 0
    assert sum(page.objects for page in looks.pages) == 1


def test_objects_of_others_are_none_of_our_business(google, saved, looks):
    account, class_id = google.account, google.row(saved.card).class_id
    body = {**google.object(saved.card), "id": f"{account.issuer_id}.made-by-hand"}
    for name in ("hasUsers", "classReference", "linkedOfferIds"):
        body.pop(name, None)
    account.client.insert(Kind.LOYALTY_OBJECT, {**body, "classId": class_id})
    assert looks.all() == 0


def test_what_was_given_up_is_tried_once_more(google, saved, looks):
    google.fail(AnswerFault(status=400, reason="invalid", method="PATCH"))
    saved.stamp()
    google.drain()
    assert google.row(saved.card).error
    looks.all()
    google.settle()
    assert google.balance(saved.card) == 1


def test_it_begins_by_itself_once_a_night(google, saved, clock):
    clock.at = clock.at.replace(hour=23, minute=59)
    google.sync.step()
    google.run_until(lambda: google.sync.is_idle)
    assert google.calls() == []
    clock.move(hours=1, minutes=2)
    google.restart()
    google.run_until(lambda: google.issuer().reconciled_at == clock())
    made = len(google.calls())
    clock.move(hours=3)
    google.restart()
    google.sync.step()
    google.run_until(lambda: google.sync.is_idle)
    assert len(google.calls()) == made


def test_a_callback_has_google_asked_who_has_the_card(google, ledger):
    google.bring(ledger.card)
    google.clock.move(seconds=5)
    link = google.account.links.link(loyalty=[google.object_id(ledger.card)], at=google.clock())
    google.stand_in.save(link.rpartition("/")[2], "aino")
    hear(google, ledger.card, "one")
    google.settle()
    assert google.row(ledger.card).has_users is True


def test_the_same_callback_counts_once(google, saved):
    assert hear(google, saved.card, "one")
    google.settle()
    google.forget()
    assert not hear(google, saved.card, "one")
    google.settle()
    assert google.calls() == []


def test_callbacks_that_come_in_the_wrong_order_change_nothing(google, saved):
    """Removed and saved again: what is true is what Google says when it is asked."""
    google.stand_in.remove("aino", google.object_id(saved.card))
    hear(google, saved.card, "removed")
    hear(google, saved.card, "saved")
    google.settle()
    assert google.row(saved.card).has_users is False


def test_a_callback_while_a_call_is_on_its_way_is_not_forgotten(google, ledger):
    google.bring(ledger.card)
    google.clock.move(seconds=5)
    google.stand_in.faults = Faults(delay_seconds=0.2)
    ledger.stamp()
    google.sync.step()
    hear(google, ledger.card, "one")
    google.run_until(lambda: google.sync.is_idle)
    google.stand_in.faults = Faults()
    google.forget()
    google.settle()
    assert [call.method for call in google.calls()] == ["GET"]


@pytest.mark.parametrize("end", ["settled", "put off", "given up", "released"])
def test_a_callback_is_not_forgotten_whatever_becomes_of_the_call(google, saved, end):
    database, at = google.services.database, google.clock()
    saved.stamp()
    due = google_objects.claim_one(database, UUID(saved.card), at=at)
    assert due.held.has_users is True
    hear(google, saved.card, "one")
    if end == "settled":
        google_objects.settle(database, due, due.held, at=at)
    elif end == "put off":
        google_objects.put_off(database, due, due.held, until=at, error="busy")
    elif end == "given up":
        google_objects.give_up(database, due, due.held, at=at, error="refused")
    else:
        google_objects.release(database, due, due.held)
    assert google.row(saved.card).has_users is None


def test_a_callback_about_no_card_of_ours_has_no_effect(google, saved):
    assert not hear(google, saved.card, "one", object_id="9000000000000000001.unknown")


def test_callbacks_are_forgotten_when_they_cannot_come_again(google, saved, clock):
    hear(google, saved.card, "one")
    google.settle()
    google_objects.prune(google.services.database, at=clock() + timedelta(hours=2))
    assert hear(google, saved.card, "one")


class Heard:
    """A callback that was found genuine."""

    def __init__(self, object_id, nonce, expires_at):
        self.object_id, self.nonce, self.expires_at = object_id, nonce, expires_at


def hear(google, card, nonce, *, object_id=None):
    callback = Heard(
        object_id or google.object_id(card), nonce, google.clock() + timedelta(hours=1)
    )
    return google_objects.note_callback(google.services.database, callback, at=google.clock())


def test_a_row_is_as_it_was_but_for_what_was_heard(google, saved):
    before = google.row(saved.card)
    hear(google, saved.card, "one")
    after = google.row(saved.card)
    kept = set(GoogleObject.model_fields) - {"has_users", "owed_version", "due_at", "is_bulk"}
    assert {name: getattr(after, name) for name in kept} == {
        name: getattr(before, name) for name in kept
    }
