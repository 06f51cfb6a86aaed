"""A crowd: as many cards as asked for, whose books are as true as anybody's."""

import pytest
from sqlmodel import func, select

from server import audit, crowd, events, renewals
from server.models import Card, Device, Event, Lot, Member, Pass, Registration

CARDS = 60  # the models, and copies of them


def quiet(_have: int, _count: int) -> None:
    """No progress bar."""


def count(services, model) -> int:
    with services.database.reading() as session:
        return session.exec(select(func.count()).select_from(model)).one()


@pytest.fixture
def town(services, house):
    """Grow the house's programme to so many cards."""

    def grow(cards: int) -> int:
        return crowd.grow(services, house.slug, house.programme, count=cards, progress=quiet)

    return grow


@pytest.fixture
def full(town):
    assert town(CARDS) == CARDS
    return town


def test_every_card_has_its_member_pass_and_phone(full, services):
    for model in (Member, Card, Pass):
        assert count(services, model) == CARDS
    copies = count(services, Device)
    assert copies == count(services, Registration) == CARDS - 24  # the models are on none


def test_the_books_of_a_crowd_are_true(full, services):
    assert audit.check(services.database) == []
    assert count(services, Lot) > 0


def test_asked_again_it_only_tops_up(full, services):
    assert full(CARDS) == 0
    assert full(CARDS + 40) == 40
    assert count(services, Card) == CARDS + 40
    assert audit.check(services.database) == []


def test_what_is_there_already_counts(services, ledger, town):
    ledger.stamp()
    assert town(3) == 2
    assert count(services, Card) == 3


def test_a_card_of_the_crowd_goes_on_as_any_card(full, ledger, services):
    with services.database.reading() as session:
        copy = session.exec(select(Pass).join(Registration)).first()
        told = session.exec(select(Event).where(Event.card_id == copy.card_id)).all()
    answer = ledger.record("stamped", card=copy.barcode).json()
    assert answer["posted"][0] == {"type": "earn", "unit": "stamp", "delta": 1}
    assert told[0].name == "enrolled"


def test_a_copy_shows_what_its_pass_says_it_does(full, ledger, services, clock):
    """A card that nothing happened to keeps its version when it is looked at anew."""
    before = versions(services)
    renewals.ask(services, "aalto", "kahvipassi")
    clock.move(seconds=5)
    while events.expire_due(services):
        pass
    assert versions(services) == before


def versions(services) -> dict[object, int]:
    with services.database.reading() as session:
        return {row.id: row.version for row in session.exec(select(Pass)).all()}


def test_the_bar_fills_up(capsys):
    show = crowd.bar(iter([0.0, 0.0, 10.0, 20.0]).__next__)
    show(1000, 3000)
    show(3000, 3000)
    assert "3,000 of 3,000" in capsys.readouterr().out
