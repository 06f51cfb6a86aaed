"""First tables.

The ledger is append-only: the database itself refuses to change or delete an entry.
"""

import sqlalchemy as sa
from alembic import op

from server.db import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.CheckConstraint("language IN ('fi', 'sv', 'en')", name=op.f("ck_brand_language_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("slug", name=op.f("uq_brand_slug")),
    )
    op.create_table(
        "pass_type",
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("team_identifier", sa.String(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("change_seq >= 0", name=op.f("ck_pass_type_change_seq_not_negative")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_pass_type")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("resets_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_api_key_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_index(op.f("ix_api_key_brand_id"), "api_key", ["brand_id"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("library_identifier", sa.String(), nullable=False),
        sa.Column("pass_type_identifier", sa.String(), nullable=False),
        sa.Column("push_token", sa.String(), nullable=False),
        sa.Column("push_token_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pass_type_identifier"],
            ["pass_type.identifier"],
            name=op.f("fk_device_pass_type_identifier"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint(
            "library_identifier",
            "pass_type_identifier",
            name=op.f("uq_device_library_identifier_pass_type_identifier"),
        ),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_location_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
    )
    op.create_index(op.f("ix_location_brand_id"), "location", ["brand_id"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("member_number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_verified_at", UTCDateTime(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_verified_at", UTCDateTime(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.CheckConstraint("language IN ('fi', 'sv', 'en')", name=op.f("ck_member_language_known")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_member_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint(
            "brand_id", "member_number", name=op.f("uq_member_brand_id_member_number")
        ),
    )
    op.create_index(op.f("ix_member_brand_id"), "member", ["brand_id"], unique=False)
    op.create_index(
        "uq_member_brand_id_email",
        "member",
        ["brand_id", "email"],
        unique=True,
        sqlite_where=sa.text("email_verified_at IS NOT NULL"),
        postgresql_where=sa.text("email_verified_at IS NOT NULL"),
    )
    op.create_index(
        "uq_member_brand_id_phone",
        "member",
        ["brand_id", "phone"],
        unique=True,
        sqlite_where=sa.text("phone_verified_at IS NOT NULL"),
        postgresql_where=sa.text("phone_verified_at IS NOT NULL"),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("pass_type_identifier", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("design", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_programme_brand_id")),
        sa.ForeignKeyConstraint(
            ["pass_type_identifier"],
            ["pass_type.identifier"],
            name=op.f("fk_programme_pass_type_identifier"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("brand_id", "slug", name=op.f("uq_programme_brand_id_slug")),
    )
    op.create_index(op.f("ix_programme_brand_id"), "programme", ["brand_id"], unique=False)
    op.create_index(
        op.f("ix_programme_pass_type_identifier"),
        "programme",
        ["pass_type_identifier"],
        unique=False,
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pin_seal", sa.String(), nullable=False),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_staff_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("brand_id", "pin_seal", name=op.f("uq_staff_brand_id_pin_seal")),
    )
    op.create_index(op.f("ix_staff_brand_id"), "staff", ["brand_id"], unique=False)
    op.create_table(
        "card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("link_token", sa.String(), nullable=False),
        sa.Column("wake_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_card_brand_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_card_member_id")),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_card_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("link_token", name=op.f("uq_card_link_token")),
        sa.UniqueConstraint(
            "programme_id", "member_id", name=op.f("uq_card_programme_id_member_id")
        ),
    )
    op.create_index(op.f("ix_card_brand_id"), "card", ["brand_id"], unique=False)
    op.create_index(op.f("ix_card_member_id"), "card", ["member_id"], unique=False)
    op.create_index("ix_card_wake_at", "card", ["wake_at"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('sms', 'email', 'wallet')", name=op.f("ck_consent_channel_known")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_consent_brand_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_consent_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_brand_id"), "consent", ["brand_id"], unique=False)
    op.create_index(
        "ix_consent_member_id_channel", "consent", ["member_id", "channel"], unique=False
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("owed_tag", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("claimed_at", UTCDateTime(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_delivery_device_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("device_id", name=op.f("uq_delivery_device_id")),
    )
    op.create_index(
        "ix_delivery_due_at",
        "delivery",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "programme_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_programme_part_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_part")),
        sa.UniqueConstraint(
            "programme_id", "kind", name=op.f("uq_programme_part_programme_id_kind")
        ),
        sa.UniqueConstraint(
            "programme_id", "position", name=op.f("uq_programme_part_programme_id_position")
        ),
    )
    op.create_index(
        op.f("ix_programme_part_programme_id"), "programme_part", ["programme_id"], unique=False
    )
    op.create_table(
        "till",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_till_brand_id")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_till_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till")),
        sa.UniqueConstraint("login", name=op.f("uq_till_login")),
    )
    op.create_index(op.f("ix_till_brand_id"), "till", ["brand_id"], unique=False)
    op.create_index(op.f("ix_till_location_id"), "till", ["location_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("till_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_event_id", sa.String(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.CheckConstraint(
            "source IN ('till', 'api', 'join', 'clock')", name=op.f("ck_event_source_known")
        ),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_event_quantity_positive")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_event_brand_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_event_card_id")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_event_location_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_event_staff_id")),
        sa.ForeignKeyConstraint(["till_id"], ["till.id"], name=op.f("fk_event_till_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_card_id_name_at", "event", ["card_id", "name", "at"], unique=False)
    op.create_table(
        "lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("earned_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("remaining <= earned", name=op.f("ck_lot_remaining_within_earned")),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_lot_remaining_not_negative")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_lot_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
    )
    op.create_index("ix_lot_card_id_unit", "lot", ["card_id", "unit"], unique=False)
    op.create_table(
        "pass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("pass_type_identifier", sa.String(), nullable=False),
        sa.Column("serial_number", sa.String(), nullable=False),
        sa.Column("authentication_token", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("change_tag", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("modified_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('live', 'voided')", name=op.f("ck_pass_state_known")),
        sa.CheckConstraint(
            "length(authentication_token) >= 16", name=op.f("ck_pass_token_long_enough")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_pass_version_positive")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_pass_brand_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_pass_card_id")),
        sa.ForeignKeyConstraint(
            ["pass_type_identifier"],
            ["pass_type.identifier"],
            name=op.f("fk_pass_pass_type_identifier"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass")),
        sa.UniqueConstraint("barcode", name=op.f("uq_pass_barcode")),
        sa.UniqueConstraint(
            "pass_type_identifier",
            "serial_number",
            name=op.f("uq_pass_pass_type_identifier_serial_number"),
        ),
    )
    op.create_index(op.f("ix_pass_brand_id"), "pass", ["brand_id"], unique=False)
    op.create_index(op.f("ix_pass_card_id"), "pass", ["card_id"], unique=False)
    op.create_index(
        "ix_pass_pass_type_identifier_change_tag",
        "pass",
        ["pass_type_identifier", "change_tag"],
        unique=False,
    )
    op.create_index(
        "uq_pass_card_id_holder_purpose",
        "pass",
        ["card_id", "holder", "purpose"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column(
            "reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "type IN ('earn', 'redeem', 'convert', 'expire', 'adjust', 'reverse')",
            name=op.f("ck_ledger_entry_type_known"),
        ),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_ledger_entry_delta_not_zero")),
        sa.ForeignKeyConstraint(
            ["brand_id", "event_id"],
            ["event.brand_id", "event.id"],
            name=op.f("fk_ledger_entry_brand_id_event_id"),
        ),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_ledger_entry_card_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_ledger_entry_lot_id")),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["ledger_entry.id"], name=op.f("fk_ledger_entry_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "brand_id",
            "event_id",
            "line_no",
            name=op.f("uq_ledger_entry_brand_id_event_id_line_no"),
        ),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_entry_reverses_id")),
    )
    op.create_index("ix_ledger_entry_card_id_id", "ledger_entry", ["card_id", "id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_lot_id"), "ledger_entry", ["lot_id"], unique=False)
    op.create_table(
        "registration",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("pass_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_registration_device_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name=op.f("fk_registration_pass_id")),
        sa.PrimaryKeyConstraint("device_id", "pass_id", name=op.f("pk_registration")),
    )
    op.create_index(op.f("ix_registration_pass_id"), "registration", ["pass_id"], unique=False)
    _refuse_changes()


def _refuse_changes() -> None:
    for action in ("UPDATE", "DELETE"):
        name = f"ledger_entry_refuses_{action.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {action} ON ledger_entry BEGIN "
                "SELECT RAISE(ABORT, 'ledger entries are never changed: post a reversal'); END"
            )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_entry_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'ledger entries are never changed: post a reversal' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_entry_refuses BEFORE UPDATE OR DELETE ON ledger_entry "
            "FOR EACH ROW EXECUTE FUNCTION ledger_entry_refuses()"
        )
        op.execute(
            "CREATE TRIGGER ledger_entry_refuses_truncate BEFORE TRUNCATE ON ledger_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_refuses()"
        )
