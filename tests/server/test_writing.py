"""Transactions without objects: the promises of the others, kept by prepared statements."""

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from server import db
from server.bulk import table_of
from server.db import Database, assert_no_transaction, owe, pen_of
from server.errors import Refused
from server.looks import Look, Pen, Stroke
from server.models import Throttle

ROWS = table_of(Throttle)
NEW = Stroke(insert(ROWS), ["key", "count", "resets_at"])
COUNT = Stroke(update(ROWS).where(ROWS.c.key == bindparam("which")), ["count"])
RAISED = Stroke(
    update(ROWS)
    .where(ROWS.c.key == bindparam("which"))
    .values(count=ROWS.c.count + bindparam("more"))
    .returning(ROWS.c.count)
)
ALL = Look(select(ROWS.c.key, ROWS.c.count, ROWS.c.resets_at).order_by(ROWS.c.key))


def add(database: Database, at: datetime, *keys: str) -> None:
    with database.writing() as pen:
        pen.write_all(NEW, [{"key": key, "count": 1, "resets_at": at} for key in keys])


def add_and_fail(database: Database, at: datetime, error: Exception) -> None:
    with database.writing() as pen:
        owe(pen)
        pen.write(NEW, key="a", count=1, resets_at=at)
        raise error


def raise_one(pen: Pen) -> int:
    return pen.rows(RAISED, which="a", more=1)[0].count


def test_what_is_written_is_there_as_it_was_given(database, clock):
    add(database, clock(), "a", "b")
    with database.writing() as pen:
        pen.write(COUNT, which="b", count=7)
        assert raise_one(pen) == 2
    found = [tuple(row) for row in database.look(ALL)]
    assert found == [("a", 2, clock()), ("b", 7, clock())]


@pytest.mark.parametrize("error", [Refused("no", "No."), LookupError("a fault")])
def test_an_error_takes_everything_back_and_wakes_nobody(database, clock, error):
    with pytest.raises(type(error)):
        add_and_fail(database, clock(), error)
    assert database.look(ALL) == []
    assert not database.due.is_set()
    add(database, clock(), "a")
    assert len(database.look(ALL)) == 1


def test_a_commit_that_owes_something_wakes_the_worker(database):
    with database.writing() as pen:
        owe(pen)
        assert not database.due.is_set()
    assert database.due.is_set()


def test_transactions_of_either_sort_do_not_nest(database):
    refused = pytest.raises(RuntimeError, match="already")
    with database.writing(), refused, database.transaction():
        raise AssertionError("it opened")
    with database.transaction(), refused, database.writing():
        raise AssertionError("it opened")


def test_nobody_talks_to_the_outside_meanwhile(database):
    with database.writing(), pytest.raises(RuntimeError, match="commit first"):
        assert_no_transaction()
    assert_no_transaction()


def test_the_databases_refusal_is_known_and_quotes_no_value(database, clock):
    number = "".join(("+35841", "2345678"))  # the trace quotes this file, too
    add(database, clock(), number)
    with pytest.raises(IntegrityError) as refused:
        add(database, clock(), number)
    told = "".join(traceback.format_exception(refused.value))
    assert "pk_throttle" in told or "throttle.key" in told
    assert number not in told


def test_strokes_go_with_objects_in_one_transaction(database, clock):
    with database.transaction() as session:
        session.add(Throttle(key="a", count=1, resets_at=clock()))
        assert raise_one(pen_of(session)) == 2
        owe(pen_of(session))
    assert database.look(ALL)[0].count == 2
    assert database.due.is_set()


def test_all_that_write_at_once_are_counted(database, clock):
    add(database, clock(), "a")

    def write(_: int) -> None:
        with database.writing() as pen:
            raise_one(pen)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(60)))
    assert database.look(ALL)[0].count == 61


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_was_started_again_is_written_to_again(database, clock):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: add(database, clock(), f"{number}"), range(20)))
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    add(database, clock(), "a")
    assert len(database.look(ALL)) == 21


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_line_that_is_cut_in_the_middle_is_an_error_and_spoils_no_later_one(database, clock):
    with pytest.raises(DBAPIError), database.writing() as pen:  # noqa: PT012
        with database.engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        pen.write(NEW, key="a", count=1, resets_at=clock())
    add(database, clock(), "b")
    assert [row.key for row in database.look(ALL)] == ["b"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_was_let_go_for_idleness_is_not_noticed(database, clock):
    name = database.engine.url.database
    with database.engine.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET idle_session_timeout = 200')
        connection.commit()
    patient = Database(database.engine.url.render_as_string(hide_password=False))
    try:
        add(patient, clock(), "a")
        patient.look(ALL)
        until = time.monotonic() + 10
        while sessions(database, patient) and time.monotonic() < until:
            time.sleep(0.05)
        add(patient, clock(), "b")
        assert len(patient.look(ALL)) == 2
        while sessions(database, patient) and time.monotonic() < until:
            time.sleep(0.05)
        assert len(patient.look(ALL)) == 2
    finally:
        patient.dispose()
        with database.engine.connect() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET idle_session_timeout')
            connection.commit()


def sessions(database: Database, other: Database) -> int:
    """How many connections of `other` the server still has: all that are not the asker's."""
    with database.engine.connect() as connection:
        asked = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle%%'"
        )
        return int(asked.scalar_one())


def test_on_sqlite_a_session_waits_its_turn_without_asking_again_and_again(
    database, clock, monkeypatch
):
    begun = []
    begin = db._begun

    def noted(session):
        begun.append(session)
        return begin(session)

    def write() -> None:
        is_waiting.set()
        with database.transaction():
            pass

    monkeypatch.setattr(db, "_begun", noted)
    is_waiting = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as pen:
            waiting = pool.submit(write)
            is_waiting.wait(10)
            time.sleep(0.1)
            pen.write(NEW, key="a", count=1, resets_at=clock())
            assert len(begun) == (1 if database.is_postgresql else 0)
        waiting.result(10)
    assert len(begun) == 1
