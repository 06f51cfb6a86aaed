"""A pass that changed between its download and its registration."""

import threading

import pytest

from server import holds
from server.models import Card, PassType


@pytest.fixture
def phone(ledger, phones):
    """A phone that has held one pass for a while."""
    phone = phones.new(ledger.card)
    phone.register()
    return phone


@pytest.fixture
def added(ledger, phones):
    """A second pass, downloaded to the same phone but not registered yet."""
    return phones.new(ledger.enrol("Eeva")["id"])


def counter(services):
    with services.database.reading() as session:
        return session.get_one(PassType, "pass.test.leima.card").change_seq


def listed(answer):
    return answer.json["serialNumbers"] if answer.status_code == 200 else []


def test_a_change_before_the_registration_is_listed_though_the_phone_knows_a_newer_tag(
    phone, added, ledger
):
    downloaded = added.fetch().headers["Last-Modified"]
    ledger.stamp(card=str(added.pass_.card_id))
    ledger.stamp()
    tag = phone.list().json["lastUpdated"]
    assert added.register().status_code == 201
    answer = phone.list(tag)
    assert listed(answer) == [added.pass_.serial_number]
    assert added.fetch(If_Modified_Since=downloaded).status_code == 200
    assert phone.list(answer.json["lastUpdated"]).status_code == 204


def test_a_phone_that_has_the_newest_already_asks_once_and_gets_304(phone, added, ledger):
    ledger.stamp(card=str(added.pass_.card_id))
    downloaded = added.fetch().headers["Last-Modified"]
    tag = phone.list().json["lastUpdated"]
    added.register()
    tag = phone.list(tag).json["lastUpdated"]
    assert added.fetch(If_Modified_Since=downloaded).status_code == 304
    assert phone.list(tag).status_code == 204


def test_a_pass_that_never_changed_is_not_listed_for_being_registered(
    phone, added, ledger, services
):
    ledger.stamp()
    tag, before = phone.list().json["lastUpdated"], counter(services)
    assert added.register().status_code == 201
    assert phone.list(tag).status_code == 204
    assert counter(services) == before


def test_registering_again_lists_nothing_again(phone, ledger, services):
    ledger.stamp()
    tag, before = phone.list().json["lastUpdated"], counter(services)
    for token in ("11" * 32, "22" * 32):
        assert phone.register(token).status_code == 200
    assert phone.list(tag).status_code == 204
    assert counter(services) == before


def test_one_phones_late_registration_is_not_listed_on_another(phone, ledger, phones):
    ledger.stamp()
    tag = phone.list().json["lastUpdated"]
    phones.new(ledger.card, library="b" * 32).register()
    assert phone.list(tag).status_code == 204


def test_a_late_registration_changes_no_version_and_owes_no_push(added, ledger, services):
    ledger.stamp(card=str(added.pass_.card_id))
    before = added.fetch().headers["Last-Modified"]
    added.register()
    assert added.fetch().headers["Last-Modified"] == before
    assert not services.database.due.is_set()


def test_a_registration_during_a_change_hears_of_it(phone, added, services):
    """Neither can commit without seeing the other: the list after both holds the pass."""
    tag = phone.list().json["lastUpdated"]
    registering = threading.Thread(target=added.register)
    with services.database.transaction() as session:
        pass_ = session.get_one(type(added.pass_), added.pass_.id)
        pass_.content_hash = "stale"
        session.flush()
        card = session.get_one(Card, pass_.card_id)
        hold = holds.take(session, card.brand_id, card.id)
        face, at = hold.face(hold.book.standing(services.now())), services.now()
        holds.bring_up_to_date(session, hold, face, at=at, join=services.push_join)
        registering.start()
        registering.join(0.2)
        assert registering.is_alive()
    registering.join(30)
    assert listed(phone.list(tag)) == [added.pass_.serial_number]
