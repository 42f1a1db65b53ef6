"""P&L exits, each whole.

Whoever moves one out of ALIVE acts on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pnl_exits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("blocks_until", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_pnl_exits_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pnl_exits")),
        sqlite_strict=True,
    )
    op.create_index("ix_pnl_exits_state", "pnl_exits", ["state", "account_id"])
