"""Transactions: all or nothing, one at a time, and never around the network."""

import traceback
from datetime import datetime

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import select

from server.db import Database, assert_no_transaction, owe
from server.errors import SettingsError
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


def test_a_reader_sees_one_moment_however_often_it_looks(database, clock):
    with database.reading() as session:
        assert session.exec(select(Throttle)).all() == []
        with database.transaction() as other:
            other.add(row("a", clock()))
        assert session.exec(select(Throttle)).all() == []
    assert keys(database) == ["a"]


def test_a_database_error_quotes_no_value(database, clock):
    for _ in range(2):
        try:
            with database.transaction() as session:
                session.add(row("+358412345678", clock()))
        except IntegrityError as error:
            found = error
    told = "".join(traceback.format_exception(found))
    assert "pk_throttle" in told or "throttle.key" in told
    assert "358412345678" not in told


@pytest.mark.parametrize("url", ["mysql://u:hemmelig@h/d", "sqlite", "postgresql+asyncpg://h/d"])
def test_another_database_is_refused_without_telling_its_password(url: str):
    with pytest.raises(SettingsError, match="LEIMA_DATABASE_URL") as refused:
        Database(url)
    assert "hemmelig" not in str(refused.value)


def test_a_dead_peer_is_noticed_unless_the_url_says_otherwise():
    database = Database("postgresql://leima@db.example/leima?connect_timeout=3")
    given = database.connect_arguments
    assert (given["keepalives_idle"], given["connect_timeout"]) == ("10", "3")
    assert "idle_in_transaction_session_timeout" in given["options"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_writer_sees_what_was_committed_while_it_waited(database):
    with database.transaction() as session:
        level = session.connection().exec_driver_sql("SHOW transaction_isolation").scalar()
    with database.reading() as session:
        refused = session.connection().exec_driver_sql("SHOW transaction_read_only").scalar()
    assert (level, refused) == ("read committed", "on")
