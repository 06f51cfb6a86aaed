"""What happened to passes on their way to phones."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer
from sqlmodel import Field, SQLModel

from server.models.base import moment, one_of

STEPS = (
    "changed",
    "pushed",
    "asked",
    "fetched",
    "unchanged",
    "looked",
    "registered",
    "unregistered",
    "refused",
    "failed",
    "complained",
    "downloaded",
    "told",
    "saved",
    "deleted",
)


class Trace(SQLModel, table=True):
    """One step of a pass or of a device: written once, in batches, and removed by age.

    It names a pass by `serial_number`, a phone by `device` (a short keyed digest of its library
    identifier), or both. `caller` is a digest too short to name anybody: it tells two phones of
    one household apart within a day. No key to other tables: a trace stands in nobody's way.
    """

    __table_args__ = (
        one_of("what", *STEPS),
        Index("ix_trace_serial_number_at", "serial_number", "at"),
        Index("ix_trace_device_at", "device", "at"),
    )

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite")
    )
    at: datetime = moment()
    what: str
    serial_number: str | None = None
    device: str | None = None
    caller: str | None = None
    status: int | None = None
    data: dict[str, Any] = Field(sa_type=JSON)
