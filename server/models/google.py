"""What Google holds of cards, what it is still to be told, and how fast it may be told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from server.models.base import belongs_to, maybe_moment, moment, one_of


class GoogleIssuer(SQLModel, table=True):
    """Our account with Google, and the rate that all workers share: each takes its turn here.

    `tokens` calls might be made at `refilled_at`. Until `slowed_until` half the rate is taken, and
    until `paused_until` nothing is asked at all, for `pause_reason`. `reconcile_class` and
    `reconcile_page` tell how far the nightly look has come; both are empty between two looks.
    """

    __tablename__ = "google_issuer"

    issuer_id: str = Field(primary_key=True)
    tokens: float = 0.0
    refilled_at: datetime = moment()
    slowed_until: datetime | None = maybe_moment()
    paused_until: datetime | None = maybe_moment()
    pause_reason: str | None = None
    reconciled_at: datetime | None = maybe_moment()
    reconcile_class: str | None = None
    reconcile_page: str | None = None


class GoogleClass(SQLModel, table=True):
    """What a programme's objects have in common: `loyalty` for its cards, `offer` for their reward.

    `sent_hash` is a digest of what Google was given; empty when it is not there yet.
    """

    __tablename__ = "google_class"
    __table_args__ = (
        UniqueConstraint("programme_id", "issuer_id", "kind"),
        one_of("kind", "loyalty", "offer"),
    )

    id: str = Field(primary_key=True)
    issuer_id: str = belongs_to("google_issuer.issuer_id")
    programme_id: UUID = belongs_to("programme.id")
    kind: str
    created_at: datetime = moment()
    sent_hash: str = ""
    sent_at: datetime | None = maybe_moment()
    error: str | None = None


class GoogleObject(SQLModel, table=True):
    """A card as Google has it, and what it is still to be told: the latest state wins.

    One row a card, so that one call at a time is on its way for it. `owed_version` is raised by
    every change; `sent_version` is the one that Google has. `sent` and `offer_sent` are the bodies
    it took last, empty when it has none. `due_at` is empty when nothing is owed; `claimed_at` is a
    lease. `is_bulk`: nobody waits for it. `notified_at` are the seconds (since 1970) of the updates
    that asked the phone to speak, of the last 24 hours; until `hushed_until` none may. With `error`
    and without `due_at` the row is given up: trying again cannot help. `has_users`: in a wallet, as
    Google told last; unknown when empty.
    """

    __tablename__ = "google_object"
    __table_args__ = (
        UniqueConstraint("object_id"),
        CheckConstraint("owed_version >= sent_version", name="versions_in_order"),
        Index(
            "ix_google_object_is_bulk_due_at",
            "is_bulk",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_google_object_given_up",
            "card_id",
            sqlite_where=text("error IS NOT NULL AND due_at IS NULL"),
            postgresql_where=text("error IS NOT NULL AND due_at IS NULL"),
        ),
    )

    card_id: UUID = Field(foreign_key="card.id", primary_key=True)
    issuer_id: str = belongs_to("google_issuer.issuer_id")
    class_id: str = belongs_to("google_class.id", index=True)
    object_id: str
    created_at: datetime = moment()
    owed_version: int = 1
    sent_version: int = 0
    sent: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    offer_sent: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    sent_at: datetime | None = maybe_moment()
    due_at: datetime | None = maybe_moment()
    claimed_at: datetime | None = maybe_moment()
    attempts: int = 0
    error: str | None = None
    is_bulk: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    has_users: bool | None = None
    notified_at: list[int] = Field(default_factory=list, sa_type=JSON)
    hushed_until: datetime | None = maybe_moment()


class GoogleCallback(SQLModel, table=True):
    """A callback that was taken, by its nonce: the same one again has no effect."""

    __tablename__ = "google_callback"

    nonce: str = Field(primary_key=True)
    expires_at: datetime = moment(index=True)
