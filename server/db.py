"""The database: one way to write (a transaction) and one way to read.

SQLite for one host, PostgreSQL for several: the promises here are kept on both.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

from server.errors import LeimaError, SettingsError
from server.looks import Glance, Look, Pen

# Announced on PostgreSQL when a committed transaction owes something to the outside.
DUE_CHANNEL = "leima_due"

_is_writing: ContextVar[bool] = ContextVar("leima_is_writing", default=False)
_is_locking: ContextVar[bool] = ContextVar("leima_is_locking", default=False)
_OWES = "owes_the_outside"
_CONNECTION = "connection"
_PEN = "pen"
# How PostgreSQL says that it went away, or let us go: its own words, or none when the line was cut.
_LOST = ("57P", "08")
_BUSY_SECONDS = 30
_PRAGMAS = (
    "foreign_keys=ON",
    f"busy_timeout={_BUSY_SECONDS * 1000}",
    "synchronous=FULL",
    "recursive_triggers=ON",  # or INSERT OR REPLACE would remove a ledger entry unnoticed
)
# A host that is cut off is noticed by both sides within about half a minute, so that it does not
# keep a card locked. Without effect on UNIX sockets. What the URL's query says goes before.
_POSTGRESQL_PARAMETERS: dict[str, str] = {
    "application_name": "leima",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=20000 -c idle_in_transaction_session_timeout=60000",
}
_CARDS_AT_ONCE = 25
_POOL_SIZE, _POOL_OVERFLOW = 10, 10  # a web process answers eight requests at a time
_POOL_AGE_SECONDS = 1800


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
        """On the database at `url`: `sqlite:///…` or `postgresql+psycopg://…`.

        Raises:
            SettingsError: the URL is of another database, or cannot be read.
        """
        self.engine = _engine(_read_url(url))
        self.due = threading.Event()
        self._read_engine = self.engine
        self._begin_reading, self._begin_writing = "BEGIN", "BEGIN IMMEDIATE"
        self._idle: deque[Any] = deque()
        self._turn = threading.Lock()
        self._writers = self._idle if self.is_postgresql else deque()  # one, on SQLite
        weakref.finalize(self, _close_all, self._idle, self._writers)
        assert self.engine.dialect.dbapi is not None
        self._is_lost: type[Any] = self.engine.dialect.dbapi.OperationalError
        self._is_refused: type[Exception] = self.engine.dialect.dbapi.Error
        if self.is_postgresql:  # several statements see one snapshot only if it is asked for
            self._read_engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            self._begin_writing = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

    @property
    def is_postgresql(self) -> bool:
        """Whether other processes may be using it from other hosts."""
        return self.engine.dialect.name == "postgresql"

    @property
    def cards_at_once(self) -> int:
        """How many cards one transaction may change, for work that comes in numbers.

        On PostgreSQL cards share phones, whose rows would be locked in an order of their own. On
        SQLite nobody else writes anyway: so many that a till hardly has to wait.
        """
        return 1 if self.is_postgresql else _CARDS_AT_ONCE

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """What the driver is given to open a connection of one's own, outside the pool."""
        return dict(self.engine.dialect.create_connect_args(self.engine.url)[1])

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: committed at the end of the block, rolled back by an exception.

        On SQLite it begins IMMEDIATE, so that reading, deciding and writing are one step for
        everybody else. On PostgreSQL it is READ COMMITTED: lock the row first that decides.
        Transactions do not nest.

        Raises:
            RuntimeError: a transaction is open already in this thread.
        """
        with (
            self._alone(),
            self._in_turn(),
            Session(self.engine, expire_on_commit=False) as session,
        ):
            with session.begin():
                session.info[_CONNECTION] = _begun(session)
                yield session
                if self.is_postgresql and session.info.get(_OWES):
                    session.connection().execute(text(f"NOTIFY {DUE_CHANNEL}"))
            if session.info.get(_OWES):
                self.due.set()

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """A transaction as above for prepared statements alone, without objects: what a stamp is
        written with, at a tenth of the price.

        Raises:
            RuntimeError: a transaction is open already in this thread.
        """
        with self._alone(), self._in_turn():
            connection, cursor = self._writer()
            pen = Pen(cursor, self.engine.dialect, {})
            is_clean = False
            try:
                yield pen
                if self.is_postgresql and pen.info.get(_OWES):
                    cursor.execute(f"NOTIFY {DUE_CHANNEL}")
                connection.commit()
                is_clean = True
            except LeimaError:  # a rule said no: nothing is wrong with the connection
                connection.rollback()
                is_clean = True
                raise
            finally:
                if is_clean:
                    self._writers.append(connection)
                else:
                    connection.close()
            if pen.info.get(_OWES):
                self.due.set()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """On SQLite this process' writers come one after the other: whoever asks it again and again
        would lose to those who do not. Pens share a connection, which knows what it read last."""
        is_mine = not self.is_postgresql and self._turn.acquire(timeout=_BUSY_SECONDS)
        try:
            yield
        finally:
            if is_mine:
                self._turn.release()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One transaction in a thread; the driver's errors become SQLAlchemy's, without values."""
        if _is_writing.get():
            raise RuntimeError("a transaction is open already: pass it on instead")
        mark = _is_writing.set(True)
        try:
            yield
        except self._is_refused as error:
            _hide_values_of(error)
            raise DBAPIError.instance(
                None, None, error, self._is_refused, True, dialect=self.engine.dialect
            ) from error
        finally:
            _is_writing.reset(mark)

    def _was_let_go(self, error: Any) -> bool:
        state = getattr(error, "sqlstate", None)
        return self.is_postgresql and (state is None or state.startswith(_LOST))

    def _writer(self) -> tuple[Any, Any]:
        """A connection of our own and its cursor, in a transaction that writes."""
        while True:
            kept = _kept(self._writers)
            connection = kept or self._open()
            try:
                cursor = connection.cursor()
                cursor.execute(self._begin_writing)
                return connection, cursor
            except self._is_refused as error:
                connection.close()
                if kept is None or not self._was_let_go(error):
                    raise
                _close_all(self._writers)  # the database was started again

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent snapshot; nothing is written."""
        with Session(self._read_engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Glance]:
        """One consistent snapshot for several looks, without objects: a tenth of the price."""
        with self._driver() as connection:
            cursor = connection.cursor()
            cursor.execute(self._begin_reading)
            yield Glance(cursor, self.engine.dialect)
            connection.rollback()

    def look(self, look: Look, **values: Any) -> list[Any]:
        """The rows of one look, which is a snapshot by itself."""
        try:
            return self._look(look, values)
        except self._is_lost as error:
            # The database was started again: none of the connections kept is any good.
            if not self._was_let_go(error):
                raise
            _close_all(self._idle)
            return self._look(look, values)

    def _look(self, look: Look, values: dict[str, Any]) -> list[Any]:
        with self._driver() as connection:
            return Glance(connection.cursor(), self.engine.dialect).rows(look, **values)

    def dispose(self) -> None:
        """Close every connection."""
        _close_all(self._idle, self._writers)
        self.engine.dispose()

    @contextmanager
    def _driver(self) -> Iterator[Any]:
        """A connection that begins no transaction by itself; there are as many as look at once.

        Taking one from the pool costs more than what most looks ask.
        """
        connection = _kept(self._idle) or self._open()
        is_clean = False
        try:
            yield connection
            is_clean = True
        finally:
            if is_clean:
                self._idle.append(connection)
            else:
                connection.close()  # whatever state it is in, nobody gets it again

    def _open(self) -> Any:
        pooled = self.engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if self.is_postgresql:  # on SQLite it is always so
            connection.autocommit = True
        return connection


def _kept(connections: deque[Any]) -> Any:
    try:
        return connections.pop()
    except IndexError:
        return None


def _close_all(*kept: deque[Any]) -> None:
    for connections in kept:
        while connection := _kept(connections):
            connection.close()


Work = Session | Pen  # a transaction, however it was opened


def pen_of(work: Work) -> Pen:
    """The pen of a transaction; what its session has in mind is written first."""
    if isinstance(work, Pen):
        return work
    work.flush()
    pen: Pen | None = work.info.get(_PEN)
    if pen is None:
        connection = connection_of(work)
        pen = Pen(connection.connection.cursor(), connection.dialect, work.info)
        work.info[_PEN] = pen
    return pen


def connection_of(session: Session) -> Connection:
    """What the session writes on, for statements that were prepared once; asking it costs more."""
    connection: Connection = session.info.get(_CONNECTION) or session.connection()
    return connection


def owe(work: Work) -> None:
    """Say that this transaction leaves something to be done outside: wake the worker at commit."""
    work.info[_OWES] = True


def inserting(session: Session) -> Callable[..., Any]:
    """The `insert` of the session's database, which knows `on_conflict_do_…`."""
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert


