"""What Google Wallet holds of cards, and the steps of the trace that lead there."""

import sqlalchemy as sa
from alembic import op

from server.db import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STEPS = "'changed', 'pushed', 'asked', 'fetched', 'unchanged', 'looked', 'registered', 'unregistered', 'refused', 'failed', 'complained', 'downloaded', 'told', 'saved', 'deleted'"


def upgrade() -> None:
    op.create_table(
        "google_issuer",
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", UTCDateTime(), nullable=False),
        sa.Column("slowed_until", UTCDateTime(), nullable=True),
        sa.Column("paused_until", UTCDateTime(), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("reconciled_at", UTCDateTime(), nullable=True),
        sa.Column("reconcile_class", sa.String(), nullable=True),
        sa.Column("reconcile_page", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("issuer_id", name=op.f("pk_google_issuer")),
    )
    op.create_table(
        "google_class",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("sent_hash", sa.String(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('loyalty', 'offer')", name=op.f("ck_google_class_kind_known")),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["google_issuer.issuer_id"], name=op.f("fk_google_class_issuer_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_google_class_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_google_class")),
        sa.UniqueConstraint(
            "programme_id",
            "issuer_id",
            "kind",
            name=op.f("uq_google_class_programme_id_issuer_id_kind"),
        ),
    )
    op.create_table(
        "google_object",
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("class_id", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("owed_version", sa.Integer(), nullable=False),
        sa.Column("sent_version", sa.Integer(), nullable=False),
        sa.Column("sent", sa.JSON(), nullable=True),
        sa.Column("offer_sent", sa.JSON(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("claimed_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("is_bulk", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("has_users", sa.Boolean(), nullable=True),
        sa.Column("notified_at", sa.JSON(), nullable=False),
        sa.Column("hushed_until", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "owed_version >= sent_version", name=op.f("ck_google_object_versions_in_order")
        ),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_google_object_card_id")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["google_class.id"], name=op.f("fk_google_object_class_id")
        ),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["google_issuer.issuer_id"], name=op.f("fk_google_object_issuer_id")
        ),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_google_object")),
        sa.UniqueConstraint("object_id", name=op.f("uq_google_object_object_id")),
    )
    op.create_index("ix_google_object_class_id", "google_object", ["class_id"])
    op.create_index(
        "ix_google_object_is_bulk_due_at",
        "google_object",
        ["is_bulk", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_google_object_given_up",
        "google_object",
        ["card_id"],
        sqlite_where=sa.text("error IS NOT NULL AND due_at IS NULL"),
        postgresql_where=sa.text("error IS NOT NULL AND due_at IS NULL"),
    )
    op.create_table(
        "google_callback",
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_google_callback")),
    )
    op.create_index("ix_google_callback_expires_at", "google_callback", ["expires_at"])
    with op.batch_alter_table("trace") as trace:
        trace.drop_constraint(op.f("ck_trace_what_known"), type_="check")
        trace.create_check_constraint(op.f("ck_trace_what_known"), f"what IN ({_STEPS})")
