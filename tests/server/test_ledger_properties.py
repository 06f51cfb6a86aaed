"""Whatever happens in whatever order, the books stay true."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from server import audit, events
from server import ledger as books
from server.errors import ServiceError
from server.models import LedgerEntry, Lot

REQUIRED = 3
steps = st.one_of(
    st.tuples(st.just("stamp"), st.integers(1, 5)),
    st.tuples(st.just("redeem"), st.integers(1, 2)),
    st.tuples(st.just("undo"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([1, 31])),
)


@pytest.fixture
def ledger_of_three(ledger_with):
    """Three stamps make a reward, which is good for a month; the free one earns a stamp."""
    return ledger_with(stamps_required=REQUIRED, reward_valid_months=1, stamps_for_free_one=1)


class Story:
    """A card to which things happen; a step that is refused changes nothing."""

    def __init__(self, ledger, services, clock) -> None:
        self.ledger, self.services, self.clock = ledger, services, clock
        ledger.card = str(ledger.enrol()["id"])
        self.told: list[str] = []

    def go(self, step: tuple[str, int]) -> None:
        try:
            getattr(self, step[0])(step[1])
        except ServiceError:
            return

    def stamp(self, quantity: int) -> None:
        self.told.append(self.ledger.stamp(quantity=quantity)["id"])

    def redeem(self, quantity: int) -> None:
        self.told.append(self.ledger.record("redeemed", quantity=quantity).json()["id"])

    def undo(self, back: int) -> None:
        if back < len(self.told):
            self.ledger.undo(self.told[-1 - back])

    def wait(self, days: int) -> None:
        self.clock.at += timedelta(days=days)
        events.expire_due(self.services)

    def check(self) -> None:
        card_id = UUID(self.ledger.card)
        with self.services.database.reading() as session:
            entries = session.exec(select(LedgerEntry).where(LedgerEntry.card_id == card_id)).all()
            lots = session.exec(select(Lot).where(Lot.card_id == card_id)).all()
            standing = books.standing(session, card_id, at=self.clock())
        sums: dict[object, int] = defaultdict(int)
        for entry in entries:
            sums[entry.lot_id] += entry.delta
        assert {lot.id: lot.remaining for lot in lots} == sums
        assert all(0 <= lot.remaining <= lot.earned for lot in lots)
        assert 0 <= standing.balance("stamp") < REQUIRED


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=st.lists(steps, min_size=3, max_size=10))
def test_entries_and_lots_agree_after_every_step(ledger_of_three, services, clock, story):
    told = Story(ledger_of_three, services, clock)
    for step in story:
        told.go(step)
        told.check()
    assert audit.check(services.database) == []


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(5)), quantities=st.lists(st.integers(1, 5), min_size=5))
def test_everything_undone_in_any_order_leaves_nothing(
    ledger_of_three, services, clock, order, quantities
):
    told = Story(ledger_of_three, services, clock)
    for quantity in quantities[:5]:
        told.stamp(quantity)
    answers = [told.ledger.undo(told.told[index]).json() for index in order]
    assert answers[-1]["standing"] == {"stamp": 0, "reward": 0}
    told.check()
