"""Rows in bulk: read once as the driver has them, written many times without translation.

For filling a database with copies. What is written daily goes through the tables' own types.
"""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any
from uuid import uuid4

from sqlalchemy import Dialect, Table
from sqlmodel import Session, SQLModel

Stored = dict[str, Any]


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def dialect_of(session: Session) -> Dialect:
    """How the session's database wants things written."""
    return session.get_bind().dialect


def as_stored(dialect: Dialect, table: Table, row: Mapping[str, Any]) -> Stored:
    """`row` with every value as the driver takes it."""
    stored = {}
    for name, value in row.items():
        process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        stored[name] = process(value) if process else value
    return stored


def key_maker(dialect: Dialect) -> Callable[[], Any]:
    """Makes new keys as the driver takes them."""
    return _hexadecimal if dialect.name == "sqlite" else uuid4


def _hexadecimal() -> str:
    """A random UUID (version 4) without the detour over an object."""
    digits = token_hex(16)
    return f"{digits[:12]}4{digits[13:16]}a{digits[17:]}"


def write(session: Session, model: type[SQLModel], rows: Sequence[Stored]) -> None:
    """Insert `rows`, all of the same columns and with values as stored, in order."""
    if not rows:
        return
    names = list(rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    table, columns = table_of(model).name, ", ".join(names)
    connection = session.connection()
    if dialect_of(session).name == "sqlite":
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - our names
        connection.exec_driver_sql(statement, values)
        return
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for value in values:
            copy.write_row(value)
