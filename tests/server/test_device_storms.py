"""Registrations in storms: hundreds in minutes, under ever new device identifiers."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlmodel import col, select

from server import registrations
from server.models import Delivery, Device, Pass, Registration


@pytest.fixture
def card(ledger, services, clock):
    return Card(ledger.card, services, clock)


class Card:
    """A pass, and devices that register for it; at most six."""

    def __init__(self, card_id, services, clock):
        self.services, self.clock = services, clock
        with services.database.reading() as session:
            statement = select(Pass).where(Pass.card_id == UUID(card_id))
            self.pass_ = session.exec(statement).one()

    def register(self, device, push_token=None, most=6):
        self.clock.move(seconds=1)
        return registrations.register(
            self.services.database,
            (self.pass_.pass_type_identifier, self.pass_.serial_number),
            library_identifier=device,
            token=self.pass_.authentication_token,
            push_token=push_token or f"token-of-{device}",
            at=self.clock(),
            most_devices=most,
        )

    def holders(self):
        statement = (
            select(Device.library_identifier)
            .join(Registration, col(Registration.device_id) == col(Device.id))
            .where(Registration.pass_id == self.pass_.id)
        )
        with self.services.database.reading() as session:
            return set(session.exec(statement).all())

    def was_told(self, device):
        with self.services.database.transaction() as session:
            row = session.exec(select(Device).where(Device.library_identifier == device)).one()
            sent = Delivery(created_at=row.created_at, device_id=row.id, owed_tag=1)
            sent.sent_at = self.clock()
            session.add(sent)


def test_a_storm_thins_itself_out_and_leaves_the_household_alone(card, clock):
    household = {"aino", "eino", "watch"}
    for device in household:
        card.register(device)
    clock.move(days=30)
    for number in range(60):
        assert card.register(f"storm-{number}") is True
        assert len(card.holders()) <= 6
    assert household < card.holders()
    assert "storm-59" in card.holders()


def test_a_second_storm_leaves_a_household_alone_that_pushes_reach(card, clock):
    household = ("aino", "eino", "watch")
    for device in household:
        card.register(device)
    for storm in ("first", "second"):
        clock.move(days=30)
        for number in range(20):
            card.register(f"{storm}-{number}")
        if storm == "first":
            clock.move(days=1)
            for device in household:
                card.was_told(device)
    assert {*household} < card.holders()


def test_the_earlier_names_of_one_phone_go_first(card, clock):
    for device in ("aino", "eino", "watch"):
        card.register(device)
    clock.move(days=30)
    for number in range(10):
        card.register(f"name-{number}", push_token="the-same-phone")
    assert {"aino", "eino", "watch", "name-9"} <= card.holders()
    card.register("granny")
    assert {"aino", "eino", "watch", "name-9", "granny"} <= card.holders()


def test_the_longest_silent_goes_and_one_that_takes_pushes_stays(card, clock):
    for device in ("a", "b", "c", "d", "e", "f"):
        card.register(device)
        clock.move(days=10)
    card.was_told("a")
    card.register("g")
    assert card.holders() == {"a", "c", "d", "e", "f", "g"}


def test_registering_again_is_a_sign_of_life(card, clock):
    for device in ("a", "b", "c", "d", "e", "f"):
        card.register(device)
        clock.move(days=10)
    assert card.register("a") is False
    card.register("g")
    assert "a" in card.holders()
    assert "b" not in card.holders()


def test_a_device_forgotten_for_one_pass_keeps_its_others(card, ledger, services, clock):
    other = Card(str(ledger.enrol("Eeva")["id"]), services, clock)
    card.register("a", most=2), other.register("a")
    for device in ("b", "c"):
        clock.move(days=10)
        card.register(device, most=2)
    assert card.holders() == {"b", "c"}
    assert other.holders() == {"a"}


def test_a_forgotten_device_is_gone_and_may_come_back(card, services, clock):
    for device in ("a", "b", "c"):
        card.register(device, most=2)
        clock.move(days=10)
    with services.database.reading() as session:
        names = session.exec(select(Device.library_identifier)).all()
    assert set(names) == {"b", "c"}
    assert card.register("a", most=2) is True


def test_a_storm_all_at_once_stays_within_the_limit(card):
    names = [f"storm-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(card.register, names))
    assert len(card.holders()) == 6


def test_a_storm_from_outside_is_held_to_the_setting(phones, ledger, services):
    for number in range(services.settings.devices_per_pass + 5):
        phone = phones.new(ledger.card, library=f"{number:032x}")
        assert phone.register(f"{number:064x}").status_code == 201
    with services.database.reading() as session:
        held = len(session.exec(select(Registration)).all())
    assert held == services.settings.devices_per_pass
    assert phone.list().status_code == 200
