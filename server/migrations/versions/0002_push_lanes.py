"""What somebody waits for is pushed before what nobody does; changes are joined card by card."""

import sqlalchemy as sa
from alembic import op

from server.db import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "delivery", sa.Column("is_bulk", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("pass", sa.Column("announced_at", UTCDateTime(), nullable=True))
    op.drop_index("ix_delivery_due_at", table_name="delivery")
    op.create_index(
        "ix_delivery_is_bulk_due_at_owed_tag",
        "delivery",
        ["is_bulk", "due_at", "owed_tag"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
