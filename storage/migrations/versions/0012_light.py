"""Whether a question is about an entry that needs no second question, so that a restart need not ask it anew."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("confirmations", sa.Column("light", sa.Integer(), nullable=True))  # not known of those from before
