"""Members, their consents, and their cards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from server.models.base import Row, belongs_to, maybe_moment, moment, one_of


def _once_verified(column: str) -> Index:
    is_verified = text(f"{column}_verified_at IS NOT NULL")
    return Index(
        f"uq_member_brand_id_{column}",
        "brand_id",
        column,
        unique=True,
        sqlite_where=is_verified,
        postgresql_where=is_verified,
    )


class Member(Row, table=True):
    """A person enrolled with a brand. Phone in E.164, e-mail in lower case.

    A contact identifies its owner only once verified: then it is unique in the brand.
    """

    __table_args__ = (
        UniqueConstraint("brand_id", "member_number"),
        one_of("language", "fi", "sv", "en"),
        _once_verified("phone"),
        _once_verified("email"),
    )

    brand_id: UUID = belongs_to("brand.id", index=True)
    member_number: str
    name: str
    phone: str | None = None
    phone_verified_at: datetime | None = maybe_moment()
    email: str | None = None
    email_verified_at: datetime | None = maybe_moment()
    language: str


class Consent(Row, table=True):
    """What a member said about marketing in one channel, once: append-only, the latest counts."""

    __table_args__ = (
        one_of("channel", "sms", "email", "wallet"),
        Index("ix_consent_member_id_channel", "member_id", "channel"),
    )

    brand_id: UUID = belongs_to("brand.id", index=True)
    member_id: UUID = belongs_to("member.id")
    channel: str
    is_granted: bool
    wording: str
    source: str
    language: str


class Card(Row, table=True):
    """One member's holding in one programme. `wake_at`: when it changes by itself next."""

    __table_args__ = (
        UniqueConstraint("programme_id", "member_id"),
        UniqueConstraint("link_token"),
        Index("ix_card_wake_at", "wake_at"),
    )

    brand_id: UUID = belongs_to("brand.id", index=True)
    programme_id: UUID = belongs_to("programme.id")
    member_id: UUID = belongs_to("member.id", index=True)
    link_token: str
    wake_at: datetime | None = maybe_moment()


class Pass(Row, table=True):
    """What a wallet holds of a card.

    `modified_at` is a whole second that grows by at least one with every version; `change_tag`
    is this pass's place in its pass type's order of changes. `announced_at` is when phones are
    (or were) to hear of the newest change: not twice within the join time.
    """

    __table_args__ = (
        UniqueConstraint("pass_type_identifier", "serial_number"),
        UniqueConstraint("barcode"),
        one_of("state", "live", "voided"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("length(authentication_token) >= 16", name="token_long_enough"),
        Index("ix_pass_pass_type_identifier_change_tag", "pass_type_identifier", "change_tag"),
        Index(
            "uq_pass_card_id_holder_purpose",
            "card_id",
            "holder",
            "purpose",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
    )

    brand_id: UUID = belongs_to("brand.id", index=True)
    card_id: UUID = belongs_to("card.id", index=True)
    pass_type_identifier: str = belongs_to("pass_type.identifier")
    serial_number: str
    authentication_token: str
    barcode: str
    holder: str = "member"
    purpose: str = "card"
    state: str = "live"
    version: int = 1
    change_tag: int = Field(sa_type=BigInteger)
    content_hash: str
    modified_at: datetime = moment()
    announced_at: datetime | None = maybe_moment()
