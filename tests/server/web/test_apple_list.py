"""The list of what changed on a device."""

import threading

import pytest

from server import holds
from server.models import PassType

PASS_TYPE = "pass.test.leima.card"


@pytest.fixture
def phone(ledger, phones):
    phone = phones.new(ledger.card)
    phone.register()
    return phone


def serials(answer):
    assert answer.status_code == 200
    return answer.json["serialNumbers"]


def test_all_passes_are_listed_without_a_tag(phone):
    answer = phone.list()
    assert serials(answer) == [phone.pass_.serial_number]
    assert answer.json["lastUpdated"].isdigit()
    assert answer.content_type == "application/json"


def test_the_returned_tag_brings_nothing_again(phone):
    tag = phone.list().json["lastUpdated"]
    answer = phone.list(tag)
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_change_is_listed_once(phone, ledger):
    tag = phone.list().json["lastUpdated"]
    ledger.stamp()
    answer = phone.list(tag)
    assert serials(answer) == [phone.pass_.serial_number]
    assert phone.list(answer.json["lastUpdated"]).status_code == 204


def test_every_change_after_the_tag_is_listed_not_only_the_newest(phone, ledger, phones):
    p, q, r = ledger.card, ledger.enrol("Q")["id"], ledger.enrol("R")["id"]
    q_phone, r_phone = phones.new(q), phones.new(r)
    q_phone.register(), r_phone.register()
    for card in (p, q, r):
        ledger.stamp(card=card)
        if card == p:
            tag = phone.list().json["lastUpdated"]
    expected = [q_phone.pass_.serial_number, r_phone.pass_.serial_number]
    assert serials(phone.list(tag)) == expected


@pytest.mark.parametrize(
    "tag",
    ["", "x", "-1", "1.5", "1 OR 1=1", "999999999", "9" * 30, "2026-11-22T10:00:00+00:00", "٣"],
)
def test_a_tag_that_is_not_ours_brings_everything(phone, tag):
    assert serials(phone.list(tag)) == [phone.pass_.serial_number]


def test_an_unknown_device_has_nothing(phones, ledger):
    answer = phones.new(ledger.card, library="stranger").list()
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_list_is_never_refused_whatever_the_authorization(phone):
    answer = phone.client.get(phone.devices_path, headers={"Authorization": "ApplePass wrong"})
    assert answer.status_code == 200


def test_a_device_never_sees_what_only_another_registered(phone, ledger, phones):
    theirs = phones.new(ledger.enrol("Eeva")["id"], library="b" * 32)
    theirs.register()
    assert serials(phone.list()) == [phone.pass_.serial_number]
    assert serials(theirs.list()) == [theirs.pass_.serial_number]


def test_other_pass_types_are_not_mixed_in(phone, services, clock):
    with services.database.transaction() as session:
        session.add(PassType(identifier="pass.b", team_identifier="T", created_at=clock()))
    path = phone.devices_path.replace(PASS_TYPE, "pass.b")
    assert phone.client.get(path).status_code == 204


def test_a_refused_stamp_is_not_a_change(phone, ledger):
    tag = phone.list().json["lastUpdated"]
    ledger.record("stamped", origin=ledger.house.till)
    after = phone.list(tag).json["lastUpdated"]
    ledger.record("stamped", origin=ledger.house.till)  # too soon after the first
    assert phone.list(after).status_code == 204


def test_a_change_whose_tag_was_drawn_first_is_never_stepped_over(phone, ledger, phones, services):
    """While one transaction holds its tag, no later one can commit, so no device can go past."""
    second = phones.new(ledger.enrol("Eeva")["id"])
    second.register()
    tag = phone.list().json["lastUpdated"]
    overtaker = threading.Thread(target=ledger.stamp, kwargs={"card": str(second.pass_.card_id)})
    with services.database.transaction() as session:
        session.get_one(type(phone.pass_), phone.pass_.id).content_hash = "stale"
        session.flush()
        hold = holds.take(session, phone.pass_.brand_id, phone.pass_.card_id)
        at, face = services.now(), hold.face(hold.book.standing(services.now()))
        holds.bring_up_to_date(session, hold, face, at=at, join=services.push_join)
        overtaker.start()
        overtaker.join(0.2)
        assert overtaker.is_alive()
        assert phone.list(tag).status_code == 204
    overtaker.join(30)
    expected = [phone.pass_.serial_number, second.pass_.serial_number]
    assert serials(phone.list(tag)) == expected
