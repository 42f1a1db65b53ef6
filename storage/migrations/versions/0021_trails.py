"""A plan knows how its stop follows the price, with all that this hangs on."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plans", sa.Column("trail", sa.Text(), nullable=True))
