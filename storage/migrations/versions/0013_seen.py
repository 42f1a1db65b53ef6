"""An order remembers the ask or bid that stood at the tap."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("seen", sa.Text(), nullable=True))
