"""The audit: true books pass, and every kind of forgery is seen and named."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select

from server import audit, deliveries, events, registrations
from server.models import Delivery, LedgerEntry, Lot, Pass, PassType
from tests.server.google_rows import AtGoogle


@pytest.fixture
def check(services):
    return lambda: audit.check(services.database)


@pytest.fixture
def forge(services):
    """Change the database behind the ledger's back."""

    def forge(*statements):
        with services.database.transaction() as session:
            for statement in statements:
                session.connection().execute(text(statement))

    return forge


@pytest.fixture
def insert(ledger, services):
    """One more entry of the card's last event, on its first lot, unless said otherwise."""

    def insert(**forged):
        with services.database.transaction() as session:
            last = session.exec(select(LedgerEntry).order_by(LedgerEntry.id.desc())).first()
            true = last.model_dump(exclude={"id", "line_no"})
            session.add(LedgerEntry(**{**true, "line_no": 99, **forged}))

    return insert


def lot_of(services):
    with services.database.reading() as session:
        return session.exec(select(Lot)).one()


def register(ledger, services, library="a" * 32):
    """A phone registers for the card's pass."""
    with services.database.reading() as session:
        pass_ = session.exec(select(Pass).where(Pass.card_id == UUID(ledger.card))).one()
    registrations.register(
        services.database,
        (pass_.pass_type_identifier, pass_.serial_number),
        library_identifier=library,
        token=pass_.authentication_token,
        push_token="ab" * 32,
        at=services.now(),
    )


def test_a_new_database_has_nothing_to_find(check):
    assert check() == []


def test_a_life_of_stamps_rewards_undoings_and_expiries_is_true(ledger, check, clock, services):
    stamps = [ledger.stamp()["id"] for _ in range(23)]
    redeemed = ledger.record("redeemed").json()["id"]
    ledger.undo(stamps[-1])
    ledger.undo(redeemed)
    clock.move(days=800)
    assert events.expire_due(services) == 1
    assert check() == []


@pytest.mark.parametrize(
    "forged", ["UPDATE lot SET remaining = 2", "UPDATE lot SET remaining = 4, earned = 4"]
)
def test_a_lot_that_differs_from_its_entries_is_named(ledger, services, check, forge, forged):
    ledger.stamp(quantity=3)
    forge(forged)
    lot, finding = lot_of(services), check()[0]
    assert (finding.code, finding.card) == ("balance_differs", UUID(ledger.card))
    assert finding.says == f"lot {lot.id} (stamp) holds {lot.remaining}, its entries sum to 3"


def test_a_lot_that_lies_about_its_beginning_is_named(ledger, check, forge):
    ledger.stamp(quantity=3)
    forge("UPDATE lot SET earned = 5")
    (finding,) = check()
    assert finding.code == "earning_differs"
    assert finding.says.endswith("says it began with 5, its entries earned 3")


def test_a_lot_without_entries_is_named(ledger, services, check):
    ledger.stamp()
    with services.database.transaction() as session:
        values = lot_of(services).model_dump(exclude={"id"})
        session.add(Lot(**values))
    assert [finding.code for finding in check()] == ["balance_differs", "earning_differs"]


def test_only_the_forged_card_is_named(ledger, services, check, forge):
    ledger.stamp()
    eeva = str(ledger.enrol("Eeva")["id"])
    ledger.stamp(quantity=2, card=eeva)
    forge("UPDATE lot SET remaining = 1 WHERE earned = 2")
    assert [finding.card for finding in check()] == [UUID(eeva)]


def test_an_entry_that_takes_more_than_there_was_is_named(ledger, check, insert):
    ledger.stamp(quantity=2)
    insert(type="redeem", delta=-3)
    assert {finding.code for finding in check()} == {"balance_differs", "overdrawn"}


def test_an_entry_on_another_members_card_is_named(ledger, check, insert):
    ledger.stamp(quantity=2)
    insert(type="redeem", delta=-1, card_id=UUID(str(ledger.enrol("Eeva")["id"])))
    assert "entry_misfiled" in {finding.code for finding in check()}


def test_a_reversal_of_nothing_is_named(ledger, check, insert):
    ledger.stamp(quantity=2)
    insert(type="reverse", delta=-1)
    assert "reversal_differs" in {finding.code for finding in check()}


def test_a_reversal_of_another_amount_is_named(ledger, services, check, insert):
    ledger.stamp(quantity=2)
    with services.database.reading() as session:
        original = session.exec(select(LedgerEntry)).one()
    insert(type="reverse", delta=-1, reverses_id=original.id)
    assert "reversal_differs" in {finding.code for finding in check()}


def test_a_pass_ahead_of_its_counter_is_named(ledger, services, check):
    ledger.stamp()
    with services.database.transaction() as session:
        pass_type = session.exec(select(PassType)).one()
        pass_type.change_seq = 0
        session.add(pass_type)
    (finding,) = check()
    assert finding.code == "tag_above_counter"


def test_a_phone_that_is_owed_or_was_told_is_in_order(ledger, services, check, clock):
    register(ledger, services)
    clock.move(minutes=5)
    ledger.stamp(3)
    assert check() == []
    due = deliveries.claim(services.database, at=clock(), limit=9)
    deliveries.settle(services.database, due, at=clock())
    assert check() == []


def test_a_phone_that_came_after_the_change_is_in_order(ledger, services, check, clock):
    ledger.stamp(9)
    register(ledger, services)
    assert check() == []


def test_a_change_that_was_never_owed_is_named(ledger, services, check, forge, clock):
    register(ledger, services)
    clock.move(minutes=5)
    ledger.stamp()
    forge("DELETE FROM delivery")
    (finding,) = check()
    assert (finding.code, finding.card) == ("change_forgotten", UUID(ledger.card))


def test_an_older_push_does_not_cover_a_newer_change(ledger, services, check, clock):
    register(ledger, services)
    clock.move(minutes=5)
    ledger.stamp()
    with services.database.transaction() as session:
        row = session.exec(select(Delivery)).one()
        row.owed_tag, row.due_at, row.sent_at = 1, None, clock()
        session.add(row)
    assert [finding.code for finding in check()] == ["change_forgotten"]


def test_a_delivery_that_was_neither_sent_nor_is_owed_is_named(ledger, check, forge, services):
    register(ledger, services)
    ledger.stamp()
    forge("UPDATE delivery SET due_at = NULL")
    assert [finding.code for finding in check()] == ["delivery_lost"]


def test_a_push_that_was_given_up_is_in_order(ledger, check, clock, services):
    register(ledger, services)
    ledger.stamp()
    (push,) = deliveries.claim(services.database, at=clock(), limit=9)
    deliveries.give_up(services.database, push, error="413 too large")
    assert check() == []


def test_a_card_that_google_is_owed_was_told_of_or_gave_up_is_in_order(ledger, check, services):
    AtGoogle(services, ledger.card)
    assert check() == []
    for told in ("sent_version = owed_version", "error = '400 invalid'"):
        with services.database.transaction() as session:
            session.connection().execute(text(f"UPDATE google_object SET due_at = NULL, {told}"))  # noqa: S608
        assert check() == []


def test_a_change_that_google_was_neither_told_nor_is_owed_is_named(ledger, check, forge, services):
    AtGoogle(services, ledger.card)
    forge("UPDATE google_object SET due_at = NULL")
    assert [(each.code, each.card) for each in check()] == [("google_lost", UUID(ledger.card))]
