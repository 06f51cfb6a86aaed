"""The database: one way to write (a transaction) and one way to read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

_is_writing: ContextVar[bool] = ContextVar("leima_is_writing", default=False)
_OWES = "owes_the_outside"
_PRAGMAS = (
    "foreign_keys=ON",
    "busy_timeout=30000",
    "synchronous=FULL",
    "recursive_triggers=ON",  # or INSERT OR REPLACE would remove a ledger entry unnoticed
)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. A naive datetime is refused, also on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; SQLite gets the UTC wall time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored: give it a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """An engine with the service's rules about transactions.

    `due` is set whenever a committed transaction wrote something that is owed to the outside; the
    worker of this process sleeps on it.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.due = threading.Event()
        self._write_engine = self.engine.execution_options(is_writing=True)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: committed at the end of the block, rolled back by an exception.

        On SQLite it begins IMMEDIATE, so that reading, deciding and writing are one step for
        everybody else. Transactions do not nest.

        Raises:
            RuntimeError: a transaction is open already in this thread.
        """
        if _is_writing.get():
            raise RuntimeError("a transaction is open already: pass its session on instead")
        mark = _is_writing.set(True)
        try:
            with Session(self._write_engine, expire_on_commit=False) as session:
                with session.begin():
                    yield session
                if session.info.get(_OWES):
                    self.due.set()
        finally:
            _is_writing.reset(mark)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent snapshot; nothing is written."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def owe(session: Session) -> None:
    """Say that this transaction leaves something to be done outside: wake the worker at commit."""
    session.info[_OWES] = True


def assert_no_transaction() -> None:
    """Refuse to talk to the outside while a transaction is open.

    Raises:
        RuntimeError: a transaction is open in this thread.
    """
    if _is_writing.get():
        raise RuntimeError("no network inside a transaction: commit first")


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours alone: see _begin
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
