"""A brand, its places and its people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from server.models.base import Row, belongs_to, maybe_moment, moment, one_of


class Brand(Row, table=True):
    """Who runs programmes. Everything else belongs to exactly one brand."""

    __table_args__ = (
        UniqueConstraint("slug"),
        one_of("language", "fi", "sv", "en"),
    )

    slug: str
    name: str
    language: str
    timezone: str
    country: str
    currency: str
    contact: str


class Location(Row, table=True):
    """A place where cards are scanned; in degrees north and east, when that is known."""

    __table_args__ = (
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_together"),
    )

    brand_id: UUID = belongs_to("brand.id", index=True)
    name: str
    latitude: float | None = None
    longitude: float | None = None


class Till(Row, table=True):
    """A login that opens the till page of one location."""

    __table_args__ = (UniqueConstraint("login"),)

    brand_id: UUID = belongs_to("brand.id", index=True)
    location_id: UUID = belongs_to("location.id", index=True)
    login: str
    password_hash: str
    disabled_at: datetime | None = maybe_moment()


class Staff(Row, table=True):
    """A person at the till. The PIN names the person, so it is unique in the brand.

    `pin_seal` is a keyed digest: four digits alone could be tried out in no time.
    """

    __table_args__ = (UniqueConstraint("brand_id", "pin_seal"),)

    brand_id: UUID = belongs_to("brand.id", index=True)
    name: str
    pin_seal: str
    disabled_at: datetime | None = maybe_moment()


class TillSession(Row, table=True):
    """A browser that is signed in to a till.

    `staff_id`: who unlocked it, nobody while locked; `unlock_id` is of that one unlocking.
    """

    __tablename__ = "till_session"

    till_id: UUID = belongs_to("till.id", index=True)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    unlock_id: UUID | None = None
    expires_at: datetime = moment(index=True)


class ApiKey(Row, table=True):
    """A backend's key. Only a digest is kept; `prefix` finds the row."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("prefix"),)

    brand_id: UUID = belongs_to("brand.id", index=True)
    name: str
    prefix: str
    secret_hash: str
    revoked_at: datetime | None = maybe_moment()
