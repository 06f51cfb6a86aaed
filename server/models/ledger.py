"""What happened, what it was worth, and what is left of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from server.models.base import Row, belongs_to, maybe_moment, moment, one_of

# SQLite gives out row numbers only for a plain INTEGER primary key.
_BIG = BigInteger().with_variant(Integer(), "sqlite")


class Event(SQLModel, table=True):
    """Something that happened, under the id that whoever saw it gave it before first sending.

    `fingerprint` tells a repetition from another event under the same id; `answer` is sent again,
    byte for byte, to a repetition. It holds no personal data.
    """

    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity_positive"),
        one_of("source", "till", "api", "join", "clock"),
        Index("ix_event_card_id_name_at", "card_id", "name", "at"),
    )

    brand_id: UUID = Field(foreign_key="brand.id", primary_key=True)
    id: str = Field(primary_key=True)
    card_id: UUID = belongs_to("card.id")
    name: str
    quantity: int = 1
    data: dict[str, Any] = Field(sa_type=JSON)
    fingerprint: str
    source: str
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    till_id: UUID | None = Field(default=None, foreign_key="till.id")
    location_id: UUID | None = Field(default=None, foreign_key="location.id")
    reverses_event_id: str | None = None
    at: datetime = moment()
    recorded_at: datetime = moment()
    answer: str = ""


class LedgerEntry(SQLModel, table=True):
    """One signed change of one lot. Never updated, never deleted: triggers refuse it."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        ForeignKeyConstraint(["brand_id", "event_id"], ["event.brand_id", "event.id"]),
        UniqueConstraint("brand_id", "event_id", "line_no"),
        UniqueConstraint("reverses_id"),
        CheckConstraint("delta <> 0", name="delta_not_zero"),
        one_of("type", "earn", "redeem", "convert", "expire", "adjust", "reverse"),
        Index("ix_ledger_entry_card_id_id", "card_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_BIG)
    brand_id: UUID
    event_id: str
    line_no: int
    card_id: UUID = belongs_to("card.id")
    lot_id: UUID = belongs_to("lot.id", index=True)
    type: str
    unit: str
    delta: int
    reverses_id: int | None = Field(default=None, foreign_key="ledger_entry.id", sa_type=_BIG)
    created_at: datetime = moment()


class Lot(Row, table=True):
    """What is left of one earning. A balance is the sum of the live lots."""

    __table_args__ = (
        CheckConstraint("remaining >= 0", name="remaining_not_negative"),
        CheckConstraint("remaining <= earned", name="remaining_within_earned"),
        Index("ix_lot_card_id_unit", "card_id", "unit"),
    )

    card_id: UUID = belongs_to("card.id")
    unit: str
    earned: int
    remaining: int
    earned_at: datetime = moment()
    expires_at: datetime | None = maybe_moment()
