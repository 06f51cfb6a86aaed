"""Registrations have a tag of their own, for phones that hold an older version."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("change_tag", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("registration", column)
