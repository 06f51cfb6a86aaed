"""Phones that hold passes, and what they are still to be told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from server.models.base import Row, belongs_to, maybe_moment, moment


class Device(Row, table=True):
    """One phone's library of passes of one pass type: the scope of a push and of a list call.

    The push token is text of any length and form; the phone may replace it at any time.
    """

    __table_args__ = (UniqueConstraint("library_identifier", "pass_type_identifier"),)

    library_identifier: str
    pass_type_identifier: str = belongs_to("pass_type.identifier")
    push_token: str
    push_token_at: datetime = moment()


class Registration(SQLModel, table=True):
    """A device wants to hear about a pass.

    `change_tag` is drawn with the registration when the phone may hold an older version than the
    pass has; 0 when it cannot. The list treats the later of this one and the pass's.
    """

    device_id: UUID = Field(foreign_key="device.id", primary_key=True, ondelete="CASCADE")
    pass_id: UUID = Field(foreign_key="pass.id", primary_key=True, index=True)
    created_at: datetime = moment()
    change_tag: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Delivery(Row, table=True):
    """What one device is owed: being told that something changed. The latest state wins.

    `due_at` is empty when nothing is owed. `owed_tag` is the newest change that is owed; a change
    during a flight raises it, so that the finished flight does not settle the row. `claimed_at`
    is a lease: a worker that dies gives the row back when it runs out. `is_bulk`: nobody waits
    for it at a till, so that it may come after what somebody waits for.
    """

    __table_args__ = (
        UniqueConstraint("device_id"),
        Index(
            "ix_delivery_is_bulk_due_at_owed_tag",
            "is_bulk",
            "due_at",
            "owed_tag",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    device_id: UUID = Field(foreign_key="device.id", ondelete="CASCADE")
    owed_tag: int = Field(sa_type=BigInteger)
    due_at: datetime | None = maybe_moment()
    claimed_at: datetime | None = maybe_moment()
    sent_at: datetime | None = maybe_moment()
    attempts: int = 0
    error: str | None = None
    is_bulk: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class Throttle(SQLModel, table=True):
    """How often something was tried in the current window."""

    key: str = Field(primary_key=True)
    count: int
    resets_at: datetime = moment()
