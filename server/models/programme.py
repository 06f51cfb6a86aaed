"""Programmes and the pass types they issue under."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from server.models.base import Row, belongs_to, moment


class PassType(SQLModel, table=True):
    """Apple's pass type identifier and the counter that orders changes below it.

    `change_seq` is raised late in a transaction: its row lock makes the order of tags the
    order of commits, so that no device can step over a change that commits late.
    """

    __tablename__ = "pass_type"
    __table_args__ = (CheckConstraint("change_seq >= 0", name="change_seq_not_negative"),)

    identifier: str = Field(primary_key=True)
    team_identifier: str
    change_seq: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = moment()


class Programme(Row, table=True):
    """A brand's loyalty scheme: 1..n parts shown on one card."""

    __table_args__ = (UniqueConstraint("brand_id", "slug"),)

    brand_id: UUID = belongs_to("brand.id", index=True)
    pass_type_identifier: str = belongs_to("pass_type.identifier", index=True)
    slug: str
    name: str
    design: str


class ProgrammePart(Row, table=True):
    """One mechanism of a programme: a kind and its rules, checked by the kind when written."""

    __tablename__ = "programme_part"
    __table_args__ = (
        UniqueConstraint("programme_id", "position"),
        UniqueConstraint("programme_id", "kind"),
    )

    programme_id: UUID = belongs_to("programme.id", index=True)
    position: int
    kind: str
    rules: dict[str, Any] = Field(sa_type=JSON)
