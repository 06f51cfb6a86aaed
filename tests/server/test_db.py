"""Transactions: all or nothing, one at a time, and never around the network."""

from datetime import datetime

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import select

from server.db import assert_no_transaction, owe
from server.models import Card, Throttle


def row(key: str, at: datetime) -> Throttle:
    return Throttle(key=key, count=1, resets_at=at)


def keys(database) -> list[str]:
    with database.reading() as session:
        return [found.key for found in session.exec(select(Throttle)).all()]


def fail(session, *rows: Throttle) -> None:
    """Write, and then notice that it was wrong."""
    session.add_all(rows)
    session.flush()
    raise LookupError


def test_an_error_takes_everything_back(database, clock):
    with pytest.raises(LookupError), database.transaction() as session:
        fail(session, row("a", clock()))
    assert keys(database) == []


def test_readers_see_only_what_is_committed(database, clock):
    with database.transaction() as session:
        session.add(row("a", clock()))
        session.flush()
        assert keys(database) == []
    assert keys(database) == ["a"]


def test_transactions_do_not_nest(database):
    refused = pytest.raises(RuntimeError, match="already")
    with database.transaction(), refused, database.transaction():
        raise AssertionError("it opened")


def test_after_an_error_the_next_transaction_opens(database, clock):
    with pytest.raises(LookupError), database.transaction():
        raise LookupError
    with database.transaction() as session:
        session.add(row("a", clock()))
    assert keys(database) == ["a"]


def test_nobody_talks_to_the_outside_inside_a_transaction(database):
    assert_no_transaction()
    with database.transaction(), pytest.raises(RuntimeError, match="commit first"):
        assert_no_transaction()


def test_a_commit_that_owes_something_wakes_the_worker(database):
    with database.transaction() as session:
        owe(session)
        assert not database.due.is_set()
    assert database.due.is_set()


def test_a_transaction_that_failed_wakes_nobody(database, clock):
    with pytest.raises(StatementError), database.transaction() as session:  # noqa: PT012
        owe(session)
        session.add(row("a", clock().replace(tzinfo=None)))  # fails at the commit
    assert not database.due.is_set()


def test_a_moment_without_a_zone_is_refused(database, clock):
    with pytest.raises(StatementError, match="without a zone"), database.transaction() as session:
        session.add(row("a", clock().replace(tzinfo=None)))


def test_a_moment_comes_back_in_utc_whatever_its_zone(database):
    noon = datetime.fromisoformat("2026-11-22T12:00:00.000001+02:00")
    with database.transaction() as session:
        session.add(row("a", noon))
    with database.reading() as session:
        found = session.exec(select(Throttle)).one().resets_at
    assert found.isoformat() == "2026-11-22T10:00:00.000001+00:00"


def test_the_database_refuses_what_refers_to_nothing(ledger, services):
    statement = update(Card).values(member_id=ledger.house.brand_id)
    with pytest.raises(IntegrityError), services.database.transaction() as session:
        session.exec(statement)
