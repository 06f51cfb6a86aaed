"""What is asked all day is found by an index on both engines, however many cards there are."""

import re
import sqlite3
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import event as listening
from sqlalchemy import make_url
from sqlmodel import select

from server import deliveries, events, history, registrations, sessions, tills
from server.db import Database
from server.models import Delivery, Device, Pass

GROWING = ("member", "card", "pass", "event", "ledger_entry", "lot", "device", "registration")
GROWING += ("delivery", "consent")
# Only the rows that are owed stand in this index.
OWED = re.compile(r"SCAN delivery USING (COVERING )?INDEX ix_delivery_")
SCAN = re.compile(rf"SCAN ({'|'.join(GROWING)})\b")


@pytest.fixture
def told() -> list[str]:
    """Every statement that SQLite was given, with its values in it."""
    return []


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, told: list[str]) -> Iterator[Database]:
    """A database that is watched; PostgreSQL reads no table whole if it can help it."""
    url = request.getfixturevalue(f"{request.param}_url")
    if request.param == "postgresql":
        url = make_url(url).update_query_dict({"options": "-c enable_seqscan=off"})
        url = url.render_as_string(hide_password=False)
    database = Database(url)
    if request.param == "sqlite":
        listening.listen(
            database.engine, "connect", lambda line, _: line.set_trace_callback(told.append)
        )
    yield database
    database.dispose()


@pytest.fixture
def day(services, ledger, phones, house, database):
    """What happens all day, once each."""

    def day() -> None:
        phone = phones.new(ledger.card)
        assert phone.register().status_code == 201
        assert phone.list().status_code == 200
        assert phone.fetch().status_code == 200
        till(services, house, phone.pass_.barcode)
        answer = ledger.record("stamped", card=phone.pass_.barcode).json()
        number = ledger.enrol("Eero", phone="+358412345678", is_verified=True)["member_number"]
        ledger.record("stamped", card=number, origin=house.till)
        ledger.undo(answer["id"])
        events.expire_due(services)
        history.page(database, phone.pass_.card_id, cursor=None, limit=10)
        push(services)
        assert phone.unregister().status_code == 200

    return day


def till(services, house, code: str) -> None:
    session_id = sessions.start(services, house.till_id)
    sessions.unlock(services, session_id, house.staff_id)
    found = sessions.find(services, session_id)
    assert found.person
    desk = tills.Desk(found.till, found.person, "fi")
    tills.scan(services, desk, tills.Scan(id=str(uuid4()), code=code))


def push(services) -> None:
    """A round of the worker: one push is taken, the other's token is dead."""
    at = services.now()
    assert deliveries.next_due(services.database, at=at)
    assert deliveries.backlog(services.database).count == 1
    due = deliveries.claim(services.database, at=at, limit=10)
    deliveries.settle(services.database, due, at=at)
    for each in due:
        registrations.drop_token(
            services.database, each.device_id, push_token="another", unregistered_at=None
        )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_reads_no_growing_table_whole(day, told, sqlite_url):
    told.clear()
    day()
    asked = {text for text in told if re.match(r"(SELECT|UPDATE|DELETE|WITH)\b", text)}
    assert len(asked) > 30
    assert [text for text in asked if is_scanned(sqlite_url, text)] == []


def is_scanned(url: str, text: str) -> bool:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as line:
        steps = [row[3] for row in line.execute(f"EXPLAIN QUERY PLAN {text}")]
    line.close()
    return any(SCAN.search(step) and not OWED.search(step) for step in steps)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_question_without_an_index_would_be_noticed(told, database, sqlite_url):
    with database.reading() as session:
        session.exec(select(Pass).where(Pass.version == 7)).all()
        session.exec(select(Delivery).join(Device).where(Device.push_token == "x")).all()
    asked = [text for text in told if text.startswith("SELECT")]
    assert [is_scanned(sqlite_url, text) for text in asked] == [True, True]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_reads_no_growing_table_whole(day, database, postgresql_url):
    before = whole_reads(database, postgresql_url)
    day()
    after = whole_reads(database, postgresql_url)
    assert {table: after[table] - before[table] for table in GROWING} == dict.fromkeys(GROWING, 0)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_table_read_whole_would_be_counted(ledger, database, postgresql_url):
    before = whole_reads(database, postgresql_url)
    with database.reading() as session:
        session.exec(select(Pass).where(Pass.version == 7)).all()
    assert whole_reads(database, postgresql_url)["pass"] == before["pass"] + 1


_OTHERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def whole_reads(database: Database, url: str) -> dict[str, int]:
    """How often each table was read whole; a connection tells when it has ended."""
    database.dispose()
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as line:
        until = time.monotonic() + 10
        while line.execute(_OTHERS).fetchall() and time.monotonic() < until:
            time.sleep(0.01)
        return dict(line.execute("SELECT relname, seq_scan FROM pg_stat_user_tables").fetchall())