def taken(error: IntegrityError) -> str:
    """The name of the constraint that `error` is about; empty where the database does not say.

    On PostgreSQL another transaction may be first with the same key. On SQLite it cannot: each
    has read and written before the next begins.
    """
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def assert_no_transaction() -> None:
    """Refuse to talk to the outside while a transaction is open.

    Raises:
        RuntimeError: a transaction is open in this thread.
    """
    if _is_writing.get():
        raise RuntimeError("no network inside a transaction: commit first")


def _read_url(url: str) -> URL:
    try:
        read = make_url(url)
    except ArgumentError as error:
        raise SettingsError("LEIMA_DATABASE_URL is not a URL: see docs/postgresql.md") from error
    if read.drivername == "postgresql":
        return read.set(drivername="postgresql+psycopg")
    if read.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise SettingsError(
            f"LEIMA_DATABASE_URL: {read.drivername} is not supported; "
            "give sqlite:///… or postgresql+psycopg://…"
        )
    return read


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        engine = create_engine(
            _with_parameters(url),
            isolation_level="READ COMMITTED",
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_recycle=_POOL_AGE_SECONDS,
            pool_pre_ping=True,
            pool_use_lifo=True,
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _hide_values)
        return engine
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    engine.dialect.do_begin = _begin  # type: ignore[assignment]  # a listener slows them all
    return engine


def _with_parameters(url: URL) -> URL:
    """`url` with the connection parameters that it does not give itself."""
    missing = {n: v for n, v in _POSTGRESQL_PARAMETERS.items() if n not in url.query}
    return url.update_query_dict(missing)


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row in its error's detail: phone numbers and tokens. Leave that out."""
    message = _hide_values_of(context.original_exception)
    if message and context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (message,)


def _hide_values_of(error: BaseException) -> str | None:
    """What `error` says from now on; None where it never quoted anything."""
    diagnosis = getattr(error, "diag", None)
    if diagnosis is None or not diagnosis.message_primary:
        return None
    message: str = diagnosis.message_primary
    error.args = (message,)
    return message


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours alone: see _begin
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    connection.execute("BEGIN IMMEDIATE" if _is_locking.get() else "BEGIN")


def _begun(session: Session) -> Connection:
    """The session's connection, which begins its transaction now: to write."""
    mark = _is_locking.set(True)
    try:
        return session.connection()
    finally:
        _is_locking.reset(mark)
