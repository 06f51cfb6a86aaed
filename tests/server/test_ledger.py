"""The ledger by itself: lots, spending order, entries."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from server import ledger as books
from server.errors import Conflict
from server.models import Event, LedgerEntry, Lot
from server.programmes.base import Posting


@pytest.fixture
def post(ledger, services, clock):
    """Post on Aino's card, as one event: `post(Posting(...), ...)` gives the entries."""

    def post(*postings: Posting) -> list[LedgerEntry]:
        event_id = ledger.record("visited").json()["id"]
        with services.database.transaction() as session:
            event = session.get_one(Event, (ledger.house.brand_id, event_id))
            return books.post(session, event, postings)

    return post


@pytest.fixture
def remaining(services):
    """What is left of each lot, in the order in which they were opened."""

    def remaining(unit: str = "point") -> list[int]:
        with services.database.reading() as session:
            lots = session.exec(select(Lot).where(Lot.unit == unit).order_by(Lot.created_at)).all()
            return [lot.remaining for lot in lots]

    return remaining


def earn(delta: int, expires_at=None, unit: str = "point") -> Posting:
    return Posting("earn", unit, delta, expires_at)


def spend(delta: int, unit: str = "point") -> Posting:
    return Posting("redeem", unit, -delta)


@pytest.fixture
def three_lots(post, clock):
    """5 for ever, 5 for three days, 5 for two days: opened a second apart."""
    for days in (None, 3, 2):
        post(earn(5, clock() + timedelta(days=days) if days else None))
        clock.move(seconds=1)


def test_an_earning_opens_a_lot(post, remaining):
    post(earn(5))
    assert remaining() == [5]


def test_what_runs_out_first_is_spent_first(three_lots, post, remaining):
    post(spend(4))
    assert remaining() == [5, 5, 1]


def test_a_spending_is_one_entry_for_each_lot_it_touches(three_lots, post, remaining):
    assert [entry.delta for entry in post(spend(12))] == [-5, -5, -2]
    assert remaining() == [3, 0, 0]


def test_what_was_earned_in_the_event_can_be_spent_in_it(post, remaining):
    post(earn(3), spend(2))
    assert remaining() == [1]


def test_lines_are_numbered_in_order(three_lots, post, services):
    entries = post(earn(1), spend(11), earn(2))
    assert [entry.line_no for entry in entries] == [1, 2, 3, 4, 5]
    mine = select(LedgerEntry).where(LedgerEntry.event_id == entries[0].event_id)
    with services.database.reading() as session:
        written = session.exec(mine.order_by(LedgerEntry.id)).all()
    assert [(row.line_no, row.delta) for row in written] == [
        (entry.line_no, entry.delta) for entry in entries
    ]


def test_spending_more_than_there_is_writes_nothing(three_lots, post, remaining, services):
    with pytest.raises(Conflict) as conflict:
        post(earn(1, unit="star"), spend(16))
    assert conflict.value.code == "insufficient"
    assert remaining() == [5, 5, 5]
    assert remaining("star") == []


def test_units_are_kept_apart(three_lots, post):
    with pytest.raises(Conflict):
        post(spend(1, "star"))


def test_what_has_run_out_cannot_be_spent(three_lots, post, clock):
    clock.move(days=4)
    with pytest.raises(Conflict):
        post(spend(6))


def test_the_standing_counts_only_what_is_live(three_lots, ledger, services, clock):
    def balance() -> int:
        with services.database.reading() as session:
            return books.standing(session, UUID(ledger.card), at=clock()).balance("point")

    assert balance() == 15
    clock.move(days=2)
    assert balance() == 10


def test_the_next_expiry_is_that_of_what_is_left(three_lots, post, ledger, services, clock):
    start = clock()
    post(spend(5))
    with services.database.reading() as session:
        until = books.next_expiry(session, UUID(ledger.card))
    assert timedelta(days=2) < until - start + timedelta(seconds=3) <= timedelta(days=3, seconds=3)


def test_the_database_itself_refuses_a_lot_below_nothing(post, services):
    post(earn(1))
    with pytest.raises(IntegrityError), services.database.transaction() as session:
        session.exec(select(Lot)).one().remaining = -1


def test_the_database_itself_refuses_a_second_reversal(ledger, services):
    undone = ledger.undo(ledger.stamp()["id"]).json()
    with services.database.reading() as session:
        mirror = session.exec(select(LedgerEntry).where(LedgerEntry.type == "reverse")).one()
    twin = mirror.model_dump(exclude={"id"}) | {"line_no": 9}
    with pytest.raises(IntegrityError), services.database.transaction() as session:
        session.add(LedgerEntry(**twin))
    assert undone["standing"]["stamp"] == 0
