"""Processes on one PostgreSQL hear of each other's commits; on SQLite they look for themselves."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from server.db import Database, owe
from server.wakeups import Wakeups

LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


def ask(database: Database, statement: str) -> int:
    with database.engine.connect() as connection:
        return connection.execute(text(statement)).scalar_one()


def wait_for_a_listener(database: Database) -> None:
    limit = time.monotonic() + 30
    while ask(database, f"SELECT count(*) {LISTENING}") == 0:
        assert time.monotonic() < limit, "nobody listens"
        time.sleep(0.02)


@pytest.fixture
def other(database) -> Iterator[Database]:
    """The same database, as another process has it, listening."""
    other = Database(database.engine.url.render_as_string(hide_password=False))
    wakeups = Wakeups(other)
    wakeups.start()
    yield other
    wakeups.stop()
    other.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_one_process_owes_wakes_the_worker_of_another(database, other):
    wait_for_a_listener(database)
    other.due.clear()
    with database.transaction() as session:
        owe(session)
    assert other.due.wait(30)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_is_not_committed_or_owes_nothing_wakes_nobody(database, other):
    wait_for_a_listener(database)
    other.due.clear()
    with pytest.raises(LookupError), database.transaction() as session:  # noqa: PT012
        owe(session)
        raise LookupError
    with database.transaction():
        pass
    assert not other.due.wait(0.3)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_lost_connection_is_made_again(database, other):
    wait_for_a_listener(database)
    other.due.clear()
    assert ask(database, f"SELECT count(pg_terminate_backend(pid)) {LISTENING}") == 1
    assert other.due.wait(30)  # what was owed meanwhile is looked for at once
    wait_for_a_listener(database)
    other.due.clear()
    with database.transaction() as session:
        owe(session)
    assert other.due.wait(30)


def test_stopping_takes_no_time_and_nothing_need_have_started(database):
    wakeups = Wakeups(database)
    wakeups.stop()
    assert database.is_postgresql or not database.due.is_set()
