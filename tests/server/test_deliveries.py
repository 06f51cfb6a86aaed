"""What phones are owed: one row a device, the first change at once, later ones together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from server import deliveries, registrations
from server.models import Delivery, Device, Pass

JOIN = timedelta(seconds=2)


class Box:
    """One phone that holds the card, and its row."""

    def __init__(self, services, ledger, clock):
        self.database, self.ledger, self.clock = services.database, ledger, clock
        with self.database.reading() as session:
            pass_ = session.exec(select(Pass).where(Pass.card_id == UUID(ledger.card))).one()
        registrations.register(
            self.database,
            (pass_.pass_type_identifier, pass_.serial_number),
            library_identifier="phone",
            token=pass_.authentication_token,
            push_token="ab" * 32,
            at=clock(),
        )

    def claim(self, limit=10):
        return deliveries.claim(self.database, at=self.clock(), limit=limit)

    def settle(self, pushes):
        deliveries.settle(self.database, pushes, at=self.clock())

    def row(self):
        with self.database.reading() as session:
            return session.exec(select(Delivery)).one()

    def next_due(self):
        return deliveries.next_due(self.database, at=self.clock())

    def give_new_token(self):
        with self.database.transaction() as session:
            device = session.exec(select(Device)).one()
            device.push_token = "cd" * 32
            session.add(device)


@pytest.fixture
def box(services, ledger, clock):
    return Box(services, ledger, clock)


def test_the_first_change_is_due_at_once(box, clock):
    assert box.next_due() is None
    box.ledger.stamp()
    assert box.next_due() == clock()


def owe_and_fail(box):
    with box.database.transaction() as session:
        pass_ = session.exec(select(Pass)).one()
        deliveries.announce(pass_, at=box.clock(), join=JOIN)
        deliveries.owe_devices(session, pass_, at=box.clock(), join=JOIN)
        raise ZeroDivisionError


def test_what_is_rolled_back_is_not_owed(box):
    with pytest.raises(ZeroDivisionError):
        owe_and_fail(box)
    assert deliveries.owed(box.database) == 0


def test_owing_wakes_the_worker_at_commit(box):
    box.database.due.clear()
    box.ledger.stamp()
    assert box.database.due.is_set()


def test_what_is_in_hand_is_not_claimed_again(box):
    box.ledger.stamp()
    assert len(box.claim()) == 1
    assert box.claim() == []
    assert box.next_due() is None


def test_what_a_dead_worker_had_in_hand_comes_back(box, clock):
    box.ledger.stamp()
    box.claim()
    clock.move(seconds=61)
    assert box.next_due() is not None
    assert len(box.claim()) == 1


def test_changes_after_a_push_are_joined_and_due_a_join_time_after_it(box, clock):
    box.ledger.stamp()
    box.settle(box.claim())
    pushed_at = clock()
    for _ in range(3):
        clock.move(seconds=0.3)
        box.ledger.stamp()
    assert box.row().due_at == pushed_at + JOIN


def test_a_change_long_after_a_push_is_due_at_once(box, clock):
    box.ledger.stamp()
    box.settle(box.claim())
    clock.move(minutes=1)
    box.ledger.stamp()
    assert box.row().due_at == clock()


def test_a_push_settles_only_what_it_was_for(box, clock):
    box.ledger.stamp()
    claimed = box.claim()
    box.ledger.stamp()
    box.settle(claimed)
    assert box.row().due_at == clock() + JOIN


def test_giving_up_forgets_only_what_was_tried(box):
    box.ledger.stamp()
    claimed = box.claim()
    box.ledger.stamp()
    deliveries.give_up(box.database, claimed[0], error="no")
    assert len(box.claim()) == 1


def test_an_answer_about_an_old_token_leaves_the_row_due_for_the_new_one(box):
    box.ledger.stamp()
    claimed = box.claim()
    box.give_new_token()
    box.settle(claimed)
    assert [push.push_token for push in box.claim()] == ["cd" * 32]


def test_putting_off_counts_and_keeps_later_changes_waiting_too(box, clock):
    box.ledger.stamp()
    until = clock() + timedelta(minutes=1)
    deliveries.put_off(box.database, box.claim()[0], until=until, error="busy")
    box.ledger.stamp()
    row = box.row()
    assert (row.due_at, row.attempts, row.error) == (until, 1, "busy")


def test_what_is_released_is_due_again_at_once(box):
    box.ledger.stamp()
    deliveries.release(box.database, box.claim())
    assert len(box.claim()) == 1


def test_an_answer_about_a_forgotten_device_changes_nothing(box):
    box.ledger.stamp()
    claimed = box.claim()
    with box.database.transaction() as session:
        session.delete(session.exec(select(Device)).one())
    box.settle(claimed)
    deliveries.put_off(box.database, claimed[0], until=box.clock(), error="x")
    deliveries.give_up(box.database, claimed[0], error="x")
    assert deliveries.owed(box.database) == 0


def test_only_the_asked_pass_type_is_claimed(box, clock):
    box.ledger.stamp()
    given = {"at": clock(), "pass_type_identifier": "pass.b"}
    assert deliveries.claim(box.database, limit=10, **given) == []
    assert deliveries.next_due(box.database, **given) is None


def test_two_workers_never_take_the_same(box, services):
    box.ledger.stamp()
    with services.database.transaction() as session:
        add_owed(session, box.row().device_id, services.now(), count=40)
    with ThreadPoolExecutor(4) as pool:
        taken = [
            push for part in pool.map(lambda _: box.claim(limit=5), range(12)) for push in part
        ]
    assert len(taken) == len({push.device_id for push in taken})
    assert len(taken) + len(box.claim(limit=100)) == 41


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_row_that_is_being_changed_is_passed_over_not_waited_for(box, services):
    box.ledger.stamp()
    with services.database.transaction() as session:
        session.exec(select(Delivery).with_for_update()).one()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(box.claim).result(timeout=30) == []
    assert len(box.claim()) == 1


def add_owed(session, like: UUID, at: datetime, *, count: int) -> None:
    pass_type = session.get_one(Device, like).pass_type_identifier
    for number in range(count):
        device = Device(
            created_at=at,
            library_identifier=f"library {number}",
            pass_type_identifier=pass_type,
            push_token=f"{number:064}",
            push_token_at=at,
        )
        session.add(device)
        session.flush()
        session.add(Delivery(created_at=at, device_id=device.id, owed_tag=1, due_at=at))
