"""Tills, phones and workers at the same rows at the same time: nobody fails, nothing is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlmodel import col, select

from server import deliveries, registrations
from server.models import Pass

ROUNDS = 4
JOIN = timedelta(0)


@pytest.fixture
def passes(services, ledger) -> list[Pass]:
    """The passes of five cards."""
    for name in ("Eero", "Onni", "Siiri", "Venla"):
        ledger.enrol(name)
    with services.database.reading() as session:
        return list(session.exec(select(Pass).order_by(col(Pass.serial_number))).all())


def register(services, pass_: Pass, library: str) -> None:
    registrations.register(
        services.database,
        (pass_.pass_type_identifier, pass_.serial_number),
        library_identifier=library,
        token=pass_.authentication_token,
        push_token=f"token of {library}",
        at=services.now(),
    )


def leave(services, pass_: Pass, library: str) -> None:
    key = (pass_.pass_type_identifier, pass_.serial_number)
    registrations.unregister(
        services.database, key, library_identifier=library, token=pass_.authentication_token
    )


def work(services) -> None:
    """A worker's round: one push comes through, one token is dead, the rest is given back."""
    database, at = services.database, services.now()
    taken = deliveries.claim(database, at=at, limit=3)
    deliveries.settle(database, taken[:1], at=at)
    for push in taken[1:2]:
        registrations.drop_token(
            database, push.device_id, push_token=push.push_token, unregistered_at=None
        )
    deliveries.release(database, taken[2:])


def stamp(ledger, passes: list[Pass]) -> None:
    for pass_ in passes * ROUNDS:
        ledger.record("stamped", card=str(pass_.card_id))


def come_and_go(services, passes: list[Pass], library: str) -> None:
    for _ in range(ROUNDS):
        for pass_ in passes:
            register(services, pass_, library)
        for pass_ in passes[::2]:
            leave(services, pass_, library)


def work_on(services) -> None:
    for _ in range(ROUNDS * 3):
        work(services)


def test_tills_phones_and_workers_do_not_get_into_each_others_way(services, ledger, passes):
    jobs: list[Callable[[], None]] = [partial(stamp, ledger, passes)] * 2
    jobs += [partial(work_on, services)] * 2
    jobs += [partial(come_and_go, services, passes, name) for name in ("one", "two", "two")]
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result(timeout=300)
    for pass_ in passes:
        standing = ledger.record("stamped", card=str(pass_.card_id)).json()["standing"]
        assert standing["stamp"] + 10 * standing["reward"] == 2 * ROUNDS + 1


def test_every_change_of_a_card_has_a_version_and_a_tag_of_its_own(services, ledger, passes):
    with ThreadPoolExecutor(5) as pool:
        cards = [str(pass_.card_id) for pass_ in passes] * 4
        list(pool.map(lambda card: ledger.record("stamped", card=card), cards))
    with services.database.reading() as session:
        after = {row.id: row for row in session.exec(select(Pass)).all()}
    assert [after[UUID(str(pass_.id))].version - pass_.version for pass_ in passes] == [4] * 5
    first = max(pass_.change_tag for pass_ in passes)
    assert max(row.change_tag for row in after.values()) == first + 20
    assert len({row.change_tag for row in after.values()}) == 5
