"""A programme is changed: its cards are looked at anew, and phones hear of what is different."""

import pytest
from sqlmodel import select

from server import deliveries, events, renewals
from server.errors import NotFound
from server.models import Event, Pass, ProgrammePart


@pytest.fixture
def phone(ledger, phones):
    """Aino's phone, with everything told."""
    phone = phones.new(ledger.card)
    phone.register()
    return phone


def renew(services, clock) -> None:
    """Ask, and do the worker's part."""
    renewals.ask(services, "aalto", "kahvipassi")
    clock.move(seconds=5)
    while events.expire_due(services):
        pass


def reword(services) -> None:
    """The brand now gives away something else."""
    with services.database.transaction() as session:
        part = session.exec(select(ProgrammePart)).one()
        reward = {"fi": "Ilmainen pulla", "sv": "Gratis bulle", "en": "Free bun"}
        part.rules = {**part.rules, "reward": reward}


def state(services) -> Pass:
    with services.database.reading() as session:
        return session.exec(select(Pass)).one()


def test_a_changed_wording_reaches_the_phones(phone, services, clock):
    before = state(services)
    reword(services)
    renew(services, clock)
    after = state(services)
    assert after.version == before.version + 1
    assert after.change_tag > before.change_tag
    assert deliveries.owed(services.database) == 1


def test_nobody_waits_for_it_at_a_till(phone, services, clock):
    reword(services)
    renew(services, clock)
    assert [each.is_bulk for each in claimed(services)] == [True]


def claimed(services) -> list[deliveries.DuePush]:
    return deliveries.claim(services.database, at=services.now(), limit=10)


def test_what_shows_the_same_stays_as_it_is(phone, services, clock):
    before = state(services)
    renew(services, clock)
    assert state(services).version == before.version
    assert deliveries.owed(services.database) == 0


def test_it_is_no_event_and_is_over_when_done(phone, ledger, services, clock):
    reword(services)
    renew(services, clock)
    with services.database.reading() as session:
        assert [event.name for event in session.exec(select(Event)).all()] == ["enrolled"]
    assert events.expire_due(services) == 0


def test_what_has_run_out_is_written_off_all_the_same(ledger, services, clock):
    ledger.stamp(10)
    clock.move(days=800)
    renew(services, clock)
    with services.database.reading() as session:
        assert "expired" in [event.name for event in session.exec(select(Event)).all()]


def test_a_reward_still_runs_out_in_its_time(ledger, services, clock):
    ledger.stamp(10)
    renew(services, clock)
    clock.move(days=800)
    assert events.expire_due(services) == 1


def test_another_brands_cards_are_left_alone(ledger, other_ledger, services, clock):
    other_ledger.enrol("Cecilia")
    assert renewals.ask(services, "aalto", "kahvipassi") == 1


@pytest.mark.parametrize("names", [("aalto", "nothing"), ("nobody", "kahvipassi")])
def test_what_there_is_not_is_refused(ledger, services, names):
    with pytest.raises(NotFound) as refusal:
        renewals.ask(services, *names)
    assert refusal.value.code == "programme_unknown"
