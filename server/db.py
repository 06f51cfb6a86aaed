"""The database: one way to write (a transaction) and one way to read.

SQLite for one host, PostgreSQL for several: the promises here are kept on both.
"""

import threading
import weakref
from collections import deque, namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    Select,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

from server.errors import SettingsError

# Announced on PostgreSQL when a committed transaction owes something to the outside.
DUE_CHANNEL = "leima_due"

_is_writing: ContextVar[bool] = ContextVar("leima_is_writing", default=False)
_is_locking: ContextVar[bool] = ContextVar("leima_is_locking", default=False)
_OWES = "owes_the_outside"
_CONNECTION = "connection"
# How PostgreSQL says that it went away: nothing, when the line was cut; else its own words.
_LOST = (None, "57P01", "57P02", "57P03", "08006")
_PRAGMAS = (
    "foreign_keys=ON",
    "busy_timeout=30000",
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
        self._begin_reading = "BEGIN"
        self._idle: deque[Any] = deque()
        weakref.finalize(self, _close_all, self._idle)
        assert self.engine.dialect.dbapi is not None
        self._is_lost: type[Any] = self.engine.dialect.dbapi.OperationalError
        if self.is_postgresql:  # several statements see one snapshot only if it is asked for
            self._read_engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    @property
    def is_postgresql(self) -> bool:
        """Whether other processes may be using it from other hosts."""
        return self.engine.dialect.name == "postgresql"

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
        if _is_writing.get():
            raise RuntimeError("a transaction is open already: pass its session on instead")
        mark = _is_writing.set(True)
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                with session.begin():
                    session.info[_CONNECTION] = _begun(session)
                    yield session
                    if self.is_postgresql and session.info.get(_OWES):
                        session.connection().execute(text(f"NOTIFY {DUE_CHANNEL}"))
                if session.info.get(_OWES):
                    self.due.set()
        finally:
            _is_writing.reset(mark)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent snapshot; nothing is written."""
        with Session(self._read_engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator["Glance"]:
        """One consistent snapshot for several looks, without objects: a tenth of the price."""
        with self._driver() as connection:
            cursor = connection.cursor()
            cursor.execute(self._begin_reading)
            yield Glance(cursor, self.engine.dialect)
            connection.rollback()

    def look(self, look: "Look", **values: Any) -> list[Any]:
        """The rows of one look, which is a snapshot by itself."""
        try:
            return self._look(look, values)
        except self._is_lost as error:
            # The database was started again: none of the connections kept is any good.
            if not self.is_postgresql or error.sqlstate not in _LOST:
                raise
            _close_all(self._idle)
            return self._look(look, values)

    def _look(self, look: "Look", values: dict[str, Any]) -> list[Any]:
        with self._driver() as connection:
            return Glance(connection.cursor(), self.engine.dialect).rows(look, **values)

    def dispose(self) -> None:
        """Close every connection."""
        _close_all(self._idle)
        self.engine.dispose()

    @contextmanager
    def _driver(self) -> Iterator[Any]:
        """A connection that begins no transaction by itself; there are as many as look at once.

        Taking one from the pool costs more than what most looks ask.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
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


def _close_all(connections: "deque[Any]") -> None:
    while connections:
        connections.pop().close()


class Look:
    """A SELECT of columns, compiled once and then sent straight to the driver.

    It is for what phones ask all the time: SQLAlchemy's own execution costs several times the
    query. Values and columns go through their types as ever; a row is a named tuple.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._prepared: dict[str, _Prepared] = {}

    def prepared(self, dialect: Dialect) -> "_Prepared":
        """The statement for this kind of database."""
        known = self._prepared.get(dialect.name)
        if known is None:
            known = self._prepared[dialect.name] = _prepare(self._statement, dialect)
        return known


class Glance:
    """Looks on one cursor."""

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    def rows(self, look: Look, **values: Any) -> list[Any]:
        """What there is for these values of the statement's parameters."""
        prepared = look.prepared(self._dialect)
        for name, bind in prepared.binds:
            values[name] = bind(values[name])
        values |= prepared.constants
        order = prepared.order
        self._cursor.execute(prepared.sql, [values[name] for name in order] if order else values)
        found = self._cursor.fetchall()
        if not prepared.converts:
            return [prepared.row(*each) for each in found]
        return [prepared.row(*map(_converted, each, prepared.converters)) for each in found]


class _Prepared(NamedTuple):
    """A statement in the driver's words; `order` names its parameters where they have places."""

    sql: str
    order: list[str]
    constants: dict[str, Any]
    binds: Sequence[tuple[str, Callable[[Any], Any]]]
    converters: Sequence[Callable[[Any], Any] | None]
    converts: bool
    row: Callable[..., Any]


def _prepare(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    binds = []
    constants = {}
    for name, parameter in compiled.binds.items():
        bind = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if parameter.value is not None:
            constants[name] = bind(parameter.value) if bind else parameter.value
        elif bind:
            binds.append((name, bind))
    columns = list(statement.selected_columns)
    converters = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
    ]
    return _Prepared(
        sql=str(compiled),
        order=list(compiled.positiontup or ()),
        constants=constants,
        binds=binds,
        converters=converters,
        converts=any(converters),
        row=namedtuple("Row", [str(column.name) for column in columns]),
    )


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return convert(value) if convert else value


def connection_of(session: Session) -> Connection:
    """What the session writes on, for statements that were prepared once; asking it costs more."""
    connection: Connection = session.info.get(_CONNECTION) or session.connection()
    return connection


def owe(session: Session) -> None:
    """Say that this transaction leaves something to be done outside: wake the worker at commit."""
    session.info[_OWES] = True


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
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    engine.dialect.do_begin = _begin  # type: ignore[assignment]  # a listener slows them all
    return engine


def _with_parameters(url: URL) -> URL:
    """`url` with the connection parameters that it does not give itself."""
    missing = {n: v for n, v in _POSTGRESQL_PARAMETERS.items() if n not in url.query}
    return url.update_query_dict(missing)


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row in its error's detail: phone numbers and tokens. Leave that out."""
    diagnosis = getattr(context.original_exception, "diag", None)
    if diagnosis is None or not diagnosis.message_primary:
        return
    message = diagnosis.message_primary
    context.original_exception.args = (message,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (message,)


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
