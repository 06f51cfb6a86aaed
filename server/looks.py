"""Statements that are prepared once and sent straight to the driver: looks read, strokes write.

For what phones and tills ask all the time. SQLAlchemy makes the text and keeps its types'
conversions; its own execution of a statement costs several times the query.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Insert, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler


class Look:
    """A SELECT of columns. Values and columns go through their types as ever; a row is a named
    tuple."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement: Select[*tuple[Any, ...]] | Insert | Update = statement
        self._columns: list[str] | None = None
        self._prepared: dict[str, _Prepared] = {}

    def prepared(self, dialect: Dialect) -> "_Prepared":
        """The statement for this kind of database."""
        known = self._prepared.get(dialect.name)
        if known is None:
            known = _prepare(self._statement, self._columns, dialect)
            self._prepared[dialect.name] = known
        return known


class Stroke(Look):
    """An INSERT or UPDATE made ready as a look is; it sets the `columns`, each by its name."""

    def __init__(self, statement: Insert | Update, columns: Iterable[str] = ()) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._prepared = {}


class Glance:
    """Looks on one cursor."""

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    @property
    def is_sqlite(self) -> bool:
        """Whether there is nothing to lock: there, who writes is alone."""
        return self._dialect.name == "sqlite"

    def rows(self, look: Look, **values: Any) -> list[Any]:
        """What there is for these values of the statement's parameters."""
        prepared = look.prepared(self._dialect)
        self._cursor.execute(prepared.sql, prepared.bound(values))
        found = self._cursor.fetchall()
        if not prepared.converters:
            return [prepared.row(*each) for each in found]
        return [prepared.row(*prepared.converted(each)) for each in found]


class Pen(Glance):
    """Looks and strokes in one transaction; `info` is what is known of it."""

    def __init__(self, cursor: Any, dialect: Dialect, info: dict[Any, Any]) -> None:
        super().__init__(cursor, dialect)
        self.info = info

    def write(self, stroke: Stroke, **values: Any) -> None:
        """Write one row."""
        prepared = stroke.prepared(self._dialect)
        self._cursor.execute(prepared.sql, prepared.bound(values))

    def write_all(self, stroke: Stroke, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write several, in order."""
        prepared = stroke.prepared(self._dialect)
        if bound := [prepared.bound(dict(row)) for row in rows]:
            self._cursor.executemany(prepared.sql, bound)


class _Prepared(NamedTuple):
    """A statement in the driver's words; `order` names its parameters where they have places."""

    sql: str
    order: list[str]
    constants: dict[str, Any]
    binds: Sequence[tuple[str, Callable[[Any], Any]]]
    converters: Sequence[tuple[int, Callable[[Any], Any]]]
    row: Callable[..., Any]

    def bound(self, values: dict[str, Any]) -> list[Any] | dict[str, Any]:
        """`values`, which are the caller's no more, as the driver takes them."""
        for name, bind in self.binds:
            values[name] = bind(values[name])
        values |= self.constants
        return [values[name] for name in self.order] if self.order else values

    def converted(self, found: Sequence[Any]) -> list[Any]:
        """A row of the driver's with every value as its type has it."""
        row = list(found)
        for place, convert in self.converters:
            row[place] = convert(row[place])
        return row


def _prepare(
    statement: Select[*tuple[Any, ...]] | Insert | Update,
    names: list[str] | None,
    dialect: Dialect,
) -> _Prepared:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)
    binds = []
    constants = {}
    for name, parameter in compiled.binds.items():
        bind = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        is_constant = parameter.value is not None and name not in (names or ())
        if is_constant:
            constants[name] = bind(parameter.value) if bind else parameter.value
        elif bind:
            binds.append((name, bind))
    columns: list[Any] = list(statement.exported_columns)
    converters = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
    ]
    return _Prepared(
        sql=str(compiled),
        order=list(compiled.positiontup or ()),
        constants=constants,
        binds=binds,
        converters=[(place, each) for place, each in enumerate(converters) if each],
        row=namedtuple("Row", [str(column.name) for column in columns]),
    )
