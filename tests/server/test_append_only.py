"""The database itself keeps the ledger: nobody rewrites what was posted."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from server.models import LedgerEntry


@pytest.fixture
def entry(ledger, services) -> LedgerEntry:
    ledger.stamp()
    with services.database.reading() as session:
        return session.exec(select(LedgerEntry)).one()


@pytest.mark.parametrize(
    "statement",
    [
        update(LedgerEntry).values(delta=5),
        update(LedgerEntry).values(type="earn"),
        delete(LedgerEntry),
    ],
    ids=["another value", "the same value", "gone"],
)
def test_an_entry_is_neither_changed_nor_removed(entry, services, statement):
    refused = pytest.raises(IntegrityError, match="never changed")
    with refused, services.database.transaction() as session:
        session.exec(statement)
    with services.database.reading() as session:
        assert session.exec(select(LedgerEntry)).one() == entry


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_replacing_an_entry_is_refused_too(entry, services):
    with pytest.raises(IntegrityError), services.database.transaction() as session:
        session.connection().exec_driver_sql(
            "INSERT OR REPLACE INTO ledger_entry SELECT id, brand_id, event_id, line_no, "
            "card_id, lot_id, type, unit, 7, reverses_id, created_at FROM ledger_entry"
        )
    with services.database.reading() as session:
        assert session.exec(select(LedgerEntry)).one().delta == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_ledger_cannot_be_emptied(entry, services):
    with pytest.raises(IntegrityError), services.database.transaction() as session:
        session.connection().exec_driver_sql("TRUNCATE ledger_entry CASCADE")
    with services.database.reading() as session:
        assert session.exec(select(LedgerEntry)).one() == entry
