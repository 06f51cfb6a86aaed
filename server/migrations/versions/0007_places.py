"""Where a place is, for wallets that show a card nearby."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("location") as table:
        table.add_column(sa.Column("latitude", sa.Float(), nullable=True))
        table.add_column(sa.Column("longitude", sa.Float(), nullable=True))
        table.create_check_constraint(
            op.f("ck_location_coordinates_together"),
            "(latitude IS NULL) = (longitude IS NULL)",
        )
