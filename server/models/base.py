"""What all tables share: constraint names, keys made by us, moments in UTC."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from server.db import UTCDateTime

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def key() -> Any:
    """A primary key that we make ourselves."""
    return Field(default_factory=uuid4, primary_key=True)


def belongs_to(target: str, **options: Any) -> Any:
    """A required reference to `table.column`."""
    return Field(foreign_key=target, **options)


def moment(**options: Any) -> Any:
    """A required point in time."""
    return Field(sa_type=UTCDateTime, **options)


def maybe_moment(**options: Any) -> Any:
    """A point in time that may not have come."""
    return Field(default=None, sa_type=UTCDateTime, nullable=True, **options)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A check that a text column holds one of `values`."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({quoted})", name=f"{column}_known")


class Row(SQLModel):
    """A row with our own key and the moment it was made."""

    id: UUID = key()
    created_at: datetime = moment()
