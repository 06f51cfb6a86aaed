"""The trace of passes on their way to phones."""

import sqlalchemy as sa
from alembic import op

from server.db import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trace",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("serial_number", sa.String(), nullable=True),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("caller", sa.String(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "what IN ('changed', 'pushed', 'asked', 'fetched', 'unchanged', 'looked', 'registered', 'unregistered', 'refused', 'failed', 'complained', 'downloaded')",
            name=op.f("ck_trace_what_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
    )
    op.create_index("ix_trace_serial_number_at", "trace", ["serial_number", "at"], unique=False)
    op.create_index("ix_trace_device_at", "trace", ["device", "at"], unique=False)
